/*
 * recovery_sql.c
 *		The past of tables and items for those who use SQL: dynapg.items_at(), dynapg.history(); retrying a
 *		restore; the disk that the past takes.
 */
#include "postgres.h"

#include <sys/statvfs.h>

#include "access/table.h"
#include "common/relpath.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/error.h"
#include "catalog/owner.h"
#include "keep/past.h"
#include "keep/restore.h"
#include "meter/meter.h"
#include "op/audit.h"
#include "op/authorize.h"
#include "op/capacity.h"
#include "op/continuous_backups.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/throttle.h"
#include "storage/layout.h"
#include "storage/storage.h"

PG_FUNCTION_INFO_V1(dynapg_items_at);
PG_FUNCTION_INFO_V1(dynapg_history);
PG_FUNCTION_INFO_V1(dynapg_retry_restore);
PG_FUNCTION_INFO_V1(dynapg_disk_free);

#define FETCH_ROWS 100

/* Who reads the past reads all items of a table, in all their versions: it is asked for as a Scan is. */
static Oid
user_of_past(const TableInfo *table)
{
	return access_user(&(AccessPart) {
		.action = POLICY_Scan,
		.table = table,
		.access = STORAGE_READ,
		.returns_item = true,
		.reads_all = true,
		.select = access_select(false, false)
	});
}

/* The table of a name, all of whose items the current user may read; it stays there until the transaction ends. */
static const TableInfo *
table_to_read(text *name)
{
	const TableInfo *table;

	access_foresee(POLICY_Scan, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), NULL, 0);
	table = op_data_table_of_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	table = catalog_lock_table(table->name, strlen(table->name), AccessShareLock, false);
	if (table == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	storage_require_reader(table, user_of_past(table));
	return table;
}

/* Bytes of the item that a row begins with. */
static int
size_of_row(HeapTuple row, TupleDesc columns)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, columns, 1, &isnull);
	Jsonb	   *item;
	int			size;

	if (isnull)
		return 0;
	item = DatumGetJsonbP(value);
	size = op_item_size(item);
	if (PointerGetDatum(item) != value)
		pfree(item);
	return size;
}

/* Returns the rows of a query, and consumes what their items take as one strongly consistent read. */
static void
return_rows(FunctionCallInfo fcinfo, const char *query, TableCapacity *capacity)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		measures = capacity_is_wanted();
	int64		bytes = 0;
	int64		rows = 0;
	Portal		cursor;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	cursor = catalog_open_cursor(query);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(cursor, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
			if (measures)
				bytes += size_of_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
		}
		rows += SPI_processed;
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
	if (measures)
		capacity_add_read(capacity, NULL, bytes, true);
	meter_returned(rows, rows);
}

/* items_at(table_name text, at timestamptz) returns table (item, hash, sort) */
static void
return_items(FunctionCallInfo fcinfo)
{
	const TableInfo *table = table_to_read(PG_GETARG_TEXT_PP(0));
	const TableLog *log = recovery_log(table);
	LogMoment	moment;
	TableCapacity capacity;

	throttle_read(table, NULL, NULL, NULL, NULL);
	capacity_begin(&capacity, table->name, strlen(table->name), table);
	recovery_moment(log, PG_GETARG_TIMESTAMPTZ(1), &moment);
	/* what it is about may be later than the snapshot of the caller's transaction */
	PushActiveSnapshot(GetLatestSnapshot());
	return_rows(fcinfo, past_items_query(table->relation, log->id, moment.horizon, moment.snapshot, NULL), &capacity);
	PopActiveSnapshot();
}

/* history(table_name text, key jsonb) returns table (item, valid_from, valid_until, xid) */
static void
return_versions(FunctionCallInfo fcinfo)
{
	const TableInfo *table = table_to_read(PG_GETARG_TEXT_PP(0));
	const TableLog *log = recovery_log(table);
	Relation	relation = table_open(table->relation, AccessShareLock);
	Jsonb	   *item = PG_GETARG_JSONB_P(1);
	pg_uuid_t	hash;
	bytea	   *sort;
	JsonbValue	key;
	TableCapacity capacity;

	layout_keys(layout_of(relation), item, &hash, &sort);
	table_close(relation, NoLock);
	attr_from_item(item, &key);
	throttle_read(table, NULL, &hash, sort, &key);
	capacity_begin(&capacity, table->name, strlen(table->name), table);
	capacity_at(&capacity, &hash, sort, &key);
	PushActiveSnapshot(GetLatestSnapshot());
	return_rows(fcinfo, past_versions_query(table->relation, log, &hash, sort), &capacity);
	PopActiveSnapshot();
}

/* A call of either function. */
typedef struct PastCall
{
	FunctionCallInfo fcinfo;
	void		(*read) (FunctionCallInfo fcinfo);
} PastCall;

/* Errors name the operation that wants the same. */
static void
carry_past(AuditCall *audit, void *argument)
{
	const PastCall *call = (const PastCall *) argument;
	FunctionCallInfo fcinfo = call->fcinfo;
	text	   *name = PG_GETARG_TEXT_PP(0);

	audit_table(audit, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	dyn_operation = "RestoreTableToPointInTime";
	call->read(fcinfo);
}

Datum
dynapg_items_at(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	op_call(OPERATION_Scan, NULL, carry_past, &(PastCall) {fcinfo, return_items});
	return (Datum) 0;
}

Datum
dynapg_history(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	op_call(OPERATION_Query, NULL, carry_past, &(PastCall) {fcinfo, return_versions});
	return (Datum) 0;
}

/* retry_restore(table_name text) returns void */
Datum
dynapg_retry_restore(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *outer = dyn_operation;

	dyn_operation = "RestoreTableToPointInTime";
	PG_TRY();
	{
		if (!restore_retry(name))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" is not being restored", name)));
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	return (Datum) 0;
}

/* disk_free() returns bigint: what the server may still write where the tables of the database are, as a rule; null: it is not known */
Datum
dynapg_disk_free(PG_FUNCTION_ARGS)
{
	struct statvfs disk;

	if (statvfs(GetDatabasePath(MyDatabaseId, MyDatabaseTableSpace), &disk) != 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) disk.f_bavail * (int64) disk.f_frsize);
}
