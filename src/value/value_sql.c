/*
 * value_sql.c
 *		The SQL functions over values: conversion to and from DynamoDB JSON, size, keys.
 *
 * Those for tests, at the end, are not in the extension's script (test/functions.sql).
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "value/attr_build.h"
#include "value/attr_node.h"
#include "value/cbor.h"
#include "value/ion.h"
#include "value/key.h"
#include "value/number.h"
#include "value/wire.h"

PG_FUNCTION_INFO_V1(dynapg_test_cbor);
PG_FUNCTION_INFO_V1(dynapg_test_cbor_write);
PG_FUNCTION_INFO_V1(dynapg_to_dynamodb_json);
PG_FUNCTION_INFO_V1(dynapg_from_dynamodb_json);
PG_FUNCTION_INFO_V1(dynapg_item_to_ion);
PG_FUNCTION_INFO_V1(dynapg_item_from_ion);
PG_FUNCTION_INFO_V1(dynapg_item_size);
PG_FUNCTION_INFO_V1(dynapg_partition_hash);
PG_FUNCTION_INFO_V1(dynapg_sort_key);
PG_FUNCTION_INFO_V1(dynapg_number_key);
PG_FUNCTION_INFO_V1(dynapg_number_from_key);
PG_FUNCTION_INFO_V1(dynapg_wire_roundtrip);
PG_FUNCTION_INFO_V1(dynapg_wire_to_item);
PG_FUNCTION_INFO_V1(dynapg_item_to_wire);
PG_FUNCTION_INFO_V1(dynapg_is_json);
PG_FUNCTION_INFO_V1(dynapg_value_equal);
PG_FUNCTION_INFO_V1(dynapg_value_compare);
PG_FUNCTION_INFO_V1(dynapg_number_arithmetic);

/* Raises the error of a map, if it has one. */
static void
raise_value_error(const AttrError *error)
{
	if (error->message == NULL)
		return;
	if (error->name && error->name_len > 0 && memchr(error->name, '\0', error->name_len) == NULL)
		dyn_error_detail(DYN_VALIDATION,
						 psprintf("Attribute \"%.*s\".", Min(error->name_len, KEY_NAME_MAX_SIZE), error->name),
						 "%s", error->message);
	dyn_error(DYN_VALIDATION, "%s", error->message);
}

/* Reads the map that is the reader's whole source. */
static void
read_whole_map(WireReader *reader, AttributeMap *map)
{
	wire_next(reader);
	attr_read_map(reader, map);
	wire_next(reader);
	raise_value_error(&map->error);
}

/* to_dynamodb_json(item jsonb) returns jsonb */
Datum
dynapg_to_dynamodb_json(PG_FUNCTION_ARGS)
{
	Jsonb	   *item = PG_GETARG_JSONB_P(0);
	WireWriter	writer;

	attr_check_item(item);
	wire_write_jsonb(&writer);
	attr_write_item(&writer, item);
	PG_RETURN_JSONB_P(wire_writer_jsonb(&writer));
}

/* from_dynamodb_json(typed jsonb) returns jsonb */
Datum
dynapg_from_dynamodb_json(PG_FUNCTION_ARGS)
{
	WireReader	reader;
	AttributeMap map;

	wire_read_jsonb(&reader, PG_GETARG_JSONB_P(0));
	read_whole_map(&reader, &map);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&map.object));
}

/* item_to_ion(item jsonb) returns text */
Datum
dynapg_item_to_ion(PG_FUNCTION_ARGS)
{
	Jsonb	   *item = PG_GETARG_JSONB_P(0);
	StringInfoData out;

	attr_check_item(item);
	initStringInfo(&out);
	ion_append_item(&out, item);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* item_from_ion(ion text) returns jsonb */
Datum
dynapg_item_from_ion(PG_FUNCTION_ARGS)
{
	text	   *source = PG_GETARG_TEXT_PP(0);
	IonReader	reader;
	AttributeMap map;

	ion_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source), ion_symbols_create());
	ion_read_item(&reader, &map);
	raise_value_error(&map.error);
	PG_RETURN_JSONB_P(attr_to_jsonb(&map.object));
}

/* item_size(item jsonb) returns integer */
Datum
dynapg_item_size(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(attr_check_item(PG_GETARG_JSONB_P(0)));
}

/* The canonical bytes of a key attribute: arguments are item, attribute name and type. */
static void
key_arguments(FunctionCallInfo fcinfo, bool is_sort, KeyType *type, const char **bytes, int *len)
{
	Jsonb	   *item = PG_GETARG_JSONB_P(0);
	text	   *name = PG_GETARG_TEXT_PP(1);
	text	   *type_name = PG_GETARG_TEXT_PP(2);
	JsonbValue	map;
	const char *stored;
	int			stored_len;
	char		letter = VARSIZE_ANY_EXHDR(type_name) == 1 ? *VARDATA_ANY(type_name) : '\0';

	if (letter != 'S' && letter != 'N' && letter != 'B')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid key type \"%s\"", text_to_cstring(type_name)),
				 errhint("A key's type is S, N or B.")));
	if (!JB_ROOT_IS_OBJECT(item))
		attr_check_item(item);	/* raises */
	*type = (KeyType) letter;
	stored = attr_name_to_stored(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &stored_len);
	attr_from_item(item, &map);
	key_of_item(&map, stored, stored_len, *type, is_sort, bytes, len);
}

/* partition_hash(item jsonb, attribute text, type text) returns uuid */
Datum
dynapg_partition_hash(PG_FUNCTION_ARGS)
{
	KeyType		type;
	const char *bytes;
	int			len;
	pg_uuid_t  *hash = palloc(sizeof(pg_uuid_t));

	key_arguments(fcinfo, false, &type, &bytes, &len);
	key_hash(type, bytes, len, hash);
	PG_RETURN_UUID_P(hash);
}

static bytea *
make_bytea(const char *bytes, int len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return result;
}

/* sort_key(item jsonb, attribute text, type text) returns bytea */
Datum
dynapg_sort_key(PG_FUNCTION_ARGS)
{
	KeyType		type;
	const char *bytes;
	int			len;

	key_arguments(fcinfo, true, &type, &bytes, &len);
	PG_RETURN_BYTEA_P(make_bytea(bytes, len));
}

static void
raise_number_error(NumberStatus status, const char *text, int len)
{
	if (status != NUMBER_OK)
		dyn_error(DYN_VALIDATION, "%s", number_error_message(status, text, len));
}

/* number_key(number numeric) returns bytea */
Datum
dynapg_number_key(PG_FUNCTION_ARGS)
{
	DynNumber	number;
	char		bytes[KEY_NUMBER_MAX_SIZE];
	int			len;

	raise_number_error(number_from_numeric(PG_GETARG_NUMERIC(0), &number), "", 0);
	len = key_encode_number(&number, (uint8 *) bytes);
	PG_RETURN_BYTEA_P(make_bytea(bytes, len));
}

/* number_from_key(key bytea) returns numeric */
Datum
dynapg_number_from_key(PG_FUNCTION_ARGS)
{
	bytea	   *key = PG_GETARG_BYTEA_PP(0);
	DynNumber	number;

	if (!key_decode_number((const uint8 *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), &number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("these bytes are not the key of a number")));
	PG_RETURN_NUMERIC(number_to_numeric(&number));
}

/* Tests: wire_roundtrip(text) returns text: through an item's jsonb and back. */
Datum
dynapg_wire_roundtrip(PG_FUNCTION_ARGS)
{
	text	   *source = PG_GETARG_TEXT_PP(0);
	WireReader	reader;
	WireWriter	writer;
	AttributeMap map;
	StringInfoData out;

	wire_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	read_whole_map(&reader, &map);
	initStringInfo(&out);
	wire_write_text(&writer, &out);
	attr_write_item(&writer, JsonbValueToJsonb(&map.object));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* Tests: wire_to_item(text) returns jsonb: the item as stored. */
Datum
dynapg_wire_to_item(PG_FUNCTION_ARGS)
{
	text	   *source = PG_GETARG_TEXT_PP(0);
	WireReader	reader;
	AttributeMap map;
	Jsonb	   *item;
	int			size;

	wire_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	read_whole_map(&reader, &map);
	item = JsonbValueToJsonb(&map.object);

	/* what the reader makes must pass the check, and both must count alike */
	size = attr_check_item(item);
	if (size != map.size || size != attr_map_size(&map.object))
		elog(ERROR, "sizes differ: read %d, checked %d, measured %d", map.size, size, attr_map_size(&map.object));
	PG_RETURN_JSONB_P(item);
}

/* Tests: item_to_wire(item jsonb) returns text */
Datum
dynapg_item_to_wire(PG_FUNCTION_ARGS)
{
	WireWriter	writer;
	StringInfoData out;

	initStringInfo(&out);
	wire_write_text(&writer, &out);
	attr_write_item(&writer, PG_GETARG_JSONB_P(0));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* Tests: is_json(bytea) returns boolean */
Datum
dynapg_is_json(PG_FUNCTION_ARGS)
{
	bytea	   *source = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_BOOL(wire_text_is_json(VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source)));
}

/* The attribute v of an item. */
static void
get_v(Jsonb *item, JsonbValue *value)
{
	JsonbValue	map;

	attr_from_item(item, &map);
	if (!attr_lookup(&map, "v", 1, value))
		elog(ERROR, "the item has no attribute v");
}

/* Tests: value_equal(a jsonb, b jsonb) returns boolean: of two items' attribute v */
Datum
dynapg_value_equal(PG_FUNCTION_ARGS)
{
	JsonbValue	a;
	JsonbValue	b;

	get_v(PG_GETARG_JSONB_P(0), &a);
	get_v(PG_GETARG_JSONB_P(1), &b);
	PG_RETURN_BOOL(attr_equal(&a, &b));
}

/* Tests: value_compare(a jsonb, b jsonb) returns integer: -1, 0, 1, or null */
Datum
dynapg_value_compare(PG_FUNCTION_ARGS)
{
	JsonbValue	a;
	JsonbValue	b;
	int			order;

	get_v(PG_GETARG_JSONB_P(0), &a);
	get_v(PG_GETARG_JSONB_P(1), &b);
	if (!attr_compare(&a, &b, &order))
		PG_RETURN_NULL();
	PG_RETURN_INT32(order < 0 ? -1 : order > 0 ? 1 : 0);
}

/* Tests: number_arithmetic(a text, sign text, b text) returns text: a + b or a - b as the service has it */
Datum
dynapg_number_arithmetic(PG_FUNCTION_ARGS)
{
	text	   *left = PG_GETARG_TEXT_PP(0);
	text	   *sign = PG_GETARG_TEXT_PP(1);
	text	   *right = PG_GETARG_TEXT_PP(2);
	DynNumber	a;
	DynNumber	b;
	DynNumber	result;
	StringInfoData out;

	raise_number_error(number_parse(VARDATA_ANY(left), VARSIZE_ANY_EXHDR(left), &a),
					   VARDATA_ANY(left), VARSIZE_ANY_EXHDR(left));
	raise_number_error(number_parse(VARDATA_ANY(right), VARSIZE_ANY_EXHDR(right), &b),
					   VARDATA_ANY(right), VARSIZE_ANY_EXHDR(right));
	raise_number_error(*VARDATA_ANY(sign) == '-' ? number_subtract(&a, &b, &result) : number_add(&a, &b, &result),
					   "", 0);
	initStringInfo(&out);
	number_append(&out, &result);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* Tests: cbor(document bytea) returns jsonb, null for what is none */
Datum
dynapg_test_cbor(PG_FUNCTION_ARGS)
{
	bytea	   *document = PG_GETARG_BYTEA_PP(0);
	Jsonb	   *value = cbor_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(value);
}

static CborNumber
double_of_member(const char *member, int len)
{
	return CBOR_DOUBLE;
}

/* Tests: cbor_write(value jsonb) returns bytea */
Datum
dynapg_test_cbor_write(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	cbor_write(&out, PG_GETARG_JSONB_P(0), double_of_member);
	PG_RETURN_BYTEA_P(DatumGetByteaP(PointerGetDatum(cstring_to_text_with_len(out.data, out.len))));
}
