%{
/*
 * partiql_gram.y
 *		The grammar of PartiQL, as far as the service has it.
 *
 * Conditions, operands and literals are one thing here; what may stand where is checked when the syntax is made into trees.
 *
 * Nothing recurses while it reads: the stack is bison's, on the heap, and no deeper than a statement has tokens.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"

#define YYMALLOC palloc
#define YYFREE	 pfree

/* more than a statement has tokens */
#define YYMAXDEPTH (2 * PARTIQL_MAX_SIZE)

#define UNSUPPORTED_LIKE "Unsupported operator in Condition Expression. Operator: like"

static void refuse(PartiqlParser *parser, const char *message);
static List *check_members(PartiqlParser *parser, List *members);
static void add_action(PartiqlParser *parser, PartiqlNode *path, PartiqlNode *value);
static void fail_alias(void);
static PartiqlSort *make_sort(PartiqlNode *key, bool descending);
%}

%code requires {
#include "expr/partiql_private.h"
}

%code {
extern int	partiql_yylex(PARTIQL_YYSTYPE *value, PartiqlParser *parser);
static void partiql_yyerror(PartiqlParser *parser, const char *message);
}

%require "3.0"
%define api.pure full
%define api.prefix {partiql_yy}
%define api.token.prefix {PQ_}
%defines
%expect 0
%parse-param {PartiqlParser *parser}
%lex-param {PartiqlParser *parser}

%union {
	ExprText	text;
	NodeKind	operator;
	PartiqlReturning returning;
	PartiqlNode *node;
	List	   *list;
	bool		flag;
}

%token <text> SELECT FROM WHERE ORDER BY ASC DESC INSERT INTO VALUE UPDATE SET REMOVE DELETE RETURNING ALL MODIFIED OLD NEW
%token <text> LIMIT GROUP EXISTS AS AND OR NOT BETWEEN IN IS LIKE MISSING NULL TRUE FALSE KEYWORD OTHER
%token <text> NE LE GE BAG_START BAG_END WORD QUOTED STRING NUMBER
%token <text> '=' '<' '>' '(' ')' '[' ']' '{' '}' ',' '.' ':' ';' '?' '*' '+' '-'

%type <text> name type_name
%type <operator> comparator
%type <returning> image
%type <flag> direction
%type <list> table columns sort_keys arguments elements members members_of_in names
%type <node> column path primary term sum predicate condition

%left OR
%left AND
%precedence NOT

%%

statement:
	body
	| body ';'
	;

body:
	select							{ parser->kind = PARTIQL_SELECT; }
	| EXISTS '(' select ')'			{ parser->kind = PARTIQL_EXISTS; }
	| INSERT INTO table VALUE primary returning
									{
										parser->kind = PARTIQL_INSERT;
										parser->source_steps = $3;
										parser->item = $5;
										if (parser->returning != RETURNING_NOTHING)
											refuse(parser, "RETURNING is not supported in INSERT");
									}
	| UPDATE source actions where returning
									{ parser->kind = PARTIQL_UPDATE; }
	| FROM source where actions returning
									{ parser->kind = PARTIQL_UPDATE; }
	| DELETE FROM source where returning
									{ parser->kind = PARTIQL_DELETE; }
	;

select:
	SELECT columns FROM sources where group order limit
									{ parser->columns = $2; }
	;

sources:
	source
	| sources ',' source			{ refuse(parser, "Only select from a single table or index is supported."); }
	;

group:
	%empty
	| GROUP BY sort_keys			{ refuse(parser, "Unsupported clause: GROUP BY"); }
	;

limit:
	%empty
	| LIMIT sum						{ refuse(parser, psprintf("Unsupported clause: LIMIT%s", partiql_place(parser, &$2->token))); }
	;

columns:
	column							{ $$ = list_make1($1); }
	| columns ',' column			{ $$ = lappend($1, $3); }
	;

column:
	condition
	| condition AS name				{ fail_alias(); }
	| '*'							{ $$ = partiql_node(parser, PARTIQL_STAR, $1, NIL); }
	;

source:
	table							{ parser->source_steps = $1; }
	| table name					{ fail_alias(); }
	| table AS name					{ fail_alias(); }
	;

table:
	names
	;

names:
	name							{ $$ = list_make1(partiql_path(parser, $1)); }
	| names '.' name				{ $$ = lappend($1, partiql_path(parser, $3)); }
	;

where:
	%empty
	| WHERE condition				{ parser->where = $2; }
	;

order:
	%empty
	| ORDER BY sort_keys			{ parser->order = $3; }
	;

sort_keys:
	sum direction					{ $$ = list_make1(make_sort($1, $2)); }
	| sort_keys ',' sum direction	{ $$ = lappend($1, make_sort($3, $4)); }
	;

direction:
	%empty							{ $$ = false; }
	| ASC							{ $$ = false; }
	| DESC							{ $$ = true; }
	;

actions:
	action
	| actions action
	;

action:
	SET assignments
	| REMOVE path					{ add_action(parser, $2, NULL); }
	;

assignments:
	assignment
	| assignments ',' assignment
	;

assignment:
	path '=' sum					{ add_action(parser, $1, $3); }
	;

returning:
	%empty
	| RETURNING image '*'			{ parser->returning = $2; }
	;

image:
	ALL OLD							{ $$ = RETURNING_ALL_OLD; }
	| ALL NEW						{ $$ = RETURNING_ALL_NEW; }
	| MODIFIED OLD					{ $$ = RETURNING_MODIFIED_OLD; }
	| MODIFIED NEW					{ $$ = RETURNING_MODIFIED_NEW; }
	;

/* ---- operands ---- */

name:
	WORD
	| QUOTED
	;

path:
	name							{ $$ = partiql_path(parser, $1); }
	| path '.' name					{ $$ = partiql_path_name(parser, $1, $3); }
	| path '[' NUMBER ']'			{ $$ = partiql_path_index(parser, $1, $3, false); }
	| path '[' '-' NUMBER ']'		{ $$ = partiql_path_index(parser, $1, $4, true); }
	| path '[' STRING ']'			{ $$ = partiql_path_name(parser, $1, $3); }
	;

primary:
	path
	| STRING						{ $$ = partiql_string(parser, $1); }
	| NUMBER						{ $$ = partiql_number(parser, $1); }
	| TRUE							{ $$ = partiql_node(parser, PARTIQL_CONSTANT, $1, NIL); }
	| FALSE							{ $$ = partiql_node(parser, PARTIQL_CONSTANT, $1, NIL); }
	| NULL							{ $$ = partiql_node(parser, PARTIQL_CONSTANT, $1, NIL); }
	| MISSING						{ $$ = partiql_node(parser, PARTIQL_MISSING, $1, NIL); }
	| '?'							{ $$ = partiql_node(parser, PARTIQL_PARAMETER, $1, NIL); }
	| '[' elements ']'				{ $$ = partiql_node(parser, PARTIQL_LIST, $1, $2); }
	| BAG_START elements BAG_END	{ $$ = partiql_node(parser, PARTIQL_BAG, $1, $2); }
	| '{' members '}'				{ $$ = partiql_node(parser, PARTIQL_MAP, $1, $2); }
	| WORD '(' arguments ')'		{ $$ = partiql_node(parser, PARTIQL_CALL, $1, $3); }
	| EXISTS '(' arguments ')'		{ $$ = partiql_node(parser, PARTIQL_CALL, $1, $3); }
	| '(' condition ')'				{ $$ = $2; }
	;

arguments:
	elements
	| '*'							{ $$ = list_make1(partiql_node(parser, PARTIQL_STAR, $1, NIL)); }
	;

elements:
	%empty							{ $$ = NIL; }
	| sum							{ $$ = list_make1($1); }
	| elements ',' sum				{ $$ = lappend($1, $3); }
	;

members:
	%empty							{ $$ = NIL; }
	| STRING ':' sum				{ $$ = list_make2(partiql_string(parser, $1), $3); }
	| members ',' STRING ':' sum	{ $$ = lappend(lappend($1, partiql_string(parser, $3)), $5); }
	;

term:
	primary
	| '-' term						{ $$ = partiql_sign(parser, $1, $2); }
	| '+' term						{ $$ = partiql_sign(parser, $1, $2); }
	;

sum:
	term
	| sum '+' term					{ $$ = partiql_operator(parser, NODE_PLUS, $2, list_make2($1, $3)); }
	| sum '-' term					{ $$ = partiql_operator(parser, NODE_MINUS, $2, list_make2($1, $3)); }
	;

/* ---- conditions ---- */

predicate:
	sum
	| predicate comparator sum		{ $$ = partiql_operator(parser, $2, $1->token, list_make2($1, $3)); }
	| predicate IS type_name		{ $$ = partiql_is(parser, $1, $3); }
	| predicate IS NOT type_name	{ $$ = partiql_not(parser, $3, partiql_is(parser, $1, $4)); }
	| predicate BETWEEN sum AND sum	{ $$ = partiql_operator(parser, NODE_BETWEEN, $2, list_make3($1, $3, $5)); }
	| predicate NOT BETWEEN sum AND sum
									{
										$$ = partiql_operator(parser, NODE_BETWEEN, $3, list_make3($1, $4, $6));
										$$ = partiql_not(parser, $2, $$);
									}
	| predicate IN members_of_in	{ $$ = partiql_operator(parser, NODE_IN, $2, lcons($1, $3)); }
	| predicate NOT IN members_of_in
									{ $$ = partiql_not(parser, $2, partiql_operator(parser, NODE_IN, $3, lcons($1, $4))); }
	| predicate LIKE sum			{ refuse(parser, UNSUPPORTED_LIKE); $$ = $1; }
	| predicate NOT LIKE sum		{ refuse(parser, UNSUPPORTED_LIKE); $$ = $1; }
	;

members_of_in:
	'(' elements ')'				{ $$ = check_members(parser, $2); }
	| '[' elements ']'				{ $$ = check_members(parser, $2); }
	| BAG_START elements BAG_END	{ $$ = check_members(parser, $2); }
	;

condition:
	predicate
	| NOT condition					{ $$ = partiql_not(parser, $1, $2); }
	| condition AND condition		{ $$ = partiql_operator(parser, NODE_AND, $2, list_make2($1, $3)); }
	| condition OR condition		{ $$ = partiql_operator(parser, NODE_OR, $2, list_make2($1, $3)); }
	;

comparator:
	'='								{ $$ = NODE_EQ; }
	| NE							{ $$ = NODE_NE; }
	| '<'							{ $$ = NODE_LT; }
	| LE							{ $$ = NODE_LE; }
	| '>'							{ $$ = NODE_GT; }
	| GE							{ $$ = NODE_GE; }
	;

type_name:
	WORD
	| NULL
	| MISSING
	;

%%

/* What the grammar has and the service does not is refused once the whole statement was read; what comes first counts. */
static void
refuse(PartiqlParser *parser, const char *message)
{
	if (parser->unsupported == NULL)
		parser->unsupported = message;
}

static List *
check_members(PartiqlParser *parser, List *members)
{
	if (members == NIL)
		refuse(parser, "IN operator must have a left hand argument of type Variable Reference and right hand argument of type "
			   "Seq with at least one member");
	return members;
}

static void
fail_alias(void)
{
	dyn_invalid("Aliasing is not supported");
}

static void
add_action(PartiqlParser *parser, PartiqlNode *path, PartiqlNode *value)
{
	PartiqlAction *action = palloc(sizeof(PartiqlAction));

	action->path = path;
	action->value = value;
	parser->actions = lappend(parser->actions, action);
}

static PartiqlSort *
make_sort(PartiqlNode *key, bool descending)
{
	PartiqlSort *sort = palloc(sizeof(PartiqlSort));

	sort->key = key;
	sort->descending = descending;
	return sort;
}

/* Whether a token is a keyword that no operand begins with. */
static bool
is_keyword(int token)
{
	switch (token)
	{
		case PQ_SELECT:
		case PQ_FROM:
		case PQ_WHERE:
		case PQ_ORDER:
		case PQ_BY:
		case PQ_ASC:
		case PQ_DESC:
		case PQ_INSERT:
		case PQ_INTO:
		case PQ_VALUE:
		case PQ_UPDATE:
		case PQ_SET:
		case PQ_REMOVE:
		case PQ_DELETE:
		case PQ_RETURNING:
		case PQ_LIMIT:
		case PQ_GROUP:
		case PQ_ALL:
		case PQ_MODIFIED:
		case PQ_OLD:
		case PQ_NEW:
		case PQ_AS:
		case PQ_KEYWORD:
			return true;
		default:
			return false;
	}
}

static bool
is_operator(int token)
{
	switch (token)
	{
		case '=':
		case '<':
		case '>':
		case '*':
		case PQ_NE:
		case PQ_LE:
		case PQ_GE:
		case PQ_AND:
		case PQ_OR:
		case PQ_BETWEEN:
		case PQ_IN:
		case PQ_IS:
		case PQ_LIKE:
			return true;
		default:
			return false;
	}
}

/* What is wrong where an operand had to begin. */
static const char *
operand_detail(const PartiqlParser *parser, bool after_operator)
{
	if (parser->token == 0 && after_operator)
		return "Missing right-hand side expression of infix operator";
	if (is_keyword(parser->token))
		return "Unexpected keyword";
	if (is_operator(parser->token))
		return "Unexpected operator";
	return "Unexpected term";
}

const char *
partiql_syntax_detail(const PartiqlParser *parser)
{
	int			previous = parser->previous_token;

	if (parser->token == PQ_OTHER)
		return "";
	switch (previous)
	{
		case 0:
			return "Expected data manipulation";
		case '.':
			return "Invalid path dot component";
		case PQ_INTO:
		case PQ_UPDATE:
			return "Expected identifier for simple path";
		case PQ_FROM:
			if (parser->token_before == PQ_DELETE)
				return "Expected identifier for simple path";
			return operand_detail(parser, false);
		case PQ_IS:
			return "Expected type name";
		case PQ_NOT:
			return parser->token_before == PQ_IS ? "Expected type name" : operand_detail(parser, false);
		case PQ_SELECT:
		case PQ_WHERE:
		case PQ_BY:
		case PQ_LIMIT:
		case PQ_VALUE:
		case PQ_SET:
		case PQ_REMOVE:
		case PQ_BAG_START:
		case '(':
		case '[':
		case ',':
		case ':':
			return operand_detail(parser, false);
		case '=':
		case '<':
		case '>':
		case '+':
		case '-':
		case PQ_NE:
		case PQ_LE:
		case PQ_GE:
		case PQ_AND:
		case PQ_OR:
		case PQ_BETWEEN:
		case PQ_IN:
		case PQ_LIKE:
			return operand_detail(parser, true);
		default:
			if ((parser->first_token == PQ_UPDATE || parser->first_token == PQ_FROM) && parser->actions == NIL)
				return "Expected data manipulation";
			return "Unexpected token after expression";
	}
}

static void
partiql_yyerror(PartiqlParser *parser, const char *message)
{
	/* bison's stack holds any statement that is not too long */
	if (strcmp(message, "memory exhausted") == 0)
		elog(ERROR, "a statement has more tokens than bytes");
	dyn_invalid(PARTIQL_MALFORMED "%s", partiql_syntax_detail(parser));
}
