/*
 * backend.h
 *		What the two back ends of storage.h share; private to storage/.
 */
#ifndef DYNAPG_BACKEND_H
#define DYNAPG_BACKEND_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "log/log.h"
#include "storage/index_write.h"
#include "storage/storage.h"

struct StorageTable
{
	const TableInfo *info;
	Relation	relation;
	StorageAccess access;
	Oid			user;			/* whose privileges count, and as whom the executor's statements run */
	bool		direct;
	bool		has_policies;	/* row-level security applies to the user */
	bool		asks_executor;	/* for every access, since a module hooks into its checks */
	bool		returns_item;
	bool		holds;			/* what is left alone by a decision is held as it is */
	bool		sees_all;		/* may read every item: index entries are read without asking for their items */

	/* direct access */
	Relation	key_index;		/* the primary key's */
	TupleTableSlot *slot;		/* the version found; holds its buffer */
	TupleTableSlot *new_slot;	/* the version to write */
	EState	   *estate;			/* for index entries; made when first needed */
	ResultRelInfo *result_relation;
	List	   *arbiters;		/* the primary key, and what REINDEX CONCURRENTLY puts in its place */
	IndexTargets indexes;
	LogWriter	log;
	bool		expires;		/* what is removed is removed by time to live, which waits for nobody */
};

/* Whether an item is stored under the partition key asked for, and not under another of the same hash. */
extern bool storage_is_key(const StorageTable *table, const StorageKey *key, Jsonb *item);

/* The error for a write that meets an item of another partition key under the same hash. */
extern _Noreturn void storage_raise_collision(void);

/* AccessDeniedException for the table; the detail says why. */
extern _Noreturn void storage_raise_denied(const TableInfo *table, const char *detail);

/* The error for a version or a key that the transaction's snapshot cannot see. */
extern _Noreturn void storage_raise_conflict(void);

extern void direct_open(StorageTable *table);
extern void direct_close(StorageTable *table);
/* Makes what entering index entries needs, once for the table: result_relation, estate, arbiters. */
extern void direct_prepare_index_entries(StorageTable *table);
extern Jsonb *direct_get(StorageTable *table, const StorageKey *key);
/* Whether the item under a key was last written by this transaction, a subtransaction included. */
extern bool direct_is_own(StorageTable *table, const StorageKey *key);
extern void direct_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
						 WriteResult *result);

struct StorageScan
{
	StorageTable *table;
	StorageRange range;
	Snapshot	snapshot;		/* pushed as the active one */

	/* direct access */
	struct IndexScanDescData *index_scan;
	bool		in_first_partition; /* of a range of many: the rest comes after */

	/* SPI: items read ahead */
	MemoryContext chunk_context;
	Jsonb	  **chunk;
	int			chunk_size;
	int			chunk_used;
	bool		exhausted;

	/* an index */
	IndexTarget *index;			/* NULL: the table itself */
	StorageIndexRange index_range;
	bool		whole_items;
	Jsonb	   *entry;			/* whole_items: the entry's item */
};

/* Items of an index's range; index_scan.c. */
extern Jsonb *index_scan_next(StorageScan *scan);
extern void index_scan_end(StorageScan *scan);

/* The item under a key as a snapshot has it; NULL if it has none, or if the user may not see it.  spi: on the active snapshot. */
extern Jsonb *direct_get_at(StorageTable *table, Snapshot snapshot, const pg_uuid_t *hash, bytea *sort);
extern Jsonb *spi_get_at(StorageTable *table, const pg_uuid_t *hash, bytea *sort);

/* Holds the item under a key as it is, and gives it, or holds its absence; spi: as far as policies let the user know of it. */
extern Jsonb *direct_hold(StorageTable *table, const StorageKey *key);
extern Jsonb *spi_hold(StorageTable *table, const StorageKey *key);

/* Locks the item under a key as a write does; false if it is not there, or, for time to live, if somebody else has locked it. */
extern bool direct_lock(StorageTable *table, const StorageKey *key);

/* Holds the absence of a key; false if it is there by now. */
extern bool direct_hold_absence(StorageTable *table, const StorageKey *key);

/* Whether a key that the user does not see is there for one who sees everything. */
extern bool spi_is_hidden(StorageTable *table, const StorageKey *key);

/* Keeps a key away; false if it is there by now.  placeholder.c */
extern bool placeholder_insert(StorageTable *table, const StorageKey *key);

/* Has the executor check that the user may read items, for one who is going to read them elsewhere. */
extern void spi_check_read(StorageTable *table);

extern void direct_scan_begin(StorageScan *scan);
extern Jsonb *direct_scan_next(StorageScan *scan);
extern void direct_scan_end(StorageScan *scan);
extern Jsonb *spi_scan_next(StorageScan *scan);

extern Jsonb *spi_get(StorageTable *table, const StorageKey *key);
extern void spi_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
					  WriteResult *result);

#endif							/* DYNAPG_BACKEND_H */
