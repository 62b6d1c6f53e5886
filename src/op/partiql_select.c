/*
 * partiql_select.c
 *		PartiQL's SELECT: reading what its plan says, a page at a time or all at once.
 *
 * Like a Query's, a page ends after Limit items evaluated or 1 MB, before WHERE; a SELECT of several lookups, after 10 items too.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "meter/meter.h"
#include "op/capacity.h"
#include "op/op.h"
#include "op/page_token.h"
#include "op/partiql.h"
#include "op/throttle.h"
#include "value/attr_build.h"

#define LOOKUPS_PAGE_ITEMS 10

/* Gets an item that WHERE holds for, projected. */
typedef void (*RowVisitor) (const JsonbValue *item, void *argument);

/* A SELECT while it is read. */
typedef struct SelectReader
{
	SelectPlan	plan;
	StorageTable *table;
	TableCapacity capacity;
	bool		consistent;
	int64		limit;			/* items evaluated; 0: no limit */
	bool		is_paged;
	MemoryContext scratch;		/* reset after each item */
	RowVisitor	visit;
	void	   *argument;

	/* the page so far */
	int64		evaluated;
	int64		bytes;

	/* where it goes on */
	int			next_read;
	Jsonb	   *last;			/* behind this item; NULL: at the beginning of the read */
} SelectReader;

/* Asks whether what is read first is throttled. */
static void
throttle_plan(const SelectPlan *plan)
{
	const SelectRead *first = plan->n_reads > 0 ? &plan->reads[0] : NULL;

	if (first != NULL && first->is_get)
		throttle_read(plan->table, NULL, &first->key.hash, first->key.sort, first->request.given_key);
	else
		throttle_read(plan->table, plan->index, first != NULL ? page_partition(&first->request) : NULL, NULL,
					  first != NULL ? first->request.given_key : NULL);
}

/* Makes the plan, asks whether it may be read, and opens the table, which is under its lock what the plan was made by. */
static void
begin(SelectReader *reader, const PartiqlStatement *statement, bool consistent)
{
	memset(reader, 0, sizeof(*reader));
	reader->consistent = consistent;
	for (;;)
	{
		Oid			user;

		partiql_plan(statement, op_data_table_of_text(statement->table, statement->table_len), consistent, &reader->plan);
		user = partiql_user_of_plan(&reader->plan);
		throttle_plan(&reader->plan);
		reader->table = storage_open(reader->plan.table, STORAGE_READ, true, user);
		if (storage_info(reader->table) == reader->plan.table)
			break;
		storage_close(reader->table);
	}
	capacity_begin(&reader->capacity, statement->table, statement->table_len, reader->plan.table);
	reader->scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg item", ALLOCSET_DEFAULT_SIZES);
}

/* Passes an item on, if WHERE holds for it; of an index, for its entry. */
static void
evaluate(SelectReader *reader, const JsonbValue *item, const JsonbValue *entry)
{
	const PartiqlStatement *statement = reader->plan.statement;
	MemoryContext caller = MemoryContextSwitchTo(reader->scratch);
	JsonbValue	projected;

	if (statement->where == NULL || condition_holds(statement->where, entry))
	{
		if (statement->n_columns > 0)
		{
			partiql_project(statement, item, &projected);
			item = &projected;
		}
		MemoryContextSwitchTo(caller);
		reader->visit(item, reader->argument);
		meter_returned(1, 0);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reader->scratch);
}

/* Whether the page is full. */
static bool
is_full(const SelectReader *reader)
{
	return reader->is_paged &&
		((reader->limit > 0 && reader->evaluated == reader->limit) || reader->bytes >= PAGE_MAX_SIZE ||
		 (reader->plan.n_reads > 1 && reader->evaluated >= LOOKUPS_PAGE_ITEMS));
}

static void
get_item(SelectReader *reader, const SelectRead *read)
{
	Jsonb	   *item = storage_get(reader->table, &read->key);
	JsonbValue	map;

	if (item != NULL)
		attr_from_item(item, &map);
	capacity_at(&reader->capacity, &read->key.hash, read->key.sort, read->request.given_key);
	capacity_add_item_read(&reader->capacity, item, reader->consistent);
	if (item == NULL)
		return;
	reader->evaluated++;
	reader->bytes += attr_map_size(&map);
	evaluate(reader, &map, &map);
	pfree(item);
}

/* Reads a range until its end, or until the page is full: then reader->last is set, if there may be more in the range. */
static void
read_range(SelectReader *reader, const SelectRead *read)
{
	const PageRequest *request = &read->request;
	const TableIndex *index = reader->plan.index;
	int64		bytes = 0;
	bool		full = false;
	StorageScan *scan = NULL;
	Jsonb	   *item;
	Jsonb	   *first = NULL;
	JsonbValue	first_map;

	capacity_at(&reader->capacity, page_partition(request), NULL, request->given_key);
	if (!request->empty)
		scan = index != NULL ?
			storage_index_scan_begin(reader->table, index, &request->index_range, request->whole_items) :
			storage_scan_begin(reader->table, &request->range);
	while (scan != NULL && !full && (item = storage_scan_next(scan)) != NULL)
	{
		JsonbValue	map;
		JsonbValue	entry;
		int			size;

		attr_from_item(item, &map);
		attr_from_item(request->whole_items ? storage_scan_entry(scan) : item, &entry);
		/* as a Query, it counts by the first item that it reads */
		if (first == NULL && meter_is_on() && page_partition(request) != NULL)
		{
			first = item;
			first_map = map;
			capacity_at(&reader->capacity, page_partition(request), NULL, &first_map);
		}
		size = attr_map_size(&entry);
		bytes += size;
		if (request->whole_items)
		{
			size = attr_map_size(&map);
			capacity_add_read(&reader->capacity, NULL, size, reader->consistent);
		}
		reader->evaluated++;
		reader->bytes += size;
		evaluate(reader, &map, &entry);
		full = is_full(reader);
		if (full && !page_is_last(&request->page, reader->plan.table, &map))
			reader->last = item;
		else if (item != first)
			pfree(item);
	}
	if (scan != NULL)
		storage_scan_end(scan);
	capacity_add_read(&reader->capacity, index, bytes, reader->consistent);
	capacity_at(&reader->capacity, NULL, NULL, NULL);
	if (first != NULL && first != reader->last)
		pfree(first);
}

static void
read_all(SelectReader *reader, SelectPosition *position)
{
	SelectPlan *plan = &reader->plan;

	if (position->read > plan->n_reads)
		page_token_refuse();
	if (position->key != NULL &&
		(position->read == plan->n_reads || !partiql_continue_behind(plan, &plan->reads[position->read], position->key)))
		page_token_refuse();

	reader->next_read = position->read;
	while (reader->next_read < plan->n_reads && reader->last == NULL && !is_full(reader))
	{
		const SelectRead *read = &plan->reads[reader->next_read];

		if (read->is_get)
			get_item(reader, read);
		else
			read_range(reader, read);
		if (reader->last == NULL)
			reader->next_read++;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * A page
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct RowWriter
{
	WireWriter *response;
	MemoryContext scratch;
} RowWriter;

static void
write_row(const JsonbValue *item, void *argument)
{
	RowWriter  *writer = (RowWriter *) argument;

	page_write_item(writer->response, NULL, item, writer->scratch);
}

static void
write_next(WireWriter *response, const RequestValue *request, const SelectReader *reader)
{
	JsonbValue	last;

	if (reader->next_read == reader->plan.n_reads)
		return;
	if (reader->last != NULL)
		attr_from_item(reader->last, &last);
	wire_member(response, "NextToken");
	wire_cstring(response, page_token_make(request, &reader->plan, reader->next_read, reader->last ? &last : NULL));
	if (reader->last == NULL)
		return;
	wire_member(response, "LastEvaluatedKey");
	page_write_key(response, reader->plan.table, reader->plan.index, &last);
}

void
partiql_select(const PartiqlStatement *statement, const RequestValue *request, WireWriter *response)
{
	const RequestValue *limit = request_member(request, ExecuteStatementInput_Limit);
	bool		consistent = request_boolean(request, ExecuteStatementInput_ConsistentRead);
	SelectPosition position;
	SelectReader reader;
	RowWriter	writer;

	begin(&reader, statement, consistent);
	page_token_read(request, &position);
	writer.response = response;
	writer.scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg row", ALLOCSET_DEFAULT_SIZES);
	reader.is_paged = true;
	reader.limit = limit->present ? limit->as.integer : 0;
	reader.visit = write_row;
	reader.argument = &writer;
	op_eventual_read = !consistent;

	wire_object_start(response);
	wire_member(response, "Items");
	wire_array_start(response);
	read_all(&reader, &position);
	wire_array_end(response);
	write_next(response, request, &reader);
	capacity_write(response, request_member(request, ExecuteStatementInput_ReturnConsumedCapacity), &reader.capacity);
	wire_object_end(response);
	storage_close(reader.table);
}

/* ------------------------------------------------------------------------------------------------------------
 * All at once
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct ItemVisitor
{
	PageVisitor visit;
	void	   *argument;
	MemoryContext scratch;
} ItemVisitor;

static void
visit_row(const JsonbValue *item, void *argument)
{
	ItemVisitor *visitor = (ItemVisitor *) argument;
	MemoryContext caller = MemoryContextSwitchTo(visitor->scratch);

	visitor->visit(attr_to_jsonb(item), visitor->argument);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(visitor->scratch);
}

void
partiql_select_all(const PartiqlStatement *statement, PageVisitor visit, void *argument)
{
	SelectPosition position = {0};
	SelectReader reader;
	ItemVisitor visitor = {visit, argument};

	begin(&reader, statement, false);
	visitor.scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg row", ALLOCSET_DEFAULT_SIZES);
	reader.visit = visit_row;
	reader.argument = &visitor;
	read_all(&reader, &position);
	storage_close(reader.table);
}
