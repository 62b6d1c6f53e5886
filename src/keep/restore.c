/*
 * restore.c
 *		Filling tables that are restored.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/progress.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "tcop/dest.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/error.h"
#include "catalog/owner.h"
#include "keep/index_build.h"
#include "keep/past.h"
#include "keep/restore.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "storage/bulk_load.h"

/* What goes wrong so often does not come right by itself. */
#define MAX_ATTEMPTS 5

/* ------------------------------------------------------------------------------------------------------------
 * Filling
 * ------------------------------------------------------------------------------------------------------------ */

/* What the source's rows are sent to: those of past_rows_query() or past_present_query(). */
typedef struct ItemReceiver
{
	DestReceiver receiver;		/* first */
	BulkLoad   *load;
	int64		items;
} ItemReceiver;

/* Who owns a backup's table may do with it what he likes. */
static void
check_columns(DestReceiver *receiver, int operation, TupleDesc columns)
{
	static const Oid types[] = {JSONBOID, UUIDOID, BYTEAOID, INT8OID};

	for (int i = 0; i < columns->natts; i++)
		if (TupleDescAttr(columns, i)->atttypid != types[i])
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("what is being restored is not what dynapg made it"),
					 errdetail("Column \"%s\" has another type.", NameStr(TupleDescAttr(columns, i)->attname))));
}

static bool
receive_item(TupleTableSlot *row, DestReceiver *receiver)
{
	ItemReceiver *items = (ItemReceiver *) receiver;

	CHECK_FOR_INTERRUPTS();
	slot_getallattrs(row);
	if (row->tts_nvalid == 1 && row->tts_isnull[0])
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("what is being restored has a row without an item")));
	if (row->tts_nvalid == 1)
		bulk_load_add(items->load, row->tts_values[0]);
	else
		bulk_load_add_row(items->load, row->tts_values[1], row->tts_values[2], row->tts_isnull[0] ? (Datum) 0 : row->tts_values[0],
						  DatumGetInt64(row->tts_values[3]));
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, ++items->items);
	return true;
}

static void
end_receiver(DestReceiver *receiver)
{
}

/* The snapshot of the source is kept until all is written, since large items are fetched then. */
static int64
copy_items(const TableRestore *restore, const TableInfo *table)
{
	BulkLoadCount count;
	ItemReceiver items = {
		.receiver = {receive_item, check_columns, end_receiver, end_receiver, DestTuplestore}
	};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	past_lock_source(restore->source);
	PushActiveSnapshot(GetLatestSnapshot());
	items.load = bulk_load_begin(table);
	catalog_send_rows(restore->log == 0 ? past_present_query(restore->source) :
					  past_rows_query(restore->source, restore->log, restore->horizon, restore->snapshot), &items.receiver);
	bulk_load_end(items.load, &count);
	PopActiveSnapshot();
	SPI_finish();
	return count.items;
}

/* Fills a table in the name of its owner: whatever triggers and constraints he has given it are his. */
static void
fill(const TableRestore *restore, const TableInfo *table)
{
	Oid			owner = catalog_relation_owner(restore->relation);
	int64		items;
	Oid			role;
	int			context;

	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, restore->relation);
	pgstat_progress_update_param(PROGRESS_COPY_COMMAND, PROGRESS_COPY_COMMAND_FROM);
	pgstat_progress_update_param(PROGRESS_COPY_TYPE, PROGRESS_COPY_TYPE_CALLBACK);
	GetUserIdAndSecContext(&role, &context);
	if (role != owner)
		SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	items = copy_items(restore, table);
	SetUserIdAndSecContext(role, context);
	pgstat_progress_end_command();
	CommandCounterIncrement();
	catalog_restore_filled(restore->relation, items);
}

/* ------------------------------------------------------------------------------------------------------------
 * Steps
 * ------------------------------------------------------------------------------------------------------------ */

/* What a table waits for; NULL: nothing. */
static TableRestore *
due_restore(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);
	TableRestore *restore = table != NULL && catalog_is_being_restored(table) ? catalog_restore(relation) : NULL;

	if (restore == NULL || restore->failed)
		return NULL;
	return restore->filled && index_build_is_due(relation) ? NULL : restore;
}

bool
restore_is_due(Oid relation)
{
	return due_restore(relation) != NULL;
}

static void
finish(const char *table_name)
{
	const TableInfo *table;

	catalog_lock_name(table_name, strlen(table_name));
	table = catalog_table(table_name, strlen(table_name));
	if (table != NULL && catalog_is_being_restored(table))
		catalog_end_restore(table);
}

/* The step itself, in a transaction. */
static void
take_step(Oid relation)
{
	TableRestore *restore = due_restore(relation);

	if (restore == NULL)
		return;
	if (restore->filled)
		finish(restore->table_name);
	else
	{
		pgstat_report_activity(STATE_RUNNING, "filling a table that is restored");
		fill(restore, catalog_table_of_relation(relation));
	}
}

/* Whether an error comes again, however often it is tried: the source is gone, or what it was, or the table is not one that takes items. */
static bool
is_lasting(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_UNDEFINED_TABLE || error->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ||
		error->sqlerrcode == ERRCODE_WRONG_OBJECT_TYPE;
}

/* Notes why a step failed, in a transaction of its own, and tells the log if it was the last attempt. */
static void
note_failure(Oid relation, const ErrorData *error, MemoryContext context)
{
	TableRestore *restore;
	char	   *failed = NULL;

	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || !step_begin(true))
		return;
	restore = due_restore(relation);
	if (restore != NULL)
	{
		bool		last = is_lasting(error) || restore->attempts + 1 >= MAX_ATTEMPTS;

		catalog_restore_failed(relation, error->message, last);
		if (last)
			failed = MemoryContextStrdup(context, restore->table_name);
	}
	step_commit();
	if (failed != NULL)
		ereport(WARNING,
				(errmsg("the restore of table \"%s\" has failed", failed),
				 errdetail("%s", error->message),
				 errhint("DeleteTable deletes the table; dynapg.retry_restore() tries again.")));
}

/* Fails with the error of a step, which is noted. */
static void
fail(Oid relation, MemoryContext context)
{
	ErrorData  *error;

	HOLD_INTERRUPTS();
	error = dyn_take_error(context);
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	note_failure(relation, error, context);
	MemoryContextSwitchTo(context);
	ReThrowError(error);
}

void
restore_step(Oid relation)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg restore step", ALLOCSET_SMALL_SIZES);

	if (!step_begin(true))
		return;
	PG_TRY();
	{
		take_step(relation);
		step_commit();
	}
	PG_CATCH();
	{
		fail(relation, context);
	}
	PG_END_TRY();
	MemoryContextDelete(context);
}

/* The table of a name, if it is being restored; else NULL. */
static const TableInfo *
restored_table(const char *table_name)
{
	const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);

	return table != NULL && catalog_is_being_restored(table) ? table : NULL;
}

void
restore_fill_here(const char *table_name)
{
	const TableInfo *table = restored_table(table_name);
	TableRestore *restore = table ? catalog_restore(table->relation) : NULL;

	if (restore != NULL && !restore->filled)
		fill(restore, table);
}

bool
restore_retry(const char *table_name)
{
	const TableInfo *table;

	catalog_lock_name(table_name, strlen(table_name));
	table = restored_table(table_name);
	if (table == NULL || catalog_restore(table->relation) == NULL)
		return false;
	if (catalog_retry_restore(table->relation))
		table_job_start(table_name);
	return true;
}

void
restore_finish_here(const char *table_name)
{
	if (restored_table(table_name) != NULL)
		finish(table_name);
}
