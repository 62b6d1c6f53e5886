/*
 * log_late.h
 *		Events that come late: the places of changes that are logged after later ones of the same item.
 *
 * A row trigger's event fires when its statement ends, or, of what a foreign key's cascade has written, when the statement ends that has
 * caused it.  Until then another trigger, or a function in the statement, may write the item again, and log that earlier: in the order of
 * their drawing v1 -> v2 would come before v0 -> v1.  So a writer that may have such an event before it notes the number it got, and an
 * event that comes late takes a number below the one of the change that follows its own.
 *
 * What follows what is told by moments.  A transaction's changes under one key happen one after the other: by different commands, but
 * for an update that gives the key's item another key and then another item this one.
 *
 * Notes last until the transaction ends.  Those of a savepoint that is rolled back do no harm: what came before the change that is gone
 * comes before what followed it, too.
 */
#ifndef DYNAPG_LOG_LATE_H
#define DYNAPG_LOG_LATE_H

#include "log/log.h"

/* When, within its transaction, a change under a key was made. */
typedef int64 LogMoment;

/* Of a command's change: what removes an item under a key comes before what puts another one there. */
#define LOG_MOMENT(command, removes) ((LogMoment) (command) * 2 + ((removes) ? 0 : 1))
#define LOG_COMMAND(moment) ((CommandId) ((moment) / 2))

/*
 * Whether what a writer by key does to an item table now may have to be noted: a statement that uses the table is under way around this
 * one, and it has events of the table that have not fired.  (Where foreign keys may cascade there are no writers by key.)
 */
extern bool log_may_be_early(Relation relation);

/*
 * The same for an event of the table's row trigger, which is itself one that has not fired: whether a statement may be under way
 * around its own, or foreign keys may have queued events after it.
 */
extern bool log_event_may_be_early(Relation relation);

/* Notes that a change was logged, and under which number. */
extern void log_note(Oid relation, const pg_uuid_t *hash, const bytea *sort, LogMoment moment, int64 seq);

/* The number of the first change noted after a moment, and when that was made; 0 if there is none. */
extern int64 log_next_noted(Oid relation, const pg_uuid_t *hash, const bytea *sort, LogMoment moment, LogMoment *next);

/*
 * The place so far before a noted change's number.  Raises an error if there are not so many numbers before it.
 */
extern LogPlace log_place_before(int64 seq, int distance);

#endif							/* DYNAPG_LOG_LATE_H */
