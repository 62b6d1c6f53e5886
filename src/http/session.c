/*
 * session.c
 *		The worker's session between requests: one request's role leaves nothing in it for the next one's.
 *
 * Functions of users (triggers, policies, defaults) may do to the session what any client may: SET,
 * PREPARE, temporary tables, cursors WITH HOLD, advisory locks, currval().  A session of
 * PostgreSQL's belongs to one user; a worker's serves them all, and a search_path or a temporary
 * table of one would make the functions of another call what is not theirs.  So each request finds
 * the session as the worker has made it, as after DISCARD ALL; but only what a request has touched
 * is put back, and settings go back to what they were, so that those that came with a reload stay.
 *
 * What is undone with the transaction is undone before it commits, so that an error there fails the
 * request; the rest after it, however it ended.
 *
 * A request is its role's session: session_user, current_user and is_superuser are what they were
 * if the role had logged in, so that a policy or trigger that asks for one of them finds whoever
 * has signed the request.  It is a local change of the user, as a security-definer function's is,
 * in which PostgreSQL refuses to set role and session_authorization by whatever way; the security
 * context only gets more bits inside, and an aborted subtransaction finds it as it was.  To the
 * rest of the server the worker stays the bootstrap superuser's (pg_stat_activity.usesysid, who may
 * cancel it); system_user is NULL, as nobody has authenticated to PostgreSQL.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "http/http.h"

/*
 * Settings of the session, whatever the configuration says: functions are found in pg_catalog only, requests are READ COMMITTED,
 * and how long they take is dynapg.statement_timeout's to say (PostgreSQL 17's transaction_timeout would end the worker).
 */
void
session_start(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog"},
		{"application_name", "dynapg endpoint"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_deferrable", "off"},
		{"transaction_timeout", "0"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			SetConfigOption(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_OVERRIDE);
}

int
session_begin_request(Oid role)
{
	SetSessionAuthorization(role, superuser_arg(role));
	SetUserIdAndSecContext(role, SECURITY_LOCAL_USERID_CHANGE);
	return NewGUCNestLevel();
}

/*
 * Once a session has a temporary schema, anybody may put something into it by its name, which no flag of the transaction tells: it
 * is emptied after each request from then on.
 */
static void
drop_temporary_objects(void)
{
	Oid			schema;
	Oid			toast_schema;

	GetTempNamespaceState(&schema, &toast_schema);
	if (!OidIsValid(schema))
		return;
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	ResetTempTableNamespace();
	PopActiveSnapshot();
}

void
session_finish_request(int settings)
{
	AfterTriggerFireDeferred();
	PortalHashTableDeleteAll();
	drop_temporary_objects();
	AtEOXact_GUC(false, settings);
}

void
session_clean(void)
{
	SetUserIdAndSecContext(GetAuthenticatedUserId(), 0);
	SetSessionAuthorization(GetAuthenticatedUserId(), true);
	DropAllPreparedStatements();
	ResetSequenceCaches();
	LockReleaseAll(USER_LOCKMETHOD, true);	/* advisory ones */
	/* setseed() tells what random() will say */
	DirectFunctionCall1(setseed, Float8GetDatum(pg_prng_double(&pg_global_prng_state)));
}
