/*
 * log_switch.c
 *		Beginning and ending logs.
 */
#include "postgres.h"

#include "log/log.h"
#include "log/log_horizon.h"
#include "log/log_segment.h"

void
log_begin(const TableInfo *table, LogKind kind, StreamView view)
{
	log_want_segment(kind);
	catalog_begin_log(table, kind, view, LOG_ENABLED, log_last_number());
	if (kind == LOG_UNDO)
		log_want_tick(LOG_ALL_LOGS);
}

void
log_end(const TableLog *log)
{
	catalog_disabled_log(log->id, log_last_number());
}

void
log_end_all(const TableInfo *table)
{
	catalog_close_logs(table, log_last_number());
}
