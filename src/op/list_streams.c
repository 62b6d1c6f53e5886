/*
 * list_streams.c
 *		ListStreams.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/arn.h"
#include "op/op.h"
#include "op/stream.h"

#define MAX_STREAMS 100			/* a page, also without a Limit */

/* Where the page begins: behind a stream that need not be there any more. */
static void
read_start(const RequestValue *arn, const char **table, const char **label)
{
	ResourceArn parts;

	*table = *label = NULL;
	if (!arn->present)
		return;
	arn_parse_resource(arn->as.string.text, arn->as.string.len, &parts);
	if (parts.kind != ARN_STREAM)
		dyn_invalid("Invalid StreamArn: %s", arn->as.string.text);
	*table = pnstrdup(parts.table, parts.table_len);
	*label = parts.table + parts.table_len + strlen("/stream/");
}

void
op_list_streams(const RequestValue *request, WireWriter *response)
{
	const RequestValue *given = request_member(request, ListStreamsInput_Limit);
	int			limit = given->present ? (int) given->as.integer : MAX_STREAMS;
	const char *table;
	const char *label;
	List	   *streams;
	const TableLog *last = NULL;

	read_start(request_member(request, ListStreamsInput_ExclusiveStartStreamArn), &table, &label);
	streams = catalog_streams(request_text(request, ListStreamsInput_TableName), table, label, limit + 1);
	wire_object_start(response);
	wire_member(response, "Streams");
	wire_array_start(response);
	for (int i = 0; i < Min(list_length(streams), limit); i++)
	{
		last = (const TableLog *) list_nth(streams, i);
		wire_object_start(response);
		stream_write_names(response, last);
		wire_object_end(response);
	}
	wire_array_end(response);
	if (list_length(streams) > limit)
	{
		wire_member(response, "LastEvaluatedStreamArn");
		wire_cstring(response, stream_arn(last));
	}
	wire_object_end(response);
}
