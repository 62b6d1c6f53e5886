/*
 * copy_write.c
 *		Writing what was read to the target: a table here, in one transaction with the position, or one elsewhere.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/item_write.h"
#include "op/op.h"
#include "storage/bulk_load.h"
#include "transfer/copy.h"
#include "value/attr_build.h"

#define BATCH_BYTES (8 * 1024 * 1024)	/* of JSON; the service takes 16 MB */
#define MAX_BATCHES 16			/* on their way at once */
#define FIRST_PAUSE_MS 50		/* before what was not processed is sent again */
#define LONGEST_PAUSE_MS 10000

typedef struct Writing
{
	CopyWrite  *writes;
	int			count;
	bool		are_page;		/* items of a page: each is another one's */
	CopyNote	note;
	void	   *argument;
} Writing;

/* ------------------------------------------------------------------------------------------------------------
 * The last write of each item
 * ------------------------------------------------------------------------------------------------------------ */

/* A write with its item's key. */
typedef struct KeyedWrite
{
	Jsonb	   *key;
	int			number;			/* in the order of the writes */
	CopyWrite  *write;
} KeyedWrite;

/* The key attributes of an item, as an item. */
static Jsonb *
key_of(const Copy *copy, const AttributeMap *attributes)
{
	const char *names[] = {copy->hash_name, copy->sort_name};
	JsonbPair	pairs[2];
	JsonbValue	item;
	int			count = 0;

	for (int i = 0; i < lengthof(names) && names[i] != NULL; i++)
	{
		pairs[count].key.type = jbvString;
		pairs[count].key.val.string.val = unconstify(char *, names[i]);
		pairs[count].key.val.string.len = strlen(names[i]);
		pairs[count].order = count;
		if (!attr_lookup(&attributes->object, names[i], strlen(names[i]), &pairs[count].value))
			transfer_fail("InvalidItem", "an item has no key attribute %s", names[i]);
		count++;
	}
	attr_make_item(pairs, count, &item);
	return attr_to_jsonb(&item);
}

static int
compare_keyed(const void *a, const void *b)
{
	const KeyedWrite *one = (const KeyedWrite *) a;
	const KeyedWrite *other = (const KeyedWrite *) b;
	int			order = memcmp(VARDATA(one->key), VARDATA(other->key), Min(VARSIZE(one->key), VARSIZE(other->key)) - VARHDRSZ);

	if (order == 0)
		order = (int) VARSIZE(one->key) - (int) VARSIZE(other->key);
	return order != 0 ? order : one->number - other->number;
}

static bool
same_key(const KeyedWrite *a, const KeyedWrite *b)
{
	return VARSIZE(a->key) == VARSIZE(b->key) && memcmp(a->key, b->key, VARSIZE(a->key)) == 0;
}

/* The last write of each item. */
static List *
last_writes(const Copy *copy, const Writing *writing)
{
	KeyedWrite *keyed = (KeyedWrite *) palloc(Max(writing->count, 1) * sizeof(KeyedWrite));
	List	   *last = NIL;

	for (int i = 0; i < writing->count; i++)
		keyed[i] = (KeyedWrite) {key_of(copy, writing->writes[i].attributes), i, &writing->writes[i]};
	qsort(keyed, writing->count, sizeof(KeyedWrite), compare_keyed);
	for (int i = 0; i < writing->count; i++)
		if (i + 1 == writing->count || !same_key(&keyed[i], &keyed[i + 1]))
			last = lappend(last, keyed[i].write);
	return last;
}

/* ------------------------------------------------------------------------------------------------------------
 * Here
 * ------------------------------------------------------------------------------------------------------------ */

static const TableInfo *
target_table(Copy *copy)
{
	const char *name = copy->options.target;
	const TableInfo *table = op_find_data_table(name, strlen(name));

	if (table == NULL)
		transfer_fail("TableNotFound", "table \"%s\" is gone", name);
	if (copy->hash_name == NULL)
		copy_set_key_names(copy, table);
	return table;
}

/* Writes what there is to write, no two of one item: a transaction does not see what it has written before it opens the table again. */
static void
write_items(const TableInfo *table, const List *writes)
{
	StorageTable *tables[2] = {NULL, NULL};
	TableCapacity capacity;
	ListCell   *cell;

	capacity_begin(&capacity, table->name, strlen(table->name), table);
	foreach(cell, writes)
	{
		const CopyWrite *wanted = (const CopyWrite *) lfirst(cell);
		ItemWrite	write = {.kind = wanted->is_delete ? ITEM_DELETE : ITEM_PUT, .info = table, .user = GetUserId(), .attributes = wanted->attributes};

		CHECK_FOR_INTERRUPTS();
		item_write_key(&write);
		item_write_check(&write);
		if (tables[wanted->is_delete] == NULL)
			tables[wanted->is_delete] = item_write_open(&write);
		item_write_execute(&write, tables[wanted->is_delete], &capacity);
	}
	for (int i = 0; i < lengthof(tables); i++)
		if (tables[i] != NULL)
			storage_close(tables[i]);
}

/* Puts a page's items, sorted by their hashes: whole pages of the relation where nothing stands in the way (storage/bulk_load.h). */
static void
load_items(const TableInfo *table, const Writing *writing)
{
	BulkLoad   *load = bulk_load_begin(table);

	for (int i = 0; i < writing->count; i++)
		bulk_load_add(load, JsonbPGetDatum(attr_to_jsonb(&writing->writes[i].attributes->object)));
	bulk_load_end(load, NULL);
}

static void
write_here(Copy *copy, void *argument)
{
	const Writing *writing = (const Writing *) argument;
	const TableInfo *table;

	copy_begin();
	transfer_become_owner(copy->transfer);
	table = target_table(copy);
	if (writing->are_page)
		load_items(table, writing);
	else
		write_items(table, last_writes(copy, writing));
	writing->note(copy, writing->argument);
	copy_commit();
}

/* ------------------------------------------------------------------------------------------------------------
 * Elsewhere
 * ------------------------------------------------------------------------------------------------------------ */

/* Puts writes of a list into a BatchWriteItem, and takes them off the list. */
static RemoteCall *
make_batch(const Copy *copy, List **writes)
{
	RemoteCall *call = remote_call(OPERATION_BatchWriteItem, NULL);
	WireWriter *writer = &call->writer;
	int			count = 0;

	wire_object_start(writer);
	wire_text_member(writer, "ReturnConsumedCapacity", "TOTAL");
	wire_member(writer, "RequestItems");
	wire_object_start(writer);
	wire_member(writer, copy->options.target);
	wire_array_start(writer);
	while (*writes != NIL && count < BATCH_WRITE_MAX_ITEMS && call->request.len < BATCH_BYTES)
	{
		const CopyWrite *write = (const CopyWrite *) llast(*writes);

		wire_object_start(writer);
		wire_member(writer, write->is_delete ? "DeleteRequest" : "PutRequest");
		wire_object_start(writer);
		wire_member(writer, write->is_delete ? "Key" : "Item");
		attr_write_map(writer, &write->attributes->object);
		wire_object_end(writer);
		wire_object_end(writer);
		*writes = list_delete_last(*writes);
		count++;
	}
	wire_array_end(writer);
	wire_object_end(writer);
	wire_object_end(writer);
	return call;
}

/* An answer, and what of its batch was not processed. */
typedef struct BatchReading
{
	const RemoteCall *call;
	List	   *left;			/* of CopyWrite */
	double		units;
} BatchReading;

/* The member of a PutRequest or DeleteRequest; its start is the current token. */
static CopyWrite *
read_request(WireReader *reader, bool is_delete)
{
	CopyWrite  *write = NULL;

	copy_expect(wire_next(reader), WIRE_OBJECT_START);
	while (wire_next(reader) == WIRE_KEY)
	{
		(void) wire_next(reader);
		write = (CopyWrite *) palloc(sizeof(CopyWrite));
		write->is_delete = is_delete;
		write->attributes = (AttributeMap *) palloc(sizeof(AttributeMap));
		copy_read_map(reader, write->attributes);
	}
	return write;
}

/* {table: [{PutRequest: {Item: ...}}, ...]} */
static void
read_unprocessed(WireReader *reader, BatchReading *reading)
{
	if (wire_next(reader) == WIRE_NULL)
		return;
	copy_expect(reader->token, WIRE_OBJECT_START);
	while (wire_next(reader) == WIRE_KEY)
	{
		copy_expect(wire_next(reader), WIRE_ARRAY_START);
		while (wire_next(reader) != WIRE_ARRAY_END)
		{
			copy_expect(reader->token, WIRE_OBJECT_START);
			while (wire_next(reader) == WIRE_KEY)
			{
				CopyWrite  *write = read_request(reader, copy_key_is(reader, "DeleteRequest"));

				if (write != NULL)
					reading->left = lappend(reading->left, write);
			}
		}
	}
}

static void
read_batch(Copy *copy, void *argument)
{
	BatchReading *reading = (BatchReading *) argument;
	WireReader	reader;

	wire_read_text(&reader, reading->call->answer, reading->call->answer_len);
	copy_expect(wire_next(&reader), WIRE_OBJECT_START);
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (copy_key_is(&reader, "UnprocessedItems"))
			read_unprocessed(&reader, reading);
		else if (copy_key_is(&reader, "ConsumedCapacity") && wire_next(&reader) == WIRE_ARRAY_START)
		{
			/* copy_read_units() looks for the start of an object; the array has one for our one table */
			reading->units += copy_read_units(&reader);
			while (reader.token != WIRE_ARRAY_END && wire_next(&reader) != WIRE_ARRAY_END)
				wire_skip(&reader);
		}
		else
		{
			if (reader.token == WIRE_KEY)
				(void) wire_next(&reader);
			wire_skip(&reader);
		}
	}
}

/* Takes an answer: what was not processed is to be sent again; returns whether there is any. */
static bool
take_batch(Copy *copy, const RemoteCall *call, List **writes)
{
	BatchReading reading = {call};

	if (remote_failed_with(call, "ResourceNotFoundException"))
		transfer_fail("TableNotFound", "table \"%s\" is gone: %s", copy->options.target, call->message);
	remote_require(call);
	copy_guard("InvalidAnswer", "BatchWriteItem", read_batch, copy, &reading);
	copy_meter_take(&copy->writes, reading.units > 0 ? reading.units : 1);
	copy->works = true;
	*writes = list_concat(*writes, reading.left);
	return reading.left != NIL;
}

/* Sends all, and waits until all have been acknowledged. */
static void
write_elsewhere(Copy *copy, List *writes)
{
	int64		pause = FIRST_PAUSE_MS;

	while (writes != NIL || remote_pending(copy->target) > 0)
	{
		RemoteCall *call;
		int64		wait = copy_meter_wait(&copy->writes);

		copy_look(copy, false);
		if (writes != NIL && wait == 0 && remote_pending(copy->target) < MAX_BATCHES)
		{
			remote_send(copy->target, make_batch(copy, &writes));
			continue;
		}
		if (remote_pending(copy->target) == 0)
		{
			copy_sleep(Min(wait, 1000));
			continue;
		}
		call = remote_wait(copy->target, wait > 0 ? Min(wait, 1000) : 1000);
		if (call == NULL)
			continue;
		if (take_batch(copy, call, &writes))
		{
			/* what was not processed points into the answer, which goes with the page or the records */
			copy_sleep(pause);
			pause = Min(pause * 2, LONGEST_PAUSE_MS);
			continue;
		}
		pause = FIRST_PAUSE_MS;
		remote_free(call);
	}
}

void
copy_write(Copy *copy, CopyWrite *writes, int count, bool are_page, CopyNote note, void *argument)
{
	Writing		writing = {writes, count, are_page, note, argument};

	if (remote_is_here(copy->target))
	{
		copy_guard("InvalidItem", "an item does not fit the table", write_here, copy, &writing);
		return;
	}
	write_elsewhere(copy, last_writes(copy, &writing));
	copy_begin();
	note(copy, argument);
	copy_commit();
}
