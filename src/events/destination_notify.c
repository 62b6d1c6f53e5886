/*
 * destination_notify.c
 *		NOTIFY as a destination: a notification a record, with its key.
 */
#include "postgres.h"

#include "commands/async.h"

#include "events/destination.h"
#include "op/stream.h"
#include "value/attr.h"

#define MAX_PAYLOAD 7999		/* PostgreSQL's, and one byte more is refused */

static void
check_channel(DestinationCheck *check, Jsonb *value)
{
	const char *channel = destination_string(check, value);

	if (strlen(channel) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a channel's name has at most %d bytes", NAMEDATALEN - 1)));
	check->definition = value;
}

/* {"eventName", "tableName", "SequenceNumber", "Keys"}; without Keys where they are too long. */
static char *
make_payload(const EventBatch *batch, const EventRecord *record, bool with_keys)
{
	StringInfoData payload;
	WireWriter	writer;

	initStringInfo(&payload);
	wire_write_text(&writer, &payload);
	wire_object_start(&writer);
	wire_text_member(&writer, "eventName", stream_event_name(record->row.action));
	wire_text_member(&writer, "tableName", batch->log->table_name);
	wire_text_member(&writer, "SequenceNumber", stream_sequence_number(record->row.seq));
	if (with_keys)
	{
		wire_member(&writer, "Keys");
		attr_write_item(&writer, record->row.keys);
	}
	wire_object_end(&writer);
	return payload.data;
}

static void
deliver(const EventMapping *mapping, const EventBatch *batch, EventOutcome *outcome)
{
	Jsonb	   *value;
	JsonbValue	channel;

	(void) destination_of_mapping(mapping, &value);
	(void) JsonbExtractScalar(&value->root, &channel);
	for (int i = 0; i < batch->count; i++)
	{
		char	   *payload = make_payload(batch, &batch->records[i], true);

		if (strlen(payload) > MAX_PAYLOAD)
			payload = make_payload(batch, &batch->records[i], false);
		Async_Notify(pnstrdup(channel.val.string.val, channel.val.string.len), payload);
		pfree(payload);
	}
}

const DestinationKind destination_notify = {
	.name = "Notify",
	.for_alarms = true,
	.check = check_channel,
	.deliver = deliver
};
