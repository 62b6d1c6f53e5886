/*
 * partiql.h
 *		PartiQL's statements on tables: what ExecuteStatement, BatchExecuteStatement and ExecuteTransaction share.
 */
#ifndef DYNAPG_OP_PARTIQL_H
#define DYNAPG_OP_PARTIQL_H

#include "expr/partiql.h"
#include "op/item_write.h"
#include "op/page.h"

/* The parameters of a statement; ValidationException for the first that is no value. */
extern void partiql_parameters(const RequestValue *list, PartiqlParameters *parameters);

/*
 * The statement of a request, parsed; of an index whose key has several HASH or RANGE attributes none is read.  AccessDeniedException if no policy could
 * allow it, before its table is looked for.
 */
extern PartiqlStatement *partiql_statement(const RequestValue *text, const PartiqlParameters *parameters);

/* Permission is asked for by kinds of statements: from here on dyn_operation (base/error.h) is the statement's. */
extern void partiql_set_action(const PartiqlStatement *statement);

/* ---- access control (partiql_access.c) ---- */

/* access_foresee() of a statement. */
extern void partiql_foresee(const PartiqlStatement *statement);

/* ---- keys (partiql_key.c) ---- */

/* What a WHERE says of the one item that it is about. */
typedef struct PartiqlKey
{
	AttributeMap attributes;	/* the key attributes that it gives by = */
	bool		is_whole;		/* all of them */
	const char *conflict;		/* a key attribute that it gives two values of; NULL: none */
	ExprNode   *rest;			/* what else must hold; NULL: nothing */
} PartiqlKey;

/* takes_in: IN with one value is as good as =. */
extern void partiql_key(const TableInfo *table, const ExprNode *where, bool takes_in, PartiqlKey *key);

/* ---- SELECT (partiql_plan.c, partiql_select.c) ---- */

/* One lookup or range that a SELECT reads. */
typedef struct SelectRead
{
	const JsonbValue *hash_value;	/* of the partition key; NULL: many partitions */
	bool		is_get;			/* the item under a key of the table */
	StorageKey	key;			/* is_get */
	PageRequest request;		/* else; its given_key also of an item */
} SelectRead;

/* How a SELECT is read: ranges that do not overlap and hold all that WHERE wants, one after another. */
typedef struct SelectPlan
{
	const PartiqlStatement *statement;
	const TableInfo *table;
	const TableIndex *index;	/* NULL: the table itself */
	bool		is_keyed;		/* by partition keys; else everything is read */
	bool		whole_items;	/* of a local index: its entries do not have all that is asked for */
	bool		backward;		/* within partitions */
	SelectRead *reads;
	int			n_reads;
} SelectPlan;

extern void partiql_plan(const PartiqlStatement *statement, const TableInfo *table, bool consistent, SelectPlan *plan);

/* access_user() of a SELECT by its plan, or of one that reads the item under a key of the table (partiql_access.c). */
extern Oid	partiql_user_of_plan(const SelectPlan *plan);
extern Oid	partiql_user_of_get(const PartiqlStatement *statement, const TableInfo *table, const AttributeMap *key,
								const char *enclosing_operation);

/* Where a SELECT goes on. */
typedef struct SelectPosition
{
	int			read;			/* of the plan; n_reads: at the end */
	AttributeMap *key;			/* behind this item; NULL: at the read's beginning */
} SelectPosition;

/* Begins a read of the plan behind an item of it; false if the item cannot be one. */
extern bool partiql_continue_behind(const SelectPlan *plan, SelectRead *read, AttributeMap *key);

/* Writes the response of a SELECT: a page of Items, NextToken, ConsumedCapacity. */
extern void partiql_select(const PartiqlStatement *statement, const RequestValue *request, WireWriter *response);

/* All items of a SELECT, in natural form, all pages as one. */
extern void partiql_select_all(const PartiqlStatement *statement, PageVisitor visit, void *argument);

/* ---- any statement (execute_statement.c) ---- */

/* Executes an ExecuteStatement request and gives what it returns, in natural form, all pages as one. */
extern void partiql_visit(const RequestValue *request, PageVisitor visit, void *argument);

/* ---- writes (partiql_write.c) ---- */

/* What a statement that is no SELECT wants done; key: of its WHERE, not for INSERT. */
extern void partiql_write(const PartiqlStatement *statement, const TableInfo *table, const PartiqlKey *key,
						  ItemWrite *write);

/* item_write_authorize() of what partiql_write() has made (partiql_access.c). */
extern void partiql_authorize_write(const PartiqlStatement *statement, ItemWrite *write, const char *enclosing_operation);

/* Raises the error if a standalone write does not name one item. */
extern void partiql_require_key(const PartiqlKey *key);

/* What RETURNING returns of a write that is done; false if that is nothing. */
extern bool partiql_returned(const PartiqlStatement *statement, const ItemWrite *write, JsonbValue *item);

#endif							/* DYNAPG_OP_PARTIQL_H */
