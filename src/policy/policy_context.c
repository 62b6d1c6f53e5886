/*
 * policy_context.c
 *		Requests that are made up: their keys as jsonb, {"aws:username": "ann", "dynamodb:LeadingKeys": ["a", "b"]}, and what became of them
 *		as a row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "policy/policy_context.h"
#include "value/wire.h"

/* A scalar; texts of jsonb live as long as this. */
static PolicyText
read_scalar(WireReader *reader)
{
	PolicyText	text = {reader->text, reader->len};

	switch (reader->token)
	{
		case WIRE_STRING:
		case WIRE_INTEGER:
		case WIRE_DECIMAL:
			return text;
		case WIRE_TRUE:
			text.text = "true";
			break;
		case WIRE_FALSE:
			text.text = "false";
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a condition key's value must be a string, a number, a boolean or an array of such")));
	}
	text.len = strlen(text.text);
	return text;
}

/* A value, which is the current token; null is no value. */
static void
read_values(WireReader *reader, PolicyValues *values)
{
	PolicyText *texts = NULL;

	values->is_list = reader->token == WIRE_ARRAY_START;
	if (!values->is_list && reader->token != WIRE_NULL)
	{
		texts = palloc(sizeof(PolicyText));
		texts[values->n++] = read_scalar(reader);
	}
	while (values->is_list && wire_next(reader) != WIRE_ARRAY_END)
	{
		texts = texts ? repalloc(texts, (values->n + 1) * sizeof(PolicyText)) : palloc(sizeof(PolicyText));
		texts[values->n++] = read_scalar(reader);
	}
	values->texts = texts;
}

static PolicyContextEntry *
add_entry(PolicyContext *context)
{
	context->entries = context->entries ? repalloc(context->entries, (context->n + 1) * sizeof(PolicyContextEntry)) :
		palloc(sizeof(PolicyContextEntry));
	return memset(&context->entries[context->n++], 0, sizeof(PolicyContextEntry));
}

void
policy_read_context(Jsonb *jsonb, PolicyContext *context)
{
	WireReader	reader;

	memset(context, 0, sizeof(*context));
	wire_read_jsonb(&reader, jsonb);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the condition keys of a request must be a JSON object")));
	while (wire_next(&reader) == WIRE_KEY)
	{
		PolicyContextEntry *entry = add_entry(context);

		entry->name.text = reader.text;
		entry->name.len = reader.len;
		wire_next(&reader);
		read_values(&reader, &entry->values);
	}
}

static PolicyText
text_of_cstring(const char *string)
{
	PolicyText	text = {string, strlen(string)};

	return text;
}

void
policy_context_add(PolicyContext *context, const char *name, const char *value)
{
	PolicyContextEntry *entry = add_entry(context);
	PolicyText *text = palloc(sizeof(PolicyText));

	*text = text_of_cstring(value);
	entry->name = text_of_cstring(name);
	entry->values.n = 1;
	entry->values.texts = text;
}

bool
policy_context_look_up(void *argument, const PolicyKey *key, PolicyValues *values)
{
	const PolicyContext *context = argument;

	for (int i = 0; i < context->n; i++)
	{
		const PolicyContextEntry *entry = &context->entries[i];

		if (entry->name.len != key->name.len || pg_strncasecmp(entry->name.text, key->name.text, key->name.len) != 0)
			continue;
		*values = entry->values;
		return true;
	}
	return false;
}

PolicyAction
policy_action_require(PolicyText name)
{
	PolicyAction action = policy_action_find(name.text, name.len);

	if (action == POLICY_ACTION_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no action \"%.*s\"", POLICY_TEXT_ARGS(name)),
				 errhint("Actions have names like dynamodb:GetItem.")));
	return action;
}

Datum
policy_result_row(FunctionCallInfo fcinfo, const PolicyRequest *request, const PolicyResult *result)
{
	static const char *const decisions[] = {
		[POLICY_IMPLICIT_DENY] = "implicitDeny",
		[POLICY_ALLOW] = "allowed",
		[POLICY_EXPLICIT_DENY] = "explicitDeny"
	};
	static const char *const sides[] = {
		[POLICY_SIDE_IDENTITY] = "identity",
		[POLICY_SIDE_RESOURCE] = "resource",
		[POLICY_SIDE_BOUNDARY] = "boundary",
		[POLICY_SIDE_SESSION] = "session",
		[POLICY_SIDE_GRANT] = "grant"
	};
	Datum		values[6] = {0};
	bool		nulls[6] = {0};
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(decisions[result->decision]);
	values[1] = CStringGetTextDatum(sides[result->side]);
	nulls[2] = nulls[3] = result->policy == NULL;
	if (result->policy)
	{
		values[2] = CStringGetTextDatum(policy_name(result->policy));
		values[3] = Int32GetDatum(result->statement);
	}
	nulls[4] = result->sid.text == NULL;
	if (!nulls[4])
		values[4] = PointerGetDatum(cstring_to_text_with_len(result->sid.text, result->sid.len));
	nulls[5] = result->decision == POLICY_ALLOW;
	if (!nulls[5])
		values[5] = CStringGetTextDatum(policy_refusal(request, result));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
