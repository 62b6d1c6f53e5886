/*
 * table_job.c
 *		The process that does what takes long for a table.
 *
 * A job (job.h) is started for one table and ends when nothing waits there.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/timestamp.h"

#include "keep/backup.h"
#include "keep/index_build.h"
#include "keep/job.h"
#include "keep/log_switch.h"
#include "keep/restore.h"
#include "keep/step.h"
#include "keep/table_job.h"

#define MAX_FAILURES	5		/* one after the other, before a job gives up */
#define JOB_NAME "dynapg table job"

extern PGDLLEXPORT void dynapg_table_job_main(Datum argument);

/* What a job is told in its bgw_extra; its argument is the item table's OID. */
typedef struct TableOrder
{
	Oid			database;
	uint32		name;			/* the number of the table's name: whoever holds its lock may be about to commit the order */
} TableOrder;

StaticAssertDecl(sizeof(TableOrder) <= BGW_EXTRALEN, "an order must fit");

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * A job takes its sign away, and ends, only while it holds the lock of the table's name and finds nothing to do; who has something to do
 * holds that lock until his commit.  So whoever holds it and sees the sign may leave the work to that job.
 */
static JobKey
job_key(Oid relation)
{
	return (JobKey) {catalog_indexes_oid(), relation};
}

void
table_job_wait(Oid relation, LOCKMODE mode, const char *activity)
{
	LOCKTAG		tag;

	pgstat_report_activity(STATE_RUNNING, activity);
	StartTransactionCommand();
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	WaitForLockers(tag, mode, false);
	CommitTransactionCommand();
}

/* Whether anything waits for a job. */
static bool
has_work(Oid relation)
{
	return restore_is_due(relation) || log_switch_is_due(relation) || backup_is_due(relation) || index_build_is_due(relation);
}

/* Ends the work on a table, unless there is more to do by now. */
static bool
leave(Oid relation, uint32 name)
{
	bool		done;

	pgstat_report_activity(STATE_RUNNING, "ending");
	if (!step_begin(true))
		return true;
	catalog_lock_number(name);
	done = !has_work(relation);
	if (done)
		job_leave(job_key(relation));
	step_commit();
	return done;
}

/* Takes one step for a table; false if nothing is left. */
static bool
work_on(Oid relation, uint32 name)
{
	bool		restores;
	bool		switches;
	bool		backs_up;
	bool		builds;

	if (!step_begin(true))
		return false;
	restores = restore_is_due(relation);
	switches = log_switch_is_due(relation);
	backs_up = backup_is_due(relation);
	builds = index_build_is_due(relation);
	step_commit();
	if (restores)
		restore_step(relation);
	else if (switches)
		log_switch_step(relation);
	else if (backs_up)
		backup_step(relation);
	else if (builds)
		index_build_step(relation);
	else
		return !leave(relation, name);
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
		job_recover();
		job_pause(1000L * *failures);
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
	JobKey		key;

	if (!step_begin(true))
		return false;
	key = job_key(relation);
	step_commit();
	if (!job_take(key))
		return false;
	if (!step_begin(true))
		return false;
	catalog_lock_number(name);
	step_commit();
	return true;
}

void
dynapg_table_job_main(Datum argument)
{
	Oid			relation = DatumGetObjectId(argument);
	TableOrder	order;
	int			failures = 0;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	job_settle(order.database, JOB_NAME);
	if (!take_table(relation, order.name))
		return;
	while (try_to_work_on(relation, order.name, &failures))
		CHECK_FOR_INTERRUPTS();
	LockReleaseAll(USER_LOCKMETHOD, true);
}

/* ------------------------------------------------------------------------------------------------------------
 * Starting it
 * ------------------------------------------------------------------------------------------------------------ */

void
table_job_interrupt(const TableInfo *table)
{
	job_interrupt(job_key(table->relation));
}

/*
 * Sees to it that a job works on the table.  transaction: the start of the present one if it makes the order, and so holds the lock of the
 * table's name; else 0.  False if there is no process to be had.
 */
static bool
ask_for_job(const TableInfo *table, TimestampTz transaction)
{
	TableOrder	extra = {MyDatabaseId, catalog_name_number(table->name, strlen(table->name))};
	JobOrder	order = {
		.name = JOB_NAME,
		.function = "dynapg_table_job_main",
		.argument = ObjectIdGetDatum(table->relation),
		.extra = &extra,
		.extra_size = sizeof(extra)
	};

	return job_ask(job_key(table->relation), &order, transaction) != JOB_NOT_TO_BE_HAD;
}

bool
table_job_order(const char *table_name)
{
	const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);

	if (table == NULL || !has_work(table->relation))
		return true;
	return !IsTransactionBlock() && !IsSubTransaction() && ask_for_job(table, GetCurrentTransactionStartTimestamp());
}

void
table_job_start(const char *table_name)
{
	if (table_job_order(table_name))
		return;
	restore_fill_here(table_name);
	index_build_here(table_name);
	log_switch_here(table_name);
	restore_finish_here(table_name);
}

bool
table_job_resume(const TableInfo *table)
{
	return XactReadOnly || RecoveryInProgress() || !has_work(table->relation) || ask_for_job(table, 0);
}

bool
table_job_resume_all(void)
{
	bool		all = true;
	ListCell   *cell;

	foreach(cell, catalog_table_names(NULL, INT_MAX))
	{
		const char *name = (const char *) lfirst(cell);
		const TableInfo *table = catalog_table(name, strlen(name));

		all &= table == NULL || table_job_resume(table);
	}
	return all;
}
