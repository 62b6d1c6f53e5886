/*
 * bulk_load.h
 *		Many items at once: those of a restore, of an import.
 *
 * Items come in any order.  They are sorted by (hash, sort), on disk where maintenance_work_mem does not do, and then put: so item collections
 * lie together, and the primary key grows from left to right.  Who else writes to the table meanwhile waits until the transaction ends; who reads
 * sees the items at its commit.  Several loads may come after each other, in one transaction or in many.
 *
 * Each item is put as PutItem does, over what is there under its key.  Where nothing stands in the way, whole pages are written, past the
 * executor; where the executor has a say (storage.h), or an index or a change log is kept of the table, each item is put by itself, which takes
 * ten times as long.
 */
#ifndef DYNAPG_BULK_LOAD_H
#define DYNAPG_BULK_LOAD_H

#include "catalog/tables.h"

typedef struct BulkLoad BulkLoad;

/* How many items a load has put, and how many of them over an older one. */
typedef struct BulkLoadCount
{
	int64		items;
	int64		replaced;
} BulkLoadCount;

/*
 * Begins to load a table, in the current memory context and under an active snapshot of the caller's; locks it in ShareRowExclusiveLock until
 * the transaction ends.  The current user needs what PutItem needs, and is to be the same at the end.  Raises what storage_open() raises.
 */
extern BulkLoad *bulk_load_begin(const TableInfo *table);

/*
 * Adds an item, a jsonb that may be stored elsewhere: then it must be there until bulk_load_end().  Raises ValidationException with the service's
 * message where it is no item of the table's.  Nothing is written yet.  Of items with one key the last is put.
 */
extern void bulk_load_add(BulkLoad *load, Datum item);

/*
 * Adds the row that a table with the same keys has, or had, whose access method has checked it; item: 0 if it had none.  Of the rows of one key, the
 * one with the least order counts: its item is put, or nothing is.
 */
extern void bulk_load_add_row(BulkLoad *load, Datum hash, Datum sort, Datum item, int64 order);

/* Puts the items that were added.  count: NULL if not wanted.  Not needed on error. */
extern void bulk_load_end(BulkLoad *load, BulkLoadCount *count);

/* Whether this process puts items by the executor into a relation now, as the row trigger that comes by wants to know. */
extern bool bulk_load_writes(Oid relation);

#endif							/* DYNAPG_BULK_LOAD_H */
