/*
 * policy_sql.c
 *		SQL functions over policies that are given as texts: a simulation for people, and what tests want to see.
 *
 * Those for tests, at the end, are not in the extension's script (test/functions.sql).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/settings.h"
#include "base/varlena.h"
#include "policy/policy_context.h"

PG_FUNCTION_INFO_V1(dynapg_simulate_custom_policy);
PG_FUNCTION_INFO_V1(dynapg_test_policy);
PG_FUNCTION_INFO_V1(dynapg_test_policy_equivalent);
PG_FUNCTION_INFO_V1(dynapg_test_policy_size);
PG_FUNCTION_INFO_V1(dynapg_test_glob);
PG_FUNCTION_INFO_V1(dynapg_test_judge);
PG_FUNCTION_INFO_V1(dynapg_test_foresee);

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

/* Who calls: aws:PrincipalArn, or the current role. */
static const PolicyText *
find_principal(const PolicyContext *context)
{
	PolicyKey	key;
	PolicyText	name = {"aws:PrincipalArn", strlen("aws:PrincipalArn")};
	PolicyValues values;
	PolicyText *principal = palloc(sizeof(PolicyText));

	policy_key_find(name, &key);
	if (policy_context_look_up(unconstify(PolicyContext *, context), &key, &values) && values.n > 0)
		*principal = values.texts[0];
	else
	{
		principal->text = psprintf("arn:aws:iam::%s:user/%s", dynapg_account_id, GetUserNameFromId(GetUserId(), false));
		principal->len = strlen(principal->text);
	}
	return principal;
}

/*
 * simulate_custom_policy(policies text[], action text, resource text, context jsonb, resource_policy text, boundary text,
 *	session_policy text, granted boolean) returns (decision text, side text, policy text, statement integer, sid text, refusal text)
 */
Datum
dynapg_simulate_custom_policy(PG_FUNCTION_ARGS)
{
	PolicySet	set = {0};
	PolicyRequest request = {0};
	PolicyResult result;
	PolicyContext context = {0};
	bool		is_stream;

	if (PG_ARGISNULL(ARG_ACTION) || PG_ARGISNULL(ARG_RESOURCE))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("action and resource must not be null")));
	request.action = policy_action_require(text_of(PG_GETARG_TEXT_PP(ARG_ACTION)));
	request.resource = text_of(PG_GETARG_TEXT_PP(ARG_RESOURCE));
	is_stream = memmem(request.resource.text, request.resource.len, "/stream/", strlen("/stream/")) != NULL;
	if (!PG_ARGISNULL(ARG_CONTEXT))
		policy_read_context(PG_GETARG_JSONB_P(ARG_CONTEXT), &context);
	request.lookup = policy_context_look_up;
	request.argument = &context;
	request.principals = find_principal(&context);
	request.n_principals = 1;
	compile_identity(fcinfo, &set);
	set.resource = compile_argument(fcinfo, ARG_RESOURCE_POLICY, is_stream ? POLICY_STREAM : POLICY_TABLE);
	set.boundary = compile_argument(fcinfo, ARG_BOUNDARY, POLICY_IDENTITY);
	set.session = compile_argument(fcinfo, ARG_SESSION_POLICY, POLICY_IDENTITY);
	set.granted = !PG_ARGISNULL(ARG_GRANTED) && PG_GETARG_BOOL(ARG_GRANTED);
	policy_evaluate(&set, &request, &result);
	return policy_result_row(fcinfo, &request, &result);
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

/* A request that is judged by one identity policy. */
typedef struct TestRequest
{
	const Policy *policy;
	PolicySet	set;
	PolicyContext context;
	PolicyRequest request;
} TestRequest;

/* (policy text, action text, resource text, context jsonb) */
static void
read_test_request(FunctionCallInfo fcinfo, TestRequest *test)
{
	memset(test, 0, sizeof(*test));
	test->policy = compile_text(text_of(PG_GETARG_TEXT_PP(0)), POLICY_IDENTITY, 1);
	test->set.identity = &test->policy;
	test->set.n_identity = 1;
	policy_read_context(PG_GETARG_JSONB_P(3), &test->context);
	test->request.action = policy_action_require(text_of(PG_GETARG_TEXT_PP(1)));
	test->request.resource = text_of(PG_GETARG_TEXT_PP(2));
	test->request.principals = find_principal(&test->context);
	test->request.n_principals = 1;
	test->request.lookup = policy_context_look_up;
	test->request.argument = &test->context;
}

/* judge(policy text, action text, resource text, context jsonb, times integer) returns text: the last of so many decisions */
Datum
dynapg_test_judge(PG_FUNCTION_ARGS)
{
	TestRequest test;
	PolicyResult result = {0};

	read_test_request(fcinfo, &test);
	for (int i = 0; i < PG_GETARG_INT32(4); i++)
		policy_evaluate(&test.set, &test.request, &result);
	return CStringGetTextDatum(result.decision == POLICY_ALLOW ? "allowed" : "denied");
}

/* foresee(policy text, action text, resource text, context jsonb) returns boolean: whether the request may turn out to be allowed */
Datum
dynapg_test_foresee(PG_FUNCTION_ARGS)
{
	TestRequest test;
	PolicyResult result;

	read_test_request(fcinfo, &test);
	PG_RETURN_BOOL(policy_foresee(&test.set, &test.request, &result) == POLICY_ALLOW);
}
