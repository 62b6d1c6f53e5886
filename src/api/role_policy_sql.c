/*
 * role_policy_sql.c
 *		SQL functions over access policies, boundaries and tags of roles.
 *
 * Superusers and members of dynapg_policy_admin change them: a policy is authority over all tables.  A role's are read by them, and by whoever
 * has the role's privileges.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/varlena.h"
#include "catalog/role_policies.h"
#include "op/authorize_private.h"
#include "policy/policy_context.h"
#include "value/wire.h"

PG_FUNCTION_INFO_V1(dynapg_put_role_policy);
PG_FUNCTION_INFO_V1(dynapg_get_role_policy);
PG_FUNCTION_INFO_V1(dynapg_list_role_policies);
PG_FUNCTION_INFO_V1(dynapg_delete_role_policy);
PG_FUNCTION_INFO_V1(dynapg_put_role_permissions_boundary);
PG_FUNCTION_INFO_V1(dynapg_get_role_permissions_boundary);
PG_FUNCTION_INFO_V1(dynapg_delete_role_permissions_boundary);
PG_FUNCTION_INFO_V1(dynapg_tag_role);
PG_FUNCTION_INFO_V1(dynapg_untag_role);
PG_FUNCTION_INFO_V1(dynapg_list_role_tags);
PG_FUNCTION_INFO_V1(dynapg_simulate_policy);

/* ------------------------------------------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------------------------------------------ */

/* The role whose policies are to be changed; its name too. */
static Oid
role_to_change(FunctionCallInfo fcinfo, char **name)
{
	Oid			role = PG_GETARG_OID(0);

	*name = GetUserNameFromId(role, false);
	if (!catalog_is_policy_admin())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to change policies and tags of role \"%s\"", *name),
				 errdetail("Superusers and members of dynapg_policy_admin may do that.")));
	return role;
}

static Oid
role_to_read(FunctionCallInfo fcinfo, char **name)
{
	Oid			role = PG_GETARG_OID(0);

	*name = GetUserNameFromId(role, false);
	if (!catalog_is_policy_admin() && !has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for policies and tags of role \"%s\"", *name),
				 errdetail("Superusers, members of dynapg_policy_admin and whoever has the role's privileges may see them.")));
	return role;
}

/* The name of a policy: IAM's rule. */
static char *
policy_name_argument(FunctionCallInfo fcinfo, int argument)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	int			len = strlen(name);

	if (len < 1 || len > 128 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-") != len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is no name of a policy", name),
				 errdetail("A name has 1 to 128 letters, digits and characters of _+=,.@-.")));
	return name;
}

/* Checks a policy that is to be kept; returns what counts of it. */
static int
check_policy(const char *policy)
{
	int			len = strlen(policy);

	policy_warn(policy_parse(policy, len, POLICY_IDENTITY));
	return policy_size(policy, len);
}

/* ------------------------------------------------------------------------------------------------------------
 * Policies
 * ------------------------------------------------------------------------------------------------------------ */

/* What counts of all policies of a role itself but one. */
static int
size_of_others(Oid role, const char *but)
{
	ArrayType  *names = DatumGetArrayTypeP(catalog_role_policy_names(role));
	Datum	   *elements;
	int			n;
	int			size = 0;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name = TextDatumGetCString(elements[i]);
		char	   *policy = catalog_role_policy(role, name);

		if (strcmp(name, but) != 0 && policy)
			size += policy_size(policy, strlen(policy));
	}
	return size;
}

/* put_role_policy(role regrole, name text, policy text) */
Datum
dynapg_put_role_policy(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);
	char	   *name = policy_name_argument(fcinfo, 1);
	char	   *policy = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			size = check_policy(policy);

	catalog_lock_role_policies();
	if (size + size_of_others(role, name) > POLICY_ROLE_QUOTA)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg_internal("Maximum policy size of %d bytes exceeded for role %s", POLICY_ROLE_QUOTA, role_name),
				 errdetail("All policies of a role together may have so many characters, white space between tokens not counted.")));
	catalog_put_role_policy(role, name, policy);
	PG_RETURN_VOID();
}

static _Noreturn void
raise_no_policy(const char *role_name, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("role \"%s\" has no policy \"%s\"", role_name, name)));
}

/* get_role_policy(role regrole, name text) returns text */
Datum
dynapg_get_role_policy(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_read(fcinfo, &role_name);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *policy = catalog_role_policy(role, name);

	if (policy == NULL)
		raise_no_policy(role_name, name);
	return CStringGetTextDatum(policy);
}

/* list_role_policies(role regrole) returns text[] */
Datum
dynapg_list_role_policies(PG_FUNCTION_ARGS)
{
	char	   *role_name;

	return catalog_role_policy_names(role_to_read(fcinfo, &role_name));
}

/* delete_role_policy(role regrole, name text) */
Datum
dynapg_delete_role_policy(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (!catalog_delete_role_policy(role, name))
		raise_no_policy(role_name, name);
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------------------------------------------------
 * Boundaries
 * ------------------------------------------------------------------------------------------------------------ */

/* put_role_permissions_boundary(role regrole, policy text) */
Datum
dynapg_put_role_permissions_boundary(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);
	char	   *policy = text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (check_policy(policy) > POLICY_BOUNDARY_QUOTA)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg_internal("Cannot exceed quota for PolicySize: %d", POLICY_BOUNDARY_QUOTA),
				 errdetail("White space between tokens is not counted.")));
	catalog_put_role_boundary(role, policy);
	PG_RETURN_VOID();
}

/* get_role_permissions_boundary(role regrole) returns text */
Datum
dynapg_get_role_permissions_boundary(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	char	   *policy = catalog_role_boundary(role_to_read(fcinfo, &role_name));

	if (policy == NULL)
		PG_RETURN_NULL();
	return CStringGetTextDatum(policy);
}

/* delete_role_permissions_boundary(role regrole) */
Datum
dynapg_delete_role_permissions_boundary(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);

	if (!catalog_delete_role_boundary(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" has no permissions boundary", role_name)));
	PG_RETURN_VOID();
}

/* ------------------------------------------------------------------------------------------------------------
 * Tags
 * ------------------------------------------------------------------------------------------------------------ */

/* IAM's rules for a tag. */
static void
check_tag(const RoleTag *tag)
{
	int			key_len = pg_mbstrlen(tag->key);

	if (key_len < 1 || key_len > ROLE_TAG_KEY_MAX || pg_mbstrlen(tag->value) > ROLE_TAG_VALUE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a tag of a role is too long, or has no key"),
				 errdetail("Keys have 1 to %d characters, values %d at most.", ROLE_TAG_KEY_MAX, ROLE_TAG_VALUE_MAX)));
	if (pg_strncasecmp(tag->key, "aws:", 4) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("keys of tags do not begin with \"aws:\"")));
}

/* tag_role(role regrole, tags jsonb) */
Datum
dynapg_tag_role(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);
	WireReader	reader;

	wire_read_jsonb(&reader, PG_GETARG_JSONB_P(1));
	if (wire_next(&reader) != WIRE_OBJECT_START)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("tags must be a JSON object")));
	catalog_lock_role_policies();
	while (wire_next(&reader) == WIRE_KEY)
	{
		RoleTag		tag = {.key = pnstrdup(reader.text, reader.len)};

		if (wire_next(&reader) != WIRE_STRING)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a tag's value must be a string")));
		tag.value = pnstrdup(reader.text, reader.len);
		check_tag(&tag);
		catalog_put_role_tag(role, &tag);
	}
	if (list_length(catalog_role_tags(role)) > ROLE_TAGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg_internal("Cannot exceed quota for TagsPerRole: %d", ROLE_TAGS_MAX)));
	PG_RETURN_VOID();
}

/* untag_role(role regrole, keys text[]) */
Datum
dynapg_untag_role(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	Oid			role = role_to_change(fcinfo, &role_name);
	Datum	   *keys;
	bool	   *nulls;
	int			n;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &keys, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			catalog_delete_role_tag(role, TextDatumGetCString(keys[i]));
	PG_RETURN_VOID();
}

/* list_role_tags(role regrole) returns jsonb */
Datum
dynapg_list_role_tags(PG_FUNCTION_ARGS)
{
	char	   *role_name;
	List	   *tags = catalog_role_tags(role_to_read(fcinfo, &role_name));
	WireWriter	writer;
	ListCell   *cell;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	foreach(cell, tags)
	{
		RoleTag    *tag = lfirst(cell);

		wire_text_member(&writer, tag->key, tag->value);
	}
	wire_object_end(&writer);
	PG_RETURN_JSONB_P(wire_writer_jsonb(&writer));
}

/* ------------------------------------------------------------------------------------------------------------
 * Simulation
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * simulate_policy(role regrole, action text, resource text, context jsonb, granted boolean) returns (decision text, side text, policy text,
 *	statement integer, sid text, refusal text)
 */
Datum
dynapg_simulate_policy(PG_FUNCTION_ARGS)
{
	char	   *name;
	Oid			role = role_to_read(fcinfo, &name);
	text	   *action = PG_GETARG_TEXT_PP(1);
	PolicyText	action_name = {VARDATA_ANY(action), VARSIZE_ANY_EXHDR(action)};
	PolicyContext context;
	AccessCaller caller = {.role = access_role(role)};
	AccessQuestion question = {.look_up = policy_context_look_up, .argument = &context, .granted = PG_GETARG_BOOL(4)};
	AccessLookup lookup;
	PolicySet	set;
	PolicyRequest request;
	PolicyResult result;

	question.action = policy_action_require(action_name);
	question.resource = text_to_cstring(PG_GETARG_TEXT_PP(2));
	policy_read_context(PG_GETARG_JSONB_P(3), &context);
	access_set(&caller, &question, &set);
	access_request(&caller, &question, &lookup, &request);
	policy_evaluate(&set, &request, &result);
	return policy_result_row(fcinfo, &request, &result);
}
