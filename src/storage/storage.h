/*
 * storage.h
 *		Items by key: read, put and delete, whatever the back end.
 *
 * An operation opens a table for what it is going to do, reads or writes keys, and closes it.  Opening takes
 * the relation's lock, checks the privileges of a role, and chooses between two back ends: direct
 * access to table and index (direct.c), and SPI (spi.c) where row-level security, triggers, rules, CHECK
 * constraints, further columns, or a module that hooks into the executor's checks want the executor.
 *
 * The role is the current user, or somebody in whose name it may be done (the table's owner, where an access policy allows what the
 * current user has no privileges for): it is asked for privileges and row-level security, and the executor's statements run as that role, triggers
 * and all, restricted as in a security definer function.
 *
 * Concurrency.  In READ COMMITTED every read and every write takes a new snapshot and sees the transaction's own
 * earlier changes.  A write that meets a concurrent one waits for it and starts again from what that one left:
 * decisions are always taken on the latest version, no update is lost, and of several inserters of a key one
 * inserts.  In REPEATABLE READ and SERIALIZABLE the transaction's snapshot holds; a version or key in the way that it
 * cannot see is TransactionConflictException.  Locks last until the transaction ends.
 */
#ifndef DYNAPG_STORAGE_H
#define DYNAPG_STORAGE_H

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "catalog/tables.h"

/* A key, ready to be looked up; made by storage_key(). */
typedef struct StorageKey
{
	pg_uuid_t	hash;
	const char *hash_bytes;		/* canonical bytes of the partition key */
	int			hash_len;
	bytea	   *sort;			/* empty if the table has no sort key */
} StorageKey;

/* What an operation does to items; it decides locks and the privileges that are checked. */
typedef enum StorageAccess
{
	STORAGE_READ,				/* SELECT */
	STORAGE_PUT,				/* INSERT and UPDATE */
	STORAGE_UPDATE,				/* SELECT, INSERT and UPDATE */
	STORAGE_DELETE,				/* DELETE */
	STORAGE_CHECK				/* SELECT and UPDATE, as SELECT ... FOR SHARE; items are held as they are */
} StorageAccess;

typedef struct StorageTable StorageTable;

/*
 * Opens a table as a role, which is GetUserId() where nothing else is meant.  returns_item: the operation looks at the item it writes over (a
 * condition, returned values), which wants SELECT as well.  Raises AccessDeniedException, and ResourceNotFoundException if the table is gone
 * by now; in a read-only transaction a writer gets PostgreSQL's own error.
 */
extern StorageTable *storage_open(const TableInfo *table, StorageAccess access, bool returns_item, Oid user);

/*
 * Whether the privileges of the current user, be they on columns only, let a table be opened so.  Takes no lock and raises nothing; false if the
 * table is gone.
 */
extern bool storage_may_open(const TableInfo *table, StorageAccess access, bool returns_item);

/*
 * Raises AccessDeniedException unless a role may read every item of a table, in all its attributes.  Locks the table as reading
 * does.  storage_may_read_all: whether the current user may, without either.
 */
extern void storage_require_reader(const TableInfo *table, Oid user);
extern bool storage_may_read_all(const TableInfo *table);

/* Closes it; locks stay until the transaction ends.  Not needed on error. */
extern void storage_close(StorageTable *table);

/* The table's definition as it is under the lock. */
extern const TableInfo *storage_info(const StorageTable *table);

/* The key of canonical bytes (key_bytes()); sort_len is 0 for a table without sort key. */
extern void storage_key(StorageKey *key, const TableInfo *table, const char *hash_bytes, int hash_len,
						const char *sort_bytes, int sort_len);

/*
 * The key of an item, which it points into.  Raises ValidationException with the service's message where a key attribute is missing, empty, too
 * long or of another type.
 */
extern void storage_key_of_item(StorageKey *key, const TableInfo *table, const JsonbValue *item);

/* The item under a key, or NULL; palloc'd in the current context. */
extern Jsonb *storage_get(StorageTable *table, const StorageKey *key);

typedef enum WriteAction
{
	WRITE_NOTHING,
	WRITE_PUT,
	WRITE_DELETE
} WriteAction;

/*
 * Decides what to write, given the item under the key now (NULL: none).  For WRITE_PUT *item is the new item, whose key is
 * the key asked for.  May raise an error to refuse.  It may be called several times, each time with a later version.
 */
typedef WriteAction (*WriteDecision) (Jsonb *old, Jsonb **item, void *argument);

typedef struct WriteResult
{
	WriteAction action;			/* the last decision */
	Jsonb	   *old;			/* the item before, or NULL; palloc'd */
	const TableInfo *info;		/* the definition that the table was open with */
	const struct IndexChange *changes;	/* what became of the entries in its indexes, until the table's next write; NULL: not known
										 * (index_change() tells) */
} WriteResult;

/*
 * From now on what storage_write() removes is removed by time to live, and logged as that.  It waits for nobody who writes or locks the item: then
 * the item stays, and the result's action is WRITE_NOTHING.  Whether the executor writes: then it may wait for other locks, and raise the
 * errors of the table's own triggers and constraints, and what a trigger does not let go is WRITE_DELETE all the same.
 */
extern bool storage_expires(StorageTable *table);

/* Reads the latest version under a key, decides and writes, as one atomic step. */
extern void storage_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
						  WriteResult *result);

/*
 * Holds the item under a key as it is, or its absence, until the transaction ends, and lets a decision look at it, whose word does not
 * count.  What is there is locked FOR SHARE.  What is not is kept away by a row under its key that is deleted at once: whoever
 * inserts the key waits for this transaction.  Under row-level security an item that is seen must pass the policies for UPDATE too, else
 * it is AccessDeniedException; one that is hidden counts as absent, and neither it nor its absence is held.
 */
extern void storage_check(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
						  WriteResult *result);

/*
 * Whether from now on storage_write() holds what its decisions leave alone, too, in the same way: transactions are serializable by what
 * they have looked at.  A decision may call it, for itself.
 */
extern void storage_hold(StorageTable *table, bool hold);

/* storage_get() on the active snapshot. */
extern Jsonb *storage_get_at_snapshot(StorageTable *table, const StorageKey *key);

/*
 * A range of keys, in the order of (hash, sort key): within one partition from `low` up to but not including `high`, or over many
 * partitions from (first, low) to the end of last.
 */
typedef struct StorageRange
{
	pg_uuid_t	first;			/* hashes, both inclusive */
	pg_uuid_t	last;
	bytea	   *low;			/* sort keys from here on, in the first partition */
	bytea	   *high;			/* sort keys before this; NULL in a range of many partitions */
	bool		backward;		/* one partition only */
	const char *hash_bytes;		/* one partition: its key, which every item must have */
	int			hash_len;
} StorageRange;

/* Successor of a sort key (the least greater one) and the prefix's; what is above all sort keys. */
extern bytea *storage_sort_bytes(const char *bytes, int len);
extern bytea *storage_sort_after(const char *bytes, int len);
extern bytea *storage_sort_after_prefix(const char *bytes, int len);
extern bytea *storage_sort_infinity(void);

/*
 * Reads the items of a range, on one snapshot.  The scan takes no locks on items and reads no more than it is asked for.  Each
 * item is palloc'd in the context current at storage_scan_next(); NULL at the end.  Scans are ended before the table
 * is closed.
 */
typedef struct StorageScan StorageScan;

extern StorageScan *storage_scan_begin(StorageTable *table, const StorageRange *range);
extern Jsonb *storage_scan_next(StorageScan *scan);
extern void storage_scan_end(StorageScan *scan);

/*
 * A range of an index's entries, in the order of (hash, sort attributes, the item's hash, the item's sort key): of one partition, or
 * of the partitions with hashes from first to last.
 */
typedef struct StorageIndexRange
{
	pg_uuid_t	first;			/* hashes, both inclusive */
	pg_uuid_t	last;
	int			n_equal;		/* so many of the first sort attributes are given exactly; one partition only */
	bytea	   *equal[INDEX_KEY_MAX_ATTRIBUTES];
	bytea	   *low;			/* the sort attribute after them is at least this and less than high; NULL: no bound */
	bytea	   *high;
	bool		backward;		/* one partition only */
	bool		has_start;		/* the range begins behind this entry, which need not be there */
	pg_uuid_t	start_hash;		/* one partition: the same as first */
	bytea	   *start_sort[INDEX_KEY_MAX_ATTRIBUTES];
	pg_uuid_t	start_item_hash;
	bytea	   *start_item_sort;	/* empty if the table has no sort key */
	int			n_hash;			/* one partition: canonical bytes of its key attributes, which every entry must have; else 0 */
	const char *hash_bytes[INDEX_KEY_MAX_ATTRIBUTES];
	int			hash_lens[INDEX_KEY_MAX_ATTRIBUTES];
} StorageIndexRange;

/*
 * Scans an index of a table opened for STORAGE_READ; storage_scan_next() gives the entries' items: the projected ones, or, if
 * whole_items, the table's own, of the same snapshot.  The index must be readable; in a transaction whose snapshot is older than the
 * index it is TransactionConflictException.  Under row-level security entries of items that the user may not see are passed over.
 */
extern StorageScan *storage_index_scan_begin(StorageTable *table, const TableIndex *index,
											 const StorageIndexRange *range, bool whole_items);

/* The projected item of the entry that storage_scan_next() gave last, if whole_items; valid until the next call. */
extern Jsonb *storage_scan_entry(StorageScan *scan);

/*
 * The bytes of an item collection: the table's items under a partition key, and their entries in its local indexes.  An estimate, good to
 * some percent, that this process may have made up to a minute ago and has kept up to date by what it wrote itself: what a write is about
 * to add (or take away) is told as `growth`, before the write, and is in the result.
 */
extern int64 storage_collection_size(StorageTable *table, const StorageKey *key, int64 growth);

/* The same as storage_table_size() of an index table. */
extern void storage_index_size(const TableIndex *index, int64 *items, int64 *bytes);

/*
 * How many items a table has and their bytes, as DescribeTable reports them: counted where the table is small, estimated
 * from statistics and a sample of its blocks where it is large.
 */
extern void storage_table_size(Oid relation, int64 *items, int64 *bytes);

#endif							/* DYNAPG_STORAGE_H */
