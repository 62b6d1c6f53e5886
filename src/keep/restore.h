/*
 * restore.h
 *		Filling tables that are restored.
 *
 * All items of a restored table come in one transaction, on one snapshot of their source, so that nobody ever sees half of them; then its
 * indexes are built (index_build.h), and then it is ACTIVE.  Table jobs (table_job.h) take the steps.  A job that dies begins again with the
 * step it was at.  What goes wrong is tried again, five times, unless it cannot come right: then the restore has failed, and the table stays CREATING until
 * it is deleted, or restore_retry() is called.  DeleteTable of the table ends the job.
 */
#ifndef DYNAPG_RESTORE_H
#define DYNAPG_RESTORE_H

#include "catalog/restores.h"

/* Whether a table waits to be filled, or has been filled and has nothing else to wait for. */
extern bool restore_is_due(Oid relation);

/* Takes one step, outside of a transaction. */
extern void restore_step(Oid relation);

/* Tries again to fill a table whose restore has failed, for its owner; false if the table is not being restored. */
extern bool restore_retry(const char *table_name);

/* Fills a table in this transaction, and makes it ACTIVE once nothing else is to be done.  The current user owns it. */
extern void restore_fill_here(const char *table_name);
extern void restore_finish_here(const char *table_name);

#endif							/* DYNAPG_RESTORE_H */
