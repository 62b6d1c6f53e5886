/*
 * item.c
 *		PutItem, GetItem, DeleteItem.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/capacity.h"
#include "op/item_key.h"
#include "op/op.h"

/* What a write by key leaves for the response. */
typedef struct Write
{
	Jsonb	   *item;			/* to put */

} Write;

static int
item_size(Jsonb *item)
{
	JsonbValue	map;

	attr_from_item(item, &map);
	return attr_map_size(&map);
}

/* Expressions and the parameters before them are not there yet. */
static void
refuse(const RequestValue *request, int member)
{
	const RequestValue *value = request_member(request, member);

	if (value->present)
		dyn_invalid("%s is not supported by this version of dynapg", request->shape->members[member].name);
}

/* ReturnValues of operations that know the old item only. */
static bool
returns_old(const RequestValue *request, int member)
{
	if (!request_member(request, member)->present || request_text_is(request, member, "NONE"))
		return false;
	if (!request_text_is(request, member, "ALL_OLD"))
		dyn_invalid("ReturnValues can only be ALL_OLD or NONE");
	return true;
}

static WriteAction
decide_put(Jsonb *old, Jsonb **item, void *argument)
{
	Write	   *write = (Write *) argument;

	*item = write->item;
	return WRITE_PUT;
}

static WriteAction
decide_delete(Jsonb *old, Jsonb **item, void *argument)
{
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
					   capacity_of_write(old ? item_size(old) : 0, new_size));
	wire_object_end(response);
}

void
op_put_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, PutItemInput_TableName);
	const RequestValue *item = request_member(request, PutItemInput_Item);
	AttributeMap *attributes = item->as.attributes;
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Write		write = {0};
	WriteResult result;
	bool		return_old;

	refuse(request, PutItemInput_ConditionExpression);
	refuse(request, PutItemInput_ExpressionAttributeNames);
	refuse(request, PutItemInput_ExpressionAttributeValues);
	refuse(request, PutItemInput_Expected);
	refuse(request, PutItemInput_ConditionalOperator);
	op_check_values(item, true);
	return_old = returns_old(request, PutItemInput_ReturnValues);
	if (attributes->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");

	info = op_data_table(table_name);
	op_key_of_item(info, attributes, &key);
	write.item = JsonbValueToJsonb(&attributes->object);

	table = storage_open(info, STORAGE_PUT, return_old);
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
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	WriteResult result;
	bool		return_old;

	refuse(request, DeleteItemInput_ConditionExpression);
	refuse(request, DeleteItemInput_ExpressionAttributeNames);
	refuse(request, DeleteItemInput_ExpressionAttributeValues);
	refuse(request, DeleteItemInput_Expected);
	refuse(request, DeleteItemInput_ConditionalOperator);
	op_check_values(key_values, false);
	return_old = returns_old(request, DeleteItemInput_ReturnValues);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);

	table = storage_open(info, STORAGE_DELETE, return_old);
	storage_write(table, &key, decide_delete, NULL, &result);
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
	const TableInfo *info;
	StorageTable *table;
	StorageKey	key;
	Jsonb	   *item;

	refuse(request, GetItemInput_ProjectionExpression);
	refuse(request, GetItemInput_ExpressionAttributeNames);
	refuse(request, GetItemInput_AttributesToGet);
	op_check_values(key_values, false);

	info = op_data_table(table_name);
	op_key_of_key(info, key_values->as.attributes, &key);

	table = storage_open(info, STORAGE_READ, true);
	item = storage_get(table, &key);
	wire_object_start(response);
	if (item != NULL)
	{
		wire_member(response, "Item");
		attr_write_item(response, item);
	}
	if (return_capacity->present)
		capacity_write(response, return_capacity, table_name,
					   capacity_of_read(item ? item_size(item) : 0,
										request_boolean(request, GetItemInput_ConsistentRead)));
	wire_object_end(response);
	storage_close(table);
}
