/*
 * transact.c
 *		Transactions: several writes, or several reads, as one.
 *
 * Concurrency.  Items are locked one after another in the order of item_write_compare(), and stay locked until the transaction ends:
 * two-phase locking.  So transactions are serializable among themselves and with single writes, condition checks included, and
 * no two calls wait for each other.  A read is of one snapshot, which shows the transactions that ended before it, whole.
 *
 * Once something has failed nothing more is written, but the conditions of the other items are still looked at, for the reasons.  What was
 * written is undone by the error.
 */
#include "postgres.h"

#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/settings.h"
#include "base/varlena.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/throttle.h"
#include "op/transact.h"

/* ------------------------------------------------------------------------------------------------------------
 * Cancellation
 * ------------------------------------------------------------------------------------------------------------ */

/* Why an item is the reason of a cancellation. */
typedef struct Reason
{
	const char *code;			/* NULL: it is not */
	const char *message;
	Jsonb	   *item;			/* that the condition did not hold for; NULL: not wanted */
} Reason;

static const char *
reason_code(const Reason *reason)
{
	return reason->code ? reason->code : "None";
}

/* Raises TransactionCanceledException with the reasons of all items. */
static _Noreturn void
cancel(const Reason *reasons, int count)
{
	StringInfoData members;
	StringInfoData codes;
	WireWriter	writer;

	initStringInfo(&members);
	initStringInfo(&codes);
	wire_write_text(&writer, &members);
	wire_object_start(&writer);
	wire_member(&writer, "CancellationReasons");
	wire_array_start(&writer);
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(&codes, "%s%s", i > 0 ? ", " : "", reason_code(&reasons[i]));
		wire_object_start(&writer);
		wire_member(&writer, "Code");
		wire_cstring(&writer, reason_code(&reasons[i]));
		if (reasons[i].message)
		{
			wire_member(&writer, "Message");
			wire_cstring(&writer, reasons[i].message);
		}
		if (reasons[i].item)
		{
			wire_member(&writer, "Item");
			attr_write_item(&writer, reasons[i].item);
		}
		wire_object_end(&writer);
	}
	wire_array_end(&writer);
	wire_object_end(&writer);
	dyn_error_detail(DYN_TRANSACTION_CANCELED, members.data,
					 "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", codes.data);
}

/* Cancels for one item alone. */
static _Noreturn void
cancel_for(int culprit, int count, const char *code, const char *message)
{
	Reason	   *reasons = (Reason *) palloc0(count * sizeof(Reason));

	reasons[culprit].code = code;
	reasons[culprit].message = message;
	cancel(reasons, count);
}

void
transact_cancel_missing(const bool *is_missing, int count)
{
	Reason	   *reasons = (Reason *) palloc0(count * sizeof(Reason));

	for (int i = 0; i < count; i++)
		if (is_missing[i])
		{
			reasons[i].code = "ResourceNotFound";
			reasons[i].message = "Requested resource not found";
		}
	cancel(reasons, count);
}

/* An empty key value fails the request, all else that is wrong with an item cancels the transaction. */
static bool
is_of_request(const ErrorData *error)
{
	static const char prefix[] = "One or more parameter values are not valid.";

	return strncmp(error->message, prefix, strlen(prefix)) == 0;
}

/* The reason that an error of an item's write is; errors that are no reason to cancel are raised on. */
static Reason
reason_of_error(ErrorData *error)
{
	switch (dyn_exception_of_sqlstate(error->sqlerrcode))
	{
		case DYN_VALIDATION:
			if (error->sqlerrcode != ERRCODE_READ_ONLY_SQL_TRANSACTION)
				return (Reason) {"ValidationError", error->message, NULL};
			break;
		case DYN_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED:
			return (Reason) {"ItemCollectionSizeLimitExceeded", error->message, NULL};
		case DYN_TRANSACTION_CONFLICT:
			return (Reason) {"TransactionConflict", "Transaction is ongoing for the item", NULL};
		default:
			break;
	}
	ReThrowError(error);
	pg_unreachable();
}

/* Cancels for what an item's write has raised. */
static _Noreturn void
cancel_for_error(ErrorData *error, int culprit, int count)
{
	Reason		reason = reason_of_error(error);

	cancel_for(culprit, count, reason.code, reason.message);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* Keys, index keys and paths into keys of an action. */
static void
check_action(void *argument, int i)
{
	TransactAction *action = &((TransactAction *) argument)[i];

	if (action->invalid != NULL)
		dyn_invalid("%s", action->invalid);
	item_write_key(&action->write);
	item_write_check(&action->write);
	op_check_key_paths(action->write.info, action->expressions);
}

/* What a check raises for an item, or NULL. */
static ErrorData *
error_of_check(void (*check) (void *items, int i), void *items, int i)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		check(items, i);
	}
	PG_CATCH();
	{
		error = dyn_take_error(context);
	}
	PG_END_TRY();
	return error;
}

/* Checks all items in the order of the request; what is wrong with the first bad one, or with each, cancels. */
static void
check_all(void (*check) (void *items, int i), void *items, int count, bool reports_each)
{
	Reason	   *reasons = (Reason *) palloc0(count * sizeof(Reason));
	bool		any = false;

	for (int i = 0; i < count && (!any || reports_each); i++)
	{
		ErrorData  *error = error_of_check(check, items, i);

		if (error == NULL)
			continue;
		if (is_of_request(error))
			ReThrowError(error);
		reasons[i] = reason_of_error(error);
		any = true;
	}
	if (any)
		cancel(reasons, count);
}

static int
compare_actions(const void *a, const void *b)
{
	return item_write_compare(&(*(TransactAction *const *) a)->write, &(*(TransactAction *const *) b)->write);
}

/* The actions in the order of their keys; no item may be meant twice. */
static TransactAction **
sort_actions(TransactAction *actions, int count)
{
	TransactAction **sorted = (TransactAction **) palloc(count * sizeof(TransactAction *));

	for (int i = 0; i < count; i++)
		sorted[i] = &actions[i];
	qsort(sorted, count, sizeof(TransactAction *), compare_actions);
	for (int i = 1; i < count; i++)
		if (compare_actions(&sorted[i - 1], &sorted[i]) == 0)
			dyn_invalid("Transaction request cannot include multiple operations on one item");
	return sorted;
}

/* What was consumed of each table, under each name that the request gives it; those of one share. */
static void
begin_capacities(TransactAction *actions, int count)
{
	for (int i = 0; i < count; i++)
	{
		TransactAction *action = &actions[i];

		for (int j = 0; j < i && action->capacity == NULL; j++)
			if (actions[j].table_name_len == action->table_name_len &&
				memcmp(actions[j].table_name, action->table_name, action->table_name_len) == 0)
				action->capacity = actions[j].capacity;
		if (action->capacity != NULL)
			continue;
		action->capacity = (TableCapacity *) palloc(sizeof(TableCapacity));
		capacity_begin(action->capacity, action->table_name, action->table_name_len, action->write.info);
		action->capacity->mode = CAPACITY_TRANSACTED_WRITE;
	}
}

/* The tables that are open, for the sorted actions: a new table or another kind of write opens one, the others stay open. */
typedef struct OpenTables
{
	int			count;
	StorageTable *tables[TRANSACTION_MAX_ITEMS];
	const ItemWrite *writes[TRANSACTION_MAX_ITEMS];	/* the first that a table was opened for */
} OpenTables;

static StorageTable *
table_for(OpenTables *open, const ItemWrite *write)
{
	for (int i = 0; i < open->count; i++)
		if (open->writes[i]->info == write->info && open->writes[i]->user == write->user && open->writes[i]->kind == write->kind &&
			open->writes[i]->reads_old == write->reads_old &&
			(open->writes[i]->condition != NULL) == (write->condition != NULL))
			return open->tables[i];
	open->writes[open->count] = write;
	return open->tables[open->count++] = item_write_open(write);
}

void
transact_check_access(const TransactAction *actions, int count)
{
	OpenTables	open = {0};

	for (int i = 0; i < count; i++)
		(void) table_for(&open, &actions[i].write);
	for (int i = 0; i < open.count; i++)
		storage_close(open.tables[i]);
}

/* Carries out one action.  What it raises cancels for it. */
static void
execute_action(TransactAction *action, OpenTables *open, int place, int count)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		item_write_execute(&action->write, table_for(open, &action->write), action->capacity);
	}
	PG_CATCH();
	{
		error = dyn_take_error(context);
	}
	PG_END_TRY();
	if (error != NULL)
		cancel_for_error(error, place, count);
}

/* Cancels for the first action that could not be applied; if there is none, for the conditions that did not hold. */
static _Noreturn void
cancel_for_failures(const TransactAction *actions, int count)
{
	Reason	   *reasons = (Reason *) palloc0(count * sizeof(Reason));

	for (int i = 0; i < count; i++)
		if (actions[i].failure.kind == ITEM_WRITE_INVALID)
			cancel_for(i, count, "ValidationError", actions[i].failure.message);
	for (int i = 0; i < count; i++)
	{
		switch (actions[i].failure.kind)
		{
			case ITEM_WRITE_DONE:
			case ITEM_WRITE_INVALID:
				break;
			case ITEM_WRITE_CONDITION_FAILED:
				reasons[i].code = "ConditionalCheckFailed";
				reasons[i].message = "The conditional request failed";
				reasons[i].item = actions[i].failure.old;
				break;
			case ITEM_WRITE_DUPLICATE:
				reasons[i].code = "DuplicateItem";
				reasons[i].message = "Duplicate primary key exists in table";
				break;
		}
	}
	cancel(reasons, count);
}

/* Notes that an item is throttled as one of the reasons of a cancellation, of which there are none (NULL) yet, or as many as items. */
static void
note_throttle(Reason **reasons, int item, int count, const Throttle *throttle)
{
	bool		is_provisioned = throttle_exception(throttle) == DYN_PROVISIONED_THROUGHPUT_EXCEEDED;

	if (*reasons == NULL)
		*reasons = (Reason *) palloc0(count * sizeof(Reason));
	(*reasons)[item].code = is_provisioned ? "ProvisionedThroughputExceeded" : "ThrottlingError";
	(*reasons)[item].message = throttle_message(throttle);
}

/* Cancels for all actions that are throttled.  All are asked for before the first is carried out. */
static void
throttle_actions(const TransactAction *actions, int count)
{
	Reason	   *reasons = NULL;
	Throttle	throttle;

	for (int i = 0; i < count; i++)
		if (throttle_refuses_write(&actions[i].write, &throttle))
			note_throttle(&reasons, i, count, &throttle);
	if (reasons != NULL)
		cancel(reasons, count);
}

/* The same of reads. */
static void
throttle_gets(const TransactGet *gets, int count)
{
	Reason	   *reasons = NULL;
	Throttle	throttle;

	for (int i = 0; i < count; i++)
		if (throttle_refuses_read(gets[i].info, NULL, &gets[i].key.hash, gets[i].key.sort, &gets[i].attributes->object, &throttle))
			note_throttle(&reasons, i, count, &throttle);
	if (reasons != NULL)
		cancel(reasons, count);
}

static void
execute_actions(TransactAction *actions, TransactAction **sorted, int count)
{
	OpenTables	open = {0};
	bool		any_failure = false;

	for (int i = 0; i < count; i++)
	{
		sorted[i]->write.holds = true;
		sorted[i]->write.failure = &sorted[i]->failure;
		sorted[i]->write.any_failure = &any_failure;
		execute_action(sorted[i], &open, sorted[i] - actions, count);
	}
	if (any_failure)
		cancel_for_failures(actions, count);
	for (int i = 0; i < open.count; i++)
		storage_close(open.tables[i]);
}

void
transact_write(TransactAction *actions, int count, bool reports_each)
{
	int			lock_timeout = LockTimeout;
	TransactAction **sorted;

	check_all(check_action, actions, count, reports_each);
	sorted = sort_actions(actions, count);
	throttle_actions(actions, count);
	begin_capacities(actions, count);

	/* a caller who has not said how long to wait waits as long as the endpoint */
	PG_TRY();
	{
		if (LockTimeout == 0)
			LockTimeout = dynapg_lock_timeout;
		execute_actions(actions, sorted, count);
	}
	PG_FINALLY();
	{
		LockTimeout = lock_timeout;
	}
	PG_END_TRY();
}

static int
compare_named(const void *a, const void *b)
{
	return item_write_compare(((const NamedItemWrite *) a)->write, ((const NamedItemWrite *) b)->write);
}

void
transact_write_answer(WireWriter *response, const TransactAction *actions, int count,
					  const RequestValue *return_consumed_capacity, bool wants_metrics)
{
	TableCapacity *capacities = (TableCapacity *) palloc(count * sizeof(TableCapacity));
	int			n_capacities = 0;

	for (int i = 0; i < count; i++)
	{
		bool		first = true;

		for (int j = 0; j < i; j++)
			first &= actions[j].capacity != actions[i].capacity;
		if (first)
			capacities[n_capacities++] = *actions[i].capacity;
	}
	capacity_write_list(response, return_consumed_capacity, capacities, n_capacities);
	if (wants_metrics)
	{
		NamedItemWrite *named = (NamedItemWrite *) palloc(count * sizeof(NamedItemWrite));

		for (int i = 0; i < count; i++)
			named[i] = (NamedItemWrite) {&actions[i].write, actions[i].table_name, actions[i].table_name_len};
		qsort(named, count, sizeof(NamedItemWrite), compare_named);
		item_write_metrics(response, named, count);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_get(void *argument, int i)
{
	TransactGet *get = &((TransactGet *) argument)[i];

	op_key_of_key(get->info, get->attributes, &get->key);
	op_check_key_paths(get->info, get->expressions);
}

/* No item may be meant twice. */
static void
check_distinct(const TransactGet *gets, int count)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
		{
			ItemWrite	a = {.info = gets[i].info, .key = gets[i].key};
			ItemWrite	b = {.info = gets[j].info, .key = gets[j].key};

			if (item_write_compare(&a, &b) == 0)
				dyn_invalid("Transaction request cannot include multiple operations on one item");
		}
}

void
transact_get(TransactGet *gets, int count, bool reports_each)
{
	StorageTable **tables = (StorageTable **) palloc0(count * sizeof(StorageTable *));
	int64		size = 0;

	check_all(check_get, gets, count, reports_each);
	check_distinct(gets, count);
	throttle_gets(gets, count);
	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < i && tables[i] == NULL; j++)
			if (gets[j].info == gets[i].info && gets[j].user == gets[i].user)
				tables[i] = tables[j];
		if (tables[i] == NULL)
			tables[i] = storage_open(gets[i].info, STORAGE_READ, true, gets[i].user);
	}

	/* the snapshot comes after the locks, so that no table is other than its definition */
	PushActiveSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < count; i++)
	{
		gets[i].item = storage_get_at_snapshot(tables[i], &gets[i].key);
		size += op_item_size(gets[i].item);
	}
	PopActiveSnapshot();
	if (size > TRANSACTION_MAX_SIZE)
		dyn_invalid("Aggregate size of the items in the transaction cannot exceed 4 MB");
	for (int i = count - 1; i >= 0; i--)
	{
		bool		first = true;

		for (int j = 0; j < i; j++)
			first &= tables[j] != tables[i];
		if (first)
			storage_close(tables[i]);
	}
}

static void
write_item(WireWriter *response, const TransactGet *get)
{
	JsonbValue	map;
	JsonbValue	projected;

	wire_object_start(response);
	if (get->item != NULL)
	{
		attr_from_item(get->item, &map);
		wire_member(response, "Item");
		if (get->expressions->projection != NULL)
		{
			projection_apply(get->expressions->projection, &map, &projected);
			attr_write_map(response, &projected);
		}
		else
			attr_write_map(response, &map);
	}
	wire_object_end(response);
}

void
transact_get_answer(WireWriter *response, const TransactGet *gets, int count,
					const RequestValue *return_consumed_capacity)
{
	wire_member(response, "Responses");
	wire_array_start(response);
	for (int i = 0; i < count; i++)
		write_item(response, &gets[i]);
	wire_array_end(response);
	transact_get_capacity(response, gets, count, return_consumed_capacity);
}

void
transact_get_capacity(WireWriter *response, const TransactGet *gets, int count,
					  const RequestValue *return_consumed_capacity)
{
	TableCapacity *capacities = (TableCapacity *) palloc(count * sizeof(TableCapacity));
	int			n_capacities = 0;

	for (int i = 0; i < count; i++)
	{
		int			c = 0;

		while (c < n_capacities && (capacities[c].table_name_len != gets[i].table_name_len ||
									memcmp(capacities[c].table_name, gets[i].table_name, gets[i].table_name_len) != 0))
			c++;
		if (c == n_capacities)
		{
			capacity_begin(&capacities[n_capacities++], gets[i].table_name, gets[i].table_name_len, gets[i].info);
			capacities[c].mode = CAPACITY_TRANSACTED_READ;
		}
		capacity_at(&capacities[c], &gets[i].key.hash, gets[i].key.sort, &gets[i].attributes->object);
		capacity_add_item_read(&capacities[c], gets[i].item, true);
	}
	capacity_write_list(response, return_consumed_capacity, capacities, n_capacities);
}
