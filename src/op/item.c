/*
 * item.c
 *		PutItem, GetItem, DeleteItem.
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

static const ExpressionMembers put_members = {
	.enveloped = true,
	.update_expression = NO_MEMBER,
	.condition_expression = PutItemInput_ConditionExpression,
	.key_condition_expression = NO_MEMBER,
	.filter_expression = NO_MEMBER,
	.projection_expression = NO_MEMBER,
	.names = PutItemInput_ExpressionAttributeNames,
	.values = PutItemInput_ExpressionAttributeValues,
	.expected = PutItemInput_Expected,
	.attribute_updates = NO_MEMBER,
	.key_conditions = NO_MEMBER,
	.filter = NO_MEMBER,
	.conditional_operator = PutItemInput_ConditionalOperator,
	.attributes_to_get = NO_MEMBER,
};

static const ExpressionMembers delete_members = {
	.enveloped = false,
	.update_expression = NO_MEMBER,
	.condition_expression = DeleteItemInput_ConditionExpression,
	.key_condition_expression = NO_MEMBER,
	.filter_expression = NO_MEMBER,
	.projection_expression = NO_MEMBER,
	.names = DeleteItemInput_ExpressionAttributeNames,
	.values = DeleteItemInput_ExpressionAttributeValues,
	.expected = DeleteItemInput_Expected,
	.attribute_updates = NO_MEMBER,
	.key_conditions = NO_MEMBER,
	.filter = NO_MEMBER,
	.conditional_operator = DeleteItemInput_ConditionalOperator,
	.attributes_to_get = NO_MEMBER,
};

static const ExpressionMembers get_members = {
	.enveloped = false,
	.update_expression = NO_MEMBER,
	.condition_expression = NO_MEMBER,
	.key_condition_expression = NO_MEMBER,
	.filter_expression = NO_MEMBER,
	.projection_expression = GetItemInput_ProjectionExpression,
	.names = GetItemInput_ExpressionAttributeNames,
	.values = NO_MEMBER,
	.expected = NO_MEMBER,
	.attribute_updates = NO_MEMBER,
	.key_conditions = NO_MEMBER,
	.filter = NO_MEMBER,
	.conditional_operator = NO_MEMBER,
	.attributes_to_get = GetItemInput_AttributesToGet,
};

/* A put or a delete: what it decides by. */
typedef struct Write
{
	const AttributeMap *attributes; /* of the item to put, or of the key to delete */
	const TableInfo *info;		/* the definition that the item was checked against */
	Jsonb	   *item;			/* to put; NULL: delete */
	int			size;			/* the item's; 0: delete */
	const ExprNode *condition;	/* NULL: none */
	const RequestValue *return_values_on_failure;
	CollectionWrite collection;
} Write;

/* ReturnValues of operations that know the old item only; PutItem's error is enveloped. */
static bool
returns_old(const RequestValue *request, int member, bool enveloped)
{
	if (!request_member(request, member)->present || request_text_is(request, member, "NONE"))
		return false;
	if (!request_text_is(request, member, "ALL_OLD"))
		dyn_invalid("%sReturnValues can only be ALL_OLD or NONE", enveloped ? DYN_ENVELOPE : "");
	return true;
}

/* What an item to be put must be to the table's indexes. */
static void
check_indexes(const Write *write, const TableInfo *info)
{
	index_check_item(info, NULL, &write->attributes->object, false);
	if (!collection_item_fits(info, write->item, write->size))
		dyn_invalid("Item size has exceeded the maximum allowed size");
}

static WriteAction
decide_put(Jsonb *old, Jsonb **item, void *argument)
{
	Write	   *write = (Write *) argument;
	const TableInfo *info = storage_info(write->collection.table);

	/* an index may have come between the first check and the lock */
	if (info != write->info)
		check_indexes(write, info);
	op_require_condition(write->condition, old, write->size, write->return_values_on_failure);
	collection_check(&write->collection, old, write->item, write->size);
	if (old != NULL && op_same_item(old, write->item))
		return WRITE_NOTHING;
	*item = write->item;
	return WRITE_PUT;
}

static WriteAction
decide_delete(Jsonb *old, Jsonb **item, void *argument)
{
	Write	   *write = (Write *) argument;

	op_require_condition(write->condition, old, 0, write->return_values_on_failure);
	collection_check(&write->collection, old, NULL, 0);
	return old != NULL ? WRITE_DELETE : WRITE_NOTHING;
}

/* Carries out a put or a delete and writes the response: old item if asked for, capacity, metrics. */
static void
execute(Write *write, StorageTable *table, const StorageKey *key, bool return_old, const RequestValue *table_name,
		const RequestValue *return_consumed_capacity, const RequestValue *return_metrics, WireWriter *response)
{
	TableCapacity capacity;
	WriteResult result;

	write->collection.table = table;
	write->collection.key = key;
	write->collection.wants_metrics = collection_metrics_are_wanted(return_metrics);
	storage_write(table, key, write->item != NULL ? decide_put : decide_delete, write, &result);
	collection_done(&write->collection);
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, storage_info(table));
	capacity_add_write(&capacity, &result, write->item, write->size);

	wire_object_start(response);
	if (return_old && result.old != NULL)
	{
		wire_member(response, "Attributes");
		attr_write_item(response, result.old);
	}
	capacity_write(response, return_consumed_capacity, &capacity);
	collection_write_member(response, &write->collection, &write->attributes->object);
	wire_object_end(response);
	storage_close(table);
}

void
op_put_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, PutItemInput_TableName);
	const RequestValue *item = request_member(request, PutItemInput_Item);
	AttributeMap *attributes = item->as.attributes;
	Expressions expressions = {0};
	const TableInfo *info;
	StorageKey	key;
	Write		write = {0};
	bool		return_old;

	op_check_parameters(request, &put_members);
	op_check_values(item, true);
	return_old = returns_old(request, PutItemInput_ReturnValues, true);
	if (attributes->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	op_read_legacy(request, &put_members, &expressions);
	op_read_expressions(request, &put_members, &expressions);

	info = op_data_table(table_name);
	op_key_of_item(info, attributes, &key);
	write.attributes = attributes;
	write.info = info;
	write.item = JsonbValueToJsonb(&attributes->object);
	write.size = attributes->size;
	write.condition = expressions.condition;
	write.return_values_on_failure = request_member(request, PutItemInput_ReturnValuesOnConditionCheckFailure);
	check_indexes(&write, info);
	op_check_key_paths(info, &expressions);

	execute(&write, storage_open(info, STORAGE_PUT, return_old || write.condition != NULL), &key, return_old, table_name,
			request_member(request, PutItemInput_ReturnConsumedCapacity),
			request_member(request, PutItemInput_ReturnItemCollectionMetrics), response);
}

void
op_delete_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, DeleteItemInput_TableName);
	const RequestValue *key_values = request_member(request, DeleteItemInput_Key);
	Expressions expressions = {0};
	const TableInfo *info;
	StorageKey	key;
	Write		write = {0};
	bool		return_old;

	op_check_parameters(request, &delete_members);
	op_check_values(key_values, false);
	return_old = returns_old(request, DeleteItemInput_ReturnValues, false);
	op_read_legacy(request, &delete_members, &expressions);
	op_read_expressions(request, &delete_members, &expressions);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);
	op_check_key_paths(info, &expressions);
	write.attributes = key_values->as.attributes;
	write.condition = expressions.condition;
	write.return_values_on_failure = request_member(request, DeleteItemInput_ReturnValuesOnConditionCheckFailure);

	execute(&write, storage_open(info, STORAGE_DELETE, return_old || write.condition != NULL), &key, return_old, table_name,
			request_member(request, DeleteItemInput_ReturnConsumedCapacity),
			request_member(request, DeleteItemInput_ReturnItemCollectionMetrics), response);
}

void
op_get_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, GetItemInput_TableName);
	const RequestValue *key_values = request_member(request, GetItemInput_Key);
	bool		consistent = request_boolean(request, GetItemInput_ConsistentRead);
	Expressions expressions = {0};
	TableCapacity capacity;
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Jsonb	   *item;

	op_check_parameters(request, &get_members);
	op_check_values(key_values, false);
	op_read_legacy(request, &get_members, &expressions);
	op_read_expressions(request, &get_members, &expressions);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);
	op_check_key_paths(info, &expressions);

	op_eventual_read = !consistent;
	table = storage_open(info, STORAGE_READ, true);
	item = storage_get(table, &key);
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, info);
	capacity_add_item_read(&capacity, item, consistent);
	wire_object_start(response);
	if (item != NULL)
	{
		JsonbValue	map;

		attr_from_item(item, &map);
		wire_member(response, "Item");
		if (expressions.projection != NULL)
		{
			JsonbValue	projected;

			projection_apply(expressions.projection, &map, &projected);
			attr_write_map(response, &projected);
		}
		else
			attr_write_map(response, &map);
	}
	capacity_write(response, request_member(request, GetItemInput_ReturnConsumedCapacity), &capacity);
	wire_object_end(response);
	storage_close(table);
}
