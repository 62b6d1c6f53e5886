/*
 * path.c
 *		Document paths and nodes: making them, printing them, following a path into an item, merging paths.
 */
#include "postgres.h"

#include <stdarg.h>

#include "expr/expr_private.h"
#include "value/attr_build.h"

ExprNode *
node_make(NodeKind kind, int n_args,...)
{
	ExprNode   *node = palloc0(sizeof(ExprNode));
	va_list		list;

	node->kind = kind;
	node->n_args = n_args;
	node->args = palloc(Max(n_args, 1) * sizeof(ExprNode *));
	va_start(list, n_args);
	for (int i = 0; i < n_args; i++)
		node->args[i] = va_arg(list, ExprNode *);
	va_end(list);
	return node;
}

ExprNode *
node_path(DocPath *path)
{
	ExprNode   *node = palloc0(sizeof(ExprNode));

	node->kind = NODE_PATH;
	node->path = path;
	return node;
}

ExprNode *
node_value(JsonbValue *value)
{
	ExprNode   *node = palloc0(sizeof(ExprNode));

	node->kind = NODE_VALUE;
	node->value = value;
	return node;
}

DocPath *
path_of_name(const char *name, int name_len)
{
	DocPath	   *path = palloc(sizeof(DocPath));

	path->count = 1;
	path->steps = palloc0(sizeof(PathStep));
	path->steps->name = name;
	path->steps->name_len = name_len;
	path->steps->stored = attr_name_to_stored(name, name_len, &path->steps->stored_len);
	return path;
}

char *
path_text(const DocPath *path)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '[');
	for (int i = 0; i < path->count; i++)
	{
		const PathStep *step = &path->steps[i];

		if (i > 0)
			appendStringInfoString(&text, ", ");
		if (step->is_index)
			appendStringInfo(&text, "[%u]", step->index);
		else
			attr_append_text(&text, step->name, step->name_len);
	}
	appendStringInfoChar(&text, ']');
	return text.data;
}

bool
path_step_equal(const PathStep *a, const PathStep *b)
{
	if (a->is_index != b->is_index)
		return false;
	if (a->is_index)
		return a->index == b->index;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

bool
path_equal(const DocPath *a, const DocPath *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
		if (!path_step_equal(&a->steps[i], &b->steps[i]))
			return false;
	return true;
}

bool
path_lookup(const DocPath *path, const JsonbValue *item, JsonbValue *value)
{
	if (!attr_lookup(item, path->steps[0].stored, path->steps[0].stored_len, value))
		return false;
	for (int i = 1; i < path->count; i++)
	{
		const PathStep *step = &path->steps[i];
		AttrNode	node;

		attr_open(value, &node);
		if (step->is_index)
		{
			if (node.type != ATTR_L || !attr_element(&node.payload, step->index, value))
				return false;
		}
		else if (node.type != ATTR_M || !attr_lookup(&node.payload, step->stored, step->stored_len, value))
			return false;
	}
	return true;
}

/* The child of a step, made if there is none. */
static PathTree *
tree_child(PathTree *tree, const PathStep *step)
{
	int			at = tree->n_children;

	for (int i = 0; i < tree->n_children; i++)
		if (path_step_equal(tree->children[i].step, step))
			return &tree->children[i];

	if (tree->n_children == tree->capacity)
	{
		tree->capacity = Max(4, 2 * tree->capacity);
		tree->children = tree->children ? repalloc(tree->children, tree->capacity * sizeof(PathTree)) :
			palloc(tree->capacity * sizeof(PathTree));
	}
	if (step->is_index)
		while (at > 0 && tree->children[at - 1].step->index > step->index)
			at--;
	memmove(&tree->children[at + 1], &tree->children[at], (tree->n_children - at) * sizeof(PathTree));
	tree->n_children++;
	memset(&tree->children[at], 0, sizeof(PathTree));
	tree->children[at].step = step;
	tree->children[at].leaf = -1;
	return &tree->children[at];
}

PathTree *
path_tree(DocPath *const *paths, int n_paths)
{
	PathTree   *root = palloc0(sizeof(PathTree));

	root->leaf = -1;
	for (int i = 0; i < n_paths; i++)
	{
		PathTree   *tree = root;

		for (int j = 0; j < paths[i]->count; j++)
			tree = tree_child(tree, &paths[i]->steps[j]);
		tree->leaf = i;
	}
	return root;
}
