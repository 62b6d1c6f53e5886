/*
 * event_worker.c
 *		The process that serves mappings with destinations inside of the database.
 *
 * It takes lanes in turn, each for a moment: a batch is read, given to its destination as the mapping's owner, and noted, all in one transaction.  If that fails,
 * the failure is noted in the next one.  A destination that is slow holds up this process for dynapg.event_timeout at most, and others serve the other lanes.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "storage/pmsignal.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "events/destination.h"
#include "events/event_alarm.h"
#include "events/event_lane.h"
#include "keep/event_job.h"
#include "keep/job.h"
#include "keep/step.h"

#define TURN_MS 300				/* that a lane is served at once, about */
#define SHORTEST_PAUSE_MS 20	/* when there was nothing to do; twice as long each time */
#define LONGEST_PAUSE_MS 250
#define REST_MS 10				/* after the last records that there are: else writers are followed record by record */
#define LOOK_EVERY_MS 1000		/* whether anybody else is here: DROP DATABASE waits for five seconds */

extern PGDLLEXPORT void dynapg_event_worker_main(Datum argument);

typedef struct Worker
{
	int			number;			/* of its job */
	MemoryContext context;		/* of a round */
	MemoryContext batch_context;
	TimestampTz looked_at;
	TimestampTz next;			/* when the next try is due that is known */
	int			turn;			/* which lane comes first */
	int			idle;			/* rounds without anything to do */
	bool		alarms;			/* have something to tell functions */
	bool		worked;			/* in this round there was something */
	bool		behind;			/* and some lane had more than was served */
} Worker;

/* ------------------------------------------------------------------------------------------------------------
 * Batches
 * ------------------------------------------------------------------------------------------------------------ */

/* A batch on its way: what is known of it when something fails. */
typedef struct Attempt
{
	EventMapping *mapping;
	EventBatch *batch;
	bool		delivering;		/* the destination has it */
	TimestampTz until;
} Attempt;

/* Gives a batch to its destination, and notes what came of it: as the mapping's owner from here to the end of the transaction. */
static void
deliver(int64 lane, Attempt *attempt)
{
	Jsonb	   *definition;
	const DestinationKind *kind = destination_of_mapping(attempt->mapping, &definition);
	EventOutcome outcome = {.ok = true};

	attempt->delivering = true;
	event_become_owner(attempt->mapping);
	PushActiveSnapshot(GetTransactionSnapshot());
	kind->deliver(attempt->mapping, attempt->batch, &outcome);
	PopActiveSnapshot();
	(void) event_lane_note(lane, attempt->mapping, attempt->batch, &outcome);
}

static LaneRead
take_batch(int64 lane, Attempt *attempt, MemoryContext context)
{
	LaneRead	read;

	if (!step_begin(false))
		return LANE_GONE;
	MemoryContextSwitchTo(context);
	read = event_lane_read(lane, &attempt->mapping, &attempt->batch, &attempt->until);
	if (read == LANE_BATCH)
		deliver(lane, attempt);
	step_commit();
	MemoryContextSwitchTo(context);
	return read;
}

/* In a transaction of its own. */
static void
note_error(int64 lane, const Attempt *attempt, const char *error)
{
	EventOutcome outcome = {.ok = false, .error = error};

	if (!step_begin(false))
		return;
	if (attempt->delivering)
		(void) event_lane_note(lane, attempt->mapping, attempt->batch, &outcome);
	else
		event_lane_stumbled(lane, error);
	step_commit();
}

/* The message of an error, with where it came from. */
static char *
error_text(const ErrorData *error)
{
	return error->detail ? psprintf("%s (%s)", error->message, error->detail) : pstrdup(error->message);
}

/* The same with errors, which are noted; whether there is more behind it. */
static bool
try_batch(Worker *worker, int64 lane)
{
	MemoryContext context = worker->batch_context;
	Attempt		attempt = {.until = DT_NOEND};
	ErrorData  *volatile error = NULL;
	volatile LaneRead read = LANE_GONE;

	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		read = take_batch(lane, &attempt, context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		job_forget_error();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (error != NULL)
	{
		note_error(lane, &attempt, error_text(error));
		return false;
	}
	worker->next = Min(worker->next, attempt.until);
	worker->worked |= read == LANE_BATCH || read == LANE_MORE;
	return read == LANE_MORE || (read == LANE_BATCH && !attempt.batch->last);
}

/* Serves a lane for a turn. */
static void
serve(Worker *worker, int64 lane)
{
	TimestampTz begun_at = GetCurrentTimestamp();
	bool		more;

	do
	{
		more = try_batch(worker, lane);
		CHECK_FOR_INTERRUPTS();
	} while (more && PostmasterIsAlive() && !TimestampDifferenceExceeds(begun_at, GetCurrentTimestamp(), TURN_MS));
	worker->behind |= more;
}

/* ------------------------------------------------------------------------------------------------------------
 * Rounds
 * ------------------------------------------------------------------------------------------------------------ */

/* The lanes that are due, in the round's context; false if there is nothing to serve any more. */
static bool
find_lanes(Worker *worker, List **lanes)
{
	bool		inside;

	*lanes = NIL;
	if (!step_begin(false))
		return false;
	catalog_events_are_enabled(&inside, NULL, &worker->alarms);
	MemoryContextSwitchTo(worker->context);
	*lanes = event_lanes_due(false, GetCurrentTimestamp(), &worker->next);
	step_commit();
	MemoryContextSwitchTo(worker->context);
	return inside;
}

/* Serves each lane that nobody else does. */
static void
serve_lanes(Worker *worker, List *lanes)
{
	int			count = list_length(lanes);

	for (int i = 0; i < count; i++)
	{
		const EventLane *lane = (const EventLane *) list_nth(lanes, (i + worker->turn) % count);
		bool		claimed;

		if (!step_begin(false))
			break;
		claimed = event_lane_claim(lane->lane);
		step_commit();
		if (!claimed)
			continue;
		serve(worker, lane->lane);
		if (!event_job_retake(worker->number))
			proc_exit(0);
	}
	worker->turn++;
	MemoryContextSwitchTo(worker->context);
}

/* False if the process is not wanted any more. */
static bool
take_round(Worker *worker)
{
	List	   *lanes;

	worker->next = DT_NOEND;
	worker->worked = worker->behind = false;
	event_lay_out();
	if (!find_lanes(worker, &lanes))
		return false;
	serve_lanes(worker, lanes);
	if (worker->alarms)
		worker->worked |= event_tell_alarms();
	worker->idle = worker->worked ? 0 : worker->idle + 1;
	return true;
}

static bool
try_round(Worker *worker)
{
	volatile bool more = true;

	MemoryContextReset(worker->context);
	MemoryContextSwitchTo(worker->context);
	PG_TRY();
	{
		more = take_round(worker);
	}
	PG_CATCH();
	{
		job_recover();
		LockReleaseSession(USER_LOCKMETHOD);
		worker->idle += 8;
	}
	PG_END_TRY();
	return more && event_job_retake(worker->number);
}

/* Whether nobody else is here, and nothing is left to do or somebody waits for us to go. */
static bool
is_to_end(Worker *worker)
{
	TimestampTz now = GetCurrentTimestamp();

	if (worker->number > dynapg_event_workers)
		return true;
	if (!TimestampDifferenceExceeds(worker->looked_at, now, LOOK_EVERY_MS))
		return false;
	worker->looked_at = now;
	return event_job_is_alone() && (worker->idle > 0 || event_job_database_is_wanted());
}

static void
pause_worker(const Worker *worker)
{
	long		pause = worker->worked ? REST_MS : Min(SHORTEST_PAUSE_MS << Min(worker->idle, 10), LONGEST_PAUSE_MS);

	if (worker->next != DT_NOEND)
		pause = Min(pause, Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), worker->next), 1));
	pgstat_report_activity(STATE_IDLE, NULL);
	job_pause(pause);
	pgstat_report_activity(STATE_RUNNING, "event source mappings");
}

void
dynapg_event_worker_main(Datum database)
{
	Worker		worker = {0};

	job_settle(DatumGetObjectId(database), "dynapg event worker");
	job_keep_memory();
	/* what a crash takes back of it, it takes back with the position: it is done again */
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
	worker.number = event_job_take(false);
	if (worker.number < 0)
		return;
	worker.looked_at = GetCurrentTimestamp();
	worker.context = AllocSetContextCreate(TopMemoryContext, "dynapg event worker", ALLOCSET_DEFAULT_SIZES);
	worker.batch_context = AllocSetContextCreate(TopMemoryContext, "dynapg event batch", ALLOCSET_DEFAULT_SIZES);
	while (PostmasterIsAlive() && try_round(&worker) && !is_to_end(&worker))
	{
		if (!worker.behind)
			pause_worker(&worker);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	event_job_leave(worker.number);
}
