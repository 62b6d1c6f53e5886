/*
 * meter.h
 *		The hook through which operations tell what they consume, what they are refused, and how they end.
 *
 * It passes on to throttling (bucket.h), metrics (counters.h) and contributor insights (insight.h) what each of them wants, and to traces (trace/trace.h), which
 * need no shared memory of this room's.
 */
#ifndef DYNAPG_METER_H
#define DYNAPG_METER_H

#include "portability/instr_time.h"
#include "utils/elog.h"

#include "catalog/tables.h"
#include "datatype/timestamp.h"

/* What somebody wants to be told, of the request that runs: set by meter_begin(); zero: nobody wants anything. */
#define METER_BUCKETS	0x01	/* bucket.h */
#define METER_COUNTERS	0x02	/* counters.h */
#define METER_INSIGHT	0x04	/* insight.h */

extern int	meter_wants;

#define meter_is_on()	unlikely(meter_wants != 0)

/* What may be consumed of a table or an index; [METER_READ] and [METER_WRITE].  Units a second. */
#define METER_READ	0
#define METER_WRITE	1

typedef struct MeterRates
{
	bool		on_demand;
	int64		units[2];		/* ProvisionedThroughput; 0 on demand */
	int64		ceilings[2];	/* OnDemandThroughput; 0: none */
	int64		warm[2];		/* WarmThroughput, as it is shown */
	int			partitions;		/* that its size takes */
	int			first_depth;	/* bucket_first_depth() of all that */
	bool		splits_collections; /* an item collection may be in several partitions: there is a sort key, and no local index */
} MeterRates;

/* Something consumed, or refused, of a table or one of its indexes. */
typedef struct MeterUse
{
	const TableInfo *table;
	const TableIndex *index;	/* a global one (meter_index()); NULL: of the table itself */
	bool		is_write;
	double		units;
	const pg_uuid_t *hash;		/* of the partition key, in the table or the index; NULL: of none in particular */
	const bytea *sort;			/* the table's sort key of the item, which tells it from others of its collection; NULL: of none in particular */
	const pg_uuid_t *base;		/* the same of an entry of a global index: the hash of its item in the table; else NULL */
	const MeterRates *rates;	/* of the table or the global index; only if METER_BUCKETS */
	const JsonbValue *key;		/* an object with the key's attributes under their stored names, and maybe others: those of the table or
								 * the index; what an item lacks is not there.  NULL: not known */
} MeterUse;

/* Whose capacity an index of a table takes: its own (global), or the table's (NULL). */
static inline const TableIndex *
meter_index(const TableIndex *index)
{
	return index != NULL && index->global ? index : NULL;
}

/* Which limit refused it. */
typedef enum MeterLimit
{
	METER_PROVISIONED,			/* the table's or index's ProvisionedThroughput */
	METER_ACCOUNT,				/* the account's */
	METER_KEY_RANGE,			/* a partition's; also an on-demand table's that is not scaled so far */
	METER_CEILING				/* OnDemandThroughput */
} MeterLimit;

#define METER_LIMITS	4

/* A request while it runs. */
typedef struct MeterRequest
{
	struct MeterRequest *outer; /* an item table's own trigger may call another operation */
	int			outer_wants;
	MemoryContext context;		/* that it began in */
	int			operation;		/* OPERATION_...; the rest only if somebody wants it */
	const char *operation_name; /* PutItem */
	instr_time	started;
	int			n_tables;		/* those that it has come to, each once */
	int			max_tables;
	const TableInfo **tables;
	bool		returns_items;	/* Query, Scan and ExecuteStatement */
	int64		returned_items; /* theirs; of GetRecords: records */
	int64		returned_bytes; /* of GetRecords */
	const TableLog *stream;		/* that GetRecords reads, of the only table; NULL: none */
} MeterRequest;

/*
 * The time by which all in this room is counted: the server's, and dynapg.meter_clock_offset.  For tests that cannot wait.
 */
extern TimestampTz meter_now(void);

/* Called in _PG_init; if that is when the server starts, asks for shared memory. */
extern void meter_init(void);

/* Whether there is shared memory: the library was preloaded. */
extern bool meter_is_there(void);

/*
 * A request begins, and ends: well, or (in PG_CATCH, before anything is rolled back) with the error that is being raised.  Requests are
 * nested.  A request that ends with a throttling error is throttled.  When meter_begin() raises, nothing has begun; when meter_end() does, the
 * request has ended all the same, and another meter_end() of it is harmless.
 */
extern void meter_begin(MeterRequest *request, int operation, const char *operation_name);
extern void meter_end(MeterRequest *request, bool failed);

/* A request comes to a table; again is harmless. */
extern void meter_table(const TableInfo *table);

/* It returns so many items, of so many that it has looked at. */
extern void meter_returned(int64 items, int64 scanned);

/* It reads a stream of a table that it has come to, and returns so many records of so many bytes. */
extern void meter_stream(const TableLog *stream, int64 records, int64 bytes);

/* To be called if meter_is_on() only: something was consumed; something was refused. */
extern void meter_consumed(const MeterUse *use);
extern void meter_throttled(const MeterUse *use, MeterLimit limit);

#endif							/* DYNAPG_METER_H */
