/*
 * execute_transaction.c
 *		ExecuteTransaction: up to 100 PartiQL statements, all reads or all writes, as one transaction.
 *
 * What is wrong with a statement fails the request and names the statement; what does not fit the tables cancels the
 * transaction, as TransactWriteItems and TransactGetItems do (transact.c).
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/op.h"
#include "op/partiql.h"
#include "op/transact.h"

#define SCOPE "ExecuteTransaction"

typedef struct TransactStatement
{
	const RequestValue *request;
	PartiqlParameters parameters;
	PartiqlStatement *statement;
	const TableInfo *info;
	PartiqlKey	key;
	Expressions expressions;
} TransactStatement;

/* ---- the statements ---- */

static bool
is_read(const TransactStatement *part)
{
	return part->statement->kind == PARTIQL_SELECT;
}

/* Parses a statement, and checks all that needs no table. */
static void
parse_part(TransactStatement *part)
{
	const RequestValue *text = request_member(part->request, ParameterizedStatement_Statement);
	PartiqlStatement *statement = partiql_statement(text, &part->parameters);

	part->statement = statement;
	part->expressions.condition = statement->where;
	part->expressions.update = statement->update;
	if (statement->kind == PARTIQL_INSERT && statement->item->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
}

/* Finds a statement's table; what no transaction has is asked of a statement only where its table is there. */
static void
find_table(TransactStatement *part)
{
	const PartiqlStatement *statement = part->statement;

	part->info = op_find_data_table(statement->table, statement->table_len);
	if (part->info == NULL)
		return;
	if (statement->returning != RETURNING_NOTHING)
		dyn_invalid("RETURNING clause is not supported in ExecuteTransaction.");
	if (statement->index != NULL)
		dyn_invalid(is_read(part) ? "Reads on indices are not supported within transactions." :
					"Operations on indices are not supported in transactions");
}

/* Finds a statement's item, and checks that it is about one. */
static void
find_key(TransactStatement *part)
{
	SelectPlan	plan;

	if (part->statement->kind == PARTIQL_INSERT)
		return;
	partiql_key(part->info, part->statement->where, is_read(part), &part->key);
	if (part->statement->kind == PARTIQL_EXISTS && (!part->key.is_whole || part->key.rest == NULL))
		dyn_invalid("EXISTS() must contain a single item read with additional condition");
	if (is_read(part) && (!part->key.is_whole || part->key.rest != NULL))
	{
		partiql_plan(part->statement, part->info, false, &plan);
		dyn_invalid("Select statements within ExecuteTransaction must specify the primary key in the where clause.");
	}
	/* a write that is about two items is about none, which the transaction will be cancelled for */
	if (part->statement->kind != PARTIQL_EXISTS && part->key.conflict != NULL)
		part->key.attributes.object.val.object.nPairs = 0;
}

/* Takes a step with a statement; a ValidationException says which statement it was. */
static void
try_step(void (*step) (TransactStatement *part), TransactStatement *parts, int i)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		step(&parts[i]);
	}
	PG_CATCH();
	{
		if (dyn_exception_of_sqlstate(geterrcode()) == DYN_VALIDATION)
		{
			ErrorData  *error = dyn_take_error(context);

			dyn_invalid("Validation failed in TransactStatements[%d]: %s", i, error->message);
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static void
find_tables(TransactStatement *parts, int count)
{
	bool	   *is_missing = (bool *) palloc(count * sizeof(bool));
	bool		any_missing = false;

	for (int i = 0; i < count; i++)
	{
		try_step(find_table, parts, i);
		is_missing[i] = parts[i].info == NULL;
		any_missing |= is_missing[i];
	}
	if (any_missing)
		transact_cancel_missing(is_missing, count);
}

static int64
parameters_size(const RequestValue *request)
{
	const RequestValue *list = request_member(request, ParameterizedStatement_Parameters);
	int64		size = request_member(request, ParameterizedStatement_Statement)->as.string.len;

	for (int i = 0; list->present && i < list->as.list.count; i++)
		size += list->as.list.items[i].as.attribute.size;
	return size;
}

/* ---- reads and writes ---- */

static void
execute_reads(const TransactStatement *parts, int count, const RequestValue *return_capacity, WireWriter *response)
{
	TransactGet *gets = (TransactGet *) palloc0(count * sizeof(TransactGet));
	JsonbValue	map;
	JsonbValue	item;

	for (int i = 0; i < count; i++)
	{
		gets[i].info = parts[i].info;
		gets[i].table_name = parts[i].statement->table;
		gets[i].table_name_len = parts[i].statement->table_len;
		gets[i].attributes = &parts[i].key.attributes;
		gets[i].expressions = &parts[i].expressions;
		gets[i].user = partiql_user_of_get(parts[i].statement, parts[i].info, &parts[i].key.attributes, SCOPE);
	}
	transact_get(gets, count, true);
	op_eventual_read = false;

	wire_member(response, "Responses");
	wire_array_start(response);
	for (int i = 0; i < count; i++)
	{
		wire_object_start(response);
		if (gets[i].item != NULL)
		{
			attr_from_item(gets[i].item, &map);
			if (parts[i].statement->n_columns > 0)
				partiql_project(parts[i].statement, &map, &item);
			else
				item = map;
			wire_member(response, "Item");
			attr_write_map(response, &item);
		}
		wire_object_end(response);
	}
	wire_array_end(response);
	transact_get_capacity(response, gets, count, return_capacity);
}

static void
execute_writes(const TransactStatement *parts, int count, const RequestValue *request, const RequestValue *return_capacity,
			   WireWriter *response)
{
	TransactAction *actions = (TransactAction *) palloc0(count * sizeof(TransactAction));
	TransactToken token;

	/* there is nothing to return */
	wire_member(response, "Responses");
	wire_array_start(response);
	wire_array_end(response);
	for (int i = 0; i < count; i++)
	{
		partiql_write(parts[i].statement, parts[i].info, &parts[i].key, &actions[i].write);
		actions[i].write.returns_old_on_failure =
			request_text_is(parts[i].request, ParameterizedStatement_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
		actions[i].expressions = &parts[i].expressions;
		partiql_authorize_write(parts[i].statement, &actions[i].write, SCOPE);
		actions[i].table_name = parts[i].statement->table;
		actions[i].table_name_len = parts[i].statement->table_len;
	}
	if (transact_token_replay(SCOPE, request, ExecuteTransactionInput_ClientRequestToken, actions, count,
							  return_capacity, response, &token))
		return;
	transact_write(actions, count, true);
	transact_token_done(&token, actions, count);
	transact_write_answer(response, actions, count, return_capacity, false);
}

void
op_execute_transaction(const RequestValue *request, WireWriter *response)
{
	const RequestValue *list = request_member(request, ExecuteTransactionInput_TransactStatements);
	const RequestValue *return_capacity = request_member(request, ExecuteTransactionInput_ReturnConsumedCapacity);
	int			count = list->as.list.count;
	TransactStatement *parts = (TransactStatement *) palloc0(count * sizeof(TransactStatement));
	int			n_reads = 0;
	int64		size = 0;

	for (int i = 0; i < count; i++)
	{
		parts[i].request = &list->as.list.items[i];
		partiql_parameters(request_member(parts[i].request, ParameterizedStatement_Parameters), &parts[i].parameters);
		size += parameters_size(parts[i].request);
	}
	for (int i = 0; i < count; i++)
	{
		try_step(parse_part, parts, i);
		n_reads += is_read(&parts[i]);
	}
	if (n_reads > 0 && n_reads < count)
		dyn_invalid("ExecuteTransaction API does not support both read and write operations in the same request.");
	if (size > TRANSACTION_MAX_SIZE)
		dyn_invalid("Transaction request size cannot exceed 4 MB");
	find_tables(parts, count);
	for (int i = 0; i < count; i++)
		try_step(find_key, parts, i);

	wire_object_start(response);
	if (n_reads > 0)
		execute_reads(parts, count, return_capacity, response);
	else
		execute_writes(parts, count, request, return_capacity, response);
	wire_object_end(response);
}
