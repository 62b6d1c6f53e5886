/*
 * backup_schedule.h
 *		Backups that are made again and again: dynapg.backup_schedules.
 */
#ifndef DYNAPG_BACKUP_SCHEDULE_H
#define DYNAPG_BACKUP_SCHEDULE_H

#include "catalog/backups.h"

/*
 * Orders the backups that are due, in the caller's transaction, as backup.h says of orders, and deletes those that are not kept;
 * of the schedules whose owner's privileges the current user has.  Deletes his backups that have expired, too.  What fails is noted in the schedule's row, and tried again.  Returns how many
 * backups were ordered.
 */
extern int	backup_run_schedules(void);

#endif							/* DYNAPG_BACKUP_SCHEDULE_H */
