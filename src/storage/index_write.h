/*
 * index_write.h
 *		Changes of index tables; private to storage/.
 *
 * Who changes an item's entries holds the item: its row, locked or written by the same transaction.  So nobody else
 * changes them meanwhile, and what is looked up here is looked up as it is now (SnapshotSelf), not as of the transaction's
 * snapshot: an entry may have been made by a builder since.
 *
 * Changes are tolerant.  An entry that is to go may not be there (the index is being built, or a trigger's event comes
 * late); one that is to be made may be there.  After the change the entry is what it should be.
 */
#ifndef DYNAPG_INDEX_WRITE_H
#define DYNAPG_INDEX_WRITE_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "storage/index_entry.h"

/* An index table, opened. */
typedef struct IndexTarget
{
	const TableIndex *index;
	Relation	relation;
	Relation	key_index;		/* its primary key's */
	IndexInfo  *key_info;		/* PostgreSQL's, of key_index */
	List	   *others;			/* of Relation: further indexes that writers keep; REINDEX CONCURRENTLY makes such */
	TupleTableSlot *new_slot;
	TupleTableSlot *old_slot;
} IndexTarget;

/* Columns of an index table by the number of its sort attributes. */
#define INDEX_HASH				1
#define INDEX_SORT(n)			(2 + (n))	/* n from 0 */
#define INDEX_BASE_HASH(index)	(2 + (index)->n_sort)
#define INDEX_BASE_SORT(index)	(3 + (index)->n_sort)
#define INDEX_ITEM(index)		(4 + (index)->n_sort)
#define INDEX_MAX_COLUMNS		(4 + INDEX_KEY_MAX_ATTRIBUTES)

/* Opens an index table; NULL if it is gone. */
extern IndexTarget *index_target_open(const TableIndex *index, LOCKMODE lockmode);
extern void index_target_close(IndexTarget *target);	/* locks stay */

/* Makes an item's entry what it should be; whether there was nothing yet. */
extern bool index_target_ensure(IndexTarget *target, const IndexEntry *entry, const pg_uuid_t *base_hash,
								bytea *base_sort, Jsonb *projected);

/* Carries out a change (not INDEX_KEEP). */
extern void index_target_change(IndexTarget *target, const IndexChange *change, const pg_uuid_t *base_hash,
								bytea *base_sort);

/*
 * Many entries of an index: they come in any order, and are sorted, within maintenance_work_mem, before they are inserted, so that the index grows
 * from left to right.  A change is an INDEX_INSERT.  index_load_end() tells how many there were.
 */
typedef struct IndexLoad IndexLoad;

extern IndexLoad *index_load_begin(IndexTarget *target);
extern void index_load_add(IndexLoad *load, const IndexChange *change, const pg_uuid_t *base_hash, bytea *base_sort);
extern int64 index_load_end(IndexLoad *load);

/* The index tables of a table that were opened for writing, by the index's place in it; made when first needed. */
typedef struct IndexTargets
{
	const TableInfo *table;
	IndexTarget **targets;		/* NULL: none is open */
	IndexChange *changes;		/* of the last index_targets_change(); made when first needed */
} IndexTargets;

/*
 * Carries out what a write of an item does to all indexes.  Index tables that are opened for it stay open until
 * index_targets_close().
 */
extern void index_targets_change(IndexTargets *targets, Jsonb *old, Jsonb *item, const pg_uuid_t *base_hash,
								 bytea *base_sort);
/* The n-th, opened; NULL if the index was dropped meanwhile. */
extern IndexTarget *index_targets_get(IndexTargets *targets, int n);
extern void index_targets_close(IndexTargets *targets);

#endif							/* DYNAPG_INDEX_WRITE_H */
