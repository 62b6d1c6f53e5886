/*
 * alarm_sql.c
 *		Alarms for callers: dynapg.put_alarm(), dynapg.delete_alarms(), dynapg.enable_alarm_actions(), dynapg.disable_alarm_actions(), dynapg.set_alarm_state(),
 *		dynapg.evaluate_alarms().
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "api/secret_statement.h"
#include "base/call_jsonb.h"
#include "base/error.h"
#include "catalog/alarms.h"
#include "catalog/owner.h"
#include "events/destination.h"
#include "keep/alarm.h"
#include "log/log_keeper.h"
#include "meter/counters_table.h"
#include "value/wire.h"

PG_FUNCTION_INFO_V1(dynapg_put_alarm);
PG_FUNCTION_INFO_V1(dynapg_delete_alarms);
PG_FUNCTION_INFO_V1(dynapg_enable_alarm_actions);
PG_FUNCTION_INFO_V1(dynapg_disable_alarm_actions);
PG_FUNCTION_INFO_V1(dynapg_set_alarm_state);
PG_FUNCTION_INFO_V1(dynapg_evaluate_alarms);

#define MAX_NAMES 100			/* that are deleted at once, as at the service */

/* The definition as it is kept; the check is the caller's, who must see what it speaks of. */
static Jsonb *
checked_definition(Jsonb *request)
{
	Oid			types[] = {JSONBOID};
	Datum		values[] = {JsonbPGetDatum(request)};

	return call_jsonb("SELECT dynapg.alarm_definition($1)", lengthof(types), types, values, true);
}

static char *
required_text(Jsonb *request, const char *name)
{
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(request) || getKeyJsonValueFromContainer(&request->root, name, strlen(name), &value) == NULL ||
		value.type != jbvString || value.val.string.len == 0)
		dyn_invalid("The parameter %s is required.", name);
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* Takes a destination into what is put, and its secret; {}: none.  Whether what waits can be told to it. */
static bool
take_destination(AlarmPut *put, Jsonb *destination, Jsonb **secret)
{
	DestinationCheck check = {.what = "Destination", .on_failure = true};
	JsonbValue	root;
	Jsonb	   *value;
	WireWriter	writer;

	*secret = NULL;
	if (JB_ROOT_IS_OBJECT(destination) && JB_ROOT_COUNT(destination) == 0)
		return false;
	root.type = jbvBinary;
	root.val.binary.data = &destination->root;
	root.val.binary.len = VARSIZE(destination) - VARHDRSZ;
	check.kind = destination_open(check.what, &root, &value);
	if (!check.kind->for_alarms)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("Destination: alarms are not told of to a destination of kind %s", check.kind->name),
				 errhint("Function, Notify, Webhook or Lambda.")));
	check.definition = value;
	check.kind->check(&check, value);
	wire_write_jsonb(&writer);
	destination_write(&writer, &check);
	put->kind = check.kind->name;
	put->destination = wire_writer_jsonb(&writer);
	put->function_owner = check.function_owner;
	if (check.secret != NULL)
	{
		wire_write_jsonb(&writer);
		wire_object_start(&writer);
		wire_member(&writer, "OnFailure");
		wire_jsonb(&writer, check.secret);
		wire_object_end(&writer);
		*secret = wire_writer_jsonb(&writer);
	}
	return check.kind->outside || check.kind->deliver_failure != NULL;
}

/* After an alarm has been made. */
static void
check_count(Oid owner)
{
	int			of_owner;
	int			all = catalog_count_alarms(owner, &of_owner);

	if (of_owner > ALARM_MAX_COUNT_OF_ROLE && !has_privs_of_role(owner, ROLE_PG_MONITOR))
		dyn_error(DYN_LIMIT_EXCEEDED, "The role has %d alarms already.", ALARM_MAX_COUNT_OF_ROLE);
	if (all > ALARM_MAX_COUNT)
		dyn_error(DYN_LIMIT_EXCEEDED, "There are %d alarms already.", ALARM_MAX_COUNT);
}

/* put_alarm(definition jsonb, destination jsonb) returns void */
Datum
dynapg_put_alarm(PG_FUNCTION_ARGS)
{
	AlarmPut	put = {.owner = GetUserId(), .keeps_destination = PG_ARGISNULL(1)};
	Jsonb	   *secret = NULL;
	bool		takes_what_waits = true;
	bool		is_new;
	pg_uuid_t	uuid;
	ErrorContextCallback hiding;

	secret_statement_begin(&hiding, "SELECT dynapg.put_alarm(...)");
	if (PG_ARGISNULL(0))
		dyn_invalid("The parameter AlarmName has 1 to 255 characters.");
	put.definition = checked_definition(PG_GETARG_JSONB_P(0));
	put.name = required_text(put.definition, "AlarmName");
	if (!put.keeps_destination)
		takes_what_waits = take_destination(&put, PG_GETARG_JSONB_P(1), &secret);
	if (!catalog_put_alarm(&put, &uuid, &is_new))
		dyn_error(DYN_ACCESS_DENIED, "There is an alarm %s of another role's", put.name);
	if (is_new)
		check_count(put.owner);
	if (!put.keeps_destination)
		catalog_put_destination_secret(&uuid, secret);
	if (!takes_what_waits)
		catalog_delete_event_failures_of(&uuid);
	if (counter_table == NULL)
		ereport(WARNING,
				(errmsg("nothing is counted in this server, and the alarm will have no data"),
				 errhint("Metrics are counted where dynapg is in shared_preload_libraries, and kept where dynapg.metrics_history is on.")));
	log_want_keeper(GetCurrentTimestamp());
	secret_statement_end(&hiding);
	PG_RETURN_VOID();
}

/* The elements of AlarmNames, palloc'd C strings. */
static List *
names_of_request(Jsonb *request)
{
	JsonbValue	names;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	name;
	List	   *result = NIL;

	if (!JB_ROOT_IS_OBJECT(request) || getKeyJsonValueFromContainer(&request->root, "AlarmNames", strlen("AlarmNames"), &names) == NULL ||
		names.type != jbvBinary || !JsonContainerIsArray(names.val.binary.data) || JsonContainerSize(names.val.binary.data) > MAX_NAMES)
		dyn_invalid("The parameter AlarmNames is a list of at most %d names.", MAX_NAMES);
	iterator = JsonbIteratorInit(names.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (name.type != jbvString)
			dyn_invalid("The parameter AlarmNames is a list of at most %d names.", MAX_NAMES);
		result = lappend(result, pnstrdup(name.val.string.val, name.val.string.len));
	}
	return result;
}

/* delete_alarms(request jsonb) returns void.  All of them, or none. */
Datum
dynapg_delete_alarms(PG_FUNCTION_ARGS)
{
	ListCell   *cell;

	foreach(cell, names_of_request(PG_GETARG_JSONB_P(0)))
		if (!catalog_delete_alarm((const char *) lfirst(cell), GetUserId()))
			dyn_error(DYN_RESOURCE_NOT_FOUND, "There is no alarm %s", (const char *) lfirst(cell));
	PG_RETURN_VOID();
}

/* All of them, or none. */
static void
enable_actions(Jsonb *request, bool enabled)
{
	ListCell   *cell;

	foreach(cell, names_of_request(request))
		if (!catalog_enable_alarm_actions((const char *) lfirst(cell), GetUserId(), enabled))
			dyn_error(DYN_RESOURCE_NOT_FOUND, "There is no alarm %s", (const char *) lfirst(cell));
}

/* enable_alarm_actions(request jsonb) returns void */
Datum
dynapg_enable_alarm_actions(PG_FUNCTION_ARGS)
{
	enable_actions(PG_GETARG_JSONB_P(0), true);
	PG_RETURN_VOID();
}

/* disable_alarm_actions(request jsonb) returns void */
Datum
dynapg_disable_alarm_actions(PG_FUNCTION_ARGS)
{
	enable_actions(PG_GETARG_JSONB_P(0), false);
	PG_RETURN_VOID();
}

/* Whether an alarm belongs to a role that the caller is a member of. */
static bool
is_own(const char *name)
{
	Oid			types[] = {TEXTOID, OIDOID};
	Datum		values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(GetUserId())};
	Datum		found;
	bool		isnull;

	return catalog_fetch("SELECT true FROM dynapg.metric_alarms WHERE name = $1 AND pg_has_role($2, owner::oid, 'USAGE') FOR UPDATE",
						 lengthof(types), types, values, 1, &found, &isnull);
}

/* set_alarm_state(request jsonb) returns void */
Datum
dynapg_set_alarm_state(PG_FUNCTION_ARGS)
{
	Jsonb	   *request = PG_GETARG_JSONB_P(0);
	char	   *name = required_text(request, "AlarmName");
	char	   *state = required_text(request, "StateValue");
	char	   *reason = required_text(request, "StateReason");

	if (strcmp(state, "OK") != 0 && strcmp(state, "ALARM") != 0 && strcmp(state, "INSUFFICIENT_DATA") != 0)
		dyn_invalid("The parameter StateValue must be OK, ALARM or INSUFFICIENT_DATA.");
	if (strlen(reason) > 1023)
		dyn_invalid("The parameter StateReason has at most 1023 bytes.");
	if (!is_own(name))
		dyn_error(DYN_RESOURCE_NOT_FOUND, "There is no alarm %s", name);
	(void) alarm_set_state(name, state, reason, NULL);
	PG_RETURN_VOID();
}

/* evaluate_alarms(at timestamptz) returns integer */
Datum
dynapg_evaluate_alarms(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);

	if (TIMESTAMP_NOT_FINITE(at))
		dyn_invalid("Alarms are looked at at a point in time");
	PG_RETURN_INT32(alarms_evaluate(at - at % USECS_PER_MINUTE));
}
