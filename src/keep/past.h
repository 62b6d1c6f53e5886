/*
 * past.h
 *		Queries on what items were, by undo logs.
 *
 * They qualify all their names, for catalog_open_cursor().  They run on one snapshot, which is taken after the moment that they are about, after
 * past_lock_source() (a TRUNCATE that was waited for has left rows in the log, and nothing in the table, that an older one does not see), and
 * before they are made (they name the segments of the log: there may be changes in a new one that the snapshot sees, and the segment's
 * absence would leave them out).
 */
#ifndef DYNAPG_PAST_H
#define DYNAPG_PAST_H

#include "utils/uuid.h"

#include "catalog/tables.h"

/* A relation's name, qualified and quoted; NULL if it is gone. */
extern char *past_qualified_name(Oid relation);

/* Locks what a source's items are in against DDL and TRUNCATE; an error if it is gone. */
extern void past_lock_source(Oid source);

/*
 * Whether an undo log has all changes up to now: a writer may cease to log only after this has become false, and nobody writes to what is no table's
 * any more, as a SYSTEM backup.  The queries below raise an error where it is not so under their snapshot.
 */
extern bool past_has_all_changes(int32 log);

/* Keys that a query is about. */
typedef struct PastRange
{
	pg_uuid_t	first;			/* hashes, both inclusive */
	pg_uuid_t	last;
	const bytea *low;			/* sort keys from here on, and before the other; NULL: all */
	const bytea *high;
} PastRange;

/*
 * The items that a relation had at a moment (log/log_moment.h): item, hash, sort.  range: only of these keys; NULL: all.  An error if
 * changes since the moment are gone.
 */
extern char *past_items_query(Oid source, int32 log, int64 horizon, const char *snapshot, const PastRange *range);

/*
 * The same for who sorts them: what the relation has, and what its items were before each change since; item (null: there was none), hash, sort, and a
 * number, the least of which tells what an item was at the moment.
 */
extern char *past_rows_query(Oid source, int32 log, int64 horizon, const char *snapshot);

/* The items of a relation as they are: item. */
extern char *past_present_query(Oid source);

/*
 * What has become between two moments of the items that were changed: rows of hash, sort, item, written_at and is_change, in the order of the
 * keys.  Of each key that has a row with is_change, the first row's item is what it was at the first moment (null: there was none), and
 * the item of the first row without is_change what it was at the second (no such row, or null: there was none); written_at of the last row with
 * is_change tells when it was written last between them.  Keys without a row with is_change were not.
 */
extern char *past_changes_query(Oid source, int32 log, int64 horizon, const char *snapshot, const char *later_snapshot,
								const PastRange *range);

/*
 * The versions of the item under a key that an undo log knows, oldest first: item (null: there was none), since when and until when, by the
 * clocks of the writers (null: before the log, and now), and the transaction that made it.
 */
extern char *past_versions_query(Oid source, const TableLog *log, const pg_uuid_t *hash, bytea *sort);

#endif							/* DYNAPG_PAST_H */
