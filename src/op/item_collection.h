/*
 * item_collection.h
 *		Item collections of tables with local indexes: the items of a partition key with their entries in those indexes.
 *
 * An item with its entries must stay within the item limit, a collection within 10 GB, and a write can report its
 * collection's size.
 */
#ifndef DYNAPG_ITEM_COLLECTION_H
#define DYNAPG_ITEM_COLLECTION_H

#include "op/request.h"
#include "storage/storage.h"

/* A write, as far as its collection is concerned; zeroed but for table and key. */
typedef struct CollectionWrite
{
	StorageTable *table;
	const StorageKey *key;
	bool		wants_metrics;	/* ReturnItemCollectionMetrics is SIZE */
	int64		growth;			/* bytes, of the last decision */
	bool		has_size;		/* the collection's size was wanted */
	int64		size;			/* after collection_done() that after the write */
} CollectionWrite;

/* Whether ReturnItemCollectionMetrics is SIZE. */
extern bool collection_metrics_are_wanted(const RequestValue *return_item_collection_metrics);

/* Whether an item of a size (names and values) is within the item limit together with its entries in the local indexes. */
extern bool collection_item_fits(const TableInfo *table, Jsonb *item, int size);

/*
 * In a write's decision: item, of a size, takes the place of old (either may be NULL).  Raises ItemCollectionSizeLimitExceededException if the
 * collection grows beyond the limit.
 */
extern void collection_check(CollectionWrite *write, Jsonb *old, Jsonb *item, int size);

/* After the write. */
extern void collection_done(CollectionWrite *write);

/*
 * Writes the metrics of a write's collection: an object, to be called only if has_size and the caller wants them.  attributes: a map
 * that has the partition key.  The storage's table may be closed by then.
 */
extern void collection_write(WireWriter *response, const CollectionWrite *write, const TableInfo *table,
							 const JsonbValue *attributes);

/* The same as a member of the response, if there is something to report. */
extern void collection_write_member(WireWriter *response, const CollectionWrite *write, const TableInfo *table,
									const JsonbValue *attributes);

#endif							/* DYNAPG_ITEM_COLLECTION_H */
