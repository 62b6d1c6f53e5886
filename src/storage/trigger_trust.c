/*
 * trigger_trust.c
 *		Whose code a table's triggers are, when they are about to be fired in its owner's name.
 *
 * The TRIGGER privilege lets others put triggers on a table.  To fire them as the table's owner because an access policy lets the caller write would
 * give them the owner's privileges at a time of their choice.  A function is trusted if it runs as somebody else in any case (SECURITY DEFINER), or
 * belongs to a role that has the owner's privileges anyway.  Who made a trigger is not recorded, so its condition is judged by the functions that it
 * calls.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "storage/triggers.h"

/* Whether a function may be called in a role's name. */
static bool
is_trusted(Oid function, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		is_trusted;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	is_trusted = form->prosecdef || has_privs_of_role(form->proowner, role);
	ReleaseSysCache(tuple);
	return is_trusted;
}

/* A check_function_callback. */
static bool
is_strange(Oid function, void *role)
{
	return !is_trusted(function, *(Oid *) role);
}

static bool
calls_strange(Node *node, void *role)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_strange, role) || expression_tree_walker(node, calls_strange, role);
}

static bool
trigger_is_trusted(const Trigger *trigger, Oid role)
{
	if (trigger->tgenabled == TRIGGER_DISABLED || TRIGGER_FOR_TRUNCATE(trigger->tgtype))
		return true;
	return is_trusted(trigger->tgfoid, role) &&
		(trigger->tgqual == NULL || !calls_strange(stringToNode(trigger->tgqual), &role));
}

const char *
triggers_untrusted(Relation relation, Oid role)
{
	const TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (!trigger_is_trusted(&triggers->triggers[i], role))
			return triggers->triggers[i].tgname;
	return NULL;
}
