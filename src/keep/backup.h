/*
 * backup.h
 *		Making backups of tables.
 *
 * CreateBackup writes what is to be done to the catalog; a table job (table_job.h) copies, or, in a transaction block, the caller.  The copy is of
 * one instant, that of a snapshot, at or after the call; nobody who writes to the table is blocked, or waits for it.  What
 * has committed before the call is in it.  A job that dies begins the copy again; DeleteBackup ends it.
 *
 * The items are copied as they are stored, past privileges and policies, which the caller has looked at, and no code of users' runs.
 */
#ifndef DYNAPG_BACKUP_H
#define DYNAPG_BACKUP_H

#include "catalog/backups.h"

/*
 * Orders a backup of a table, in a transaction of its owner's that holds the lock of the table's name and has the table from
 * catalog_lock_table(); backup_start() is to be called next, outside of a subtransaction if a job shall make it.
 */
extern Backup *backup_order(const TableInfo *table, const char *name, bool scheduled);
extern void backup_start(const char *table_name);

/* Whether a backup of a table waits to be made. */
extern bool backup_is_due(Oid relation);

/* Makes the oldest one that waits, outside of a transaction. */
extern void backup_step(Oid relation);

/* Makes all that wait, in this transaction, in which the table is locked.  Waits for a job that is at it. */
extern void backup_here(const char *table_name);

#endif							/* DYNAPG_BACKUP_H */
