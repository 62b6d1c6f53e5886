/*
 * sql_helpers.c
 *		The comfortable SQL forms: dynapg.put(), get(), delete(), items() and relation(), over natural items.
 *
 * The first three run the API's own operations, so that privileges, errors and concurrency are the same: the
 * request is DynamoDB JSON text made here, and the item of the response is read back from text.  Text and not
 * jsonb, since strings with U+0000 must pass.  items() reads through the executor, and is metered as Queries of pages.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "api/sql.h"
#include "base/error.h"
#include "base/limits.h"
#include "catalog/tables.h"
#include "meter/meter.h"
#include "op/arn.h"
#include "op/authorize.h"
#include "op/capacity.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/throttle.h"
#include "value/key.h"

PG_FUNCTION_INFO_V1(dynapg_put);
PG_FUNCTION_INFO_V1(dynapg_get);
PG_FUNCTION_INFO_V1(dynapg_delete);
PG_FUNCTION_INFO_V1(dynapg_items);
PG_FUNCTION_INFO_V1(dynapg_relation);

/* items() reads so many rows at a time: from the first to the second, doubling while they are small. */
#define FIRST_BATCH_ROWS	16
#define LARGEST_BATCH_ROWS	256
#define SMALL_BATCH_BYTES	(256 * 1024)

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

/* The table of a name or ARN; NULL if there is none, which the operation will say in its own words. */
static const TableInfo *
find_table(text *table_name)
{
	const char *name = VARDATA_ANY(table_name);
	int			len = VARSIZE_ANY_EXHDR(table_name);
	TableArn	arn;

	if (arn_parse_table(name, len, &arn))
		return catalog_table(arn.name, arn.name_len);
	return catalog_table(name, len);
}

/* The table of a name or ARN, which must be there. */
static const TableInfo *
require_table(text *table_name)
{
	const char *outer = dyn_operation;
	const TableInfo *table;

	dyn_operation = "DescribeTable";
	table = op_data_table_of_text(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name));
	dyn_operation = outer;
	return table;
}

static void
refuse_nulls(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a table name, a key or an item must not be null")));
}

/* The declared type of an argument: key arguments are text or numeric. */
static Oid
argument_type(FunctionCallInfo fcinfo, int argument)
{
	Oid		   *types;
	int			nargs;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &nargs);
	Assert(argument < nargs);
	return types[argument];
}

/*
 * Writes a key argument as a member of a Key.  A number is an N.  A text is what the attribute is, unless that is a
 * number: then it is written as an S, which the operation refuses.
 */
static void
write_key_attribute(FunctionCallInfo fcinfo, int argument, WireWriter *writer, const KeyAttribute *attribute,
					const char *unknown_name)
{
	if (attribute != NULL && attribute->name != NULL)
		wire_key(writer, attribute->name, attribute->name_len);
	else
		wire_member(writer, unknown_name);

	wire_object_start(writer);
	if (argument_type(fcinfo, argument) == NUMERICOID)
	{
		wire_member(writer, "N");
		wire_cstring(writer, DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(argument))));
	}
	else
	{
		text	   *value = PG_GETARG_TEXT_PP(argument);

		wire_member(writer, attribute != NULL && attribute->type == KEY_TYPE_B ? "B" : "S");
		wire_string(writer, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	wire_object_end(writer);
}

/* Writes the key that the arguments after the table's name are. */
static void
write_key(FunctionCallInfo fcinfo, WireWriter *writer, const TableInfo *table, int nkeys)
{
	wire_object_start(writer);
	write_key_attribute(fcinfo, 1, writer, table ? &table->hash : NULL, "partition_key");
	if (nkeys > 1)
		write_key_attribute(fcinfo, 2, writer, table && table->has_sort ? &table->sort : NULL, "sort_key");
	wire_object_end(writer);
}

/* Begins a request: an object with a table's name. */
static void
begin_request(WireWriter *writer, StringInfo out, text *table_name)
{
	initStringInfo(out);
	wire_write_text(writer, out);
	wire_object_start(writer);
	wire_member(writer, "TableName");
	wire_string(writer, VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name));
}

/* Ends the request, runs the operation, and returns the item in a member of the response, NULL if it has none. */
static Jsonb *
run_request(int operation, WireWriter *writer, StringInfo request, const char *member)
{
	StringInfoData text;
	WireReader	reader;
	WireWriter	response;

	wire_object_end(writer);
	wire_read_text(&reader, request->data, request->len);
	initStringInfo(&text);
	wire_write_text(&response, &text);
	sql_run(operation, &reader, &response);

	wire_read_text(&reader, text.data, text.len);
	wire_next(&reader);
	while (wire_next(&reader) == WIRE_KEY)
	{
		bool		found = reader.len == strlen(member) && memcmp(reader.text, member, reader.len) == 0;

		wire_next(&reader);
		if (found)
		{
			AttributeMap map;

			attr_read_map(&reader, &map);
			return JsonbValueToJsonb(&map.object);
		}
		wire_skip(&reader);
	}
	return NULL;
}

/* put(table_name text, item jsonb) returns jsonb */
Datum
dynapg_put(PG_FUNCTION_ARGS)
{
	StringInfoData request;
	WireWriter	writer;
	Jsonb	   *item;
	Jsonb	   *old;

	refuse_nulls(fcinfo);
	item = PG_GETARG_JSONB_P(1);
	attr_check_item(item);

	begin_request(&writer, &request, PG_GETARG_TEXT_PP(0));
	wire_member(&writer, "Item");
	attr_write_item(&writer, item);
	wire_member(&writer, "ReturnValues");
	wire_cstring(&writer, "ALL_OLD");
	old = run_request(OPERATION_PutItem, &writer, &request, "Attributes");
	if (old == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(old);
}

/* get(table_name text, partition_key text | numeric [, sort_key text | numeric]) returns jsonb */
Datum
dynapg_get(PG_FUNCTION_ARGS)
{
	text	   *table_name = PG_GETARG_TEXT_PP(0);
	StringInfoData request;
	WireWriter	writer;
	Jsonb	   *item;

	begin_request(&writer, &request, table_name);
	wire_member(&writer, "Key");
	write_key(fcinfo, &writer, find_table(table_name), PG_NARGS() - 1);
	wire_member(&writer, "ConsistentRead");
	wire_boolean(&writer, true);
	item = run_request(OPERATION_GetItem, &writer, &request, "Item");
	if (item == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(item);
}

/* delete(table_name text, partition_key text | numeric [, sort_key text | numeric]) returns jsonb */
Datum
dynapg_delete(PG_FUNCTION_ARGS)
{
	text	   *table_name;
	StringInfoData request;
	WireWriter	writer;
	Jsonb	   *old;

	refuse_nulls(fcinfo);
	table_name = PG_GETARG_TEXT_PP(0);
	begin_request(&writer, &request, table_name);
	wire_member(&writer, "Key");
	write_key(fcinfo, &writer, find_table(table_name), PG_NARGS() - 1);
	wire_member(&writer, "ReturnValues");
	wire_cstring(&writer, "ALL_OLD");
	old = run_request(OPERATION_DeleteItem, &writer, &request, "Attributes");
	if (old == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(old);
}

/* relation(table_name text) returns regclass */
Datum
dynapg_relation(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(require_table(PG_GETARG_TEXT_PP(0))->relation);
}

/* ------------------------------------------------------------------------------------------------------------
 * items()
 * ------------------------------------------------------------------------------------------------------------ */

/* Where a call of items() stands; lives in the set-returning function's own memory. */
typedef struct ItemsState
{
	const TableInfo *table;		/* it lives as long as the transaction, and so longer than this */
	JsonbValue	given;			/* an object with the partition key */
	char	   *relation;		/* qualified and quoted */
	Oid			user;			/* as whom it is read (op/authorize.h) */
	char	   *key;			/* canonical bytes of the partition key */
	int			key_len;
	pg_uuid_t	hash;
	MemoryContext batch;		/* the rows read last */
	Jsonb	  **items;
	int			count;
	int			next;
	int			rows;			/* to be read next time */
	bytea	   *last;			/* sort key of the last row read; NULL before the first */
	bool		finished;
	int64		bytes;			/* of items that were read, if somebody wants to know */
	int64		paid;			/* so many of them, in whole units */
} ItemsState;

/* Whether an item is stored under the partition key asked for, and not under another of the same hash. */
static bool
has_key(const ItemsState *state, Jsonb *item)
{
	const KeyAttribute *hash = &state->table->hash;
	JsonbValue	map;
	JsonbValue	value;
	const char *bytes;
	int			len;

	attr_from_item(item, &map);
	return attr_lookup(&map, hash->stored, hash->stored_len, &value) &&
		key_bytes(&value, hash->type, PARTITION_KEY_MAX_SIZE, &bytes, &len) == KEY_OK &&
		len == state->key_len && memcmp(bytes, state->key, len) == 0;
}

/* The key that items() is called with. */
typedef struct ItemsKey
{
	const TableInfo *table;
	const AttributeMap *map;
} ItemsKey;

static void
describe_items(AccessNames *names, const void *argument)
{
	const ItemsKey *key = (const ItemsKey *) argument;

	access_name_map(names, key->map);
	access_lead(names, key->table, key->map);
}

/* It is a Query of a whole partition. */
static Oid
user_of_items(const TableInfo *table, const AttributeMap *map)
{
	return access_user(&(AccessPart) {
		.action = POLICY_Query,
		.table = table,
		.access = STORAGE_READ,
		.returns_item = true,
		.select = access_select(false, false),
		.describe = describe_items,
		.argument = &(ItemsKey) {table, map}
	});
}

/* The table, which stays there. */
static const TableInfo *
lock_items(text *table_name)
{
	const TableInfo *table;

	access_foresee(POLICY_Query, VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name), NULL, 0);
	table = catalog_lock_found_table(require_table(table_name), AccessShareLock);
	if (table == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	return table;
}

/* Makes the state: which relation, and the hash of the key; if the table's capacity lets it. */
static ItemsState *
begin_items(FunctionCallInfo fcinfo)
{
	ItemsState *state = (ItemsState *) palloc0(sizeof(ItemsState));
	const TableInfo *table = lock_items(PG_GETARG_TEXT_PP(0));
	StringInfoData text;
	WireWriter	writer;
	WireReader	reader;
	AttributeMap map;
	const char *bytes;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	write_key(fcinfo, &writer, table, 1);
	wire_read_text(&reader, text.data, text.len);
	wire_next(&reader);
	attr_read_map(&reader, &map);
	if (map.error.message != NULL)
		dyn_invalid("%s", map.error.message);
	op_key_attribute(&table->hash, &map, false, &bytes, &state->key_len);
	state->key = (char *) memcpy(palloc(state->key_len + 1), bytes, state->key_len);
	key_hash(table->hash.type, bytes, state->key_len, &state->hash);

	state->user = user_of_items(table, &map);
	state->table = table;
	state->given = map.object;
	throttle_read(table, NULL, &state->hash, NULL, &state->given);
	state->relation = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->relation)),
												 get_rel_name(table->relation));
	state->rows = FIRST_BATCH_ROWS;
	state->batch = AllocSetContextCreate(CurrentMemoryContext, "dynapg items", ALLOCSET_DEFAULT_SIZES);
	return state;
}

/*
 * Consumes what a batch has read, whose rows are jsonb of so many bytes: with those before it as many units as one strongly consistent read of all.  A
 * jsonb is never smaller than what the service counts: a small partition need not be measured.
 */
static void
consume_batch(ItemsState *state, uint64 rows, Size bytes)
{
	const TableInfo *table = state->table;
	bool		is_small = state->finished && state->paid == 0 && bytes <= READ_UNIT_SIZE;
	int64		more;
	TableCapacity capacity;
	JsonbValue	first;

	for (int i = 0; i < state->count && !is_small; i++)
		state->bytes += op_item_size(state->items[i]);
	more = TYPEALIGN64(READ_UNIT_SIZE, Max(state->bytes, 1)) - state->paid;
	capacity_begin(&capacity, table->name, strlen(table->name), table);
	if (state->count > 0)
		attr_from_item(state->items[0], &first);
	capacity_at(&capacity, &state->hash, NULL, state->count > 0 ? &first : &state->given);
	if (more > 0)
		capacity_add_read(&capacity, NULL, more, true);
	state->paid += more;
	meter_returned(state->count, rows);
}

/*
 * Reads the next rows into the state.  Each batch is a statement of its own, which begins after the last sort key:
 * nothing is held from one to the next, and since all use the snapshot of the caller's statement they read one
 * state of the partition.
 */
static void
read_batch(ItemsState *state)
{
	MemoryContext caller;
	Oid			types[2] = {UUIDOID, BYTEAOID};
	Datum		values[2] = {UUIDPGetDatum(&state->hash)};
	StringInfoData query;
	UserSwitch	before;
	Size		bytes = 0;
	uint64		rows;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT item, sort FROM %s WHERE hash OPERATOR(pg_catalog.=) $1", state->relation);
	if (state->last != NULL)
	{
		appendStringInfoString(&query, " AND sort OPERATOR(pg_catalog.>) $2");
		values[1] = PointerGetDatum(state->last);
	}
	appendStringInfo(&query, " ORDER BY hash, sort LIMIT %d", state->rows);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	user_switch(state->user, &before);
	if (SPI_execute_with_args(query.data, state->last != NULL ? 2 : 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(SPI_result));
	user_switch_back(&before);
	rows = SPI_processed;

	MemoryContextReset(state->batch);
	caller = MemoryContextSwitchTo(state->batch);
	state->items = (Jsonb **) palloc(sizeof(Jsonb *) * (rows + 1));
	state->count = state->next = 0;
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;
		Datum		item = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		Jsonb	   *copy = DatumGetJsonbPCopy(item);

		bytes += VARSIZE(copy);
		if (has_key(state, copy))
			state->items[state->count++] = copy;
		if (i == rows - 1)
			state->last = DatumGetByteaPCopy(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
	}
	MemoryContextSwitchTo(caller);
	SPI_finish();

	state->finished = rows < state->rows;
	if (capacity_is_wanted())
		consume_batch(state, rows, bytes);
	if (bytes < SMALL_BATCH_BYTES)
		state->rows = Min(state->rows * 2, LARGEST_BATCH_ROWS);
	else
		state->rows = Max(state->rows / 2, 1);
}

/* The first call of items(); what it returns goes into call. */
typedef struct ItemsCall
{
	FunctionCallInfo fcinfo;
	ItemsState *state;
} ItemsCall;

static void
carry_first(AuditCall *audit, void *argument)
{
	ItemsCall  *call = (ItemsCall *) argument;
	FunctionCallInfo fcinfo = call->fcinfo;
	text	   *name = PG_GETARG_TEXT_PP(0);

	audit_table(audit, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	call->state = begin_items(fcinfo);
	read_batch(call->state);
}

static void
carry_next(AuditCall *audit, void *argument)
{
	read_batch((ItemsState *) argument);
}

/* items(table_name text, partition_key text | numeric) returns setof jsonb */
Datum
dynapg_items(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	ItemsState *state;

	if (SRF_IS_FIRSTCALL())
	{
		ItemsCall	first = {fcinfo, NULL};
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		op_call(OPERATION_Query, NULL, carry_first, &first);
		call->user_fctx = first.state;
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	state = (ItemsState *) call->user_fctx;

	while (state->next == state->count && !state->finished)
		op_call_again(OPERATION_Query, carry_next, state);
	if (state->next == state->count)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(state->items[state->next++]));
}
