/*
 * update_item.c
 *		UpdateItem.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/capacity.h"
#include "op/expressions.h"
#include "op/item_key.h"
#include "op/item_write.h"
#include "op/op.h"
#include "op/throttle.h"

static const ExpressionMembers members = {
	.envelopes = ENVELOPE_WRITE | ENVELOPE_UNUSED_NAMES | ENVELOPE_UPDATE,
	.update_expression = UpdateItemInput_UpdateExpression,
	.condition_expression = UpdateItemInput_ConditionExpression,
	.names = UpdateItemInput_ExpressionAttributeNames,
	.values = UpdateItemInput_ExpressionAttributeValues,
	.expected = UpdateItemInput_Expected,
	.attribute_updates = UpdateItemInput_AttributeUpdates,
	.conditional_operator = UpdateItemInput_ConditionalOperator,
};

/* Writes Attributes, if there is something to return. */
static void
write_attributes(WireWriter *response, const RequestValue *return_values, const ItemWrite *write)
{
	const char *mode = return_values->present ? return_values->as.string.text : "NONE";
	bool		is_new = strcmp(mode, "ALL_NEW") == 0 || strcmp(mode, "UPDATED_NEW") == 0;
	Jsonb	   *item = is_new ? write->item : write->result.old;
	JsonbValue	map;
	JsonbValue	fragments;

	if (strcmp(mode, "NONE") == 0 || item == NULL)
		return;
	attr_from_item(item, &map);
	if (strcmp(mode, "ALL_OLD") == 0 || strcmp(mode, "ALL_NEW") == 0)
		fragments = map;
	else if (write->update == NULL || !update_fragments(write->update, &map, &fragments))
		return;
	wire_member(response, "Attributes");
	attr_write_map(response, &fragments);
}

void
op_update_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, UpdateItemInput_TableName);
	const RequestValue *key_values = request_member(request, UpdateItemInput_Key);
	const RequestValue *return_capacity = request_member(request, UpdateItemInput_ReturnConsumedCapacity);
	Expressions expressions = {0};
	ItemWrite	write = {.kind = ITEM_UPDATE, .attributes = key_values->as.attributes};
	TableCapacity capacity;
	StorageTable *table;

	op_check_parameters(request, &members);
	op_check_values(key_values, true);
	op_read_legacy(request, &members, &expressions);
	op_read_expressions(request, &members, &expressions);

	write.info = op_data_table(table_name);
	item_write_key(&write);
	write.update = expressions.update;
	write.condition = expressions.condition;
	write.returns_old_on_failure = request_text_is(request, UpdateItemInput_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
	write.wants_metrics =
		collection_metrics_are_wanted(request_member(request, UpdateItemInput_ReturnItemCollectionMetrics));
	item_write_check(&write);
	op_check_key_paths(write.info, &expressions);

	item_write_authorize(&write, &(AccessPart) {
		.action = POLICY_UpdateItem,
		.return_values = access_return_values(request_text(request, UpdateItemInput_ReturnValues), write.returns_old_on_failure),
		.return_consumed_capacity = return_capacity
	});
	throttle_write(&write);
	table = item_write_open(&write);
	capacity_begin(&capacity, table_name->as.string.text, table_name->as.string.len, storage_info(table));
	item_write_execute(&write, table, &capacity);

	wire_object_start(response);
	write_attributes(response, request_member(request, UpdateItemInput_ReturnValues), &write);
	capacity_write(response, return_capacity, &capacity);
	collection_write_member(response, &write.collection, write.info, &write.attributes->object);
	wire_object_end(response);
	storage_close(table);
}
