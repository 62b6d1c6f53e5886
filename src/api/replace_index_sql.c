/*
 * replace_index_sql.c
 *		dynapg.replace_index(): another key or projection for an index in use.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "base/error.h"
#include "op/replace_index.h"

PG_FUNCTION_INFO_V1(dynapg_replace_index);

/* Refuses a definition that is no object, or has a member that does not belong there. */
static void
check_members(Jsonb *definition)
{
	JsonbIterator *iterator = JsonbIteratorInit(&definition->root);
	JsonbValue	value;
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, false);

	if (token != WJB_BEGIN_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the definition of an index must be an object")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_END_OBJECT)
	{
		static const char *const allowed[] = {"KeySchema", "Projection", "AttributeDefinitions"};
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		for (int i = 0; i < lengthof(allowed); i++)
			found |= value.val.string.len == strlen(allowed[i]) &&
				memcmp(value.val.string.val, allowed[i], value.val.string.len) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the definition of an index has no member \"%.*s\"",
							value.val.string.len, value.val.string.val),
					 errhint("It may have KeySchema, Projection and AttributeDefinitions.")));
	}
}

/* Appends a member of the definition, or of the present one if it lacks that; nothing if neither has it. */
static void
append_member(StringInfo out, const char *name, Jsonb *definition, Jsonb *present)
{
	JsonbValue	space;
	JsonbValue *value = getKeyJsonValueFromContainer(&definition->root, name, strlen(name), &space);
	Jsonb	   *member;

	if (value == NULL && present != NULL)
		value = getKeyJsonValueFromContainer(&present->root, name, strlen(name), &space);
	if (value == NULL)
		return;
	member = JsonbValueToJsonb(value);
	appendStringInfo(out, ", \"%s\": ", name);
	JsonbToCString(out, &member->root, VARSIZE(member));
}

/* The request: that of UpdateTable for an index of this name and definition. */
static RequestValue *
make_request(text *table_name, text *index_name, Jsonb *definition, Jsonb *present)
{
	StringInfoData out;
	WireReader	reader;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"TableName\": ");
	escape_json(&out, text_to_cstring(table_name));
	append_member(&out, "AttributeDefinitions", definition, NULL);
	appendStringInfoString(&out, ", \"GlobalSecondaryIndexUpdates\": [{\"Create\": {\"IndexName\": ");
	escape_json(&out, text_to_cstring(index_name));
	append_member(&out, "KeySchema", definition, present);
	append_member(&out, "Projection", definition, present);
	appendStringInfoString(&out, "}}]}");
	wire_read_text(&reader, out.data, out.len);
	return request_read(&reader, OPERATION_UpdateTable);
}

/* replace_index(table_name text, index_name text, definition jsonb) returns void */
Datum
dynapg_replace_index(PG_FUNCTION_ARGS)
{
	text	   *table_name = PG_GETARG_TEXT_PP(0);
	text	   *index_name = PG_GETARG_TEXT_PP(1);
	Jsonb	   *definition = PG_GETARG_JSONB_P(2);
	const char *outer = dyn_operation;

	check_members(definition);
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
