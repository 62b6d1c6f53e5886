/*
 * expr_private.h
 *		Between the parser, the checkers and the evaluators of expressions.
 *
 * An expression takes two steps to become a tree.  The grammar makes syntax trees, in which placeholders, names and
 * functions are still texts; the service's checks of an expression go over the whole of it one kind of mistake at
 * a time, and need them so.  The last check resolves the texts into the trees of expr.h.
 */
#ifndef DYNAPG_EXPR_PRIVATE_H
#define DYNAPG_EXPR_PRIVATE_H

#include "nodes/pg_list.h"

#include "base/error.h"
#include "expr/expr.h"

#define EXPR_MAX_SIZE			4096	/* bytes */
#define EXPR_MAX_OPERATORS		300
#define EXPR_MAX_IN_OPERANDS	100
#define EXPR_MAX_PATH_DEPTH		32
#define EXPR_MAX_INDEX			4294967294u

/* A piece of the expression. */
typedef struct ExprText
{
	const char *at;
	int			len;
} ExprText;

typedef struct SyntaxStep
{
	bool		is_index;
	ExprText	text;			/* name, #name or digits */
} SyntaxStep;

typedef enum SyntaxKind
{
	SYNTAX_PATH,
	SYNTAX_VALUE,
	SYNTAX_FUNCTION,
	SYNTAX_OPERATOR
} SyntaxKind;

typedef struct Syntax
{
	SyntaxKind	kind;
	bool		parenthesised;
	ExprText	text;			/* SYNTAX_VALUE: ":v"; SYNTAX_FUNCTION: its name */
	NodeKind	operator;		/* SYNTAX_OPERATOR */
	List	   *steps;			/* SYNTAX_PATH: of SyntaxStep */
	DocPath	   *path;			/* SYNTAX_PATH in updates, once it is resolved */
	List	   *args;			/* of Syntax */
} Syntax;

typedef struct SyntaxAction
{
	Syntax	   *path;
	Syntax	   *operand;		/* NULL for REMOVE */
} SyntaxAction;

typedef struct SyntaxSection
{
	UpdateKind	kind;
	List	   *actions;		/* of SyntaxAction */
} SyntaxSection;

typedef enum ExprLanguage
{
	EXPR_CONDITION,
	EXPR_UPDATE,
	EXPR_PROJECTION
} ExprLanguage;

/* One expression on its way. */
typedef struct ExprParser
{
	ExprLanguage language;
	const char *kind;			/* "ConditionExpression"; NULL: errors have no prefix (PartiQL) */
	ExprText	source;
	ExprParams *params;
	ExprName  **names;			/* by placeholder, once one was looked up */
	ExprValue **values;

	/* the scanner */
	void	   *scanner;
	bool		started;		/* the token that tells the language was given */
	int			offset;			/* of what it reads next */
	ExprText	previous;		/* token; at is NULL before there is one */
	ExprText	current;

	/* what was read */
	int			operators;
	Syntax	   *condition;
	List	   *sections;		/* of SyntaxSection */
	List	   *paths;			/* of Syntax */
} ExprParser;

/* ---- expr_scan.l, expr_gram.y ---- */

extern void expr_scan_begin(ExprParser *parser);
extern void expr_scan_end(ExprParser *parser);
extern const char *expr_scan_next_end(ExprParser *parser);
extern int	expr_yyparse(ExprParser *parser);

/* ---- expr_parse.c ---- */

/* Reads an expression into a parser's syntax tree; raises what can be wrong with its size and syntax. */
extern void expr_parse(ExprParser *parser, ExprLanguage language, const char *kind, const char *text, int len,
					   ExprParams *params);

/*
 * Raises ValidationException `Invalid <kind>: <reason>`; enveloped: in an envelope, if the
 * operation has that one.
 */
extern _Noreturn void expr_fail(const ExprParser *parser, const char *format,...) pg_attribute_printf(2, 3);
extern _Noreturn void expr_fail_enveloped(const ExprParser *parser, DynEnvelopes envelope, const char *format,...)
			pg_attribute_printf(3, 4);

/* Raises the syntax error at the parser's current token. */
extern _Noreturn void expr_fail_syntax(ExprParser *parser);

/* A text for a message, NUL-terminated. */
extern char *expr_printable(const char *text, int len);

/* ---- expr_check.c: what all languages share ---- */

/* Raises the error for the first reserved word or list index out of range in a path. */
extern void expr_check_words(const ExprParser *parser, const Syntax *path);

/* Resolve a path's names or a value's placeholder, and mark them as used.  Raise the error if they are undefined. */
extern DocPath *expr_resolve_path(ExprParser *parser, const Syntax *path);
extern JsonbValue *expr_resolve_value(ExprParser *parser, const Syntax *value);

/* Raises the error of the first two paths that overlap, else of the first that conflict. */
extern void expr_check_overlaps(const ExprParser *parser, DocPath **paths, int count);

/* What functions and operators demand. */
typedef struct FunctionInfo
{
	const char *name;
	NodeKind	kind;
	int			n_args;
} FunctionInfo;

/* The function of a name; NULL if there is none. */
extern const FunctionInfo *expr_function(const ExprText *name);

/* A function's or an operator's name in messages. */
extern const char *expr_operator_name(NodeKind kind);

/* Raises the error if the first operand is a path and one of the others the same; for a literal of a wrong type. */
extern void expr_check_distinct(const ExprParser *parser, const ExprNode *node);
extern void expr_check_operand_types(const ExprParser *parser, const ExprNode *node, uint32 types);

/* Raises the error if the first operand is not a path. */
extern void expr_require_path(const ExprParser *parser, const ExprNode *node);

/* What a condition without AND, OR and NOT (condition_check.c), and the operand of SET (update_check.c), must be. */
extern void expr_check_condition(const ExprParser *parser, const ExprNode *node);
extern void expr_check_set_operand(const ExprParser *parser, const ExprNode *node);

#define TYPE_BIT(type) (1u << (type))
#define ORDERED_TYPES (TYPE_BIT(ATTR_S) | TYPE_BIT(ATTR_N) | TYPE_BIT(ATTR_B))

/* ---- path.c ---- */

extern bool path_equal(const DocPath *a, const DocPath *b);
extern bool path_step_equal(const PathStep *a, const PathStep *b);

/*
 * Paths merged into one tree.  A node has children or a leaf, and its children are all names or all indexes, unless
 * paths overlap or conflict, which the parsers refuse.
 */
typedef struct PathTree
{
	const PathStep *step;		/* NULL in the root */
	int			leaf;			/* of which path; -1: of none */
	int			n_children;
	int			capacity;
	struct PathTree *children;	/* indexes in ascending order, names in no order */
} PathTree;

extern PathTree *path_tree(DocPath *const *paths, int n_paths);

/* ---- projection.c ---- */

/* Merges a projection's paths; to be called once they are there, unless all have one step. */
extern void projection_merge(Projection *projection);

#endif							/* DYNAPG_EXPR_PRIVATE_H */
