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

/* The moment of a RestoreDateTime; InvalidRestoreTimeException if it is outside of the window. */
extern void recovery_moment(const TableLog *log, TimestampTz time, LogMoment *moment);

/* ContinuousBackupsUnavailableException of a table that is being imported. */
extern void backups_require_ready(const char *name, int len);

#endif							/* DYNAPG_CONTINUOUS_BACKUPS_H */
