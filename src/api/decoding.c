/*
 * decoding.c
 *		The output plugin "dynapg": each change in a stream as a record of the Streams API, one JSON text a change.
 *
 * Only rows of stream segments are printed.  What a row is about stands in dynapg.logs, which is a user catalog table, so that it can be read as it was
 * when the row was written.  Changes come in the order of commits, within a transaction in the order of writing: the record of a late
 * event (log/log_late.h) comes after its successor, with the smaller SequenceNumber.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "nodes/parsenodes.h"
#include "replication/logical.h"
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
	bool		transactions;	/* print their beginnings and ends */
	bool		keys_only;		/* leave images out */
	bool		include_lsn;
	HTAB	   *logs;			/* what has been read of dynapg.logs: it never changes */
	bool		begun;			/* the present transaction has had a record */
} Decoder;

typedef struct LogEntry
{
	int32		id;				/* hash key; first */
	TableLog   *log;			/* NULL: a log that is not wanted */
} LogEntry;

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

static void
read_option(Decoder *decoder, const DefElem *option)
{
	if (strcmp(option->defname, "tables") == 0)
		decoder->tables = read_names(option);
	else if (strcmp(option->defname, "transactions") == 0)
		decoder->transactions = read_boolean(option);
	else if (strcmp(option->defname, "keys-only") == 0)
		decoder->keys_only = read_boolean(option);
	else if (strcmp(option->defname, "include-lsn") == 0)
		decoder->include_lsn = read_boolean(option);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown option \"%s\" of output plugin dynapg", option->defname),
				 errhint("It knows tables, transactions, keys-only and include-lsn.")));
}

static void
start_decoding(LogicalDecodingContext *context, OutputPluginOptions *options, bool is_init)
{
	Decoder    *decoder = (Decoder *) palloc0(sizeof(Decoder));
	HASHCTL		control = {.keysize = sizeof(int32), .entrysize = sizeof(LogEntry), .hcxt = context->context};
	ListCell   *cell;

	decoder->kept = context->context;
	decoder->context = AllocSetContextCreate(context->context, "dynapg stream record", ALLOCSET_DEFAULT_SIZES);
	decoder->logs = hash_create("dynapg streams", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(cell, context->output_plugin_options)
		read_option(decoder, lfirst_node(DefElem, cell));
	options->output_type = OUTPUT_PLUGIN_TEXTUAL_OUTPUT;
	context->output_plugin_private = decoder;
}

/* ------------------------------------------------------------------------------------------------------------
 * Transactions
 * ------------------------------------------------------------------------------------------------------------ */

static void
print_boundary(LogicalDecodingContext *context, ReorderBufferTXN *txn, const char *what, XLogRecPtr lsn)
{
	OutputPluginPrepareWrite(context, true);
	appendStringInfo(context->out, "{\"%s\":{\"xid\":%u,\"lsn\":\"%X/%X\"}}", what, txn->xid, LSN_FORMAT_ARGS(lsn));
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
		print_boundary(context, txn, "begin", txn->final_lsn);
	decoder->begun = true;
}

static void
decode_commit(LogicalDecodingContext *context, ReorderBufferTXN *txn, XLogRecPtr lsn)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;

	if (decoder->transactions && decoder->begun)
		print_boundary(context, txn, "commit", lsn);
}

/* ------------------------------------------------------------------------------------------------------------
 * Changes
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

/* The stream of a row; NULL if it is not wanted. */
static const TableLog *
find_log(Decoder *decoder, int32 id)
{
	bool		found;
	LogEntry   *entry = (LogEntry *) hash_search(decoder->logs, &id, HASH_ENTER, &found);

	if (!found)
	{
		MemoryContext caller = MemoryContextSwitchTo(decoder->kept);

		entry->log = NULL;
		entry->log = catalog_log(id);
		if (entry->log != NULL && !is_wanted(decoder, entry->log))
			entry->log = NULL;
		else if (entry->log != NULL && decoder->keys_only)
			entry->log->view = VIEW_KEYS_ONLY;
		MemoryContextSwitchTo(caller);
	}
	return entry->log;
}

static Jsonb *
jsonb_column(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? NULL : DatumGetJsonbP(values[column - 1]);
}

static void
read_row(const TableLog *log, const Datum *values, const bool *nulls, bool keys_only, LogRow *row)
{
	row->seq = DatumGetInt64(values[LOG_SEQ - 1]);
	row->written_at = DatumGetTimestampTz(values[LOG_WRITTEN_AT - 1]);
	row->action = (LogAction) DatumGetChar(values[LOG_KIND - 1]);
	row->hash = *DatumGetUUIDP(values[LOG_HASH - 1]);
	row->keys = jsonb_column(values, nulls, LOG_KEYS);
	row->old = jsonb_column(values, nulls, LOG_OLD);
	row->item = jsonb_column(values, nulls, LOG_NEW);
	if (keys_only && row->keys == NULL)
	{
		row->keys = log_keys_of_schema(log->key_schema, row->item ? row->item : row->old);
		row->old = row->item = NULL;
	}
}

static void
print_record(LogicalDecodingContext *context, const TableLog *log, const LogRow *row, const RecordOrigin *origin)
{
	WireWriter	writer;

	OutputPluginPrepareWrite(context, true);
	wire_write_text(&writer, context->out);
	(void) stream_write_record(&writer, log, row, origin);
	OutputPluginWrite(context, true);
}

static void
decode_change(LogicalDecodingContext *context, ReorderBufferTXN *txn, Relation relation, ReorderBufferChange *change)
{
	Decoder    *decoder = (Decoder *) context->output_plugin_private;
	RecordOrigin origin = {txn->xid, decoder->include_lsn ? change->lsn : InvalidXLogRecPtr};
	MemoryContext caller;
	Datum		values[MaxHeapAttributeNumber];
	bool		nulls[MaxHeapAttributeNumber];
	const TableLog *log;
	LogRow		row;

	if (change->action != REORDER_BUFFER_CHANGE_INSERT || compat_new_tuple(change) == NULL ||
		!log_is_stream_segment(relation))
		return;
	caller = MemoryContextSwitchTo(decoder->context);
	heap_deform_tuple(compat_new_tuple(change), RelationGetDescr(relation), values, nulls);
	log = find_log(decoder, DatumGetInt32(values[LOG_LOG - 1]));
	if (log != NULL)
	{
		read_row(log, values, nulls, decoder->keys_only, &row);
		begin_transaction(context, txn);
		print_record(context, log, &row, &origin);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(decoder->context);
}

void
_PG_output_plugin_init(OutputPluginCallbacks *callbacks)
{
	callbacks->startup_cb = start_decoding;
	callbacks->begin_cb = decode_begin;
	callbacks->change_cb = decode_change;
	callbacks->commit_cb = decode_commit;
}
