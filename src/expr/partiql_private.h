/*
 * partiql_private.h
 *		Between the parser of PartiQL and what makes trees of its syntax.
 *
 * The grammar makes syntax nodes of the whole statement; then partiql_condition.c, partiql_update.c and partiql_value.c
 * make conditions, updates and values of them, so that a mistake of syntax is always reported first.
 */
#ifndef DYNAPG_PARTIQL_PRIVATE_H
#define DYNAPG_PARTIQL_PRIVATE_H

#include "nodes/pg_list.h"

#include "expr/expr_private.h"
#include "expr/partiql.h"

/* Levels of a statement's expressions, as deep as anything here recurses. */
#define PARTIQL_MAX_DEPTH 400

#define PARTIQL_MALFORMED "Statement wasn't well formed, can't be processed: "

typedef enum PartiqlNodeKind
{
	PARTIQL_PATH,
	PARTIQL_STRING,
	PARTIQL_NUMBER,
	PARTIQL_CONSTANT,			/* TRUE, FALSE, NULL */
	PARTIQL_MISSING,
	PARTIQL_PARAMETER,
	PARTIQL_LIST,
	PARTIQL_BAG,
	PARTIQL_MAP,
	PARTIQL_CALL,
	PARTIQL_OPERATOR,			/* of conditions and arithmetic */
	PARTIQL_SIGN,				/* before anything but a number */
	PARTIQL_IS,
	PARTIQL_STAR
} PartiqlNodeKind;

typedef struct PartiqlNode
{
	PartiqlNodeKind kind;
	ExprText	token;			/* where it begins in the source; of literals the whole */
	ExprText	text;			/* PARTIQL_STRING: the string; PARTIQL_IS: the type's name */
	NodeKind	operator;		/* PARTIQL_OPERATOR */
	bool		negative;		/* PARTIQL_NUMBER: with a minus before it */
	int			parameter;		/* PARTIQL_PARAMETER: which one, from 0 */
	List	   *args;			/* of PartiqlNode; of PARTIQL_MAP name, value, name, value, ... */
	List	   *steps;			/* PARTIQL_PATH: of PathStep */
	int			depth;
} PartiqlNode;

typedef struct PartiqlAction
{
	PartiqlNode *path;
	PartiqlNode *value;			/* NULL: REMOVE */
} PartiqlAction;

typedef struct PartiqlSort
{
	PartiqlNode *key;
	bool		descending;
} PartiqlSort;

/* A statement on its way. */
typedef struct PartiqlParser
{
	ExprText	source;
	const PartiqlParameters *parameters;
	ExprParser	checker;		/* for the checks that all languages share; has no source */

	/* the scanner */
	void	   *scanner;
	int			offset;			/* of what it reads next */
	ExprText	current;		/* token */
	int			token;			/* its kind; 0 at the end of the source */
	int			previous_token;
	int			token_before;	/* the one before that */
	int			first_token;

	/* what was read */
	PartiqlKind kind;
	int			operators;
	int			n_parameters;
	List	   *source_steps;	/* FROM: names, of ExprText */
	List	   *columns;		/* of PartiqlNode */
	PartiqlNode *where;
	List	   *order;			/* of PartiqlSort */
	PartiqlNode *item;			/* INSERT */
	List	   *actions;		/* of PartiqlAction */
	PartiqlReturning returning;
	const char *unsupported;	/* what is wrong with it though its syntax is right; NULL: nothing yet */
} PartiqlParser;

/* ---- partiql_scan.l, partiql_gram.y ---- */

extern void partiql_scan_begin(PartiqlParser *parser);
extern void partiql_scan_end(PartiqlParser *parser);
extern int	partiql_yyparse(PartiqlParser *parser);

/* What is wrong with the current token, as the service says it; "" where it says nothing. */
extern const char *partiql_syntax_detail(const PartiqlParser *parser);

/* ---- partiql_node.c: syntax nodes, as the grammar makes them ---- */

extern PartiqlNode *partiql_node(PartiqlParser *parser, PartiqlNodeKind kind, ExprText token, List *args);
extern PartiqlNode *partiql_operator(PartiqlParser *parser, NodeKind operator, ExprText token, List *args);
extern PartiqlNode *partiql_not(PartiqlParser *parser, ExprText token, PartiqlNode *node);
extern PartiqlNode *partiql_is(PartiqlParser *parser, PartiqlNode *operand, ExprText type);
extern PartiqlNode *partiql_sign(PartiqlParser *parser, ExprText sign, PartiqlNode *operand);
extern PartiqlNode *partiql_string(PartiqlParser *parser, ExprText token);
extern PartiqlNode *partiql_number(PartiqlParser *parser, ExprText token);
extern PartiqlNode *partiql_path(PartiqlParser *parser, ExprText name);
extern PartiqlNode *partiql_path_name(PartiqlParser *parser, PartiqlNode *path, ExprText name);
extern PartiqlNode *partiql_path_index(PartiqlParser *parser, PartiqlNode *path, ExprText index, bool negative);

/* A name or string without its quotes; doubled ones inside are one. */
extern ExprText partiql_unquoted(ExprText token, char quote);

/* ---- partiql_parse.c ---- */

/* " at <line>:<column>:<length>" of a token, in characters from 1. */
extern const char *partiql_place(const PartiqlParser *parser, const ExprText *token);

/* ---- partiql_value.c ---- */

/* The value of a literal or a parameter. */
extern JsonbValue *partiql_value(PartiqlParser *parser, const PartiqlNode *node);

/* Whether a node is one. */
extern bool partiql_is_value(const PartiqlNode *node);

/* The item that INSERT's VALUE is. */
extern AttributeMap *partiql_item(PartiqlParser *parser, const PartiqlNode *node);

/* ---- partiql_condition.c, partiql_update.c ---- */

extern DocPath *partiql_doc_path(PartiqlParser *parser, const PartiqlNode *path);
extern ExprNode *partiql_condition(PartiqlParser *parser, const PartiqlNode *node);
extern Update *partiql_update(PartiqlParser *parser);

/* The function of a name, in any case; NULL if there is none. */
extern const FunctionInfo *partiql_function(const PartiqlNode *call);

/* Raises `Unrecognized function: <name>`. */
extern _Noreturn void partiql_fail_function(const PartiqlParser *parser, const PartiqlNode *call);

/* Raises the error for an operator where it cannot stand. */
extern _Noreturn void partiql_fail_operator(const PartiqlNode *node, const char *where);

#endif							/* DYNAPG_PARTIQL_PRIVATE_H */
