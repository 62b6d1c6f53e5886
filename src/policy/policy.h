/*
 * policy.h
 *		Access policies in IAM's language: reading, printing, compiling and evaluating them.
 *
 * Nothing here knows an operation, a table or a role.  A policy is a text; a request is an action, a resource's ARN
 * and condition keys, which are asked for when a statement needs them.  README.md says how an operation uses it.
 */
#ifndef DYNAPG_POLICY_H
#define DYNAPG_POLICY_H

/* Not NUL-terminated; text is NULL where there is none. */
typedef struct PolicyText
{
	const char *text;
	int			len;
} PolicyText;

/* Passes over a prefix; false, and nothing is changed, if the text does not begin with it. */
extern bool policy_take_prefix(PolicyText *text, const char *prefix);

/* For %.*s: its size and its text. */
#define POLICY_TEXT_ARGS(t) (t).len, (t).text

/* ------------------------------------------------------------------------------------------------------------
 * Actions and condition keys (policy_actions.c)
 * ------------------------------------------------------------------------------------------------------------ */

typedef enum PolicyAction
{
#define POLICY_ACTION(name, resources, keys) POLICY_##name,
#include "policy/policy_actions_data.h"
#undef POLICY_ACTION
	POLICY_ACTION_COUNT
} PolicyAction;

/* Kinds of resources that an action may be allowed for; an action of none of them is allowed for "*" only. */
typedef enum PolicyResources
{
	POLICY_ON_TABLE = 0x01,
	POLICY_ON_INDEX = 0x02,
	POLICY_ON_STREAM = 0x04,
	POLICY_ON_BACKUP = 0x08,
	POLICY_ON_EXPORT = 0x10,
	POLICY_ON_IMPORT = 0x20,
	POLICY_ON_GLOBAL_TABLE = 0x40,
	POLICY_ON_BULK_OPERATION = 0x80,
	POLICY_ON_ANYTHING = 0		/* "*" */
} PolicyResources;

/* Condition keys that requests have values for. */
typedef enum PolicyKeyId
{
#define POLICY_KEY(id, name, type) POLICY_KEY_##id,
#include "policy/policy_keys_data.h"
#undef POLICY_KEY
	POLICY_KEY_OTHER			/* a policy may ask for any */
} PolicyKeyId;

typedef enum PolicyKeyType
{
	POLICY_KEY_TEXT,
	POLICY_KEY_LIST,			/* of texts: wants ForAllValues or ForAnyValue */
	POLICY_KEY_BOOLEAN,
	POLICY_KEY_DATE,
	POLICY_KEY_ADDRESS,
	POLICY_KEY_ARN,
	POLICY_KEY_TAGS				/* what follows the name, after a slash, is a tag's key */
} PolicyKeyType;

/* A condition key as a policy names it. */
typedef struct PolicyKey
{
	PolicyKeyId id;
	PolicyText	name;			/* as written; names are equal whatever their case */
	PolicyText	tag;			/* of POLICY_KEY_TAGS: the tag's key, as written */
} PolicyKey;

typedef struct PolicyActionInfo
{
	const char *name;			/* "GetItem" */
	int			resources;		/* PolicyResources */
	uint64		keys;			/* one bit a PolicyKeyId: those of dynamodb:, and tags of requests */
} PolicyActionInfo;

extern const PolicyActionInfo *policy_action_info(PolicyAction action);

/* The action of a name with its prefix ("dynamodb:GetItem"), in any case; POLICY_ACTION_COUNT if there is none. */
extern PolicyAction policy_action_find(const char *name, int len);

/* Takes a condition key's name, in any case. */
extern void policy_key_find(PolicyText name, PolicyKey *key);
extern PolicyKeyType policy_key_type(PolicyKeyId id);

/* ------------------------------------------------------------------------------------------------------------
 * Documents (policy_parse.c, policy_check.c, policy_canonical.c)
 * ------------------------------------------------------------------------------------------------------------ */

typedef enum PolicyKind
{
	POLICY_IDENTITY,			/* of a role, a boundary, a session */
	POLICY_TABLE,				/* of a table: says whom it is about */
	POLICY_STREAM
} PolicyKind;

#define POLICY_RESOURCE_MAX_SIZE	20480	/* bytes, white space counted */
#define POLICY_IDENTITY_MAX_SIZE	131072	/* characters of a request's PolicyDocument */

/* What IAM allows, as policy_size() counts: all of a role's policies, a boundary, a session's policy. */
#define POLICY_ROLE_QUOTA		10240
#define POLICY_BOUNDARY_QUOTA	6144
#define POLICY_SESSION_QUOTA	2048

typedef struct PolicyDocument PolicyDocument;

/*
 * Reads a policy, which must be valid UTF-8, in the current memory context; the document points into the text.  What is no
 * policy is refused: a resource policy by PutResourcePolicy's ValidationException, an identity policy by IAM's message
 * (MalformedPolicyDocument) with SQLSTATE 22023 and a DETAIL that says where and what.
 */
extern PolicyDocument *policy_parse(const char *text, int len, PolicyKind kind);

/* Warns of what is allowed and yet no use: operators for single values on keys that are lists, which never hold. */
extern void policy_warn(const PolicyDocument *document);

/* Characters that count against IAM's quotas: all but white space between tokens. */
extern int	policy_size(const char *text, int len);

/* The document as GetResourcePolicy shows it, palloc'd. */
extern char *policy_canonical(const PolicyDocument *document);

/* Whether a resource policy that is put says what the one says that is there. */
extern bool policy_equivalent(const PolicyDocument *a, const PolicyDocument *b);

/*
 * Asks of each principal of AWS that a resource policy names, in its canonical form, whether there is one; "*" is not asked for.
 * Raises PutResourcePolicy's refusal of the first that there is not.
 */
extern void policy_check_principals(const PolicyDocument *document, bool (*exists) (PolicyText principal, void *argument),
									void *argument);

/* ------------------------------------------------------------------------------------------------------------
 * Patterns (policy_match.c)
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Whether a text is matched by a pattern of "*" (any characters) and "?" (one).  Time grows with the text, and where a part
 * between two "*" has a "?", with the product of text and part at worst.
 */
extern bool policy_glob(const char *pattern, int pattern_len, const char *text, int len, bool ignore_case);

/* ------------------------------------------------------------------------------------------------------------
 * Evaluation (policy_compile.c, policy_condition.c, policy_evaluate.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* A compiled policy. */
typedef struct Policy Policy;

/* Compiles a document; all that the policy needs is copied to the current memory context.  The name is the caller's. */
extern Policy *policy_compile(const PolicyDocument *document, const char *name);

extern const char *policy_name(const Policy *policy);

/* Whether what its resources are depends on the request: one of them has a variable. */
extern bool policy_resources_vary(const Policy *policy);

/* The values of a condition key in a request. */
typedef struct PolicyValues
{
	bool		is_list;		/* of a key that may have several, even if it has one */
	int			n;
	const PolicyText *texts;	/* numbers, dates and addresses as text, booleans as true or false, binary in base64 */
} PolicyValues;

/* Asks a request for a key; false if it does not have it.  The values must live until the evaluation ends. */
typedef bool (*PolicyLookup) (void *argument, const PolicyKey *key, PolicyValues *values);

typedef struct PolicyRequest
{
	PolicyAction action;
	PolicyText	resource;		/* an ARN, or "*" for actions that have no resource */
	const PolicyText *principals;	/* ARNs that the caller goes by, its own first; for resource policies and refusals */
	int			n_principals;
	PolicyLookup lookup;
	void	   *argument;
} PolicyRequest;

/* All policies that a request is judged by. */
typedef struct PolicySet
{
	bool		granted;		/* PostgreSQL's privileges allow it: as good as an identity policy */
	const Policy *const *identity;
	int			n_identity;
	const Policy *resource;		/* these three may be NULL, which is not the same as allowing nothing */
	const Policy *boundary;
	const Policy *session;
} PolicySet;

typedef enum PolicyDecision
{
	POLICY_IMPLICIT_DENY,
	POLICY_ALLOW,
	POLICY_EXPLICIT_DENY
} PolicyDecision;

typedef enum PolicySide
{
	POLICY_SIDE_IDENTITY,
	POLICY_SIDE_RESOURCE,
	POLICY_SIDE_BOUNDARY,
	POLICY_SIDE_SESSION,
	POLICY_SIDE_GRANT
} PolicySide;

typedef struct PolicyResult
{
	PolicyDecision decision;
	PolicySide	side;			/* who denied or allowed; of an implicit deny: who should have allowed */
	const Policy *policy;		/* whose statement decided; NULL for an implicit deny and for a GRANT */
	int			statement;		/* its number, from 1 */
	PolicyText	sid;			/* text is NULL if it has none */
} PolicyResult;

/*
 * Judges a request: denied if any statement of any policy denies it; else allowed if the identity side (a GRANT or an identity
 * policy) or the resource policy allows it, and so do boundary and session policy where there are any; else denied implicitly.
 * May leave garbage in the current memory context.
 */
extern PolicyDecision policy_evaluate(const PolicySet *set, const PolicyRequest *request, PolicyResult *result);

/*
 * The same before the request is known: as if each condition were as good as can be.  POLICY_ALLOW says that the request may
 * turn out to be allowed.  Variables in resources are looked up; without any, and without policies of resources, it is the same for each request of
 * an action and a resource.
 */
extern PolicyDecision policy_foresee(const PolicySet *set, const PolicyRequest *request, PolicyResult *result);

/* AccessDeniedException's text for a request that was not allowed, palloc'd. */
extern char *policy_refusal(const PolicyRequest *request, const PolicyResult *result);

#endif							/* DYNAPG_POLICY_H */
