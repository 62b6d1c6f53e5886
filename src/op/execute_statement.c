/*
 * execute_statement.c
 *		ExecuteStatement: one PartiQL statement.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/op.h"
#include "op/page_token.h"
#include "op/partiql.h"
#include "op/throttle.h"
#include "value/attr_build.h"

static PartiqlStatement *
parse(const RequestValue *request)
{
	PartiqlStatement *statement;
	PartiqlParameters parameters;

	partiql_parameters(request_member(request, ExecuteStatementInput_Parameters), &parameters);
	statement = partiql_statement(request_member(request, ExecuteStatementInput_Statement), &parameters);
	partiql_set_action(statement);
	return statement;
}

/* Carries out a write on one item. */
static void
execute_write(const PartiqlStatement *statement, const RequestValue *request, ItemWrite *write, TableCapacity *capacity)
{
	Expressions expressions = {.condition = statement->where, .update = statement->update};
	const TableInfo *info;
	PartiqlKey	key = {0};
	StorageTable *table;

	if (statement->kind == PARTIQL_EXISTS)
		dyn_invalid("EXISTS can only be used in ExecuteTransaction write requests.");
	if (request_member(request, ExecuteStatementInput_NextToken)->present)
		page_token_refuse();
	if (statement->kind == PARTIQL_INSERT && statement->item->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	info = op_data_table_of_text(statement->table, statement->table_len);
	if (statement->kind != PARTIQL_INSERT)
	{
		partiql_key(info, statement->where, false, &key);
		partiql_require_key(&key);
	}
	partiql_write(statement, info, &key, write);
	write->returns_old_on_failure =
		request_text_is(request, ExecuteStatementInput_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
	item_write_key(write);
	item_write_check(write);
	op_check_key_paths(info, &expressions);
	partiql_authorize_write(statement, write, NULL);

	throttle_write(write);
	table = item_write_open(write);
	capacity_begin(capacity, statement->table, statement->table_len, storage_info(table));
	item_write_execute(write, table, capacity);
	storage_close(table);
}

void
op_execute_statement(const RequestValue *request, WireWriter *response)
{
	const PartiqlStatement *statement = parse(request);
	TableCapacity capacity;
	JsonbValue	item;
	ItemWrite	write;

	if (statement->kind == PARTIQL_SELECT)
	{
		partiql_select(statement, request, response);
		return;
	}
	execute_write(statement, request, &write, &capacity);
	wire_object_start(response);
	wire_member(response, "Items");
	wire_array_start(response);
	if (partiql_returned(statement, &write, &item))
		attr_write_map(response, &item);
	wire_array_end(response);
	capacity_write(response, request_member(request, ExecuteStatementInput_ReturnConsumedCapacity), &capacity);
	wire_object_end(response);
}

void
partiql_visit(const RequestValue *request, PageVisitor visit, void *argument)
{
	const PartiqlStatement *statement = parse(request);
	TableCapacity capacity;
	JsonbValue	item;
	ItemWrite	write;

	if (statement->kind == PARTIQL_SELECT)
	{
		partiql_select_all(statement, visit, argument);
		return;
	}
	execute_write(statement, request, &write, &capacity);
	if (partiql_returned(statement, &write, &item))
		visit(attr_to_jsonb(&item), argument);
}
