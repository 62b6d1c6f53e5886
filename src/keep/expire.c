/*
 * expire.c
 *		Removing items that have expired: batches of a table, and rounds over all tables.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "base/subtransaction.h"
#include "base/unix_time.h"
#include "keep/expire.h"
#include "keep/keeper.h"
#include "keep/step.h"
#include "meter/counters.h"
#include "storage/storage.h"

/* What is older than that may be no time in seconds, and stays. */
#define FIVE_YEARS_IN_MONTHS	(5 * MONTHS_PER_YEAR)

/* Each item that the executor removes takes a subtransaction, and a snapshot has room for 64 of a transaction. */
#define EXECUTOR_BATCH			50
#define EXECUTOR_LOCK_TIMEOUT	"10ms"

/* How long a table is passed over after an error. */
#define RETRY_AFTER_MS			(60 * 1000)

struct ExpireSweep
{
	Oid			relation;
	MemoryContext context;
	StorageIndexRange range;	/* what has expired when the sweep began, and is behind what was read of it */
	ErrorData  *error;
};

/* ------------------------------------------------------------------------------------------------------------
 * Times as keys
 * ------------------------------------------------------------------------------------------------------------ */

/* The key bytes of a time as a number of seconds. */
static bytea *
key_of_time(TimestampTz time)
{
	int64		microseconds = unix_microseconds(time);
	char	   *text = psprintf(INT64_FORMAT ".%06d", microseconds / USECS_PER_SEC, (int) (microseconds % USECS_PER_SEC));
	DynNumber	number;
	uint8		bytes[KEY_NUMBER_MAX_SIZE];
	int			len;

	if (number_parse(text, strlen(text), &number) != NUMBER_OK)
		elog(ERROR, "unexpected time %s", text);
	len = key_encode_number(&number, bytes);
	return storage_sort_bytes((const char *) bytes, len);
}

static TimestampTz
time_of_key(const char *bytes, int len)
{
	DynNumber	number;
	char		text[NUMBER_TEXT_MAX_SIZE + 1];

	if (!key_decode_number((const uint8 *) bytes, len, &number))
		elog(ERROR, "an expired item has no number");
	text[number_print(&number, text)] = '\0';
	return DatumGetTimestampTz(DirectFunctionCall1(float8_timestamptz, Float8GetDatum(strtod(text, NULL))));
}

/* The range of the index in which everything has expired: there is one partition, whose hash is 0. */
static void
set_range(StorageIndexRange *range)
{
	static const Interval five_years = {.month = FIVE_YEARS_IN_MONTHS};
	TimestampTz now = GetCurrentTimestamp();

	/* as timestamps without time zone: they count from UTC's epoch, and have no summer time */
	range->low = key_of_time(DatumGetTimestamp(DirectFunctionCall2(timestamp_mi_interval, TimestampGetDatum(now),
																   IntervalPGetDatum(&five_years))));
	range->high = key_of_time(now);
}

static int
compare_to_bytes(const char *bytes, int len, const bytea *other)
{
	int			other_len = VARSIZE_ANY_EXHDR(other);
	int			result = memcmp(bytes, VARDATA_ANY(other), Min(len, other_len));

	return result != 0 ? result : len - other_len;
}

/* The key bytes of the time at which an item expires; false if it does not. */
static bool
read_time(const TableIndex *index, Jsonb *item, const char **bytes, int *len)
{
	JsonbValue	map;
	JsonbValue	value;

	attr_from_item(item, &map);
	return attr_lookup(&map, index->sort[0].stored, index->sort[0].stored_len, &value) &&
		key_bytes(&value, KEY_TYPE_N, SORT_KEY_MAX_SIZE, bytes, len) == KEY_OK;
}

/* What a decision goes by. */
typedef struct Expiry
{
	const TableIndex *index;
	const StorageIndexRange *range;
} Expiry;

/* A WriteDecision: the item goes if it has expired, still. */
static WriteAction
decide_expiry(Jsonb *old, Jsonb **item, void *argument)
{
	const Expiry *expiry = (const Expiry *) argument;
	const char *bytes;
	int			len;

	if (old == NULL || !read_time(expiry->index, old, &bytes, &len) ||
		compare_to_bytes(bytes, len, expiry->range->low) < 0 || compare_to_bytes(bytes, len, expiry->range->high) >= 0)
		return WRITE_NOTHING;
	return WRITE_DELETE;
}

/* ------------------------------------------------------------------------------------------------------------
 * A batch
 * ------------------------------------------------------------------------------------------------------------ */

/* The index of time to live; NULL if there is none that can be read. */
static const TableIndex *
readable_index(const TableInfo *table)
{
	const TableIndex *index = catalog_time_to_live(table);

	return index != NULL && index_is_readable(index) ? index : NULL;
}

/* The key of an entry's item.  It points into the entry. */
static void
key_of_entry(const TableInfo *table, Jsonb *entry, StorageKey *key)
{
	JsonbValue	map;

	attr_from_item(entry, &map);
	storage_key_of_item(key, table, &map);
}

static bytea *
copy_bytes(MemoryContext context, const bytea *bytes)
{
	return (bytea *) memcpy(MemoryContextAlloc(context, VARSIZE(bytes)), bytes, VARSIZE(bytes));
}

/* The sweep has got behind an entry. */
static void
move_position(ExpireSweep *sweep, const TableIndex *index, Jsonb *entry, const StorageKey *key)
{
	StorageIndexRange *range = &sweep->range;
	const char *bytes;
	int			len;

	if (!read_time(index, entry, &bytes, &len))
		elog(ERROR, "an entry of index %s has no number", index->name);
	if (range->has_start)
	{
		pfree(range->start_sort[0]);
		pfree(range->start_item_sort);
	}
	range->start_sort[0] = copy_bytes(sweep->context, storage_sort_bytes(bytes, len));
	range->start_item_hash = key->hash;
	range->start_item_sort = copy_bytes(sweep->context, key->sort);
	range->has_start = true;
}

/* Reads the keys of the next expired items. */
static int
read_keys(ExpireSweep *sweep, const TableInfo *table, const TableIndex *index, int limit, StorageKey *keys)
{
	StorageTable *storage = storage_open(table, STORAGE_READ, true, GetUserId());
	StorageScan *scan = storage_index_scan_begin(storage, index, &sweep->range, false);
	Jsonb	   *entry = NULL;
	Jsonb	   *next;
	int			count = 0;

	while (count < limit && (next = storage_scan_next(scan)) != NULL)
	{
		entry = next;
		key_of_entry(table, entry, &keys[count++]);
	}
	if (count > 0)
		move_position(sweep, index, entry, &keys[count - 1]);
	storage_scan_end(scan);
	storage_close(storage);
	return count;
}

/* The removal of one item. */
typedef struct Removal
{
	StorageTable *table;
	const StorageKey *key;
	Expiry	   *expiry;
	bool		removed;
} Removal;

static void
remove_item(Removal *removal)
{
	WriteResult result;

	storage_write(removal->table, removal->key, decide_expiry, removal->expiry, &result);
	removal->removed = result.action == WRITE_DELETE;
}

/* By the executor: within a subtransaction. */
static void
execute_removal(void *argument)
{
	Removal    *removal = (Removal *) argument;

	int			nest_level = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", EXECUTOR_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	remove_item(removal);
	AtEOXact_GUC(true, nest_level);
	if (removal->removed && storage_get(removal->table, removal->key) != NULL)
		removal->removed = false;	/* a trigger has kept it */
}

static void
try_to_remove_item(ExpireSweep *sweep, Removal *removal)
{
	MemoryContext caller;
	ErrorData  *error = subtransaction_try(execute_removal, removal);

	if (error == NULL)
		return;
	removal->removed = false;
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	/* somebody's lock: next time */
	if (sweep->error != NULL || dyn_exception_of_sqlstate(error->sqlerrcode) == DYN_TRANSACTION_CONFLICT)
		return;
	caller = MemoryContextSwitchTo(sweep->context);
	sweep->error = (ErrorData *) palloc0(sizeof(ErrorData));
	sweep->error->sqlerrcode = error->sqlerrcode;
	sweep->error->message = pstrdup(error->message);
	MemoryContextSwitchTo(caller);
}

/* The work of a batch, as the table's owner. */
static int64
sweep_batch(ExpireSweep *sweep, const TableInfo *table, int limit, bool *more)
{
	StorageKey *keys = (StorageKey *) palloc(limit * sizeof(StorageKey));
	StorageTable *storage = storage_open(table, STORAGE_DELETE, true, GetUserId());
	bool		by_executor = storage_expires(storage);
	Expiry		expiry = {readable_index(storage_info(storage)), &sweep->range};
	int64		removed = 0;
	int			count = 0;

	if (by_executor)
		limit = Min(limit, EXECUTOR_BATCH);
	if (expiry.index != NULL)
		count = read_keys(sweep, storage_info(storage), expiry.index, limit, keys);
	for (int i = 0; i < count; i++)
	{
		Removal		removal = {storage, &keys[i], &expiry, false};

		if (by_executor)
			try_to_remove_item(sweep, &removal);
		else
			remove_item(&removal);
		removed += removal.removed;
	}
	if (removed > 0)
	{
		catalog_count_expired(expiry.index->relation, removed);
		counters_expired(storage_info(storage), removed);
	}
	storage_close(storage);
	*more = count == limit;
	return removed;
}

/* One at a time sweeps a table, until its transaction ends; the lock is of nobody else's business.  False if there is somebody. */
static bool
become_sweeper(const TableIndex *index)
{
	LOCKTAG		tag;

	/* table jobs lock OIDs of item tables so, which are others */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, catalog_indexes_oid(), index->relation, 1);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static Oid
owner_of(const TableInfo *table)
{
	Relation	relation = table_open(table->relation, NoLock);
	Oid			owner = relation->rd_rel->relowner;

	table_close(relation, NoLock);
	return owner;
}

ExpireSweep *
expire_begin(Oid relation)
{
	ExpireSweep *sweep = (ExpireSweep *) palloc0(sizeof(ExpireSweep));

	sweep->relation = relation;
	sweep->context = CurrentMemoryContext;
	set_range(&sweep->range);
	return sweep;
}

bool
expire_batch(ExpireSweep *sweep, int64 limit, int64 *removed)
{
	const TableInfo *table = catalog_table_of_relation(sweep->relation);
	const char *outer = dyn_operation;
	bool		more = false;
	Oid			role;
	int			context;
	int			nest_level;

	if (table == NULL || readable_index(table) == NULL)
		return false;
	table = catalog_lock_found_table(table, RowExclusiveLock);
	if (table == NULL || readable_index(table) == NULL || !become_sweeper(readable_index(table)))
		return false;
	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(owner_of(table), context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	dyn_operation = "DeleteItem";
	PG_TRY();
	{
		*removed += sweep_batch(sweep, table, (int) Min(limit, EXPIRE_BATCH), &more);
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	AtEOXact_GUC(true, nest_level);
	SetUserIdAndSecContext(role, context);
	return more;
}

const ErrorData *
expire_error(const ExpireSweep *sweep)
{
	return sweep->error;
}

void
expire_warn(const ExpireSweep *sweep)
{
	const TableInfo *table = catalog_table_of_relation(sweep->relation);

	if (sweep->error != NULL && table != NULL)
		ereport(WARNING,
				(errcode(sweep->error->sqlerrcode),
				 errmsg("items of table \"%s\" have expired but cannot be removed", table->name),
				 errdetail("%s", sweep->error->message)));
}

bool
expire_oldest(const TableInfo *table, TimestampTz *expired_at)
{
	StorageTable *storage = storage_open(table, STORAGE_READ, true, GetUserId());
	const TableIndex *index = readable_index(storage_info(storage));
	StorageIndexRange range = {0};
	Jsonb	   *entry = NULL;
	const char *bytes;
	int			len;

	if (index != NULL)
	{
		StorageScan *scan;

		set_range(&range);
		scan = storage_index_scan_begin(storage, index, &range, false);
		entry = storage_scan_next(scan);
		storage_scan_end(scan);
	}
	if (entry != NULL && read_time(index, entry, &bytes, &len))
		*expired_at = time_of_key(bytes, len);
	storage_close(storage);
	return entry != NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * The keeper's rounds
 * ------------------------------------------------------------------------------------------------------------ */

/* A table that is passed over. */
typedef struct FailedTable
{
	Oid			relation;
	TimestampTz failed_at;
} FailedTable;

static void
note_failure(ExpireRound *round, Oid relation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	FailedTable *failed = (FailedTable *) palloc(sizeof(FailedTable));

	failed->relation = relation;
	failed->failed_at = GetCurrentTimestamp();
	round->failed = lappend(round->failed, failed);
	MemoryContextSwitchTo(caller);
}

/* Whether a table is passed over still; forgets it else. */
static bool
has_failed(ExpireRound *round, Oid relation, TimestampTz now)
{
	ListCell   *cell;

	foreach(cell, round->failed)
	{
		FailedTable *failed = (FailedTable *) lfirst(cell);

		if (failed->relation != relation)
			continue;
		if (!TimestampDifferenceExceeds(failed->failed_at, now, RETRY_AFTER_MS))
			return true;
		round->failed = foreach_delete_current(round->failed, cell);
		pfree(failed);
	}
	return false;
}

/*
 * Triggers that are deferred fire at the end of each removal.  They are the owner's, too, and at the transaction's end it would be
 * in nobody's name but the keeper's: PostgreSQL refuses that.
 */
static void
fire_at_once(void)
{
	ConstraintsSetStmt *all = makeNode(ConstraintsSetStmt);

	all->deferred = false;
	AfterTriggerSetState(all);
}

/* Sweeps a table, batch by batch. */
static void
sweep_table(ExpireRound *round, ExpireSweep *sweep, TimestampTz ends)
{
	bool		more = true;
	int64		removed = 0;

	pgstat_report_activity(STATE_RUNNING, "removing expired items");
	while (more && step_begin(false))
	{
		fire_at_once();
		more = expire_batch(sweep, EXPIRE_BATCH, &removed);
		round->unfinished |= more && GetCurrentTimestamp() >= ends;
		more &= !round->unfinished;
		if (!more)
			expire_warn(sweep);
		step_commit();
		CHECK_FOR_INTERRUPTS();
	}
	if (expire_error(sweep) != NULL)
		note_failure(round, sweep->relation);
}

/* The same; an error is reported, and the table passed over for a while.  Somebody's lock is no error. */
static void
try_to_sweep_table(ExpireRound *round, Oid relation, TimestampTz ends)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg sweep", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ExpireSweep *sweep = expire_begin(relation);

	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		sweep_table(round, sweep, ends);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		if (dyn_exception_of_sqlstate(geterrcode()) != DYN_TRANSACTION_CONFLICT)
		{
			EmitErrorReport();
			note_failure(round, relation);
		}
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextDelete(context);
}

/* The tables of a round, behind the one that it looked at last: in TopMemoryContext. */
static List *
tables_to_sweep(const ExpireRound *round)
{
	List	   *tables = NIL;
	ListCell   *cell;

	if (!step_begin(false))
		return NIL;
	foreach(cell, catalog_expiring_relations())
	{
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		if (lfirst_oid(cell) > round->swept)
			tables = lappend_oid(tables, lfirst_oid(cell));
		MemoryContextSwitchTo(caller);
	}
	step_commit();
	return tables;
}

void
expire_round(ExpireRound *round, int milliseconds)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz ends = TimestampTzPlusMilliseconds(now, milliseconds);
	List	   *tables;
	ListCell   *cell;

	if (dynapg_expire_interval == 0)
		return;
	if (!round->goes_on)
	{
		if (!round->unfinished && !TimestampDifferenceExceeds(round->began_at, now, dynapg_expire_interval * 1000))
			return;
		round->began_at = now;
		round->swept = InvalidOid;
		round->unfinished = false;
	}
	round->goes_on = false;
	tables = tables_to_sweep(round);
	foreach(cell, tables)
	{
		if (GetCurrentTimestamp() >= ends)
		{
			round->goes_on = true;
			break;
		}
		round->swept = lfirst_oid(cell);
		if (!has_failed(round, round->swept, now))
			try_to_sweep_table(round, round->swept, ends);
	}
	list_free(tables);
}
