/*
 * import_step.c
 *		ImportTable's process: makes the table, fills it, builds its indexes, ends the import.
 *
 * Items are read outside of transactions, batch by batch; a batch is loaded and the positions of its objects are moved on in one transaction.  So each item
 * is loaded once and counted once, whenever the process dies.  Until the end the table is CREATING, and nobody's but by plain SQL.
 *
 * What makes the table impossible (no bucket, a table of its name) ends the import without one.  Items that are no good end it as FAILED, with the
 * table ACTIVE and all others in it, as at the service.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog/imports.h"
#include "keep/index_build.h"
#include "keep/step.h"
#include "op/create_table.h"
#include "op/transfer_arn.h"
#include "storage/bulk_load.h"
#include "transfer/input.h"
#include "transfer/transfer.h"

/*
 * A batch ends after so many items or milliseconds, or when its items take half of maintenance_work_mem, in which they are sorted, but no more than
 * so many bytes.
 */
#define BATCH_ITEMS	100000
#define BATCH_BYTES	(64 * 1024 * 1024)
#define BATCH_MS	10000

/* So many errors are logged and kept of an import (the service's rule). */
#define MAX_REPORTED 10000

/* An item on its way. */
typedef struct BatchItem
{
	pg_uuid_t	hash;
	bytea	   *sort;
	Jsonb	   *item;
} BatchItem;

/* What a batch has read of a part. */
typedef struct BatchPart
{
	int			part;
	int64		position;
	bool		done;
	TransferCounts counts;
} BatchPart;

/* What the process knows between two steps; gone with an error. */
typedef struct ImportProcess
{
	MemoryContext context;
	MemoryContext batch_context;	/* of the batch */
	MemoryContext item_context; /* of an item that is being read */
	Transfer   *import;
	InputRequest request;
	TableInfo  *table;			/* what items are checked against */
	Input	   *input;

	/* the batch */
	BatchItem  *items;
	int			n_items;
	int			capacity;
	int64		bytes;
	List	   *parts;			/* of BatchPart */
	List	   *reports;		/* of TransferReport; their lines are for the log */
	int64		reported;		/* errors of batches before */
} ImportProcess;

static ImportProcess *process;

static void
forget_process(void)
{
	if (process != NULL)
		MemoryContextDelete(process->context);
	process = NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * The beginning
 * ------------------------------------------------------------------------------------------------------------ */

/* Its table, which has been made; NULL if it is gone. */
static const TableInfo *
table_of_import(const Transfer *import)
{
	const TableInfo *table = catalog_table(import->table_name, strlen(import->table_name));

	return table != NULL && memcmp(&table->id, &import->table_id, UUID_LEN) == 0 ? table : NULL;
}

static _Noreturn void
fail_without_table(const Transfer *import)
{
	transfer_fail("TableNotFound", "Table not found: %s", import->table_name);
}

/* What a batch's rows and reports are kept in. */
static void
clear_batch(void)
{
	MemoryContextReset(process->batch_context);
	process->items = NULL;
	process->n_items = process->capacity = 0;
	process->bytes = 0;
	process->parts = process->reports = NIL;
}

/* Reads the import, and, if its table is there already, what is known of it. */
static List *
begin_process(const char *id)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg import", ALLOCSET_DEFAULT_SIZES);
	MemoryContext inner;
	const TableInfo *table;
	List	   *parts = NIL;

	process = (ImportProcess *) MemoryContextAllocZero(context, sizeof(ImportProcess));
	process->context = context;
	process->batch_context = AllocSetContextCreate(context, "dynapg import batch", ALLOCSET_DEFAULT_SIZES);
	process->item_context = AllocSetContextCreate(context, "dynapg import item", ALLOCSET_DEFAULT_SIZES);
	if (!step_begin(true))
		return NIL;
	inner = MemoryContextSwitchTo(context);
	process->import = catalog_transfer(id);
	input_read_request(process->import, &process->request);
	table = table_of_import(process->import);
	if (table != NULL)
	{
		process->table = input_copy_table(table);
		input_take_columns(&process->request, process->table);
		process->reported = catalog_count_reports(id, REPORT_ERROR);
		parts = catalog_transfer_parts(id, true);
	}
	MemoryContextSwitchTo(inner);
	step_commit();
	return parts;
}

/* Makes the table and the parts, unless somebody has made a table of that name meanwhile. */
static void
make_table(List *objects)
{
	const Transfer *import = process->import;
	JsonbValue	nothing = {.type = jbvObject};

	if (!step_begin(true))
		return;
	catalog_lock_name(import->table_name, strlen(import->table_name));
	if (catalog_table(import->table_name, strlen(import->table_name)) != NULL)
		transfer_fail("TableAlreadyExists", "Table already exists: %s", import->table_name);
	(void) input_add_parts(import, objects);
	catalog_set_transfer_state(import->id, "READING", JsonbValueToJsonb(&nothing));
	transfer_become_owner(import);
	create_planned_table(create_table_plan_of(import), import->table_name, &import->table_id);
	step_commit();
}

/* Whether its table has been made. */
static bool
is_begun(const Transfer *import)
{
	return create_table_plan_of(import) == NULL;
}

/* The process begins, or goes on where another one has died. */
static void
start(const char *id)
{
	List	   *parts = begin_process(id);
	MemoryContext caller = MemoryContextSwitchTo(process->context);
	ObjectStore *store = NULL;

	if (!is_begun(process->import))
	{
		pgstat_report_activity(STATE_RUNNING, "listing the objects of an import");
		store = input_open_store(process->import, process->request.bucket, process->request.bucket_owner, OBJECT_READ);
		make_table(input_objects(store, &process->request));
		MemoryContextSwitchTo(caller);
		forget_process();		/* the next step begins with the table */
		return;
	}
	if (process->table == NULL)
		fail_without_table(process->import);
	if (parts != NIL)
		store = input_open_store(process->import, process->request.bucket, process->request.bucket_owner, OBJECT_READ);
	process->input = input_begin(store, &process->request, parts);
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading a batch
 * ------------------------------------------------------------------------------------------------------------ */

/* The batch's entry of the part that is being read. */
static BatchPart *
batch_part(const TransferPart *part)
{
	BatchPart  *last = process->parts == NIL ? NULL : (BatchPart *) llast(process->parts);

	if (last == NULL || last->part != part->part)
	{
		MemoryContext caller = MemoryContextSwitchTo(process->batch_context);

		last = (BatchPart *) palloc0(sizeof(BatchPart));
		last->part = part->part;
		process->parts = lappend(process->parts, last);
		MemoryContextSwitchTo(caller);
	}
	return last;
}

static void
keep_item(const Record *record, const StorageKey *key)
{
	Jsonb	   *item = JsonbValueToJsonb(unconstify(JsonbValue *, &record->item.object));
	MemoryContext caller = MemoryContextSwitchTo(process->batch_context);
	BatchItem  *kept;

	if (process->n_items == process->capacity)
	{
		process->capacity = Max(1024, 2 * process->capacity);
		process->items = process->items == NULL ? (BatchItem *) palloc(process->capacity * sizeof(BatchItem))
			: (BatchItem *) repalloc(process->items, process->capacity * sizeof(BatchItem));
	}
	kept = &process->items[process->n_items++];
	kept->hash = key->hash;
	kept->sort = (bytea *) palloc(VARSIZE_ANY(key->sort));
	memcpy(kept->sort, key->sort, VARSIZE_ANY(key->sort));
	kept->item = (Jsonb *) palloc(VARSIZE(item));
	memcpy(kept->item, item, VARSIZE(item));
	process->bytes += VARSIZE(item) + VARSIZE_ANY(key->sort) + sizeof(BatchItem);
	MemoryContextSwitchTo(caller);
}

static void
keep_error(const TransferPart *part, int64 item_index, const char *message)
{
	MemoryContext caller;
	TransferReport *report;

	if (process->reported + list_length(process->reports) >= MAX_REPORTED)
		return;
	caller = MemoryContextSwitchTo(process->batch_context);
	report = (TransferReport *) palloc(sizeof(TransferReport));
	*report = (TransferReport) {REPORT_ERROR, part->part, item_index, pstrdup(message)};
	report->line = input_error_line(&process->request, part->name, item_index, "importArn", transfer_arn(process->import), message);
	process->reports = lappend(process->reports, report);
	MemoryContextSwitchTo(caller);
}

/* Reads the next record of a part into the batch; false at the part's end. */
static bool
read_record(TransferPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(process->item_context);
	TransferCounts before = part->counts;
	int64		position = part->position;
	BatchPart  *batch = batch_part(part);
	const char *error;
	Record		record;
	StorageKey	key;

	MemoryContextReset(process->item_context);
	if (input_next(process->input, &record) == RECORD_ITEM)
	{
		error = input_check_item(process->table, &record.item, &key);
		if (error == NULL)
		{
			keep_item(&record, &key);
			batch->counts.written++;
		}
		else
			part->counts.errors++;
	}
	else
		error = record.error;
	if (error != NULL)
		keep_error(part, record.index, error);
	batch->counts.items += part->counts.items - before.items;
	batch->counts.errors += part->counts.errors - before.errors;
	batch->counts.bytes += part->position - position;
	batch->position = part->position;
	batch->done = part->done;
	MemoryContextSwitchTo(caller);
	return !part->done;
}

static bool
batch_is_full(void)
{
	return process->n_items >= BATCH_ITEMS || process->bytes >= Min(maintenance_work_mem * INT64CONST(512), BATCH_BYTES) || list_length(process->parts) >= BATCH_ITEMS / 100;
}

/* Reads until the batch is full, or nothing is left. */
static void
read_batch(void)
{
	TimestampTz ends = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BATCH_MS);
	TransferPart *part;

	pgstat_report_activity(STATE_RUNNING, "reading objects of an import");
	for (int n = 0; (part = input_part(process->input)) != NULL; n++)
	{
		CHECK_FOR_INTERRUPTS();
		if (batch_is_full() || (n % 64 == 63 && GetCurrentTimestamp() >= ends))
			break;
		if (!read_record(part))
			input_next_part(process->input);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing it
 * ------------------------------------------------------------------------------------------------------------ */

static void
load_items(const TableInfo *table)
{
	BulkLoad   *load = bulk_load_begin(table);

	for (int i = 0; i < process->n_items; i++)
	{
		const BatchItem *item = &process->items[i];

		/* of one key the last: the least order */
		bulk_load_add_row(load, UUIDPGetDatum(&item->hash), PointerGetDatum(item->sort), JsonbPGetDatum(item->item), -i);
	}
	bulk_load_end(load, NULL);
}

/* The lines that the service would write to a log group. */
static void
log_errors(void)
{
	ListCell   *cell;

	foreach(cell, process->reports)
		ereport(LOG, (errhidecontext(true), errmsg_internal("%s", ((const TransferReport *) lfirst(cell))->line)));
	process->reported += list_length(process->reports);
}

/* Lines are for the log only. */
static List *
reports_without_lines(void)
{
	List	   *reports = NIL;
	ListCell   *cell;

	foreach(cell, process->reports)
	{
		TransferReport *report = (TransferReport *) palloc(sizeof(TransferReport));

		*report = *(const TransferReport *) lfirst(cell);
		report->line = NULL;
		reports = lappend(reports, report);
	}
	return reports;
}

static void
write_batch(void)
{
	const Transfer *import = process->import;
	const TableInfo *table;
	ListCell   *cell;

	pgstat_report_activity(STATE_RUNNING, "loading items of an import");
	if (!step_begin(true))
		return;
	table = table_of_import(import);
	if (table == NULL || !catalog_is_being_imported(table))
		fail_without_table(import);
	transfer_become_owner(import);
	if (process->n_items > 0)
		load_items(table);
	catalog_add_reports(import->id, reports_without_lines());
	foreach(cell, process->parts)
	{
		const BatchPart *part = (const BatchPart *) lfirst(cell);

		catalog_advance_transfer_part(import->id, part->part, part->position, part->done, NULL, &part->counts);
	}
	step_commit();
	log_errors();
	clear_batch();
}

/* ------------------------------------------------------------------------------------------------------------
 * The end
 * ------------------------------------------------------------------------------------------------------------ */

/* Builds an index, or waits for what it takes; false if all are built. */
static bool
build_indexes(void)
{
	const Transfer *import = process->import;
	const TableInfo *table;
	Oid			relation = InvalidOid;

	if (!step_begin(true))
		return false;
	table = table_of_import(import);
	if (table == NULL)
		fail_without_table(import);
	if (index_build_is_wanted(table->relation))
	{
		relation = table->relation;
		catalog_set_transfer_state(import->id, "BUILDING INDEXES", NULL);
	}
	step_commit();
	if (OidIsValid(relation))
		index_build_step(relation);
	return OidIsValid(relation);
}

/* All is there: the table is ACTIVE, and the import has ended. */
static void
finish(void)
{
	Transfer   *import = process->import;
	const TableInfo *table;

	if (!step_begin(true))
		return;
	catalog_lock_name(import->table_name, strlen(import->table_name));
	table = table_of_import(import);
	import = catalog_transfer_for_update(import->id);
	if (import == NULL || import->status != TRANSFER_IN_PROGRESS || table == NULL)
	{
		step_commit();
		return;
	}
	catalog_end_import(table);
	if (import->counts.errors == 0)
		catalog_end_transfer(import->id, TRANSFER_COMPLETED, NULL, NULL);
	else
		catalog_end_transfer(import->id, TRANSFER_FAILED, "ItemValidationError",
							 "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs "
							 "for more details.");
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
	read_batch();
	if (process->parts != NIL)
	{
		write_batch();
		return true;
	}
	if (build_indexes())
		return true;
	finish();
	return false;
}

static bool
import_step(const char *id)
{
	return input_run_step(id, "ImportTable", take_step, forget_process);
}

/* An import that has not come to its end leaves no table. */
static void
import_ended(const Transfer *import, TransferStatus status)
{
	const TableInfo *table;

	catalog_lock_name(import->table_name, strlen(import->table_name));
	table = table_of_import(import);
	if (table != NULL && catalog_is_being_restored(table))
		table = catalog_lock_table(import->table_name, strlen(import->table_name), AccessExclusiveLock, false);
	if (table != NULL && catalog_is_being_restored(table))
		catalog_drop_table(table);
}

const TransferRoutines transfer_import = {import_step, import_ended, false};
