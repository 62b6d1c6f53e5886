/*
 * authorize.h
 *		Who may do what: access policies and privileges, asked by each operation before it reads or changes anything.
 *
 * One rule (policy/policy.h).  A request is allowed if no policy denies it, and the role has the privileges (GRANT), or an identity policy or the
 * table's resource policy allows it, and so do boundary and session policy where there are any.  What privileges allow is done as the
 * current user, row-level security and all; what only a policy allows is done as the table's owner, as a security definer view does it.
 *
 * Two moments.  access_begin(), before the catalog is asked: with action and ARN alone.  A role that is under policies and that none of them
 * could ever allow it is refused there, so nobody learns which tables exist.  access_user(), when table, keys and names are known and before
 * storage is touched: the whole evaluation.  What has no condition keys is judged whole in the first.
 *
 * Cost.  A role without policies, in a database without resource policies, pays one test of a boolean at each.  Compiled policies are the
 * process's, by role and session, and are forgotten by invalidation when policies, tags, roles or memberships change: a change that was committed
 * before a request's transaction began is seen by it.
 */
#ifndef DYNAPG_AUTHORIZE_H
#define DYNAPG_AUTHORIZE_H

#include "base/user_switch.h"
#include "catalog/tables.h"
#include "op/expressions.h"
#include "op/request.h"
#include "policy/policy.h"
#include "storage/storage.h"

/* ------------------------------------------------------------------------------------------------------------
 * The first moment
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Judges an operation by its row in authorize_data.h and its request; AccessDeniedException.  Returns who executes it: the current user, or the owner
 * of the resource if only a policy allows it, as whom it is to run (access_become()).  Called by op_run().
 */
extern Oid	access_begin(int operation, const RequestValue *request);

/* The same for what no operation of the model asks for: a part of a transaction, a PartiQL statement, a helper function. */
extern void access_foresee(PolicyAction action, const char *table, int table_len, const char *index, int index_len);

/* Makes a role the current user, restricted as in a security definer function, and back; an error that ends the (sub)transaction goes back, too. */
typedef UserSwitch AccessUser;

extern void access_become(Oid role, AccessUser *before);
extern void access_return(const AccessUser *before);

/* ------------------------------------------------------------------------------------------------------------
 * The second moment
 * ------------------------------------------------------------------------------------------------------------ */

/* Collects what a request names; only made if a policy asks for it. */
typedef struct AccessNames AccessNames;

extern void access_name(AccessNames *names, const char *name, int len);	/* a top-level attribute, as callers write it */
extern void access_name_map(AccessNames *names, const AttributeMap *map);	/* all of an item's or a key's */
extern void access_name_path(const DocPath *path, void *names);	/* a PathVisitor */
extern void access_name_condition(AccessNames *names, const ExprNode *condition);	/* NULL: none */
extern void access_name_update(AccessNames *names, const Update *update);
extern void access_name_key_condition(AccessNames *names, const KeyCondition *condition);
extern void access_name_projection(AccessNames *names, const Projection *projection);
extern void access_name_expressions(AccessNames *names, const Expressions *expressions);	/* of all of them */

/*
 * The values of a partition key that a request names: that of a table's key or item, if it has it; those that a key condition gives of the table's
 * (index NULL) or an index's; or one, of the key's attribute of a number, from 0.
 */
extern void access_lead(AccessNames *names, const TableInfo *table, const AttributeMap *key);
extern void access_lead_condition(AccessNames *names, const TableInfo *table, const TableIndex *index, const KeyCondition *condition);
extern void access_lead_value(AccessNames *names, int attribute, const JsonbValue *value);

/*
 * What dynamodb:ReturnValues is of a write: what the request asks to be given back (NULL: NONE), but where a condition that fails gives the whole item
 * back, that: ALL_OLD.
 */
extern const char *access_return_values(const char *return_values, bool returns_old_on_failure);

/* What an operation, or a part of one, does with a table. */
typedef struct AccessPart
{
	PolicyAction action;
	const TableInfo *table;
	const TableIndex *index;	/* the resource is the index's ARN; NULL: the table's */
	StorageAccess access;		/* the privileges that would do */
	bool		returns_item;
	bool		reads_all;		/* every item, in all attributes: privileges on columns do not do, nor those under row-level security */

	/* condition keys; NULL: the request does not have them */
	const char *enclosing_operation;	/* TransactWriteItems, ... */
	const char *select;			/* of reads */
	const char *return_values;	/* of writes */
	const RequestValue *return_consumed_capacity;
	const bool *full_table_scan;	/* PartiQLSelect */

	/* Names what dynamodb:Attributes, dynamodb:LeadingKeys and its kin are; called if a policy asks, more than once at worst. */
	void		(*describe) (AccessNames *names, const void *argument);
	const void *argument;
} AccessPart;

/*
 * Judges a part; AccessDeniedException.  Returns as whom storage_open() is to be asked: the current user, or the table's owner if only a policy
 * allows it.  A batch asks for all of its parts before it opens anything.  For a role without policies it looks at nothing: storage_open() judges.
 */
extern Oid	access_user(const AccessPart *part);

/*
 * The same of the reading of an item by its key, with a projection or none (NULL): the part says by which action, and which condition keys the request
 * has besides.
 */
typedef struct AccessRead
{
	const TableInfo *info;
	const AttributeMap *key;
	const Projection *projection;
} AccessRead;

extern Oid	access_user_of_read(const AccessRead *read, const AccessPart *part);

/* What dynamodb:Select is, where a request does not say it. */
extern const char *access_select(bool is_projected, bool of_index);

#endif							/* DYNAPG_AUTHORIZE_H */
