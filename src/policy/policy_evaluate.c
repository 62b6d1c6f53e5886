/*
 * policy_evaluate.c
 *		Judging a request by all policies that there are for it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "policy/policy_private.h"

/* A request, and how it is looked at. */
typedef struct Judgement
{
	const PolicyRequest *request;
	bool		foresees;		/* conditions are not known yet */
	bool		has_resource;	/* no "*" */
	int			n_parts;
	PolicyText	parts[ARN_PARTS];	/* of the resource */
	/* the resources of statements that were matched last */
	const ResourcePattern *matched;
	bool		matches;
} Judgement;

/* How far a statement is about the caller. */
typedef enum PrincipalMatch
{
	MATCHES_NOBODY,
	MATCHES_ACCOUNT,			/* names the account, which leaves it to the account's own policies */
	MATCHES_CALLER
} PrincipalMatch;

/* ------------------------------------------------------------------------------------------------------------
 * Statements
 * ------------------------------------------------------------------------------------------------------------ */

static bool
resource_matches(const ResourcePattern *resource, const Judgement *judgement)
{
	if (resource->is_anything)
		return true;
	if (resource->is_nothing || !judgement->has_resource || judgement->n_parts < ARN_PARTS)
		return false;
	/* the last part is what tells resources apart */
	for (int i = resource->n_parts - 1; i >= 0; i--)
		if (!pattern_matches(&resource->parts[i], judgement->parts[i], judgement->request))
			return false;
	return true;
}

static bool
resources_match(const CompiledStatement *statement, Judgement *judgement)
{
	if (judgement->matched != statement->resources)
	{
		bool		matches = false;

		for (int i = 0; i < statement->n_resources && !matches; i++)
			matches = resource_matches(&statement->resources[i], judgement);
		judgement->matched = statement->resources;
		judgement->matches = matches;
	}
	return judgement->matches != statement->resources_negated;
}

/* Whether a principal is the account that the caller is of: arn:aws:iam::<account>:root. */
static bool
is_account_of(PolicyText principal, PolicyText caller)
{
	PolicyText	account[ARN_PARTS];
	PolicyText	own[ARN_PARTS];

	return policy_split_arn(principal, false, account) == ARN_PARTS && policy_split_arn(caller, false, own) == ARN_PARTS &&
		policy_text_is(account[2], "iam") && policy_text_is(account[5], "root") && policy_text_equal(account[4], own[4]);
}

static PrincipalMatch
match_principal(PolicyText principal, const PolicyRequest *request)
{
	if (policy_text_is(principal, "*"))
		return MATCHES_CALLER;
	for (int i = 0; i < request->n_principals; i++)
		if (policy_text_equal(principal, request->principals[i]))
			return MATCHES_CALLER;
	return request->n_principals > 0 && is_account_of(principal, request->principals[0]) ? MATCHES_ACCOUNT : MATCHES_NOBODY;
}

static PrincipalMatch
match_principals(const PolicyPrincipals *principals, const PolicyRequest *request)
{
	const PolicyList *named = &principals->kinds[PRINCIPAL_AWS];
	PrincipalMatch best = principals->is_anybody ? MATCHES_CALLER : MATCHES_NOBODY;

	for (int i = 0; i < named->n && best != MATCHES_CALLER; i++)
		best = Max(best, match_principal(named->texts[i], request));

	/* an account beside its user, as IAM wants it there, does not except all its other users */
	if (principals->is_negated)
		return best == MATCHES_CALLER ? MATCHES_NOBODY : MATCHES_CALLER;
	return best;
}

/* Whether a statement is about the caller: who is allowed by name, who is denied by his account as well. */
static bool
principals_match(const Policy *policy, const CompiledStatement *statement, const Judgement *judgement)
{
	PrincipalMatch match;

	if (!policy->is_of_resource)
		return true;
	match = match_principals(&statement->principals, judgement->request);
	return statement->denies ? match != MATCHES_NOBODY : match == MATCHES_CALLER;
}

/* Conditions that are not known yet let all be allowed and nothing be denied. */
static bool
conditions_match(const CompiledStatement *statement, const Judgement *judgement)
{
	if (statement->n_conditions > 0 && judgement->foresees)
		return !statement->denies;
	return conditions_hold(statement->conditions, statement->n_conditions, judgement->request);
}

static bool
statement_matches(const Policy *policy, const CompiledStatement *statement, Judgement *judgement)
{
	return action_set_has(&statement->actions, judgement->request->action) &&
		principals_match(policy, statement, judgement) && resources_match(statement, judgement) &&
		conditions_match(statement, judgement);
}

/* ------------------------------------------------------------------------------------------------------------
 * Policies
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a policy has a statement that denies, or allows, the request; the result has the first. */
static bool
policy_decides(const Policy *policy, PolicySide side, bool denies, Judgement *judgement, PolicyResult *result)
{
	if (policy == NULL || !action_set_has(denies ? &policy->denied : &policy->allowed, judgement->request->action))
		return false;
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < policy->n_statements; i++)
	{
		const CompiledStatement *statement = &policy->statements[i];

		if (statement->denies != denies || !statement_matches(policy, statement, judgement))
			continue;
		result->decision = denies ? POLICY_EXPLICIT_DENY : POLICY_ALLOW;
		result->side = side;
		result->policy = policy;
		result->statement = i + 1;
		result->sid = statement->sid;
		return true;
	}
	return false;
}

static bool
identity_decides(const PolicySet *set, bool denies, Judgement *judgement, PolicyResult *result)
{
	for (int i = 0; i < set->n_identity; i++)
		if (policy_decides(set->identity[i], POLICY_SIDE_IDENTITY, denies, judgement, result))
			return true;
	return false;
}

static bool
any_denies(const PolicySet *set, Judgement *judgement, PolicyResult *result)
{
	return identity_decides(set, true, judgement, result) ||
		policy_decides(set->resource, POLICY_SIDE_RESOURCE, true, judgement, result) ||
		policy_decides(set->boundary, POLICY_SIDE_BOUNDARY, true, judgement, result) ||
		policy_decides(set->session, POLICY_SIDE_SESSION, true, judgement, result);
}

/* Whether boundary and session policy, if there are any, allow the request; else who does not. */
static bool
limits_allow(const PolicySet *set, Judgement *judgement, PolicySide *side)
{
	PolicyResult ignored;

	*side = POLICY_SIDE_BOUNDARY;
	if (set->boundary && !policy_decides(set->boundary, *side, false, judgement, &ignored))
		return false;
	*side = POLICY_SIDE_SESSION;
	return set->session == NULL || policy_decides(set->session, *side, false, judgement, &ignored);
}

static PolicyDecision
judge(const PolicySet *set, const PolicyRequest *request, bool foresees, PolicyResult *result)
{
	Judgement	judgement = {request, foresees, !policy_text_is(request->resource, "*")};
	PolicySide	missing;

	judgement.n_parts = policy_split_arn(request->resource, false, judgement.parts);
	memset(result, 0, sizeof(*result));
	if (any_denies(set, &judgement, result))
		return result->decision;
	if (!identity_decides(set, false, &judgement, result) &&
		!policy_decides(set->resource, POLICY_SIDE_RESOURCE, false, &judgement, result))
	{
		if (!set->granted)
			return result->decision;
		result->decision = POLICY_ALLOW;
		result->side = POLICY_SIDE_GRANT;
	}
	if (!limits_allow(set, &judgement, &missing))
	{
		memset(result, 0, sizeof(*result));
		result->side = missing;
	}
	return result->decision;
}

PolicyDecision
policy_evaluate(const PolicySet *set, const PolicyRequest *request, PolicyResult *result)
{
	return judge(set, request, false, result);
}

PolicyDecision
policy_foresee(const PolicySet *set, const PolicyRequest *request, PolicyResult *result)
{
	return judge(set, request, true, result);
}

char *
policy_refusal(const PolicyRequest *request, const PolicyResult *result)
{
	static const char *const sides[] = {
		[POLICY_SIDE_IDENTITY] = "identity-based policy",
		[POLICY_SIDE_RESOURCE] = "resource-based policy",
		[POLICY_SIDE_BOUNDARY] = "permissions boundary",
		[POLICY_SIDE_SESSION] = "session policy",
		[POLICY_SIDE_GRANT] = "identity-based policy"
	};
	PolicyText	caller = request->principals[0];
	const char *action = policy_action_info(request->action)->name;
	char	   *refused = psprintf("User: %.*s is not authorized to perform: dynamodb:%s on resource: %.*s",
								   POLICY_TEXT_ARGS(caller), action, POLICY_TEXT_ARGS(request->resource));

	if (result->decision == POLICY_EXPLICIT_DENY)
		return psprintf("%s with an explicit deny in %s %s", refused, result->side == POLICY_SIDE_IDENTITY ? "an" : "a",
						sides[result->side]);
	return psprintf("%s because no %s allows the dynamodb:%s action", refused, sides[result->side], action);
}
