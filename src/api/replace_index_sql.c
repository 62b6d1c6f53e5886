/*
 * replace_index_sql.c
 *		dynapg.replace_index(): another key or projection for an index in use.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "api/definition.h"
#include "base/error.h"
#include "op/replace_index.h"

PG_FUNCTION_INFO_V1(dynapg_replace_index);

/* The request: that of UpdateTable for an index of this name and definition. */
static RequestValue *
make_request(text *table_name, text *index_name, Jsonb *definition, Jsonb *present)
{
	StringInfoData out;
	WireReader	reader;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"TableName\": ");
	escape_json(&out, text_to_cstring(table_name));
	definition_append(&out, "AttributeDefinitions", definition, NULL);
	appendStringInfoString(&out, ", \"GlobalSecondaryIndexUpdates\": [{\"Create\": {\"IndexName\": ");
	escape_json(&out, text_to_cstring(index_name));
	definition_append(&out, "KeySchema", definition, present);
	definition_append(&out, "Projection", definition, present);
	appendStringInfoString(&out, "}}]}");
	wire_read_text(&reader, out.data, out.len);
	return request_read(&reader, OPERATION_UpdateTable);
}

/* replace_index(table_name text, index_name text, definition jsonb) returns void */
Datum
dynapg_replace_index(PG_FUNCTION_ARGS)
{
	static const char *const allowed[] = {"KeySchema", "Projection", "AttributeDefinitions"};
	text	   *table_name = PG_GETARG_TEXT_PP(0);
	text	   *index_name = PG_GETARG_TEXT_PP(1);
	Jsonb	   *definition = PG_GETARG_JSONB_P(2);
	const char *outer = dyn_operation;

	definition_check_members(definition, "an index", allowed, lengthof(allowed));
	dyn_operation = "UpdateTable";
	PG_TRY();
	{
		const TableIndex *index = replace_index_find(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name),
													 VARDATA_ANY(index_name), VARSIZE_ANY_EXHDR(index_name));

		replace_index(make_request(table_name, index_name, definition, index->definition));
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
