/*
 * update_check.c
 *		From the text of an update expression to its actions.
 *
 * The service looks at the whole expression for one kind of mistake at a time: reserved words, functions it does
 * not have here, functions in a place that is not theirs, sections, undefined names, undefined values, paths that
 * overlap or conflict, literals of ADD and DELETE, operands of functions and operators.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "expr/expr_private.h"

static const char *
section_name(UpdateKind kind)
{
	static const char *const names[] = {
		[UPDATE_SET] = "SET", [UPDATE_REMOVE] = "REMOVE", [UPDATE_ADD] = "ADD", [UPDATE_DELETE] = "DELETE"
	};

	return names[kind];
}

/* What is done to each syntax node, operators and functions before their operands, in the order of the text. */
typedef void (*SyntaxVisitor) (ExprParser *parser, Syntax *syntax, bool is_operand);

static void
visit_syntax(ExprParser *parser, Syntax *syntax, bool is_operand, SyntaxVisitor visit)
{
	ListCell   *cell;

	check_stack_depth();

	visit(parser, syntax, is_operand);
	foreach(cell, syntax->args)
		visit_syntax(parser, lfirst(cell), true, visit);
}

static void
visit_actions(ExprParser *parser, SyntaxVisitor visit)
{
	ListCell   *section_cell;
	ListCell   *cell;

	foreach(section_cell, parser->sections)
		foreach(cell, ((SyntaxSection *) lfirst(section_cell))->actions)
		{
			SyntaxAction *action = lfirst(cell);

			visit_syntax(parser, action->path, false, visit);
			if (action->operand)
				visit_syntax(parser, action->operand, false, visit);
		}
}

static void
check_words(ExprParser *parser, Syntax *syntax, bool is_operand)
{
	if (syntax->kind == SYNTAX_PATH)
		expr_check_words(parser, syntax);
}

static void
check_function_name(ExprParser *parser, Syntax *syntax, bool is_operand)
{
	const FunctionInfo *function;

	if (syntax->kind != SYNTAX_FUNCTION)
		return;
	function = expr_function(&syntax->text);
	if (function == NULL)
		expr_fail(parser, "Invalid function name; function: %s", pnstrdup(syntax->text.at, syntax->text.len));
	if (function->kind != NODE_IF_NOT_EXISTS && function->kind != NODE_LIST_APPEND)
		expr_fail(parser, "The function is not allowed in an update expression; function: %s", function->name);
}

/* list_append() is what SET sets, and nothing else's operand. */
static void
check_function_place(ExprParser *parser, Syntax *syntax, bool is_operand)
{
	if (syntax->kind == SYNTAX_FUNCTION && is_operand && expr_function(&syntax->text)->kind == NODE_LIST_APPEND)
		expr_fail(parser, "The function is not allowed to be used this way in an expression; function: list_append");
}

static void
check_sections(const ExprParser *parser)
{
	uint32		seen = 0;
	ListCell   *cell;

	foreach(cell, parser->sections)
	{
		UpdateKind	kind = ((SyntaxSection *) lfirst(cell))->kind;

		if (seen & (1u << kind))
			expr_fail_enveloped(parser, ENVELOPE_UPDATE,
								"The \"%s\" section can only be used once in an update expression;", section_name(kind));
		seen |= 1u << kind;
	}
}

static void
resolve_path(ExprParser *parser, Syntax *syntax, bool is_operand)
{
	if (syntax->kind == SYNTAX_PATH)
		syntax->path = expr_resolve_path(parser, syntax);
}

/* An operand's nodes; its paths are resolved already. */
static ExprNode *
make_operand(ExprParser *parser, const Syntax *syntax)
{
	ExprNode   *node;
	ListCell   *cell;

	check_stack_depth();

	if (syntax->kind == SYNTAX_PATH)
		return node_path(syntax->path);
	if (syntax->kind == SYNTAX_VALUE)
		return node_value(expr_resolve_value(parser, syntax));

	node = palloc0(sizeof(ExprNode));
	node->kind = syntax->kind == SYNTAX_FUNCTION ? expr_function(&syntax->text)->kind : syntax->operator;
	node->args = palloc(list_length(syntax->args) * sizeof(ExprNode *));
	foreach(cell, syntax->args)
		node->args[node->n_args++] = make_operand(parser, lfirst(cell));
	return node;
}

static Update *
make_update(ExprParser *parser)
{
	Update	   *update = palloc0(sizeof(Update));
	ListCell   *section_cell;
	ListCell   *cell;

	foreach(section_cell, parser->sections)
		update->n_actions += list_length(((SyntaxSection *) lfirst(section_cell))->actions);
	update->actions = palloc(update->n_actions * sizeof(UpdateAction));
	update->n_actions = 0;
	foreach(section_cell, parser->sections)
	{
		const SyntaxSection *section = lfirst(section_cell);

		foreach(cell, section->actions)
		{
			const SyntaxAction *from = lfirst(cell);
			UpdateAction *action = &update->actions[update->n_actions++];

			action->kind = section->kind;
			action->path = from->path->path;
			action->operand = from->operand ? make_operand(parser, from->operand) : NULL;
		}
	}
	return update;
}

static void
check_overlaps(const ExprParser *parser, const Update *update)
{
	DocPath	  **paths = palloc(update->n_actions * sizeof(DocPath *));

	for (int i = 0; i < update->n_actions; i++)
		paths[i] = update->actions[i].path;
	expr_check_overlaps(parser, paths, update->n_actions);
}

/* ADD and DELETE name types at length. */
static void
check_literal(const ExprParser *parser, const UpdateAction *action)
{
	static const char *const names[] = {
		[ATTR_S] = "STRING", [ATTR_N] = "NUMBER", [ATTR_B] = "BINARY", [ATTR_BOOL] = "BOOLEAN",
		[ATTR_NULL] = "NULL", [ATTR_L] = "LIST", [ATTR_M] = "MAP"
	};
	AttrType	type;

	if (action->kind != UPDATE_ADD && action->kind != UPDATE_DELETE)
		return;
	type = attr_type(action->operand->value);
	if (type == ATTR_SS || type == ATTR_NS || type == ATTR_BS || (type == ATTR_N && action->kind == UPDATE_ADD))
		return;
	expr_fail(parser, "Incorrect operand type for operator or function; operator: %s, operand type: %s",
			  section_name(action->kind), names[type]);
}

/* Inner functions before those around them. */
void
expr_check_set_operand(const ExprParser *parser, const ExprNode *node)
{
	check_stack_depth();

	for (int i = 0; i < node->n_args; i++)
		expr_check_set_operand(parser, node->args[i]);
	switch (node->kind)
	{
		case NODE_IF_NOT_EXISTS:
		case NODE_LIST_APPEND:
			if (node->n_args != 2)
				expr_fail(parser, "Incorrect number of operands for operator or function; operator or function: %s, "
						  "number of operands: %d", expr_operator_name(node->kind), node->n_args);
			if (node->kind == NODE_LIST_APPEND)
				expr_check_operand_types(parser, node, TYPE_BIT(ATTR_L));
			else
			{
				expr_require_path(parser, node);
				expr_check_distinct(parser, node);
			}
			break;
		case NODE_PLUS:
		case NODE_MINUS:
			expr_check_operand_types(parser, node, TYPE_BIT(ATTR_N));
			break;
		default:
			break;
	}
}

Update *
expr_parse_update(const char *text, int len, ExprParams *params)
{
	ExprParser	parser;
	Update	   *update;

	expr_parse(&parser, EXPR_UPDATE, "UpdateExpression", text, len, params);
	visit_actions(&parser, check_words);
	visit_actions(&parser, check_function_name);
	visit_actions(&parser, check_function_place);
	check_sections(&parser);
	visit_actions(&parser, resolve_path);
	update = make_update(&parser);
	check_overlaps(&parser, update);
	for (int i = 0; i < update->n_actions; i++)
		check_literal(&parser, &update->actions[i]);
	for (int i = 0; i < update->n_actions; i++)
		if (update->actions[i].operand)
			expr_check_set_operand(&parser, update->actions[i].operand);
	return update;
}
