/*
 * item.c
 *		PutItem, GetItem, DeleteItem.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/capacity.h"
#include "op/expressions.h"
#include "op/item_key.h"
#include "op/op.h"

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

/* What a write by key decides by. */
typedef struct Write
{
	Jsonb	   *item;			/* to put */
	const ExprNode *condition;	/* NULL: none */
	const RequestValue *return_values_on_failure;
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

static WriteAction
decide_put(Jsonb *old, Jsonb **item, void *argument)
{
	Write	   *write = (Write *) argument;

	op_require_condition(write->condition, old, write->return_values_on_failure);
	if (old != NULL && op_same_item(old, write->item))
		return WRITE_NOTHING;
	*item = write->item;
	return WRITE_PUT;
}

static WriteAction
decide_delete(Jsonb *old, Jsonb **item, void *argument)
{
	Write	   *write = (Write *) argument;

	op_require_condition(write->condition, old, write->return_values_on_failure);
	return old != NULL ? WRITE_DELETE : WRITE_NOTHING;
}

/* Writes the response of a put or a delete: old item if asked for, and capacity. */
static void
write_response(WireWriter *response, Jsonb *old, bool return_old, int new_size,
			   const RequestValue *return_consumed_capacity, const RequestValue *table_name)
{
	wire_object_start(response);
	if (return_old && old != NULL)
	{
		wire_member(response, "Attributes");
		attr_write_item(response, old);
	}
	if (return_consumed_capacity->present)
		capacity_write(response, return_consumed_capacity, table_name,
					   capacity_of_write(op_item_size(old), new_size));
	wire_object_end(response);
}

void
op_put_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, PutItemInput_TableName);
	const RequestValue *item = request_member(request, PutItemInput_Item);
	AttributeMap *attributes = item->as.attributes;
	Expressions expressions = {0};
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Write		write = {0};
	WriteResult result;
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
	op_check_key_paths(info, &expressions);
	write.item = JsonbValueToJsonb(&attributes->object);
	write.condition = expressions.condition;
	write.return_values_on_failure = request_member(request, PutItemInput_ReturnValuesOnConditionCheckFailure);

	table = storage_open(info, STORAGE_PUT, return_old || write.condition != NULL);
	storage_write(table, &key, decide_put, &write, &result);
	write_response(response, result.old, return_old, attributes->size,
				   request_member(request, PutItemInput_ReturnConsumedCapacity), table_name);
	storage_close(table);
}

void
op_delete_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, DeleteItemInput_TableName);
	const RequestValue *key_values = request_member(request, DeleteItemInput_Key);
	Expressions expressions = {0};
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Write		write = {0};
	WriteResult result;
	bool		return_old;

	op_check_parameters(request, &delete_members);
	op_check_values(key_values, false);
	return_old = returns_old(request, DeleteItemInput_ReturnValues, false);
	op_read_legacy(request, &delete_members, &expressions);
	op_read_expressions(request, &delete_members, &expressions);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);
	op_check_key_paths(info, &expressions);
	write.condition = expressions.condition;
	write.return_values_on_failure = request_member(request, DeleteItemInput_ReturnValuesOnConditionCheckFailure);

	table = storage_open(info, STORAGE_DELETE, return_old || write.condition != NULL);
	storage_write(table, &key, decide_delete, &write, &result);
	write_response(response, result.old, return_old, 0,
				   request_member(request, DeleteItemInput_ReturnConsumedCapacity), table_name);
	storage_close(table);
}

void
op_get_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, GetItemInput_TableName);
	const RequestValue *key_values = request_member(request, GetItemInput_Key);
	const RequestValue *return_capacity = request_member(request, GetItemInput_ReturnConsumedCapacity);
	Expressions expressions = {0};
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

	op_eventual_read = !request_boolean(request, GetItemInput_ConsistentRead);
	table = storage_open(info, STORAGE_READ, true);
	item = storage_get(table, &key);
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
	if (return_capacity->present)
		capacity_write(response, return_capacity, table_name,
					   capacity_of_read(op_item_size(item),
										request_boolean(request, GetItemInput_ConsistentRead)));
	wire_object_end(response);
	storage_close(table);
}
