/*
 * update.c
 *		Applying updates to items.
 *
 * First each action is worked out against the item as it was: what its place will hold, or that it will hold nothing.
 * Then one walk down the tree of all their paths builds the new item; what no path touches is taken over as it is.
 * List indexes therefore mean the places before the update, whatever is removed or appended beside them.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "expr/expr_private.h"
#include "value/attr_build.h"

/* The size rule of standalone updates */
#define COST_OF_UPDATE	3
#define COST_OF_WRITE	19
#define COST_OF_CLEAR	2
#define COST_OF_INDEX	1

typedef enum EffectKind
{
	EFFECT_NONE,				/* the place stays as it is */
	EFFECT_SET,
	EFFECT_CLEAR
} EffectKind;

/* What an action does to the place that its path names. */
typedef struct Effect
{
	EffectKind	kind;
	JsonbValue	value;
} Effect;

/* ---- operands ---- */

static _Noreturn void
wrong_type(const Update *update)
{
	if (update->legacy)
		dyn_invalid("Type mismatch for attribute to update");
	dyn_invalid("An operand in the update expression has an incorrect data type");
}

/* Opens a value that must be of a type. */
static void
open_as(const Update *update, const JsonbValue *value, AttrType type, AttrNode *node)
{
	attr_open(value, node);
	if (node->type != type)
		wrong_type(update);
}

static void
compute(const AttrNode *left, const AttrNode *right, bool subtract, JsonbValue *value)
{
	DynNumber	a;
	DynNumber	b;
	DynNumber	result;
	NumberStatus status;

	attr_number(&left->payload, &a);
	attr_number(&right->payload, &b);
	status = subtract ? number_subtract(&a, &b, &result) : number_add(&a, &b, &result);
	if (status != NUMBER_OK)
		dyn_invalid("%s", number_error_message(status, "", 0));
	value->type = jbvNumeric;
	value->val.numeric = number_to_numeric(&result);
}

static void
concatenate(const AttrNode *left, const AttrNode *right, JsonbValue *value)
{
	AttrWalk	left_walk;
	AttrWalk	right_walk;
	JsonbValue *elements;
	int			count = 0;

	attr_walk_start(&left_walk, &left->payload);
	attr_walk_start(&right_walk, &right->payload);
	elements = palloc(Max(left_walk.count + right_walk.count, 1) * sizeof(JsonbValue));
	while (attr_walk_element(&left_walk, &elements[count]))
		count++;
	while (attr_walk_element(&right_walk, &elements[count]))
		count++;
	attr_make_list(elements, count, value);
}

/* The value of SET's operand. */
static void
evaluate(const Update *update, const ExprNode *operand, const JsonbValue *item, JsonbValue *value)
{
	AttrType	type;
	JsonbValue	right_value;
	AttrNode	left;
	AttrNode	right;

	check_stack_depth();

	switch (operand->kind)
	{
		case NODE_VALUE:
			*value = *operand->value;
			return;
		case NODE_PATH:
			if (!path_lookup(operand->path, item, value))
				dyn_invalid("The provided expression refers to an attribute that does not exist in the item");
			return;
		case NODE_IF_NOT_EXISTS:
			if (!path_lookup(operand->args[0]->path, item, value))
				evaluate(update, operand->args[1], item, value);
			return;
		case NODE_PLUS:
		case NODE_MINUS:
		case NODE_LIST_APPEND:
			type = operand->kind == NODE_LIST_APPEND ? ATTR_L : ATTR_N;
			evaluate(update, operand->args[0], item, value);
			open_as(update, value, type, &left);
			evaluate(update, operand->args[1], item, &right_value);
			open_as(update, &right_value, type, &right);
			if (operand->kind == NODE_LIST_APPEND)
				concatenate(&left, &right, value);
			else
				compute(&left, &right, operand->kind == NODE_MINUS, value);
			return;
		default:
			elog(ERROR, "unexpected kind of operand %d", (int) operand->kind);
	}
}

/* ---- ADD and DELETE ---- */

static int
compare_members(AttrType type, const AttrSetMember *a, const AttrSetMember *b)
{
	if (type == ATTR_NS)
		return number_compare(&a->number, &b->number);
	return bytes_compare(a->bytes, a->len, b->bytes, b->len);
}

/* The union of two sets, or the first without the members of the second; false if that is empty. */
static bool
combine_sets(const AttrNode *set, const AttrNode *other, bool subtract, JsonbValue *value)
{
	int			n_set;
	int			n_other;
	AttrSetMember *members = attr_set_members(set, &n_set);
	AttrSetMember *others = attr_set_members(other, &n_other);
	AttrSetMember *result = palloc((n_set + n_other) * sizeof(AttrSetMember));
	int			count = 0;
	int			i = 0;
	int			j = 0;

	while (i < n_set || (j < n_other && !subtract))
	{
		int			order = i == n_set ? 1 : j == n_other ? -1 :
			compare_members(set->type, &members[i], &others[j]);

		if (order < 0)
			result[count++] = members[i++];
		else if (order > 0)
		{
			if (!subtract)
				result[count++] = others[j];
			j++;
		}
		else
		{
			if (!subtract)
				result[count++] = members[i];
			i++;
			j++;
		}
	}
	if (count > 0)
		attr_make_set(set->type, result, count, value);
	return count > 0;
}

static void
add_or_delete(const Update *update, const UpdateAction *action, const JsonbValue *item, Effect *effect)
{
	bool		subtract = action->kind == UPDATE_DELETE;
	JsonbValue	old;
	AttrNode	left;
	AttrNode	right;

	if (!path_lookup(action->path, item, &old))
	{
		effect->kind = subtract ? EFFECT_NONE : EFFECT_SET;
		effect->value = *action->operand->value;
		return;
	}

	attr_open(action->operand->value, &right);
	open_as(update, &old, right.type, &left);
	effect->kind = EFFECT_SET;
	switch (right.type)
	{
		case ATTR_N:
			compute(&left, &right, false, &effect->value);
			break;
		case ATTR_L:
			/* AttributeUpdates only */
			concatenate(&left, &right, &effect->value);
			break;
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			if (!combine_sets(&left, &right, subtract, &effect->value))
				effect->kind = EFFECT_CLEAR;
			break;
		default:
			wrong_type(update);
	}
}

/* ---- actions ---- */

/* Whether the place that a path names can be: it is in a map or list that is there. */
static bool
place_is_valid(const DocPath *path, const JsonbValue *item)
{
	DocPath		parent = {path->count - 1, path->steps};
	JsonbValue	value;

	if (path->count == 1)
		return true;
	return path_lookup(&parent, item, &value) &&
		attr_type(&value) == (path->steps[path->count - 1].is_index ? ATTR_L : ATTR_M);
}

static void
check_depth(const DocPath *path, const JsonbValue *value)
{
	if (path->count > 1 && path->count - 1 + attr_depth(value) > ATTR_MAX_DEPTH)
		dyn_invalid("Nesting Levels have exceeded supported limits");
}

/* Operands of SET come first, then paths and the types of what ADD and DELETE change. */
static Effect *
work_out(const Update *update, const JsonbValue *item, bool exists)
{
	Effect	   *effects = palloc0(update->n_actions * sizeof(Effect));

	for (int i = 0; i < update->n_actions; i++)
		if (update->actions[i].kind == UPDATE_SET)
		{
			effects[i].kind = EFFECT_SET;
			evaluate(update, update->actions[i].operand, item, &effects[i].value);
		}

	for (int i = 0; i < update->n_actions; i++)
	{
		const UpdateAction *action = &update->actions[i];

		if (!place_is_valid(action->path, item))
		{
			/* of an item that is not there anything can be removed */
			if (action->kind == UPDATE_REMOVE && !exists)
				continue;
			dyn_invalid("The document path provided in the update expression is invalid for update");
		}
		if (action->kind == UPDATE_REMOVE)
			effects[i].kind = EFFECT_CLEAR;
		else if (action->kind != UPDATE_SET)
			add_or_delete(update, action, item, &effects[i]);
		if (effects[i].kind == EFFECT_SET)
			check_depth(action->path, &effects[i].value);
	}
	return effects;
}

/* ---- the new item ---- */

static bool update_value(const PathTree *tree, const Effect *effects, const JsonbValue *old, JsonbValue *value);

/* The members of a map after the update. */
static int
update_members(const PathTree *tree, const Effect *effects, const JsonbValue *object, JsonbPair **pairs)
{
	AttrWalk	walk;
	int			count = 0;

	attr_walk_start(&walk, object);
	*pairs = palloc(Max(walk.count + tree->n_children, 1) * sizeof(JsonbPair));

	/* those that no path names */
	for (;;)
	{
		JsonbPair  *pair = &(*pairs)[count];
		bool		named = false;

		if (!attr_walk_member(&walk, &pair->key, &pair->value))
			break;
		for (int i = 0; !named && i < tree->n_children; i++)
		{
			const PathStep *step = tree->children[i].step;

			named = !step->is_index && step->stored_len == pair->key.val.string.len &&
				memcmp(step->stored, pair->key.val.string.val, step->stored_len) == 0;
		}
		if (!named)
		{
			pair->order = count;
			count++;
		}
	}

	for (int i = 0; i < tree->n_children; i++)
	{
		const PathStep *step = tree->children[i].step;
		JsonbPair  *pair = &(*pairs)[count];
		JsonbValue	old;
		bool		exists = attr_lookup(object, step->stored, step->stored_len, &old);

		if (update_value(&tree->children[i], effects, exists ? &old : NULL, &pair->value))
		{
			pair->key.type = jbvString;
			pair->key.val.string.val = unconstify(char *, step->stored);
			pair->key.val.string.len = step->stored_len;
			pair->order = count;
			count++;
		}
	}
	return count;
}

/* The elements of a list after the update: those past its end are appended in the order of their indexes. */
static int
update_elements(const PathTree *tree, const Effect *effects, const JsonbValue *array, JsonbValue **elements)
{
	AttrWalk	walk;
	JsonbValue	old;
	int			child = 0;
	int			count = 0;

	attr_walk_start(&walk, array);
	*elements = palloc(Max(walk.count + tree->n_children, 1) * sizeof(JsonbValue));
	for (uint32 index = 0; attr_walk_element(&walk, &old); index++)
	{
		if (child == tree->n_children || tree->children[child].step->index != index)
			(*elements)[count++] = old;
		else if (update_value(&tree->children[child++], effects, &old, &(*elements)[count]))
			count++;
	}
	for (; child < tree->n_children; child++)
		if (update_value(&tree->children[child], effects, NULL, &(*elements)[count]))
			count++;
	return count;
}

/* What a place holds after the update; old is NULL if it held nothing.  False if it holds nothing. */
static bool
update_value(const PathTree *tree, const Effect *effects, const JsonbValue *old, JsonbValue *value)
{
	AttrNode	node;

	check_stack_depth();

	if (tree->leaf >= 0 && effects[tree->leaf].kind != EFFECT_NONE)
	{
		*value = effects[tree->leaf].value;
		return effects[tree->leaf].kind == EFFECT_SET;
	}
	if (old == NULL)
		return false;
	if (tree->leaf >= 0)
	{
		*value = *old;
		return true;
	}

	attr_open(old, &node);
	if (node.type == ATTR_M)
	{
		JsonbPair  *pairs;
		int			count = update_members(tree, effects, &node.payload, &pairs);

		attr_make_map(pairs, count, value);
	}
	else if (node.type == ATTR_L)
	{
		JsonbValue *elements;
		int			count = update_elements(tree, effects, &node.payload, &elements);

		attr_make_list(elements, count, value);
	}
	else
		*value = *old;
	return true;
}

static DocPath **
update_paths(const Update *update)
{
	DocPath	  **paths = palloc(Max(update->n_actions, 1) * sizeof(DocPath *));

	for (int i = 0; i < update->n_actions; i++)
		paths[i] = update->actions[i].path;
	return paths;
}

void
update_apply(const Update *update, const JsonbValue *item, bool exists, JsonbValue *result)
{
	Effect	   *effects = work_out(update, item, exists);
	PathTree   *tree = path_tree(update_paths(update), update->n_actions);
	JsonbPair  *pairs;
	int			count = update_members(tree, effects, item, &pairs);

	attr_make_item(pairs, count, result);
}

bool
update_fragments(const Update *update, const JsonbValue *item, JsonbValue *result)
{
	Projection	projection = {.paths = update_paths(update), .n_paths = update->n_actions};

	/*
	 * The service takes the paths as they are into the item after, too.  What was appended past a list's end is mostly
	 * not where its path says, and thus not returned; what moved to where an element was removed is.
	 */
	projection_merge(&projection);
	projection_apply(&projection, item, result);
	return result->val.object.nPairs > 0;
}

int
update_cost(const Update *update)
{
	int			cost = COST_OF_UPDATE;

	for (int i = 0; i < update->n_actions; i++)
	{
		const UpdateAction *action = &update->actions[i];

		cost += action->kind == UPDATE_REMOVE ? COST_OF_CLEAR : COST_OF_WRITE;
		if (action->kind == UPDATE_SET && action->path->steps[action->path->count - 1].is_index)
			cost += COST_OF_INDEX;
	}
	return cost;
}
