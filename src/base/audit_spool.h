/*
 * audit_spool.h
 *		Events of the audit on their way into dynapg.audit_events: a file of each database's, which whoever has an event appends to and the
 *		keeper empties (keep/audit_table.h).
 *
 * An event must get there although its transaction is rolled back, or reads only, and it must not make a read write: so it does not go into the
 * table itself.  The file needs no preloaded library, takes a write() that nobody waits for, and outlives the death of any process; what the
 * operating system had not yet written when it crashed is lost, as lines of a log are.
 */
#ifndef DYNAPG_AUDIT_SPOOL_H
#define DYNAPG_AUDIT_SPOOL_H

#include "datatype/timestamp.h"

/*
 * Appends an event, a line without its end.  False if that cannot be done: the file has become too large because nobody empties it, the disk is
 * full, ...  Raises nothing, and needs no transaction.
 */
extern bool audit_spool_append(TimestampTz at, const char *line, int len);

/* Whether there are events.  Raises nothing. */
extern bool audit_spool_has_events(void);

/*
 * For the keeper alone: takes what there is; NULL: nothing.  The path of a file that nobody appends to any more, palloc'd.  What was taken and not
 * removed, because the keeper has died, is taken first.
 */
extern const char *audit_spool_take(void);
extern void audit_spool_remove(const char *path);

#endif							/* DYNAPG_AUDIT_SPOOL_H */
