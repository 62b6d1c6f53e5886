/*
 * partiql_branch.h
 *		The ways in which a PartiQL SELECT's WHERE can hold, as far as keys are concerned; between partiql_branch.c and partiql_plan.c.
 */
#ifndef DYNAPG_PARTIQL_BRANCH_H
#define DYNAPG_PARTIQL_BRANCH_H

#include "nodes/pg_list.h"

#include "catalog/tables.h"
#include "expr/expr.h"

/* The attributes of the key that is looked up: the table's, or those of an index that has no more than one of each kind. */
typedef struct LookupKey
{
	const KeyAttribute *hash;
	const KeyAttribute *sort;	/* NULL: there is none */
} LookupKey;

/* One way in which WHERE can hold. */
typedef struct Branch
{
	List	   *terms;			/* of KeyTerm, on the key */
	List	   *others;			/* of ExprNode: what else must hold */
	bool		has_no_range;	/* others have a condition on the sort key */
} Branch;

extern bool branch_names_attribute(const KeyTerm *term, const KeyAttribute *attribute);

/* Whether the partition key is given by = in each way in which a condition can hold. */
extern bool branch_gives_hash(const LookupKey *key, const ExprNode *condition);

/* The branches of a condition, at least one; ValidationException if they are more than are read for one statement. */
extern List *branches_of_condition(const LookupKey *key, const ExprNode *condition);

#endif							/* DYNAPG_PARTIQL_BRANCH_H */
