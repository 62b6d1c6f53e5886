/*
 * log_switch.c
 *		Switching logs on and off while others write.
 */
#include "postgres.h"

#include "storage/lmgr.h"

#include "catalog/kinesis.h"
#include "keep/log_switch.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "log/log.h"
#include "log/log_horizon.h"
#include "log/log_segment.h"

/* The next log to be switched; NULL if there is none. */
static const TableLog *
next_log(const TableInfo *table)
{
	for (int i = 0; table != NULL && i < table->n_logs; i++)
		if (table->logs[i].status == LOG_ENABLING || table->logs[i].status == LOG_DISABLING)
			return &table->logs[i];
	return NULL;
}

/* Whether the definition, or a Kinesis destination, wants a log of a kind; view: of a stream. */
static bool
wants_log(const TableInfo *table, LogKind kind, StreamView *view)
{
	*view = VIEW_OLD_IMAGE;
	switch (kind)
	{
		case LOG_STREAM:
			return catalog_wants_stream(table, view);
		case LOG_UNDO:
			return catalog_wants_undo(table) > 0;
		default:
			return catalog_wants_kinesis(table);
	}
}

/* Whether the log of a kind that writers keep, if any, is not what the definition wants. */
static bool
lacks_order_of(const TableInfo *table, LogKind kind)
{
	const TableLog *kept = catalog_kept_log(table, kind);
	StreamView	view;

	if (wants_log(table, kind, &view) != (kept != NULL))
		return true;
	return kept != NULL && kind == LOG_UNDO && kept->days != catalog_wants_undo(table);
}

static bool
lacks_order(const TableInfo *table)
{
	for (int kind = 0; table != NULL && OidIsValid(table->relation) && kind < LOG_KINDS; kind++)
		if (lacks_order_of(table, (LogKind) kind))
			return true;
	return false;
}

static void
order(const TableInfo *table, LogKind kind)
{
	const TableLog *kept = catalog_kept_log(table, kind);
	StreamView	view;
	bool		wanted = wants_log(table, kind, &view);

	if (!lacks_order_of(table, kind))
		return;
	if (!wanted)
		catalog_retire_log(kept->id, log_last_number());
	else if (kept != NULL)
		catalog_set_log_days(kept->id, catalog_wants_undo(table));
	else
	{
		log_want_segment(kind);
		catalog_begin_log(table, kind, view, LOG_ENABLING, 0);
	}
}

void
log_switch_order(const TableInfo *table)
{
	for (int kind = 0; kind < LOG_KINDS; kind++)
	{
		table = catalog_table(table->name, strlen(table->name));
		if (table == NULL || !OidIsValid(table->relation))
			return;
		order(table, (LogKind) kind);
	}
}

/* Everybody who writes knows of it. */
static void
finish_switch(const TableLog *log)
{
	if (log->status != LOG_ENABLING)
		log_end(log);
	else
	{
		catalog_enabled_log(log->id, log_last_number());
		if (log->kind == LOG_UNDO)
			log_want_tick(log->id);
	}
}

bool
log_switch_is_due(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);

	return next_log(table) != NULL || lacks_order(table);
}

/* The id of the log to be switched next, which is ordered if need be; 0 if there is none. */
static int32
order_next(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);
	const TableLog *log = next_log(table);

	if (log == NULL && lacks_order(table))
		log_switch_order(table);
	return log != NULL ? log->id : 0;
}

void
log_switch_step(Oid relation)
{
	const TableLog *log;
	int32		id;

	if (!step_begin(true))
		return;
	id = order_next(relation);
	step_commit();
	if (id == 0)
		return;

	table_job_wait(relation, ShareLock, "waiting to switch a change log");
	if (!step_begin(true))
		return;
	log = next_log(catalog_table_of_relation(relation));
	/* another one is waited for in a step of its own */
	if (log != NULL && log->id == id)
		finish_switch(log);
	step_commit();
}

void
log_switch_here(const char *table_name)
{
	const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);
	const TableLog *log;

	if (table == NULL)
		return;
	log_switch_order(table);
	log = next_log(catalog_table(table_name, strlen(table_name)));
	if (log == NULL)
		return;
	ereport(NOTICE,
			(log->kind == LOG_STREAM ? errmsg("the stream of table \"%s\" is switched under a lock", table_name) :
			 log->kind == LOG_KINESIS ? errmsg("the Kinesis streaming destination of table \"%s\" is switched under a lock", table_name) :
			 errmsg("point-in-time recovery of table \"%s\" is switched under a lock", table_name),
			 errdetail("Others cannot write to the table until this transaction ends."),
			 errhint("Outside of a transaction block, and where a background worker can be started, it is switched "
					 "while others write.")));
	LockRelationOid(table->relation, ShareLock);
	while ((log = next_log(catalog_table(table_name, strlen(table_name)))) != NULL)
		finish_switch(log);
}
