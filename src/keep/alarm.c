/*
 * alarm.c
 *		The keeper's part of alarms.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/call_jsonb.h"
#include "base/subtransaction.h"
#include "base/user_switch.h"
#include "catalog/alarms.h"
#include "catalog/owner.h"
#include "keep/alarm.h"
#include "keep/event_job.h"
#include "keep/step.h"

#define MAX_PAYLOAD 7999		/* of NOTIFY */
#define ALARM_NAME_SIZE 1024	/* 255 characters */
#define SLICE 25				/* alarms whose rows are read at once */

/* An alarm that is looked at. */
typedef struct Alarm
{
	char	   *name;
	Oid			owner;
	Datum		definition;
	Datum		state;
	TimestampTz at;
	bool		changed;
} Alarm;

/* A member of an object, palloc'd; NULL: it is not there. */
static char *
text_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, strlen(name), &value) == NULL || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* What the alarm comes to, by what its owner sees; in the caller's context.  An error that ends the subtransaction goes back to who we were. */
static Jsonb *
evaluate_as_owner(const Alarm *alarm)
{
	Oid			types[] = {JSONBOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[] = {alarm->definition, alarm->state, TimestampTzGetDatum(alarm->at)};
	UserSwitch	before;
	Jsonb	   *result;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(alarm->owner)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("the role that has put this alarm is gone")));
	user_switch(alarm->owner, &before);
	result = call_jsonb("SELECT dynapg.alarm_evaluation($1, $2, $3)", lengthof(types), types, values, true);
	user_switch_back(&before);
	return result;
}

/* Tells of another state: NOTIFY at once, other destinations when the transaction has committed. */
static void
tell(const char *name, const pg_uuid_t *uuid, Jsonb *event)
{
	EventMapping *mapping = catalog_alarm_mapping(uuid);
	char	   *payload = JsonbToCString(NULL, &event->root, VARSIZE(event));
	Oid			types[] = {JSONBOID};
	Datum		values[1];
	Datum		channel;
	bool		isnull;

	if (mapping == NULL || !catalog_alarm_actions_are_enabled(uuid))
		return;
	if (strcmp(mapping->kind, "Notify") != 0)
	{
		catalog_add_event_failure(uuid, payload);
		event_jobs_start_at_commit(catalog_event_kind_is_outside(mapping->kind));
		return;
	}
	values[0] = JsonbPGetDatum(mapping->options);
	(void) catalog_fetch("SELECT $1 #>> '{DestinationConfig,OnFailure,Destination,Notify}'", 1, types, values, 1, &channel, &isnull);
	/* a description of a kilobyte fits; of what is longer the name is told */
	Async_Notify(TextDatumGetCString(channel), strlen(payload) > MAX_PAYLOAD ? name : payload);
}

bool
alarm_set_state(const char *name, const char *state, const char *reason, Jsonb *reason_data)
{
	pg_uuid_t	uuid;
	Jsonb	   *event;

	if (!catalog_set_alarm_state(name, state, reason, reason_data, &uuid, &event) || event == NULL)
		return false;
	ereport(LOG,
			(errmsg("alarm \"%s\" is in state %s", name, state),
			 errdetail_internal("%s", reason)));
	tell(name, &uuid, event);
	return true;
}

static void
look_at(void *argument)
{
	Alarm	   *alarm = (Alarm *) argument;
	Jsonb	   *result = evaluate_as_owner(alarm);
	JsonbValue	data;
	bool		has_data = getKeyJsonValueFromContainer(&result->root, "reason_data", strlen("reason_data"), &data) != NULL;
	char	   *state = text_member(result, "state");

	/* what stays is not written each minute */
	if (strcmp(state, TextDatumGetCString(alarm->state)) != 0)
		alarm->changed = alarm_set_state(alarm->name, state, text_member(result, "reason"), has_data ? JsonbValueToJsonb(&data) : NULL);
}

/*
 * Looks at some: those behind *after, in the order of their names, up to last ("": to the end), until a time.  Sets *after to the last one of them; true: there are
 * no more.
 */
static bool
look_at_slice(char *after, const char *last, TimestampTz at, TimestampTz until, int *changed)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext of_alarm = AllocSetContextCreate(caller, "dynapg alarm", ALLOCSET_DEFAULT_SIZES);
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(after), CStringGetTextDatum(last)};
	SPITupleTable *rows;
	uint64		count;
	uint64		i = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT name, owner::oid, definition, coalesce(state, 'INSUFFICIENT_DATA') FROM dynapg.metric_alarms a"
							  " LEFT JOIN dynapg.alarm_states s ON s.alarm = a.uuid WHERE name > $1 AND ($2 = '' OR name <= $2) ORDER BY name LIMIT " CppAsString2(SLICE), lengthof(types), types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	rows = SPI_tuptable;
	count = SPI_processed;
	while (i < count)
	{
		Alarm		alarm = {.at = at};
		bool		isnull;
		MemoryContext inner = MemoryContextSwitchTo(of_alarm);
		ErrorData  *error;

		alarm.name = SPI_getvalue(rows->vals[i], rows->tupdesc, 1);
		alarm.owner = DatumGetObjectId(SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull));
		alarm.definition = SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull);
		alarm.state = SPI_getbinval(rows->vals[i], rows->tupdesc, 4, &isnull);
		strlcpy(after, alarm.name, ALARM_NAME_SIZE);
		error = subtransaction_try(look_at, &alarm);
		if (error != NULL)
			ereport(WARNING,
					(errmsg("alarm \"%s\" could not be looked at: %s", alarm.name, error->message)));
		*changed += alarm.changed;
		MemoryContextSwitchTo(inner);
		MemoryContextReset(of_alarm);
		CHECK_FOR_INTERRUPTS();
		i++;
		if (GetCurrentTimestamp() >= until)
			break;
	}
	SPI_finish();
	MemoryContextDelete(of_alarm);
	return i == count && count < SLICE;
}

int
alarms_evaluate(TimestampTz at)
{
	char		after[ALARM_NAME_SIZE] = "";
	int			changed = 0;

	while (!look_at_slice(after, "", at, DT_NOEND, &changed))
		;
	return changed;
}

/* The keeper's: a ring of names, which is gone around once for each minute. */
static struct
{
	bool		wanted;
	TimestampTz at;
	char		after[ALARM_NAME_SIZE]; /* the last one that was looked at; "": none */
	char		first[ALARM_NAME_SIZE]; /* after which it was begun for this minute */
	bool		turned;			/* those up to first are left */
} ring;

void
alarms_want_look(TimestampTz at)
{
	ring.wanted = true;
	ring.at = at;
	ring.turned = ring.after[0] == '\0';
	strlcpy(ring.first, ring.after, ALARM_NAME_SIZE);
}

/* One step, in a transaction of its own; false: there is no more to do. */
static bool
look_step(TimestampTz until)
{
	int			changed = 0;

	if (!step_begin(false))
		return false;
	if (look_at_slice(ring.after, ring.turned ? ring.first : "", ring.at, until, &changed))
	{
		ring.after[0] = '\0';
		ring.wanted = !ring.turned;
		ring.turned = true;
	}
	step_commit();
	return ring.wanted;
}

bool
alarms_are_left(void)
{
	return ring.wanted;
}

void
alarms_look(int most_ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), most_ms);

	while (ring.wanted && look_step(until) && GetCurrentTimestamp() < until)
		CHECK_FOR_INTERRUPTS();
}
