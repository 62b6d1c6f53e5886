/*
 * transact_write_items.c
 *		TransactWriteItems.
 *
 * What is wrong with the request itself, its values and its expressions fails it; what does not fit the tables cancels it (transact.c).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/transact.h"

/* An action's shape: which of its members are what. */
typedef struct ActionShape
{
	int			member;			/* of TransactWriteItem */
	ItemWriteKind kind;
	PolicyAction action;
	int			attributes;		/* Item or Key */
	int			table_name;
	int			returns_on_failure;
	ExpressionMembers expressions;
} ActionShape;

static const ActionShape shapes[] = {
	{TransactWriteItem_ConditionCheck, ITEM_CHECK, POLICY_ConditionCheckItem, ConditionCheck_Key, ConditionCheck_TableName,
		ConditionCheck_ReturnValuesOnConditionCheckFailure,
	{.condition_expression = ConditionCheck_ConditionExpression,
	.names = ConditionCheck_ExpressionAttributeNames, .values = ConditionCheck_ExpressionAttributeValues}},
	{TransactWriteItem_Put, ITEM_PUT, POLICY_PutItem, Put_Item, Put_TableName, Put_ReturnValuesOnConditionCheckFailure,
	{.condition_expression = Put_ConditionExpression,
	.names = Put_ExpressionAttributeNames, .values = Put_ExpressionAttributeValues}},
	{TransactWriteItem_Delete, ITEM_DELETE, POLICY_DeleteItem, Delete_Key, Delete_TableName, Delete_ReturnValuesOnConditionCheckFailure,
	{.condition_expression = Delete_ConditionExpression,
	.names = Delete_ExpressionAttributeNames, .values = Delete_ExpressionAttributeValues}},
	{TransactWriteItem_Update, ITEM_UPDATE, POLICY_UpdateItem, Update_Key, Update_TableName, Update_ReturnValuesOnConditionCheckFailure,
	{.update_expression = Update_UpdateExpression, .condition_expression = Update_ConditionExpression,
	.names = Update_ExpressionAttributeNames, .values = Update_ExpressionAttributeValues}},
};

/* The one action of an element. */
static const ActionShape *
action_shape(const RequestValue *element)
{
	const ActionShape *found = NULL;

	for (int i = 0; i < lengthof(shapes); i++)
	{
		if (!request_member(element, shapes[i].member)->present)
			continue;
		if (found != NULL)
			dyn_invalid("TransactItems can only contain one of Check, Put, Update or Delete");
		found = &shapes[i];
	}
	if (found == NULL)
		dyn_invalid("TransactItems can only contain one of Check, Put, Update or Delete");
	return found;
}

/*
 * Reads an action's expressions.  Values that are too deep fail the request, but those of an update cancel it: then their message is
 * returned.
 */
static const char *
read_expressions(const RequestValue *request, const ActionShape *shape, Expressions *expressions)
{
	static const char too_deep[] = "Nesting Levels have exceeded";
	MemoryContext context = CurrentMemoryContext;
	const char *volatile message = NULL;

	PG_TRY();
	{
		op_read_expressions(request, &shape->expressions, expressions);
	}
	PG_CATCH();
	{
		ErrorData  *error = dyn_take_error(context);

		if (shape->kind != ITEM_UPDATE || strncmp(error->message, too_deep, strlen(too_deep)) != 0)
			ReThrowError(error);
		message = error->message;
	}
	PG_END_TRY();
	return message;
}

/* Reads an action, up to its table; returns the bytes that it has in the request. */
static int64
read_action(const RequestValue *element, bool wants_metrics, TransactAction *action)
{
	const ActionShape *shape = action_shape(element);
	const RequestValue *request = request_member(element, shape->member);
	const RequestValue *attributes = request_member(request, shape->attributes);
	const RequestValue *values = request_member(request, shape->expressions.values);
	const RequestValue *table_name = request_member(request, shape->table_name);
	Expressions *expressions = (Expressions *) palloc0(sizeof(Expressions));

	op_check_parameters(request, &shape->expressions);
	op_check_values(attributes, false);
	if (attributes->as.attributes->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	action->invalid = read_expressions(request, shape, expressions);

	action->expressions = expressions;
	action->table_name = table_name->as.string.text;
	action->table_name_len = table_name->as.string.len;
	action->write.kind = shape->kind;
	action->write.attributes = attributes->as.attributes;
	action->write.condition = expressions->condition;
	action->write.update = expressions->update;
	action->write.plain_size = true;
	action->write.returns_old_on_failure = request_text_is(request, shape->returns_on_failure, "ALL_OLD");
	action->write.wants_metrics = wants_metrics;
	return attributes->as.attributes->size + (values->present ? values->as.attributes->size : 0);
}

/* All parts are asked for before any table is touched, first without looking whether it is there. */
static void
authorize_actions(const RequestValue *list, TransactAction *actions, const RequestValue *return_capacity)
{
	AccessPart	part = {.enclosing_operation = "TransactWriteItems", .return_consumed_capacity = return_capacity};

	for (int i = 0; i < list->as.list.count; i++)
		access_foresee(action_shape(&list->as.list.items[i])->action, actions[i].table_name, actions[i].table_name_len, NULL, 0);
	for (int i = 0; i < list->as.list.count; i++)
		actions[i].write.info = op_data_table_of_text(actions[i].table_name, actions[i].table_name_len);
	for (int i = 0; i < list->as.list.count; i++)
	{
		part.action = action_shape(&list->as.list.items[i])->action;
		part.return_values = access_return_values(NULL, actions[i].write.returns_old_on_failure);
		item_write_authorize(&actions[i].write, &part);
	}
}

void
op_transact_write_items(const RequestValue *request, WireWriter *response)
{
	const RequestValue *list = request_member(request, TransactWriteItemsInput_TransactItems);
	const RequestValue *return_capacity = request_member(request, TransactWriteItemsInput_ReturnConsumedCapacity);
	bool		wants_metrics =
		collection_metrics_are_wanted(request_member(request, TransactWriteItemsInput_ReturnItemCollectionMetrics));
	int			count = list->as.list.count;
	TransactAction *actions = (TransactAction *) palloc0(count * sizeof(TransactAction));
	int64		size = 0;
	TransactToken token;

	for (int i = 0; i < count; i++)
		size += read_action(&list->as.list.items[i], wants_metrics, &actions[i]);
	if (size > TRANSACTION_MAX_SIZE)
		dyn_invalid("Transaction request size cannot exceed 4 MB");
	authorize_actions(list, actions, return_capacity);

	wire_object_start(response);
	if (!transact_token_replay("TransactWriteItems", request, TransactWriteItemsInput_ClientRequestToken, actions, count,
							   return_capacity, response, &token))
	{
		transact_write(actions, count, false);
		transact_token_done(&token, actions, count);
		transact_write_answer(response, actions, count, return_capacity, wants_metrics);
	}
	wire_object_end(response);
}
