/*
 * role_policies.c
 *		Reading and writing dynapg.role_policies, role_boundaries and role_tags.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/owner.h"
#include "catalog/role_policies.h"

#define ADMIN_ROLE "dynapg_policy_admin"

/* Their columns. */
#define ROW_ROLE		1		/* regrole, of all three */
#define POLICIES_NAME	2		/* text */
#define POLICIES_POLICY	3		/* text */
#define BOUNDARY_POLICY	2		/* text */
#define TAGS_KEY		2		/* text */
#define TAGS_VALUE		3		/* text */
#define ROW_COLUMNS		4		/* at most */

typedef void (*RowReader) (Datum *values, void *argument);

/* Reads all rows of a table of these, or those of a role. */
static void
read_rows(const char *name, Oid role, RowReader read, void *argument)
{
	Oid			oid = get_relname_relid(name, get_namespace_oid("dynapg", false));
	Relation	relation;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	row;

	if (!OidIsValid(oid))
		return;					/* the extension is being created */
	relation = table_open(oid, AccessShareLock);
	ScanKeyInit(&key, ROW_ROLE, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(role));
	scan = systable_beginscan(relation, InvalidOid, false, NULL, OidIsValid(role) ? 1 : 0, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		Datum		values[ROW_COLUMNS];
		bool		nulls[ROW_COLUMNS];

		heap_deform_tuple(row, RelationGetDescr(relation), values, nulls);
		read(values, argument);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
}

/* Whether a role is judged by another's policies, as it has another's privileges.  A superuser is everybody's member otherwise. */
static bool
is_judged_by(Oid role, Oid other)
{
	if (superuser_arg(role))
		return role == other || is_member_of_role_nosuper(role, other);
	return has_privs_of_role(role, other);
}

typedef struct PolicyScan
{
	Oid			role;
	List	   *found;
} PolicyScan;

static void
read_policy(Datum *values, void *argument)
{
	PolicyScan *scan = argument;
	Oid			owner = DatumGetObjectId(values[ROW_ROLE - 1]);
	char	   *owner_name = GetUserNameFromId(owner, true);
	RolePolicy *policy;

	if (owner_name == NULL || !is_judged_by(scan->role, owner))
		return;
	policy = palloc(sizeof(RolePolicy));
	policy->name = psprintf("%s/%s", owner_name, TextDatumGetCString(values[POLICIES_NAME - 1]));
	policy->policy = TextDatumGetCString(values[POLICIES_POLICY - 1]);
	scan->found = lappend(scan->found, policy);
}

static int
compare_policies(const ListCell *a, const ListCell *b)
{
	return strcmp(((RolePolicy *) lfirst(a))->name, ((RolePolicy *) lfirst(b))->name);
}

List *
catalog_policies_of_role(Oid role)
{
	PolicyScan	scan = {role, NIL};

	read_rows("role_policies", InvalidOid, read_policy, &scan);
	list_sort(scan.found, compare_policies);
	return scan.found;
}

static void
read_boundary(Datum *values, void *argument)
{
	*(char **) argument = TextDatumGetCString(values[BOUNDARY_POLICY - 1]);
}

char *
catalog_role_boundary(Oid role)
{
	char	   *policy = NULL;

	read_rows("role_boundaries", role, read_boundary, &policy);
	return policy;
}

static void
read_tag(Datum *values, void *argument)
{
	RoleTag    *tag = palloc(sizeof(RoleTag));

	tag->key = TextDatumGetCString(values[TAGS_KEY - 1]);
	tag->value = TextDatumGetCString(values[TAGS_VALUE - 1]);
	*(List **) argument = lappend(*(List **) argument, tag);
}

static int
compare_tags(const ListCell *a, const ListCell *b)
{
	return strcmp(((RoleTag *) lfirst(a))->key, ((RoleTag *) lfirst(b))->key);
}

List *
catalog_role_tags(Oid role)
{
	List	   *tags = NIL;

	read_rows("role_tags", role, read_tag, &tags);
	list_sort(tags, compare_tags);
	return tags;
}

bool
catalog_is_policy_admin(void)
{
	Oid			admin = get_role_oid(ADMIN_ROLE, true);

	return superuser() || (OidIsValid(admin) && has_privs_of_role(GetUserId(), admin));
}

/* ------------------------------------------------------------------------------------------------------------
 * Statements
 * ------------------------------------------------------------------------------------------------------------ */

/* A statement about a role, with two texts at most; returns the number of rows. */
static uint64
change(const char *statement, Oid role, const char *first, const char *second)
{
	Oid			types[] = {REGROLEOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(role), first ? CStringGetTextDatum(first) : (Datum) 0, second ? CStringGetTextDatum(second) : (Datum) 0
	};

	return catalog_execute(statement, first == NULL ? 1 : second == NULL ? 2 : 3, types, values, NULL);
}

/* The one column of a statement's row; false if there is none or it is null. */
static bool
fetch(const char *statement, Oid role, const char *text, Datum *column)
{
	Oid			types[] = {REGROLEOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(role), text ? CStringGetTextDatum(text) : (Datum) 0};
	bool		isnull;

	return catalog_fetch(statement, text ? 2 : 1, types, values, 1, column, &isnull) && !isnull;
}

char *
catalog_role_policy(Oid role, const char *name)
{
	Datum		policy;

	return fetch("SELECT policy FROM dynapg.role_policies WHERE role = $1 AND name = $2", role, name, &policy) ?
		TextDatumGetCString(policy) : NULL;
}

Datum
catalog_role_policy_names(Oid role)
{
	Datum		names = (Datum) 0;

	if (!fetch("SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM dynapg.role_policies WHERE role = $1", role, NULL, &names))
		elog(ERROR, "no names of policies");
	return names;
}

void
catalog_lock_role_policies(void)
{
	(void) catalog_execute("LOCK TABLE dynapg.role_policies, dynapg.role_tags IN SHARE ROW EXCLUSIVE MODE", 0, NULL, NULL, NULL);
}

void
catalog_put_role_policy(Oid role, const char *name, const char *policy)
{
	(void) change("INSERT INTO dynapg.role_policies (role, name, policy) VALUES ($1, $2, $3) "
				  "ON CONFLICT (role, name) DO UPDATE SET policy = excluded.policy, changed_at = excluded.changed_at", role, name, policy);
}

void
catalog_put_role_boundary(Oid role, const char *policy)
{
	(void) change("INSERT INTO dynapg.role_boundaries (role, policy) VALUES ($1, $2) "
				  "ON CONFLICT (role) DO UPDATE SET policy = excluded.policy, changed_at = excluded.changed_at", role, policy, NULL);
}

void
catalog_put_role_tag(Oid role, const RoleTag *tag)
{
	(void) change("INSERT INTO dynapg.role_tags (role, key, value) VALUES ($1, $2, $3) "
				  "ON CONFLICT (role, lower(key)) DO UPDATE SET key = excluded.key, value = excluded.value", role, tag->key, tag->value);
}

void
catalog_delete_role_tag(Oid role, const char *key)
{
	(void) change("DELETE FROM dynapg.role_tags WHERE role = $1 AND lower(key) = lower($2 COLLATE \"C\")", role, key, NULL);
}

bool
catalog_delete_role_policy(Oid role, const char *name)
{
	return change("DELETE FROM dynapg.role_policies WHERE role = $1 AND name = $2", role, name, NULL) > 0;
}

bool
catalog_delete_role_boundary(Oid role)
{
	return change("DELETE FROM dynapg.role_boundaries WHERE role = $1", role, NULL, NULL) > 0;
}
