/*
 * copy_scan.c
 *		Pages of a table's Scan, segment by segment.
 */
#include "postgres.h"

#include "catalog/transfers.h"
#include "transfer/copy.h"
#include "value/attr_build.h"

#define FIRST_LIMIT 25			/* of a page that is metered, before it is known what an item takes */
#define MAX_LIMIT 1000

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

/* How many items a metered page may have, so that it takes its segment's share of a second. */
static int
page_limit(const CopyScan *scan)
{
	double		share = scan->meter->rate / scan->total;

	if (scan->units_an_item <= 0)
		return FIRST_LIMIT;
	return (int) Max(1, Min(share / scan->units_an_item, MAX_LIMIT));
}

static bool
is_metered(const CopyScan *scan)
{
	return scan->meter != NULL && scan->meter->rate > 0;
}

/* What a page is taken for until its answer tells. */
static double
expected_units(const CopyScan *scan)
{
	return is_metered(scan) ? Max(1, page_limit(scan) * scan->units_an_item) : 0;
}

static void
send_page(Copy *copy, CopyScan *scan, CopySegment *segment)
{
	RemoteCall *call = remote_call(OPERATION_Scan, segment);
	WireWriter *writer = &call->writer;

	wire_object_start(writer);
	wire_text_member(writer, "TableName", scan->table);
	wire_member(writer, "ConsistentRead");
	wire_boolean(writer, true);
	wire_text_member(writer, "ReturnConsumedCapacity", "TOTAL");
	wire_member(writer, "Segment");
	wire_integer(writer, segment->number);
	wire_member(writer, "TotalSegments");
	wire_integer(writer, scan->total);
	if (is_metered(scan))
	{
		wire_member(writer, "Limit");
		wire_integer(writer, page_limit(scan));
		segment->expected_units = expected_units(scan);
		copy_meter_take(scan->meter, segment->expected_units);
	}
	if (segment->key != NULL)
	{
		wire_member(writer, "ExclusiveStartKey");
		attr_write_item(writer, segment->key);
	}
	wire_object_end(writer);
	segment->is_sent = true;
	remote_send(scan->remote, call);
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct PageReading
{
	const RemoteCall *call;
	CopyPage   *page;
} PageReading;

void
copy_expect(WireToken token, WireToken expected)
{
	if (token != expected)
		transfer_fail("InvalidAnswer", "an answer does not have the shape that DynamoDB's API gives it");
}

void
copy_read_map(WireReader *reader, AttributeMap *map)
{
	copy_expect(reader->token, WIRE_OBJECT_START);
	attr_read_map(reader, map);
	if (map->error.message != NULL)
		transfer_fail("InvalidItem", "an item has what no item can have: %s", map->error.message);
}

bool
copy_key_is(const WireReader *reader, const char *name)
{
	return reader->len == strlen(name) && memcmp(reader->text, name, reader->len) == 0;
}

static void
read_items(WireReader *reader, CopyPage *page)
{
	int			room = 256;

	copy_expect(wire_next(reader), WIRE_ARRAY_START);
	page->items = (AttributeMap *) palloc(room * sizeof(AttributeMap));
	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		if (page->count == room)
		{
			room *= 2;
			page->items = (AttributeMap *) repalloc_huge(page->items, room * sizeof(AttributeMap));
		}
		copy_read_map(reader, &page->items[page->count]);
		page->bytes += page->items[page->count++].size;
	}
}

double
copy_read_units(WireReader *reader)
{
	double		units = 0;

	if (wire_next(reader) != WIRE_OBJECT_START)
	{
		wire_skip(reader);
		return 0;
	}
	while (wire_next(reader) == WIRE_KEY)
	{
		bool		is_it = copy_key_is(reader, "CapacityUnits");
		WireToken	token = wire_next(reader);

		if (is_it && (token == WIRE_INTEGER || token == WIRE_DECIMAL))
			units = strtod(pnstrdup(reader->text, reader->len), NULL);
		else
			wire_skip(reader);
	}
	return units;
}

static void
read_page(Copy *copy, void *argument)
{
	PageReading *reading = (PageReading *) argument;
	CopyPage   *page = reading->page;
	WireReader	reader;

	wire_read_text(&reader, reading->call->answer, reading->call->answer_len);
	copy_expect(wire_next(&reader), WIRE_OBJECT_START);
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (copy_key_is(&reader, "Items"))
			read_items(&reader, page);
		else if (copy_key_is(&reader, "ConsumedCapacity"))
			page->units = copy_read_units(&reader);
		else if (copy_key_is(&reader, "LastEvaluatedKey"))
		{
			AttributeMap key;

			if (wire_next(&reader) == WIRE_NULL)
				continue;
			copy_read_map(&reader, &key);
			page->next_key = attr_to_jsonb(&key.object);
		}
		else
		{
			(void) wire_next(&reader);
			wire_skip(&reader);
		}
	}
	if (page->items == NULL)
		transfer_fail("InvalidAnswer", "a Scan's answer has no Items");
}

/* Whether a page ends where it began: it would go on for ever. */
static bool
ends_where_it_began(const CopyPage *page)
{
	const Jsonb *key = page->segment->key;

	return page->next_key != NULL && key != NULL && VARSIZE(key) == VARSIZE(page->next_key) &&
		memcmp(key, page->next_key, VARSIZE(key)) == 0;
}

/* Learns what pages take. */
static void
meter_page(CopyScan *scan, CopyPage *page)
{
	if (!is_metered(scan))
		return;
	if (page->units <= 0)
		page->units = (double) page->bytes / 4096;
	copy_meter_take(scan->meter, page->units - page->segment->expected_units);
	if (page->count > 0)
		scan->units_an_item = page->units / page->count;
}

static void
move_on(Copy *copy, CopySegment *segment, const CopyPage *page)
{
	MemoryContext caller = MemoryContextSwitchTo(copy->context);

	if (segment->key != NULL)
		pfree(segment->key);
	segment->key = NULL;
	if (page->next_key != NULL)
	{
		segment->key = (Jsonb *) palloc(VARSIZE(page->next_key));
		memcpy(segment->key, page->next_key, VARSIZE(page->next_key));
	}
	segment->done = page->next_key == NULL;
	segment->pages++;
	MemoryContextSwitchTo(caller);
}

static void
take_page(Copy *copy, CopyScan *scan, RemoteCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->context);
	CopySegment *segment = (CopySegment *) call->tag;
	CopyPage	page = {.segment = segment};
	PageReading reading = {call, &page};

	if (remote_failed_with(call, "ResourceNotFoundException"))
		transfer_fail("TableNotFound", "table \"%s\" is gone: %s", scan->table, call->message);
	remote_require(call);
	copy_guard("InvalidAnswer", "Scan", read_page, copy, &reading);
	if (ends_where_it_began(&page))
		transfer_fail("InvalidAnswer", "a Scan's LastEvaluatedKey is its ExclusiveStartKey");
	meter_page(scan, &page);
	copy->works = true;
	scan->page(copy, scan, &page);
	segment->is_sent = false;
	move_on(copy, segment, &page);
	MemoryContextSwitchTo(caller);
	remote_free(call);
}

/* ------------------------------------------------------------------------------------------------------------
 * Rounds
 * ------------------------------------------------------------------------------------------------------------ */

void
copy_scan_begin(Copy *copy, CopyScan *scan, int first_part)
{
	List	   *parts;
	ListCell   *cell;

	scan->segments = (CopySegment *) palloc0(scan->total * sizeof(CopySegment));
	copy_begin();
	parts = catalog_transfer_parts(copy->transfer->id, false);
	foreach(cell, parts)
	{
		const TransferPart *part = (const TransferPart *) lfirst(cell);
		CopySegment *segment = &scan->segments[part->part - first_part];

		if (part->part < first_part || part->part >= first_part + scan->total)
			continue;
		segment->state = part->state;
		segment->key = copy_object_member(part->state, "Key");
		segment->done = part->done;
		segment->pages = part->position;
	}
	copy_commit();
	for (int i = 0; i < scan->total; i++)
	{
		scan->segments[i].part = first_part + i;
		scan->segments[i].number = i;
	}
}

/* Sends what may be sent. */
static void
send_pages(Copy *copy, CopyScan *scan)
{
	for (int i = 0; i < scan->total && remote_pending(scan->remote) < COPY_MAX_CALLS; i++)
	{
		CopySegment *segment = &scan->segments[i];

		if (segment->done || segment->is_sent)
			continue;
		if (is_metered(scan) && copy_meter_wait(scan->meter) > 0)
			return;
		send_page(copy, scan, segment);
	}
}

static bool
all_done(const CopyScan *scan)
{
	for (int i = 0; i < scan->total; i++)
		if (!scan->segments[i].done)
			return false;
	return true;
}

bool
copy_scan_round(Copy *copy, CopyScan *scan, TimestampTz until)
{
	for (;;)
	{
		RemoteCall *call;

		copy_look(copy, false);
		if (all_done(scan))
			return true;
		if (GetCurrentTimestamp() < until)
			send_pages(copy, scan);
		else if (remote_pending(scan->remote) == 0)
			return false;
		if (remote_pending(scan->remote) == 0)
		{
			copy_sleep(is_metered(scan) ? Min(copy_meter_wait(scan->meter), 1000) : 1);
			continue;
		}
		call = remote_wait(scan->remote, is_metered(scan) ? Max(1, Min(copy_meter_wait(scan->meter), 1000)) : 1000);
		if (call != NULL)
			take_page(copy, scan, call);
	}
}

Jsonb *
copy_segment_state(const CopyPage *page, Jsonb *members)
{
	WireWriter	writer;
	Jsonb	   *state;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	if (page->next_key != NULL)
	{
		wire_member(&writer, "Key");
		wire_jsonb(&writer, page->next_key);
	}
	wire_object_end(&writer);
	state = wire_writer_jsonb(&writer);
	if (members != NULL)
		state = copy_merged(state, members);
	return state;
}
