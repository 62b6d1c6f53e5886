/*
 * describe_stream.c
 *		DescribeStream.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/stream.h"
#include "op/table_definition.h"

#define MAX_SHARDS 100			/* a page, also without a Limit */

static void
write_shard(WireWriter *response, const LogShard *shard)
{
	wire_object_start(response);
	if (shard->parent != NULL)
		wire_text_member(response, "ParentShardId", shard->parent);
	wire_member(response, "SequenceNumberRange");
	wire_object_start(response);
	wire_text_member(response, "StartingSequenceNumber", stream_sequence_number(shard->first_seq + 1));
	if (shard->last_seq != PG_INT64_MAX)
		wire_text_member(response, "EndingSequenceNumber", stream_sequence_number(Max(shard->last_seq, shard->first_seq + 1)));
	wire_object_end(response);
	wire_text_member(response, "ShardId", shard->id);
	wire_object_end(response);
}

static void
write_key_schema(WireWriter *response, const TableLog *log)
{
	JsonbContainer *schema = &log->key_schema->root;

	wire_member(response, "KeySchema");
	wire_array_start(response);
	for (uint32 i = 0; i < JsonContainerSize(schema); i++)
	{
		JsonbContainer *element = getIthJsonbValueFromContainer(schema, i)->val.binary.data;
		static const char *const members[] = {"AttributeName", "KeyType"};

		wire_object_start(response);
		for (int j = 0; j < lengthof(members); j++)
		{
			JsonbValue	value;

			(void) getKeyJsonValueFromContainer(element, members[j], strlen(members[j]), &value);
			wire_member(response, members[j]);
			wire_string(response, value.val.string.val, value.val.string.len);
		}
		wire_object_end(response);
	}
	wire_array_end(response);
}

/* CHILD_SHARDS: the shard whose children are wanted; NULL: all shards are. */
static const char *
read_filter(const RequestValue *filter)
{
	const RequestValue *shard;

	if (!filter->present)
		return NULL;
	shard = request_member(filter, ShardFilter_ShardId);
	if (!request_member(filter, ShardFilter_Type)->present)
		dyn_invalid("1 validation error detected: Value null at 'shardFilter.type' failed to satisfy constraint: "
					"Member must not be null");
	if (!shard->present)
		dyn_invalid("1 validation error detected: Value null at 'shardFilter.shardId' failed to satisfy constraint: "
					"Member must not be null");
	return shard->as.string.text;
}

/* Whether all that a shard had is trimmed.  Those of the last generation are shown for as long as their stream is. */
static bool
is_over(const LogShard *shard, const List *shards, int64 trim)
{
	return shard->last_seq <= trim && shard->generation < ((const LogShard *) llast(shards))->generation;
}

/* Whether a shard goes on where the one of an id ends; a shard that follows several names one of them as its parent. */
static bool
is_child(const LogShard *shard, const List *shards, const char *parent)
{
	ListCell   *cell;

	foreach(cell, shards)
		if (strcmp(((const LogShard *) lfirst(cell))->id, parent) == 0)
			return log_shard_follows(shard, (const LogShard *) lfirst(cell));
	return false;
}

static void
write_shards(const RequestValue *request, WireWriter *response, const TableLog *log)
{
	const RequestValue *given = request_member(request, DescribeStreamInput_Limit);
	const char *after = request_text(request, DescribeStreamInput_ExclusiveStartShardId);
	const char *parent = read_filter(request_member(request, DescribeStreamInput_ShardFilter));
	int			room = given->present ? (int) given->as.integer : MAX_SHARDS;
	const char *last = NULL;
	bool		more = false;
	List	   *shards = log_shards(log);
	int64		trim = log_trim_horizon(log);
	ListCell   *cell;

	wire_member(response, "Shards");
	wire_array_start(response);
	foreach(cell, shards)
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if ((after != NULL && strcmp(shard->id, after) <= 0) || is_over(shard, shards, trim) ||
			(parent != NULL && !is_child(shard, shards, parent)))
			continue;
		more = room == 0;
		if (more)
			break;
		write_shard(response, shard);
		last = shard->id;
		room--;
	}
	wire_array_end(response);
	if (more)
		wire_text_member(response, "LastEvaluatedShardId", last);
}

void
op_describe_stream(const RequestValue *request, WireWriter *response)
{
	const TableLog *log = stream_of_request(request_member(request, DescribeStreamInput_StreamArn));

	stream_require_reader(log);
	wire_object_start(response);
	wire_member(response, "StreamDescription");
	wire_object_start(response);
	stream_write_names(response, log);
	wire_text_member(response, "StreamStatus", catalog_log_status_name(log->status));
	wire_text_member(response, "StreamViewType", catalog_view_name(log->view));
	wire_member(response, "CreationRequestDateTime");
	wire_double(response, table_time(log->created_at));
	write_key_schema(response, log);
	write_shards(request, response, log);
	wire_object_end(response);
	wire_object_end(response);
}
