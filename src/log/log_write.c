/*
 * log_write.c
 *		Appending rows to the newest segments, through the table and index access methods.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/compat.h"
#include "log/log.h"
#include "log/log_keeper.h"
#include "log/log_segment.h"

/* A segment, opened for writing. */
typedef struct LogTarget
{
	Relation	relation;
	Relation	key_index;
	TupleTableSlot *slot;
} LogTarget;

static LogTarget *
open_target(LogKind kind, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context ? context : CurrentMemoryContext);
	LogTarget  *target = (LogTarget *) palloc0(sizeof(LogTarget));

	target->relation = log_open_newest_segment(kind);
	target->key_index = index_open(compat_primary_key(target->relation), RowExclusiveLock);
	target->slot = MakeSingleTupleTableSlot(RelationGetDescr(target->relation), &TTSOpsVirtual);
	MemoryContextSwitchTo(caller);
	return target;
}

static void
close_target(LogTarget *target)
{
	ExecDropSingleTupleTableSlot(target->slot);
	index_close(target->key_index, NoLock);
	table_close(target->relation, NoLock);
	pfree(target);
}

static void
set_jsonb(TupleTableSlot *slot, int column, Jsonb *value)
{
	slot->tts_values[column - 1] = JsonbPGetDatum(value);
	slot->tts_isnull[column - 1] = value == NULL;
}

/*
 * Numbers are drawn once, and so a row's key is new: nobody has to look whether there is one.  B-trees look at nothing of the IndexInfo that they
 * are given, and making a true one costs a thirtieth of the row.
 */
static void
append_row(LogTarget *target)
{
	static IndexInfo info = {.type = T_IndexInfo};
	TupleTableSlot *slot = target->slot;

	table_tuple_insert(target->relation, slot, GetCurrentCommandId(true), 0, NULL);
	(void) index_insert(target->key_index, (Datum[]) {slot->tts_values[LOG_LOG - 1], slot->tts_values[LOG_SEQ - 1]},
						(bool[]) {false, false}, &slot->tts_tid, target->relation, UNIQUE_CHECK_NO, false,
						&info);
}

static void
write_row(LogWriter *writer, const TableLog *log, const LogChange *change, Jsonb *old, Jsonb *item, const pg_uuid_t *hash,
		  bytea *sort, int64 seq, TimestampTz now)
{
	LogKind		kind = log_segment_kind(log->kind);
	LogTarget  *target;
	TupleTableSlot *slot;

	if (writer->targets[kind] == NULL)
		writer->targets[kind] = open_target(kind, writer->context);
	target = writer->targets[kind];
	slot = target->slot;
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	memset(slot->tts_isnull, false, LOG_SORT * sizeof(bool));
	slot->tts_values[LOG_SEQ - 1] = Int64GetDatum(seq);
	slot->tts_values[LOG_XID - 1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	slot->tts_values[LOG_WRITTEN_AT - 1] = TimestampTzGetDatum(now);
	slot->tts_values[LOG_LOG - 1] = Int32GetDatum(log->id);
	slot->tts_values[LOG_KIND - 1] = CharGetDatum((char) change->action);
	slot->tts_values[LOG_HASH - 1] = UUIDPGetDatum(hash);
	slot->tts_values[LOG_SORT - 1] = PointerGetDatum(sort);
	set_jsonb(slot, LOG_KEYS, change->has_keys ? log_keys(writer->table, item ? item : old) : NULL);
	set_jsonb(slot, LOG_OLD, change->has_old ? old : NULL);
	set_jsonb(slot, LOG_NEW, change->has_new ? item : NULL);
	slot->tts_tableOid = RelationGetRelid(target->relation);
	ExecStoreVirtualTuple(slot);
	append_row(target);
}

int64
log_write(LogWriter *writer, Jsonb *old, Jsonb *item, bool expires, const pg_uuid_t *hash, bytea *sort, LogPlace place)
{
	const TableInfo *table = writer->table;
	TimestampTz now = GetCurrentTimestamp();
	int64		seq = place;
	bool		logged = false;

	for (int i = 0; i < table->n_logs; i++)
	{
		LogChange	change;

		if (!table->logs[i].kept)
			continue;
		log_change(&table->logs[i], old, item, expires, &change);
		if (change.action == LOG_NOTHING)
			return 0;
		if (seq == 0)
			seq = log_draw(table);
		write_row(writer, &table->logs[i], &change, old, item, hash, sort, seq, now);
		logged = true;
	}
	if (!logged)
		return 0;
	log_want_keeper(now);
	return seq;
}

void
log_writer_close(LogWriter *writer)
{
	for (int kind = 0; kind < LOG_KINDS; kind++)
	{
		if (writer->targets[kind] != NULL)
			close_target(writer->targets[kind]);
		writer->targets[kind] = NULL;
	}
}
