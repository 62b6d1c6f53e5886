/*
 * expressions.h
 *		The expressions of a request and their legacy counterparts: read in the service's order.
 *
 * An operation says which of its members are what (ExpressionMembers), and calls the steps in its own order:
 * op_check_parameters(), then its value checks, then op_read_legacy() and op_read_expressions().
 */
#ifndef DYNAPG_EXPRESSIONS_H
#define DYNAPG_EXPRESSIONS_H

#include "catalog/tables.h"
#include "expr/expr.h"
#include "op/request.h"

/*
 * Which members of an operation's input are expressions; NO_MEMBER, which is 0, where it
 * has none.
 */
typedef struct ExpressionMembers
{
	int			envelopes;		/* of DynEnvelopes (base/error.h) */
	/* expressions */
	int			update_expression;
	int			condition_expression;
	int			key_condition_expression;
	int			filter_expression;
	int			projection_expression;
	int			names;
	int			values;
	/* legacy parameters */
	int			expected;
	int			attribute_updates;
	int			key_conditions;
	int			filter;			/* QueryFilter, ScanFilter */
	int			conditional_operator;
	int			attributes_to_get;
} ExpressionMembers;

/* What was read; NULL where the request has none. */
typedef struct Expressions
{
	ExprNode	   *condition;		/* ConditionExpression or Expected */
	ExprNode	   *filter;			/* FilterExpression, QueryFilter or ScanFilter */
	bool		legacy_filter;
	Update	   *update;			/* UpdateExpression or AttributeUpdates */
	ExprNode	   *key_condition_tree; /* KeyConditionExpression, parsed */
	KeyCondition *key_condition;	/* either form, semantics checked */
	Projection *projection;		/* ProjectionExpression or AttributesToGet */
} Expressions;

/* Stage 6, first: old and new parameters mixed, placeholders without expressions. */
extern void op_check_parameters(const RequestValue *request, const ExpressionMembers *members);

/* The legacy parameters but KeyConditions, with their own errors: Expected or AttributeUpdates, filters, AttributesToGet. */
extern void op_read_legacy(const RequestValue *request, const ExpressionMembers *members, Expressions *expressions);

/*
 * Placeholders, then all expressions in the service's order, then unused placeholders , then what a key
 * condition must be.
 */
extern void op_read_expressions(const RequestValue *request, const ExpressionMembers *members,
								Expressions *expressions);

/* KeyConditions into expressions->key_condition, after op_read_expressions(). */
extern void op_read_key_conditions(const RequestValue *request, const ExpressionMembers *members,
								   Expressions *expressions);

/* Whether a path begins with a key attribute. */
extern bool op_path_names(const DocPath *path, const KeyAttribute *attribute);

/*
 * Raises the error for a path of any of the expressions that leads into a key attribute of the table or of an index:
 * `Key attributes must be scalars; ...`.
 */
extern void op_check_key_paths(const TableInfo *table, const Expressions *expressions);

#endif							/* DYNAPG_EXPRESSIONS_H */
