/*
 * record_reader.h
 *		The items of an object that is imported.
 *
 * A reader pulls from a source of (uncompressed) bytes that begins with the first of the object, and gives one record after another: an item, or what
 * is wrong.  Two kinds of wrong are told apart, as at the service: an item that no table takes is passed over, and what cannot be turned into an item
 * abandons the rest of the object.
 *
 *	DYNAMODB_JSON	a line a record: {"Item": {...}}; blank lines are none
 *	ION				Ion text: {Item: {...}}, one struct after another
 *	CSV				RFC 4180; the first record is the header unless one is given
 *
 * A record takes RECORD_MAX_SIZE bytes at most; memory is a small multiple of it whatever comes.
 */
#ifndef DYNAPG_RECORD_READER_H
#define DYNAPG_RECORD_READER_H

#include "transfer/byte_source.h"
#include "value/attr.h"
#include "value/key.h"

/* An item of 400 KB takes up to 9 bytes of JSON for each of its own, blanks not counted. */
#define RECORD_MAX_SIZE (8 * 1024 * 1024)

typedef enum RecordFormat
{
	RECORD_DYNAMODB_JSON,
	RECORD_ION,
	RECORD_CSV
} RecordFormat;

/* A column of a CSV whose type is not S: a key attribute of the table or of an index. */
typedef struct RecordColumn
{
	const char *name;
	KeyType		type;
} RecordColumn;

/* A name of ExpressionAttributeNames; neither ends with a NUL. */
typedef struct RecordName
{
	const char *placeholder;
	int			placeholder_len;
	const char *name;
	int			name_len;
} RecordName;

typedef struct RecordOptions
{
	RecordFormat format;
	bool		conditions;		/* records may have conditions (StartBulkPutItems); else they are passed over */
	/* CSV */
	char		delimiter;		/* 0: a comma */
	const char *const *header;	/* NULL: the first record is it */
	int			header_count;
	const RecordColumn *columns;
	int			column_count;
} RecordOptions;

typedef enum RecordStatus
{
	RECORD_ITEM,
	RECORD_BAD_ITEM,			/* error says why; the next record comes */
	RECORD_BAD_FORMAT,			/* error says why; RECORD_END comes */
	RECORD_END
} RecordStatus;

/* A record, with all it points to valid until the next one is read. */
typedef struct Record
{
	int64		index;			/* of its object, from 0 */
	int64		end;			/* position in the object's (uncompressed) bytes where it ends and the next one may begin */
	const char *text;			/* the record as it was written; NULL if it is not known */
	int			text_len;
	const char *error;
	/* RECORD_ITEM; map.error and the size of the item are checked */
	AttributeMap item;
	/* RECORD_ITEM, if options->conditions; NULL: it has none */
	const char *condition;		/* ConditionExpression, NUL-terminated as well */
	int			condition_len;
	RecordName *names;			/* ExpressionAttributeNames; the placeholders and their values are as sent */
	int			name_count;
	bool		has_values;
	AttributeMap values;		/* ExpressionAttributeValues; values.error is to be looked at */
} Record;

typedef struct RecordReader RecordReader;

/* A reader in the current memory context, which may be deleted at any time; options are copied but for what they point to. */
extern RecordReader *record_reader_create(ByteSource *source, const RecordOptions *options);

/* To be called before the first record is read: goes on behind the record that ended at a position, as the record with this index. */
extern void record_reader_resume(RecordReader *reader, int64 position, int64 index);

/* Reads the next record.  Only what the source raises is raised, and what PostgreSQL does (memory, interrupts). */
extern RecordStatus record_reader_next(RecordReader *reader, Record *record);

/* Bytes taken so far. */
extern int64 record_reader_position(const RecordReader *reader);

#endif							/* DYNAPG_RECORD_READER_H */
