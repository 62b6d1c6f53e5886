/*
 * policy_check.c
 *		What a policy must say beyond its syntax, and how what does not is refused.
 *
 * The order of the checks is the service's where it is known, and IAM's for identity policies.
 */
#include "postgres.h"

#include "base/error.h"
#include "lib/stringinfo.h"
#include "policy/policy_private.h"

void
policy_malformed(const char *detail, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_internal("%s", message),
			 detail ? errdetail_internal("%s", detail) : 0,
			 err_generic_string(PG_DIAG_DATATYPE_NAME, "MalformedPolicyDocument")));
	pg_unreachable();
}

int
policy_split_arn(PolicyText arn, bool has_variables, PolicyText *parts)
{
	int			n = 0;
	int			start = 0;
	bool		in_variable = false;

	for (int i = 0; i <= arn.len; i++)
	{
		bool		is_end = i == arn.len;

		if (!is_end && has_variables && arn.text[i] == '$' && i + 1 < arn.len && arn.text[i + 1] == '{')
			in_variable = memchr(arn.text + i, '}', arn.len - i) != NULL;
		else if (!is_end && arn.text[i] == '}')
			in_variable = false;
		if (is_end || (arn.text[i] == ':' && !in_variable && n < ARN_PARTS - 1))
		{
			parts[n].text = arn.text + start;
			parts[n].len = i - start;
			n++;
			start = i + 1;
		}
	}
	return n;
}

/* Whether a list that must be there has something in it. */
static bool
has_some(const PolicyList *list)
{
	return list->is_there && list->n > 0;
}

static bool
has_wildcard(PolicyText text)
{
	return memchr(text.text, '*', text.len) != NULL || memchr(text.text, '?', text.len) != NULL;
}

/* Two statements that have the same Sid; an empty one is none. */
static bool
has_sid_twice(const PolicyDocument *document)
{
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < i; j++)
		{
			PolicyText	a = document->statements[i].sid;
			PolicyText	b = document->statements[j].sid;

			if (a.len > 0 && policy_text_equal(a, b))
				return true;
		}
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Identity policies, as IAM checks them
 * ------------------------------------------------------------------------------------------------------------ */

static char *
in_statement(int number)
{
	return psprintf("It is in statement %d.", number);
}

static void
check_dates(const PolicyStatement *statement, int number)
{
	for (int i = 0; i < statement->n_conditions; i++)
	{
		const PolicyCondition *condition = &statement->conditions[i];
		int64		date;

		for (int j = 0; condition->operator.family == FAMILY_DATE && j < condition->values.n; j++)
			if (!policy_parse_date(condition->values.texts[j], &date))
				policy_malformed(psprintf("\"%.*s\" in statement %d is no date.",
										  POLICY_TEXT_ARGS(condition->values.texts[j]), number),
								 "The policy failed legacy parsing");
	}
}

static void
check_sid(PolicyText sid, int number)
{
	for (int i = 0; i < sid.len; i++)
		if (!isalnum((unsigned char) sid.text[i]) || IS_HIGHBIT_SET(sid.text[i]))
			policy_malformed(in_statement(number), "Statement IDs (SID) must be alpha-numeric. Check that your input "
							 "satisfies the regular expression [0-9A-Za-z]*");
}

static bool
is_partition(PolicyText text)
{
	return policy_text_is(text, "*") || policy_text_is(text, "aws") || policy_text_is(text, "aws-cn") ||
		policy_text_is(text, "aws-us-gov") || policy_text_is(text, "aws-eusc") || policy_text_is(text, "aws-iso") ||
		policy_text_is(text, "aws-iso-b") || policy_text_is(text, "aws-iso-e") || policy_text_is(text, "aws-iso-f");
}

/* "*" or an ARN.  One that is cut short is filled up with "*". */
static void
check_resource(PolicyText resource, int number)
{
	PolicyText	parts[ARN_PARTS];
	int			n = policy_split_arn(resource, true, parts);

	if (policy_text_is(resource, "*"))
		return;
	if (n < 2 || !policy_text_is(parts[0], "arn"))
		policy_malformed(in_statement(number),
						 psprintf("Resource %.*s must be in ARN format or \"*\".", POLICY_TEXT_ARGS(resource)));
	if (!is_partition(parts[1]))
	{
		static const PolicyText any = {"*", 1};

		for (int i = n; i < ARN_PARTS; i++)
			parts[i] = any;
		policy_malformed(in_statement(number),
						 psprintf("Partition \"%.*s\" is not valid for resource \"arn:%.*s:%.*s:%.*s:%.*s:%.*s\".",
								  POLICY_TEXT_ARGS(parts[1]), POLICY_TEXT_ARGS(parts[1]), POLICY_TEXT_ARGS(parts[2]),
								  POLICY_TEXT_ARGS(parts[3]), POLICY_TEXT_ARGS(parts[4]), POLICY_TEXT_ARGS(parts[5])));
	}
	if (n < 3 || has_wildcard(parts[2]))
		policy_malformed(in_statement(number), "Resource vendor must be fully qualified and cannot contain regexes.");
	if (parts[2].len == 0 || (n < ARN_PARTS && parts[n - 2].len == 0))
		policy_malformed(psprintf("\"%.*s\" in statement %d is no ARN.", POLICY_TEXT_ARGS(resource), number),
						 "The policy failed legacy parsing");
}

static void
check_action(PolicyText action, int number)
{
	const char *colon = memchr(action.text, ':', action.len);
	int			vendor_len = colon ? colon - action.text : action.len;

	if (policy_text_is(action, "*"))
		return;
	if (colon == NULL)
		policy_malformed(in_statement(number), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
	if (memchr(colon + 1, ':', action.text + action.len - colon - 1) != NULL)
		policy_malformed(in_statement(number), "Actions/Condition can contain only one colon.");
	for (int i = 0; i < vendor_len; i++)
	{
		unsigned char c = action.text[i];

		if (!(c < 0x80 && isalnum(c)) && c != '-' && c != '.' && !(vendor_len == 1 && c == '*'))
			policy_malformed(in_statement(number), psprintf("Vendor %.*s is not valid", vendor_len, action.text));
	}
}

static void
check_identity(const PolicyDocument *document)
{
	const PolicyStatement *statements = document->statements;

	for (int i = 0; i < document->n_statements; i++)
	{
		if (statements[i].effect == EFFECT_NONE)
			policy_malformed(psprintf("Statement %d has no Effect.", i + 1), "Syntax errors in policy.");
		if (statements[i].principals.is_there)
			policy_malformed(in_statement(i + 1), "Policy document should not specify a principal.");
	}
	for (int i = 0; i < document->n_statements; i++)
	{
		if (statements[i].effect_has_wrong_case)
			policy_malformed(psprintf("The Effect of statement %d is neither Allow nor Deny.", i + 1),
							 "The policy failed legacy parsing");
		check_dates(&statements[i], i + 1);
		check_sid(statements[i].sid, i + 1);
	}
	if (has_sid_twice(document))
		policy_malformed(NULL, "Statement IDs (SID) in a single policy must be unique.");
	for (int i = 0; i < document->n_statements; i++)
		if (!has_some(&statements[i].actions))
			policy_malformed(in_statement(i + 1), "Policy statement must contain actions.");
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < statements[i].resources.n; j++)
			check_resource(statements[i].resources.texts[j], i + 1);
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < statements[i].actions.n; j++)
			check_action(statements[i].actions.texts[j], i + 1);
	for (int i = 0; i < document->n_statements; i++)
		if (!has_some(&statements[i].resources))
			policy_malformed(in_statement(i + 1), "Policy statement must contain resources.");
}

/* ------------------------------------------------------------------------------------------------------------
 * Resource policies
 * ------------------------------------------------------------------------------------------------------------ */

static bool
has_principals(const PolicyPrincipals *principals)
{
	if (principals->is_anybody)
		return true;
	for (int i = 0; i < PRINCIPAL_KIND_COUNT; i++)
		if (has_some(&principals->kinds[i]))
			return true;
	return false;
}

static void
check_required(const PolicyStatement *statement)
{
	const char *missing = statement->effect == EFFECT_NONE ? "Effect" :
		!has_principals(&statement->principals) ? "Principal" :
		!has_some(&statement->actions) ? "Action" :
		!has_some(&statement->resources) ? "Resource" : NULL;

	if (missing)
		dyn_invalid(POLICY_INVALID_DOCUMENT "Missing required field %s", missing);
}

/* Whether the policy of such a resource may speak of an action. */
static bool
allows_action(PolicyKind kind, const PolicyActionInfo *action)
{
	if (kind == POLICY_STREAM)
		return action->resources & POLICY_ON_STREAM;
	return (action->resources & (POLICY_ON_TABLE | POLICY_ON_INDEX)) && !(action->resources & POLICY_ON_BACKUP);
}

/* Whether a pattern means one at least of the actions that a resource knows. */
static bool
is_known(PolicyKind kind, PolicyText pattern)
{
	for (int i = 0; i < POLICY_ACTION_COUNT; i++)
	{
		const PolicyActionInfo *action = policy_action_info((PolicyAction) i);
		char		name[64];

		snprintf(name, sizeof(name), "dynamodb:%s", action->name);
		if (allows_action(kind, action) && policy_glob(pattern.text, pattern.len, name, strlen(name), true))
			return true;
	}
	return false;
}

static void
check_actions(const PolicyDocument *document)
{
	StringInfoData unknown;

	initStringInfo(&unknown);
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < document->statements[i].actions.n; j++)
		{
			PolicyText	action = document->statements[i].actions.texts[j];

			if (!is_known(document->kind, action))
				appendStringInfo(&unknown, "%s\"%.*s\"", unknown.len ? ", " : "", POLICY_TEXT_ARGS(action));
		}
	if (unknown.len > 0)
		dyn_invalid(POLICY_INVALID_DOCUMENT "The following action names are invalid: %s", unknown.data);
}

/* Whether a text is somewhere in another. */
static bool
contains(PolicyText text, const char *part)
{
	return memmem(text.text, text.len, part, strlen(part)) != NULL;
}

/* A table's policy does not speak of streams, nor a stream's of anything else. */
static void
check_relative_id(PolicyKind kind, PolicyText resource)
{
	PolicyText	parts[ARN_PARTS];
	bool		is_stream;

	if (policy_text_is(resource, "*"))
		return;
	if (policy_split_arn(resource, true, parts) < ARN_PARTS || !policy_text_is(parts[0], "arn"))
		dyn_invalid(POLICY_INVALID_DOCUMENT "Resource %.*s must be in ARN format or \"*\".", POLICY_TEXT_ARGS(resource));
	is_stream = contains(parts[5], "/stream/");
	if (is_stream ? kind == POLICY_TABLE : kind == POLICY_STREAM && !has_wildcard(parts[5]))
		dyn_invalid(POLICY_INVALID_DOCUMENT "The relative-id \"%.*s\" is invalid for ARN \"%.*s\"", POLICY_TEXT_ARGS(parts[5]),
					POLICY_TEXT_ARGS(resource));
}

/* Whether a condition lets through callers from somewhere in particular only. */
static bool
is_bound(const PolicyCondition *condition)
{
	static const char *const keys[] = {
		"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount",
		"aws:SourceArn", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:userid", "aws:username"
	};
	bool		is_key = false;

	for (int i = 0; i < lengthof(keys); i++)
		is_key |= condition->key.len == strlen(keys[i]) && pg_strncasecmp(condition->key.text, keys[i], condition->key.len) == 0;
	if (!is_key || condition->operator.is_negated || condition->operator.if_exists || condition->operator.family == FAMILY_NULL ||
		condition->operator.quantifier == FOR_ALL_VALUES)
		return false;
	for (int i = 0; i < condition->values.n; i++)
		if (has_wildcard(condition->values.texts[i]) || contains(condition->values.texts[i], "${") ||
			policy_text_is(condition->values.texts[i], "0.0.0.0/0") || policy_text_is(condition->values.texts[i], "::/0"))
			return false;
	return true;
}

/* Whether a statement allows something to anybody. */
static bool
is_unbounded(const PolicyStatement *statement)
{
	bool		anybody = statement->principals.is_anybody || statement->principals.is_negated;
	const PolicyList *named = &statement->principals.kinds[PRINCIPAL_AWS];

	for (int i = 0; i < named->n; i++)
		anybody |= policy_text_is(named->texts[i], "*");
	if (!anybody || statement->effect != EFFECT_ALLOW)
		return false;
	for (int i = 0; i < statement->n_conditions; i++)
		if (is_bound(&statement->conditions[i]))
			return false;
	return true;
}

static void
check_resource_policy(const PolicyDocument *document)
{
	for (int i = 0; i < document->n_statements; i++)
		check_required(&document->statements[i]);
	if (has_sid_twice(document))
		dyn_invalid(POLICY_INVALID_DOCUMENT "The Statement Ids in the policy are not unique");
	check_actions(document);
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < document->statements[i].resources.n; j++)
			check_relative_id(document->kind, document->statements[i].resources.texts[j]);
	for (int i = 0; i < document->n_statements; i++)
		if (is_unbounded(&document->statements[i]))
			dyn_invalid("Resource-based policy grants unbounded access in one or more elements. Please revise the policy to "
						"ensure least-privilege form of access");
}

void
policy_check(const PolicyDocument *document)
{
	if (document->kind == POLICY_IDENTITY)
		check_identity(document);
	else
		check_resource_policy(document);
}

void
policy_check_principals(const PolicyDocument *document, bool (*exists) (PolicyText principal, void *argument), void *argument)
{
	for (int i = 0; i < document->n_statements; i++)
	{
		const PolicyList *named = &document->statements[i].principals.kinds[PRINCIPAL_AWS];

		for (int j = 0; j < named->n; j++)
			if (!policy_text_is(named->texts[j], "*") && !exists(named->texts[j], argument))
				dyn_invalid(POLICY_INVALID "Invalid principal in policy document.");
	}
}

void
policy_warn(const PolicyDocument *document)
{
	for (int i = 0; i < document->n_statements; i++)
		for (int j = 0; j < document->statements[i].n_conditions; j++)
		{
			const PolicyCondition *condition = &document->statements[i].conditions[j];
			PolicyKey	key;

			policy_key_find(condition->key, &key);
			if (policy_key_type(key.id) == POLICY_KEY_LIST && condition->operator.quantifier == QUANTIFIER_NONE &&
				condition->operator.family != FAMILY_NULL)
				ereport(WARNING,
						(errmsg("condition %.*s of %.*s in statement %d never holds", POLICY_TEXT_ARGS(condition->operator.name),
								POLICY_TEXT_ARGS(condition->key), i + 1),
						 errhint("A key that is a list wants ForAllValues: or ForAnyValue: before the operator.")));
		}
}
