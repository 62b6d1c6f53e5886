/*
 * table_job.h
 *		What takes long for a table, in a process of its own: building and dropping indexes (index_build.h), switching logs
 *		(log_switch.h), filling it where it is restored (restore.h), making backups (backup.h).
 *
 * What is to be done stands in the catalog, step by step, so a job may die at any moment.  One that does, or whose server gives way to a
 * standby, is started again by whoever notices: the next DescribeTable or UpdateTable, or the endpoint and the keeper, when they
 * start and after a promotion.  One at a time works on a table, and is asked for once.
 */
#ifndef DYNAPG_TABLE_JOB_H
#define DYNAPG_TABLE_JOB_H

#include "storage/lockdefs.h"

#include "catalog/tables.h"

/*
 * To be called in the transaction that has made work, by the table's owner.  Starts a job, which begins after this transaction's
 * commit.  In a transaction block, or where no process can be started, does the work itself, under locks that last until the
 * transaction ends; a NOTICE says so.
 */
extern void table_job_start(const char *table_name);

/*
 * The same for who does his work himself, and only that, where it says false: in a transaction block, or where no process can be started.  A
 * backup waits for nobody who builds an index.
 */
extern bool table_job_order(const char *table_name);

/* If there is work for the table and no job does it, starts one; false if no process is to be had for it. */
extern bool table_job_resume(const TableInfo *table);

/* The same for all tables. */
extern bool table_job_resume_all(void);

/*
 * Interrupts what the job of a table is at, which gives back its locks, and begins again unless the caller has taken the table away by then.
 */
extern void table_job_interrupt(const TableInfo *table);

/*
 * Waits for every transaction, prepared ones too, that has a relation locked in a mode that conflicts with this one: it may not know
 * what the catalog says now.  ShareLock on the table: writers; AccessExclusiveLock on an index: who reads it.
 */
extern void table_job_wait(Oid relation, LOCKMODE mode, const char *activity);

#endif							/* DYNAPG_TABLE_JOB_H */
