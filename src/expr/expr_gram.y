%{
/*
 * expr_gram.y
 *		The grammar of condition, key condition, filter, update and projection expressions.
 *
 * It reads what the service reads and no more, since a syntax error names the token where reading stopped.  What
 * is a condition and what is an operand is told apart here; only a function's call can be either, and parentheses
 * around it with it, until the next token tells.
 *
 * Nothing recurses while it reads: the stack is bison's, on the heap, and no deeper than an expression has tokens.
 */
#include "postgres.h"

#include "expr/expr_private.h"

#define YYMALLOC palloc
#define YYFREE	 pfree

/* more than an expression of EXPR_MAX_SIZE has tokens */
#define YYMAXDEPTH (2 * EXPR_MAX_SIZE)

static Syntax *make_syntax(SyntaxKind kind, ExprText text, List *args);
static Syntax *make_operator(ExprParser *parser, NodeKind operator, List *args);
static Syntax *make_parentheses(ExprParser *parser, Syntax *inner);
static Syntax *make_path(ExprText name);
static Syntax *add_step(Syntax *path, bool is_index, ExprText text);
static SyntaxAction *make_action(Syntax *path, Syntax *operand);
static SyntaxSection *make_section(UpdateKind kind, List *actions);
%}

%code requires {
#include "expr/expr_private.h"
}

%code {
extern int	expr_yylex(EXPR_YYSTYPE *value, ExprParser *parser);
static void expr_yyerror(ExprParser *parser, const char *message);
}

%require "3.0"
%define api.pure full
%define api.prefix {expr_yy}
%define api.token.prefix {TOKEN_}
%defines
%expect 0
%parse-param {ExprParser *parser}
%lex-param {ExprParser *parser}

%union {
	ExprText	text;
	NodeKind	operator;
	Syntax	   *syntax;
	SyntaxAction *action;
	SyntaxSection *section;
	List	   *list;
}

%token START_CONDITION START_UPDATE START_PROJECTION
%token NE LE GE AND OR NOT BETWEEN IN SET REMOVE ADD DELETE OTHER
%token <text> WORD NAME VALUE INDEX

%type <text> name
%type <operator> comparator
%type <syntax> path literal call function plain_operand operand condition compound arithmetic set_value
%type <list> operands paths sections set_actions remove_actions add_actions
%type <action> set_action remove_action add_action
%type <section> section

%left OR
%left AND
%precedence NOT

%%

expression:
	START_CONDITION condition		{ parser->condition = $2; }
	| START_UPDATE sections			{ parser->sections = $2; }
	| START_PROJECTION paths		{ parser->paths = $2; }
	;

/* ---- operands ---- */

name:
	WORD
	| NAME
	;

path:
	name							{ $$ = make_path($1); }
	| path '.' name					{ $$ = add_step($1, false, $3); }
	| path '[' INDEX ']'			{ $$ = add_step($1, true, $3); }
	;

paths:
	path							{ $$ = list_make1($1); }
	| paths ',' path				{ $$ = lappend($1, $3); }
	;

literal:
	VALUE							{ $$ = make_syntax(SYNTAX_VALUE, $1, NIL); }
	;

call:
	WORD '(' operands ')'			{ $$ = make_syntax(SYNTAX_FUNCTION, $1, $3); }
	;

function:
	call
	| '(' function ')'				{ $$ = make_parentheses(parser, $2); }
	;

plain_operand:
	path
	| literal
	| '(' plain_operand ')'			{ $$ = make_parentheses(parser, $2); }
	;

operand:
	plain_operand
	| function
	;

operands:
	operand							{ $$ = list_make1($1); }
	| operands ',' operand			{ $$ = lappend($1, $3); }
	;

/* ---- conditions ---- */

condition:
	function
	| compound
	;

/* a condition that is not a function's call */
compound:
	operand comparator operand		{ $$ = make_operator(parser, $2, list_make2($1, $3)); }
	| operand BETWEEN operand AND operand
									{ $$ = make_operator(parser, NODE_BETWEEN, list_make3($1, $3, $5)); }
	| operand IN '(' operands ')'	{ $$ = make_operator(parser, NODE_IN, lcons($1, $4)); }
	| '(' compound ')'				{ $$ = make_parentheses(parser, $2); }
	| NOT condition					{ $$ = make_operator(parser, NODE_NOT, list_make1($2)); }
	| condition AND condition		{ $$ = make_operator(parser, NODE_AND, list_make2($1, $3)); }
	| condition OR condition		{ $$ = make_operator(parser, NODE_OR, list_make2($1, $3)); }
	;

comparator:
	'='								{ $$ = NODE_EQ; }
	| NE							{ $$ = NODE_NE; }
	| '<'							{ $$ = NODE_LT; }
	| LE							{ $$ = NODE_LE; }
	| '>'							{ $$ = NODE_GT; }
	| GE							{ $$ = NODE_GE; }
	;

/* ---- updates ---- */

sections:
	section							{ $$ = list_make1($1); }
	| sections section				{ $$ = lappend($1, $2); }
	;

section:
	SET set_actions					{ $$ = make_section(UPDATE_SET, $2); }
	| REMOVE remove_actions			{ $$ = make_section(UPDATE_REMOVE, $2); }
	| ADD add_actions				{ $$ = make_section(UPDATE_ADD, $2); }
	| DELETE add_actions			{ $$ = make_section(UPDATE_DELETE, $2); }
	;

set_actions:
	set_action						{ $$ = list_make1($1); }
	| set_actions ',' set_action	{ $$ = lappend($1, $3); }
	;

set_action:
	path '=' set_value				{ $$ = make_action($1, $3); }
	;

set_value:
	operand
	| arithmetic
	;

arithmetic:
	operand '+' operand				{ $$ = make_operator(parser, NODE_PLUS, list_make2($1, $3)); }
	| operand '-' operand			{ $$ = make_operator(parser, NODE_MINUS, list_make2($1, $3)); }
	| '(' arithmetic ')'			{ $$ = make_parentheses(parser, $2); }
	;

remove_actions:
	remove_action					{ $$ = list_make1($1); }
	| remove_actions ',' remove_action
									{ $$ = lappend($1, $3); }
	;

remove_action:
	path							{ $$ = make_action($1, NULL); }
	;

/* of DELETE too */
add_actions:
	add_action						{ $$ = list_make1($1); }
	| add_actions ',' add_action	{ $$ = lappend($1, $3); }
	;

add_action:
	path literal					{ $$ = make_action($1, $2); }
	;

%%

static Syntax *
make_syntax(SyntaxKind kind, ExprText text, List *args)
{
	Syntax	   *syntax = palloc0(sizeof(Syntax));

	syntax->kind = kind;
	syntax->text = text;
	syntax->args = args;
	return syntax;
}

static Syntax *
make_operator(ExprParser *parser, NodeKind operator, List *args)
{
	Syntax	   *syntax = make_syntax(SYNTAX_OPERATOR, (ExprText) {NULL, 0}, args);

	syntax->operator = operator;
	parser->operators++;
	return syntax;
}

/* Two pairs of parentheses around the same thing are refused, as soon as the outer one is closed. */
static Syntax *
make_parentheses(ExprParser *parser, Syntax *inner)
{
	if (inner->parenthesised)
		expr_fail_enveloped(parser, ENVELOPE_WRITE, "The expression has redundant parentheses;");
	inner->parenthesised = true;
	return inner;
}

static Syntax *
make_path(ExprText name)
{
	return add_step(make_syntax(SYNTAX_PATH, name, NIL), false, name);
}

static Syntax *
add_step(Syntax *path, bool is_index, ExprText text)
{
	SyntaxStep *step = palloc(sizeof(SyntaxStep));

	step->is_index = is_index;
	step->text = text;
	path->steps = lappend(path->steps, step);
	return path;
}

static SyntaxAction *
make_action(Syntax *path, Syntax *operand)
{
	SyntaxAction *action = palloc(sizeof(SyntaxAction));

	action->path = path;
	action->operand = operand;
	return action;
}

static SyntaxSection *
make_section(UpdateKind kind, List *actions)
{
	SyntaxSection *section = palloc(sizeof(SyntaxSection));

	section->kind = kind;
	section->actions = actions;
	return section;
}

static void
expr_yyerror(ExprParser *parser, const char *message)
{
	/* bison's stack holds any expression that is not too long */
	if (strcmp(message, "memory exhausted") == 0)
		expr_fail(parser, "The expression is nested too deeply");
	expr_fail_syntax(parser);
}
