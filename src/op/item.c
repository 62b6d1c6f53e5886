/*
 * item.c
 *		PutItem, GetItem, DeleteItem.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/authorize.h"
#include "op/capacity.h"
#include "op/expressions.h"
#include "op/item_key.h"
#include "op/item_write.h"
#include "op/op.h"
#include "op/throttle.h"

static const ExpressionMembers put_members = {
	.envelopes = ENVELOPE_WRITE | ENVELOPE_UNUSED_NAMES,
	.condition_expression = PutItemInput_ConditionExpression,
	.names = PutItemInput_ExpressionAttributeNames,
	.values = PutItemInput_ExpressionAttributeValues,
	.expected = PutItemInput_Expected,
	.conditional_operator = PutItemInput_ConditionalOperator,
};

static const ExpressionMembers delete_members = {
	.envelopes = ENVELOPE_UNUSED_NAMES,
	.condition_expression = DeleteItemInput_ConditionExpression,
	.names = DeleteItemInput_ExpressionAttributeNames,
	.values = DeleteItemInput_ExpressionAttributeValues,
	.expected = DeleteItemInput_Expected,
	.conditional_operator = DeleteItemInput_ConditionalOperator,
};

static const ExpressionMembers get_members = {
	.projection_expression = GetItemInput_ProjectionExpression,
	.names = GetItemInput_ExpressionAttributeNames,
	.attributes_to_get = GetItemInput_AttributesToGet,
};

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

/* Carries out a put or a delete and writes the response: old item if asked for, capacity, metrics. */
static void
execute_item_write(ItemWrite *write, const RequestValue *table_name, const RequestValue *return_consumed_capacity, WireWriter *response)
{
	const AccessPart part = {
		.action = write->kind == ITEM_PUT ? POLICY_PutItem : POLICY_DeleteItem,
		.return_values = access_return_values(write->reads_old ? "ALL_OLD" : NULL, write->returns_old_on_failure),
		.return_consumed_capacity = return_consumed_capacity
	};
	StorageTable *table;
	TableCapacity capacity;

	item_write_authorize(write, &part);
	throttle_write(write);
	table = item_write_open(write);
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, storage_info(table));
	item_write_execute(write, table, &capacity);

	wire_object_start(response);
	if (write->reads_old && write->result.old != NULL)
	{
		wire_member(response, "Attributes");
		attr_write_item(response, write->result.old);
	}
	capacity_write(response, return_consumed_capacity, &capacity);
	collection_write_member(response, &write->collection, write->info, &write->attributes->object);
	wire_object_end(response);
	storage_close(table);
}

void
put_item_read(const RequestValue *request, ItemWrite *write)
{
	const RequestValue *item = request_member(request, PutItemInput_Item);
	Expressions expressions = {0};

	write->kind = ITEM_PUT;
	write->attributes = item->as.attributes;
	op_check_parameters(request, &put_members);
	op_check_values(item, true);
	write->reads_old = returns_old(request, PutItemInput_ReturnValues, true);
	if (write->attributes->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	op_read_legacy(request, &put_members, &expressions);
	op_read_expressions(request, &put_members, &expressions);

	if (write->info == NULL)
		write->info = op_data_table(request_member(request, PutItemInput_TableName));
	item_write_key(write);
	write->condition = expressions.condition;
	write->returns_old_on_failure = request_text_is(request, PutItemInput_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
	write->wants_metrics =
		collection_metrics_are_wanted(request_member(request, PutItemInput_ReturnItemCollectionMetrics));
	item_write_check(write);
	op_check_key_paths(write->info, &expressions);
}

void
op_put_item(const RequestValue *request, WireWriter *response)
{
	ItemWrite	write = {0};

	put_item_read(request, &write);
	execute_item_write(&write, request_member(request, PutItemInput_TableName),
					   request_member(request, PutItemInput_ReturnConsumedCapacity), response);
}

void
op_delete_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, DeleteItemInput_TableName);
	const RequestValue *key_values = request_member(request, DeleteItemInput_Key);
	Expressions expressions = {0};
	ItemWrite	write = {.kind = ITEM_DELETE, .attributes = key_values->as.attributes};

	op_check_parameters(request, &delete_members);
	op_check_values(key_values, false);
	write.reads_old = returns_old(request, DeleteItemInput_ReturnValues, false);
	op_read_legacy(request, &delete_members, &expressions);
	op_read_expressions(request, &delete_members, &expressions);

	write.info = op_data_table(table_name);
	item_write_key(&write);
	op_check_key_paths(write.info, &expressions);
	write.condition = expressions.condition;
	write.returns_old_on_failure = request_text_is(request, DeleteItemInput_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
	write.wants_metrics =
		collection_metrics_are_wanted(request_member(request, DeleteItemInput_ReturnItemCollectionMetrics));
	execute_item_write(&write, table_name, request_member(request, DeleteItemInput_ReturnConsumedCapacity), response);
}

void
op_get_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, GetItemInput_TableName);
	const RequestValue *key_values = request_member(request, GetItemInput_Key);
	const RequestValue *return_capacity = request_member(request, GetItemInput_ReturnConsumedCapacity);
	bool		consistent = request_boolean(request, GetItemInput_ConsistentRead);
	Expressions expressions = {0};
	AccessRead	read;
	AccessPart	part = {.action = POLICY_GetItem, .return_consumed_capacity = return_capacity};
	TableCapacity capacity;
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Oid			user;
	Jsonb	   *item;

	op_check_parameters(request, &get_members);
	op_check_values(key_values, false);
	op_read_legacy(request, &get_members, &expressions);
	op_read_expressions(request, &get_members, &expressions);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);
	op_check_key_paths(info, &expressions);

	read = (AccessRead) {info, key_values->as.attributes, expressions.projection};
	op_eventual_read = !consistent;
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, info);
	capacity_at(&capacity, &key.hash, key.sort, &key_values->as.attributes->object);
	user = access_user_of_read(&read, &part);
	throttle_read(info, NULL, &key.hash, key.sort, &key_values->as.attributes->object);
	table = storage_open(info, STORAGE_READ, true, user);
	item = storage_get(table, &key);
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
	capacity_write(response, return_capacity, &capacity);
	wire_object_end(response);
	storage_close(table);
}
