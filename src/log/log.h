/*
 * log.h
 *		The change log: a row for each change of an item, in the order of the changes.
 *
 * A table may have several logs (catalog/logs.h), with the same columns, writer and numbers.  This room knows rows,
 * numbers and segments; it knows neither item tables nor operations.  The README beside this file says why readers miss nothing.
 *
 * Numbers are drawn after the item's version is written and before the log row is: since the version is locked until its transaction
 * ends, the numbers of an item's changes are in the order of their commits.
 */
#ifndef DYNAPG_LOG_H
#define DYNAPG_LOG_H

#include "storage/itemptr.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/uuid.h"

#include "catalog/tables.h"

/* What a change did to an item, as log rows have it in their column kind. */
typedef enum LogAction
{
	LOG_NOTHING = 0,
	LOG_INSERT = 'I',
	LOG_MODIFY = 'M',
	LOG_REMOVE = 'R',
	LOG_EXPIRE = 'X'			/* removed by time to live */
} LogAction;

typedef struct LogChange
{
	LogAction	action;
	bool		has_keys;		/* the key attributes alone: no image holds them */
	bool		has_old;
	bool		has_new;
} LogChange;

/*
 * What a write of an item logs in one log.  old, item: NULL if there is none; expires: it is time to live that removes it.  Items of equal
 * value, however they are spelt, are no change.
 */
extern void log_change(const TableLog *log, Jsonb *old, Jsonb *item, bool expires, LogChange *change);

/* The key attributes of an item, as an item; the same by a table's KeySchema. */
extern Jsonb *log_keys(const TableInfo *table, Jsonb *item);
extern Jsonb *log_keys_of_schema(Jsonb *key_schema, Jsonb *item);

/* ------------------------------------------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------------------------------------------ */

/* The columns of a segment; segments of a later format may have more. */
#define LOG_SEQ				1	/* int8 */
#define LOG_XID				2	/* xid8: the top-level transaction */
#define LOG_WRITTEN_AT		3	/* timestamptz: the clock at the write */
#define LOG_LOG				4	/* int4: of dynapg.logs */
#define LOG_KIND			5	/* "char": LogAction */
#define LOG_HASH			6	/* uuid: the item's key */
#define LOG_SORT			7	/* bytea */
#define LOG_KEYS			8	/* jsonb, null where an image holds them */
#define LOG_OLD				9	/* jsonb, null if the log's readers do not want it, or there is none */
#define LOG_NEW				10	/* jsonb */
#define LOG_COLUMNS			10

/* A row as readers get it; the jsonb are palloc'd. */
typedef struct LogRow
{
	int64		seq;
	TimestampTz written_at;
	LogAction	action;
	pg_uuid_t	hash;
	bytea	   *sort;
	Jsonb	   *keys;			/* NULL: not there */
	Jsonb	   *old;
	Jsonb	   *item;
} LogRow;

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* A table's logs, opened for writing; all zeroes but the table at first.  Segments stay open until log_writer_close(). */
typedef struct LogWriter
{
	const TableInfo *table;
	MemoryContext context;		/* where it keeps what it opens; NULL: in the one current then */
	struct LogTarget *targets[LOG_KINDS];	/* the segments of its logs; NULL: not open */
} LogWriter;

/*
 * Where a change stands among those of its item that this transaction has logged already.  0: behind them all.  Else the number is one that
 * log_late.h has found.
 */
typedef int64 LogPlace;

/*
 * Logs a change of an item in all logs that its table keeps; called when the new version has been written, in the writer's transaction.
 * Returns the number that it got, 0 if nothing was logged.  The table is locked for writing by the caller.
 */
extern int64 log_write(LogWriter *writer, Jsonb *old, Jsonb *item, bool expires, const pg_uuid_t *hash, bytea *sort,
					   LogPlace place);
extern void log_writer_close(LogWriter *writer);

/* ------------------------------------------------------------------------------------------------------------
 * Numbers and the horizon; log_horizon.c
 * ------------------------------------------------------------------------------------------------------------ */

#define LOG_STEP 100			/* between two numbers that are drawn; those between are for late events */

/* The greatest number that anybody has drawn, whether committed or not.  On a standby it may be ahead. */
extern int64 log_last_number(void);

/*
 * Draws a number for rows of these logs.  A transaction's first draw for a log takes a lock, held until its end, which tells readers
 * that a number above what was the greatest then may still be committed.
 */
extern int64 log_draw(const TableInfo *table);

/*
 * Up to which number a log may be read: nothing at or below it can be committed any more.  What is read must be read on a snapshot
 * that is taken *after* this returns (GetLatestSnapshot()).
 */
extern int64 log_horizon(int32 log);

/* The same for all logs of the database together; not on a standby. */
extern int64 log_common_horizon(void);

/* ------------------------------------------------------------------------------------------------------------
 * Beginning and ending; log_switch.c
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Begins a log of a table that nobody else can write to: it is new, or the caller holds ShareLock on it or more.  view: of a stream.
 */
extern void log_begin(const TableInfo *table, LogKind kind, StreamView view);

/* Ends a log under the same condition: what was logged stays readable while it is kept. */
extern void log_end(const TableLog *log);

/* Ends all logs of a table that the caller drops, or has dropped. */
extern void log_end_all(const TableInfo *table);

/* ------------------------------------------------------------------------------------------------------------
 * Reading; log_read.c
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct LogReader LogReader;

/*
 * Reads a log's rows behind a number, up to a horizon, in the order of their numbers, over all segments that may hold any.  The
 * snapshot is registered by the caller.
 */
extern LogReader *log_read_begin(LogKind kind, int32 log, int64 after, int64 horizon, Snapshot snapshot);

/* The next row whose hash lies within first and last, palloc'd in the current context; false at the end. */
extern bool log_read_next(LogReader *reader, const pg_uuid_t *first, const pg_uuid_t *last, LogRow *row);
extern void log_read_end(LogReader *reader);

/* From here on it looks at no more rows than that, those with other hashes included; and how many of them are left. */
extern void log_read_limit(LogReader *reader, int64 rows);
extern int64 log_read_left(const LogReader *reader);

#endif							/* DYNAPG_LOG_H */
