/*
 * export_read.c
 *		Reading the items of an export.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/unix_time.h"
#include "catalog/owner.h"
#include "keep/past.h"
#include "log/log.h"
#include "log/log_segment.h"
#include "transfer/export.h"
#include "transfer/record_writer.h"
#include "value/attr_build.h"

#define COMPRESSION_LEVEL COMPRESS_FASTEST
#define CHECK_EVERY_ROWS 128

static BufFile *open_spools[EXPORT_FILES];

typedef struct OutputFile
{
	pg_uuid_t	last;			/* the greatest hash that belongs to it */
	ExportFile *file;
	Compressor *compressor;
} OutputFile;

/* A receiver of rows: of items, or of changes. */
typedef struct ItemReceiver
{
	DestReceiver receiver;
	const Export *export;
	const TableInfo *table;
	ExportFilter filter;
	RecordFormat format;
	bool		wants_old;
	OutputFile	outputs[EXPORT_FILES];
	int			n_outputs;
	StringInfoData line;
	MemoryContext scratch;		/* of a row */
	int64		rows;

	/* changes of a key, which come one after another */
	MemoryContext key_context;
	bool		has_key;
	pg_uuid_t	hash;
	bytea	   *sort;
	bool		is_changed;
	bool		has_later;		/* what it was at the later moment is known */
	TimestampTz written_at;
	Jsonb	   *old_image;
	Jsonb	   *new_image;
	Jsonb	   *keys;
} ItemReceiver;

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_to_spool(void *argument, const char *bytes, int len)
{
	BufFileWrite((BufFile *) argument, unconstify(char *, bytes), len);
}

/* The file that a hash belongs to. */
static OutputFile *
output_of(ItemReceiver *receiver, const pg_uuid_t *hash)
{
	int			i = 0;

	while (i < receiver->n_outputs - 1 && memcmp(hash, &receiver->outputs[i].last, UUID_LEN) > 0)
		i++;
	return &receiver->outputs[i];
}

static void
write_line(ItemReceiver *receiver, OutputFile *output)
{
	compressor_write(output->compressor, receiver->line.data, receiver->line.len);
	output->file->counts.written++;
	output->file->counts.bytes += receiver->line.len;
}

/* An item as the projection leaves it. */
static Jsonb *
project(const ExportFilter *filter, Jsonb *item)
{
	JsonbValue	whole;
	JsonbValue	projected;

	if (filter->projection == NULL || item == NULL)
		return item;
	attr_from_item(item, &whole);
	projection_apply(filter->projection, &whole, &projected);
	return attr_to_jsonb(&projected);
}

static bool
is_wanted(const ExportFilter *filter, Jsonb *item)
{
	JsonbValue	whole;

	if (filter->condition == NULL)
		return true;
	attr_from_item(item, &whole);
	return condition_holds(filter->condition, &whole);
}

static Jsonb *
jsonb_column(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : DatumGetJsonbP(value);
}

/* Whether the export is still wanted, now and then. */
static void
check_transfer(ItemReceiver *receiver)
{
	CHECK_FOR_INTERRUPTS();
	if (++receiver->rows % CHECK_EVERY_ROWS == 0)
		transfer_check(receiver->export->transfer->id);
}

/* ------------------------------------------------------------------------------------------------------------
 * Items
 * ------------------------------------------------------------------------------------------------------------ */

/* A row of past_items_query(): item, hash, sort. */
static bool
receive_item(TupleTableSlot *slot, DestReceiver *self)
{
	ItemReceiver *receiver = (ItemReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->scratch);
	bool		isnull;
	OutputFile *output = output_of(receiver, DatumGetUUIDP(slot_getattr(slot, 2, &isnull)));
	Jsonb	   *item = jsonb_column(slot, 1);

	check_transfer(receiver);
	output->file->counts.items++;
	if (is_wanted(&receiver->filter, item))
	{
		resetStringInfo(&receiver->line);
		record_write_item(&receiver->line, receiver->format, project(&receiver->filter, item));
		write_line(receiver, output);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->scratch);
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Changes
 * ------------------------------------------------------------------------------------------------------------ */

/* An item that was deleted is judged by what it was. */
static bool
is_wanted_change(const ItemReceiver *receiver)
{
	Jsonb	   *item = receiver->new_image ? receiver->new_image : receiver->old_image;

	return receiver->is_changed && (item == NULL ? receiver->filter.condition == NULL : is_wanted(&receiver->filter, item));
}

/* What has become of a key, all rows of which have come. */
static void
finish_key(ItemReceiver *receiver)
{
	OutputFile *output;

	if (!receiver->has_key)
		return;
	output = output_of(receiver, &receiver->hash);
	output->file->counts.items++;
	if (is_wanted_change(receiver))
	{
		MemoryContext caller = MemoryContextSwitchTo(receiver->scratch);
		RecordChange change = {
			.micros = unix_microseconds(receiver->written_at),
			.keys = log_keys(receiver->table, receiver->keys),
			.old_image = receiver->wants_old ? project(&receiver->filter, receiver->old_image) : NULL,
			.new_image = project(&receiver->filter, receiver->new_image)
		};

		resetStringInfo(&receiver->line);
		record_write_change(&receiver->line, receiver->format, &change);
		write_line(receiver, output);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(receiver->scratch);
	}
	MemoryContextReset(receiver->key_context);
	receiver->has_key = false;
}

static bool
is_same_key(const ItemReceiver *receiver, const pg_uuid_t *hash, const bytea *sort)
{
	return receiver->has_key && memcmp(hash, &receiver->hash, UUID_LEN) == 0 &&
		VARSIZE_ANY_EXHDR(sort) == VARSIZE_ANY_EXHDR(receiver->sort) &&
		memcmp(VARDATA_ANY(sort), VARDATA_ANY(receiver->sort), VARSIZE_ANY_EXHDR(sort)) == 0;
}

static Jsonb *
copy_image(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

/* A row of past_changes_query(): hash, sort, item, written_at, is_change. */
static bool
receive_change(TupleTableSlot *slot, DestReceiver *self)
{
	ItemReceiver *receiver = (ItemReceiver *) self;
	bool		isnull;
	pg_uuid_t  *hash = DatumGetUUIDP(slot_getattr(slot, 1, &isnull));
	bytea	   *sort = DatumGetByteaPP(slot_getattr(slot, 2, &isnull));
	bool		is_change = DatumGetBool(slot_getattr(slot, 5, &isnull));
	bool		is_first = !is_same_key(receiver, hash, sort);
	MemoryContext caller;

	check_transfer(receiver);
	if (is_first)
		finish_key(receiver);
	caller = MemoryContextSwitchTo(receiver->key_context);
	if (is_first)
	{
		receiver->has_key = true;
		receiver->hash = *hash;
		receiver->sort = (bytea *) memcpy(palloc(VARSIZE_ANY(sort)), sort, VARSIZE_ANY(sort));
		receiver->is_changed = is_change;
		receiver->has_later = false;
		receiver->old_image = receiver->new_image = receiver->keys = NULL;
	}
	if (is_change)
		receiver->written_at = DatumGetTimestampTz(slot_getattr(slot, 4, &isnull));
	if (is_first || receiver->keys == NULL || (!is_change && !receiver->has_later))
	{
		Jsonb	   *image = copy_image(slot, 3);

		if (is_first && is_change)
			receiver->old_image = image;
		if (!is_change && !receiver->has_later)
			receiver->new_image = image;
		if (receiver->keys == NULL)
			receiver->keys = image;
	}
	receiver->has_later |= !is_change;
	MemoryContextSwitchTo(caller);
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * The whole
 * ------------------------------------------------------------------------------------------------------------ */

static void
ignore_startup(DestReceiver *self, int operation, TupleDesc columns)
{
}

static void
ignore_end(DestReceiver *self)
{
}

void
export_close_files(void)
{
	for (int i = 0; i < EXPORT_FILES; i++)
	{
		BufFile    *spool = open_spools[i];

		open_spools[i] = NULL;
		if (spool != NULL)
			BufFileClose(spool);
	}
}

/* A temporary file that outlives the transaction. */
static BufFile *
open_spool(int i)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	open_spools[i] = BufFileCreateTemp(true);
	MemoryContextSwitchTo(caller);
	return open_spools[i];
}

static void
begin_files(const Export *export, ItemReceiver *receiver, ExportFile *files, int count)
{
	receiver->n_outputs = count;
	for (int i = 0; i < count; i++)
	{
		OutputFile *output = &receiver->outputs[i];
		pg_uuid_t	first;

		memset(&files[i], 0, sizeof(files[i]));
		files[i].part = export->first_part + i;
		files[i].spool = open_spool(i);
		output->file = &files[i];
		output->compressor = compressor_create(COMPRESSION_LEVEL, append_to_spool, files[i].spool);
		key_hash_segment(files[i].part, export->n_parts, &first, &output->last);
	}
}

static void
finish_files(ItemReceiver *receiver)
{
	for (int i = 0; i < receiver->n_outputs; i++)
	{
		ExportFile *file = receiver->outputs[i].file;

		compressor_finish(receiver->outputs[i].compressor, &file->result);
		if (BufFileSeek(file->spool, 0, 0, SEEK_SET) != 0)
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not rewind a temporary file of an export")));
	}
}

/* The keys of the files, and of the request's KeyConditionExpression. */
static PastRange
range_of_files(const Export *export, const ExportFilter *filter, int count)
{
	PastRange range = {0};
	pg_uuid_t	other;

	key_hash_segment(export->first_part, export->n_parts, &range.first, &other);
	key_hash_segment(export->first_part + count - 1, export->n_parts, &other, &range.last);
	if (filter->has_range)
	{
		range.first = filter->range.first;
		range.last = filter->range.last;
		range.low = filter->range.low;
		range.high = filter->range.high;
	}
	return range;
}

static char *
query_of_files(const Export *export, const PastRange *range)
{
	const ExportState *state = &export->state;
	const LogMoment *first = state->incremental ? &state->from : &state->moment;

	if (log_trimmed(LOG_UNDO) > first->horizon)
		transfer_fail("PointInTimeRecoveryUnavailable", "The changes since that point in time are no longer kept");
	return state->incremental ?
		past_changes_query(state->relation, state->log, state->from.horizon, state->from.snapshot, state->moment.snapshot, range) :
		past_items_query(state->relation, state->log, state->moment.horizon, state->moment.snapshot, range);
}

/* What the queries demand under their snapshot, too; here as the service's failure. */
static void
require_log(const Export *export)
{
	if (!past_has_all_changes(export->state.log))
		transfer_fail("PointInTimeRecoveryUnavailable", "Point in time recovery is not enabled for table '%s' any more",
					  export->transfer->table_name);
}

/* As the export's owner, who must be allowed to read all of the table. */
static const TableInfo *
table_to_export(const Export *export)
{
	const TableInfo *table = catalog_table_of_relation(export->state.relation);
	MemoryContext context = CurrentMemoryContext;

	if (table != NULL)
		table = catalog_lock_found_table(table, AccessShareLock);
	if (table == NULL)
		transfer_fail("TableNotFound", "Table not found: %s", export->transfer->table_name);
	transfer_become_owner(export->transfer);
	PG_TRY();
	{
		storage_require_reader(table, GetUserId());
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (geterrcode() != ERRCODE_INSUFFICIENT_PRIVILEGE)
			PG_RE_THROW();
		error = dyn_take_error(context);
		transfer_fail("AccessDenied", "%s", error->message);
	}
	PG_END_TRY();
	return table;
}

void
export_read_files(const Export *export, ExportFile *files, int count)
{
	ItemReceiver receiver = {
		.receiver = {
			.receiveSlot = export->state.incremental ? receive_change : receive_item,
			.rStartup = ignore_startup,
			.rShutdown = ignore_end,
			.rDestroy = ignore_end,
			.mydest = DestTuplestore
		},
		.export = export,
		.table = table_to_export(export),
		.format = export_is_ion(export->request) ? RECORD_ION : RECORD_DYNAMODB_JSON,
		.wants_old = export_wants_old_images(export->request),
		.scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg export row", ALLOCSET_DEFAULT_SIZES),
		.key_context = AllocSetContextCreate(CurrentMemoryContext, "dynapg export key", ALLOCSET_DEFAULT_SIZES)
	};
	PastRange range;

	Assert(count <= EXPORT_FILES);
	require_log(export);
	export_filter_check(receiver.table, &export->expressions, &receiver.filter);
	initStringInfo(&receiver.line);
	begin_files(export, &receiver, files, count);
	range = range_of_files(export, &receiver.filter, count);
	if (!receiver.filter.is_empty)
	{
		/* the table is locked by now */
		PushActiveSnapshot(GetLatestSnapshot());
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		catalog_send_rows(query_of_files(export, &range), &receiver.receiver);
		SPI_finish();
		PopActiveSnapshot();
	}
	finish_key(&receiver);
	finish_files(&receiver);
	require_log(export);
	MemoryContextDelete(receiver.scratch);
	MemoryContextDelete(receiver.key_context);
}
