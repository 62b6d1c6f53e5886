/*
 * layout.h
 *		What an item table looks like, read off the relation itself.
 *
 * An item table has hash uuid, sort bytea and item jsonb for its first three columns; the first two are
 * generated from the item, and their generation expressions name the key attributes.  The table access method
 * reads the key from there and not from the catalog: a restored dump loads its data before the catalog's.
 */
#ifndef DYNAPG_LAYOUT_H
#define DYNAPG_LAYOUT_H

#include "access/htup.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "base/limits.h"
#include "value/key.h"

#define LAYOUT_HASH		1
#define LAYOUT_SORT		2
#define LAYOUT_ITEM		3
#define LAYOUT_COLUMNS	3

/* An escaped name can be twice as long, and has a prefix. */
#define LAYOUT_NAME_SIZE	(2 * KEY_NAME_MAX_SIZE + 4)

typedef struct Layout
{
	bool		valid;			/* is it an item table at all? */
	bool		has_sort;
	bool		direct;			/* nothing but ours in the way of direct access (row-level security aside) */
	KeyType		hash_type;
	KeyType		sort_type;
	int			hash_name_len;
	int			sort_name_len;
	char		hash_name[LAYOUT_NAME_SIZE];	/* attribute names as stored */
	char		sort_name[LAYOUT_NAME_SIZE];
} Layout;

/*
 * The layout of an open relation, cached in rd_amcache until the relation changes.  Of the transient relation
 * of a rewrite it is the layout of the table being rewritten.  The result lives as long as the cache entry:
 * use it before anything may process invalidations.
 */
extern const Layout *layout_of(Relation relation);

/* Whether a relation has the triggers that keep its indexes, whatever their state, names and number. */
extern bool layout_has_triggers(Relation relation);

/* Whether this server has nothing of a relation but its catalog rows: a standby has not what is UNLOGGED. */
extern bool layout_is_absent(Relation relation);

/* Whether an index is on (hash, sort), as the primary key of an item table is. */
extern bool layout_is_key_index(Relation index);

/*
 * Whether an index, by its row of pg_index, keeps another item under the same (hash, sort) away at once.  That is the primary key, and
 * beside it what REINDEX CONCURRENTLY is making, or has replaced.
 */
extern bool layout_guards_key(HeapTuple index_row);

/*
 * The hash and the sort key that an item has under a layout.  Raises ValidationException with the service's message where the
 * item's key attributes are missing, empty, too long or of another type.  *sort is palloc'd.
 */
extern void layout_keys(const Layout *layout, Jsonb *item, pg_uuid_t *hash, bytea **sort);

/*
 * The same of any jsonb, after a check that it is an item which the service could hold, and not too big.  Raises ValidationException.
 */
extern void layout_check_item(const Layout *layout, Jsonb *item, pg_uuid_t *hash, bytea **sort);

/* Begins to sort rows by these columns, the first n of keys, within maintenance_work_mem. */
extern struct Tuplesortstate *layout_begin_sort(TupleDesc columns, int n_keys, AttrNumber *keys);

/* Whether two keys are the same; sort keys may have short headers. */
extern bool layout_is_same_key(const pg_uuid_t *hash, const bytea *sort, const pg_uuid_t *other_hash,
							   const bytea *other_sort);

/* Whether the row in a slot is under a key. */
extern bool layout_row_has_key(TupleTableSlot *slot, const pg_uuid_t *hash, const bytea *sort);

/*
 * Two scan keys for the primary key's index: rows with the hash whose sort key compares so with the one given.  They point to the
 * key, which must live as long as the scan.
 */
extern void layout_scan_keys(ScanKey keys, const pg_uuid_t *hash, StrategyNumber strategy, const bytea *sort);

/*
 * Makes a scan key of a row of them (SK_ROW_MEMBER, the last one SK_ROW_END), which must live as long as the scan.  All compare
 * the same way.
 */
extern void layout_row_scan_key(ScanKey header, ScanKey row);

/* Puts the row under a key that a snapshot sees into a slot; false if there is none. */
extern bool layout_find_row(Relation relation, Relation key_index, Snapshot snapshot, const pg_uuid_t *hash,
							const bytea *sort, TupleTableSlot *slot);

/* The same of the row as it is now, this command's changes included, whatever the snapshot sees. */
extern bool layout_find_row_now(Relation relation, const pg_uuid_t *hash, const bytea *sort, TupleTableSlot *slot);

#endif							/* DYNAPG_LAYOUT_H */
