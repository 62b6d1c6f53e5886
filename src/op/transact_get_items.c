/*
 * transact_get_items.c
 *		TransactGetItems.
 */
#include "postgres.h"

#include "op/item_key.h"
#include "op/op.h"
#include "op/transact.h"

static const ExpressionMembers members = {
	.projection_expression = Get_ProjectionExpression,
	.names = Get_ExpressionAttributeNames,
};

void
op_transact_get_items(const RequestValue *request, WireWriter *response)
{
	const RequestValue *list = request_member(request, TransactGetItemsInput_TransactItems);
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
	for (int i = 0; i < count; i++)
		gets[i].info = op_data_table_of_text(gets[i].table_name, gets[i].table_name_len);
	transact_get(gets, count, false);

	op_eventual_read = false;
	wire_object_start(response);
	transact_get_answer(response, gets, count, request_member(request, TransactGetItemsInput_ReturnConsumedCapacity));
	wire_object_end(response);
}
