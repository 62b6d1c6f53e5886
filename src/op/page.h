/*
 * page.h
 *		A page of a Query or a Scan, of a table or an index: what both do with a range of items.
 */
#ifndef DYNAPG_PAGE_H
#define DYNAPG_PAGE_H

#include "op/authorize.h"
#include "op/expressions.h"
#include "storage/storage.h"

typedef enum PageSelect
{
	SELECT_PROJECTED,			/* what the projection names; without one, what the table or the index holds */
	SELECT_ALL_ATTRIBUTES,		/* whole items, also of an index */
	SELECT_COUNT				/* no items */
} PageSelect;

typedef struct PageSpec
{
	PageSelect	select;
	const Projection *projection;	/* NULL: none */
	const KeyCondition *key_condition;	/* of a Query */
	const ExprNode *filter;
	int64		limit;			/* items evaluated; 0: none given */
	bool		consistent;
	const bytea *last_sort;		/* Query of a table: the sort key behind which nothing can be: a page that ends there is the
								 * last; NULL: none known */
	const RequestValue *return_consumed_capacity;
	const RequestValue *table_name;
} PageSpec;

/* A Query or a Scan, checked and ready to be read. */
typedef struct PageRequest
{
	PolicyAction action;		/* that it is asked for by (op/authorize.h) */
	const TableInfo *table;
	const TableIndex *index;	/* NULL: the table itself */
	StorageRange range;			/* of the table */
	StorageIndexRange index_range;	/* of the index */
	bool		whole_items;	/* of a local index: its entries do not have all that is asked for */
	bool		empty;			/* the conditions exclude each other: nothing is read */
	const JsonbValue *given_key;	/* of a Query, if the meter is on: an object of the key attributes that = gives, all of the partition key's
								 * among them; else NULL */
	PageSpec	page;
} PageRequest;

/* Checks a request of either operation, in the service's order (query.c, scan.c). */
extern void query_prepare(const RequestValue *request, PageRequest *prepared);
extern void scan_prepare(const RequestValue *request, PageRequest *prepared);

typedef void (*PagePreparation) (const RequestValue *request, PageRequest *prepared);

/*
 * Reads until the range's end, the page's limit or 1 MB, whichever comes first, and writes the whole response:
 * Items, Count, ScannedCount, LastEvaluatedKey, ConsumedCapacity.
 */
extern void page_write(WireWriter *response, const RequestValue *request, PagePreparation prepare);

/*
 * Writes an item, projected (NULL: whole).  What that takes is made in the scratch context, which is reset; each item of a
 * jsonb response is finished before the next begins, so that a response's memory is not much more than its items.
 */
extern void page_write_item(WireWriter *response, const Projection *projection, const JsonbValue *item,
							MemoryContext scratch);

/* Writes an item's key, as LastEvaluatedKey has it: the key attributes of the table and of the index (NULL: none). */
extern void page_write_key(WireWriter *response, const TableInfo *table, const TableIndex *index, const JsonbValue *item);

/* Whether an item is the last that can be in a page's range. */
extern bool page_is_last(const PageSpec *page, const TableInfo *table, const JsonbValue *item);

/* Gets a selected item, in natural form, in a memory context that is reset after it. */
typedef void (*PageVisitor) (Jsonb *item, void *argument);

/*
 * Reads all pages as one, on one snapshot, for set-returning functions: only the request's Limit ends it early.
 * Memory is bounded by one item's.  Select COUNT is refused.
 */
extern void page_visit(const RequestValue *request, PagePreparation prepare, PageVisitor visit, void *argument);

/* The hash of the partition that a checked request reads, or would if its conditions did not exclude each other; NULL: several. */
extern const pg_uuid_t *page_partition(const PageRequest *prepared);

/* ---- what Query and Scan check alike (page_check.c) ---- */

/* The Select of a request, checked against its projection.  envelope: what its errors begin with. */
extern PageSelect page_select(const RequestValue *select, const RequestValue *index_name,
							  const RequestValue *projection_expression, const Projection *projection,
							  const char *envelope);

/* The index that a request names, which may be read; NULL if it names none. */
extern const TableIndex *page_index(const TableInfo *table, const RequestValue *index_name, bool consistent);

/* The value errors of an ExclusiveStartKey (stage 6). */
extern void page_check_start_values(const RequestValue *start_key);

/* The key that an ExclusiveStartKey names; false if it does not have the shape of the table's keys. */
extern bool page_start_key(const TableInfo *table, const RequestValue *start_key, StorageKey *key);

/*
 * The same of an index: the place in it that an ExclusiveStartKey names.  First what concerns the index's keys, then the item's own.
 */
extern void page_index_start(const TableInfo *table, const TableIndex *index, const RequestValue *start_key,
							 StorageIndexRange *range);
extern void page_index_start_item(const TableInfo *table, const RequestValue *start_key, StorageIndexRange *range);

/* Whether the index has what is selected and projected; of a local one, what it lacks is fetched (whole_items). */
extern void page_check_selection(PageRequest *prepared);

/* The attributes that expressions name and an index does not hold. */
typedef struct Unprojected
{
	const TableInfo *table;
	const TableIndex *index;
	List	   *paths;			/* the first of each */
} Unprojected;

/* A PathVisitor: adds the attribute that a path begins with, if the index does not hold it. */
extern void page_collect_unprojected(const DocPath *path, void *unprojected);

/* "a, b", as messages list them. */
extern char *page_unprojected_names(const Unprojected *unprojected);

#endif							/* DYNAPG_PAGE_H */
