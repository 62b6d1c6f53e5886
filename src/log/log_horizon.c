/*
 * log_horizon.c
 *		Numbers, and up to which of them readers may go.
 *
 * Numbers are drawn in one order and commit in another.  A transaction's first draw for a log therefore takes, before it draws, a lock whose
 * tag holds the greatest number drawn so far, and keeps it until it ends: whatever it will log is above that.  A reader looks, in this order, at
 *
 *	1. the sequence's last value: what is drawn later is above it;
 *	2. the locks that are held: a transaction that is not there yet draws later, one that has ended is visible (or has
 *	   failed), since locks are released after that;
 *	3. a snapshot;
 *
 * and reads up to the smallest number of 1 and 2.  A lock survives savepoints (it belongs to the transaction), PREPARE TRANSACTION and a crash after
 * it, costs no shared memory of ours, and is of a kind that nobody else uses: LOCKTAG_USERLOCK is not what pg_advisory_lock() takes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "catalog/owner.h"
#include "log/log.h"
#include "log/log_horizon.h"
#include "log/log_segment.h"
#include "log/log_tick.h"

/* A thousand million changes; hold() has room for a quarter million times as many. */
#define LOST_NUMBERS (INT64CONST(1000000000) * LOG_STEP)

/* The logs whose locks this transaction has. */
static int32 *held;
static int	n_held;
static int	held_size;

/*
 * Read off the page: pg_sequence_last_value() asks for privileges, which those who read their table's stream do not have.
 */
int64
log_last_number(void)
{
	Relation	sequence = relation_open(catalog_log_sequence_oid(), AccessShareLock);
	Buffer		buffer = ReadBuffer(sequence, 0);
	HeapTupleData tuple;
	Form_pg_sequence_data data;
	int64		number;
	ItemId		id;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	id = PageGetItemId(BufferGetPage(buffer), FirstOffsetNumber);
	tuple.t_data = (HeapTupleHeader) PageGetItem(BufferGetPage(buffer), id);
	data = (Form_pg_sequence_data) GETSTRUCT(&tuple);
	number = data->is_called ? data->last_value : data->last_value - LOG_STEP;
	UnlockReleaseBuffer(buffer);
	relation_close(sequence, AccessShareLock);
	return number;
}

static void
forget_held(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		n_held = 0;
}

static bool
is_held(int32 log)
{
	for (int i = 0; i < n_held; i++)
		if (held[i] == log)
			return true;
	return false;
}

static void
remember_held(int32 log)
{
	if (held == NULL)
	{
		held_size = 8;
		held = (int32 *) MemoryContextAlloc(TopMemoryContext, held_size * sizeof(int32));
		RegisterXactCallback(forget_held, NULL);
	}
	else if (n_held == held_size)
	{
		held = (int32 *) repalloc(held, 2 * held_size * sizeof(int32));
		held_size *= 2;
	}
	held[n_held++] = log;
}

/* What this transaction draws from now on is above the number. */
static void
hold(int32 log, int64 number)
{
	ResourceOwner caller = CurrentResourceOwner;
	uint64		step = number / LOG_STEP;
	LOCKTAG		tag = {
		.locktag_field1 = MyDatabaseId,
		.locktag_field2 = (uint32) log,
		.locktag_field3 = (uint32) (step >> 16),
		.locktag_field4 = (uint16) step,
		.locktag_type = LOCKTAG_USERLOCK,
		.locktag_lockmethodid = USER_LOCKMETHOD
	};

	/* a rollback to a savepoint must not release it: what other savepoints have logged stays */
	CurrentResourceOwner = TopTransactionResourceOwner;
	(void) LockAcquire(&tag, ShareLock, false, false);
	CurrentResourceOwner = caller;
	remember_held(log);
}

void
log_pass_over_lost(void)
{
	Oid			sequence = catalog_log_sequence_oid();
	Oid			types[2] = {REGCLASSOID, INT8OID};
	Datum		values[2] = {ObjectIdGetDatum(sequence)};
	int64		last = log_last_number();

	/* one after the other, lest the second sets what the first has been drawn from; nothing of it is undone by a rollback */
	LockRelationOid(sequence, ShareUpdateExclusiveLock);
	if (log_last_number() - last < LOST_NUMBERS)
	{
		values[1] = Int64GetDatum(log_last_number() + LOST_NUMBERS);
		(void) catalog_execute("SELECT pg_catalog.setval($1, $2)", lengthof(types), types, values, NULL);
	}
	UnlockRelationOid(sequence, ShareUpdateExclusiveLock);
}

int64
log_draws_between(int64 after, int64 until)
{
	return (until - after) % LOST_NUMBERS / LOG_STEP;
}

/* The next number.  Until somebody has followed a promotion, each process that draws passes over what may have been lost. */
static int64
draw(void)
{
	static TimeLineID followed = 0;
	TimeLineID	timeline = GetWALInsertionTimeLine();

	if (followed != timeline)
	{
		if (log_is_behind_timeline())
			log_pass_over_lost();
		followed = timeline;
	}
	return nextval_internal(catalog_log_sequence_oid(), false);
}

int64
log_draw(const TableInfo *table)
{
	int64		last = -1;

	for (int i = 0; i < table->n_logs; i++)
	{
		if (!table->logs[i].kept || is_held(table->logs[i].id))
			continue;
		if (last < 0)
			last = log_last_number();
		hold(table->logs[i].id, last);
	}
	return draw();
}

/*
 * A reader that does not see the lock has read the last number before the lock was there; one that sees it stops at what was the last
 * number earlier still.
 */
int64
log_fence(int32 log)
{
	if (!is_held(log))
		hold(log, log_last_number());
	return log_last_number();
}

void
log_want_tick(int32 log)
{
	(void) log_fence(log);
	(void) draw();
}

/* Whether a lock holds back the readers of a log, or of any (LOG_ALL_LOGS). */
static bool
holds_back(const LOCKTAG *tag, int32 log)
{
	if (tag->locktag_lockmethodid != USER_LOCKMETHOD || tag->locktag_type != LOCKTAG_USERLOCK ||
		tag->locktag_field1 != MyDatabaseId || tag->locktag_field2 == LOG_NOT_A_LOG)
		return false;
	return log == LOG_ALL_LOGS || tag->locktag_field2 == LOG_ALL_LOGS || tag->locktag_field2 == (uint32) log;
}

/* Up to which number a log may be read, or all of them. */
static int64
horizon_of(int32 log)
{
	int64		horizon = log_last_number();
	LockData   *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
	{
		const LOCKTAG *tag = &locks->locks[i].locktag;

		if (holds_back(tag, log))
			horizon = Min(horizon, (int64) (((uint64) tag->locktag_field3 << 16 | tag->locktag_field4) * LOG_STEP));
	}
	return horizon;
}

/*
 * A standby has neither the locks nor the number: what the last tick says holds there, since whatever it vouches for was committed, and so is
 * replayed, before it.
 */
static int64
replayed_horizon(void)
{
	LogTick		tick;

	return log_last_tick(&tick) ? tick.horizon : 0;
}

int64
log_horizon(int32 log)
{
	return RecoveryInProgress() ? replayed_horizon() : horizon_of(log);
}

int64
log_common_horizon(void)
{
	return horizon_of(LOG_ALL_LOGS);
}
