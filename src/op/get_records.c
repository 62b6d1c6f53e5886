/*
 * get_records.c
 *		GetRecords.
 */
#include "postgres.h"

#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "log/log_keeper.h"
#include "op/op.h"
#include "op/stream.h"

#define MAX_RECORDS 1000
#define MAX_SIZE (1024 * 1024)

static const LogShard *
shard_of_position(const TableLog *log, const StreamPosition *position)
{
	ListCell   *cell;

	foreach(cell, log_shards(log))
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (shard->generation == position->generation && shard->number == position->shard)
			return shard;
	}
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Shard does not exist");
}

/*
 * Writes a page of records behind a position, up to a horizon; returns the position behind it: behind the last record, or at the horizon if there
 * are no more, so that a shard whose keys are quiet does not read others' rows again.
 */
static int64
write_records(WireWriter *response, const TableLog *log, const LogShard *shard, int64 after, int64 horizon, int limit)
{
	LogReader  *reader;
	LogRow		row;
	int			count = 0;
	int			room = MAX_SIZE;

	/* after the horizon was taken */
	PushActiveSnapshot(GetLatestSnapshot());
	reader = log_read_begin(log->kind, log->id, after, horizon, GetActiveSnapshot());
	/* now that what is there stays there */
	if (after < log_trim_horizon(log))
		dyn_error(DYN_TRIMMED_DATA_ACCESS, "The data you are trying to access has been trimmed");
	while (count < limit)
	{
		int			size;

		if (!log_read_next(reader, &shard->first, &shard->last, &row))
		{
			after = Max(after, horizon);
			break;
		}
		size = stream_measure_record(log, &row);
		if (size > room && count > 0)
			break;
		room -= size;
		stream_write_record(response, log, &row, size, NULL);
		after = row.seq;
		count++;
	}
	log_read_end(reader);
	PopActiveSnapshot();
	stream_tell_read(log, count, MAX_SIZE - room);
	return after;
}

void
op_get_records(const RequestValue *request, WireWriter *response)
{
	const RequestValue *iterator = request_member(request, GetRecordsInput_ShardIterator);
	const RequestValue *limit = request_member(request, GetRecordsInput_Limit);
	StreamPosition position;
	const TableLog *log;
	const LogShard *shard;
	int64		horizon;
	int64		before;

	stream_iterator_read(iterator, &position);
	log_want_keeper(GetCurrentTimestamp());
	/* before the shards are looked for (log_shard.h) */
	horizon = log_horizon(position.log);
	log = catalog_log(position.log);
	stream_iterator_require_stream(iterator, log);
	stream_require_reader(log);
	shard = shard_of_position(log, &position);
	horizon = Min(horizon, shard->last_seq);
	before = position.after;
	wire_object_start(response);
	wire_member(response, "Records");
	wire_array_start(response);
	position.after = write_records(response, log, shard, position.after, horizon,
								   limit->present ? (int) limit->as.integer : MAX_RECORDS);
	wire_array_end(response);
	if (position.after < shard->last_seq)
	{
		wire_member(response, "NextShardIterator");
		wire_cstring(response, stream_iterator_make(log, &position));
	}
	wire_object_end(response);
	if (position.after != before)
		stream_make_answer_durable();
}
