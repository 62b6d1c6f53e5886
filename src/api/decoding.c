/*
 * decoding.c
 *		The output plugin "dynapg": each change in a stream as a record of the Streams API, one JSON text a change.
 *
 * Only rows of stream segments are printed.  Changes come in the order of commits, within a transaction in the order of writing: the
 * record of a late event (log/log_late.h) comes after its successor, with the smaller SequenceNumber.
 *
 * What a log row is about stands in dynapg.logs.  Those rows are read when decoding starts, and what is inserted later is met in the WAL
 * before the first record of the new stream.  They cannot be read while changes are decoded: that takes a user catalog table, and
 * PostgreSQL cannot decode what was written to one that has been dropped since, for no plugin.
 *
 * An error while a change is decoded would come again whenever the slot is read.  So what cannot be printed is passed over with a warning.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "nodes/parsenodes.h"
#include "replication/logical.h"
#include "replication/origin.h"
#include "replication/output_plugin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/varlena.h"
#include "log/log_segment.h"
#include "op/stream.h"

extern PGDLLEXPORT void _PG_output_plugin_init(OutputPluginCallbacks *callbacks);

typedef struct Decoder
{
	MemoryContext context;		/* reset after each change */
	MemoryContext kept;			/* holds what follows */
	List	   *tables;			/* names of those whose streams are wanted; NIL: all */
	StreamView	view;			/* which images are wanted, of those that the stream has */
	bool		transactions;	/* print their beginnings and ends */
	bool		include_lsn;
	bool		only_local;		/* leave out what replication has applied here */
	HTAB	   *logs;			/* LogEntry */
	bool		begun;			/* the present transaction has had a record */
} Decoder;

typedef struct LogKey
{
	Oid			logs;			/* dynapg.logs: after DROP and CREATE EXTENSION ids begin anew */
	int32		id;
} LogKey;

typedef struct LogEntry
{
	LogKey		key;			/* hash key; first */
	TableLog   *log;			/* NULL: records are not wanted, or it is not known */
} LogEntry;

/* ------------------------------------------------------------------------------------------------------------
 * Streams
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_wanted(const Decoder *decoder, const TableLog *log)
{
	ListCell   *cell;

	if (log->kind != LOG_STREAM)
		return false;
	foreach(cell, decoder->tables)
		if (strcmp((const char *) lfirst(cell), log->table_name) == 0)
			return true;
	return decoder->tables == NIL;
}

static LogEntry *
log_entry(Decoder *decoder, Oid logs, int32 id, bool *found)
{
	LogKey		key = {logs, id};
	LogEntry   *entry = (LogEntry *) hash_search(decoder->logs, &key, HASH_ENTER, found);

	if (!*found)
		entry->log = NULL;
	return entry;
}

/* Keeps what is needed of a log; it is of the caller's context.  The images that both its records have and the reader wants are its view. */
static void
keep_log(Decoder *decoder, Oid logs, const TableLog *log)
{
	bool		found;
	LogEntry   *entry = log_entry(decoder, logs, log->id, &found);
	MemoryContext caller = MemoryContextSwitchTo(decoder->kept);

	if (!found && is_wanted(decoder, log))
	{
		entry->log = (TableLog *) palloc(sizeof(TableLog));
		*entry->log = *log;
		entry->log->table_name = pstrdup(log->table_name);
		entry->log->key_schema = (Jsonb *) memcpy(palloc(VARSIZE(log->key_schema)), log->key_schema,
												  VARSIZE(log->key_schema));
		entry->log->view = (StreamView) (log->view & decoder->view);
	}
	MemoryContextSwitchTo(caller);
}

/* Reads what logs there are now, in a transaction of its own if there is none. */
static void
read_logs(Decoder *decoder)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		outside = !IsTransactionState();
	Oid			logs;
	ListCell   *cell;

	if (outside)
		StartTransactionCommand();
	MemoryContextSwitchTo(decoder->context);
	foreach(cell, catalog_all_logs(&logs))
		keep_log(decoder, logs, (const TableLog *) lfirst(cell));
	if (outside)
		CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	MemoryContextReset(decoder->context);
}

/* dynapg.logs as it was when the change was made that is being decoded. */
static Oid
logs_then(void)
{
	return get_relname_relid("logs", get_namespace_oid("dynapg", true));
}

static bool
is_logs(Relation relation)
{
	return strcmp(RelationGetRelationName(relation), "logs") == 0 && RelationGetRelid(relation) == logs_then();
}

/* The stream of a row; NULL if it is not wanted, or not known. */
static const TableLog *
find_log(Decoder *decoder, int32 id)
{
	bool		found;
	LogEntry   *entry = log_entry(decoder, logs_then(), id, &found);

	if (!found)
		ereport(WARNING,
				(errmsg("records of stream %d are passed over, since it is not known any more", id),
				 errdetail("The extension dynapg has been dropped since they were written.")));
	return entry->log;
}

/* ------------------------------------------------------------------------------------------------------------
 * Options
 * ------------------------------------------------------------------------------------------------------------ */

static bool
read_boolean(const DefElem *option)
{
	bool		value = true;

	if (option->arg != NULL && !parse_bool(strVal(option->arg), &value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not parse value \"%s\" for parameter \"%s\"", strVal(option->arg), option->defname)));
	return value;
}

static List *
read_names(const DefElem *option)
{
	List	   *names = NIL;

	if (option->arg == NULL || !SplitGUCList(pstrdup(strVal(option->arg)), ',', &names) || names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" wants a list of table names", option->defname)));
	return names;
}

static StreamView
read_view(const DefElem *option)
{
	for (StreamView view = VIEW_KEYS_ONLY; view <= VIEW_NEW_AND_OLD_IMAGES; view++)
		if (option->arg != NULL && strcmp(strVal(option->arg), catalog_view_name(view)) == 0)
			return view;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" wants a StreamViewType", option->defname),
			 errhint("KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES.")));
}

static void
read_option(Decoder *decoder, const DefElem *option)
{
	if (strcmp(option->defname, "tables") == 0)
		decoder->tables = read_names(option);
	else if (strcmp(option->defname, "transactions") == 0)
		decoder->transactions = read_boolean(option);
	else if (strcmp(option->defname, "view-type") == 0)
		decoder->view = read_view(option);
	else if (strcmp(option->defname, "include-lsn") == 0)
		decoder->include_lsn = read_boolean(option);
	else if (strcmp(option->defname, "only-local") == 0)
		decoder->only_local = read_boolean(option);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown option \"%s\" of output plugin dynapg", option->defname),
				 errhint("It knows tables, view-type, transactions, include-lsn and only-local.")));
}

static void
start_decoding(LogicalDecodingContext *context, OutputPluginOptions *options, bool is_init)
{
	Decoder    *decoder = (Decoder *) palloc0(sizeof(Decoder));
	HASHCTL		control = {.keysize = sizeof(LogKey), .entrysize = sizeof(LogEntry), .hcxt = context->context};
	ListCell   *cell;

	decoder->kept = context->context;
	decoder->context = AllocSetContextCreate(context->context, "dynapg stream record", ALLOCSET_DEFAULT_SIZES);
	decoder->logs = hash_create("dynapg streams", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	decoder->view = VIEW_NEW_AND_OLD_IMAGES;
	foreach(cell, context->output_plugin_options)
		read_option(decoder, lfirst_node(DefElem, cell));
	options->output_type = OUTPUT_PLUGIN_TEXTUAL_OUTPUT;
	context->output_plugin_private = decoder;
	if (!is_init)
		read_logs(decoder);
}

/* ------------------------------------------------------------------------------------------------------------
 * Transactions
 * ------------------------------------------------------------------------------------------------------------ */

/* next: where a reader goes on that has the transaction; InvalidXLogRecPtr at its beginning. */
static void
print_boundary(LogicalDecodingContext *context, const char *what, ReorderBufferTXN *txn, XLogRecPtr next)
{
	OutputPluginPrepareWrite(context, true);
	appendStringInfo(context->out, "{\"%s\":{\"xid\":%u,\"lsn\":\"%X/%X\"", what, txn->xid,
					 LSN_FORMAT_ARGS(txn->final_lsn));
	if (!XLogRecPtrIsInvalid(next))
		appendStringInfo(context->out, ",\"nextLsn\":\"%X/%X\"", LSN_FORMAT_ARGS(next));
	appendStringInfoString(context->out, "}}");
	OutputPluginWrite(context, true);
}

static void
decode_begin(LogicalDecodingContext *context, ReorderBufferTXN *txn)
{
	((Decoder *) context->output_plugin_private)->begun = false;
}

/* Before a transaction's first record: those without any are passed over. */
static void
begin_transaction(LogicalDecodingContext *context, ReorderBufferTXN *txn)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;

	if (decoder->transactions && !decoder->begun)
		print_boundary(context, "begin", txn, InvalidXLogRecPtr);
	decoder->begun = true;
}

static void
decode_commit(LogicalDecodingContext *context, ReorderBufferTXN *txn, XLogRecPtr lsn)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;

	if (decoder->transactions && decoder->begun)
		print_boundary(context, "commit", txn, txn->end_lsn);
}

/* ------------------------------------------------------------------------------------------------------------
 * Changes
 * ------------------------------------------------------------------------------------------------------------ */

static Jsonb *
jsonb_column(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? NULL : DatumGetJsonbP(values[column - 1]);
}

/* False for a row that says nothing, which no writer of ours makes. */
static bool
read_row(const TableLog *log, const Datum *values, const bool *nulls, LogRow *row)
{
	row->seq = DatumGetInt64(values[LOG_SEQ - 1]);
	row->written_at = DatumGetTimestampTz(values[LOG_WRITTEN_AT - 1]);
	row->action = (LogAction) DatumGetChar(values[LOG_KIND - 1]);
	row->hash = *DatumGetUUIDP(values[LOG_HASH - 1]);
	row->keys = jsonb_column(values, nulls, LOG_KEYS);
	row->old = jsonb_column(values, nulls, LOG_OLD);
	row->item = jsonb_column(values, nulls, LOG_NEW);
	if (row->keys == NULL && row->old == NULL && row->item == NULL)
		return false;
	if (row->keys == NULL)
		row->keys = log_keys_of_schema(log->key_schema, row->item ? row->item : row->old);
	if (!(log->view & VIEW_NEW_IMAGE))
		row->item = NULL;
	if (!(log->view & VIEW_OLD_IMAGE))
		row->old = NULL;
	return true;
}

static void
print_record(LogicalDecodingContext *context, const TableLog *log, LogRow *row, const RecordOrigin *origin)
{
	int			size = stream_measure_record(log, row);
	WireWriter	writer;

	OutputPluginPrepareWrite(context, true);
	wire_write_text(&writer, context->out);
	stream_write_record(&writer, log, row, size, origin);
	OutputPluginWrite(context, true);
}

static void
decode_row(LogicalDecodingContext *context, ReorderBufferTXN *txn, Relation segment, ReorderBufferChange *change)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;
	RecordOrigin origin = {txn->xid, decoder->include_lsn ? change->lsn : InvalidXLogRecPtr};
	Datum		values[MaxHeapAttributeNumber];
	bool		nulls[MaxHeapAttributeNumber];
	const TableLog *log;
	LogRow		row;

	heap_deform_tuple(compat_new_tuple(change), RelationGetDescr(segment), values, nulls);
	log = find_log(decoder, DatumGetInt32(values[LOG_LOG - 1]));
	if (log == NULL || !read_row(log, values, nulls, &row))
		return;
	begin_transaction(context, txn);
	print_record(context, log, &row, &origin);
}

static void
decode_change(LogicalDecodingContext *context, ReorderBufferTXN *txn, Relation relation, ReorderBufferChange *change)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;
	MemoryContext caller;

	if (change->action != REORDER_BUFFER_CHANGE_INSERT || compat_new_tuple(change) == NULL)
		return;
	caller = MemoryContextSwitchTo(decoder->context);
	if (log_is_stream_segment(relation))
		decode_row(context, txn, relation, change);
	else if (is_logs(relation))
		keep_log(decoder, RelationGetRelid(relation), catalog_read_log(relation, compat_new_tuple(change)));
	MemoryContextSwitchTo(caller);
	MemoryContextReset(decoder->context);
}

static bool
filter_origin(LogicalDecodingContext *context, RepOriginId origin)
{
	return ((Decoder *) context->output_plugin_private)->only_local && origin != InvalidRepOriginId;
}

void
_PG_output_plugin_init(OutputPluginCallbacks *callbacks)
{
	callbacks->startup_cb = start_decoding;
	callbacks->begin_cb = decode_begin;
	callbacks->change_cb = decode_change;
	callbacks->commit_cb = decode_commit;
	callbacks->filter_by_origin_cb = filter_origin;
}
