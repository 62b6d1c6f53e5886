/*
 * page.h
 *		A page of a Query or a Scan: what both do with a range of items.
 */
#ifndef DYNAPG_PAGE_H
#define DYNAPG_PAGE_H

#include "op/expressions.h"
#include "storage/storage.h"

typedef enum PageSelect
{
	SELECT_ALL,					/* whole items */
	SELECT_PROJECTION,			/* what the projection names */
	SELECT_COUNT				/* no items */
} PageSelect;

typedef struct PageSpec
{
	PageSelect	select;
	const Projection *projection;
	const ExprNode *filter;
	int64		limit;			/* items evaluated; 0: none given */
	bool		consistent;
	const bytea *last_sort;		/* Query: the sort key behind which nothing can be: a page that ends there is the last; NULL:
								 * none known */
	const RequestValue *return_consumed_capacity;
	const RequestValue *table_name;
} PageSpec;

/*
 * The Select of a request, checked against its projection.  specific_alone: the message for SPECIFIC_ATTRIBUTES
 * without a projection.
 */
extern PageSelect page_select(const RequestValue *select, const RequestValue *index_name,
							  const RequestValue *projection_expression, const Projection *projection,
							  const char *specific_alone);

/* A Query or a Scan, checked and ready to be read. */
typedef struct PageRequest
{
	const TableInfo *table;
	StorageRange range;
	bool		empty;			/* the conditions exclude each other: nothing is read */
	PageSpec		page;
} PageRequest;

/* Checks a request of either operation, in the service's order (query.c, scan.c). */
extern void query_prepare(const RequestValue *request, PageRequest *prepared);
extern void scan_prepare(const RequestValue *request, PageRequest *prepared);

/*
 * Reads until the range's end, the page's limit or 1 MB, whichever comes first, and writes the whole response:
 * Items, Count, ScannedCount, LastEvaluatedKey, ConsumedCapacity.
 */
extern void page_write(WireWriter *response, const PageRequest *request);

/*
 * Writes an item, projected (NULL: whole).  What that takes is made in the scratch context, which is reset; each item of a jsonb response is
 * finished before the next begins, so that a response's memory is not much more than its items.
 */
extern void page_write_item(WireWriter *response, const Projection *projection, const JsonbValue *item,
							MemoryContext scratch);

/* Gets a selected item, in natural form, in a memory context that is reset after it. */
typedef void (*PageVisitor) (Jsonb *item, void *argument);

/*
 * Reads all pages as one, on one snapshot, for set-returning functions: only the request's Limit ends it early.
 * Memory is bounded by one item's.
 */
extern void page_visit(const PageRequest *request, PageVisitor visit, void *argument);

/* The value errors of an ExclusiveStartKey (stage 6). */
extern void page_check_start_values(const RequestValue *start_key);

/*
 * The key that an ExclusiveStartKey names; false if it does not have the shape of the table's keys.
 */
extern bool page_start_key(const TableInfo *table, const RequestValue *start_key, StorageKey *key);

/* Index tables come later: IndexName names none. */
extern void page_check_index(const RequestValue *index_name);

#endif							/* DYNAPG_PAGE_H */
