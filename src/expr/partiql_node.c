/*
 * partiql_node.c
 *		The nodes of PartiQL's syntax, and what is checked as they are made.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"
#include "value/attr.h"

/* Indexes of lists are of Java's int. */
#define MAX_LIST_INDEX PG_INT32_MAX

static void
check_depth(PartiqlNode *node)
{
	if (node->depth > PARTIQL_MAX_DEPTH)
		dyn_invalid(PARTIQL_MALFORMED "Expressions are nested too deeply");
}

PartiqlNode *
partiql_node(PartiqlParser *parser, PartiqlNodeKind kind, ExprText token, List *args)
{
	PartiqlNode *node = palloc0(sizeof(PartiqlNode));
	ListCell   *cell;

	node->kind = kind;
	node->token = token;
	node->args = args;
	foreach(cell, args)
		node->depth = Max(node->depth, ((PartiqlNode *) lfirst(cell))->depth + 1);
	check_depth(node);
	if (kind == PARTIQL_PARAMETER)
		node->parameter = parser->n_parameters++;
	return node;
}

PartiqlNode *
partiql_operator(PartiqlParser *parser, NodeKind operator, ExprText token, List *args)
{
	PartiqlNode *node = partiql_node(parser, PARTIQL_OPERATOR, token, args);

	node->operator = operator;
	parser->operators++;
	if (parser->operators > EXPR_MAX_OPERATORS)
		dyn_invalid("The expression contains too many operators; operator count: %d", parser->operators);
	return node;
}

PartiqlNode *
partiql_not(PartiqlParser *parser, ExprText token, PartiqlNode *node)
{
	return partiql_operator(parser, NODE_NOT, token, list_make1(node));
}

PartiqlNode *
partiql_is(PartiqlParser *parser, PartiqlNode *operand, ExprText type)
{
	PartiqlNode *node = partiql_node(parser, PARTIQL_IS, operand->token, list_make1(operand));

	node->text = type;
	return node;
}

/* A sign belongs to the number behind it; before anything else it is an operator that the service does not have. */
PartiqlNode *
partiql_sign(PartiqlParser *parser, ExprText sign, PartiqlNode *operand)
{
	if (operand->kind != PARTIQL_NUMBER)
		return partiql_node(parser, PARTIQL_SIGN, sign, list_make1(operand));
	operand->token.len += operand->token.at - sign.at;
	operand->token.at = sign.at;
	if (*sign.at == '-')
		operand->negative = !operand->negative;
	return operand;
}

ExprText
partiql_unquoted(ExprText token, char quote)
{
	char	   *text = palloc(token.len + 1);
	ExprText	result = {text, 0};

	for (int i = 1; i < token.len - 1; i++)
	{
		text[result.len++] = token.at[i];
		if (token.at[i] == quote)
			i++;
	}
	text[result.len] = '\0';
	return result;
}

PartiqlNode *
partiql_string(PartiqlParser *parser, ExprText token)
{
	PartiqlNode *node = partiql_node(parser, PARTIQL_STRING, token, NIL);

	node->text = partiql_unquoted(token, '\'');
	return node;
}

/* Digits after a number's point less its exponent must fit into 32 bits, as must the exponent itself. */
PartiqlNode *
partiql_number(PartiqlParser *parser, ExprText token)
{
	PartiqlNode *node = partiql_node(parser, PARTIQL_NUMBER, token, NIL);
	int64		exponent = 0;
	int64		scale = 0;
	bool		negative = false;
	int			i = 0;

	for (; i < token.len && token.at[i] != '.' && token.at[i] != 'e' && token.at[i] != 'E'; i++)
		;
	if (i < token.len && token.at[i] == '.')
		for (i++; i < token.len && token.at[i] != 'e' && token.at[i] != 'E'; i++)
			scale++;
	for (i++; i < token.len; i++)
	{
		if (token.at[i] == '-')
			negative = true;
		else if (token.at[i] != '+')
			exponent = Min(exponent * 10 + (token.at[i] - '0'), (int64) PG_INT32_MAX + 2);
	}
	exponent = negative ? -exponent : exponent;
	if (exponent < PG_INT32_MIN || exponent > PG_INT32_MAX || scale - exponent > PG_INT32_MAX ||
		scale - exponent < PG_INT32_MIN)
		dyn_invalid(PARTIQL_MALFORMED);
	node->text = token;
	return node;
}

/* ---- paths ---- */

static PathStep *
add_step(PartiqlNode *path)
{
	PathStep   *step = palloc0(sizeof(PathStep));

	path->steps = lappend(path->steps, step);
	return step;
}

static void
add_name(PartiqlNode *path, ExprText name)
{
	PathStep   *step = add_step(path);

	if (*name.at == '"' || *name.at == '\'')
		name = partiql_unquoted(name, *name.at);
	step->name = name.at;
	step->name_len = name.len;
	step->stored = attr_name_to_stored(name.at, name.len, &step->stored_len);
}

PartiqlNode *
partiql_path(PartiqlParser *parser, ExprText name)
{
	PartiqlNode *path = partiql_node(parser, PARTIQL_PATH, name, NIL);

	add_name(path, name);
	return path;
}

PartiqlNode *
partiql_path_name(PartiqlParser *parser, PartiqlNode *path, ExprText name)
{
	add_name(path, name);
	return path;
}

PartiqlNode *
partiql_path_index(PartiqlParser *parser, PartiqlNode *path, ExprText index, bool negative)
{
	uint64		number = 0;
	bool		is_valid = true;
	PathStep   *step;

	for (int i = 0; i < index.len && is_valid; i++)
	{
		is_valid = index.at[i] >= '0' && index.at[i] <= '9';
		if (is_valid)
			number = Min(number * 10 + (index.at[i] - '0'), (uint64) MAX_LIST_INDEX + 1);
	}
	if (!is_valid || number > MAX_LIST_INDEX || (negative && number > 0))
		dyn_invalid("List index is not within the allowable range; index: [%s%.*s]%s", negative ? "-" : "", index.len,
					index.at, partiql_place(parser, &index));
	step = add_step(path);
	step->is_index = true;
	step->index = (uint32) number;
	return path;
}
