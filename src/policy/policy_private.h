/*
 * policy_private.h
 *		Documents as they are read, and what the files of this room share.
 */
#ifndef DYNAPG_POLICY_PRIVATE_H
#define DYNAPG_POLICY_PRIVATE_H

#include "policy/policy.h"

/* A member that is a string or a list of strings. */
typedef struct PolicyList
{
	bool		is_there;
	int			n;
	PolicyText *texts;
} PolicyList;

/* What a Principal names. */
typedef enum PolicyPrincipalKind
{
	PRINCIPAL_AWS,
	PRINCIPAL_SERVICE,
	PRINCIPAL_FEDERATED,
	PRINCIPAL_CANONICAL_USER,
	PRINCIPAL_KIND_COUNT
} PolicyPrincipalKind;

extern const char *const policy_principal_kinds[PRINCIPAL_KIND_COUNT];

typedef struct PolicyPrincipals
{
	bool		is_there;
	bool		is_negated;		/* NotPrincipal */
	bool		is_anybody;		/* "*" */
	PolicyList	kinds[PRINCIPAL_KIND_COUNT];	/* account ids are ARNs here, and none is there twice */
} PolicyPrincipals;

typedef enum PolicyFamily
{
	FAMILY_STRING,
	FAMILY_STRING_IGNORE_CASE,
	FAMILY_STRING_LIKE,
	FAMILY_NUMERIC,
	FAMILY_DATE,
	FAMILY_BOOL,
	FAMILY_BINARY,
	FAMILY_ADDRESS,
	FAMILY_ARN,
	FAMILY_NULL
} PolicyFamily;

/* Of FAMILY_NUMERIC and FAMILY_DATE. */
typedef enum PolicyComparison
{
	COMPARE_EQUAL,
	COMPARE_LESS,
	COMPARE_LESS_OR_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_OR_EQUAL
} PolicyComparison;

typedef enum PolicyQuantifier
{
	QUANTIFIER_NONE,
	FOR_ALL_VALUES,
	FOR_ANY_VALUE
} PolicyQuantifier;

typedef struct PolicyOperator
{
	PolicyText	name;			/* as written, with prefix and suffix */
	PolicyFamily family;
	PolicyComparison comparison;
	bool		is_negated;
	bool		if_exists;
	PolicyQuantifier quantifier;
} PolicyOperator;

typedef struct PolicyCondition
{
	PolicyOperator operator;
	PolicyText	key;
	PolicyList	values;
} PolicyCondition;

typedef enum PolicyEffect
{
	EFFECT_NONE,
	EFFECT_ALLOW,
	EFFECT_DENY
} PolicyEffect;

typedef struct PolicyStatement
{
	PolicyText	sid;			/* text is NULL if there is none */
	PolicyEffect effect;
	bool		effect_has_wrong_case;
	PolicyPrincipals principals;
	bool		actions_negated;	/* NotAction */
	PolicyList	actions;
	bool		resources_negated;	/* NotResource */
	PolicyList	resources;
	int			n_conditions;	/* one an operator and a key, in the order of the text */
	PolicyCondition *conditions;
} PolicyStatement;

struct PolicyDocument
{
	PolicyKind	kind;
	bool		has_version;
	bool		has_variables;	/* by its version */
	PolicyText	id;
	int			n_statements;
	PolicyStatement *statements;
};

#define policy_text_is(t, literal) ((t).len == (int) sizeof(literal) - 1 && memcmp((t).text, literal, sizeof(literal) - 1) == 0)
#define policy_text_equal(a, b) ((a).len == (b).len && memcmp((a).text, (b).text, (a).len) == 0)

/* What is wrong with a policy, in the words of PutResourcePolicy. */
#define POLICY_INVALID "One or more parameter values were invalid: "
#define POLICY_INVALID_DOCUMENT POLICY_INVALID "Invalid policy document: "

/* Refuses an identity policy: IAM's message, and in words of ours what it is about. */
extern _Noreturn void policy_malformed(const char *detail, const char *message);

/* The rules for a whole document that was read (policy_check.c). */
extern void policy_check(const PolicyDocument *document);

/* arn:partition:service:region:account:resource */
#define ARN_PARTS 6

/*
 * Splits an ARN at its colons, of which the last part may have more; colons within ${...} are none if has_variables.  Returns the
 * number of parts.
 */
extern int	policy_split_arn(PolicyText arn, bool has_variables, PolicyText *parts);

/* A copy in the current memory context. */
extern PolicyText policy_copy_text(PolicyText text);

/* ------------------------------------------------------------------------------------------------------------
 * Patterns (policy_match.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* Wildcards in compiled patterns: bytes that UTF-8 does not have. */
#define PATTERN_ANY		'\xff'	/* any characters */
#define PATTERN_ONE		'\xfe'	/* one character */

/* A piece of a pattern: bytes, or a variable. */
typedef struct PatternPiece
{
	PolicyText	bytes;			/* with wildcards; of a variable its default value, text is NULL if it has none */
	bool		is_variable;
	PolicyKey	key;
} PatternPiece;

typedef struct Pattern
{
	bool		is_anything;	/* "*" */
	bool		is_literal;		/* one piece without wildcards, in its case */
	int			n_pieces;
	PatternPiece *pieces;
	bool		ignore_case;
} Pattern;

/* Compiles a pattern; what it has is copied to the current memory context. */
extern void pattern_compile(Pattern *pattern, PolicyText source, bool wildcards, bool variables, bool ignore_case);

/* Whether a text is matched; false if a variable has no value, or several. */
extern bool pattern_matches(const Pattern *pattern, PolicyText text, const PolicyRequest *request);

/* ------------------------------------------------------------------------------------------------------------
 * Conditions (policy_condition.c)
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct CompiledCondition CompiledCondition;

/* Compiles the conditions of a statement; what they have is copied to the current memory context. */
extern CompiledCondition *conditions_compile(const PolicyCondition *conditions, int n, bool variables);

/* Whether all of them hold. */
extern bool conditions_hold(const CompiledCondition *conditions, int n, const PolicyRequest *request);

/* Whether a text is a date as conditions have them: W3C's forms of ISO 8601, or seconds since 1970; the microseconds. */
extern bool policy_parse_date(PolicyText text, int64 *microseconds);

/* ------------------------------------------------------------------------------------------------------------
 * Compiled policies (policy_compile.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* A set of actions, a bit each. */
#define ACTION_WORDS ((POLICY_ACTION_COUNT + 63) / 64)
typedef struct ActionSet
{
	uint64		words[ACTION_WORDS];
} ActionSet;

#define action_set_add(set, action) ((set)->words[(action) / 64] |= UINT64CONST(1) << ((action) % 64))
#define action_set_has(set, action) (((set)->words[(action) / 64] >> ((action) % 64)) & 1)

typedef struct ResourcePattern
{
	bool		is_anything;	/* "*", which is the only one for actions without a resource */
	bool		is_nothing;
	int			n_parts;		/* parts that are not there match anything */
	Pattern		parts[ARN_PARTS];
} ResourcePattern;

typedef struct CompiledStatement
{
	bool		denies;
	ActionSet	actions;		/* NotAction was turned round */
	PolicyPrincipals principals;
	bool		resources_negated;
	int			n_resources;
	ResourcePattern *resources;	/* shared by statements of the policy that say the same */
	int			n_conditions;
	CompiledCondition *conditions;
	PolicyText	sid;
} CompiledStatement;

struct Policy
{
	const char *name;
	bool		is_of_resource; /* statements say whom they are about */
	bool		resources_vary; /* one of them has a variable */
	ActionSet	allowed;		/* what any statement allows or denies: others need not be looked at */
	ActionSet	denied;
	int			n_statements;
	CompiledStatement *statements;
};

#endif							/* DYNAPG_POLICY_PRIVATE_H */
