/*
 * record_private.h
 *		What the readers of records share: a reader's state, and what each format does with it.
 *
 * Bytes are pulled into a buffer in which a record is found whole before it is read; the values that it is read into point into
 * the buffer.
 */
#ifndef DYNAPG_RECORD_PRIVATE_H
#define DYNAPG_RECORD_PRIVATE_H

#include "transfer/record_reader.h"
#include "value/ion.h"

struct RecordReader
{
	RecordOptions options;
	const struct RecordFormatRoutines *routines;
	ByteSource *source;
	MemoryContext context;			/* the reader's own */
	MemoryContext record_context;	/* of the record that was read last */

	char	   *buffer;
	int			capacity;
	int			start;			/* of what has not been read, in the buffer */
	int			end;
	int64		position;		/* of start, in the source */
	bool		at_end;			/* the source has given all it has */

	int64		index;			/* of the next record */
	bool		began;			/* the beginning of the source has been looked at */
	bool		ended;			/* RECORD_END, or RECORD_BAD_FORMAT */
	int64		resume_at;		/* where the first record begins that is wanted */

	IonScan		scan;
	IonSymbols *symbols;
	struct CsvHeader *header;
};

/*
 * How a format is read.  find: takes the bytes of the next record and sets record->text; RECORD_ITEM if there is one.  read: makes the item of
 * it (RECORD_END: it is no record at all), and may raise Validation- and SerializationExceptions.  pass (NULL: nothing): what a record that is not wanted means for those that follow.  begin
 * (NULL: nothing): reads what comes before the first record.
 */
typedef struct RecordFormatRoutines
{
	RecordStatus (*begin) (RecordReader *reader, Record *record);
	RecordStatus (*find) (RecordReader *reader, Record *record);
	RecordStatus (*read) (RecordReader *reader, Record *record);
	void		(*pass) (RecordReader *reader, Record *record);
	bool		reads_all;		/* to resume, records are passed one by one */
} RecordFormatRoutines;

extern const RecordFormatRoutines record_json_routines;
extern const RecordFormatRoutines record_ion_routines;
extern const RecordFormatRoutines record_csv_routines;

#define RECORD_TOO_LONG "The record is longer than any item can be"
#define RECORD_NO_ITEM	"The record has no member Item that is an object"

/* Pulls more bytes; false if there are none, or they are broken.  What has not been read moves to the buffer's beginning. */
extern bool record_fill(RecordReader *reader);

/* There is no more record: the end, or what the source is broken by. */
extern RecordStatus record_end_of_source(RecordReader *reader, Record *record);

/* A further name of ExpressionAttributeNames. */
extern RecordName *record_add_name(Record *record);

static inline void
record_take(RecordReader *reader, int len)
{
	reader->start += len;
	reader->position += len;
}

static inline RecordStatus
record_bad_item(Record *record, const char *error)
{
	record->error = error;
	return RECORD_BAD_ITEM;
}

static inline RecordStatus
record_bad_format(Record *record, const char *error)
{
	record->error = error;
	return RECORD_BAD_FORMAT;
}

static inline bool
record_text_is(const char *text, int len, const char *expected)
{
	return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

#endif							/* DYNAPG_RECORD_PRIVATE_H */
