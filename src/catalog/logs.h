/*
 * logs.h
 *		Which change logs tables have and had: dynapg.logs.
 *
 * A table may have a stream, which consumers read, an undo log, which point-in-time restore reads, and a log of what goes to its Kinesis
 * destination.  A row outlives its table and the log's end: what was logged stays readable for as long as it is kept.
 */
#ifndef DYNAPG_LOGS_H
#define DYNAPG_LOGS_H

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/uuid.h"

struct TableInfo;

typedef enum LogKind
{
	LOG_STREAM,
	LOG_UNDO,
	LOG_KINESIS
} LogKind;

#define LOG_KINDS 3

/* Which images of an item a stream's record has. */
typedef enum StreamView
{
	VIEW_KEYS_ONLY,
	VIEW_NEW_IMAGE,
	VIEW_OLD_IMAGE,
	VIEW_NEW_AND_OLD_IMAGES
} StreamView;

typedef enum LogStatus
{
	LOG_ENABLING,				/* writers begin to write it */
	LOG_ENABLED,
	LOG_DISABLING,				/* writers cease to */
	LOG_DISABLED
} LogStatus;

#define LOG_LABEL_SIZE 24		/* 2019-10-22T18:02:01.576 */

typedef struct TableLog
{
	int32		id;
	LogKind		kind;
	StreamView	view;			/* of a stream; of one for Kinesis, NEW_AND_OLD_IMAGES */
	LogStatus	status;
	bool		kept;			/* writers write it */
	char		label[LOG_LABEL_SIZE];	/* of a stream; "" of others */
	Oid			relation;		/* InvalidOid once the table is gone */
	Oid			owner;			/* the table's; the last one's once it is gone */
	char	   *table_name;
	pg_uuid_t	table_id;
	Jsonb	   *key_schema;		/* the table's KeySchema */
	int			shards;			/* of its first generation (log/log_shard.h) */
	TimestampTz created_at;
	int64		first_seq;		/* what is served begins behind this number; PG_INT64_MAX while nothing is */
	int64		last_seq;		/* and ends with this one; PG_INT64_MAX while it is written */
	TimestampTz closed_at;		/* 0 while it is written */
	int			days;			/* of an undo log */
	uint64		begun_by;		/* since which transaction all changes are in it; 0 until it is ENABLED */
} TableLog;

extern const char *catalog_log_status_name(LogStatus status);
extern const char *catalog_view_name(StreamView view);
extern StreamView catalog_view_of_name(const char *name);	/* one of the four */

/* The latest stream of a table, whatever its status; NULL if it never had one. */
extern const TableLog *catalog_latest_stream(const struct TableInfo *table);

/* Whether a table's definition wants a stream, and with which view. */
extern bool catalog_wants_stream(const struct TableInfo *table, StreamView *view);

/* How many days back a table's definition wants it restorable; 0: not at all. */
extern int	catalog_wants_undo(const struct TableInfo *table);

/* The log of a kind that writers keep; NULL if there is none. */
extern const TableLog *catalog_kept_log(const struct TableInfo *table, LogKind kind);

/* A log by its id, or a stream by its table's name and its label; palloc'd, NULL if there is none. */
extern TableLog *catalog_log(int32 id);
extern TableLog *catalog_stream(const char *table_name, const char *label);

/* What a row of dynapg.logs says; palloc'd. */
extern TableLog *catalog_read_log(Relation logs, HeapTuple row);

/*
 * All logs that there are, those of transactions that have not ended among them: TableLog pointers, some of them twice.  logs: the OID of
 * dynapg.logs, InvalidOid where the extension is not there.
 */
extern List *catalog_all_logs(Oid *logs);

/*
 * The streams of this database after one of them (NULL: from the first) in the order of their ARNs, of one table only if table_name is not
 * NULL: TableLog pointers, at most limit.
 */
extern List *catalog_streams(const char *table_name, const char *after_table, const char *after_label, int limit);

/*
 * Begins a log: makes its row, and invalidates the table.  The caller may alter the table and has locked its name.  ENABLED is for a
 * table that nobody else knows yet, or that the caller has locked against writers; its rows are served from last_number on.  Else it
 * is ENABLING.  An undo log is kept as long as the table's definition says.
 */
extern void catalog_begin_log(const struct TableInfo *table, LogKind kind, StreamView view, LogStatus status,
							  int64 last_number);

/*
 * A log that ENABLING or DISABLING has been waited for, or that is DISABLING from now on.  One that was DISABLING keeps the end that it
 * got then.
 */
extern void catalog_enabled_log(int32 id, int64 first_seq);
extern void catalog_retire_log(int32 id, int64 last_seq);
extern void catalog_disabled_log(int32 id, int64 last_seq);

/* An undo log is kept for so many days from now on. */
extern void catalog_set_log_days(int32 id, int days);

/* The table of these logs is dropped by the caller, who has locked it: all that it has are closed. */
extern void catalog_close_logs(const struct TableInfo *table, int64 last_number);

#endif							/* DYNAPG_LOGS_H */
