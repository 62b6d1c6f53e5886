/*
 * partiql_sql.c
 *		The SQL function that only tests call (test/functions.sql): PartiQL without a table.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/error.h"
#include "base/varlena.h"
#include "expr/partiql.h"
#include "value/attr_build.h"

PG_FUNCTION_INFO_V1(dynapg_test_partiql);

/* An array of AttributeValues. */
static void
read_parameters(text *source, PartiqlParameters *parameters)
{
	WireReader	reader;

	wire_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	(void) wire_next(&reader);
	parameters->values = palloc(VARSIZE_ANY_EXHDR(source) * sizeof(JsonbValue *));
	parameters->count = 0;
	while (wire_next(&reader) != WIRE_ARRAY_END)
	{
		AttrError	error;
		int			size;

		parameters->values[parameters->count] = palloc(sizeof(JsonbValue));
		attr_read_value(&reader, parameters->values[parameters->count++], &size, &error);
		if (error.message != NULL)
			dyn_invalid("%s", error.message);
	}
}

static void
read_item(text *source, JsonbValue *item)
{
	WireReader	reader;
	AttributeMap map;

	wire_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	(void) wire_next(&reader);
	attr_read_map(&reader, &map);
	if (map.error.message != NULL)
		dyn_invalid("%s", map.error.message);
	attr_from_item(JsonbValueToJsonb(&map.object), item);
}

/* What a statement makes of an item: projected, updated, or what it inserts. */
static void
write_result(WireWriter *writer, const PartiqlStatement *statement, const JsonbValue *item)
{
	JsonbValue	result;

	if (statement->n_columns > 0)
		partiql_project(statement, item, &result);
	else if (statement->update != NULL)
		update_apply(statement->update, item, true, &result);
	else if (statement->item != NULL)
		result = statement->item->object;
	else
		return;
	attr_check_item(attr_to_jsonb(&result));
	wire_member(writer, "Item");
	attr_write_map(writer, &result);
}

/* The function of (statement, parameters, item); the last two are JSON as a request has them. */
Datum
dynapg_test_partiql(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS"};
	text	   *source = PG_GETARG_TEXT_PP(0);
	PartiqlParameters parameters;
	PartiqlStatement *statement;
	StringInfoData result;
	WireWriter	writer;
	JsonbValue	item;

	read_parameters(PG_GETARG_TEXT_PP(1), &parameters);
	read_item(PG_GETARG_TEXT_PP(2), &item);
	statement = partiql_parse(VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source), &parameters, NULL);

	initStringInfo(&result);
	wire_write_text(&writer, &result);
	wire_object_start(&writer);
	wire_member(&writer, "Kind");
	wire_cstring(&writer, kinds[statement->kind]);
	wire_member(&writer, "Table");
	wire_string(&writer, statement->table, statement->table_len);
	if (statement->index != NULL)
	{
		wire_member(&writer, "Index");
		wire_string(&writer, statement->index, statement->index_len);
	}
	if (statement->where != NULL)
	{
		wire_member(&writer, "Holds");
		wire_boolean(&writer, condition_holds(statement->where, &item));
	}
	for (int i = 0; i < statement->n_order; i++)
	{
		wire_key(&writer, statement->order[i].path->steps[0].name, statement->order[i].path->steps[0].name_len);
		wire_cstring(&writer, statement->order[i].descending ? "DESC" : "ASC");
	}
	write_result(&writer, statement, &item);
	wire_object_end(&writer);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(result.data, result.len));
}
