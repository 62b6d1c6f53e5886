/*
 * logs.c
 *		Reading and writing dynapg.logs.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/settings.h"
#include "catalog/catalog_private.h"
#include "catalog/logs.h"
#include "catalog/owner.h"

/* The columns of dynapg.logs. */
#define LOGS_ID				1	/* int4 */
#define LOGS_KIND			2	/* text: STREAM, UNDO, KINESIS */
#define LOGS_TABLE_NAME		3	/* text */
#define LOGS_TABLE_ID		4	/* uuid */
#define LOGS_RELATION		5	/* regclass, null once the table is gone */
#define LOGS_OWNER			6	/* regrole */
#define LOGS_LABEL			7	/* text, null but of a stream */
#define LOGS_VIEW_TYPE		8	/* text, null but of a stream */
#define LOGS_KEY_SCHEMA		9	/* jsonb */
#define LOGS_SHARDS			10	/* int4 */
#define LOGS_STATUS			11	/* text */
#define LOGS_KEPT			12	/* boolean */
#define LOGS_CREATED_AT		13	/* timestamptz */
#define LOGS_FIRST_SEQ		14	/* int8, null until it is ENABLED */
#define LOGS_LAST_SEQ		15	/* int8, null until it is DISABLED */
#define LOGS_CLOSED_AT		16	/* timestamptz, null until then */
#define LOGS_DAYS			17	/* int4, null but of an undo log */
#define LOGS_BEGUN_BY		18	/* xid8, null until it is ENABLED */
#define LOGS_COLUMNS		18

static const char *const kinds[LOG_KINDS] = {"STREAM", "UNDO", "KINESIS"};
static const char *const statuses[] = {"ENABLING", "ENABLED", "DISABLING", "DISABLED"};
static const char *const views[] = {"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"};

const char *
catalog_log_status_name(LogStatus status)
{
	return statuses[status];
}

const char *
catalog_view_name(StreamView view)
{
	return views[view];
}

static int
index_of_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	elog(ERROR, "unknown word \"%s\" in dynapg.logs", name);
}

StreamView
catalog_view_of_name(const char *name)
{
	return (StreamView) index_of_name(views, lengthof(views), name);
}

static char *
text_column(const Datum *values, int column)
{
	return TextDatumGetCString(values[column - 1]);
}

static int64
number_or_infinity(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? PG_INT64_MAX : DatumGetInt64(values[column - 1]);
}

/* A row, in the current context. */
static void
read_log(Relation catalog, HeapTuple row, TableLog *log)
{
	Datum		values[LOGS_COLUMNS];
	bool		nulls[LOGS_COLUMNS];

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	memset(log, 0, sizeof(*log));
	log->id = DatumGetInt32(values[LOGS_ID - 1]);
	log->kind = (LogKind) index_of_name(kinds, lengthof(kinds), text_column(values, LOGS_KIND));
	log->view = VIEW_NEW_AND_OLD_IMAGES;
	log->table_name = text_column(values, LOGS_TABLE_NAME);
	log->table_id = *DatumGetUUIDP(values[LOGS_TABLE_ID - 1]);
	if (!nulls[LOGS_RELATION - 1])
		log->relation = DatumGetObjectId(values[LOGS_RELATION - 1]);
	log->owner = DatumGetObjectId(values[LOGS_OWNER - 1]);
	if (log->kind == LOG_STREAM)
	{
		strlcpy(log->label, text_column(values, LOGS_LABEL), sizeof(log->label));
		log->view = catalog_view_of_name(text_column(values, LOGS_VIEW_TYPE));
	}
	log->key_schema = DatumGetJsonbPCopy(values[LOGS_KEY_SCHEMA - 1]);
	log->shards = DatumGetInt32(values[LOGS_SHARDS - 1]);
	log->status = (LogStatus) index_of_name(statuses, lengthof(statuses), text_column(values, LOGS_STATUS));
	log->kept = DatumGetBool(values[LOGS_KEPT - 1]);
	log->created_at = DatumGetTimestampTz(values[LOGS_CREATED_AT - 1]);
	log->first_seq = number_or_infinity(values, nulls, LOGS_FIRST_SEQ);
	log->last_seq = number_or_infinity(values, nulls, LOGS_LAST_SEQ);
	if (!nulls[LOGS_CLOSED_AT - 1])
		log->closed_at = DatumGetTimestampTz(values[LOGS_CLOSED_AT - 1]);
	if (!nulls[LOGS_DAYS - 1])
		log->days = DatumGetInt32(values[LOGS_DAYS - 1]);
	if (!nulls[LOGS_BEGUN_BY - 1])
		log->begun_by = U64FromFullTransactionId(DatumGetFullTransactionId(values[LOGS_BEGUN_BY - 1]));
}

static Oid
index_on_logs(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("dynapg", false));
}

void
catalog_read_logs(TableInfo *table, Snapshot snapshot)
{
	Relation	catalog = table_open(catalog_logs_oid(), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	int			size = 0;

	ScanKeyInit(&key, LOGS_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table->relation));
	scan = systable_beginscan(catalog, index_on_logs("logs_relation"), true, snapshot, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		if (table->n_logs == size)
		{
			size = size ? 2 * size : 2;
			table->logs = table->logs == NULL ? (TableLog *) palloc(size * sizeof(TableLog)) :
				(TableLog *) repalloc(table->logs, size * sizeof(TableLog));
		}
		read_log(catalog, row, &table->logs[table->n_logs++]);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	for (int i = 0; i < table->n_logs; i++)
		table->is_logged |= table->logs[i].kept;
}

const TableLog *
catalog_latest_stream(const TableInfo *table)
{
	const TableLog *latest = NULL;

	for (int i = 0; i < table->n_logs; i++)
		if (table->logs[i].kind == LOG_STREAM && (latest == NULL || table->logs[i].created_at > latest->created_at))
			latest = &table->logs[i];
	return latest;
}

bool
catalog_wants_stream(const TableInfo *table, StreamView *view)
{
	JsonbValue	specification;
	JsonbValue	name;

	if (getKeyJsonValueFromContainer(&table->definition->root, "StreamSpecification", strlen("StreamSpecification"),
									 &specification) == NULL)
		return false;
	catalog_member(specification.val.binary.data, "StreamViewType", &name);
	*view = catalog_view_of_name(pnstrdup(name.val.string.val, name.val.string.len));
	return true;
}

int
catalog_wants_undo(const TableInfo *table)
{
	JsonbValue	description;
	JsonbValue	days;

	if (getKeyJsonValueFromContainer(&table->definition->root, "PointInTimeRecoveryDescription",
									 strlen("PointInTimeRecoveryDescription"), &description) == NULL)
		return 0;
	catalog_member(description.val.binary.data, "RecoveryPeriodInDays", &days);
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(days.val.numeric)));
}

const TableLog *
catalog_kept_log(const TableInfo *table, LogKind kind)
{
	for (int i = 0; i < table->n_logs; i++)
		if (table->logs[i].kind == kind && table->logs[i].kept)
			return &table->logs[i];
	return NULL;
}

/* The logs that a scan of an index in its order finds, at most limit. */
static List *
find_logs(const char *index_name, int n_keys, ScanKey keys, int limit)
{
	Relation	catalog = table_open(catalog_logs_oid(), AccessShareLock);
	Relation	index = index_open(index_on_logs(index_name), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(catalog, index, NULL, n_keys, keys);
	List	   *logs = NIL;
	HeapTuple	row;

	while (list_length(logs) < limit && HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
		logs = lappend(logs, catalog_read_log(catalog, row));
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return logs;
}

TableLog *
catalog_read_log(Relation logs, HeapTuple row)
{
	TableLog   *log = (TableLog *) palloc(sizeof(TableLog));

	read_log(logs, row, log);
	return log;
}

static List *
append_all_logs(List *logs, Relation catalog, Snapshot snapshot)
{
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, snapshot, 0, NULL);
	HeapTuple	row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
		logs = lappend(logs, catalog_read_log(catalog, row));
	systable_endscan(scan);
	return logs;
}

/*
 * Committed is, here, what the WAL says: a transaction that waits for a synchronous standby may have been decoded.  So what is in progress is
 * read, too; and after that what is visible, since a row that is updated meanwhile may be missed by the first scan, but not by both.
 */
List *
catalog_all_logs(Oid *logs)
{
	SnapshotData dirty;
	Relation	catalog;
	List	   *found;

	*logs = get_relname_relid("logs", get_namespace_oid("dynapg", true));
	if (!OidIsValid(*logs))
		return NIL;
	catalog = table_open(*logs, AccessShareLock);
	InitDirtySnapshot(dirty);
	found = append_all_logs(NIL, catalog, &dirty);
	found = append_all_logs(found, catalog, NULL);
	table_close(catalog, AccessShareLock);
	return found;
}

TableLog *
catalog_log(int32 id)
{
	ScanKeyData key;
	List	   *logs;

	ScanKeyInit(&key, LOGS_ID, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(id));
	logs = find_logs("logs_pkey", 1, &key, 1);
	return logs == NIL ? NULL : (TableLog *) linitial(logs);
}

TableLog *
catalog_stream(const char *table_name, const char *label)
{
	ScanKeyData keys[2];
	List	   *logs;

	ScanKeyInit(&keys[0], LOGS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table_name));
	ScanKeyInit(&keys[1], LOGS_LABEL, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(label));
	logs = find_logs("logs_label_key", 2, keys, 1);
	return logs == NIL ? NULL : (TableLog *) linitial(logs);
}

/* Adds to logs those of a table after a label (NULL: all). */
static List *
append_streams(List *logs, const char *table_name, const char *label, int limit)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], LOGS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table_name));
	ScanKeyInit(&keys[1], LOGS_LABEL, BTGreaterStrategyNumber, F_TEXT_GT, CStringGetTextDatum(label ? label : ""));
	return list_concat(logs, find_logs("logs_label_key", 2, keys, limit - list_length(logs)));
}

List *
catalog_streams(const char *table_name, const char *after_table, const char *after_label, int limit)
{
	ScanKeyData keys[2];
	List	   *logs = NIL;

	if (table_name != NULL)
	{
		int			order = after_table == NULL ? -1 : strcmp(after_table, table_name);

		return order > 0 ? NIL : append_streams(NIL, table_name, order == 0 ? after_label : NULL, limit);
	}
	if (after_table != NULL)
		logs = append_streams(logs, after_table, after_label, limit);
	ScanKeyInit(&keys[0], LOGS_TABLE_NAME, BTGreaterStrategyNumber, F_TEXT_GT,
				CStringGetTextDatum(after_table ? after_table : ""));
	ScanKeyInit(&keys[1], LOGS_LABEL, BTGreaterStrategyNumber, F_TEXT_GT, CStringGetTextDatum(""));
	return list_concat(logs, find_logs("logs_label_key", 2, keys, limit - list_length(logs)));
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* YYYY-MM-DDThh:mm:ss.SSS, UTC. */
static char *
label_of_time(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fraction;

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03d", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
					tm.tm_sec, (int) (fraction / 1000));
}

/* Now, in whole milliseconds, and after all streams that a table of this name has had: their labels differ. */
static TimestampTz
time_of_label(const char *table_name)
{
	TimestampTz time = GetCurrentTimestamp();
	ListCell   *cell;

	time -= time % 1000;
	foreach(cell, append_streams(NIL, table_name, NULL, INT_MAX))
		time = Max(time, ((TableLog *) lfirst(cell))->created_at + 1000);
	return time;
}

void
catalog_begin_log(const TableInfo *table, LogKind kind, StreamView view, LogStatus status, int64 last_number)
{
	Oid			types[] = {TEXTOID, TEXTOID, UUIDOID, REGCLASSOID, REGROLEOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID, TIMESTAMPTZOID,
	INT8OID, INT4OID, INT4OID};
	TimestampTz now = time_of_label(table->name);
	Relation	relation = table_open(table->relation, AccessShareLock);
	Datum		values[] = {
		CStringGetTextDatum(kinds[kind]),
		CStringGetTextDatum(table->name),
		UUIDPGetDatum(&table->id),
		ObjectIdGetDatum(table->relation),
		ObjectIdGetDatum(relation->rd_rel->relowner),
		CStringGetTextDatum(label_of_time(now)),
		CStringGetTextDatum(views[view]),
		JsonbPGetDatum(table->definition),
		CStringGetTextDatum(statuses[status]),
		TimestampTzGetDatum(now),
		Int64GetDatum(last_number),
		Int32GetDatum(dynapg_stream_shards),
		Int32GetDatum(catalog_wants_undo(table))
	};
	char		nulls[] = "             ";

	if (relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("an UNLOGGED table can have neither a stream, nor a Kinesis streaming destination, nor continuous backups"),
				 errhint("ALTER TABLE ... SET LOGGED.")));
	table_close(relation, NoLock);
	if (kind != LOG_STREAM)
		nulls[5] = nulls[6] = 'n';
	if (kind != LOG_UNDO)
		nulls[12] = 'n';
	if (status != LOG_ENABLED)
		nulls[10] = 'n';
	(void) catalog_execute("INSERT INTO dynapg.logs (kind, table_name, table_id, relation, owner, label, view_type, "
						   "key_schema, status, kept, created_at, first_seq, shards, days, begun_by) "
						   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8 -> 'KeySchema', $9, true, $10, $11, $12, $13, "
						   "CASE $9 WHEN 'ENABLED' THEN pg_current_xact_id() END)",
						   lengthof(values), types, values, nulls);
}

static void
change_log(const char *statement, int32 id, int64 number)
{
	Oid			types[2] = {INT4OID, INT8OID};
	Datum		values[2] = {Int32GetDatum(id), Int64GetDatum(number)};

	(void) catalog_execute(statement, 2, types, values, NULL);
}

void
catalog_enabled_log(int32 id, int64 first_seq)
{
	change_log("UPDATE dynapg.logs SET status = 'ENABLED', first_seq = $2, begun_by = pg_current_xact_id() "
			   "WHERE id = $1 AND status = 'ENABLING'", id, first_seq);
}

void
catalog_set_log_days(int32 id, int days)
{
	change_log("UPDATE dynapg.logs SET days = $2 WHERE id = $1", id, days);
}

void
catalog_retire_log(int32 id, int64 last_seq)
{
	change_log("UPDATE dynapg.logs SET status = 'DISABLING', kept = false, last_seq = $2 WHERE id = $1", id, last_seq);
}

void
catalog_disabled_log(int32 id, int64 last_seq)
{
	change_log("UPDATE dynapg.logs SET status = 'DISABLED', kept = false, last_seq = coalesce(last_seq, $2), "
			   "first_seq = coalesce(first_seq, last_seq, $2), closed_at = pg_catalog.clock_timestamp() "
			   "WHERE id = $1 AND status <> 'DISABLED'", id, last_seq);
}

void
catalog_close_logs(const TableInfo *table, int64 last_number)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(table->relation)};

	for (int i = 0; i < table->n_logs; i++)
		catalog_disabled_log(table->logs[i].id, last_number);
	if (table->n_logs > 0)
		(void) catalog_execute("UPDATE dynapg.logs SET relation = NULL WHERE relation = $1", 1, types, values, NULL);
}
