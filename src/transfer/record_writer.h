/*
 * record_writer.h
 *		The lines of an export.
 */
#ifndef DYNAPG_RECORD_WRITER_H
#define DYNAPG_RECORD_WRITER_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "transfer/record_reader.h"

/* A full export's line of an item, newline included, appended; DYNAMODB_JSON or ION. */
extern void record_write_item(StringInfo out, RecordFormat format, Jsonb *item);

/* What happened to an item within the window of an incremental export. */
typedef struct RecordChange
{
	int64		micros;			/* when it was last written: microseconds since 1970 */
	Jsonb	   *keys;			/* its key attributes, stored as in the item */
	Jsonb	   *old_image;		/* NULL: none, or not wanted */
	Jsonb	   *new_image;		/* NULL: it was deleted */
} RecordChange;

/* An incremental export's line of a change. */
extern void record_write_change(StringInfo out, RecordFormat format, const RecordChange *change);

#endif							/* DYNAPG_RECORD_WRITER_H */
