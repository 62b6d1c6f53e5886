/*
 * session_sql.c
 *		SQL functions over temporary credentials.
 *
 * A session runs as its role.  Whoever could SET ROLE to the role may make one, and narrow it by a policy: that gives nothing that he does not
 * have.  Tags and a name of one's own choice may give more, since policies ask for them (aws:PrincipalTag, principals of resource policies): they
 * are for who administers the role.  In particular a role cannot say of itself that it is another tenant.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "api/access_key.h"
#include "api/session.h"
#include "catalog/owner.h"
#include "catalog/role_policies.h"
#include "op/tags.h"
#include "policy/policy.h"

PG_FUNCTION_INFO_V1(dynapg_create_session);
PG_FUNCTION_INFO_V1(dynapg_revoke_session);
PG_FUNCTION_INFO_V1(dynapg_revoke_sessions);

#define SECRET_BYTES		30	/* 40 characters of base64 */
#define TOKEN_BYTES			96	/* 128 */

#define SHORTEST			(15 * SECS_PER_MINUTE)
#define LONGEST				(12 * SECS_PER_HOUR)
#define POLICY_MAX_LENGTH	POLICY_SESSION_QUOTA	/* characters, white space counted */
#define NAME_MIN_LENGTH		2
#define NAME_MAX_LENGTH		64

/* Expired sessions are kept so that their users are told what it is, and are removed by who makes new ones, a few each time. */
#define EXPIRED_KEPT		(INT64CONST(24) * USECS_PER_HOUR)
#define EXPIRED_REMOVED		10

/* ------------------------------------------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------------------------------------------ */

static TimestampTz
expiration(TimestampTz now, Interval *duration)
{
	TimestampTz expires_at = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now),
																	 IntervalPGetDatum(duration)));

	if (TIMESTAMP_NOT_FINITE(expires_at) || expires_at < now + SHORTEST * USECS_PER_SEC || expires_at > now + LONGEST * USECS_PER_SEC)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a session lasts from 15 minutes to 12 hours")));
	return expires_at;
}

static void
check_policy(const char *policy)
{
	int			len = strlen(policy);

	if (pg_mbstrlen(policy) > POLICY_MAX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a session's policy has up to %d characters", POLICY_MAX_LENGTH),
				 errdetail("White space is counted.")));
	policy_warn(policy_parse(policy, len, POLICY_IDENTITY));
}

/* STS's rules for a session tag. */
static void
check_tag(const RoleTag *tag)
{
	int			key_len = strlen(tag->key);

	if (key_len < 1 || !is_tag_text(tag->key, key_len, ROLE_TAG_KEY_MAX) || !is_tag_text(tag->value, strlen(tag->value), ROLE_TAG_VALUE_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no tag of a session", tag->key),
				 errdetail("Keys have 1 to %d letters, digits, blanks and characters of _.:/=+-@, values %d at most.",
						   ROLE_TAG_KEY_MAX, ROLE_TAG_VALUE_MAX)));
	if (pg_strncasecmp(tag->key, "aws:", 4) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("keys of tags do not begin with \"aws:\"")));
}

static void
check_session_tags(Jsonb *tags)
{
	List	   *list = session_tags(tags);
	ListCell   *cell;
	ListCell   *other;

	if (list_length(list) > ROLE_TAGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a session has up to %d tags", ROLE_TAGS_MAX)));
	foreach(cell, list)
	{
		const RoleTag *tag = (const RoleTag *) lfirst(cell);

		check_tag(tag);
		foreach(other, list)
		{
			if (other == cell)
				break;
			if (pg_strcasecmp(((const RoleTag *) lfirst(other))->key, tag->key) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("tag \"%s\" is there twice", tag->key),
						 errdetail("Keys that differ in case only are the same.")));
		}
	}
}

static bool
is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("_+=,.@-", c) != NULL);
}

/* RoleSessionName's rule. */
static void
check_name(const char *name)
{
	size_t		len = strlen(name);
	size_t		good = 0;

	while (is_name_character(name[good]))
		good++;
	if (len < NAME_MIN_LENGTH || len > NAME_MAX_LENGTH || good < len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is no name of a session", name),
				 errdetail("A name has %d to %d letters, digits and characters of _+=,.@-.", NAME_MIN_LENGTH, NAME_MAX_LENGTH)));
}

/* The name of a session that was given none: its maker's, as far as it can be one. */
static char *
default_name(void)
{
	char	   *name = pstrdup(GetUserNameFromId(GetUserId(), false));

	for (char *c = name; *c; c++)
		if (!is_name_character(*c))
			*c = '-';
	return strlen(name) < NAME_MIN_LENGTH ? psprintf("%s-", name) : name;
}

/* Who may say who the sessions of a role are. */
static bool
administers(Oid role)
{
	return catalog_is_policy_admin() || (role != GetUserId() && is_admin_of_role(GetUserId(), role));
}

/* ------------------------------------------------------------------------------------------------------------
 * Making sessions
 * ------------------------------------------------------------------------------------------------------------ */

/* What somebody else is removing just now is left to him. */
static void
remove_expired(TimestampTz now)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	Relation	sessions = table_open(get_relname_relid("sessions", schema), RowExclusiveLock);
	Relation	index = index_open(get_relname_relid("sessions_expires_at", schema), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, SESSION_EXPIRES_AT, BTLessStrategyNumber, F_TIMESTAMPTZ_LT, TimestampTzGetDatum(now - EXPIRED_KEPT));
	scan = systable_beginscan_ordered(sessions, index, NULL, 1, &key);
	for (int i = 0; i < EXPIRED_REMOVED && HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)); i++)
	{
		TM_FailureData failure;

		(void) table_tuple_delete(sessions, &row->t_self, GetCurrentCommandId(true), InvalidSnapshot, InvalidSnapshot, false, &failure, false);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(sessions, RowExclusiveLock);
}

/* Who may make a session of a role, and say who it is. */
static void
check_maker(Oid role, bool says_who)
{
	access_key_check_role(role, "sessions");
	/* what a session may do ends with it */
	if (caller_get()->session != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a session cannot make sessions")));
	if (says_who && !administers(role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for tags and names of sessions of role \"%s\"", GetUserNameFromId(role, false)),
				 errdetail("Policies may ask for them.  They are for superusers, members of dynapg_policy_admin and roles to which it was granted WITH ADMIN OPTION.")));
}

static Datum
digest_datum(const char *token)
{
	bytea	   *digest = (bytea *) palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	session_digest(token, (uint8 *) VARDATA(digest));
	return PointerGetDatum(digest);
}

/* Adds a session to the table; returns its credentials as create_session() does.  No statement has them, which some module might log. */
static Datum
add_session(FunctionCallInfo fcinfo, const CallerSession *session, Jsonb *tags)
{
	Relation	sessions = table_open(get_relname_relid("sessions", get_namespace_oid("dynapg", false)), RowExclusiveLock);
	char	   *secret = access_key_random_text(SECRET_BYTES);
	char	   *token = access_key_random_text(TOKEN_BYTES);
	Datum		values[SESSION_COLUMNS];
	bool		nulls[SESSION_COLUMNS] = {false};
	Datum		result[4];
	TupleDesc	desc;

	values[SESSION_ID - 1] = CStringGetTextDatum(session->access_key_id);
	values[SESSION_SECRET - 1] = CStringGetTextDatum(secret);
	values[SESSION_DIGEST - 1] = digest_datum(token);
	values[SESSION_ROLE - 1] = ObjectIdGetDatum(session->role);
	values[SESSION_NAME - 1] = CStringGetTextDatum(session->name);
	nulls[SESSION_POLICY - 1] = session->policy == NULL;
	values[SESSION_POLICY - 1] = session->policy ? CStringGetTextDatum(session->policy) : (Datum) 0;
	values[SESSION_TAGS - 1] = tags ? JsonbPGetDatum(tags) : DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	values[SESSION_CREATED_BY - 1] = ObjectIdGetDatum(GetUserId());
	values[SESSION_CREATED_AT - 1] = TimestampTzGetDatum(session->issued_at);
	values[SESSION_EXPIRES_AT - 1] = TimestampTzGetDatum(session->expires_at);
	CatalogTupleInsert(sessions, heap_form_tuple(RelationGetDescr(sessions), values, nulls));
	table_close(sessions, NoLock);
	CommandCounterIncrement();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result[0] = values[SESSION_ID - 1];
	result[1] = values[SESSION_SECRET - 1];
	result[2] = CStringGetTextDatum(token);
	result[3] = values[SESSION_EXPIRES_AT - 1];
	memset(nulls, 0, sizeof(nulls));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), result, nulls));
}

/* create_session(role regrole, duration interval, policy text, tags jsonb, name text) */
Datum
dynapg_create_session(PG_FUNCTION_ARGS)
{
	TimestampTz now = GetCurrentTimestamp();
	CallerSession session = {.access_key_id = access_key_random_id(SESSION_KEY_KIND), .issued_at = now};
	Jsonb	   *tags = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	Datum		result;

	PreventCommandIfReadOnly("dynapg.create_session()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("role and duration must not be null")));
	session.role = PG_GETARG_OID(0);
	check_maker(session.role, tags != NULL || !PG_ARGISNULL(4));
	session.expires_at = expiration(now, PG_GETARG_INTERVAL_P(1));
	if (!PG_ARGISNULL(2))
	{
		session.policy = text_to_cstring(PG_GETARG_TEXT_PP(2));
		check_policy(session.policy);
	}
	if (tags != NULL)
		check_session_tags(tags);
	session.name = PG_ARGISNULL(4) ? default_name() : text_to_cstring(PG_GETARG_TEXT_PP(4));
	check_name(session.name);
	result = add_session(fcinfo, &session, tags);
	remove_expired(now);
	return result;
}

/* ------------------------------------------------------------------------------------------------------------
 * Revoking
 * ------------------------------------------------------------------------------------------------------------ */

static _Noreturn void
raise_no_session(const char *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no session with the access key \"%s\"", id)));
}

/* revoke_session(access_key_id text): sessions of roles that were dropped are for superusers. */
Datum
dynapg_revoke_session(PG_FUNCTION_ARGS)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	Datum		role;
	bool		isnull;

	if (!catalog_fetch("SELECT role FROM dynapg.sessions WHERE access_key_id = $1", 1, types, values, 1, &role, &isnull))
		raise_no_session(id);
	if (!superuser() || SearchSysCacheExists1(AUTHOID, role))
		access_key_check_role(DatumGetObjectId(role), "sessions");
	if (catalog_execute("DELETE FROM dynapg.sessions WHERE access_key_id = $1", 1, types, values, NULL) == 0)
		raise_no_session(id);
	PG_RETURN_VOID();
}

/* revoke_sessions(role regrole) returns bigint */
Datum
dynapg_revoke_sessions(PG_FUNCTION_ARGS)
{
	Oid			types[] = {REGROLEOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};

	if (!superuser() || SearchSysCacheExists1(AUTHOID, values[0]))
		access_key_check_role(DatumGetObjectId(values[0]), "sessions");
	PG_RETURN_INT64(catalog_execute("DELETE FROM dynapg.sessions WHERE role = $1", 1, types, values, NULL));
}
