/*
 * policy_sql.c
 *		SQL functions over policies that are given as texts: a simulation for people, and what tests want to see.
 *
 * Those for tests, at the end, are not in the extension's script (test/functions.sql).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/settings.h"
#include "base/varlena.h"
#include "policy/policy.h"
#include "value/wire.h"

PG_FUNCTION_INFO_V1(dynapg_simulate_custom_policy);
PG_FUNCTION_INFO_V1(dynapg_test_policy);
PG_FUNCTION_INFO_V1(dynapg_test_policy_equivalent);
PG_FUNCTION_INFO_V1(dynapg_test_policy_size);
PG_FUNCTION_INFO_V1(dynapg_test_glob);

/* ------------------------------------------------------------------------------------------------------------
 * A request's keys as jsonb: {"aws:username": "ann", "dynamodb:LeadingKeys": ["a", "b"]}
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct ContextEntry
{
	PolicyText	name;
	PolicyValues values;
} ContextEntry;

typedef struct Context
{
	int			n;
	ContextEntry *entries;
} Context;

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

static void
read_context(Jsonb *jsonb, Context *context)
{
	WireReader	reader;

	memset(context, 0, sizeof(*context));
	wire_read_jsonb(&reader, jsonb);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the condition keys of a request must be a JSON object")));
	context->entries = palloc0((JB_ROOT_COUNT(jsonb) + 1) * sizeof(ContextEntry));
	while (wire_next(&reader) == WIRE_KEY)
	{
		ContextEntry *entry = &context->entries[context->n++];

		entry->name.text = reader.text;
		entry->name.len = reader.len;
		wire_next(&reader);
		read_values(&reader, &entry->values);
	}
}

/* A PolicyLookup. */
static bool
look_up(void *argument, const PolicyKey *key, PolicyValues *values)
{
	const Context *context = argument;

	for (int i = 0; i < context->n; i++)
	{
		const ContextEntry *entry = &context->entries[i];

		if (entry->name.len != key->name.len || pg_strncasecmp(entry->name.text, key->name.text, key->name.len) != 0)
			continue;
		*values = entry->values;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Simulation
 * ------------------------------------------------------------------------------------------------------------ */

/* Arguments of simulate_custom_policy(). */
enum
{
	ARG_POLICIES, ARG_ACTION, ARG_RESOURCE, ARG_CONTEXT, ARG_RESOURCE_POLICY, ARG_BOUNDARY, ARG_SESSION_POLICY, ARG_GRANTED
};

static PolicyText
text_of(text *value)
{
	PolicyText	text = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return text;
}

/* Names of policies are their numbers. */
static Policy *
compile_text(PolicyText text, PolicyKind kind, int number)
{
	return policy_compile(policy_parse(text.text, text.len, kind), psprintf("%d", number));
}

static Policy *
compile_argument(FunctionCallInfo fcinfo, int argument, PolicyKind kind)
{
	if (PG_ARGISNULL(argument))
		return NULL;
	return compile_text(text_of(PG_GETARG_TEXT_PP(argument)), kind, 1);
}

static void
compile_identity(FunctionCallInfo fcinfo, PolicySet *set)
{
	const Policy **policies;
	Datum	   *texts;
	bool	   *nulls;

	if (PG_ARGISNULL(ARG_POLICIES))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_POLICIES), TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &set->n_identity);
	policies = palloc((set->n_identity + 1) * sizeof(Policy *));
	for (int i = 0; i < set->n_identity; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a policy must not be null")));
		policies[i] = compile_text(text_of(DatumGetTextPP(texts[i])), POLICY_IDENTITY, i + 1);
	}
	set->identity = policies;
}

static PolicyAction
find_action(PolicyText name)
{
	PolicyAction action = policy_action_find(name.text, name.len);

	if (action == POLICY_ACTION_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no action \"%.*s\"", POLICY_TEXT_ARGS(name)),
				 errhint("Actions have names like dynamodb:GetItem.")));
	return action;
}

/* Who calls: aws:PrincipalArn, or the current role. */
static const PolicyText *
find_principal(const Context *context)
{
	PolicyKey	key;
	PolicyText	name = {"aws:PrincipalArn", strlen("aws:PrincipalArn")};
	PolicyValues values;
	PolicyText *principal = palloc(sizeof(PolicyText));

	policy_key_find(name, &key);
	if (look_up(unconstify(Context *, context), &key, &values) && values.n > 0)
		*principal = values.texts[0];
	else
	{
		principal->text = psprintf("arn:aws:iam::%s:user/%s", dynapg_account_id, GetUserNameFromId(GetUserId(), false));
		principal->len = strlen(principal->text);
	}
	return principal;
}

static Datum
result_row(FunctionCallInfo fcinfo, const PolicyRequest *request, const PolicyResult *result)
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
		values[2] = Int32GetDatum(atoi(policy_name(result->policy)));
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

/*
 * simulate_custom_policy(policies text[], action text, resource text, context jsonb, resource_policy text, boundary text,
 *	session_policy text, granted boolean) returns (decision text, side text, policy integer, statement integer, sid text, refusal text)
 */
Datum
dynapg_simulate_custom_policy(PG_FUNCTION_ARGS)
{
	PolicySet	set = {0};
	PolicyRequest request = {0};
	PolicyResult result;
	Context		context = {0};
	bool		is_stream;

	if (PG_ARGISNULL(ARG_ACTION) || PG_ARGISNULL(ARG_RESOURCE))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("action and resource must not be null")));
	request.action = find_action(text_of(PG_GETARG_TEXT_PP(ARG_ACTION)));
	request.resource = text_of(PG_GETARG_TEXT_PP(ARG_RESOURCE));
	is_stream = memmem(request.resource.text, request.resource.len, "/stream/", strlen("/stream/")) != NULL;
	if (!PG_ARGISNULL(ARG_CONTEXT))
		read_context(PG_GETARG_JSONB_P(ARG_CONTEXT), &context);
	request.lookup = look_up;
	request.argument = &context;
	request.principals = find_principal(&context);
	request.n_principals = 1;
	compile_identity(fcinfo, &set);
	set.resource = compile_argument(fcinfo, ARG_RESOURCE_POLICY, is_stream ? POLICY_STREAM : POLICY_TABLE);
	set.boundary = compile_argument(fcinfo, ARG_BOUNDARY, POLICY_IDENTITY);
	set.session = compile_argument(fcinfo, ARG_SESSION_POLICY, POLICY_IDENTITY);
	set.granted = !PG_ARGISNULL(ARG_GRANTED) && PG_GETARG_BOOL(ARG_GRANTED);
	policy_evaluate(&set, &request, &result);
	return result_row(fcinfo, &request, &result);
}

/* ------------------------------------------------------------------------------------------------------------
 * For tests
 * ------------------------------------------------------------------------------------------------------------ */

/* identity, table or stream */
static PolicyKind
kind_argument(text *name)
{
	char	   *kind = text_to_cstring(name);

	return strcmp(kind, "table") == 0 ? POLICY_TABLE : strcmp(kind, "stream") == 0 ? POLICY_STREAM : POLICY_IDENTITY;
}

static PolicyDocument *
document_argument(text *source, text *kind)
{
	PolicyText	text = text_of(source);

	return policy_parse(text.text, text.len, kind_argument(kind));
}

/* A PolicyDocument's principals exist but those whose name is nobody. */
static bool
is_somebody(PolicyText principal, void *argument)
{
	return memmem(principal.text, principal.len, "nobody", strlen("nobody")) == NULL;
}

/* policy(policy text, kind text) returns text: the canonical form */
Datum
dynapg_test_policy(PG_FUNCTION_ARGS)
{
	PolicyDocument *document = document_argument(PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1));

	policy_check_principals(document, is_somebody, NULL);
	return CStringGetTextDatum(policy_canonical(document));
}

/* policy_equivalent(a text, b text) returns boolean: of a table's policies */
Datum
dynapg_test_policy_equivalent(PG_FUNCTION_ARGS)
{
	text	   *kind = cstring_to_text("table");

	PG_RETURN_BOOL(policy_equivalent(document_argument(PG_GETARG_TEXT_PP(0), kind), document_argument(PG_GETARG_TEXT_PP(1), kind)));
}

/* policy_size(policy text) returns integer */
Datum
dynapg_test_policy_size(PG_FUNCTION_ARGS)
{
	PolicyText	policy = text_of(PG_GETARG_TEXT_PP(0));

	PG_RETURN_INT32(policy_size(policy.text, policy.len));
}

/* glob(pattern text, text text, ignore_case boolean) returns boolean */
Datum
dynapg_test_glob(PG_FUNCTION_ARGS)
{
	PolicyText	pattern = text_of(PG_GETARG_TEXT_PP(0));
	PolicyText	against = text_of(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(policy_glob(pattern.text, pattern.len, against.text, against.len, PG_GETARG_BOOL(2)));
}
