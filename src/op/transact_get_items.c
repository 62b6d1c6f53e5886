/*
 * transact_get_items.c
 *		TransactGetItems.
 */
#include "postgres.h"

#include "op/authorize.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/transact.h"

static const ExpressionMembers members = {
	.projection_expression = Get_ProjectionExpression,
	.names = Get_ExpressionAttributeNames,
};

/* All parts are asked for before any table is touched, first without looking whether it is there. */
static void
authorize_gets(TransactGet *gets, int count, const RequestValue *return_capacity)
{
	const AccessPart part = {
		.action = POLICY_GetItem,
		.enclosing_operation = "TransactGetItems",
		.return_consumed_capacity = return_capacity
	};

	for (int i = 0; i < count; i++)
		access_foresee(POLICY_GetItem, gets[i].table_name, gets[i].table_name_len, NULL, 0);
	for (int i = 0; i < count; i++)
		gets[i].info = op_data_table_of_text(gets[i].table_name, gets[i].table_name_len);
	for (int i = 0; i < count; i++)
		gets[i].user = access_user_of_read(&(AccessRead) {gets[i].info, gets[i].attributes, gets[i].expressions->projection}, &part);
}

void
op_transact_get_items(const RequestValue *request, WireWriter *response)
{
	const RequestValue *list = request_member(request, TransactGetItemsInput_TransactItems);
	const RequestValue *return_capacity = request_member(request, TransactGetItemsInput_ReturnConsumedCapacity);
	int			count = list->as.list.count;
	TransactGet *gets = (TransactGet *) palloc0(count * sizeof(TransactGet));
	Expressions *expressions = (Expressions *) palloc0(count * sizeof(Expressions));

	for (int i = 0; i < count; i++)
	{
		const RequestValue *get = request_member(&list->as.list.items[i], TransactGetItem_Get);
		const RequestValue *table_name = request_member(get, Get_TableName);

		op_check_parameters(get, &members);
		op_check_values(request_member(get, Get_Key), false);
		op_read_expressions(get, &members, &expressions[i]);
		gets[i].table_name = table_name->as.string.text;
		gets[i].table_name_len = table_name->as.string.len;
		gets[i].attributes = request_member(get, Get_Key)->as.attributes;
		gets[i].expressions = &expressions[i];
	}
	authorize_gets(gets, count, return_capacity);
	transact_get(gets, count, false);

	op_eventual_read = false;
	wire_object_start(response);
	transact_get_answer(response, gets, count, return_capacity);
	wire_object_end(response);
}
