/*
 * partiql_condition.c
 *		PartiQL's conditions and paths as the trees of expr.h.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"
#include "value/attr_node.h"

/* ---- paths and functions ---- */

DocPath *
partiql_doc_path(PartiqlParser *parser, const PartiqlNode *node)
{
	DocPath    *path = palloc(sizeof(DocPath));
	ListCell   *cell;

	path->count = 0;
	path->steps = palloc(list_length(node->steps) * sizeof(PathStep));
	foreach(cell, node->steps)
	{
		const PathStep *step = lfirst(cell);

		if (!step->is_index && step->name_len == 0)
			dyn_invalid("Path component cannot be an empty string");
		path->steps[path->count++] = *step;
	}
	if (path->count > EXPR_MAX_PATH_DEPTH)
		dyn_invalid("The document path has too many nesting levels; nesting levels: %d", path->count);
	return path;
}

const FunctionInfo *
partiql_function(const PartiqlNode *call)
{
	char	   *name = pnstrdup(call->token.at, call->token.len);
	ExprText	text = {name, call->token.len};

	for (char *at = name; *at; at++)
		*at = pg_tolower((unsigned char) *at);
	return expr_function(&text);
}

void
partiql_fail_function(const PartiqlParser *parser, const PartiqlNode *call)
{
	char	   *name = pnstrdup(call->token.at, call->token.len);

	for (char *at = name; *at; at++)
		*at = pg_tolower((unsigned char) *at);
	dyn_invalid("Unrecognized function: %s%s", name, partiql_place(parser, &call->token));
}

void
partiql_fail_operator(const PartiqlNode *node, const char *where)
{
	if (node->kind == PARTIQL_SIGN)
		dyn_invalid("Incorrect number of operands for operator or function; operator or function: %c, number of operands: 1",
					*node->token.at);
	dyn_invalid("Unsupported operator in %s. Operator: %s", where, expr_operator_name(node->operator));
}

/* ---- conditions ---- */

static ExprNode *make_operand(PartiqlParser *parser, const PartiqlNode *node);

static ExprNode *
make_node(PartiqlParser *parser, NodeKind kind, const List *args)
{
	ExprNode   *node = palloc0(sizeof(ExprNode));
	ListCell   *cell;

	node->kind = kind;
	node->args = palloc(Max(list_length(args), 1) * sizeof(ExprNode *));
	foreach(cell, args)
		node->args[node->n_args++] = make_operand(parser, lfirst(cell));
	return node;
}

static ExprNode *
make_call(PartiqlParser *parser, const PartiqlNode *node)
{
	const FunctionInfo *function = partiql_function(node);

	if (function == NULL || function->kind == NODE_IF_NOT_EXISTS || function->kind == NODE_LIST_APPEND)
		partiql_fail_function(parser, node);
	return make_node(parser, function->kind, node->args);
}

/* IS: an absent attribute is of no type, not even NULL. */
static ExprNode *
make_is(PartiqlParser *parser, const PartiqlNode *node)
{
	static const struct
	{
		const char *name;
		const char *type;		/* NULL: MISSING; "": the service has no such attributes */
	}			types[] = {
		{"missing", NULL}, {"null", "NULL"}, {"boolean", "BOOL"}, {"bool", "BOOL"}, {"blob", "B"}, {"string", "S"},
		{"numeric", "N"}, {"struct", "M"}, {"tuple", "M"}, {"list", "L"},
		{"any", ""}, {"bag", ""}, {"char", ""}, {"clob", ""}, {"date", ""}, {"decimal", ""}, {"float", ""}, {"int", ""},
		{"int4", ""}, {"int8", ""}, {"integer", ""}, {"real", ""}, {"sexp", ""}, {"smallint", ""}, {"symbol", ""}, {"time", ""}, {"timestamp", ""},
		{"varchar", ""}
	};
	ExprNode   *operand = make_operand(parser, linitial(node->args));
	JsonbValue *name;

	for (int i = 0; i < lengthof(types); i++)
	{
		if (strlen(types[i].name) != node->text.len || pg_strncasecmp(types[i].name, node->text.at, node->text.len) != 0)
			continue;
		if (types[i].type == NULL)
			return node_make(NODE_ATTRIBUTE_NOT_EXISTS, 1, operand);
		if (*types[i].type == '\0')
			dyn_invalid("Unsupported data type for IS operator: %.*s. Supported data types are [MISSING, NULL, BOOLEAN, BLOB, "
						"STRING, NUMERIC, STRUCT, TUPLE, LIST]", node->text.len, node->text.at);
		name = palloc(sizeof(JsonbValue));
		name->type = jbvString;
		name->val.string.val = unconstify(char *, types[i].type);
		name->val.string.len = strlen(types[i].type);
		return node_make(NODE_ATTRIBUTE_TYPE, 2, operand, node_value(name));
	}
	dyn_invalid(PARTIQL_MALFORMED "Expected type name");
}

/* An operand, which may be a condition. */
static ExprNode *
make_operand(PartiqlParser *parser, const PartiqlNode *node)
{
	switch (node->kind)
	{
		case PARTIQL_PATH:
			return node_path(partiql_doc_path(parser, node));
		case PARTIQL_CALL:
			return make_call(parser, node);
		case PARTIQL_IS:
			return make_is(parser, node);
		case PARTIQL_OPERATOR:
			if (node->operator != NODE_PLUS && node->operator != NODE_MINUS)
				return make_node(parser, node->operator, node->args);
			partiql_fail_operator(node, "Condition Expression");
		case PARTIQL_SIGN:
			partiql_fail_operator(node, "Condition Expression");
		default:
			if (partiql_is_value(node))
				return node_value(partiql_value(parser, node));
			dyn_invalid("Unsupported token in expression: %s%s", expr_printable(node->token.at, node->token.len),
						partiql_place(parser, &node->token));
	}
}

/* What AND, OR and NOT join must be conditions; others may be operands, wherever they are. */
static void
check(PartiqlParser *parser, const ExprNode *node, bool must_be_condition)
{
	bool		is_logical = node->kind == NODE_AND || node->kind == NODE_OR || node->kind == NODE_NOT;

	if (must_be_condition && !node_is_condition(node->kind))
		dyn_invalid(PARTIQL_MALFORMED "Unexpected term");
	for (int i = 0; i < node->n_args; i++)
		check(parser, node->args[i], is_logical);
	if (node_is_condition(node->kind) && !is_logical)
		expr_check_condition(&parser->checker, node);
}

ExprNode *
partiql_condition(PartiqlParser *parser, const PartiqlNode *node)
{
	ExprNode   *condition = make_operand(parser, node);

	check(parser, condition, true);
	return condition;
}
