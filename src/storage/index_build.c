/*
 * index_build.c
 *		Building and dropping indexes online.  The protocol is in index_build.h.
 *
 * A builder is a background worker that is started for one table and ends when nothing waits there.  It needs no preloaded library.
 * Whatever it has done is committed batch by batch with how far it has got, so it may die at any moment.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/varlena.h"
#include "storage/index_build.h"
#include "storage/index_write.h"
#include "storage/layout.h"
#include "storage/storage.h"

/* A batch ends after so many items, or so many milliseconds: its rows are locked as long. */
#define BATCH_ITEMS		1000
#define BATCH_MS		100

#define MAX_FAILURES	5		/* one after the other, before a builder gives up */

extern PGDLLEXPORT void dynapg_index_builder_main(Datum argument);

/* What a builder is told in its bgw_extra; its argument is the item table's OID. */
typedef struct BuilderOrder
{
	Oid			database;
	uint32		name;			/* the number of the table's name: whoever holds its lock may be about to commit the order */
} BuilderOrder;

StaticAssertDecl(sizeof(BuilderOrder) <= BGW_EXTRALEN, "an order must fit");

/* ------------------------------------------------------------------------------------------------------------
 * Reading the table
 * ------------------------------------------------------------------------------------------------------------ */

/* The state of a batch. */
typedef struct Batch
{
	const TableInfo *table;
	const TableIndex *index;
	IndexTarget *target;
	Relation	relation;
	bool		lock_items;
	TupleTableSlot *found;		/* the version that the snapshot sees */
	TupleTableSlot *locked;		/* the latest version */
	pg_uuid_t	hash;			/* key of the last item read; sort has room for any */
	bytea	   *sort;
	bool		has_position;
	int64		items;
	int64		entries;
} Batch;

/* Starts the scan over the items behind the batch's position. */
static IndexScanDesc
begin_scan(Batch *batch, Relation key_index, ScanKey keys, ScanKey row)
{
	IndexScanDesc scan;
	int			n_keys = 0;

	if (batch->has_position)
	{
		pg_uuid_t  *hash = (pg_uuid_t *) palloc(sizeof(pg_uuid_t));

		/* copies: the position moves while the scan goes on */
		*hash = batch->hash;
		ScanKeyEntryInitialize(&row[0], SK_ROW_MEMBER, LAYOUT_HASH, BTGreaterStrategyNumber, InvalidOid, InvalidOid,
							   F_UUID_CMP, UUIDPGetDatum(hash));
		ScanKeyEntryInitialize(&row[1], SK_ROW_MEMBER | SK_ROW_END, LAYOUT_SORT, BTGreaterStrategyNumber, InvalidOid,
							   InvalidOid, F_BYTEACMP, PointerGetDatum(storage_sort_bytes(VARDATA(batch->sort),
																						  VARSIZE_ANY_EXHDR(batch->sort))));
		layout_row_scan_key(&keys[0], row);
		n_keys = 1;
	}
	scan = compat_index_beginscan(batch->relation, key_index, GetActiveSnapshot(), n_keys);
	index_rescan(scan, keys, n_keys, NULL, 0);
	return scan;
}

/*
 * Locks the latest version of the item found, so that it stays what it is until the batch has committed.  Only the first item of a batch
 * is waited for (else TM_WouldBlock): nobody shall wait for items that wait for somebody else's transaction.
 */
static TM_Result
lock_item(Batch *batch)
{
	ItemPointerData tid = batch->found->tts_tid;
	TM_FailureData failure;

	return table_tuple_lock(batch->relation, &tid, GetActiveSnapshot(), batch->locked, GetCurrentCommandId(false),
							LockTupleShare, batch->items == 0 ? LockWaitBlock : LockWaitSkip,
							TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS | TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
}

/* Enters an item into the index. */
static void
enter_item(Batch *batch, TupleTableSlot *slot)
{
	bool		isnull;
	Jsonb	   *item = DatumGetJsonbP(slot_getattr(slot, LAYOUT_ITEM, &isnull));
	pg_uuid_t  *hash = DatumGetUUIDP(slot_getattr(slot, LAYOUT_HASH, &isnull));
	bytea	   *sort = DatumGetByteaPP(slot_getattr(slot, LAYOUT_SORT, &isnull));
	IndexChange change;

	index_change(batch->table, batch->index, NULL, item, &change);
	if (change.action != INDEX_INSERT)
		return;
	index_target_change(batch->target, &change, hash, sort);
	batch->entries++;
}

/* The batch has got behind the item found. */
static void
move_position(Batch *batch)
{
	bool		isnull;
	bytea	   *sort = DatumGetByteaPP(slot_getattr(batch->found, LAYOUT_SORT, &isnull));

	batch->hash = *DatumGetUUIDP(slot_getattr(batch->found, LAYOUT_HASH, &isnull));
	SET_VARSIZE(batch->sort, VARHDRSZ + VARSIZE_ANY_EXHDR(sort));
	memcpy(VARDATA(batch->sort), VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
	batch->items++;
}

/* Reads items until the batch is full; false if there are no more. */
static bool
read_items(Batch *batch, bool unlimited)
{
	Relation	key_index = index_open(compat_primary_key(batch->relation), AccessShareLock);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg backfill", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz ends = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BATCH_MS);
	ScanKeyData keys[1];
	ScanKeyData row[2];
	IndexScanDesc scan = begin_scan(batch, key_index, keys, row);
	bool		more;

	while ((more = index_getnext_slot(scan, ForwardScanDirection, batch->found)))
	{
		TM_Result	locked;

		CHECK_FOR_INTERRUPTS();
		if (!unlimited && (batch->items >= BATCH_ITEMS || (batch->items > 0 && GetCurrentTimestamp() >= ends)))
			break;
		locked = batch->lock_items ? lock_item(batch) : TM_Ok;
		if (locked == TM_WouldBlock)
			break;
		MemoryContextSwitchTo(scratch);
		if (locked == TM_Ok)
			enter_item(batch, batch->lock_items ? batch->locked : batch->found);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
		move_position(batch);
	}
	ExecClearTuple(batch->found);
	ExecClearTuple(batch->locked);
	index_endscan(scan);
	index_close(key_index, NoLock);
	MemoryContextDelete(scratch);
	return more;
}

/* Opens the index table; NULL if the index was dropped while its lock was waited for. */
static IndexTarget *
open_target(const Batch *batch)
{
	IndexTarget *target = layout_of(batch->relation)->valid ? index_target_open(batch->index, RowExclusiveLock) : NULL;
	const TableInfo *table;

	if (target == NULL && catalog_index_of_relation(batch->index->relation, &table) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" of table \"%s\" cannot be built", batch->index->name, batch->table->name),
				 errdetail("The item table or the index table is not what dynapg made it.")));
	return target;
}

/*
 * Enters a batch of items into an index that is CREATING, or all of them where nobody else can write (unlimited).  False if there
 * is nothing more to do: the index is built, or no longer wanted.
 */
static bool
build_batch(Oid relation, Oid index_relation, bool unlimited)
{
	Batch		batch = {0};
	bool		more = false;

	batch.relation = try_table_open(relation, RowExclusiveLock);
	if (batch.relation == NULL)
		return false;
	batch.table = catalog_table_of_relation(relation);
	for (int i = 0; batch.table != NULL && i < batch.table->n_indexes; i++)
		if (batch.table->indexes[i].relation == index_relation && batch.table->indexes[i].status == TABLE_CREATING)
			batch.index = &batch.table->indexes[i];
	if (batch.index != NULL)
		batch.target = open_target(&batch);
	if (batch.target != NULL)
	{
		batch.lock_items = !unlimited;
		batch.found = table_slot_create(batch.relation, NULL);
		batch.locked = table_slot_create(batch.relation, NULL);
		batch.sort = (bytea *) palloc(VARHDRSZ + SORT_KEY_MAX_SIZE);
		batch.has_position = !unlimited && catalog_index_position(index_relation, &batch.hash, batch.sort);
		CommandCounterIncrement();
		PushActiveSnapshot(GetLatestSnapshot());
		more = read_items(&batch, unlimited);
		PopActiveSnapshot();
		ExecDropSingleTupleTableSlot(batch.found);
		ExecDropSingleTupleTableSlot(batch.locked);
		index_target_close(batch.target);
		if (more)
			catalog_index_progress(index_relation, &batch.hash, batch.sort, batch.items, batch.entries);
		else
			catalog_index_built(index_relation);
	}
	table_close(batch.relation, NoLock);
	return more;
}

/* ------------------------------------------------------------------------------------------------------------
 * The builder's process
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Two locks of the session tell of a builder.  One makes it the only one; nobody else ever touches that.  The other is its sign to
 * those who would start one, and is shared among them for the moment in which they look.  A builder takes its sign away, and ends, only
 * while it holds the lock of the table's name and finds nothing to do; who has something to do holds that lock until his commit.  So
 * whoever holds it and sees the sign may leave the work to that builder.
 */
typedef enum BuilderLock
{
	BUILDER_ALONE = 1,
	BUILDER_SIGN
} BuilderLock;

static void
set_builder_tag(LOCKTAG *tag, Oid relation, BuilderLock lock)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, catalog_indexes_oid(), relation, lock);
}

/* False, and nothing has begun, if the extension was dropped.  As long as the transaction lasts it cannot be. */
static bool
begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!catalog_lock_extension())
	{
		CommitTransactionCommand();
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	return true;
}

static void
commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(false);
}

/* What there is to do next. */
typedef struct Work
{
	Oid			index;			/* InvalidOid: nothing */
	TableStatus status;
	bool		kept;
} Work;

static Work
next_work(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);
	Work		work = {InvalidOid};

	for (int i = 0; table != NULL && i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if ((index->status == TABLE_CREATING || index->status == TABLE_DELETING) && !OidIsValid(work.index))
			work = (Work) {index->relation, index->status, index->kept};
	}
	return work;
}

/*
 * Waits for every transaction, prepared ones too, that has a relation locked in a mode that conflicts with this one: it may not know
 * what the catalog says now.  ShareLock on the table: writers; AccessExclusiveLock on an index: who reads it.
 */
static void
wait_for_others(Oid relation, LOCKMODE mode, const char *activity)
{
	LOCKTAG		tag;

	pgstat_report_activity(STATE_RUNNING, activity);
	StartTransactionCommand();
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	WaitForLockers(tag, mode, false);
	CommitTransactionCommand();
}

static void
drop_index(Oid relation, Oid index_relation)
{
	LockRelationOid(relation, AccessShareLock);
	LockRelationOid(index_relation, AccessExclusiveLock);
	catalog_drop_index(index_relation);
}

/* Enters all items into an index that all writers keep, batch by batch. */
static void
backfill(Oid relation, Oid index_relation)
{
	bool		more = true;

	pgstat_report_activity(STATE_RUNNING, "backfilling an index");
	while (more && begin())
	{
		more = build_batch(relation, index_relation, false);
		commit();
		CHECK_FOR_INTERRUPTS();
	}
}

/* Ends the work on a table, unless there is more to do by now. */
static bool
leave(Oid relation, uint32 name)
{
	bool		done;

	pgstat_report_activity(STATE_RUNNING, "ending");
	if (!begin())
		return true;
	catalog_lock_number(name);
	done = !OidIsValid(next_work(relation).index);
	if (done)
		for (int lock = BUILDER_ALONE; lock <= BUILDER_SIGN; lock++)
		{
			LOCKTAG		tag;

			set_builder_tag(&tag, relation, (BuilderLock) lock);
			(void) LockRelease(&tag, ExclusiveLock, true);
		}
	commit();
	return done;
}

/* Takes one step for a table, each of which waits for those who know the step before last; false if nothing is left. */
static bool
work_on(Oid relation, uint32 name)
{
	Work		work;

	if (!begin())
		return false;
	work = next_work(relation);
	commit();
	if (!OidIsValid(work.index))
		return !leave(relation, name);

	if (work.status == TABLE_CREATING && work.kept)
	{
		wait_for_others(relation, ShareLock, "waiting to backfill an index");
		backfill(relation, work.index);
		return true;
	}
	if (work.status == TABLE_DELETING && work.kept)
		wait_for_others(work.index, AccessExclusiveLock, "waiting to drop an index");
	else
		wait_for_others(relation, ShareLock, work.status == TABLE_CREATING ? "waiting to backfill an index" :
						"waiting to drop an index");
	if (!begin())
		return false;
	if (work.status == TABLE_CREATING)
		catalog_index_backfilling(work.index);
	else if (work.kept)
		catalog_index_unkept(work.index);
	else
		drop_index(relation, work.index);
	commit();
	return true;
}

/*
 * The same with errors that may pass (a deadlock with somebody's DDL, a lack of memory): reported, and tried again after a
 * pause.  The one that has come too often is raised.
 */
static bool
try_to_work_on(Oid relation, uint32 name, int *failures)
{
	volatile bool more = true;

	PG_TRY();
	{
		more = work_on(relation, name);
		*failures = 0;
	}
	PG_CATCH();
	{
		if (++*failures > MAX_FAILURES)
			PG_RE_THROW();
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000L * *failures, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	PG_END_TRY();
	return more;
}

/*
 * Takes the table for this process; false if another one has it.  Then waits for the transaction that has started this process, so that
 * the catalog has what it wrote.
 */
static bool
take_table(Oid relation, uint32 name)
{
	LOCKTAG		alone;
	LOCKTAG		sign;

	if (!begin())
		return false;
	set_builder_tag(&alone, relation, BUILDER_ALONE);
	set_builder_tag(&sign, relation, BUILDER_SIGN);
	commit();
	if (LockAcquire(&alone, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	(void) LockAcquire(&sign, ExclusiveLock, true, false);
	if (!begin())
		return false;
	catalog_lock_number(name);
	commit();
	return true;
}

void
dynapg_index_builder_main(Datum argument)
{
	Oid			relation = DatumGetObjectId(argument);
	BuilderOrder order;
	int			failures = 0;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	SetConfigOption("search_path", "pg_catalog", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname("dynapg index builder");

	if (!take_table(relation, order.name))
		return;
	while (try_to_work_on(relation, order.name, &failures))
		CHECK_FOR_INTERRUPTS();
	LockReleaseAll(DEFAULT_LOCKMETHOD, true);
}

/* ------------------------------------------------------------------------------------------------------------
 * Starting it
 * ------------------------------------------------------------------------------------------------------------ */

/* A builder that this process has asked for. */
typedef struct AskedBuilder
{
	Oid			relation;		/* hash key; first */
	BackgroundWorkerHandle *handle; /* NULL: none was to be had */
	TimestampTz transaction;	/* the one that made the order, by its start; 0: the order was there before */
} AskedBuilder;

static HTAB *asked_builders;

static BgwHandleStatus
builder_status(const AskedBuilder *asked)
{
	pid_t		pid;

	return asked->handle == NULL ? BGWH_STOPPED : GetBackgroundWorkerPid(asked->handle, &pid);
}

/* Forgets the builders that have ended. */
static void
forget_ended_builders(void)
{
	HASH_SEQ_STATUS all;
	AskedBuilder *asked;

	hash_seq_init(&all, asked_builders);
	while ((asked = (AskedBuilder *) hash_seq_search(&all)) != NULL)
		if (builder_status(asked) == BGWH_STOPPED)
		{
			if (asked->handle != NULL)
				pfree(asked->handle);
			(void) hash_search(asked_builders, &asked->relation, HASH_REMOVE, NULL);
		}
}

/* The builder asked for last for a table, or room for one. */
static AskedBuilder *
asked_builder(Oid relation)
{
	AskedBuilder *asked;
	bool		found;

	if (asked_builders == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(AskedBuilder), .hcxt = TopMemoryContext};

		asked_builders = hash_create("dynapg index builders", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	forget_ended_builders();
	asked = (AskedBuilder *) hash_search(asked_builders, &relation, HASH_ENTER, &found);
	if (!found)
		asked->handle = NULL;
	return asked;
}

/* Whether the builder asked for last can be trusted to do what is wanted now, in a transaction that makes the order, or 0. */
static bool
is_on_its_way(const AskedBuilder *asked, TimestampTz transaction)
{
	switch (builder_status(asked))
	{
		case BGWH_NOT_YET_STARTED:
			return true;
		case BGWH_STARTED:

			/*
			 * About to give its sign, or to end.  If it ends, an old order is done; and it cannot end before the transaction that it was
			 * asked for in.
			 */
			return transaction == 0 || transaction == asked->transaction;
		default:
			return false;
	}
}

/* Whether a builder gives its sign. */
static bool
is_at_work(Oid relation)
{
	LOCKTAG		tag;

	set_builder_tag(&tag, relation, BUILDER_SIGN);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

static void
register_builder(const TableInfo *table, AskedBuilder *asked)
{
	BackgroundWorker worker = {0};
	BuilderOrder order = {MyDatabaseId, catalog_name_number(table->name, strlen(table->name))};
	MemoryContext caller;

	strlcpy(worker.bgw_name, "dynapg index builder", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg index builder", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_index_builder_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(table->relation);
	memcpy(worker.bgw_extra, &order, sizeof(order));

	if (asked->handle != NULL)
		pfree(asked->handle);
	asked->handle = NULL;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	if (!RegisterDynamicBackgroundWorker(&worker, &asked->handle))
		asked->handle = NULL;
	MemoryContextSwitchTo(caller);
}

/*
 * Sees to it that a builder works on the table: one, however often it is asked for.  transaction: the start of the present one if
 * it makes the order, and so holds the lock of the table's name; else 0.  False if there is no process to be had.
 */
static bool
ask_for_builder(const TableInfo *table, TimestampTz transaction)
{
	AskedBuilder *asked;

	if (!IsUnderPostmaster)
		return false;
	asked = asked_builder(table->relation);
	if (is_on_its_way(asked, transaction) || is_at_work(table->relation))
		return true;
	register_builder(table, asked);
	asked->transaction = transaction;
	return asked->handle != NULL;
}

/* Builds and drops what waits, in this transaction and under locks that last as long as it does. */
static void
build_here(const char *table_name)
{
	for (;;)
	{
		const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);
		Oid			relation;
		Work		work;

		if (table == NULL)
			return;
		relation = table->relation;
		work = next_work(relation);
		if (!OidIsValid(work.index))
			return;
		if (work.status == TABLE_CREATING)
		{
			ereport(NOTICE,
					(errmsg("an index of table \"%s\" is built under a lock", table_name),
					 errdetail("Others cannot write to the table until this transaction ends."),
					 errhint("Outside of a transaction block, and where a background worker can be started, it is built "
							 "while others write.")));
			LockRelationOid(relation, ShareLock);
			(void) build_batch(relation, work.index, true);
		}
		else
			drop_index(relation, work.index);
	}
}

void
index_build_start(const char *table_name)
{
	const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);

	if (table == NULL)
		return;
	if (IsTransactionBlock() || IsSubTransaction() || !ask_for_builder(table, GetCurrentTransactionStartTimestamp()))
		build_here(table_name);
}

void
index_build_resume(const TableInfo *table)
{
	if (!XactReadOnly && !RecoveryInProgress() && OidIsValid(next_work(table->relation).index))
		(void) ask_for_builder(table, 0);
}

void
index_build_resume_all(void)
{
	ListCell   *cell;

	foreach(cell, catalog_table_names(NULL, INT_MAX))
	{
		const char *name = (const char *) lfirst(cell);
		const TableInfo *table = catalog_table(name, strlen(name));

		if (table != NULL)
			index_build_resume(table);
	}
}
