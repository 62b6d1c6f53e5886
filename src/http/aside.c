/*
 * aside.c
 *		Requests that somebody else's lock is in the way of.
 *
 * A worker executes one request at a time, and while it waits for a lock, all its connections
 * wait.  So a request waits for a lock no longer than a transaction of the endpoint's own takes.
 * Then its transaction is aborted, as if nothing had been, and the request is set aside, its
 * connection suspended.  The worker looks every now and then whether the lock is still held, which
 * costs next to nothing, and when it is free executes the request anew from its beginning.
 * dynapg.lock_timeout after the first attempt it gets what its last one came to: a
 * TransactionConflictException.
 *
 * An attempt whose wait was cut short is undone also if it went on after that, because a trigger or
 * a batch took the error for an answer: what counts is the last attempt.  A wait that was cut short
 * by a lock_timeout of a user's function is that function's affair.  Requests that wait for one
 * lock are executed in their order.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/timeout.h"

#include "http/http.h"

#define MAX_ASIDE 256			/* requests of one worker; another one is answered at once */
#define LONGEST_WAIT 10			/* milliseconds of one wait for a lock */
#define WAITING_SHARE 10		/* a worker waits for this part of its time, or a millisecond an attempt */
#define LOOKING_SHARE 8			/* the longer a request is there, the more rarely is its lock looked at */
#define FIRST_LOOK 1000			/* microseconds, the shortest and the longest pause between two looks */
#define LAST_LOOK 20000
#define UNKNOWN_LOCK 4			/* how many times longer it is if looking means to try */

static dlist_head aside = DLIST_STATIC_INIT(aside); /* in the order of their first attempts' ends */
static int	n_aside;

/* How long the worker may wait for a lock now, in microseconds, as of a time. */
static int64 allowance;
static TimestampTz allowance_as_of;

/* The attempt that runs.  The signal handler writes all but the first. */
static int	granted_wait;		/* milliseconds */
static volatile int longest_wait;	/* LockTimeout, unless a user's function has set another */
static volatile sig_atomic_t cut_short;
static LOCKTAG awaited_lock;
static volatile LOCKMODE awaited_mode;
static volatile TimestampTz awaited_since;

/*
 * SIGINT: a cancel, a statement_timeout, or, when its indicator is set, a lock_timeout.  In the
 * latter case the process is in ProcSleep(), and the lock is to be seen that will be forgotten
 * before the error is raised.  If it has just been granted, waitLock is NULL, or its memory is
 * another lock's: that one will be found free, or be retried in vain once.
 */
void
aside_on_cancel(SIGNAL_ARGS)
{
	if (get_timeout_indicator(LOCK_TIMEOUT, false) && LockTimeout == longest_wait)
	{
		const LOCK *lock = MyProc->waitLock;

		/* ProcSleep() has started that timer, too */
		if (!cut_short)
			awaited_since = get_timeout_start_time(DEADLOCK_TIMEOUT);
		awaited_mode = NoLock;
		if (lock != NULL)
		{
			awaited_lock = lock->tag;
			awaited_mode = MyProc->waitLockMode;
		}
		cut_short = true;
		/* whatever the attempt still does is in vain */
		LockTimeout = longest_wait = 1;
	}
	StatementCancelHandler(postgres_signal_arg);
}

void
aside_begin_attempt(HttpRequest *request)
{
	TimestampTz now = GetCurrentTimestamp();
	HttpWait   *wait = &request->wait;

	if (wait->since == 0)
		wait->since = now;
	wait->until = TimestampTzPlusMilliseconds(wait->since, *endpoint->settings->lock_timeout);
	wait->wants_last = false;
	if (endpoint->settings->statement_timeout > 0 &&
		endpoint->settings->statement_timeout < *endpoint->settings->lock_timeout)
	{
		/* a last attempt will be cancelled at once, and answered so */
		wait->until = TimestampTzPlusMilliseconds(wait->since, endpoint->settings->statement_timeout);
		wait->wants_last = true;
	}
	allowance = Min(allowance + (now - allowance_as_of) / WAITING_SHARE, LONGEST_WAIT * 1000);
	allowance_as_of = now;
	granted_wait = Max(Min(allowance, wait->until - now) / 1000, 1);
	LockTimeout = longest_wait = granted_wait;
	cut_short = false;
}

bool
aside_is_wanted(const HttpRequest *request)
{
	return cut_short && GetCurrentTimestamp() < request->wait.until &&
		(request->queue == QUEUE_ASIDE || (n_aside < MAX_ASIDE && body_may_wait(request)));
}

/*
 * Kinds of locks that can be taken for a moment by who is in no transaction, and without anybody's
 * taking note.
 */
static bool
can_probe(const LOCKTAG *lock, LOCKMODE mode)
{
	switch (lock->locktag_type)
	{
		case LOCKTAG_TRANSACTION:
		case LOCKTAG_VIRTUALTRANSACTION:
		case LOCKTAG_SPECULATIVE_TOKEN:
		case LOCKTAG_TUPLE:
		case LOCKTAG_ADVISORY:
			return mode != NoLock;
		case LOCKTAG_RELATION:
			return mode != NoLock && mode <= RowExclusiveLock;
		default:
			return false;
	}
}

static void
plan_look(HttpWait *wait, TimestampTz now)
{
	int64		pause = Max(Min((now - wait->since) / LOOKING_SHARE, LAST_LOOK), FIRST_LOOK);

	wait->look_at = now + pause * (can_probe(&wait->lock, wait->mode) ? 1 : UNKNOWN_LOCK);
}

static void
count(int change)
{
	n_aside += change;
	pg_atomic_write_u64(&endpoint_worker->aside, n_aside);
}

void
aside_put(HttpRequest *request)
{
	HttpWait   *wait = &request->wait;

	allowance = Max(allowance - granted_wait * 1000, 0);
	wait->lock = awaited_lock;
	wait->mode = awaited_mode;
	if (wait->met_at == 0)
		wait->met_at = awaited_since;
	plan_look(wait, GetCurrentTimestamp());
	if (request->queue == QUEUE_ASIDE)
		return;
	request->queue = QUEUE_ASIDE;
	dlist_push_tail(&aside, &request->queued);
	count(1);
	body_waits(request);
	request_suspend(request);
}

void
aside_forget(HttpRequest *request)
{
	if (request->queue != QUEUE_ASIDE)
		return;
	dlist_delete(&request->queued);
	request->queue = QUEUE_NONE;
	count(-1);
}

/* Whether a request's lock is held, as far as that can be told without trying the request. */
static bool
is_held(const HttpWait *wait)
{
	volatile bool held = false;

	if (!can_probe(&wait->lock, wait->mode))
		return false;
	PG_TRY();
	{
		held = LockAcquire(&wait->lock, wait->mode, true, true) == LOCKACQUIRE_NOT_AVAIL;
		if (!held)
			LockRelease(&wait->lock, wait->mode, true);
	}
	PG_CATCH();
	{
		/* out of shared memory: no time for more attempts */
		FlushErrorState();
		held = true;
	}
	PG_END_TRY();
	return held;
}

/* Executes a request anew; whether it is answered now. */
static bool
try_again(HttpRequest *request)
{
	MemoryContext caller = MemoryContextSwitchTo(request->context);

	PG_TRY();
	{
		request->answered = protocol_try_again(request);
	}
	PG_CATCH();
	{
		EmitErrorReport();
		FlushErrorState();
		request->answered = request->broken = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	if (!request->answered)
		aside_put(request);
	return request->answered;
}

static void
take_back(HttpRequest *request)
{
	request->answered = true;
	aside_forget(request);
	body_release(request);
	durable_await(request);
	if (request->queue == QUEUE_NONE)
		request_resume(request);
}

bool
aside_run(void)
{
	TimestampTz now;
	bool		answered = false;
	dlist_mutable_iter iter;

	if (n_aside == 0)
		return false;
	now = GetCurrentTimestamp();
	dlist_foreach_modify(iter, &aside)
	{
		HttpRequest *request = dlist_container(HttpRequest, queued, iter.cur);
		HttpWait   *wait = &request->wait;
		bool		is_over = now >= wait->until;

		if (!is_over && now < wait->look_at)
			continue;
		cut_short = false;
		if ((is_over && wait->wants_last) || !is_held(wait))
		{
			if (!try_again(request))
				break;
		}
		else if (!is_over)
		{
			plan_look(wait, now);
			continue;
		}
		else
			protocol_give_up(request);
		take_back(request);
		answered = true;
		/* somebody else was in the way: others have waited meanwhile */
		if (cut_short)
			break;
	}
	return answered;
}

long
aside_timeout(void)
{
	TimestampTz next = PG_INT64_MAX;
	dlist_iter	iter;

	if (n_aside == 0)
		return -1;
	dlist_foreach(iter, &aside)
	{
		const HttpWait *wait = &dlist_container(HttpRequest, queued, iter.cur)->wait;

		next = Min(next, Min(wait->look_at, wait->until));
	}
	return Max((next - GetCurrentTimestamp() + 999) / 1000, 0);
}

int
aside_count(void)
{
	return n_aside;
}
