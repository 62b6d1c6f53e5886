/*
 * kinesis_destination.c
 *		Enable-, Disable-, Update- and DescribeKinesisStreamingDestination.
 *
 * A call changes an entry of dynapg.kinesis_destinations and orders the table's log to be switched; whether the stream is there is found out
 * later, by the courier.  What is wrong with the request alone is said before the table is looked for.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "catalog/imports.h"
#include "catalog/kinesis.h"
#include "keep/event_job.h"
#include "keep/log_switch.h"
#include "keep/table_job.h"
#include "log/log_keeper.h"
#include "op/op.h"
#include "op/table_check.h"

#define NOT_VALID "Table is not in a valid state to enable Kinesis Streaming Destination: "

static _Noreturn void
raise_not_found(const char *name, int len)
{
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found", len, name);
}

/* The table of a request for its owner, locked against other changes; it may be DELETING. */
static const TableInfo *
table_to_stream(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL || catalog_table_status(table) == TABLE_CREATING)
		raise_not_found(name, len);
	return table;
}

/* The entry of a stream; NULL if there is none.  live: the entry that is, whichever stream it is of, or NULL. */
static const KinesisDestination *
find_destination(const TableInfo *table, const char *stream_arn, const KinesisDestination **live)
{
	const KinesisDestination *found = NULL;
	ListCell   *cell;

	*live = NULL;
	foreach(cell, catalog_kinesis_destinations(table))
	{
		const KinesisDestination *destination = (const KinesisDestination *) lfirst(cell);

		if (strcmp(destination->stream_arn, stream_arn) == 0)
			found = destination;
		if (catalog_kinesis_is_live(catalog_kinesis_status(table, destination)))
			*live = destination;
	}
	return found;
}

/* Begins or ends the log, in the background where that is possible. */
static void
switch_log(const TableInfo *table)
{
	log_switch_order(table);
	log_want_keeper(GetCurrentTimestamp());
}

/* What Enable, Disable and Update answer; configuration: NULL: none is shown. */
static void
write_answer(WireWriter *response, const TableInfo *table, const char *stream_arn, const char *status,
			 const char *configuration, const char *precision)
{
	wire_object_start(response);
	wire_text_member(response, "TableName", table->name);
	wire_text_member(response, "StreamArn", stream_arn);
	wire_text_member(response, "DestinationStatus", status);
	if (configuration != NULL)
	{
		wire_member(response, configuration);
		wire_object_start(response);
		if (precision != NULL)
			wire_text_member(response, "ApproximateCreationDateTimePrecision", precision);
		wire_object_end(response);
	}
	wire_object_end(response);
}

void
op_enable_kinesis_streaming_destination(const RequestValue *request, WireWriter *response)
{
	const RequestValue *configuration = request_member(request, KinesisStreamingDestinationInput_EnableKinesisStreamingConfiguration);
	const char *stream_arn = request_text(request, KinesisStreamingDestinationInput_StreamArn);
	const char *precision = !configuration->present ? NULL :
		request_text(configuration, EnableKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision);
	const TableInfo *table = table_to_stream(request_member(request, KinesisStreamingDestinationInput_TableName));
	const KinesisDestination *live;

	(void) find_destination(table, stream_arn, &live);
	if (live != NULL)
		dyn_invalid(NOT_VALID "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.");
	if (catalog_table_status(table) == TABLE_DELETING)
		table_refuse_in_use(TABLE_DELETING, table->name);
	catalog_enable_kinesis(table, stream_arn, precision);
	switch_log(table);
	table = catalog_table(table->name, strlen(table->name));
	catalog_bind_kinesis(table, stream_arn, catalog_kept_log(table, LOG_KINESIS)->id);
	table_job_start(table->name);
	event_jobs_start_at_commit(true);
	write_answer(response, table, stream_arn, "ENABLING", "EnableKinesisStreamingConfiguration", precision);
}

void
op_disable_kinesis_streaming_destination(const RequestValue *request, WireWriter *response)
{
	const char *stream_arn = request_text(request, KinesisStreamingDestinationInput_StreamArn);
	const TableInfo *table;
	const KinesisDestination *destination;
	const KinesisDestination *live;
	KinesisStatus status;

	if (request_member(request, KinesisStreamingDestinationInput_EnableKinesisStreamingConfiguration)->present)
		dyn_invalid("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters");
	table = table_to_stream(request_member(request, KinesisStreamingDestinationInput_TableName));
	destination = find_destination(table, stream_arn, &live);
	status = destination != NULL ? catalog_kinesis_status(table, destination) : KINESIS_DISABLED;
	if (status != KINESIS_ACTIVE && status != KINESIS_DISABLING)
		dyn_invalid(NOT_VALID "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
	if (status == KINESIS_ACTIVE)
	{
		catalog_disable_kinesis(table, stream_arn);
		switch_log(table);
		table_job_start(table->name);
	}
	write_answer(response, table, stream_arn, "DISABLING", NULL, NULL);
}

void
op_update_kinesis_streaming_destination(const RequestValue *request, WireWriter *response)
{
	const RequestValue *configuration = request_member(request, UpdateKinesisStreamingDestinationInput_UpdateKinesisStreamingConfiguration);
	const char *stream_arn = request_text(request, UpdateKinesisStreamingDestinationInput_StreamArn);
	const char *precision = !configuration->present ? NULL :
		request_text(configuration, UpdateKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision);
	const TableInfo *table;
	const KinesisDestination *destination;
	const KinesisDestination *live;

	if (precision == NULL)
		dyn_invalid("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or "
					"contain only null values");
	table = table_to_stream(request_member(request, UpdateKinesisStreamingDestinationInput_TableName));
	destination = find_destination(table, stream_arn, &live);
	if (destination == NULL)
		dyn_invalid(NOT_VALID "No streaming destination with streamArn: %s found for table with tableName: %s", stream_arn, table->name);
	if (catalog_kinesis_status(table, destination) != KINESIS_ACTIVE)
		dyn_invalid(NOT_VALID "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. "
					"TableName: %s, kdsArn: %s", table->name, stream_arn);
	if (strcmp(precision, destination->precision ? destination->precision : "MILLISECOND") == 0)
		dyn_invalid("Invalid Request: Precision is already set to the desired value of %s for tableId: %s, kdsArn: %s", precision,
					DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&table->id))), stream_arn);
	catalog_update_kinesis(table, stream_arn, precision);
	write_answer(response, table, stream_arn, "UPDATING", "UpdateKinesisStreamingConfiguration", precision);
}

static void
write_destination(WireWriter *response, const TableInfo *table, const KinesisDestination *destination)
{
	KinesisStatus status = catalog_kinesis_status(table, destination);

	wire_object_start(response);
	wire_text_member(response, "StreamArn", destination->stream_arn);
	wire_text_member(response, "DestinationStatus", catalog_kinesis_status_name(status));
	if (status == KINESIS_ENABLE_FAILED)
		wire_text_member(response, "DestinationStatusDescription", destination->description);
	if (destination->precision != NULL && status != KINESIS_ENABLING)
		wire_text_member(response, "ApproximateCreationDateTimePrecision", destination->precision);
	wire_object_end(response);
}

void
op_describe_kinesis_streaming_destination(const RequestValue *request, WireWriter *response)
{
	int			len;
	const char *name = op_table_name(request_member(request, DescribeKinesisStreamingDestinationInput_TableName), &len);
	const TableInfo *table = catalog_lock_table(name, len, AccessShareLock, false);
	ListCell   *cell;

	if (table == NULL || catalog_table_status(table) == TABLE_CREATING)
		raise_not_found(name, len);
	if (OidIsValid(table->relation))
		table_resume_jobs(table);
	wire_object_start(response);
	wire_text_member(response, "TableName", table->name);
	wire_member(response, "KinesisDataStreamDestinations");
	wire_array_start(response);
	foreach(cell, catalog_kinesis_destinations(table))
		write_destination(response, table, (const KinesisDestination *) lfirst(cell));
	wire_array_end(response);
	wire_object_end(response);
}
