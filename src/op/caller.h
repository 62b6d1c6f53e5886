/*
 * caller.h
 *		Who calls: what is known of a request besides the current user.
 *
 * The endpoint tells it of each request; SQL's own callers are known by their connection.  Access policies ask for it
 * (op/authorize.h), and so does the audit.
 */
#ifndef DYNAPG_CALLER_H
#define DYNAPG_CALLER_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* Temporary credentials that a request was signed with. */
typedef struct CallerSession
{
	Oid			role;			/* whose privileges and policies they have; the rest narrows them */
	const char *name;			/* RoleSessionName */
	const char *access_key_id;
	const char *policy;			/* NULL: none */
	List	   *tags;			/* RoleTag (catalog/role_policies.h); they come before the role's own */
	TimestampTz issued_at;
	TimestampTz expires_at;
} CallerSession;

typedef struct Caller
{
	const char *source_ip;		/* the peer's numeric address; NULL: a local socket, or no client at all */
	bool		is_secure;		/* TLS between the peer and us */
	const char *user_agent;		/* printable ASCII, what is not is a question mark; NULL: none */
	const char *request_id;		/* NULL: SQL */
	const char *access_key_id;	/* NULL: SQL, or not known (yet); developer mode does not ask for its secret */
	const CallerSession *session;	/* NULL: none */
} Caller;

/*
 * The caller of what runs now.  Of a request over HTTP: what caller_begin() was told, also in SQL that the request runs (triggers, policies);
 * else this connection's client.  Never NULL.  Raises an error in a parallel worker, which has no caller.
 */
extern const Caller *caller_get(void);

/*
 * The session whose credentials narrow the current user: NULL if there is none, or the current user is not its role (in a security definer
 * function of somebody else, who is not narrowed).
 */
extern const CallerSession *caller_session(void);

/*
 * The caller of the requests that are executed from now on; NULL: none any more.  It must live until the next call.  The endpoint calls it
 * before a request's authentication, and with NULL after its transaction has ended, however that was; key and session are there after
 * authentication.
 */
extern void caller_begin(const Caller *caller);

#endif							/* DYNAPG_CALLER_H */
