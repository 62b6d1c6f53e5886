/*
 * authorize_private.h
 *		What the two moments of access control share; between the files of op/authorize*.c, and dynapg.simulate_policy().
 */
#ifndef DYNAPG_AUTHORIZE_PRIVATE_H
#define DYNAPG_AUTHORIZE_PRIVATE_H

#include "catalog/tables.h"
#include "op/caller.h"
#include "policy/policy.h"

/* ------------------------------------------------------------------------------------------------------------
 * The process's compiled policies (authorize_policies.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* A role, and all that judges it, its session aside. */
typedef struct AccessRole
{
	Oid			role;			/* hash key; first */
	const char *name;
	const char *user_id;		/* aws:userid */
	const Policy *const *identity;
	int			n_identity;
	const Policy *boundary;		/* NULL: none */
	List	   *tags;			/* RoleTag */
	bool		resources_vary;	/* with the request, in one of the policies */
	MemoryContext context;		/* private */
	struct AccessForeseen *foreseen;	/* private */
} AccessRole;

/*
 * A role as the process knows it; compiled if need be.  It lives until the next call.  An error if one of its policies cannot be read any more:
 * it might have denied.
 */
extern const AccessRole *access_role(Oid role);

/*
 * What was foreseen of a role: that by its own policies an action on a table (and an index) may turn out to be allowed.  Not asked of sessions with a
 * policy, nor where a table has one, nor where resources vary; forgotten with the role.
 */
extern bool access_was_foreseen(const AccessRole *role, PolicyAction action, const char *table, int table_len, const char *index, int index_len);
extern void access_note_foreseen(const AccessRole *role, PolicyAction action, const char *table, int table_len, const char *index, int index_len);

/*
 * Whether no policy of the current user's, of his groups, boundary or session is there to ask.  Costs next to nothing.  What access_user() does for
 * such a role besides is to look at resource policies, if the database has any.
 */
extern bool access_is_free(void);

/* A session's policy, compiled; NULL: it has none, or there is no session.  It lives until the next call. */
extern const Policy *access_session_policy(const CallerSession *session);

/* The policy of a table, or of a stream (NULL label: the table's), compiled; NULL if it has none.  It lives until the transaction ends. */
extern const Policy *access_resource_policy(const char *table, int table_len, const char *label);

/* ------------------------------------------------------------------------------------------------------------
 * Questions (authorize_context.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* Who asks. */
typedef struct AccessCaller
{
	const AccessRole *role;
	const CallerSession *session;	/* NULL: none */
	const Policy *session_policy;
	const Caller *caller;		/* NULL: what is known by connection is not known */
} AccessCaller;

/* What is asked for.  Zero is the rule. */
typedef struct AccessQuestion
{
	PolicyAction action;
	const char *resource;		/* its ARN, or "*" */
	const TableInfo *table;		/* whose tags are aws:ResourceTag; NULL: none known */
	PolicyLookup look_up;		/* the request's own condition keys, asked for first; NULL: it has none */
	void	   *argument;
	bool		granted;		/* PostgreSQL's privileges allow it */
	const Policy *resource_policy;
	bool		foresees;		/* before keys and names are known: as if each condition were as good as can be */
} AccessQuestion;

/* The current user, with his session and his connection. */
extern void access_current_caller(AccessCaller *caller);

/* Judges a question; what it takes is left in the current memory context. */
extern PolicyDecision access_judge(const AccessCaller *caller, const AccessQuestion *question, PolicyResult *result);

/*
 * The same for a caller who may not know whether the resource is there: where nothing else allows it, an explicit deny of the resource's own policy is
 * no other than the implicit one that there would be without the resource.
 */
extern PolicyDecision access_judge_discreetly(const AccessCaller *caller, const AccessQuestion *question, PolicyResult *result);

/* The policies and the request that make up a question, for who shows them; argument is for the lookup, and lives with the caller. */
typedef struct AccessLookup
{
	const AccessCaller *caller;
	const AccessQuestion *question;
	PolicyText	principals[2];
} AccessLookup;

/* One text, which must live as long, as the value of a key; false for NULL: the request does not have the key. */
extern bool access_one_value(const char *text, PolicyValues *values);

extern void access_set(const AccessCaller *caller, const AccessQuestion *question, PolicySet *set);
extern void access_request(const AccessCaller *caller, const AccessQuestion *question, AccessLookup *lookup, PolicyRequest *request);

/* AccessDeniedException in the service's words for what was not allowed. */
extern _Noreturn void access_refuse(const AccessCaller *caller, const AccessQuestion *question, const PolicyResult *result);

/* Judges the current user's question and refuses it, if it is to be. */
extern void access_require(const AccessQuestion *question, PolicyResult *result);

/*
 * Whether privileges might allow an action on items of a table (NULL: there is none of the name).
 */
extern bool access_could_be_granted(PolicyAction action, const TableInfo *table);

/* ARNs, palloc'd; index NULL: the table's. */
extern char *access_arn(const char *table, int table_len, const char *index, int index_len);

#endif							/* DYNAPG_AUTHORIZE_PRIVATE_H */
