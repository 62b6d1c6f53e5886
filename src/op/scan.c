/*
 * scan.c
 *		Scan: all items of a table or an index, or one segment's share of them, in the order of their hashes.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/varlena.h"
#include "op/op.h"
#include "op/page.h"

static const ExpressionMembers members = {
	.filter_expression = ScanInput_FilterExpression,
	.projection_expression = ScanInput_ProjectionExpression,
	.names = ScanInput_ExpressionAttributeNames,
	.values = ScanInput_ExpressionAttributeValues,
	.filter = ScanInput_ScanFilter,
	.conditional_operator = ScanInput_ConditionalOperator,
	.attributes_to_get = ScanInput_AttributesToGet,
};

/* Both inclusive. */
typedef struct HashRange
{
	pg_uuid_t	first;
	pg_uuid_t	last;
} HashRange;

/* The hashes of a segment. */
static HashRange
segment_range(int64 segment, int64 total)
{
	HashRange	range;

	key_hash_segment(segment, total, &range.first, &range.last);
	return range;
}

/* A start key is in the segment that it continues. */
static void
check_start_segment(const pg_uuid_t *start, const HashRange *hashes, int64 segment, int64 total)
{
	if (memcmp(start, &hashes->first, UUID_LEN) < 0 || memcmp(start, &hashes->last, UUID_LEN) > 0)
		dyn_invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
					"ExclusiveStartKey with correct Segment. TotalSegments: " INT64_FORMAT " Segment: "
					INT64_FORMAT, total, segment);
}

/* Segment and TotalSegments: both or none, Segment < TotalSegments. */
static void
check_segments(const RequestValue *segment, const RequestValue *total)
{
	if (segment->present && !total->present)
		dyn_invalid("The TotalSegments parameter is required but was not present in the request when Segment "
					"parameter is present");
	if (total->present && !segment->present)
		dyn_invalid("The Segment parameter is required but was not present in the request when parameter "
					"TotalSegments is present");
	if (segment->present && segment->as.integer >= total->as.integer)
		dyn_invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: "
					"Segment: " INT64_FORMAT " is not less than TotalSegments: " INT64_FORMAT,
					segment->as.integer, total->as.integer);
}

/* A segment's range of the table, from behind a start key. */
static void
table_range(PageRequest *prepared, const RequestValue *start_key, const HashRange *hashes)
{
	StorageRange *range = &prepared->range;
	StorageKey	start;

	range->first = hashes->first;
	range->last = hashes->last;
	range->low = storage_sort_bytes("", 0);
	if (!start_key->present)
		return;
	if (!page_start_key(prepared->table, start_key, &start))
		dyn_invalid("The provided starting key is invalid: The provided key element does not match the schema");
	range->first = start.hash;
	range->low = storage_sort_after(VARDATA_ANY(start.sort), VARSIZE_ANY_EXHDR(start.sort));
}

/* The same of an index; what is selected of it is checked between the two parts of a start key. */
static void
index_range(PageRequest *prepared, const RequestValue *start_key, const HashRange *hashes)
{
	StorageIndexRange *range = &prepared->index_range;

	range->first = hashes->first;
	range->last = hashes->last;
	if (start_key->present)
		page_index_start(prepared->table, prepared->index, start_key, range);
	page_check_selection(prepared);
	if (start_key->present)
		page_index_start_item(prepared->table, start_key, range);
}

void
scan_prepare(const RequestValue *request, PageRequest *prepared)
{
	const RequestValue *start_key = request_member(request, ScanInput_ExclusiveStartKey);
	const RequestValue *limit = request_member(request, ScanInput_Limit);
	const RequestValue *segment = request_member(request, ScanInput_Segment);
	const RequestValue *total = request_member(request, ScanInput_TotalSegments);
	const RequestValue *index_name = request_member(request, ScanInput_IndexName);
	int64		segment_number = segment->present ? segment->as.integer : 0;
	int64		segment_count = total->present ? total->as.integer : 1;
	HashRange	hashes;
	Expressions expressions = {0};
	PageSpec   *page = &prepared->page;
	const TableInfo *table;

	memset(prepared, 0, sizeof(*prepared));
	prepared->action = POLICY_Scan;
	op_check_parameters(request, &members);
	op_read_legacy(request, &members, &expressions);
	page_check_start_values(start_key);
	check_segments(segment, total);
	hashes = segment_range(segment_number, segment_count);
	op_read_expressions(request, &members, &expressions);
	page->select = page_select(request_member(request, ScanInput_Select), index_name,
							   request_member(request, ScanInput_ProjectionExpression), expressions.projection,
							   "");
	page->projection = expressions.projection;
	page->filter = expressions.filter;
	page->limit = limit->present ? limit->as.integer : 0;
	page->consistent = request_boolean(request, ScanInput_ConsistentRead);
	page->return_consumed_capacity = request_member(request, ScanInput_ReturnConsumedCapacity);
	page->table_name = request_member(request, ScanInput_TableName);

	table = prepared->table = op_data_table(page->table_name);
	prepared->index = page_index(table, index_name, page->consistent);
	if (prepared->index != NULL)
		index_range(prepared, start_key, &hashes);
	else
		table_range(prepared, start_key, &hashes);
	if (start_key->present)
		check_start_segment(prepared->index != NULL ? &prepared->index_range.start_hash : &prepared->range.first, &hashes,
							segment_number, segment_count);
	op_check_key_paths(table, &expressions);
}

void
op_scan(const RequestValue *request, WireWriter *response)
{
	page_write(response, request, scan_prepare);
}
