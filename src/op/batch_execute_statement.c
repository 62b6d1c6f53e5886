/*
 * batch_execute_statement.c
 *		BatchExecuteStatement: up to 25 PartiQL statements, each by itself.
 *
 * What is wrong with one statement is its own answer.  Statements are executed in the order of their keys, each in a
 * subtransaction, so that one that fails leaves the others, and no two batches wait for each other.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/subtransaction.h"
#include "op/op.h"
#include "op/partiql.h"
#include "op/throttle.h"
#include "trace/trace.h"

#define OPERATION "BatchExecuteStatement"

typedef struct BatchStatement
{
	const RequestValue *request;
	PartiqlStatement *statement;	/* NULL: it could not be parsed */
	PartiqlKey	key;
	ItemWrite	write;			/* of a SELECT: its table and key */
	TableCapacity *capacity;	/* of its table, which others may share */
	bool		ran;			/* it was more than parsed: the answer names its table */
	Jsonb	   *item;			/* of a SELECT; NULL: there is none */
	const char *code;			/* of its error; NULL: none */
	const char *message;
} BatchStatement;

/* ---- errors ---- */

/* The code of an exception; NULL if the whole batch must fail for it. */
static const char *
error_code(const ErrorData *error)
{
	switch (dyn_exception_of_sqlstate(error->sqlerrcode))
	{
		case DYN_VALIDATION:
			return error->sqlerrcode == ERRCODE_READ_ONLY_SQL_TRANSACTION ? NULL : "ValidationError";
		case DYN_CONDITIONAL_CHECK_FAILED:
			return "ConditionalCheckFailed";
		case DYN_DUPLICATE_ITEM:
			return "DuplicateItem";
		case DYN_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED:
			return "ItemCollectionSizeLimitExceeded";
		case DYN_RESOURCE_NOT_FOUND:
			return "ResourceNotFound";
		case DYN_ACCESS_DENIED:
			return "AccessDenied";
		case DYN_TRANSACTION_CONFLICT:
			return "TransactionConflict";
		case DYN_PROVISIONED_THROUGHPUT_EXCEEDED:
			return "ProvisionedThroughputExceeded";
		case DYN_REQUEST_LIMIT_EXCEEDED:
			return "RequestLimitExceeded";
		case DYN_THROTTLING:
			return "ThrottlingError";
		default:
			return NULL;
	}
}

/*
 * Makes an error the statement's answer, or raises it on.  Without a subtransaction that has undone what was begun, PostgreSQL's
 * own errors are raised on.
 */
static void
note_error(BatchStatement *part, ErrorData *error, bool in_subtransaction)
{
	part->code = in_subtransaction || error->datatype_name != NULL ? error_code(error) : NULL;
	if (part->code == NULL)
		ReThrowError(error);
	part->message = strcmp(part->code, "TransactionConflict") == 0 ? "Transaction is ongoing for the item" : error->message;
}

/* ---- preparing ---- */

static bool
is_read(const BatchStatement *part)
{
	return part->statement->kind == PARTIQL_SELECT;
}

/* A SELECT must be of one item by its key, and of nothing else. */
static void
prepare_read(BatchStatement *part, const TableInfo *info)
{
	SelectPlan	plan;

	partiql_key(info, part->statement->where, true, &part->key);
	if (part->statement->index == NULL && part->key.is_whole && part->key.rest == NULL)
	{
		part->write = (ItemWrite) {.kind = ITEM_CHECK, .info = info, .attributes = &part->key.attributes};
		item_write_key(&part->write);
		part->write.user = partiql_user_of_get(part->statement, info, &part->key.attributes, OPERATION);
		return;
	}
	if (part->statement->index == NULL)
		partiql_plan(part->statement, info, false, &plan);
	dyn_invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.");
}

static void
prepare_write(BatchStatement *part, const TableInfo *info)
{
	const PartiqlStatement *statement = part->statement;
	Expressions expressions = {.condition = statement->where, .update = statement->update};

	if (statement->kind == PARTIQL_INSERT && statement->item->size > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	if (statement->kind != PARTIQL_INSERT)
	{
		partiql_key(info, statement->where, false, &part->key);
		partiql_require_key(&part->key);
	}
	partiql_write(statement, info, &part->key, &part->write);
	part->write.returns_old_on_failure =
		request_text_is(part->request, BatchStatementRequest_ReturnValuesOnConditionCheckFailure, "ALL_OLD");
	/* from here on it is the write that fails, not the statement */
	part->ran = true;
	item_write_key(&part->write);
	item_write_check(&part->write);
	op_check_key_paths(info, &expressions);
	partiql_authorize_write(statement, &part->write, OPERATION);
}

static void
parse_part(BatchStatement *part)
{
	const RequestValue *statement = request_member(part->request, BatchStatementRequest_Statement);
	PartiqlParameters parameters;

	partiql_parameters(request_member(part->request, BatchStatementRequest_Parameters), &parameters);
	part->statement = partiql_statement(statement, &parameters);
	if (part->statement->kind == PARTIQL_EXISTS)
		dyn_invalid("EXISTS can only be used in ExecuteTransaction write requests.");
}

static void
prepare_part(BatchStatement *part)
{
	const TableInfo *info;

	partiql_set_action(part->statement);
	info = op_data_table_of_text(part->statement->table, part->statement->table_len);
	if (is_read(part))
		prepare_read(part, info);
	else
		prepare_write(part, info);
}

/* ---- executing ---- */

/* The capacity of a table, under the name that the first statement gives it. */
static TableCapacity *
capacity_of(TableCapacity *capacities, int *count, const BatchStatement *part)
{
	const PartiqlStatement *statement = part->statement;

	for (int i = 0; i < *count; i++)
		if (capacities[i].table_name_len == statement->table_len &&
			memcmp(capacities[i].table_name, statement->table, statement->table_len) == 0)
			return &capacities[i];
	capacity_begin(&capacities[*count], statement->table, statement->table_len, part->write.info);
	return &capacities[(*count)++];
}

static void
execute_read(BatchStatement *part)
{
	bool		consistent = request_boolean(part->request, BatchStatementRequest_ConsistentRead);
	StorageTable *table;

	throttle_read(part->write.info, NULL, &part->write.key.hash, part->write.key.sort, &part->write.attributes->object);
	table = storage_open(part->write.info, STORAGE_READ, true, part->write.user);
	part->item = storage_get(table, &part->write.key);
	capacity_at(part->capacity, &part->write.key.hash, part->write.key.sort, &part->write.attributes->object);
	capacity_add_item_read(part->capacity, part->item, consistent);
	if (consistent)
		op_eventual_read = false;
	storage_close(table);
}

static void
execute_write(BatchStatement *part)
{
	StorageTable *table;

	throttle_write(&part->write);
	table = item_write_open(&part->write);
	item_write_execute(&part->write, table, part->capacity);
	storage_close(table);
}

static void
execute_read_or_write(void *argument)
{
	BatchStatement *part = (BatchStatement *) argument;

	if (is_read(part))
		execute_read(part);
	else
		execute_write(part);
}

/* Executes a statement in a subtransaction, which an error undoes. */
static void
execute_part(BatchStatement *part)
{
	double		write_units = op_write_units;
	ErrorData  *error;

	part->ran = true;
	partiql_set_action(part->statement);
	error = subtransaction_try(execute_read_or_write, part);
	if (error == NULL)
		return;
	note_error(part, error, true);
	/* a write that its condition refused is charged */
	part->capacity->table_units += op_write_units - write_units;
}

/* What one step finds wrong with a statement is its answer; steps hold nothing that would have to be undone. */
static void
try_step(void (*step) (BatchStatement *part), BatchStatement *part)
{
	MemoryContext context = CurrentMemoryContext;

	if (part->code != NULL)
		return;
	PG_TRY();
	{
		step(part);
	}
	PG_CATCH();
	{
		if (trace_is_on())
			trace_end_wait(trace_running);
		note_error(part, dyn_take_error(context), false);
	}
	PG_END_TRY();
}

static int
compare_parts(const void *a, const void *b)
{
	return item_write_compare(&(*(BatchStatement *const *) a)->write, &(*(BatchStatement *const *) b)->write);
}

/* Executes the statements that are right so far; none of them may be about another's item. */
static void
execute_all(BatchStatement *parts, int count, TableCapacity *capacities, int *n_capacities)
{
	BatchStatement **sorted = (BatchStatement **) palloc(count * sizeof(BatchStatement *));
	int			n_sorted = 0;

	for (int i = 0; i < count; i++)
		if (parts[i].code == NULL)
		{
			parts[i].capacity = capacity_of(capacities, n_capacities, &parts[i]);
			sorted[n_sorted++] = &parts[i];
		}
	qsort(sorted, n_sorted, sizeof(BatchStatement *), compare_parts);
	for (int i = 1; i < n_sorted; i++)
		if (compare_parts(&sorted[i - 1], &sorted[i]) == 0)
			dyn_invalid("Provided list of item keys contains duplicates");
	for (int i = 0; i < n_sorted; i++)
		execute_part(sorted[i]);
}

/* ---- the response ---- */

/* The item that a statement returns; false if that is none. */
static bool
returned_item(const BatchStatement *part, JsonbValue *item)
{
	JsonbValue	map;

	if (!is_read(part))
		return partiql_returned(part->statement, &part->write, item);
	if (part->item == NULL)
		return false;
	attr_from_item(part->item, &map);
	if (part->statement->n_columns > 0)
		partiql_project(part->statement, &map, item);
	else
		*item = map;
	return true;
}

static void
write_error(WireWriter *response, const BatchStatement *part)
{
	wire_member(response, "Error");
	wire_object_start(response);
	wire_member(response, "Code");
	wire_cstring(response, part->code);
	wire_member(response, "Message");
	wire_cstring(response, part->message);
	if (strcmp(part->code, "ConditionalCheckFailed") == 0 && part->write.result.old != NULL)
	{
		wire_member(response, "Item");
		attr_write_item(response, part->write.result.old);
	}
	wire_object_end(response);
}

static void
write_part(WireWriter *response, const BatchStatement *part)
{
	JsonbValue	item;

	wire_object_start(response);
	if (part->code != NULL)
		write_error(response, part);
	if (part->ran)
	{
		wire_member(response, "TableName");
		wire_cstring(response, part->write.info->name);
		if (part->code == NULL && returned_item(part, &item))
		{
			wire_member(response, "Item");
			attr_write_map(response, &item);
		}
	}
	wire_object_end(response);
}

void
op_batch_execute_statement(const RequestValue *request, WireWriter *response)
{
	const RequestValue *list = request_member(request, BatchExecuteStatementInput_Statements);
	int			count = list->as.list.count;
	BatchStatement *parts = (BatchStatement *) palloc0(count * sizeof(BatchStatement));
	TableCapacity *capacities = (TableCapacity *) palloc(count * sizeof(TableCapacity));
	int			n_capacities = 0;
	int			n_reads = 0;
	int			n_parsed = 0;

	op_eventual_read = true;
	for (int i = 0; i < count; i++)
	{
		parts[i].request = &list->as.list.items[i];
		try_step(parse_part, &parts[i]);
		n_parsed += parts[i].code == NULL;
		n_reads += parts[i].code == NULL && is_read(&parts[i]);
	}
	if (n_reads > 0 && n_reads < n_parsed)
		dyn_invalid("Read and write requests together in the same batch is not supported.");
	if (n_reads < n_parsed)
		op_eventual_read = false;
	for (int i = 0; i < count; i++)
		try_step(prepare_part, &parts[i]);
	execute_all(parts, count, capacities, &n_capacities);

	wire_object_start(response);
	wire_member(response, "Responses");
	wire_array_start(response);
	for (int i = 0; i < count; i++)
		write_part(response, &parts[i]);
	wire_array_end(response);
	capacity_write_list(response, request_member(request, BatchExecuteStatementInput_ReturnConsumedCapacity),
						capacities, n_capacities);
	wire_object_end(response);
}
