/*
 * projection.c
 *		Projection expressions: parsing them, and what is left of an item.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "expr/expr_private.h"
#include "value/attr_build.h"

Projection *
expr_parse_projection(const char *text, int len, ExprParams *params)
{
	ExprParser	parser;
	Projection *projection = palloc0(sizeof(Projection));
	ListCell   *cell;

	expr_parse(&parser, EXPR_PROJECTION, "ProjectionExpression", text, len, params);
	foreach(cell, parser.paths)
		expr_check_words(&parser, lfirst(cell));
	projection->paths = palloc(list_length(parser.paths) * sizeof(DocPath *));
	foreach(cell, parser.paths)
		projection->paths[projection->n_paths++] = expr_resolve_path(&parser, lfirst(cell));
	expr_check_overlaps(&parser, projection->paths, projection->n_paths);
	projection_merge(projection);
	return projection;
}

void
projection_merge(Projection *projection)
{
	for (int i = 0; i < projection->n_paths; i++)
		if (projection->paths[i]->count > 1)
		{
			projection->tree = path_tree(projection->paths, projection->n_paths);
			return;
		}
}

static void
set_name(JsonbPair *pair, const PathStep *step, int order)
{
	pair->key.type = jbvString;
	pair->key.val.string.val = unconstify(char *, step->stored);
	pair->key.val.string.len = step->stored_len;
	pair->order = order;
}

static bool project_value(const PathTree *tree, const JsonbValue *value, JsonbValue *result);

/* The members of an object that a node's children name; returns how many there are. */
static int
project_members(const PathTree *tree, const JsonbValue *object, JsonbPair *pairs)
{
	int			count = 0;

	for (int i = 0; i < tree->n_children; i++)
	{
		const PathTree *child = &tree->children[i];
		JsonbValue	value;

		if (!child->step->is_index &&
			attr_lookup(object, child->step->stored, child->step->stored_len, &value) &&
			project_value(child, &value, &pairs[count].value))
		{
			set_name(&pairs[count], child->step, count);
			count++;
		}
	}
	return count;
}

/* What is left of a value; false if that is nothing. */
static bool
project_value(const PathTree *tree, const JsonbValue *value, JsonbValue *result)
{
	AttrNode	node;
	int			count = 0;

	check_stack_depth();

	if (tree->leaf >= 0)
	{
		*result = *value;
		return true;
	}
	attr_open(value, &node);
	if (node.type == ATTR_M)
	{
		JsonbPair  *pairs = palloc(tree->n_children * sizeof(JsonbPair));

		count = project_members(tree, &node.payload, pairs);
		if (count > 0)
			attr_make_map(pairs, count, result);
	}
	else if (node.type == ATTR_L)
	{
		JsonbValue *elements = palloc(tree->n_children * sizeof(JsonbValue));
		JsonbValue	element;

		/* in the order of their indexes, and close together */
		for (int i = 0; i < tree->n_children; i++)
			if (tree->children[i].step->is_index &&
				attr_element(&node.payload, tree->children[i].step->index, &element) &&
				project_value(&tree->children[i], &element, &elements[count]))
				count++;
		if (count > 0)
			attr_make_list(elements, count, result);
	}
	return count > 0;
}

void
projection_apply(const Projection *projection, const JsonbValue *item, JsonbValue *result)
{
	JsonbPair  *pairs = palloc(Max(projection->n_paths, 1) * sizeof(JsonbPair));
	int			count = 0;

	if (projection->tree)
		count = project_members(projection->tree, item, pairs);
	else
		for (int i = 0; i < projection->n_paths; i++)
		{
			const PathStep *step = &projection->paths[i]->steps[0];

			if (attr_lookup(item, step->stored, step->stored_len, &pairs[count].value))
			{
				set_name(&pairs[count], step, count);
				count++;
			}
		}
	attr_make_item(pairs, count, result);
}
