/*
 * log_switch.h
 *		Switching logs on and off while others write.
 *
 * A log that is ENABLING is kept by all writers that begin from its commit on; once those that began before have ended, every change is in
 * it, and it is ENABLED: what is served begins there.  One that is DISABLING is no longer kept by those that begin, and ends there: what
 * the others log after that is not served, since it may follow changes that were not logged.  Once they have ended, it is DISABLED.
 * Table jobs (table_job.h) wait.
 */
#ifndef DYNAPG_LOG_SWITCH_H
#define DYNAPG_LOG_SWITCH_H

#include "catalog/tables.h"

/*
 * What a table's definition wants, and its logs do not have yet, or no longer shall have, gets the status ENABLING or DISABLING.  The definition
 * wants more than there is after an UpdateTable, and where a dump was restored, which has no logs.
 */
extern void log_switch_order(const TableInfo *table);

/* Whether a log of a table is to be switched. */
extern bool log_switch_is_due(Oid relation);

/* Takes one step, outside of a transaction. */
extern void log_switch_step(Oid relation);

/* Switches what waits in this transaction, under ShareLock on the table until it ends; a NOTICE says so. */
extern void log_switch_here(const char *table_name);

#endif							/* DYNAPG_LOG_SWITCH_H */
