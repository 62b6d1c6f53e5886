/*
 * continuous_backups.h
 *		Point-in-time recovery of tables, as callers see it.
 */
#ifndef DYNAPG_CONTINUOUS_BACKUPS_H
#define DYNAPG_CONTINUOUS_BACKUPS_H

#include "log/log_moment.h"
#include "op/request.h"

/*
 * The undo log of a table that can be restored to points in time; PointInTimeRecoveryUnavailableException if it is not kept, or not ENABLED
 * yet.
 */
extern const TableLog *recovery_log(const TableInfo *table);

/* The window in which a table can be restored, in whole seconds; from the log's beginning until its first moment is there. */
extern void recovery_window(const TableLog *log, TimestampTz *earliest, TimestampTz *latest);

/* 2026-10-06T23:16:32Z, as messages have times; palloc'd. */
extern char *recovery_time_text(TimestampTz time);

/* The moment of a RestoreDateTime; InvalidRestoreTimeException if it is outside of the window. */
extern void recovery_moment(const TableLog *log, TimestampTz time, LogMoment *moment);

/* ContinuousBackupsUnavailableException of a table that is being imported. */
extern void backups_require_ready(const char *name, int len);

#endif							/* DYNAPG_CONTINUOUS_BACKUPS_H */
