/*
 * trace_ring.c
 *		Records of traces on their way to the process that sends them.
 *
 * Each slot has a turn: the position whose record may be put into it, and one more when it may be taken.  Who puts takes the head's position by a
 * compare-and-exchange, writes, and then moves the turn on.  Between the two no interrupt is served, and who is killed there ends the server's shared memory, too.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#include "base/shared_memory.h"
#include "trace/trace_ring.h"

#define START_PAUSE_US	(2 * USECS_PER_SEC) /* between two tries to start a sender */
#define DEFER_US		(60 * USECS_PER_SEC)	/* where it cannot work */

typedef struct Slot
{
	pg_atomic_uint64 turn;
	TraceRecord record;
} Slot;

typedef struct Ring
{
	pg_atomic_uint64 head;		/* next position to be put */
	pg_atomic_uint64 tail;		/* next one to be taken; written by the sender only */
	pg_atomic_uint64 counters[TRACE_COUNTERS];
	pg_atomic_uint32 rests;		/* the sender waits for a record */
	pg_atomic_uint64 started_at;	/* when a sender was asked for last */

	slock_t		mutex;			/* of what follows */
	int			pid;			/* the sender's; 0: there is none */
	Latch	   *latch;
	TimestampTz sent_at;
	TimestampTz failed_at;
	char		error[TRACE_ERROR_SIZE];

	Slot		slots[TRACE_RING_SIZE];
} Ring;

static Ring *ring;

/* In the sender: taken, and not settled yet. */
static int	unsettled;

/* ------------------------------------------------------------------------------------------------------------
 * Shared memory
 * ------------------------------------------------------------------------------------------------------------ */

static Size
size_of_shared(void)
{
	return sizeof(Ring);
}

static void
init_ring(void)
{
	memset(ring, 0, offsetof(Ring, slots));
	pg_atomic_init_u64(&ring->head, 0);
	pg_atomic_init_u64(&ring->tail, 0);
	pg_atomic_init_u32(&ring->rests, 0);
	pg_atomic_init_u64(&ring->started_at, 0);
	for (int i = 0; i < TRACE_COUNTERS; i++)
		pg_atomic_init_u64(&ring->counters[i], 0);
	SpinLockInit(&ring->mutex);
	for (int i = 0; i < TRACE_RING_SIZE; i++)
		pg_atomic_init_u64(&ring->slots[i].turn, i);
}

static void
init_shared(void)
{
	bool		found;

	ring = (Ring *) ShmemInitStruct("dynapg traces", sizeof(Ring), &found);
	if (!found)
		init_ring();
	trace_is_enabled = dynapg_otlp_endpoint[0] != '\0';
}

void
trace_ring_init(void)
{
	static const SharedMemory part = {size_of_shared, NULL, 0, init_shared};

	shared_memory_ask(&part);
}

bool
trace_ring_is_there(void)
{
	return ring != NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Putting
 * ------------------------------------------------------------------------------------------------------------ */

/* Asks for a process, not too often.  It may find that there is one by now. */
static void
start_sender(void)
{
	BackgroundWorker worker = {0};
	uint64		last = pg_atomic_read_u64(&ring->started_at);
	TimestampTz now = GetCurrentTimestamp();

	if ((TimestampTz) last + START_PAUSE_US > now || !pg_atomic_compare_exchange_u64(&ring->started_at, &last, now))
		return;
	strlcpy(worker.bgw_name, "dynapg trace sender", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg trace sender", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_trace_sender_main", BGW_MAXLEN);
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		trace_ring_note("no process is to be had for the sender: \"max_worker_processes\" may be too small");
}

static void
wake_sender(bool is_needed)
{
	Latch	   *latch;

	SpinLockAcquire(&ring->mutex);
	latch = ring->latch;
	SpinLockRelease(&ring->mutex);
	if (latch == NULL)
		start_sender();
	else if (is_needed)
		SetLatch(latch);
}

/* The slot for one more record, and its position; NULL: the ring is full. */
static Slot *
take_slot(uint64 *position)
{
	uint64		head = pg_atomic_read_u64(&ring->head);

	for (;;)
	{
		Slot	   *slot = &ring->slots[head % TRACE_RING_SIZE];
		int64		ahead = (int64) (pg_atomic_read_u64(&slot->turn) - head);

		if (ahead < 0)
			return NULL;
		/* a failed exchange reads the head again */
		if (ahead == 0 && pg_atomic_compare_exchange_u64(&ring->head, &head, head + 1))
		{
			*position = head;
			return slot;
		}
		if (ahead > 0)
			head = pg_atomic_read_u64(&ring->head);
	}
}

void
trace_ring_put(const TraceRecord *record)
{
	uint64		position;
	Slot	   *slot = take_slot(&position);

	if (slot == NULL)
	{
		trace_ring_count(TRACE_DROPPED, 1);
		wake_sender(false);
		return;
	}
	memcpy(&slot->record, record, sizeof(TraceRecord));
	pg_write_barrier();
	pg_atomic_write_u64(&slot->turn, position + 1);
	trace_ring_count(TRACE_RECORDED, 1);
	wake_sender(pg_atomic_exchange_u32(&ring->rests, 0) != 0 ||
				position - pg_atomic_read_u64(&ring->tail) == TRACE_RING_SIZE / 2);
}

/* ------------------------------------------------------------------------------------------------------------
 * Taking
 * ------------------------------------------------------------------------------------------------------------ */

/* A sender that is killed takes shared memory with it; every other one comes here, whatever it was at. */
static void
leave(int code, Datum argument)
{
	if (unsettled > 0)
	{
		trace_ring_settle(TRACE_FAILED);
		trace_ring_note("the sender has ended before the receiver's answer");
	}
	SpinLockAcquire(&ring->mutex);
	ring->pid = 0;
	ring->latch = NULL;
	SpinLockRelease(&ring->mutex);
}

bool
trace_ring_serve(void)
{
	bool		is_free;

	if (ring == NULL)
		return false;
	SpinLockAcquire(&ring->mutex);
	is_free = ring->pid == 0;
	if (is_free)
	{
		ring->pid = MyProcPid;
		ring->latch = MyLatch;
	}
	SpinLockRelease(&ring->mutex);
	if (is_free)
		before_shmem_exit(leave, 0);
	return is_free;
}

void
trace_ring_defer(void)
{
	pg_atomic_write_u64(&ring->started_at, GetCurrentTimestamp() + DEFER_US);
}

static Slot *
next_slot(uint64 *tail)
{
	Slot	   *slot;

	*tail = pg_atomic_read_u64(&ring->tail);
	slot = &ring->slots[*tail % TRACE_RING_SIZE];
	return pg_atomic_read_u64(&slot->turn) == *tail + 1 ? slot : NULL;
}

bool
trace_ring_take(TraceRecord *record)
{
	uint64		tail;
	Slot	   *slot = next_slot(&tail);

	if (slot == NULL)
		return false;
	pg_read_barrier();
	memcpy(record, &slot->record, sizeof(TraceRecord));
	pg_memory_barrier();
	pg_atomic_write_u64(&slot->turn, tail + TRACE_RING_SIZE);
	pg_atomic_write_u64(&ring->tail, tail + 1);
	unsettled++;
	return true;
}

void
trace_ring_rest(long milliseconds)
{
	uint64		tail;

	/* who puts now sees that it rests, or is seen */
	(void) pg_atomic_exchange_u32(&ring->rests, milliseconds < 0);
	if (milliseconds >= 0 || next_slot(&tail) == NULL)
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (milliseconds >= 0 ? WL_TIMEOUT : 0), milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	pg_atomic_write_u32(&ring->rests, 0);
}

/* ------------------------------------------------------------------------------------------------------------
 * What became of them
 * ------------------------------------------------------------------------------------------------------------ */

void
trace_ring_count(TraceCounter counter, uint64 count)
{
	pg_atomic_fetch_add_u64(&ring->counters[counter], count);
}

void
trace_ring_settle(TraceCounter counter)
{
	trace_ring_count(counter, unsettled);
	unsettled = 0;
}

void
trace_ring_note(const char *error)
{
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&ring->mutex);
	if (error == NULL)
		ring->sent_at = now;
	else
	{
		ring->failed_at = now;
		strlcpy(ring->error, error, sizeof(ring->error));
	}
	SpinLockRelease(&ring->mutex);
}

void
trace_ring_status(TraceStatus *status)
{
	uint64		tail;

	memset(status, 0, sizeof(*status));
	if (ring == NULL)
		return;
	for (int i = 0; i < TRACE_COUNTERS; i++)
		status->counters[i] = pg_atomic_read_u64(&ring->counters[i]);
	/* in this order, so that it is not less than nothing */
	tail = pg_atomic_read_u64(&ring->tail);
	pg_read_barrier();
	status->waiting = pg_atomic_read_u64(&ring->head) - tail;
	SpinLockAcquire(&ring->mutex);
	status->pid = ring->pid;
	status->sent_at = ring->sent_at;
	status->failed_at = ring->failed_at;
	strlcpy(status->error, ring->error, sizeof(status->error));
	SpinLockRelease(&ring->mutex);
}
