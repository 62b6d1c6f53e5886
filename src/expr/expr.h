/*
 * expr.h
 *		The expression languages: trees, their parsers, and what they do to items.
 *
 * A request's expressions are parsed one after another with its placeholders (ExprParams); each parser gives a tree
 * in which every placeholder is resolved, or raises ValidationException `Invalid <kind>: <reason>` as the service does.
 * Legacy parameters are rewritten into the same trees (op/legacy.c).  Trees are evaluated over items in stored
 * form (value/attr.h).
 */
#ifndef DYNAPG_EXPR_H
#define DYNAPG_EXPR_H

#include "utils/jsonb.h"

#include "value/attr.h"

/* ---- placeholders ---- */

typedef struct ExprName
{
	const char *placeholder;	/* "#n", NUL-terminated */
	const char *name;			/* the attribute's name; may hold NULs */
	int			name_len;
	bool		used;
} ExprName;

typedef struct ExprValue
{
	const char *placeholder;	/* ":v", NUL-terminated */
	JsonbValue *value;			/* in stored form */
	bool		used;
} ExprValue;

/* ExpressionAttributeNames and ExpressionAttributeValues of one request. */
typedef struct ExprParams
{
	ExprName   *names;
	int			n_names;
	ExprValue  *values;
	int			n_values;
	int			envelopes;		/* of DynEnvelopes (base/error.h) */
} ExprParams;

/* ---- document paths ---- */

typedef struct PathStep
{
	bool		is_index;
	uint32		index;			/* of a list, from 0; at most 4294967294 */
	const char *name;			/* of an attribute or map member, as the service knows it */
	int			name_len;
	const char *stored;			/* as stored */
	int			stored_len;
} PathStep;

typedef struct DocPath
{
	int			count;			/* at least 1; the first step is a name */
	PathStep   *steps;
} DocPath;

/* ---- trees of conditions and operands ---- */

typedef enum NodeKind
{
	/* operands */
	NODE_PATH,
	NODE_VALUE,
	NODE_SIZE,					/* size(path) */
	/* operands in update expressions only */
	NODE_PLUS,
	NODE_MINUS,
	NODE_IF_NOT_EXISTS,			/* if_not_exists(path, operand) */
	NODE_LIST_APPEND,
	/* conditions */
	NODE_AND,
	NODE_OR,
	NODE_NOT,
	NODE_EQ,
	NODE_NE,
	NODE_LT,
	NODE_LE,
	NODE_GT,
	NODE_GE,
	NODE_BETWEEN,				/* operand, lower, upper */
	NODE_IN,					/* operand, then 1 to 100 others */
	NODE_ATTRIBUTE_EXISTS,
	NODE_ATTRIBUTE_NOT_EXISTS,
	NODE_ATTRIBUTE_TYPE,
	NODE_BEGINS_WITH,
	NODE_CONTAINS
} NodeKind;

/* In PartiQL a condition may be an operand, and is a BOOL then. */
#define node_is_condition(kind) ((kind) >= NODE_AND)

typedef struct ExprNode
{
	NodeKind	kind;
	DocPath	   *path;			/* NODE_PATH */
	JsonbValue *value;			/* NODE_VALUE */
	struct ExprNode **args;
	int			n_args;
} ExprNode;

/* ExprNode constructors, in the current memory context. */
extern ExprNode *node_make(NodeKind kind, int n_args,...);	/* the arguments are ExprNode * */
extern ExprNode *node_path(DocPath *path);
extern ExprNode *node_value(JsonbValue *value);
extern DocPath *path_of_name(const char *name, int name_len);	/* a path of one step */

/* "Condition" in the general sense: ConditionExpression and FilterExpression differ in their kind's name only. */
extern ExprNode *expr_parse_condition(const char *text, int len, const char *kind, ExprParams *params);

/* Whether a condition holds for an item; item NULL: there is none (every path is absent). */
extern bool condition_holds(const ExprNode *condition, const JsonbValue *item);

/* Calls visit for each path in a condition. */
typedef void (*PathVisitor) (const DocPath *path, void *argument);
extern void condition_visit_paths(const ExprNode *condition, PathVisitor visit, void *argument);

/* ---- projections ---- */

typedef struct Projection
{
	DocPath	  **paths;
	int			n_paths;
	bool		legacy;			/* AttributesToGet: top-level names, dots and all */
	struct PathTree *tree;		/* private: the paths merged, if one of them has more than one step */
} Projection;

extern Projection *expr_parse_projection(const char *text, int len, ExprParams *params);

/* The projected item: a fresh tree (jbvObject), possibly empty.  List elements come compacted, in index order. */
extern void projection_apply(const Projection *projection, const JsonbValue *item, JsonbValue *result);

/* ---- key conditions ---- */

typedef enum KeyOperator
{
	KEY_OP_EQ,
	KEY_OP_LT,
	KEY_OP_LE,
	KEY_OP_GT,
	KEY_OP_GE,
	KEY_OP_BETWEEN,
	KEY_OP_BEGINS_WITH,
	KEY_OP_NOT_INDEXABLE		/* legacy NE, CONTAINS, IN, ...: refused once the schema is known */
} KeyOperator;

typedef struct KeyTerm
{
	const char *name;			/* the attribute, as the service knows it */
	int			name_len;
	const char *stored;
	int			stored_len;
	KeyOperator op;
	JsonbValue *values[2];		/* the second for KEY_OP_BETWEEN */
} KeyTerm;

/* One term an attribute (up to 8 on a multi-attribute index), in the order of the text. */
typedef struct KeyCondition
{
	KeyTerm    *terms;
	int			n_terms;
	bool		legacy;			/* from KeyConditions */
} KeyCondition;

/* Parses only: syntax, placeholders, and all that a condition is checked for. */
extern ExprNode *expr_parse_key_condition(const char *text, int len, ExprParams *params);

/* The semantic checks of a key condition, after all expressions are parsed and unused placeholders were reported. */
extern KeyCondition *expr_key_condition(const ExprNode *condition);

/* The term that a condition is, if it compares one attribute with values; else NULL. */
extern KeyTerm *expr_key_term(const ExprNode *node);

/* ---- updates ---- */

typedef enum UpdateKind
{
	UPDATE_SET,
	UPDATE_REMOVE,
	UPDATE_ADD,
	UPDATE_DELETE
} UpdateKind;

typedef struct UpdateAction
{
	UpdateKind	kind;
	DocPath	   *path;
	ExprNode	   *operand;		/* SET: any operand; ADD, DELETE: NODE_VALUE (a list only for a
								 * legacy ADD, which appends); REMOVE: NULL */
} UpdateAction;

typedef struct Update
{
	UpdateAction *actions;
	int			n_actions;
	bool		legacy;			/* AttributeUpdates: its own messages for wrong types */
} Update;

extern Update *expr_parse_update(const char *text, int len, ExprParams *params);

/*
 * Applies an update.  item is the item before; where there is none, an object of the key attributes alone, and
 * exists is false.  All operands are read from the item before.  *result is a fresh tree (jbvObject, sorted,
 * unique); parts that do not change may point into item (jbvBinary), so that attr_to_jsonb() makes a
 * jsonb of it, not JsonbValueToJsonb().  Raises the service's errors of evaluation, not of size.
 */
extern void update_apply(const Update *update, const JsonbValue *item, bool exists, JsonbValue *result);

/*
 * What UPDATED_OLD (of the item before) or UPDATED_NEW (of the item after) returns: the fragments that the update's paths
 * name.  False if there is nothing to return.
 */
extern bool update_fragments(const Update *update, const JsonbValue *item, JsonbValue *result);

/* What an update adds to the item's size in the size rule of standalone UpdateItems (3 + 19 per writing action + 2
 * per clearing action, one more for SET on a list index). */
extern int	update_cost(const Update *update);

/* ---- values of paths ---- */

/* The value at a path of an item; false if it is absent. */
extern bool path_lookup(const DocPath *path, const JsonbValue *item, JsonbValue *value);

/* A path as messages print it: "[a, [1], b]". */
extern char *path_text(const DocPath *path);

/* Raises `Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}`, then the same for values. */
extern void expr_check_unused(const ExprParams *params);

/* Whether a word is one of the 573 reserved ones (any case). */
extern bool expr_is_reserved(const char *word, int len);

#endif							/* DYNAPG_EXPR_H */
