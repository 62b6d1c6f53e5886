/*
 * event_alarm.c
 *		Telling SQL functions of alarms.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/subtransaction.h"
#include "catalog/alarms.h"
#include "catalog/owner.h"
#include "events/destination.h"
#include "events/event_alarm.h"
#include "events/event_lane.h"
#include "keep/step.h"

#define MAX_ATTEMPTS 10
#define MAX_PAUSE_S 300

/* What is to be told, locked. */
typedef struct Telling
{
	int64		id;
	int			attempts;
	const EventMapping *mapping;
	Jsonb	   *event;
} Telling;

/* The oldest that is due and that nobody else is at; false: there is none. */
static bool
find_telling(Telling *telling)
{
	Datum		columns[4];
	bool		nulls[4];

	if (!catalog_fetch("SELECT f.id, f.attempts, f.mapping, f.invocation::jsonb FROM dynapg.event_failures f JOIN dynapg.metric_alarms a ON a.uuid = f.mapping"
					   " WHERE a.kind = 'Function' AND coalesce(f.retry_at <= clock_timestamp(), true)"
					   " ORDER BY f.id LIMIT 1 FOR UPDATE OF f SKIP LOCKED", 0, NULL, NULL, lengthof(columns), columns, nulls))
		return false;
	telling->id = DatumGetInt64(columns[0]);
	telling->attempts = DatumGetInt32(columns[1]);
	telling->mapping = catalog_alarm_mapping(DatumGetUUIDP(columns[2]));
	telling->event = DatumGetJsonbP(columns[3]);
	return telling->mapping != NULL;
}

static void
call(void *argument)
{
	const Telling *telling = (const Telling *) argument;
	Jsonb	   *definition;
	const DestinationKind *kind = destination_on_failure(telling->mapping, &definition);

	event_become_owner(telling->mapping);
	kind->deliver_failure(telling->mapping, definition, telling->event);
}

/* The subtransaction's end makes us who we were when it has failed; else we go back ourselves. */
static ErrorData *
try_call(Telling *telling)
{
	Oid			role;
	int			context;
	ErrorData  *error;

	GetUserIdAndSecContext(&role, &context);
	error = subtransaction_try(call, telling);
	SetUserIdAndSecContext(role, context);
	return error;
}

static void
tell(Telling *telling)
{
	ErrorData  *error = try_call(telling);

	if (error == NULL || telling->attempts + 1 >= MAX_ATTEMPTS)
		catalog_delete_event_failure(telling->id);
	else
		catalog_retry_event_failure(telling->id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), Min(1000L << telling->attempts, 1000L * MAX_PAUSE_S)));
	if (error != NULL)
		ereport(WARNING,
				(errmsg("the function that is to be told of %s has failed: %s", telling->mapping->table_name, error->message),
				 telling->attempts + 1 >= MAX_ATTEMPTS ? errhint("It is given up after %d times.", MAX_ATTEMPTS) : 0));
}

bool
event_tell_alarms(void)
{
	bool		any = false;
	bool		more = true;

	while (more && step_begin(false))
	{
		Telling		telling;

		more = find_telling(&telling);
		if (more)
			tell(&telling);
		any |= more;
		step_commit();
	}
	return any;
}
