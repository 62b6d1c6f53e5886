/*
 * log_late.h
 *		Events that come late: the places of changes that are logged after later ones of the same item.
 *
 * A row trigger's event fires when its statement ends.  Until then another trigger, or a function in the statement, may write the item again, and
 * log that at once: in the order of their drawing v1 -> v2 would come before v0 -> v1.  So a writer that may have such an event before it notes
 * the number it got, and an event that comes late takes the number just below the one of the change that follows its own.
 *
 * Which change follows is told by the versions themselves: by the tuple that was written over, or, where an item was removed, by the
 * first insert of its key by a later command.  (An item under a key that a statement removes was there when the statement began, so what
 * a later command inserts comes after the removal.)
 *
 * Notes last until the transaction ends.  Those of a savepoint that is rolled back are never asked for: nothing refers to versions that
 * have gone, and a place that is used again is noted again when it is written over.
 */
#ifndef DYNAPG_LOG_LATE_H
#define DYNAPG_LOG_LATE_H

#include "log/log.h"

/*
 * Whether what is written to an item table now must be noted: a statement that uses the table is under way around this one, and it
 * has events of the table that have not fired.
 */
extern bool log_may_be_early(Relation relation);

/*
 * Notes that a version which this transaction has made was written over, next being the new version (NULL: it was removed), and that the change has
 * the number seq (0: nothing was logged, since the versions are equal).
 */
extern void log_note_version(Oid relation, ItemPointer version, ItemPointer next, int64 seq);

/* Notes that a command has inserted an item, and under which number. */
extern void log_note_insert(Oid relation, const pg_uuid_t *hash, const bytea *sort, CommandId command, int64 seq);

/* The place of a change whose new version has been written over by now; 0 if nothing was logged after it. */
extern LogPlace log_place_of_version(Oid relation, ItemPointer version);

/* The place of a removal by a command; 0 if nothing was logged after it. */
extern LogPlace log_place_of_removal(Oid relation, const pg_uuid_t *hash, const bytea *sort, CommandId command);

#endif							/* DYNAPG_LOG_LATE_H */
