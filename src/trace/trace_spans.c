/*
 * trace_spans.c
 *		Records as spans: the JSON of OTLP over HTTP.
 *
 * protobuf's JSON, but for ids, which are hexadecimal, and enumerations, which are numbers; 64-bit integers are strings.  Names of attributes are those of OpenTelemetry's
 * conventions for databases, DynamoDB and HTTP where these have one; the others begin with dynapg.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/hex.h"
#include "base/unix_time.h"
#include "trace/trace_spans.h"

/* Of OTLP. */
#define KIND_INTERNAL	1
#define KIND_SERVER		2
#define SPAN_FAILED	2
#define FLAG_HAS_IS_REMOTE	0x100
#define FLAG_IS_REMOTE	0x200

static const struct
{
	const char *name;
	const char *sum;			/* attribute of the request's span with all of them together; NULL: none */
}			phases[] = {
	[TRACE_RECEIVE] = {"receive", NULL},
	[TRACE_EXECUTE] = {"execute", NULL},
	[TRACE_LOCK_WAIT] = {"lock wait", "dynapg.lock_wait_us"},
	[TRACE_FLUSH_WAIT] = {"flush wait", "dynapg.flush_wait_us"},
	[TRACE_STANDBY_WAIT] = {"standby wait", "dynapg.standby_wait_us"},
};

/* ------------------------------------------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------------------------------------------ */

static void
put_text(WireWriter *writer, const char *text)
{
	int			len = strlen(text);
	char	   *copy;

	if (pg_encoding_verifymbstr(PG_UTF8, text, len) == len)
	{
		wire_string(writer, text, len);
		return;
	}
	copy = pnstrdup(text, len);
	for (char *c = copy; *c; c++)
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
	wire_string(writer, copy, len);
	pfree(copy);
}

static void
put_text_member(WireWriter *writer, const char *name, const char *text)
{
	wire_member(writer, name);
	put_text(writer, text);
}

/* int64 and fixed64 */
static void
put_number_member(WireWriter *writer, const char *name, int64 number)
{
	char		text[32];

	snprintf(text, sizeof(text), INT64_FORMAT, number);
	put_text_member(writer, name, text);
}

static void
put_time_member(WireWriter *writer, const char *name, TimestampTz at)
{
	put_number_member(writer, name, unix_microseconds(at) * 1000);
}

static void
put_id_member(WireWriter *writer, const char *name, const uint8 *id, int size)
{
	char		text[2 * TRACE_ID_SIZE + 1];

	hex_write(text, id, size);
	put_text_member(writer, name, text);
}

/* ------------------------------------------------------------------------------------------------------------
 * Attributes
 * ------------------------------------------------------------------------------------------------------------ */

static void
begin_attribute(WireWriter *writer, const char *name)
{
	wire_object_start(writer);
	put_text_member(writer, "key", name);
	wire_member(writer, "value");
	wire_object_start(writer);
}

static void
end_attribute(WireWriter *writer)
{
	wire_object_end(writer);
	wire_object_end(writer);
}

/* Nothing, if the text is NULL or empty. */
static void
put_text_attribute(WireWriter *writer, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	begin_attribute(writer, name);
	put_text_member(writer, "stringValue", text);
	end_attribute(writer);
}

static void
put_integer_attribute(WireWriter *writer, const char *name, int64 number)
{
	begin_attribute(writer, name);
	put_number_member(writer, "intValue", number);
	end_attribute(writer);
}

static void
put_double_attribute(WireWriter *writer, const char *name, double number)
{
	begin_attribute(writer, name);
	wire_member(writer, "doubleValue");
	wire_double(writer, number);
	end_attribute(writer);
}

/* Texts, each with its '\0'. */
static void
put_texts_attribute(WireWriter *writer, const char *name, const char *texts, int len)
{
	begin_attribute(writer, name);
	wire_member(writer, "arrayValue");
	wire_object_start(writer);
	wire_member(writer, "values");
	wire_array_start(writer);
	for (const char *text = texts; text < texts + len; text += strlen(text) + 1)
	{
		wire_object_start(writer);
		put_text_member(writer, "stringValue", text);
		wire_object_end(writer);
	}
	wire_array_end(writer);
	wire_object_end(writer);
	end_attribute(writer);
}

static bool
has_one_table(const TraceRecord *record)
{
	return record->n_tables == 1 && !record->more_tables;
}

/* As the answer's ConsumedCapacity would have it, of a request to one table. */
static void
put_capacity(WireWriter *writer, const TraceRecord *record)
{
	StringInfoData text;
	WireWriter	capacity;

	initStringInfo(&text);
	wire_write_text(&capacity, &text);
	wire_object_start(&capacity);
	put_text_member(&capacity, "TableName", record->tables);
	wire_member(&capacity, "CapacityUnits");
	wire_double(&capacity, record->read_units + record->write_units);
	wire_member(&capacity, "ReadCapacityUnits");
	wire_double(&capacity, record->read_units);
	wire_member(&capacity, "WriteCapacityUnits");
	wire_double(&capacity, record->write_units);
	wire_object_end(&capacity);
	put_texts_attribute(writer, "aws.dynamodb.consumed_capacity", text.data, text.len + 1);
	pfree(text.data);
}

static void
put_operation(WireWriter *writer, const TraceRecord *record)
{
	put_text_attribute(writer, "rpc.system", "aws-api");
	put_text_attribute(writer, "rpc.service", "DynamoDB");
	put_text_attribute(writer, "rpc.method", record->operation);
	if (has_one_table(record))
		put_text_attribute(writer, "db.collection.name", record->tables);
	if (record->tables_used > 0)
		put_texts_attribute(writer, "aws.dynamodb.table_names", record->tables, record->tables_used);
	if (record->n_tables > 1 && !record->more_tables)
		put_integer_attribute(writer, "dynapg.tables", record->n_tables);
	if (record->read_units + record->write_units > 0)
	{
		if (has_one_table(record))
			put_capacity(writer, record);
		put_double_attribute(writer, "dynapg.read_units", record->read_units);
		put_double_attribute(writer, "dynapg.write_units", record->write_units);
	}
	if (record->has_items)
	{
		put_integer_attribute(writer, "aws.dynamodb.count", record->items);
		put_integer_attribute(writer, "aws.dynamodb.scanned_count", record->scanned);
	}
}

static void
put_attributes(WireWriter *writer, const TraceRecord *record)
{
	put_text_attribute(writer, "db.system.name", "aws.dynamodb");
	put_text_attribute(writer, "db.operation.name", record->operation);
	put_text_attribute(writer, "db.namespace", record->database);
	if (record->is_commit)
	{
		begin_attribute(writer, "dynapg.waits_for_standbys");
		wire_member(writer, "boolValue");
		wire_boolean(writer, record->waits_for_standbys);
		end_attribute(writer);
	}
	else
		put_operation(writer, record);
	put_text_attribute(writer, "dynapg.interface", record->is_http ? "HTTP" : "SQL");
	if (record->is_http)
	{
		put_text_attribute(writer, "http.request.method", "POST");
		if (record->status != 0)
			put_integer_attribute(writer, "http.response.status_code", record->status);
		put_text_attribute(writer, "aws.request_id", record->request_id);
		put_text_attribute(writer, "client.address", record->address);
	}
	put_text_attribute(writer, "error.type", record->error);
	put_integer_attribute(writer, "process.pid", record->pid);
	if (record->attempts > 1)
		put_integer_attribute(writer, "dynapg.attempts", record->attempts);
	for (int kind = 0; kind < lengthof(phases); kind++)
	{
		int64		sum = kind == TRACE_LOCK_WAIT ? record->more_lock_wait : 0;

		for (int i = 0; i < record->n_phases; i++)
			if (record->phases[i].kind == kind)
				sum += record->phases[i].to - record->phases[i].from;
		if (sum > 0 && phases[kind].sum != NULL)
			put_integer_attribute(writer, phases[kind].sum, sum);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Spans
 * ------------------------------------------------------------------------------------------------------------ */

/* All that comes before the attributes; parent: NULL: none. */
static void
begin_span(TraceExport *export, const TraceRecord *record, const uint8 *id, const uint8 *parent, bool is_remote, const char *name, int kind,
		   TimestampTz from, TimestampTz to)
{
	WireWriter *writer = &export->writer;

	export->spans++;
	wire_object_start(writer);
	put_id_member(writer, "traceId", record->trace_id, TRACE_ID_SIZE);
	put_id_member(writer, "spanId", id, TRACE_SPAN_ID_SIZE);
	if (record->state[0] != '\0')
		put_text_member(writer, "traceState", record->state);
	if (parent != NULL)
		put_id_member(writer, "parentSpanId", parent, TRACE_SPAN_ID_SIZE);
	wire_member(writer, "flags");
	wire_integer(writer, record->flags | FLAG_HAS_IS_REMOTE | (is_remote ? FLAG_IS_REMOTE : 0));
	put_text_member(writer, "name", name);
	wire_member(writer, "kind");
	wire_integer(writer, kind);
	put_time_member(writer, "startTimeUnixNano", from);
	put_time_member(writer, "endTimeUnixNano", to);
}

static bool
is_within(const TracePhase *inner, const TracePhase *outer)
{
	return inner != outer && outer->kind == TRACE_EXECUTE && inner->from >= outer->from && inner->to <= outer->to;
}

/* The spans of a request's times; those that lie in the execution are below its span. */
static void
put_phases(TraceExport *export, const TraceRecord *record)
{
	uint8		ids[TRACE_PHASES][TRACE_SPAN_ID_SIZE];

	for (int i = 0; i < record->n_phases; i++)
		trace_make_id(ids[i], TRACE_SPAN_ID_SIZE);
	for (int i = 0; i < record->n_phases; i++)
	{
		const TracePhase *phase = &record->phases[i];
		const uint8 *parent = record->span_id;

		for (int k = 0; k < record->n_phases; k++)
			if (is_within(phase, &record->phases[k]))
				parent = ids[k];
		begin_span(export, record, ids[i], parent, false, phases[phase->kind].name, KIND_INTERNAL, phase->from, phase->to);
		wire_object_end(&export->writer);
	}
}

void
trace_export_record(TraceExport *export, const TraceRecord *record)
{
	WireWriter *writer = &export->writer;
	char		name[sizeof(record->operation) + TRACE_TABLES_SIZE + 2];

	strlcpy(name, record->operation[0] ? record->operation : "DynamoDB", sizeof(name));
	if (has_one_table(record))
		snprintf(name, sizeof(name), "%s %s", record->operation, record->tables);
	begin_span(export, record, record->span_id, record->has_parent ? record->parent_id : NULL, record->has_parent, name, KIND_SERVER,
			   record->from, record->to);
	wire_member(writer, "attributes");
	wire_array_start(writer);
	put_attributes(writer, record);
	wire_array_end(writer);
	if (record->failed)
	{
		wire_member(writer, "status");
		wire_object_start(writer);
		wire_member(writer, "code");
		wire_integer(writer, SPAN_FAILED);
		wire_object_end(writer);
	}
	wire_object_end(writer);
	put_phases(export, record);
}

void
trace_export_begin(TraceExport *export, StringInfo out, const TraceResource *resource)
{
	WireWriter *writer = &export->writer;

	export->out = out;
	export->spans = 0;
	wire_write_text(writer, out);
	wire_object_start(writer);
	wire_member(writer, "resourceSpans");
	wire_array_start(writer);
	wire_object_start(writer);
	wire_member(writer, "resource");
	wire_object_start(writer);
	wire_member(writer, "attributes");
	wire_array_start(writer);
	put_text_attribute(writer, "service.name", resource->service);
	put_text_attribute(writer, "service.namespace", resource->service_namespace);
	put_text_attribute(writer, "service.instance.id", resource->instance);
	put_text_attribute(writer, "service.version", resource->version);
	put_text_attribute(writer, "host.name", resource->host);
	wire_array_end(writer);
	wire_object_end(writer);
	wire_member(writer, "scopeSpans");
	wire_array_start(writer);
	wire_object_start(writer);
	wire_member(writer, "scope");
	wire_object_start(writer);
	put_text_member(writer, "name", "dynapg");
	wire_object_end(writer);
	wire_member(writer, "spans");
	wire_array_start(writer);
}

void
trace_export_end(TraceExport *export)
{
	WireWriter *writer = &export->writer;

	wire_array_end(writer);
	wire_object_end(writer);
	wire_array_end(writer);
	wire_object_end(writer);
	wire_array_end(writer);
	wire_object_end(writer);
}
