/*
 * event_failure.c
 *		Telling of records that are given up.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/subtransaction.h"
#include "events/destination.h"
#include "events/event_failure.h"
#include "events/event_lane.h"
#include "op/stream.h"

/* A time as the service writes it: 2019-11-14T00:13:49.717Z; palloc'd. */
static char *
iso_time(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fraction;
	int			zone = 0;

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	(void) zone;
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
					(int) (fraction / 1000));
}

static void
write_batch_info(WireWriter *writer, const EventBatch *batch, int count)
{
	const EventRecord *first = &batch->records[0];
	const EventRecord *last = &batch->records[count - 1];

	wire_member(writer, "DDBStreamBatchInfo");
	wire_object_start(writer);
	wire_text_member(writer, "shardId", batch->shard_id);
	wire_text_member(writer, "startSequenceNumber", stream_sequence_number(first->row.seq));
	wire_text_member(writer, "endSequenceNumber", stream_sequence_number(last->row.seq));
	wire_text_member(writer, "approximateArrivalOfFirstRecord", iso_time(first->row.written_at));
	wire_text_member(writer, "approximateArrivalOfLastRecord", iso_time(last->row.written_at));
	wire_member(writer, "batchSize");
	wire_integer(writer, count);
	wire_text_member(writer, "streamArn", stream_arn(batch->log));
	wire_object_end(writer);
}

/* Lambda's invocation record, with the records themselves as payload. */
static Jsonb *
make_invocation(const EventMapping *mapping, const EventBatch *batch, int count, const char *condition, const char *error)
{
	EventBatch	given_up = *batch;
	WireWriter	writer;

	given_up.count = count;
	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_member(&writer, "requestContext");
	wire_object_start(&writer);
	wire_text_member(&writer, "requestId", event_mapping_name(mapping));
	wire_text_member(&writer, "condition", condition);
	wire_member(&writer, "approximateInvokeCount");
	wire_integer(&writer, batch->attempts + (strcmp(condition, GIVEN_UP_RETRIES) == 0));
	wire_object_end(&writer);
	if (error != NULL)
	{
		wire_member(&writer, "responseContext");
		wire_object_start(&writer);
		wire_text_member(&writer, "functionError", "Unhandled");
		wire_text_member(&writer, "errorMessage", error);
		wire_object_end(&writer);
	}
	wire_text_member(&writer, "version", "1.0");
	wire_text_member(&writer, "timestamp", iso_time(GetCurrentTimestamp()));
	write_batch_info(&writer, batch, count);
	wire_member(&writer, "payload");
	event_batch_write(&writer, &given_up);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

/* What is given to a destination inside of the database. */
typedef struct Delivery
{
	const EventMapping *mapping;
	const DestinationKind *kind;
	Jsonb	   *definition;
	Jsonb	   *invocation;
} Delivery;

static void
deliver(void *argument)
{
	Delivery   *delivery = (Delivery *) argument;

	delivery->kind->deliver_failure(delivery->mapping, delivery->definition, delivery->invocation);
}

const char *
event_give_up(const EventMapping *mapping, const EventBatch *batch, int count, const char *condition, const char *error)
{
	Delivery	delivery = {.mapping = mapping};

	delivery.kind = destination_on_failure(mapping, &delivery.definition);
	if (delivery.kind != NULL)
	{
		delivery.invocation = make_invocation(mapping, batch, count, condition, error);
		if (delivery.kind->outside)
			catalog_add_event_failure(&mapping->uuid, JsonbToCString(NULL, &delivery.invocation->root, VARSIZE(delivery.invocation)));
		else
		{
			ErrorData  *failed;

			event_become_owner(mapping);
			failed = subtransaction_try(deliver, &delivery);
			if (failed != NULL)
				return psprintf("the on-failure destination: %s", failed->message);
		}
	}
	ereport(LOG,
			(errmsg("event source mapping %s of table \"%s\" has given up %d records: %s", event_mapping_name(mapping),
					mapping->table_name, count, condition),
			 errdetail("They are those from %s to %s of %s.", stream_sequence_number(batch->records[0].row.seq),
					   stream_sequence_number(batch->records[count - 1].row.seq), batch->shard_id)));
	return NULL;
}
