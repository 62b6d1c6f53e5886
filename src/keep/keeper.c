/*
 * keeper.c
 *		The keeper's process.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/settings.h"
#include "catalog/event_mappings.h"
#include "catalog/kinesis.h"
#include "catalog/tables.h"
#include "catalog/transfers.h"
#include "keep/alarm.h"
#include "keep/audit_table.h"
#include "keep/auto_scaling.h"
#include "keep/backup_schedule.h"
#include "keep/event_job.h"
#include "keep/expire.h"
#include "keep/keeper.h"
#include "keep/keeper_launcher.h"
#include "keep/metrics_history.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "keep/transfer_job.h"
#include "log/log.h"
#include "log/log_keeper.h"
#include "log/log_segment.h"
#include "log/log_tick.h"
#include "meter/meter.h"

#define PAUSE_MS		1000
#define EXPIRE_MS		500		/* of each second at most */
#define ALARMS_MS		200		/* the same */
#define SCALING_MS		1000	/* of each ten seconds at most */
#define ROTATE_EVERY_MS	(10 * 1000)
#define LOCK_TIMEOUT	"100ms"
#define MAX_FAILURES	10		/* one after the other */
#define FIRST_ROUNDS	10		/* in which there may be nothing to do yet */
#define MAX_STEPS		1000	/* of rotation, in a caller's transaction */

extern PGDLLEXPORT void dynapg_keeper_main(Datum argument);

int
keeper_rotate(void)
{
	int			steps = 0;

	while (steps < MAX_STEPS && log_rotate())
	{
		steps++;
		CommandCounterIncrement();
	}
	return steps;
}

/* ------------------------------------------------------------------------------------------------------------
 * Rounds
 * ------------------------------------------------------------------------------------------------------------ */

/* Up to which number readers have been told that a stream has records. */
typedef struct Notified
{
	int32		log;			/* hash key; first */
	int64		number;
} Notified;

typedef struct Keeper
{
	HTAB	   *notified;		/* Notified */
	int64		all_notified;	/* the same of all streams */
	TimestampTz rotated_at;
	TimestampTz warned_at;
	ExpireRound expire;
	int			failures;
	bool		resumes;		/* what was interrupted is not taken up yet */
	bool		has_worked;
	bool		has_events;		/* event source mappings, or Kinesis streaming destinations */
	int			alone;			/* for so many rounds nobody else has been there */
	int			idle_rounds;	/* before it has: who has started it may not have committed yet what it is to do */
} Keeper;

/* Whether the extension is (still) there. */
static bool
has_extension(void)
{
	bool		found;

	StartTransactionCommand();
	found = OidIsValid(get_extension_oid("dynapg", true));
	CommitTransactionCommand();
	return found;
}

int
keeper_work_of_settings(void)
{
	return (dynapg_expire_interval > 0 ? 1 : 0) | (audit_table_is_written() ? 2 : 0) | (metrics_history_has_work() ? 4 : 0);
}

/*
 * Whether there is anything to keep: segments, which are there until the last row is dropped with them, items that will expire, schedules of
 * backups, transfers that go on, event source mappings.  A setting that decides is in keeper_work_of_settings(), too.
 */
static bool
has_work(Keeper *keeper)
{
	bool		inside;
	bool		outside;

	catalog_events_are_enabled(&inside, &outside, NULL);
	keeper->has_events = inside || outside || catalog_kinesis_is_served();
	return keeper->has_events || log_segments(LOG_STREAM) != NIL || log_segments(LOG_UNDO) != NIL ||
		(dynapg_expire_interval > 0 && catalog_expiring_relations() != NIL) ||
		catalog_backup_schedules() != NIL || auto_scaling_has_targets() || catalog_backups_expire() || catalog_running_transfers() != NIL ||
		audit_table_has_work() || metrics_history_has_work();
}

/* Whether a log has records behind a number, up to its horizon, which was taken before. */
static bool
has_records(const TableLog *log, int64 after, int64 horizon)
{
	pg_uuid_t	first;
	pg_uuid_t	last;
	LogReader  *reader;
	LogRow		row;
	bool		found;

	memset(&first, 0, sizeof(first));
	memset(&last, 0xFF, sizeof(last));
	PushActiveSnapshot(GetLatestSnapshot());
	reader = log_read_begin(log->kind, log->id, after, horizon, GetActiveSnapshot());
	found = log_read_next(reader, &first, &last, &row);
	log_read_end(reader);
	PopActiveSnapshot();
	return found;
}

/* What a transaction that failed has not told is told again, with the rest. */
static void
forget_notified(Keeper *keeper)
{
	if (keeper->notified != NULL)
		hash_destroy(keeper->notified);
	keeper->notified = NULL;
	keeper->all_notified = 0;
}

/* What ended streams leave behind here is forgotten with the keeper. */
static Notified *
find_notified(Keeper *keeper, int32 log)
{
	Notified   *notified;
	bool		found;

	if (keeper->notified == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(int32), .entrysize = sizeof(Notified), .hcxt = TopMemoryContext};

		keeper->notified = hash_create("dynapg notified streams", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	notified = (Notified *) hash_search(keeper->notified, &log, HASH_ENTER, &found);
	if (!found)
		notified->number = keeper->all_notified;
	return notified;
}

static void
notify_readers(Keeper *keeper, const TableLog *log, int64 horizon)
{
	Notified   *notified = find_notified(keeper, log->id);

	if (horizon <= notified->number || log->last_seq <= notified->number)
		return;
	if (has_records(log, notified->number, horizon))
		Async_Notify(dynapg_notify_channel,
					 psprintf("arn:aws:dynamodb:%s:%s:table/%s/stream/%s", dynapg_region, dynapg_account_id,
							  log->table_name, log->label));
	notified->number = horizon;
}

/*
 * Tells of the streams that have become longer for their readers.  Where a transaction holds some of them back, each has a horizon of its own: the
 * others go on.  Our commit flushes what it tells of.
 */
static void
notify(Keeper *keeper)
{
	int64		last;
	int64		common;
	ListCell   *cell;

	if (dynapg_notify_channel[0] == '\0')
		return;
	last = log_last_number();
	common = log_common_horizon();
	if (common >= last && common <= keeper->all_notified)
		return;
	foreach(cell, catalog_streams(NULL, NULL, NULL, INT_MAX))
	{
		const TableLog *log = (const TableLog *) lfirst(cell);

		notify_readers(keeper, log, common >= last ? common : log_horizon(log->id));
	}
	if (common >= last)
		keeper->all_notified = common;
}

/* One step of rotation, each in a transaction of its own. */
static bool
rotate_step(void)
{
	bool		more;

	if (!step_begin(false))
		return false;
	more = log_rotate();
	step_commit();
	return more;
}

/*
 * Who holds streams back for long: readers wait until that transaction ends, and the segment that it has written to stays.  Warned of again as often
 * as the setting says.
 */
static void
warn_of_holders(void)
{
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute(psprintf("SELECT DISTINCT ON (held_by_pid, held_by_gid) table_name, held_by_pid::text, held_by_gid, "
								  "held_since::text FROM dynapg.stat_streams "
								  "WHERE held_since < pg_catalog.now() - '%d s'::interval ORDER BY 2, 3, 1",
								  dynapg_stream_hold_warning), true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	columns = SPI_tuptable->tupdesc;
		char	   *table = SPI_getvalue(row, columns, 1);
		char	   *pid = SPI_getvalue(row, columns, 2);
		char	   *gid = SPI_getvalue(row, columns, 3);
		char	   *since = SPI_getvalue(row, columns, 4);

		ereport(WARNING,
				(gid ? errmsg("prepared transaction \"%s\" holds back the stream of table \"%s\" since %s", gid, table, since) :
				 errmsg("the transaction of process %s holds back the stream of table \"%s\" since %s", pid, table, since),
				 errdetail("Readers get no records that were written after it had begun to write."),
				 gid ? errhint("COMMIT PREPARED or ROLLBACK PREPARED.") :
				 errhint("End it, or set idle_in_transaction_session_timeout.")));
	}
	SPI_finish();
}

/*
 * What a crash, or the primary of a standby that was promoted, or a job that was ended, may have left behind is taken up again, where no session does so.  What no
 * process is to be had for is tried again in the next round.
 */
static void
resume_jobs(Keeper *keeper)
{
	if (!step_begin(false))
		return;
	keeper->resumes = !table_job_resume_all();
	step_commit();
}

/* What is due when a minute has ended. */
static void
take_minute(TimestampTz minute)
{
	alarms_want_look(minute + USECS_PER_MINUTE);
	while (step_begin(false))
	{
		bool		done = metrics_history_expire(minute);

		step_commit();
		if (done)
			break;
		CHECK_FOR_INTERRUPTS();
	}
}

/* What is not due every second. */
static void
take_long_round(Keeper *keeper, TimestampTz now)
{
	while (rotate_step())
		CHECK_FOR_INTERRUPTS();
	if (dynapg_stream_hold_warning > 0 &&
		TimestampDifferenceExceeds(keeper->warned_at, now, dynapg_stream_hold_warning * 1000) && step_begin(false))
	{
		warn_of_holders();
		step_commit();
		keeper->warned_at = now;
	}
	if (step_begin(false))
	{
		(void) backup_run_schedules();
		transfer_job_resume_all();
		/* alone as well: what the last one has written is served */
		event_jobs_resume();
		step_commit();
	}
	auto_scaling_round(SCALING_MS);
	while (step_begin(false))
	{
		bool		done = audit_table_expire();

		step_commit();
		if (done)
			break;
		CHECK_FOR_INTERRUPTS();
	}
	keeper->rotated_at = now;
}

/* False if there is nothing to keep any more. */
static bool
take_round(Keeper *keeper)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz minute;
	bool		work;

	if (keeper->resumes)
		resume_jobs(keeper);
	if (!step_begin(false))
		return has_extension();
	work = has_work(keeper) || keeper->resumes;
	step_commit();
	if (work && !keeper->has_worked)
		keeper_launcher_note(true);
	if (work)
		keeper->has_worked = true;
	else
		return !keeper->has_worked && ++keeper->idle_rounds < FIRST_ROUNDS;

	/* first, since a promotion ends all shards */
	if (TimestampDifferenceExceeds(keeper->rotated_at, now, ROTATE_EVERY_MS))
		take_long_round(keeper, now);
	if (step_begin(false))
	{
		(void) log_tick(false);
		step_commit();
	}
	if (step_begin(false))
	{
		notify(keeper);
		step_commit();
	}
	audit_table_fill();
	if (metrics_history_round(meter_now(), &minute))
		take_minute(minute);
	alarms_look(ALARMS_MS);
	expire_round(&keeper->expire, EXPIRE_MS);
	return true;
}

/* What is not to wait for the next keeper. */
static bool
finish(Keeper *keeper)
{
	metrics_history_leave();
	return false;
}

/* Does it with errors that may pass (a lock that others hold): reported, and tried again in the next round. */
static bool
try_to(bool (*act) (Keeper *keeper), Keeper *keeper)
{
	volatile bool more = true;

	PG_TRY();
	{
		more = act(keeper);
		keeper->failures = 0;
	}
	PG_CATCH();
	{
		if (++keeper->failures > MAX_FAILURES)
			PG_RE_THROW();
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		forget_notified(keeper);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	return more;
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

/* Nothing of the database's or of its roles' settings may change what the keeper does. */
static void
settle(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog"},
		{"lock_timeout", LOCK_TIMEOUT},
		{"statement_timeout", "0"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_isolation", "read committed"},
		{"synchronous_commit", "local"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname("dynapg keeper");
}

/* Whether the extension is there (still), and nobody else is the keeper. */
static bool
take_office(void)
{
	bool		taken;

	if (!step_begin(false))
	{
		/* while others change the extension nobody can say what is in it */
		keeper_launcher_note(has_extension());
		return false;
	}
	taken = log_become_keeper();
	step_commit();
	return taken;
}

/* Whether something is left that goes on with nobody else here, unless somebody waits for us to go. */
static bool
goes_on(const Keeper *keeper)
{
	return (keeper->resumes || keeper->expire.goes_on || keeper->expire.unfinished || alarms_are_left() || auto_scaling_is_left()) &&
		!event_job_database_is_wanted();
}

/* Nobody else is here: whether the keeper is to end, after a last round. */
static bool
is_to_end(Keeper *keeper)
{
	if (goes_on(keeper))
		return false;
	/* what the last one has done has its tick, and is sent */
	keeper->rotated_at = 0;
	(void) try_to(take_round, keeper);
	/* event workers that were about to end have ended by the second time */
	if (keeper->has_events && ++keeper->alone <= 1)
		return false;
	return !goes_on(keeper);
}

void
dynapg_keeper_main(Datum argument)
{
	Keeper		keeper = {.resumes = true};
	bool		more;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(argument), InvalidOid, 0);
	settle();
	if (!take_office())
		return;
	if (log_keeper_is_sent())
		keeper.idle_rounds = FIRST_ROUNDS;
	while ((more = try_to(take_round, &keeper)))
	{
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE_MS * (1 + Min(keeper.failures, 2)),
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (event_job_is_alone())
		{
			if (is_to_end(&keeper))
				break;
		}
		else
			keeper.alone = 0;
	}
	(void) try_to(finish, &keeper);
	if (!more)
		keeper_launcher_note(false);
	log_leave_keeper();
}
