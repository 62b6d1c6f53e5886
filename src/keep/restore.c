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
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/owner.h"
#include "keep/index_build.h"
#include "keep/past.h"
#include "keep/restore.h"
#include "keep/step.h"
#include "keep/table_job.h"

/* Inserted at once: at most 40 MB. */
#define BATCH_ITEMS 100

/* A restore whose source or target is not what it was does not come right by itself. */
#define MAX_ATTEMPTS 5

/* ------------------------------------------------------------------------------------------------------------
 * Filling
 * ------------------------------------------------------------------------------------------------------------ */

/* The statement that inserts an array of items. */
static SPIPlanPtr
prepare_insert(Oid relation)
{
	Oid			types[1] = {JSONBARRAYOID};
	SPIPlanPtr	plan = SPI_prepare(psprintf("INSERT INTO %s (item) SELECT i FROM pg_catalog.unnest($1) i", past_qualified_name(relation)), 1, types);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

static Datum
fetched_items(void)
{
	Datum	   *items = (Datum *) palloc(SPI_processed * sizeof(Datum));

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		items[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
	}
	return PointerGetDatum(construct_array(items, SPI_processed, JSONBOID, -1, false, TYPALIGN_INT));
}

/*
 * Inserts what the cursor gives, in the name of the table's owner: whatever triggers and constraints he has given it are his.
 */
static int64
insert_items(Portal cursor, Oid relation)
{
	Oid			owner = catalog_relation_owner(relation);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg restore", ALLOCSET_DEFAULT_SIZES);
	int64		items = 0;
	SPIPlanPtr	plan;
	Oid			role;
	int			context;

	GetUserIdAndSecContext(&role, &context);
	if (role != owner)
		SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	plan = prepare_insert(relation);
	for (;;)
	{
		SPITupleTable *fetched;
		MemoryContext caller;
		Datum		array;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(cursor, true, BATCH_ITEMS);
		fetched = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		items += SPI_processed;
		caller = MemoryContextSwitchTo(scratch);
		array = fetched_items();
		MemoryContextSwitchTo(caller);
		SPI_freetuptable(fetched);
		if (SPI_execute_plan(plan, &array, NULL, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
		MemoryContextReset(scratch);
		pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, items);
	}
	SetUserIdAndSecContext(role, context);
	MemoryContextDelete(scratch);
	return items;
}

/* The source is read on the latest snapshot, whatever the transaction's is: the point in time may be later than that. */
static void
fill(const TableRestore *restore)
{
	int64		items;
	Portal		cursor;

	LockRelationOid(restore->relation, ShareRowExclusiveLock);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, restore->relation);
	pgstat_progress_update_param(PROGRESS_COPY_COMMAND, PROGRESS_COPY_COMMAND_FROM);
	pgstat_progress_update_param(PROGRESS_COPY_TYPE, PROGRESS_COPY_TYPE_CALLBACK);
	PushActiveSnapshot(GetLatestSnapshot());
	cursor = catalog_open_cursor(past_items_query(restore->source, restore->log, restore->horizon,
												  restore->snapshot));
	items = insert_items(cursor, restore->relation);
	SPI_cursor_close(cursor);
	PopActiveSnapshot();
	pgstat_progress_end_command();
	SPI_finish();
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

	if (restore == NULL || restore->attempts >= MAX_ATTEMPTS)
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
		fill(restore);
	}
}

/* Notes why a step failed, and fails with it. */
static void
fail(Oid relation, MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	HOLD_INTERRUPTS();
	error = CopyErrorData();
	FlushErrorState();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	if (error->sqlerrcode != ERRCODE_QUERY_CANCELED && step_begin(true))
	{
		catalog_restore_failed(relation, error->message);
		step_commit();
	}
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
		fill(restore);
}

void
restore_finish_here(const char *table_name)
{
	if (restored_table(table_name) != NULL)
		finish(table_name);
}
