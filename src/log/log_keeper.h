/*
 * log_keeper.h
 *		Whether a keeper is at work (keep/keeper.h), and starting one: what those below it need to know of it.
 */
#ifndef DYNAPG_LOG_KEEPER_H
#define DYNAPG_LOG_KEEPER_H

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

/*
 * Sees to it that the database has a keeper, looking once a second at most.  now: the time, about.  It begins after this transaction's commit, if a
 * process can be had; does nothing on a standby and in a read-only transaction.
 */
extern void log_want_keeper(TimestampTz now);

/* The same for who knows of items that will expire: unless dynapg.expire_interval says that the keeper does not remove them. */
extern void log_want_sweeper(TimestampTz now);

/*
 * Starts the keeper of any database, to see whether there is anything to keep; false if no process can be had.  *handle is palloc'd, and the caller's latch is set when
 * it begins and ends.  log_keeper_is_sent: whether this keeper was started so, and by nobody who is about to make work for it.
 */
extern bool log_send_keeper(Oid database, BackgroundWorkerHandle **handle);
extern bool log_keeper_is_sent(void);

/*
 * Becomes the keeper of this database until the session ends or log_leave_keeper(), whatever errors come between; false if there is one.
 */
extern bool log_become_keeper(void);
extern void log_leave_keeper(void);

/* The process id of a database's keeper; 0 if it has none. */
extern int	log_keeper_pid(Oid database);

#endif							/* DYNAPG_LOG_KEEPER_H */
