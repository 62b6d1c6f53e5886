/*
 * get_shard_iterator.c
 *		GetShardIterator.
 */
#include "postgres.h"

#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "log/log_segment.h"
#include "log/log_tick.h"
#include "op/op.h"
#include "op/stream.h"
#include "op/table_definition.h"

/* Where the oldest row is that is still there. */
static int64
trim_horizon(const TableLog *log, const LogShard *shard)
{
	return Max(shard->first_seq, log_trim_horizon(log));
}

/* Behind the horizon: what becomes readable from now on. */
static int64
latest(const LogShard *shard, int64 horizon)
{
	return Max(Min(horizon, shard->last_seq), shard->first_seq);
}

/*
 * Whether a number is between those that DescribeStream gives.  A shard's beginning is one before it has a row, and the end of one that has ended
 * without any.
 */
static bool
is_within(const LogShard *shard, int64 seq)
{
	return seq > shard->first_seq && seq <= Max(Min(shard->last_seq, log_last_number()), shard->first_seq + 1);
}

/* A position at or after the row of a number. */
static int64
at_number(const RequestValue *request, const TableLog *log, const LogShard *shard, bool at)
{
	const RequestValue *number = request_member(request, GetShardIteratorInput_SequenceNumber);
	int64		seq;

	if (!number->present)
		dyn_invalid("SequenceNumber is required for ShardIteratorType %s",
					request_text(request, GetShardIteratorInput_ShardIteratorType));
	seq = stream_read_sequence_number(number);
	if (!is_within(shard, seq))
		dyn_invalid("Invalid SequenceNumber: it is not within the shard's range");
	if (at)
		seq--;
	/* who has read the last row that is gone misses nothing behind it */
	if (seq < log_trim_horizon(log))
		dyn_error(DYN_TRIMMED_DATA_ACCESS, "The data you are trying to access has been trimmed");
	return seq;
}

/*
 * Up to which number rows were written before a time: what the last tick before it vouches for had been committed by then.  Where nobody has
 * ticked a segment's beginning will do.
 */
static int64
number_before(const TableLog *log, TimestampTz time)
{
	LogTick		tick;
	int64		number = log_tick_at(time - 1, &tick) ? tick.horizon : 0;
	ListCell   *cell;

	foreach(cell, log_segments(log->kind))
	{
		const LogSegment *segment = (const LogSegment *) lfirst(cell);

		if (segment->created_at < time)
			number = Max(number, segment->first_seq);
	}
	return number;
}

/* A position before the first row that was written at a time or later. */
static int64
at_time(const RequestValue *request, const TableLog *log, const LogShard *shard, int64 horizon)
{
	const RequestValue *given = request_member(request, GetShardIteratorInput_Timestamp);
	int64		after = trim_horizon(log, shard);
	TimestampTz time;
	LogReader  *reader;
	LogRow		row;

	if (!given->present)
		dyn_invalid("Timestamp is required for ShardIteratorType AT_TIMESTAMP");
	/* that is in whole milliseconds: none of the present one is in the future */
	if (given->as.real >= table_time(GetCurrentTimestamp()) + 0.001)
		dyn_invalid("Timestamp may not be in the future");
	time = table_timestamp(given->as.real);
	after = Max(after, number_before(log, time));
	horizon = Min(horizon, shard->last_seq);
	PushActiveSnapshot(GetLatestSnapshot());
	reader = log_read_begin(log->kind, log->id, after, horizon, GetActiveSnapshot());
	after = Max(after, horizon);
	while (log_read_next(reader, &shard->first, &shard->last, &row))
		if (row.written_at >= time)
		{
			after = row.seq - 1;
			break;
		}
	log_read_end(reader);
	PopActiveSnapshot();
	return after;
}

static int64
position_of_request(const RequestValue *request, const TableLog *log, const LogShard *shard, int64 horizon)
{
	const char *type = request_text(request, GetShardIteratorInput_ShardIteratorType);

	if (strcmp(type, "AT_SEQUENCE_NUMBER") == 0)
		return at_number(request, log, shard, true);
	if (strcmp(type, "AFTER_SEQUENCE_NUMBER") == 0)
		return at_number(request, log, shard, false);
	if (request_member(request, GetShardIteratorInput_SequenceNumber)->present)
		dyn_invalid("SequenceNumber may not be specified for ShardIteratorType %s", type);
	if (strcmp(type, "AT_TIMESTAMP") == 0)
		return at_time(request, log, shard, horizon);
	return strcmp(type, "LATEST") == 0 ? latest(shard, horizon) : trim_horizon(log, shard);
}

void
op_get_shard_iterator(const RequestValue *request, WireWriter *response)
{
	const TableLog *log = stream_of_request(request_member(request, GetShardIteratorInput_StreamArn));
	const LogShard *shard;
	StreamPosition position;
	int64		horizon;

	stream_require_reader(log);
	/* before the shards are looked for (log_shard.h) */
	horizon = log_horizon(log->id);
	shard = stream_shard(log, request_member(request, GetShardIteratorInput_ShardId));
	position = (StreamPosition) {log->id, shard->generation, shard->number,
		position_of_request(request, log, shard, horizon)};
	wire_object_start(response);
	wire_member(response, "ShardIterator");
	wire_cstring(response, stream_iterator_make(log, &position));
	wire_object_end(response);
	stream_make_answer_durable();
}
