/*
 * audit_table.h
 *		Events of the audit: from the spool (base/audit_spool.h) into dynapg.audit_events, and out of that when they are old.
 */
#ifndef DYNAPG_AUDIT_TABLE_H
#define DYNAPG_AUDIT_TABLE_H

/* Whether settings say that events come into the table. */
extern bool audit_table_is_written(void);

/* Whether there is something to do, or will be: events are there, or may come and grow old. */
extern bool audit_table_has_work(void);

/*
 * Takes what is in the spool into the table, in transactions of its own.  An event gets there once: one that is there already, because a keeper died
 * before it had removed the file, is passed over.
 */
extern void audit_table_fill(void);

/* Removes events that are older than dynapg.audit_retention; false if there are more of them.  In the caller's transaction. */
extern bool audit_table_expire(void);

#endif							/* DYNAPG_AUDIT_TABLE_H */
