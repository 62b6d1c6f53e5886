/*
 * kinesis.h
 *		Kinesis streaming destinations: dynapg.kinesis_destinations.
 *
 * A table has a destination for each stream that it was ever enabled for, of which at most one is live.  While one is, the table keeps a log of
 * kind LOG_KINESIS, whose rows the courier sends.  Rows of tables that are gone go with the next change of another one.
 */
#ifndef DYNAPG_KINESIS_H
#define DYNAPG_KINESIS_H

#include "catalog/tables.h"

typedef enum KinesisStatus
{
	KINESIS_ENABLING,			/* until the courier has found the stream */
	KINESIS_ACTIVE,
	KINESIS_UPDATING,			/* only shown: ACTIVE, and changed a moment ago */
	KINESIS_DISABLING,			/* only shown: DISABLED, a moment ago */
	KINESIS_DISABLED,
	KINESIS_ENABLE_FAILED
} KinesisStatus;

typedef struct KinesisDestination
{
	pg_uuid_t	table_id;
	char	   *stream_arn;
	KinesisStatus status;		/* as it is stored */
	char	   *description;	/* NULL: none */
	TimestampTz changed_at;
	char	   *precision;		/* MILLISECOND, MICROSECOND; NULL: not set, which is MILLISECOND */
	TimestampTz change_ends;	/* 0: no change goes on */
	int32		log;			/* 0: none */
	int64		seq;			/* all up to this number has been sent; -1: nothing yet */
	int64		sent;			/* records since it was enabled */
	int64		failed;			/* that no PutRecords takes */
	int64		retried;		/* that were sent again */
	bool		fails;			/* the last request has failed */
} KinesisDestination;

extern const char *catalog_kinesis_status_name(KinesisStatus status);

/* The status that callers see now, and whether it is one of those of which a table has only one. */
extern KinesisStatus catalog_kinesis_status(const TableInfo *table, const KinesisDestination *destination);
extern bool catalog_kinesis_is_live(KinesisStatus status);

/* The destinations of a table, in the order in which they were enabled first: KinesisDestination pointers, palloc'd. */
extern List *catalog_kinesis_destinations(const TableInfo *table);

/* Whether one of them wants a log. */
extern bool catalog_wants_kinesis(const TableInfo *table);

/*
 * What the operations change; the caller holds catalog_lock_name() and has the table from catalog_lock_table() for its owner.
 * Enabling makes an entry or takes the one that there is; catalog_bind_kinesis: to the log that the table keeps by then.
 */
extern void catalog_enable_kinesis(const TableInfo *table, const char *stream_arn, const char *precision);
extern void catalog_bind_kinesis(const TableInfo *table, const char *stream_arn, int32 log);
extern void catalog_disable_kinesis(const TableInfo *table, const char *stream_arn);
extern void catalog_update_kinesis(const TableInfo *table, const char *stream_arn, const char *precision);

/* ------------------------------------------------------------------------------------------------------------
 * For the courier
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * The destinations that have something to be sent or found out: those that are enabled, and those that were disabled a moment ago.
 * KinesisDestination pointers, palloc'd.
 */
extern List *catalog_kinesis_to_serve(void);

/* Whether there are any. */
extern bool catalog_kinesis_is_served(void);

/* A stream was found, or not: of a destination that is ENABLING for the same log still; false if it is not. */
extern bool catalog_kinesis_found(const KinesisDestination *destination, const char *failure);

/* How far a destination has got, and what has been counted since.  error: NULL: none. */
typedef struct KinesisProgress
{
	int64		seq;
	int64		sent;
	int64		failed;
	int64		retried;
	const char *error;
} KinesisProgress;

extern void catalog_kinesis_progress(const KinesisDestination *destination, const KinesisProgress *progress);

#endif							/* DYNAPG_KINESIS_H */
