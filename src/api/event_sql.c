/*
 * event_sql.c
 *		Event source mappings for those who use SQL: dynapg.create_event_source_mapping() and its sisters.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "api/secret_statement.h"
#include "base/error.h"
#include "events/destination.h"
#include "events/event_lag.h"
#include "events/event_lane.h"
#include "events/event_options.h"
#include "keep/event_job.h"
#include "log/log_keeper.h"
#include "op/op.h"
#include "op/stream.h"

PG_FUNCTION_INFO_V1(dynapg_create_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_update_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_delete_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_get_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_list_event_source_mappings);
PG_FUNCTION_INFO_V1(dynapg_enable_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_disable_event_source_mapping);
PG_FUNCTION_INFO_V1(dynapg_test_event_pattern);
PG_FUNCTION_INFO_V1(dynapg_event_source_mapping_lag);

#define MAX_COUNTED 10000		/* records of a lane */

/* ------------------------------------------------------------------------------------------------------------
 * Finding
 * ------------------------------------------------------------------------------------------------------------ */

/* The current user's mapping, or one of a role whose privileges he has; else there is none, as far as he is told. */
static EventMapping *
mapping_of_argument(const pg_uuid_t *uuid)
{
	EventMapping *mapping = catalog_event_mapping(uuid);

	if (mapping == NULL || !has_privs_of_role(GetUserId(), mapping->owner))
		dyn_error(DYN_RESOURCE_NOT_FOUND, "The resource you requested does not exist.");
	return mapping;
}

/* The same of one that is to be changed: others who change it wait until this transaction has ended. */
static EventMapping *
mapping_to_change(const pg_uuid_t *uuid)
{
	(void) mapping_of_argument(uuid);
	catalog_lock_event_row(uuid);
	return mapping_of_argument(uuid);
}

/* The table and its stream, for the table's owner, who may alter it. */
static const TableInfo *
table_to_map(text *table_name, const TableLog **stream)
{
	int			len;
	const char *name = op_table_name_of_text(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name), &len);
	const TableInfo *table;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL)
		catalog_raise_not_found(name, len);
	*stream = catalog_latest_stream(table);
	if (*stream == NULL || !(*stream)->kept)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no stream", table->name),
				 errhint("UpdateTable with a StreamSpecification enables one.")));
	return table;
}

/* ------------------------------------------------------------------------------------------------------------
 * Describing
 * ------------------------------------------------------------------------------------------------------------ */

/* What came of the last batch: of all lanes, the one that fails, or the last. */
static const char *
processing_result(const EventMapping *mapping)
{
	bool		sent = mapping->counts.sent > 0;
	ListCell   *cell;

	if (mapping->problem != NULL)
		return psprintf("PROBLEM: %s", mapping->problem);
	foreach(cell, catalog_event_positions(&mapping->uuid))
	{
		const EventPosition *position = (const EventPosition *) lfirst(cell);

		if (position->failures > 0)
			return psprintf("PROBLEM: %s", position->last_error ? position->last_error : "it fails");
		sent |= position->counts.sent > 0;
	}
	return sent ? "OK" : "No records processed";
}

static char *
source_arn(const EventMapping *mapping)
{
	const TableLog *log = mapping->stream != 0 ? catalog_log(mapping->stream) : NULL;
	const TableInfo *table = log == NULL ? catalog_table(mapping->table_name, strlen(mapping->table_name)) : NULL;

	if (table != NULL)
		log = catalog_latest_stream(table);
	return log != NULL ? stream_arn(log) : NULL;
}

/* The members of a jsonb object, one by one. */
static void
write_members(WireWriter *writer, Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			wire_key(writer, value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		if (value.type == jbvBool)
			wire_boolean(writer, value.val.boolean);
		else if (value.type == jbvNumeric)
			wire_integer(writer, DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value.val.numeric))));
		else if (value.type == jbvString)
			wire_string(writer, value.val.string.val, value.val.string.len);
		else
			wire_jsonb(writer, JsonbValueToJsonb(&value));
	}
}

/* Lambda's EventSourceMappingConfiguration. */
static Datum
describe(const EventMapping *mapping, const char *state)
{
	char	   *arn = source_arn(mapping);
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_text_member(&writer, "UUID", event_mapping_name(mapping));
	wire_text_member(&writer, "TableName", mapping->table_name);
	if (arn != NULL)
		wire_text_member(&writer, "EventSourceArn", arn);
	wire_member(&writer, "Destination");
	wire_jsonb(&writer, mapping->destination);
	wire_text_member(&writer, "State", state ? state : mapping->enabled ? "Enabled" : "Disabled");
	wire_text_member(&writer, "StateTransitionReason", mapping->reason);
	wire_text_member(&writer, "LastProcessingResult", processing_result(mapping));
	wire_member(&writer, "LastModified");
	wire_double(&writer, (double) timestamptz_to_time_t(mapping->modified_at));
	write_members(&writer, mapping->options);
	wire_object_end(&writer);
	return JsonbPGetDatum(wire_writer_jsonb(&writer));
}

/* ------------------------------------------------------------------------------------------------------------
 * Checking
 * ------------------------------------------------------------------------------------------------------------ */

/* What is to be stored of a mapping, and its secrets. */
static void
check_destination(DestinationCheck *check, Jsonb *destination)
{
	JsonbValue	root;
	Jsonb	   *value;

	root.type = jbvBinary;
	root.val.binary.data = &destination->root;
	root.val.binary.len = VARSIZE(destination) - VARHDRSZ;
	check->kind = destination_open(check->what, &root, &value);
	check->definition = value;
	check->kind->check(check, value);
}

static Jsonb *
stored_destination(const DestinationCheck *check)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	destination_write(&writer, check);
	return wire_writer_jsonb(&writer);
}

/* A member of the secrets that there are; NULL: none. */
static Jsonb *
secret_member(Jsonb *secrets, const char *name)
{
	JsonbValue	value;

	if (secrets == NULL || getKeyJsonValueFromContainer(&secrets->root, name, strlen(name), &value) == NULL)
		return NULL;
	return JsonbValueToJsonb(&value);
}

static void
put_secrets(const pg_uuid_t *uuid, Jsonb *destination, Jsonb *on_failure)
{
	WireWriter	writer;

	if (destination == NULL && on_failure == NULL)
	{
		catalog_put_destination_secret(uuid, NULL);
		return;
	}
	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	if (destination != NULL)
	{
		wire_member(&writer, "Destination");
		wire_jsonb(&writer, destination);
	}
	if (on_failure != NULL)
	{
		wire_member(&writer, "OnFailure");
		wire_jsonb(&writer, on_failure);
	}
	wire_object_end(&writer);
	catalog_put_destination_secret(uuid, wire_writer_jsonb(&writer));
}

/* A table sends to each destination once. */
static void
refuse_second(const EventMapping *mapping, const char *stream)
{
	ListCell   *cell;

	foreach(cell, catalog_event_mappings(mapping->table_name))
	{
		const EventMapping *other = (const EventMapping *) lfirst(cell);

		if (memcmp(&other->uuid, &mapping->uuid, UUID_LEN) != 0 &&
			memcmp(&other->table_id, &mapping->table_id, UUID_LEN) == 0 &&
			compareJsonbContainers(&other->destination->root, &mapping->destination->root) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. "
							"Please update or delete the existing mapping with UUID %s",
							stream, JsonbToCString(NULL, &mapping->destination->root, 0), event_mapping_name(other))));
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Changing
 * ------------------------------------------------------------------------------------------------------------ */

/* create_event_source_mapping(table_name text, destination jsonb, options jsonb) returns jsonb */
Datum
dynapg_create_event_source_mapping(PG_FUNCTION_ARGS)
{
	const char *outer = dyn_operation;
	EventMapping mapping = {.enabled = true, .reason = "User action", .generation = -1};
	DestinationCheck destination = {.what = "Destination"};
	DestinationCheck on_failure = {.what = "OnFailure", .on_failure = true};
	const TableInfo *table;
	const TableLog *stream;
	char	   *arn;
	ErrorContextCallback hiding;

	secret_statement_begin(&hiding, "SELECT dynapg.create_event_source_mapping(...)");
	dyn_operation = "CreateEventSourceMapping";
	PG_TRY();
	{
		table = table_to_map(PG_GETARG_TEXT_PP(0), &stream);
		destination.table = on_failure.table = table;
		arn = stream_arn(stream);
		check_destination(&destination, PG_GETARG_JSONB_P(1));
		mapping.options = event_options_check(PG_GETARG_JSONB_P(2), NULL, arn, &on_failure, &mapping.enabled);
		mapping.uuid = *DatumGetUUIDP(DirectFunctionCall1(gen_random_uuid, (Datum) 0));
		mapping.table_name = pstrdup(table->name);
		mapping.table_id = table->id;
		mapping.owner = GetUserId();
		mapping.kind = pstrdup(destination.kind->name);
		mapping.destination = stored_destination(&destination);
		mapping.function_owner = destination.function_owner;
		mapping.failure_function_owner = on_failure.function_owner;
		mapping.created_at = mapping.modified_at = GetCurrentTimestamp();
		refuse_second(&mapping, arn);
		catalog_add_event_mapping(&mapping);
		put_secrets(&mapping.uuid, destination.secret, on_failure.secret);
		event_lay_out_first(&mapping, event_mapping_options(&mapping)->latest);
		if (mapping.enabled)
			event_jobs_start_at_commit(destination.kind->outside);
		log_want_keeper(GetCurrentTimestamp());
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	secret_statement_end(&hiding);
	return describe(catalog_event_mapping(&mapping.uuid), NULL);
}

/* The destination and the options that an update makes of those that there are. */
static void
change_mapping(EventMapping *mapping, Jsonb *options, Jsonb *new_destination)
{
	Jsonb	   *secrets = catalog_destination_secret(&mapping->uuid);
	DestinationCheck destination = {.what = "Destination", .old_secret = secret_member(secrets, "Destination")};
	DestinationCheck on_failure = {.what = "OnFailure", .on_failure = true, .old_secret = secret_member(secrets, "OnFailure")};
	Jsonb	   *value;
	int			parallel = event_mapping_options(mapping)->parallel;
	bool		enabled = mapping->enabled;
	EventOptions now;

	destination.table = on_failure.table = catalog_table(mapping->table_name, strlen(mapping->table_name));
	if (destination.table == NULL)
		catalog_raise_not_found(mapping->table_name, strlen(mapping->table_name));
	destination.old_kind = destination_of_mapping(mapping, &value);
	destination.old_definition = value;
	on_failure.old_kind = destination_on_failure(mapping, &value);
	on_failure.old_definition = on_failure.old_kind != NULL ? value : NULL;
	mapping->options = event_options_check(options, mapping->options, "", &on_failure, &enabled);
	if (!on_failure.kept)
		mapping->failure_function_owner = on_failure.function_owner;
	if (new_destination != NULL)
	{
		check_destination(&destination, new_destination);
		if (destination.kind->outside != catalog_event_kind_is_outside(mapping->kind))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a mapping cannot change from a destination inside of the database to one outside, or back"),
					 errhint("Make another mapping.")));
		mapping->kind = pstrdup(destination.kind->name);
		mapping->destination = stored_destination(&destination);
		mapping->function_owner = destination.function_owner;
		refuse_second(mapping, source_arn(mapping) ? source_arn(mapping) : mapping->table_name);
	}
	else
		destination.secret = destination.old_secret;
	mapping->modified_at = Max(GetCurrentTimestamp(), mapping->modified_at + 1);
	catalog_change_event_mapping(mapping);
	put_secrets(&mapping->uuid, destination.secret, on_failure.secret);
	event_options_read(mapping->options, &now);
	if (now.parallel != parallel)
		event_lay_out_again(mapping, now.parallel);
	if (enabled != mapping->enabled)
	{
		catalog_enable_event_mapping(&mapping->uuid, enabled, "User action");
		if (enabled)
			event_jobs_start_at_commit(catalog_event_kind_is_outside(mapping->kind));
	}
}

/* update_event_source_mapping(uuid uuid, options jsonb, destination jsonb) returns jsonb */
Datum
dynapg_update_event_source_mapping(PG_FUNCTION_ARGS)
{
	EventMapping *mapping;
	ErrorContextCallback hiding;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	secret_statement_begin(&hiding, "SELECT dynapg.update_event_source_mapping(...)");
	mapping = mapping_to_change(PG_GETARG_UUID_P(0));
	change_mapping(mapping, PG_ARGISNULL(1) ? DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))) : PG_GETARG_JSONB_P(1),
				   PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	secret_statement_end(&hiding);
	return describe(catalog_event_mapping(&mapping->uuid), NULL);
}

/* delete_event_source_mapping(uuid uuid) returns jsonb */
Datum
dynapg_delete_event_source_mapping(PG_FUNCTION_ARGS)
{
	EventMapping *mapping = mapping_of_argument(PG_GETARG_UUID_P(0));
	Datum		description = describe(mapping, "Deleting");

	catalog_delete_event_mapping(&mapping->uuid);
	return description;
}

/* Takes the SQL functions of a mapping as they are now: whoever enables it sees to that. */
static void
take_functions(EventMapping *mapping)
{
	DestinationCheck destination = {.what = "Destination"};
	DestinationCheck on_failure = {.what = "OnFailure", .on_failure = true};
	Jsonb	   *value;

	if (!OidIsValid(mapping->function_owner) && !OidIsValid(mapping->failure_function_owner))
		return;
	destination.kind = destination_of_mapping(mapping, &value);
	if (OidIsValid(mapping->function_owner))
	{
		destination.kind->check(&destination, value);
		mapping->function_owner = destination.function_owner;
	}
	if (OidIsValid(mapping->failure_function_owner))
	{
		on_failure.kind = destination_on_failure(mapping, &value);
		on_failure.kind->check(&on_failure, value);
		mapping->failure_function_owner = on_failure.function_owner;
	}
	catalog_change_event_mapping(mapping);
}

static Datum
enable(const pg_uuid_t *uuid, bool enabled)
{
	EventMapping *mapping = mapping_to_change(uuid);

	if (enabled)
		take_functions(mapping);
	catalog_enable_event_mapping(uuid, enabled, "User action");
	if (enabled)
	{
		event_jobs_start_at_commit(catalog_event_kind_is_outside(mapping->kind));
		log_want_keeper(GetCurrentTimestamp());
	}
	return describe(catalog_event_mapping(uuid), NULL);
}

/* enable_event_source_mapping(uuid uuid) returns jsonb */
Datum
dynapg_enable_event_source_mapping(PG_FUNCTION_ARGS)
{
	return enable(PG_GETARG_UUID_P(0), true);
}

/* disable_event_source_mapping(uuid uuid) returns jsonb */
Datum
dynapg_disable_event_source_mapping(PG_FUNCTION_ARGS)
{
	return enable(PG_GETARG_UUID_P(0), false);
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------------------------------------------ */

/* get_event_source_mapping(uuid uuid) returns jsonb */
Datum
dynapg_get_event_source_mapping(PG_FUNCTION_ARGS)
{
	return describe(mapping_of_argument(PG_GETARG_UUID_P(0)), NULL);
}

/* list_event_source_mappings(table_name text) returns setof jsonb */
Datum
dynapg_list_event_source_mappings(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	foreach(cell, catalog_event_mappings(PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0))))
	{
		const EventMapping *mapping = (const EventMapping *) lfirst(cell);
		Datum		value;
		bool		isnull = false;

		if (!has_privs_of_role(GetUserId(), mapping->owner))
			continue;
		value = describe(mapping, NULL);
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}

/* test_event_pattern(pattern text, event jsonb) returns boolean */
Datum
dynapg_test_event_pattern(PG_FUNCTION_ARGS)
{
	text	   *pattern = PG_GETARG_TEXT_PP(0);
	PatternValue event;

	event_pattern_of_jsonb(PG_GETARG_JSONB_P(1), &event);
	PG_RETURN_BOOL(event_pattern_matches(event_pattern_compile(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern)), &event));
}

/* event_source_mapping_lag(uuid uuid, out records bigint, out oldest timestamptz) */
Datum
dynapg_event_source_mapping_lag(PG_FUNCTION_ARGS)
{
	EventMapping *mapping = catalog_event_mapping(PG_GETARG_UUID_P(0));
	EventLag	lag = {.oldest = DT_NOEND};
	TupleDesc	columns;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	ListCell   *cell;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (mapping == NULL || (!has_privs_of_role(GetUserId(), mapping->owner) && !has_privs_of_role(GetUserId(), ROLE_PG_MONITOR)))
		dyn_error(DYN_RESOURCE_NOT_FOUND, "The resource you requested does not exist.");
	/* who looks sees to it that it is served */
	if (mapping->enabled)
		log_want_keeper(GetCurrentTimestamp());
	foreach(cell, catalog_event_positions(&mapping->uuid))
		event_lag_of_lane((const EventPosition *) lfirst(cell), MAX_COUNTED, NULL, &lag);
	values[0] = Int64GetDatum(lag.records);
	values[1] = TimestampTzGetDatum(lag.oldest);
	nulls[1] = lag.records == 0;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}
