/*
 * expr_check.c
 *		The checks that the languages share: words, placeholders, paths, operands.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/expr_private.h"
#include "value/attr_node.h"

static const FunctionInfo functions[] = {
	{"attribute_exists", NODE_ATTRIBUTE_EXISTS, 1},
	{"attribute_not_exists", NODE_ATTRIBUTE_NOT_EXISTS, 1},
	{"attribute_type", NODE_ATTRIBUTE_TYPE, 2},
	{"begins_with", NODE_BEGINS_WITH, 2},
	{"contains", NODE_CONTAINS, 2},
	{"size", NODE_SIZE, 1},
	{"if_not_exists", NODE_IF_NOT_EXISTS, 2},
	{"list_append", NODE_LIST_APPEND, 2}
};

const FunctionInfo *
expr_function(const ExprText *name)
{
	for (int i = 0; i < lengthof(functions); i++)
		if (strlen(functions[i].name) == name->len && memcmp(functions[i].name, name->at, name->len) == 0)
			return &functions[i];
	return NULL;
}

const char *
expr_operator_name(NodeKind kind)
{
	switch (kind)
	{
		case NODE_EQ:
			return "=";
		case NODE_NE:
			return "<>";
		case NODE_LT:
			return "<";
		case NODE_LE:
			return "<=";
		case NODE_GT:
			return ">";
		case NODE_GE:
			return ">=";
		case NODE_PLUS:
			return "+";
		case NODE_MINUS:
			return "-";
		case NODE_AND:
			return "AND";
		case NODE_OR:
			return "OR";
		case NODE_NOT:
			return "NOT";
		case NODE_BETWEEN:
			return "BETWEEN";
		case NODE_IN:
			return "IN";
		default:
			break;
	}
	for (int i = 0; i < lengthof(functions); i++)
		if (functions[i].kind == kind)
			return functions[i].name;
	elog(ERROR, "unexpected kind of node %d", (int) kind);
}

/* ---- words ---- */

static bool
parse_index(const ExprText *digits, uint32 *index)
{
	uint64		number = 0;

	if (digits->len > 10)
		return false;
	for (int i = 0; i < digits->len; i++)
		number = number * 10 + (digits->at[i] - '0');
	*index = (uint32) number;
	return number <= EXPR_MAX_INDEX;
}

void
expr_check_words(const ExprParser *parser, const Syntax *path)
{
	ListCell   *cell;

	foreach(cell, path->steps)
	{
		const SyntaxStep *step = lfirst(cell);
		char	   *text;
		uint32		index;

		if (step->is_index ? parse_index(&step->text, &index) :
			step->text.at[0] == '#' || !expr_is_reserved(step->text.at, step->text.len))
			continue;
		text = pnstrdup(step->text.at, step->text.len);
		if (step->is_index)
			expr_fail(parser, "List index is not within the allowable range; index: [%s]", text);
		expr_fail(parser, "Attribute name is a reserved keyword; reserved keyword: %s", text);
	}
}

/* ---- placeholders ---- */

/* Both kinds of placeholders begin with a pointer to their text. */
typedef struct Placeholder
{
	const char *text;
} Placeholder;

StaticAssertDecl(offsetof(ExprName, placeholder) == 0 && offsetof(ExprValue, placeholder) == 0,
				 "a placeholder's text comes first");

static int
compare_placeholders(const void *a, const void *b)
{
	return strcmp((*(const Placeholder *const *) a)->text, (*(const Placeholder *const *) b)->text);
}

static int
compare_to_placeholder(const void *text, const void *b)
{
	return strcmp(text, (*(const Placeholder *const *) b)->text);
}

/* Finds a placeholder by bisection: a request may have hundreds of thousands. */
static void *
find_placeholder(void ***sorted, void *placeholders, int count, Size size, const char *text)
{
	void	  **found;

	if (count == 0)
		return NULL;
	if (*sorted == NULL)
	{
		*sorted = MemoryContextAllocHuge(CurrentMemoryContext, (Size) count * sizeof(void *));
		for (int i = 0; i < count; i++)
			(*sorted)[i] = (char *) placeholders + i * size;
		qsort(*sorted, count, sizeof(void *), compare_placeholders);
	}
	found = bsearch(text, *sorted, count, sizeof(void *), compare_to_placeholder);
	return found ? *found : NULL;
}

DocPath *
expr_resolve_path(ExprParser *parser, const Syntax *syntax)
{
	DocPath	   *path = palloc(sizeof(DocPath));
	PathStep   *step;
	ListCell   *cell;

	path->count = list_length(syntax->steps);
	path->steps = palloc0(path->count * sizeof(PathStep));
	step = path->steps;
	foreach(cell, syntax->steps)
	{
		const SyntaxStep *from = lfirst(cell);

		step->is_index = from->is_index;
		if (from->is_index)
			(void) parse_index(&from->text, &step->index);
		else
		{
			step->name = from->text.at;
			step->name_len = from->text.len;
			if (from->text.at[0] == '#')
			{
				char	   *placeholder = pnstrdup(from->text.at, from->text.len);
				ExprName   *name = find_placeholder((void ***) &parser->names, parser->params->names,
													parser->params->n_names, sizeof(ExprName), placeholder);

				if (name == NULL)
					expr_fail(parser, "An expression attribute name used in the document path is not defined; "
							  "attribute name: %s", placeholder);
				name->used = true;
				step->name = name->name;
				step->name_len = name->name_len;
			}
			step->stored = attr_name_to_stored(step->name, step->name_len, &step->stored_len);
		}
		step++;
	}
	if (path->count > EXPR_MAX_PATH_DEPTH)
		expr_fail(parser, "The document path has too many nesting levels; nesting levels: %d", path->count);
	return path;
}

JsonbValue *
expr_resolve_value(ExprParser *parser, const Syntax *syntax)
{
	char	   *placeholder = pnstrdup(syntax->text.at, syntax->text.len);
	ExprValue  *value = find_placeholder((void ***) &parser->values, parser->params->values,
										 parser->params->n_values, sizeof(ExprValue), placeholder);

	if (value == NULL)
		expr_fail(parser, "An expression attribute value used in expression is not defined; attribute value: %s",
				  placeholder);
	value->used = true;
	return value->value;
}

/* ---- paths ---- */

/* Whether two paths overlap (one leads through the place of the other) or conflict (a place is a list and a map). */
static bool
paths_clash(const DocPath *a, const DocPath *b, bool *conflict)
{
	int			count = Min(a->count, b->count);

	for (int i = 0; i < count; i++)
	{
		if (a->steps[i].is_index != b->steps[i].is_index)
		{
			*conflict = true;
			return true;
		}
		if (!path_step_equal(&a->steps[i], &b->steps[i]))
			return false;
	}
	*conflict = false;
	return true;
}

void
expr_check_overlaps(const ExprParser *parser, DocPath **paths, int count)
{
	const DocPath *one = NULL;
	const DocPath *two = NULL;

	for (int i = 1; i < count; i++)
		for (int j = 0; j < i; j++)
		{
			bool		conflict;

			if (!paths_clash(paths[j], paths[i], &conflict))
				continue;
			if (!conflict)
				expr_fail_enveloped(parser, ENVELOPE_UPDATE, "Two document paths overlap with each other; must remove "
									"or rewrite one of these paths; path one: %s, path two: %s",
									path_text(paths[j]), path_text(paths[i]));
			if (one == NULL)
			{
				one = paths[j];
				two = paths[i];
			}
		}
	if (one)
		expr_fail(parser, "Two document paths conflict with each other; must remove or rewrite one of these paths; "
				  "path one: %s, path two: %s", path_text(one), path_text(two));
}

/* ---- operands ---- */

void
expr_require_path(const ExprParser *parser, const ExprNode *node)
{
	if (node->args[0]->kind != NODE_PATH)
		expr_fail(parser, "Operator or function requires a document path; operator or function: %s",
				  expr_operator_name(node->kind));
}

void
expr_check_distinct(const ExprParser *parser, const ExprNode *node)
{
	const ExprNode *first = node->args[0];

	if (first->kind != NODE_PATH)
		return;
	for (int i = 1; i < node->n_args; i++)
		if (node->args[i]->kind == NODE_PATH && path_equal(first->path, node->args[i]->path))
			expr_fail_enveloped(parser, ENVELOPE_WRITE, "The first operand must be distinct from the remaining operands "
								"for this operator or function; operator: %s, first operand: %s",
								expr_operator_name(node->kind), path_text(first->path));
}

void
expr_check_operand_types(const ExprParser *parser, const ExprNode *node, uint32 types)
{
	for (int i = 0; i < node->n_args; i++)
	{
		AttrType	type;

		if (node->args[i]->kind == NODE_VALUE)
			type = attr_type(node->args[i]->value);
		else if (node->args[i]->kind == NODE_SIZE)
			type = ATTR_N;
		else if (node_is_condition(node->args[i]->kind))
			type = ATTR_BOOL;
		else
			continue;
		if ((types & TYPE_BIT(type)) == 0)
			expr_fail(parser, "Incorrect operand type for operator or function; operator or function: %s, "
					  "operand type: %s", expr_operator_name(node->kind), attr_type_name(type));
	}
}
