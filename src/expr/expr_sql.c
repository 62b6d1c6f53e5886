/*
 * expr_sql.c
 *		SQL functions that only tests call (test/functions.sql): expressions without a table.
 *
 * Names, values and items are JSON texts as a request carries them; names and values may be null.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/error.h"
#include "base/varlena.h"
#include "expr/expr.h"
#include "value/attr_build.h"

PG_FUNCTION_INFO_V1(dynapg_test_condition);
PG_FUNCTION_INFO_V1(dynapg_test_projection);
PG_FUNCTION_INFO_V1(dynapg_test_update);
PG_FUNCTION_INFO_V1(dynapg_test_key_condition);
PG_FUNCTION_INFO_V1(dynapg_test_is_reserved);

#define NO_ARGUMENT (-1)

/* Begins to read an argument of JSON text; false if it is null. */
static bool
read_argument(FunctionCallInfo fcinfo, int n, WireReader *reader)
{
	text	   *source;

	if (PG_ARGISNULL(n))
		return false;
	source = PG_GETARG_TEXT_PP(n);
	wire_read_text(reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	wire_next(reader);
	return true;
}

/* An item or the like; false if the argument is null. */
static bool
read_map(FunctionCallInfo fcinfo, int n, AttributeMap *map)
{
	WireReader	reader;

	if (!read_argument(fcinfo, n, &reader))
		return false;
	attr_read_map(&reader, map);
	wire_next(&reader);
	if (map->error.message)
		dyn_invalid("%s", map->error.message);
	return true;
}

/* An item as evaluators meet it: jsonb's bytes. */
static bool
read_item(FunctionCallInfo fcinfo, int n, JsonbValue *item)
{
	AttributeMap map;

	if (!read_map(fcinfo, n, &map))
		return false;
	attr_from_item(JsonbValueToJsonb(&map.object), item);
	return true;
}

static void
read_params(FunctionCallInfo fcinfo, int names, int values, ExprParams *params)
{
	WireReader	reader;
	int			capacity = 0;

	memset(params, 0, sizeof(*params));
	if (read_argument(fcinfo, names, &reader))
		while (wire_next(&reader) == WIRE_KEY)
		{
			ExprName   *name;

			if (params->n_names == capacity)
			{
				capacity = Max(8, 2 * capacity);
				params->names = params->names ? repalloc(params->names, capacity * sizeof(ExprName)) :
					palloc(capacity * sizeof(ExprName));
			}
			name = &params->names[params->n_names++];
			name->used = false;
			name->placeholder = pnstrdup(reader.text, reader.len);
			if (wire_next(&reader) != WIRE_STRING)
				elog(ERROR, "a name must be a string");
			name->name = reader.text;
			name->name_len = reader.len;
		}
	capacity = 0;
	if (values != NO_ARGUMENT && read_argument(fcinfo, values, &reader))
		while (wire_next(&reader) == WIRE_KEY)
		{
			ExprValue  *value;
			AttrError	error;
			int			size;

			if (params->n_values == capacity)
			{
				capacity = Max(8, 2 * capacity);
				params->values = params->values ? repalloc(params->values, capacity * sizeof(ExprValue)) :
					palloc(capacity * sizeof(ExprValue));
			}
			value = &params->values[params->n_values++];
			value->used = false;
			value->placeholder = pnstrdup(reader.text, reader.len);
			value->value = palloc(sizeof(JsonbValue));
			wire_next(&reader);
			attr_read_value(&reader, value->value, &size, &error);
			if (error.message)
				dyn_invalid("ExpressionAttributeValues contains invalid value: %s for key %s", error.message,
							value->placeholder);
		}
}

static text *
print_map(const JsonbValue *map)
{
	WireWriter	writer;
	StringInfoData out;

	initStringInfo(&out);
	wire_write_text(&writer, &out);
	attr_write_map(&writer, map);
	return cstring_to_text_with_len(out.data, out.len);
}

/* The same of a tree that was built; it must become the very bytes that a put of what is printed would store. */
static text *
print_result(const JsonbValue *result)
{
	Jsonb	   *item = attr_to_jsonb(result);
	JsonbValue	stored;
	text	   *printed;
	WireReader	reader;
	AttributeMap again;
	Jsonb	   *put;

	attr_from_item(item, &stored);
	printed = print_map(&stored);
	wire_read_text(&reader, VARDATA_ANY(printed), VARSIZE_ANY_EXHDR(printed));
	wire_next(&reader);
	attr_read_map(&reader, &again);
	put = JsonbValueToJsonb(&again.object);
	if (VARSIZE(put) != VARSIZE(item) || memcmp(put, item, VARSIZE(item)) != 0)
		elog(ERROR, "the result is not in stored form");
	if (attr_check_item(item) != attr_map_size(result))
		elog(ERROR, "the result's sizes differ: %d, %d", attr_check_item(item), attr_map_size(result));
	return printed;
}

/* condition(expression text, names text, "values" text, item text, kind text) returns boolean */
Datum
dynapg_test_condition(PG_FUNCTION_ARGS)
{
	text	   *expression = PG_GETARG_TEXT_PP(0);
	ExprParams	params;
	ExprNode   *condition;
	JsonbValue	item;
	bool		exists;

	read_params(fcinfo, 1, 2, &params);
	exists = read_item(fcinfo, 3, &item);
	condition = expr_parse_condition(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression),
									 text_to_cstring(PG_GETARG_TEXT_PP(4)), &params);
	expr_check_unused(&params);
	PG_RETURN_BOOL(condition_holds(condition, exists ? &item : NULL));
}

/* projection(expression text, names text, item text) returns text */
Datum
dynapg_test_projection(PG_FUNCTION_ARGS)
{
	text	   *expression = PG_GETARG_TEXT_PP(0);
	ExprParams	params;
	Projection *projection;
	JsonbValue	item;
	JsonbValue	result;

	read_params(fcinfo, 1, NO_ARGUMENT, &params);
	projection = expr_parse_projection(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression), &params);
	expr_check_unused(&params);
	if (!read_item(fcinfo, 2, &item))
		PG_RETURN_NULL();
	projection_apply(projection, &item, &result);
	PG_RETURN_TEXT_P(print_result(&result));
}

/*
 * update(expression text, names text, "values" text, item text, present boolean, returned text) returns text: the
 * new item (ALL_NEW), fragments (UPDATED_OLD, UPDATED_NEW; null if there are none), or the cost (COST)
 */
Datum
dynapg_test_update(PG_FUNCTION_ARGS)
{
	text	   *expression = PG_GETARG_TEXT_PP(0);
	bool		exists = PG_GETARG_BOOL(4);
	char	   *returning = text_to_cstring(PG_GETARG_TEXT_PP(5));
	ExprParams	params;
	Update	   *update;
	JsonbValue	item;
	JsonbValue	result;
	JsonbValue	fragments;

	read_params(fcinfo, 1, 2, &params);
	params.envelopes = ENVELOPE_WRITE | ENVELOPE_UNUSED_NAMES | ENVELOPE_UPDATE;
	update = expr_parse_update(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression), &params);
	expr_check_unused(&params);
	if (strcmp(returning, "COST") == 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d", update_cost(update))));
	if (!read_item(fcinfo, 3, &item))
		PG_RETURN_NULL();
	update_apply(update, &item, exists, &result);
	if (strcmp(returning, "ALL_NEW") == 0)
		PG_RETURN_TEXT_P(print_result(&result));
	if (strcmp(returning, "UPDATED_OLD") == 0 ?
		!exists || !update_fragments(update, &item, &fragments) :
		!update_fragments(update, &result, &fragments))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(print_result(&fragments));
}

/* key_condition(expression text, names text, "values" text) returns text: one line a term */
Datum
dynapg_test_key_condition(PG_FUNCTION_ARGS)
{
	static const char *const operators[] = {
		[KEY_OP_EQ] = "EQ", [KEY_OP_LT] = "LT", [KEY_OP_LE] = "LE", [KEY_OP_GT] = "GT", [KEY_OP_GE] = "GE",
		[KEY_OP_BETWEEN] = "BETWEEN", [KEY_OP_BEGINS_WITH] = "BEGINS_WITH"
	};
	text	   *expression = PG_GETARG_TEXT_PP(0);
	ExprParams	params;
	ExprNode   *condition;
	KeyCondition *key_condition;
	StringInfoData out;

	read_params(fcinfo, 1, 2, &params);
	condition = expr_parse_key_condition(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression), &params);
	expr_check_unused(&params);
	key_condition = expr_key_condition(condition);

	initStringInfo(&out);
	for (int i = 0; i < key_condition->n_terms; i++)
	{
		const KeyTerm *term = &key_condition->terms[i];

		appendStringInfoString(&out, i > 0 ? "; " : "");
		attr_append_text(&out, term->name, term->name_len);
		appendStringInfo(&out, " %s", operators[term->op]);
		for (int j = 0; j < (term->op == KEY_OP_BETWEEN ? 2 : 1); j++)
		{
			WireWriter	writer;

			appendStringInfoChar(&out, ' ');
			wire_write_text(&writer, &out);
			attr_write_value(&writer, term->values[j]);
		}
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* is_reserved(word text) returns boolean */
Datum
dynapg_test_is_reserved(PG_FUNCTION_ARGS)
{
	text	   *word = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(expr_is_reserved(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word)));
}
