/*
 * backup.c
 *		Making backups of tables.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/hio.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/progress.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/backend_progress.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "base/error.h"
#include "keep/backup.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "storage/layout.h"
#include "storage/storage.h"

#define BATCH_ITEMS	500
#define BATCH_BYTES	(1024 * 1024)
#define LOOK_EVERY_MS 500		/* whether the backup is still wanted */
#define LOOK_EVERY_ITEMS 100

/* ------------------------------------------------------------------------------------------------------------
 * Whether a backup is still wanted
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_pending(const Backup *backup)
{
	Backup	   *now = catalog_backup(backup->table.name, strlen(backup->table.name), backup->label);

	return now != NULL && !now->is_available;
}

typedef struct Watch
{
	const Backup *backup;
	int			items;
	TimestampTz looked_at;
	bool		wanted;
} Watch;

/* To be asked for each item. */
static bool
is_wanted(Watch *watch)
{
	TimestampTz now;

	if (!watch->wanted || ++watch->items % LOOK_EVERY_ITEMS != 0)
		return watch->wanted;
	now = GetCurrentTimestamp();
	if (TimestampDifferenceExceeds(watch->looked_at, now, LOOK_EVERY_MS))
	{
		watch->wanted = is_pending(watch->backup);
		watch->looked_at = now;
	}
	return watch->wanted;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading the items of a snapshot, in the order of their keys
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct ItemReader
{
	Relation	relation;
	Relation	key_index;
	Snapshot	snapshot;
	TupleTableSlot *slot;
	IndexScanDesc scan;			/* NULL: they are sorted */
	TupleTableSlot *sorted;		/* of those */
	Tuplesortstate *sort;
} ItemReader;

/*
 * Reads the whole table and sorts it: where it is large, that is cheaper than to follow its index.  Nothing comes of it if the backup is not wanted
 * any more.
 */
static void
sort_items(ItemReader *reader, Watch *watch)
{
	TableScanDesc scan = table_beginscan_strat(reader->relation, reader->snapshot, 0, NULL, true, false);

	reader->sort = layout_begin_sort(RelationGetDescr(reader->relation), 2, (AttrNumber[]) {LAYOUT_HASH, LAYOUT_SORT});
	while (is_wanted(watch) && table_scan_getnextslot(scan, ForwardScanDirection, reader->slot))
	{
		CHECK_FOR_INTERRUPTS();
		tuplesort_puttupleslot(reader->sort, reader->slot);
	}
	table_endscan(scan);
	if (watch->wanted)
		tuplesort_performsort(reader->sort);
	reader->sorted = MakeSingleTupleTableSlot(RelationGetDescr(reader->relation), &TTSOpsMinimalTuple);
}

static void
begin_reading(ItemReader *reader, Relation relation, Snapshot snapshot, Watch *watch)
{
	Oid			key_index = compat_primary_key(relation);

	if (!OidIsValid(key_index))
		elog(ERROR, "item table \"%s\" has no primary key", RelationGetRelationName(relation));
	memset(reader, 0, sizeof(*reader));
	reader->relation = relation;
	reader->snapshot = snapshot;
	reader->key_index = index_open(key_index, AccessShareLock);
	reader->slot = table_slot_create(relation, NULL);
	if (plan_cluster_use_sort(RelationGetRelid(relation), key_index))
		sort_items(reader, watch);
	else
	{
		reader->scan = compat_index_beginscan(relation, reader->key_index, snapshot, 0);
		index_rescan(reader->scan, NULL, 0, NULL, 0);
	}
}

/* The next item as it is stored, until the next call; false if there is none. */
static bool
read_item(ItemReader *reader, Datum *item)
{
	TupleTableSlot *slot = reader->scan != NULL ? reader->slot : reader->sorted;
	bool		isnull;

	if (reader->scan != NULL ? !index_next_slot(reader->scan, ForwardScanDirection, slot) :
		!tuplesort_gettupleslot(reader->sort, true, false, slot, NULL))
		return false;
	*item = slot_getattr(slot, LAYOUT_ITEM, &isnull);
	return true;
}

static void
end_reading(ItemReader *reader)
{
	if (reader->scan != NULL)
		index_endscan(reader->scan);
	else
	{
		ExecDropSingleTupleTableSlot(reader->sorted);
		tuplesort_end(reader->sort);
	}
	ExecDropSingleTupleTableSlot(reader->slot);
	index_close(reader->key_index, AccessShareLock);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing them
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct ItemWriter
{
	Relation	relation;
	BulkInsertState bulk;
	MemoryContext context;		/* of a batch */
	TupleTableSlot *slots[BATCH_ITEMS];
	int			count;			/* of the batch */
	int64		bytes;
	int64		items;			/* all */
	int64		all_bytes;
} ItemWriter;

static void
begin_writing(ItemWriter *writer, Relation relation)
{
	memset(writer, 0, sizeof(*writer));
	writer->relation = relation;
	writer->bulk = GetBulkInsertState();
	writer->context = AllocSetContextCreate(CurrentMemoryContext, "dynapg backup", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < BATCH_ITEMS; i++)
		writer->slots[i] = table_slot_create(relation, NULL);
}

/* The table was made in this transaction: its rows need no freezing later. */
static void
write_batch(ItemWriter *writer)
{
	MemoryContext caller = MemoryContextSwitchTo(writer->context);

	if (writer->count > 0)
		table_multi_insert(writer->relation, writer->slots, writer->count, GetCurrentCommandId(true),
						   TABLE_INSERT_SKIP_FSM | TABLE_INSERT_FROZEN, writer->bulk);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < writer->count; i++)
		ExecClearTuple(writer->slots[i]);
	MemoryContextReset(writer->context);
	writer->items += writer->count;
	writer->all_bytes += writer->bytes;
	writer->count = 0;
	writer->bytes = 0;
	pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, writer->items);
	pgstat_progress_update_param(PROGRESS_COPY_BYTES_PROCESSED, writer->all_bytes);
}

/* Images that are outside of the source's rows are fetched when the batch is written, and stay compressed as they are. */
static void
write_item(ItemWriter *writer, Datum item)
{
	TupleTableSlot *slot = writer->slots[writer->count];
	MemoryContext caller = MemoryContextSwitchTo(writer->context);

	slot->tts_values[0] = datumCopy(item, false, -1);
	slot->tts_isnull[0] = false;
	MemoryContextSwitchTo(caller);
	ExecStoreVirtualTuple(slot);
	writer->count++;
	writer->bytes += VARSIZE_ANY(DatumGetPointer(item));
	if (writer->count == BATCH_ITEMS || writer->bytes > BATCH_BYTES)
		write_batch(writer);
}

static void
end_writing(ItemWriter *writer)
{
	write_batch(writer);
	for (int i = 0; i < BATCH_ITEMS; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	table_finish_bulk_insert(writer->relation, TABLE_INSERT_SKIP_FSM | TABLE_INSERT_FROZEN);
	MemoryContextDelete(writer->context);
}

/* ------------------------------------------------------------------------------------------------------------
 * A backup
 * ------------------------------------------------------------------------------------------------------------ */

static void
start_progress(const TableInfo *table)
{
	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, table->relation);
	pgstat_progress_update_param(PROGRESS_COPY_COMMAND, PROGRESS_COPY_COMMAND_TO);
	pgstat_progress_update_param(PROGRESS_COPY_TYPE, PROGRESS_COPY_TYPE_CALLBACK);
}

/* False, and it is not whole, if the backup is not wanted any more. */
static bool
copy_items(const Backup *backup, const TableInfo *table, Oid target_oid)
{
	Relation	source = table_open(table->relation, AccessShareLock);
	Relation	target = table_open(target_oid, RowExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	Watch		watch = {.backup = backup, .looked_at = GetCurrentTimestamp(), .wanted = true};
	ItemReader	reader;
	ItemWriter	writer;
	Datum		item;

	start_progress(table);
	begin_writing(&writer, target);
	begin_reading(&reader, source, snapshot, &watch);
	while (is_wanted(&watch) && read_item(&reader, &item))
	{
		CHECK_FOR_INTERRUPTS();
		write_item(&writer, item);
	}
	end_writing(&writer);
	end_reading(&reader);
	pgstat_progress_end_command();
	UnregisterSnapshot(snapshot);
	table_close(target, NoLock);
	table_close(source, NoLock);
	return watch.wanted;
}

/*
 * Makes a backup that is CREATING, in this transaction; false if that cannot be committed, since it is not wanted any more.  One at a time
 * does: whoever comes second finds it made.  The lock comes after that of the table, which whoever drops the table has when he comes here.
 */
static bool
make(Backup *backup, const TableInfo *table)
{
	catalog_lock_name(backup->relation_name, strlen(backup->relation_name));
	if (!is_pending(backup))
		return true;
	return copy_items(backup, table, catalog_create_backup_table(backup, table)) && catalog_backup_available(backup);
}

Backup *
backup_order(const TableInfo *table, const char *name, bool scheduled)
{
	int64		items;
	int64		bytes;

	storage_table_size(table->relation, &items, &bytes);
	return catalog_begin_backup(table, name, scheduled, items, bytes);
}

bool
backup_is_due(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);

	return table != NULL && catalog_pending_backup(table) != NULL;
}

/* Notes, in a transaction of its own, why a backup could not be made. */
static void
note_failure(const Backup *backup, const ErrorData *error)
{
	if (!step_begin(true))
		return;
	catalog_backup_failed(backup, error->message);
	step_commit();
}

/* The backup to be made next, its table locked; NULL if there is none.  They live in the context given. */
static Backup *
next_backup(Oid relation, const TableInfo **table)
{
	*table = catalog_table_of_relation(relation);
	if (*table != NULL)
		*table = catalog_lock_found_table(*table, AccessShareLock);
	return *table != NULL ? catalog_pending_backup(*table) : NULL;
}

void
backup_step(Oid relation)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg backup step", ALLOCSET_SMALL_SIZES);
	const TableInfo *table;
	Backup	   *volatile backup = NULL;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		if (step_begin(true))
		{
			MemoryContext caller = MemoryContextSwitchTo(context);

			pgstat_report_activity(STATE_RUNNING, "making a backup");
			backup = next_backup(relation, &table);
			MemoryContextSwitchTo(caller);
			if (backup == NULL || make(backup, table))
				step_commit();
			else
				AbortCurrentTransaction();
		}
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		error = dyn_take_error(context);
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	if (error != NULL)
	{
		if (backup != NULL)
			note_failure(backup, error);
		ReThrowError(error);
	}
	MemoryContextDelete(context);
}

void
backup_here(const char *table_name)
{
	const TableInfo *table = catalog_table(table_name, strlen(table_name));
	Backup	   *backup;

	while (table != NULL && OidIsValid(table->relation) && (backup = catalog_pending_backup(table)) != NULL)
	{
		if (!make(backup, table))
			(void) catalog_delete_backup(backup);
		CommandCounterIncrement();
		table = catalog_table(table_name, strlen(table_name));
	}
}

void
backup_start(const char *table_name)
{
	if (!table_job_order(table_name))
		backup_here(table_name);
}
