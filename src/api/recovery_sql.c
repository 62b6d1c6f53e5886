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
#include "op/audit.h"
#include "op/authorize.h"
#include "op/continuous_backups.h"
#include "op/op.h"
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

/* Returns the rows of a query. */
static void
return_rows(FunctionCallInfo fcinfo, const char *query)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Portal		cursor;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	cursor = catalog_open_cursor(query);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(cursor, true, FETCH_ROWS);
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(cursor);
	SPI_finish();
}

/* items_at(table_name text, at timestamptz) returns table (item, hash, sort) */
static void
return_items(FunctionCallInfo fcinfo)
{
	const TableInfo *table = table_to_read(PG_GETARG_TEXT_PP(0));
	const TableLog *log = recovery_log(table);
	LogMoment	moment;

	recovery_moment(log, PG_GETARG_TIMESTAMPTZ(1), &moment);
	/* what it is about may be later than the snapshot of the caller's transaction */
	PushActiveSnapshot(GetLatestSnapshot());
	return_rows(fcinfo, past_items_query(table->relation, log->id, moment.horizon, moment.snapshot, NULL));
	PopActiveSnapshot();
}

/* history(table_name text, key jsonb) returns table (item, valid_from, valid_until, xid) */
static void
return_versions(FunctionCallInfo fcinfo)
{
	const TableInfo *table = table_to_read(PG_GETARG_TEXT_PP(0));
	const TableLog *log = recovery_log(table);
	Relation	relation = table_open(table->relation, AccessShareLock);
	pg_uuid_t	hash;
	bytea	   *sort;

	layout_keys(layout_of(relation), PG_GETARG_JSONB_P(1), &hash, &sort);
	table_close(relation, NoLock);
	PushActiveSnapshot(GetLatestSnapshot());
	return_rows(fcinfo, past_versions_query(table->relation, log, &hash, sort));
	PopActiveSnapshot();
}

/* Errors name the operation that wants the same.  reads: what the audit has it for; -1: it is no event. */
static Datum
call(FunctionCallInfo fcinfo, void (*function) (FunctionCallInfo fcinfo), int reads)
{
	const char *outer = dyn_operation;
	AuditCall  *audit = reads >= 0 ? audit_begin(reads, NULL) : NULL;

	audit_table(audit, VARDATA_ANY(PG_GETARG_TEXT_PP(0)), VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(0)));

	dyn_operation = "RestoreTableToPointInTime";
	PG_TRY();
	{
		function(fcinfo);
	}
	PG_CATCH();
	{
		dyn_operation = outer;
		audit_fail(audit);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dyn_operation = outer;
	audit_succeed(audit, NULL);
	return (Datum) 0;
}

Datum
dynapg_items_at(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	return call(fcinfo, return_items, OPERATION_Scan);
}

Datum
dynapg_history(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	return call(fcinfo, return_versions, OPERATION_Query);
}

/* retry_restore(table_name text) returns void */
static void
retry(FunctionCallInfo fcinfo)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (!restore_retry(name))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not being restored", name)));
}

Datum
dynapg_retry_restore(PG_FUNCTION_ARGS)
{
	return call(fcinfo, retry, -1);
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
