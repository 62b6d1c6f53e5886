/*
 * update_item.c
 *		UpdateItem.
 *
 * The update is applied inside the storage's decision, to the latest version of the item and to the next one if that was
 * overtaken, so that no update is lost.  What it makes of the item is kept for the response.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/capacity.h"
#include "op/collection.h"
#include "op/expressions.h"
#include "op/item_key.h"
#include "op/op.h"
#include "storage/index_entry.h"
#include "value/attr_build.h"

static const ExpressionMembers members = {
	.enveloped = true,
	.update_expression = UpdateItemInput_UpdateExpression,
	.condition_expression = UpdateItemInput_ConditionExpression,
	.key_condition_expression = NO_MEMBER,
	.filter_expression = NO_MEMBER,
	.projection_expression = NO_MEMBER,
	.names = UpdateItemInput_ExpressionAttributeNames,
	.values = UpdateItemInput_ExpressionAttributeValues,
	.expected = UpdateItemInput_Expected,
	.attribute_updates = UpdateItemInput_AttributeUpdates,
	.key_conditions = NO_MEMBER,
	.filter = NO_MEMBER,
	.conditional_operator = UpdateItemInput_ConditionalOperator,
	.attributes_to_get = NO_MEMBER,
};

typedef struct UpdateState
{
	const Update *update;		/* NULL: create the item if there is none */
	const ExprNode *condition;	/* NULL: none */
	const RequestValue *return_values_on_failure;
	const AttributeMap *key;
	CollectionWrite collection;

	/* of the last decision */
	Jsonb	   *item;			/* the item after; NULL: still none */
	int			size;			/* its size; 0 if it was not touched */
} UpdateState;

/* Refuses updates of the key's attributes. */
static void
check_key_attributes(const Update *update, const TableInfo *table)
{
	const KeyAttribute *attributes[] = {&table->hash, table->has_sort ? &table->sort : NULL};

	for (int i = 0; i < update->n_actions; i++)
	{
		const DocPath *path = update->actions[i].path;

		for (int k = 0; k < lengthof(attributes) && attributes[k] != NULL; k++)
			if (path->count == 1 && op_path_names(path, attributes[k]))
				dyn_invalid("One or more parameter values were invalid: Cannot update attribute %s. "
							"This attribute is part of the key", attributes[k]->name);
	}
}

/* Refuses a literal that an update puts into an attribute of an index's key, if it has not the key's type. */
static void
check_literal(const UpdateAction *action, const TableIndex *index, const KeyAttribute *attribute, bool is_sort)
{
	static const AttrType types[] = {['S'] = ATTR_S, ['N'] = ATTR_N, ['B'] = ATTR_B};
	IndexMisfit misfit = {INDEX_WRONG_TYPE, index, attribute, is_sort};

	if (action->path->count > 1 || action->operand == NULL || action->operand->kind != NODE_VALUE ||
		!op_path_names(action->path, attribute) || attr_type(action->operand->value) == types[attribute->type])
		return;
	misfit.value = *action->operand->value;
	index_raise_misfit(&misfit, false);
}

/* What an update computes is checked later: as it is applied. */
static void
check_index_literals(const Update *update, const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if (!index_is_kept(index))
			continue;
		for (int a = 0; a < update->n_actions; a++)
		{
			for (int k = 0; k < index->n_hash; k++)
				check_literal(&update->actions[a], index, &index->hash[k], false);
			for (int k = 0; k < index->n_sort; k++)
				check_literal(&update->actions[a], index, &index->sort[k], true);
		}
	}
}

/* Whether an update puts anything into an item; one that only clears does not create an item. */
static bool
writes_anything(const Update *update)
{
	for (int i = 0; i < update->n_actions; i++)
		if (update->actions[i].kind == UPDATE_SET || update->actions[i].kind == UPDATE_ADD)
			return true;
	return false;
}

/*
 * The size rule of UpdateItem: neither the item, nor what is not its key with the cost of the update, nor the item with its entries
 * in local indexes, may pass the limit.
 */
static void
check_size(const UpdateState *state)
{
	int			cost = state->update ? update_cost(state->update) : 0;

	if (Max(state->size, state->size - state->key->size + cost) > ITEM_MAX_SIZE ||
		!collection_item_fits(storage_info(state->collection.table), state->item, state->size))
		dyn_invalid("Item size to update has exceeded the maximum allowed size");
}

/* The decision for an update that does nothing to the item, or to none. */
static WriteAction
leave_item(UpdateState *state, Jsonb *old)
{
	collection_check(&state->collection, old, old, op_item_size(old));
	return WRITE_NOTHING;
}

static WriteAction
decide_update(Jsonb *old, Jsonb **item, void *argument)
{
	UpdateState *state = (UpdateState *) argument;
	JsonbValue	before;
	JsonbValue	after;

	op_require_condition(state->condition, old, 0, state->return_values_on_failure);
	if (old != NULL)
		attr_from_item(old, &before);
	else
		before = state->key->object;

	state->item = old;
	state->size = 0;
	if (state->update != NULL)
	{
		update_apply(state->update, &before, old != NULL, &after);
		if (old == NULL && !writes_anything(state->update))
			return leave_item(state, old);
	}
	else
	{
		if (old != NULL)
			return leave_item(state, old);
		after = before;
	}
	index_check_item(storage_info(state->collection.table), old != NULL ? &before : NULL, &after, true);
	state->size = attr_map_size(&after);
	state->item = attr_to_jsonb(&after);
	check_size(state);
	collection_check(&state->collection, old, state->item, state->size);
	if (old != NULL && op_same_item(old, state->item))
		return WRITE_NOTHING;
	*item = state->item;
	return WRITE_PUT;
}

/* Writes Attributes, if there is something to return. */
static void
write_attributes(WireWriter *response, const RequestValue *return_values, const UpdateState *state, Jsonb *old)
{
	const char *mode = return_values->present ? return_values->as.string.text : "NONE";
	bool		is_new = strcmp(mode, "ALL_NEW") == 0 || strcmp(mode, "UPDATED_NEW") == 0;
	Jsonb	   *item = is_new ? state->item : old;
	JsonbValue	map;
	JsonbValue	fragments;

	if (strcmp(mode, "NONE") == 0 || item == NULL)
		return;
	attr_from_item(item, &map);
	if (strcmp(mode, "ALL_OLD") == 0 || strcmp(mode, "ALL_NEW") == 0)
		fragments = map;
	else if (state->update == NULL || !update_fragments(state->update, &map, &fragments))
		return;
	wire_member(response, "Attributes");
	attr_write_map(response, &fragments);
}

void
op_update_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, UpdateItemInput_TableName);
	const RequestValue *key_values = request_member(request, UpdateItemInput_Key);
	const RequestValue *return_metrics = request_member(request, UpdateItemInput_ReturnItemCollectionMetrics);
	Expressions expressions = {0};
	UpdateState state = {0};
	TableCapacity capacity;
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	WriteResult result;

	op_check_parameters(request, &members);
	op_check_values(key_values, true);
	op_read_legacy(request, &members, &expressions);
	op_read_expressions(request, &members, &expressions);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);
	if (expressions.update != NULL)
	{
		check_key_attributes(expressions.update, info);
		check_index_literals(expressions.update, info);
	}
	op_check_key_paths(info, &expressions);

	state.update = expressions.update;
	state.condition = expressions.condition;
	state.return_values_on_failure = request_member(request, UpdateItemInput_ReturnValuesOnConditionCheckFailure);
	state.key = key_values->as.attributes;

	table = storage_open(info, STORAGE_UPDATE, true);
	state.collection.table = table;
	state.collection.key = &key;
	state.collection.wants_metrics = collection_metrics_are_wanted(return_metrics);
	storage_write(table, &key, decide_update, &state, &result);
	collection_done(&state.collection);
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, storage_info(table));
	capacity_add_write(&capacity, &result, state.item, state.size);

	wire_object_start(response);
	write_attributes(response, request_member(request, UpdateItemInput_ReturnValues), &state, result.old);
	capacity_write(response, request_member(request, UpdateItemInput_ReturnConsumedCapacity), &capacity);
	collection_write_member(response, &state.collection, &state.key->object);
	wire_object_end(response);
	storage_close(table);
}
