/*
 * authorize_context.c
 *		What policies ask of a request whatever it is about: who, from where, when, which table's tags; and refusals.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/role_policies.h"
#include "op/authorize_private.h"

/* ------------------------------------------------------------------------------------------------------------
 * Condition keys
 * ------------------------------------------------------------------------------------------------------------ */

bool
access_one_value(const char *text, PolicyValues *values)
{
	PolicyText *value;

	if (text == NULL)
		return false;
	value = palloc(sizeof(PolicyText));
	value->text = text;
	value->len = strlen(text);
	values->is_list = false;
	values->n = 1;
	values->texts = value;
	return true;
}

static const char *
boolean_text(bool value)
{
	return value ? "true" : "false";
}

/* Writes so many digits, and what follows them; printf is too dear for what each request may ask for. */
static char *
put_digits(char *p, int value, int digits, char after)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		p[i] = '0' + value % 10;
	p[digits] = after;
	return p + digits + 1;
}

/* A time as ISO 8601 has it, to the second. */
static const char *
time_text(TimestampTz time)
{
	pg_time_t	seconds = timestamptz_to_time_t(time);
	struct pg_tm *parts = pg_gmtime(&seconds);
	char	   *text = palloc(sizeof("2026-01-01T00:00:00Z"));
	char	   *p = put_digits(text, parts->tm_year + 1900, 4, '-');

	p = put_digits(p, parts->tm_mon + 1, 2, '-');
	p = put_digits(p, parts->tm_mday, 2, 'T');
	p = put_digits(p, parts->tm_hour, 2, ':');
	p = put_digits(p, parts->tm_min, 2, ':');
	p = put_digits(p, parts->tm_sec, 2, 'Z');
	*p = '\0';
	return text;
}

static const char *
find_tag(List *tags, PolicyText key)
{
	ListCell   *cell;

	foreach(cell, tags)
	{
		const RoleTag *tag = lfirst(cell);

		if (strlen(tag->key) == key.len && pg_strncasecmp(tag->key, key.text, key.len) == 0)
			return tag->value;
	}
	return NULL;
}

/* A session's tags come before its role's. */
static const char *
principal_tag(const AccessCaller *caller, PolicyText key)
{
	const char *value = caller->session ? find_tag(caller->session->tags, key) : NULL;

	return value ? value : find_tag(caller->role->tags, key);
}

/* Keys of tags differ by case, those of conditions do not: the tag that is written alike is meant, else any. */
static const char *
resource_tag(const TableInfo *table, PolicyText key)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;
	const char *found = NULL;

	if (table == NULL)
		return NULL;
	iterator = JsonbIteratorInit(&table->tags->root);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		bool		is_exact;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (name.val.string.len != key.len || pg_strncasecmp(name.val.string.val, key.text, key.len) != 0)
			continue;
		is_exact = memcmp(name.val.string.val, key.text, key.len) == 0;
		if (is_exact || found == NULL)
			found = pnstrdup(value.val.string.val, value.val.string.len);
		if (is_exact)
			break;
	}
	return found;
}

static char *
user_arn(const AccessCaller *caller)
{
	return psprintf("arn:aws:iam::%s:%s/%s", dynapg_account_id, caller->session ? "role" : "user", caller->role->name);
}

/* aws:userid: of a session with its name. */
static const char *
user_id(const AccessCaller *caller)
{
	return caller->session ? psprintf("%s:%s", caller->role->user_id, caller->session->name) : caller->role->user_id;
}

/* A PolicyLookup of what is known of any request. */
static bool
look_up_common(const AccessCaller *caller, const AccessQuestion *question, const PolicyKey *key, PolicyValues *values)
{
	const Caller *connection = caller->caller;

	switch (key->id)
	{
		case POLICY_KEY_CURRENT_TIME:
			return access_one_value(time_text(GetCurrentTimestamp()), values);
		case POLICY_KEY_EPOCH_TIME:
			return access_one_value(psprintf(INT64_FORMAT, (int64) timestamptz_to_time_t(GetCurrentTimestamp())), values);
		case POLICY_KEY_TOKEN_ISSUE_TIME:
			return caller->session && access_one_value(time_text(caller->session->issued_at), values);
		case POLICY_KEY_MULTI_FACTOR_AUTH_PRESENT:
			return caller->session && access_one_value("false", values);
		case POLICY_KEY_PRINCIPAL_ACCOUNT:
		case POLICY_KEY_RESOURCE_ACCOUNT:
			return access_one_value(dynapg_account_id, values);
		case POLICY_KEY_PRINCIPAL_ARN:
			return access_one_value(user_arn(caller), values);
		case POLICY_KEY_PRINCIPAL_TYPE:
			return access_one_value(caller->session ? "AssumedRole" : "User", values);
		case POLICY_KEY_PRINCIPAL_TAG:
			return access_one_value(principal_tag(caller, key->tag), values);
		case POLICY_KEY_RESOURCE_TAG:
			return access_one_value(resource_tag(question->table, key->tag), values);
		case POLICY_KEY_REQUESTED_REGION:
			return access_one_value(dynapg_region, values);
		case POLICY_KEY_SECURE_TRANSPORT:
			return connection && access_one_value(boolean_text(connection->is_secure), values);
		case POLICY_KEY_SOURCE_IP:
			return connection && access_one_value(connection->source_ip, values);
		case POLICY_KEY_USER_AGENT:
			return connection && access_one_value(connection->user_agent, values);
		case POLICY_KEY_USER_ID:
			return access_one_value(user_id(caller), values);
		case POLICY_KEY_USERNAME:
			/* an assumed role has none, as in AWS */
			return caller->session == NULL && access_one_value(caller->role->name, values);
		case POLICY_KEY_VIA_AWS_SERVICE:
			return access_one_value("false", values);
		default:
			return false;
	}
}

static bool
look_up(void *argument, const PolicyKey *key, PolicyValues *values)
{
	const AccessLookup *lookup = argument;
	const AccessQuestion *question = lookup->question;

	return (question->look_up && question->look_up(question->argument, key, values)) ||
		look_up_common(lookup->caller, question, key, values);
}

/* ------------------------------------------------------------------------------------------------------------
 * Questions
 * ------------------------------------------------------------------------------------------------------------ */

void
access_current_caller(AccessCaller *caller)
{
	caller->role = access_role(GetUserId());
	caller->session = caller_session();
	caller->session_policy = access_session_policy(caller->session);
	caller->caller = caller_get();
}

void
access_set(const AccessCaller *caller, const AccessQuestion *question, PolicySet *set)
{
	set->granted = question->granted;
	set->identity = caller->role->identity;
	set->n_identity = caller->role->n_identity;
	set->resource = question->resource_policy;
	set->boundary = caller->role->boundary;
	set->session = caller->session_policy;
}

static PolicyText
text_of(const char *string)
{
	PolicyText	text = {string, strlen(string)};

	return text;
}

/* A request without its principals. */
static void
begin_request(const AccessCaller *caller, const AccessQuestion *question, AccessLookup *lookup, PolicyRequest *request)
{
	lookup->caller = caller;
	lookup->question = question;
	memset(request, 0, sizeof(*request));
	request->action = question->action;
	request->resource = text_of(question->resource);
	request->principals = lookup->principals;
	request->lookup = look_up;
	request->argument = lookup;
}

void
access_request(const AccessCaller *caller, const AccessQuestion *question, AccessLookup *lookup, PolicyRequest *request)
{
	begin_request(caller, question, lookup, request);
	if (caller->session)
		lookup->principals[request->n_principals++] = text_of(psprintf("arn:aws:sts::%s:assumed-role/%s/%s", dynapg_account_id,
																	   caller->role->name, caller->session->name));
	lookup->principals[request->n_principals++] = text_of(user_arn(caller));
}

PolicyDecision
access_judge(const AccessCaller *caller, const AccessQuestion *question, PolicyResult *result)
{
	PolicySet	set;
	PolicyRequest request;
	AccessLookup lookup;

	access_set(caller, question, &set);
	/* only policies of resources name principals */
	if (question->resource_policy != NULL)
		access_request(caller, question, &lookup, &request);
	else
		begin_request(caller, question, &lookup, &request);
	return question->foresees ? policy_foresee(&set, &request, result) : policy_evaluate(&set, &request, result);
}

PolicyDecision
access_judge_discreetly(const AccessCaller *caller, const AccessQuestion *question, PolicyResult *result)
{
	AccessQuestion own = *question;
	PolicyResult whole;

	own.resource_policy = NULL;
	(void) access_judge(caller, &own, result);
	if (question->resource_policy == NULL)
		return result->decision;
	(void) access_judge(caller, question, &whole);
	if (whole.decision != POLICY_EXPLICIT_DENY || result->decision == POLICY_ALLOW)
		*result = whole;
	return result->decision;
}

void
access_refuse(const AccessCaller *caller, const AccessQuestion *question, const PolicyResult *result)
{
	PolicyRequest request;
	AccessLookup lookup;

	/* a table that is not there has been looked for in the catalog, one that is in the cache only: how long it takes must not tell them apart */
	if (question->table != NULL)
		(void) catalog_table("", 0);
	access_request(caller, question, &lookup, &request);
	dyn_error(DYN_ACCESS_DENIED, "%s", policy_refusal(&request, result));
}

void
access_require(const AccessQuestion *question, PolicyResult *result)
{
	AccessCaller caller;

	access_current_caller(&caller);
	if (access_judge(&caller, question, result) != POLICY_ALLOW)
		access_refuse(&caller, question, result);
}

char *
access_arn(const char *table, int table_len, const char *index, int index_len)
{
	const char *const parts[] = {"arn:aws:dynamodb:", dynapg_region, ":", dynapg_account_id, ":table/"};
	StringInfoData arn;

	initStringInfo(&arn);
	for (int i = 0; i < lengthof(parts); i++)
		appendStringInfoString(&arn, parts[i]);
	appendBinaryStringInfo(&arn, table, table_len);
	if (index != NULL)
	{
		appendStringInfoString(&arn, "/index/");
		appendBinaryStringInfo(&arn, index, index_len);
	}
	return arn.data;
}
