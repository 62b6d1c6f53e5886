/*
 * bulk_put_step.c
 *		StartBulkPutItems' process: puts the items of objects into a table that is there.
 *
 * Each batch of items is put in one transaction, as the transfer's owner, by the code that PutItem is made of (op/item_write.h); positions, counts and
 * the lines of reports are committed with it, so that each item is put once and counted once, whenever the process dies.  What is wrong with an
 * item is found out before anything is written.  What only its write can tell, a trigger or a constraint or a policy that refuses it, undoes the batch,
 * which is put again then, each item in a subtransaction of its own.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/subtransaction.h"
#include "keep/job.h"
#include "keep/step.h"
#include "op/capacity.h"
#include "op/op.h"
#include "transfer/bulk_item.h"
#include "transfer/bulk_report.h"
#include "transfer/bulk_usage.h"
#include "transfer/input.h"
#include "transfer/input_request.h"
#include "transfer/transfer.h"

/* A batch ends after so many items or bytes of items, or so many milliseconds. */
#define BATCH_ITEMS	200
#define BATCH_BYTES	(4 * 1024 * 1024)
#define BATCH_MS	5000

/* Looked at so often while the rate is waited for. */
#define PAUSE_MS	1000

/* What a batch has read of a part. */
typedef struct BatchPart
{
	const TransferPart *part;
	int64		position;
	bool		done;
	TransferCounts counts;
} BatchPart;

/* What the process knows between two steps; gone with an error. */
typedef struct BulkProcess
{
	MemoryContext context;
	MemoryContext batch_context;
	MemoryContext record_context;	/* of what is computed of a record */
	Transfer   *bulk;
	InputRequest request;
	Input	   *input;
	int64		stored;			/* bytes of the part's object that are counted */
	BulkReport *report;
	BulkUsage  *usage;
	double		rate;			/* MaxWriteRequestUnits; 0: no limit */
	TimestampTz ready_at;		/* when the units that have been used are within it */

	/* the batch */
	List	   *items;			/* of BulkItem */
	int64		bytes;
	double		units;			/* what its items take at least */
	List	   *parts;			/* of BatchPart */
	List	   *reports;		/* of TransferReport: what reading has found */
} BulkProcess;

static BulkProcess *process;

static void
forget_process(void)
{
	if (process != NULL)
		MemoryContextDelete(process->context);
	process = NULL;
}

static void
clear_batch(void)
{
	MemoryContextReset(process->batch_context);
	process->items = process->parts = process->reports = NIL;
	process->bytes = 0;
	process->units = 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * The beginning
 * ------------------------------------------------------------------------------------------------------------ */

/* Its table; the transfer FAILED if that is gone. */
static const TableInfo *
table_of_bulk(void)
{
	const Transfer *bulk = process->bulk;
	const TableInfo *table = op_find_data_table(bulk->table_name, strlen(bulk->table_name));

	if (table == NULL || memcmp(&table->id, &bulk->table_id, UUID_LEN) != 0)
		transfer_fail("TableNotFound", "Table not found: %s", bulk->table_name);
	return table;
}

/* Reads the transfer, and its parts that are not done. */
static List *
begin_process(const char *id)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg bulk put", ALLOCSET_DEFAULT_SIZES);
	MemoryContext inner;
	List	   *parts;

	process = (BulkProcess *) MemoryContextAllocZero(context, sizeof(BulkProcess));
	process->context = context;
	process->batch_context = AllocSetContextCreate(context, "dynapg bulk put batch", ALLOCSET_DEFAULT_SIZES);
	process->record_context = AllocSetContextCreate(context, "dynapg bulk put record", ALLOCSET_DEFAULT_SIZES);
	process->stored = -1;
	if (!step_begin(true))
		return NIL;
	inner = MemoryContextSwitchTo(context);
	process->bulk = catalog_transfer(id);
	input_read_request(process->bulk, &process->request);
	process->usage = bulk_usage_read(process->bulk);
	process->rate = request_number(&process->bulk->request->root, "MaxWriteRequestUnits");
	(void) table_of_bulk();
	parts = catalog_transfer_parts(id, true);
	MemoryContextSwitchTo(inner);
	step_commit();
	return parts;
}

/* The first step of all: the objects become parts. */
static void
list_objects(ObjectStore *store)
{
	List	   *objects;

	pgstat_report_activity(STATE_RUNNING, "listing the objects of a bulk put");
	bulk_report_start(process->report);
	objects = input_objects(store, &process->request);
	if (!step_begin(true))
		return;
	process->usage->total_input_bytes = input_add_parts(process->bulk, objects);
	process->usage->has_total = true;
	catalog_set_transfer_state(process->bulk->id, "READING", bulk_usage_state(process->usage));
	step_commit();
}

static void
start(const char *id)
{
	List	   *parts = begin_process(id);
	MemoryContext caller = MemoryContextSwitchTo(process->context);
	bool		is_begun = process->usage->has_total;
	ObjectStore *store;

	process->report = bulk_report_open(process->bulk);
	store = input_open_store(process->bulk, process->request.bucket, process->request.bucket_owner, OBJECT_READ);
	if (!is_begun)
		list_objects(store);
	else
		process->input = input_begin(store, &process->request, parts);
	MemoryContextSwitchTo(caller);
	if (!is_begun)
		forget_process();		/* the next step begins with the parts */
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading a batch
 * ------------------------------------------------------------------------------------------------------------ */

/* The batch's entry of the part that is being read. */
static BatchPart *
batch_part(const TransferPart *part)
{
	BatchPart  *last = process->parts == NIL ? NULL : (BatchPart *) llast(process->parts);

	if (last == NULL || last->part != part)
	{
		last = (BatchPart *) palloc0(sizeof(BatchPart));
		last->part = part;
		process->parts = lappend(process->parts, last);
	}
	return last;
}

/* Adds a report to a list, if the request wants reports of its kind.  line is palloc'd, or NULL. */
static List *
add_report(List *reports, TransferReportKind kind, const TransferPart *part, int64 item_index, const char *message, char *line)
{
	TransferReport *report;

	if (!process->report->wanted[kind])
		return reports;
	report = (TransferReport *) palloc(sizeof(TransferReport));
	*report = (TransferReport) {kind, part->part, item_index, pstrdup(message), line};
	return lappend(reports, report);
}

static List *
add_error(List *reports, const TransferPart *part, int64 item_index, const char *message)
{
	return add_report(reports, REPORT_ERROR, part, item_index, message,
					  bulk_report_error(process->report, &process->request, part->name, item_index, message));
}

/* Reads the next record of a part into the batch, whose memory context is current; false at the part's end. */
static bool
read_record(TransferPart *part)
{
	TransferCounts before = part->counts;
	BatchPart  *batch = batch_part(part);
	RecordStatus status;
	Record		record;
	int64		stored;

	if (process->stored < 0)
		process->stored = part->counts.bytes;
	MemoryContextSwitchTo(process->record_context);
	status = input_next(process->input, &record);
	MemoryContextSwitchTo(process->batch_context);
	MemoryContextReset(process->record_context);
	if (status == RECORD_ITEM)
	{
		process->items = lappend(process->items, bulk_item_of_record(part, &record));
		process->bytes += record.item.size;
		process->units += ceil(record.item.size / 1024.0);
	}
	else if (status != RECORD_END)
		process->reports = add_error(process->reports, part, record.index, record.error);
	batch->counts.items += part->counts.items - before.items;
	batch->counts.errors += part->counts.errors - before.errors;
	batch->position = part->position;
	batch->done = part->done;
	stored = input_stored_bytes(process->input);
	batch->counts.bytes += Max(stored - process->stored, 0);
	process->stored = part->done ? -1 : Max(stored, process->stored);
	return !part->done;
}

static bool
batch_is_full(void)
{
	return list_length(process->items) >= BATCH_ITEMS || process->bytes >= BATCH_BYTES || list_length(process->parts) >= BATCH_ITEMS ||
		list_length(process->reports) >= BATCH_ITEMS || (process->rate > 0 && process->units >= process->rate / 2);
}

static void
read_batch(void)
{
	TimestampTz ends = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BATCH_MS);
	MemoryContext caller = MemoryContextSwitchTo(process->batch_context);
	TransferPart *part;

	pgstat_report_activity(STATE_RUNNING, "reading objects of a bulk put");
	for (int n = 0; (part = input_part(process->input)) != NULL; n++)
	{
		CHECK_FOR_INTERRUPTS();
		if (batch_is_full() || (n % 64 == 63 && GetCurrentTimestamp() >= ends))
			break;
		if (!read_record(part))
			input_next_part(process->input);
	}
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing it
 * ------------------------------------------------------------------------------------------------------------ */

/* What a batch's transaction puts, and what comes of it. */
typedef struct Writing
{
	const TableInfo *table;
	List	   *items;			/* of BulkItem, in the order of writes */
	TableCapacity capacity;
} Writing;

/* Whether any of some items looks at the item that is there, for which the owner needs SELECT. */
static bool
reads_any(List *items)
{
	ListCell   *cell;

	foreach(cell, items)
		if (((const BulkItem *) lfirst(cell))->write.condition != NULL)
			return true;
	return false;
}

/* Puts all items. */
static void
put_items(void *argument)
{
	Writing    *writing = (Writing *) argument;
	StorageTable *table = storage_open(writing->table, STORAGE_PUT, reads_any(writing->items), GetUserId());
	const BulkItem *last = NULL;
	ListCell   *cell;

	capacity_begin(&writing->capacity, process->bulk->table_name, strlen(process->bulk->table_name), storage_info(table));
	foreach(cell, writing->items)
	{
		BulkItem   *item = (BulkItem *) lfirst(cell);

		CHECK_FOR_INTERRUPTS();

		/* what a command has written it cannot write over */
		if (last != NULL && item_write_compare(&last->write, &item->write) == 0)
			CommandCounterIncrement();
		last = item;
		*item->write.any_failure = false;
		item_write_execute(&item->write, table, &writing->capacity);
		if (item->failure.kind == ITEM_WRITE_INVALID)
			item->error = item->failure.message;
	}
	storage_close(table);
}

/* Whether an error says that an item cannot be written, now or ever; other errors are raised again, and the batch comes once more. */
static bool
is_of_item(const ErrorData *error)
{
	switch (dyn_exception_of_sqlstate(error->sqlerrcode))
	{
		case DYN_VALIDATION:
		case DYN_ACCESS_DENIED:
		case DYN_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED:
			return !dyn_is_defect(error->sqlerrcode);
		default:
			return false;
	}
}

/* Puts each item for itself. */
static void
put_one_by_one(Writing *writing)
{
	ListCell   *cell;

	foreach(cell, writing->items)
	{
		BulkItem   *item = (BulkItem *) lfirst(cell);
		Writing		one = {writing->table, list_make1(item)};
		ErrorData  *error;

		if (!bulk_item_prepare(item, writing->table, process->report->wanted[REPORT_CONDITION]))
			continue;
		error = subtransaction_try(put_items, &one);
		if (error != NULL && !is_of_item(error))
			ReThrowError(error);
		if (error != NULL)
			item->error = error->message;
		else
			bulk_usage_add(process->usage, &one.capacity);
	}
}

/* Whether the owner may put items at all; else the transfer FAILED. */
static void
require_writer(const Writing *writing)
{
	storage_close(storage_open(writing->table, STORAGE_PUT, reads_any(writing->items), GetUserId()));
}

/* Puts the batch's items, and notes in each what came of it; returns the units that it took. */
static double
write_items(const TableInfo *table)
{
	Writing		writing = {table};
	double		before = process->usage->units;
	ErrorData  *error;
	ListCell   *cell;

	foreach(cell, process->items)
	{
		BulkItem   *item = (BulkItem *) lfirst(cell);

		if (bulk_item_prepare(item, table, process->report->wanted[REPORT_CONDITION]))
			writing.items = lappend(writing.items, item);
	}
	if (writing.items == NIL)
		return 0;
	list_sort(writing.items, bulk_item_compare);
	require_writer(&writing);
	error = subtransaction_try(put_items, &writing);
	if (error == NULL)
		bulk_usage_add(process->usage, &writing.capacity);
	else if (is_of_item(error))
		put_one_by_one(&writing);
	else
		ReThrowError(error);
	return process->usage->units - before;
}

/* Counts what came of the items, and reports it. */
static List *
count_items(List *reports)
{
	ListCell   *cell;

	foreach(cell, process->items)
	{
		const BulkItem *item = (const BulkItem *) lfirst(cell);
		BatchPart  *part = NULL;

		for (int i = list_length(process->parts) - 1; part == NULL; i--)
			if (((BatchPart *) list_nth(process->parts, i))->part == item->part)
				part = (BatchPart *) list_nth(process->parts, i);
		if (item->error != NULL)
		{
			part->counts.errors++;
			reports = add_error(reports, item->part, item->index, item->error);
		}
		else if (item->failure.kind == ITEM_WRITE_CONDITION_FAILED)
			reports = add_report(reports, REPORT_CONDITION, item->part, item->index, "The conditional request failed",
								 bulk_report_condition(process->report, &process->request, item->part->name, item->index,
													   &item->request->as.members[PutItemInput_Item - 1].as.attributes->object,
													   item->failure.old));
		else
			part->counts.written++;
	}
	return reports;
}

/* The units that were used are paid for by waiting. */
static void
charge(double units)
{
	TimestampTz now = GetCurrentTimestamp();

	if (process->rate > 0)
		process->ready_at = Max(process->ready_at, now) + (TimestampTz) (units / process->rate * USECS_PER_SEC);
}

static void
write_batch(void)
{
	const Transfer *bulk = process->bulk;
	int64		waiting = 0;
	double		units;
	List	   *reports;
	ListCell   *cell;

	pgstat_report_activity(STATE_RUNNING, "putting items of a bulk put");
	if (!step_begin(true))
		return;
	transfer_become_owner(bulk);
	units = write_items(table_of_bulk());
	reports = count_items(list_copy(process->reports));
	catalog_add_reports(bulk->id, reports);
	foreach(cell, process->parts)
	{
		const BatchPart *part = (const BatchPart *) lfirst(cell);

		catalog_advance_transfer_part(bulk->id, part->part->part, part->position, part->done, NULL, &part->counts);
	}
	catalog_set_transfer_state(bulk->id, "PUTTING", bulk_usage_state(process->usage));
	foreach(cell, reports)
		waiting += strlen(((const TransferReport *) lfirst(cell))->line);
	step_commit();
	process->report->waiting += waiting;
	charge(units);
	clear_batch();
}

/* ------------------------------------------------------------------------------------------------------------
 * The end
 * ------------------------------------------------------------------------------------------------------------ */

static void
finish(void)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext inner;
	Transfer   *bulk;
	TransferStatus status;

	if (!step_begin(true))
		return;
	inner = MemoryContextSwitchTo(context);
	bulk = catalog_transfer(process->bulk->id);
	MemoryContextSwitchTo(inner);
	step_commit();
	MemoryContextSwitchTo(context);
	status = bulk->counts.errors > 0 ? TRANSFER_COMPLETED_WITH_ERRORS : TRANSFER_COMPLETED;
	bulk_report_finish(process->report, bulk, status);
	if (!step_begin(true))
		return;
	catalog_end_transfer(bulk->id, status, NULL, NULL);
	step_commit();
}

static bool
take_step(const char *id)
{
	/* with more in the same step: what it fails with then is not forgotten after a good beginning */
	if (process == NULL)
		start(id);
	if (process == NULL)
		return true;
	if (process->ready_at > GetCurrentTimestamp())
	{
		pgstat_report_activity(STATE_RUNNING, "waiting for MaxWriteRequestUnits");
		job_pause(Min(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), process->ready_at), PAUSE_MS));
		return true;
	}
	if (bulk_report_flush(process->report, false))
		return true;
	read_batch();
	if (process->parts != NIL)
	{
		write_batch();
		return true;
	}
	if (bulk_report_flush(process->report, true))
		return true;
	finish();
	return false;
}

static bool
bulk_put_step(const char *id)
{
	return input_run_step(id, "StartBulkPutItems", take_step, forget_process);
}

const TransferRoutines transfer_bulk_put = {bulk_put_step, NULL, false};
