/*
 * courier_failure.c
 *		The courier's errands for invocation records: what on-failure destinations outside of the database get.
 *
 * Of each mapping the oldest record is sent, and the next one when that has been taken.  One that is refused again and again is given up.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/alarms.h"
#include "events/courier.h"
#include "events/outside.h"
#include "keep/step.h"

#define MAX_ATTEMPTS 30			/* about half an hour */
#define LOOK_MS 1000

typedef struct FailureErrand
{
	Errand		errand;
	EventMapping *mapping;
	bool		is_alarm;		/* which it stands for */
	EventFailure *failure;
	const OutsideKind *kind;
	Delivery	delivery;
	int			pauses;
} FailureErrand;

static List *at_work;			/* FailureErrand, in TopMemoryContext */

static void
forget_work(FailureErrand *work)
{
	at_work = list_delete_ptr(at_work, work);
}

static void
on_dropped(Errand *errand)
{
	forget_work((FailureErrand *) errand);
}

static bool
is_at_work(const pg_uuid_t *mapping)
{
	ListCell   *cell;

	foreach(cell, at_work)
		if (memcmp(&((FailureErrand *) lfirst(cell))->mapping->uuid, mapping, UUID_LEN) == 0)
			return true;
	return false;
}

/* Notes how it went: the record is gone, or is tried again later. */
static void
note(Courier *courier, FailureErrand *work, const EventOutcome *outcome)
{
	EventFailure *failure = work->failure;
	bool		over = (outcome->ok && outcome->first_failed == 0) || failure->attempts + 1 >= MAX_ATTEMPTS;

	if (!courier_begin(courier))
		return;
	if (over)
		catalog_delete_event_failure(failure->id);
	else
		catalog_retry_event_failure(failure->id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), courier_backoff(failure->attempts)));
	step_commit();
	if (over && !outcome->ok)
		ereport(WARNING,
				(work->is_alarm ? errmsg("a change of state of %s was given up", work->mapping->table_name) :
				 errmsg("an invocation record of the event source mapping of table \"%s\" was given up", work->mapping->table_name),
				 errdetail_internal("%s", outcome->error),
				 work->is_alarm ? errhint("Its destination has refused it %d times.", MAX_ATTEMPTS) :
				 errhint("Its on-failure destination has refused it %d times.", MAX_ATTEMPTS)));
}

/* The mapping whose record it is, or the alarm: of these only those that are told of outside of the database. */
static EventMapping *
find_mapping(const pg_uuid_t *uuid, bool *is_alarm)
{
	EventMapping *mapping = catalog_event_mapping(uuid);

	*is_alarm = mapping == NULL;
	if (mapping == NULL)
	{
		mapping = catalog_alarm_mapping(uuid);
		if (mapping != NULL && !catalog_event_kind_is_outside(mapping->kind))
			mapping = NULL;
	}
	return mapping;
}

/* Sends a further request, unless the mapping was changed or deleted since. */
static void
send_further(Courier *courier, Errand *errand)
{
	FailureErrand *work = (FailureErrand *) errand;
	bool		wanted = false;

	if (courier_begin(courier))
	{
		const EventMapping *now = find_mapping(&work->mapping->uuid, &work->is_alarm);

		wanted = now != NULL && now->modified_at == work->mapping->modified_at;
		step_commit();
	}
	if (wanted)
	{
		courier_send(courier, errand);
		return;
	}
	forget_work(work);
	courier_end(courier, errand);
}

static void
on_answered(Courier *courier, Errand *errand)
{
	FailureErrand *work = (FailureErrand *) errand;
	MemoryContext caller = MemoryContextSwitchTo(errand->context);
	EventOutcome outcome = {.ok = true};
	DeliveryStep step = work->kind->judge(&work->delivery, work->pauses, &outcome);

	MemoryContextSwitchTo(caller);
	if (step == DELIVERY_GOES_ON)
		send_further(courier, errand);
	else if (step == DELIVERY_WAITS)
		courier_pause(courier, errand, courier_backoff(work->pauses++));
	else
	{
		note(courier, work, &outcome);
		forget_work(work);
		courier_end(courier, errand);
		courier_look_at(courier, GetCurrentTimestamp());
	}
}

/* In a transaction and the errand's context: false if it is not to be sent now. */
static bool
prepare(FailureErrand *work)
{
	Delivery   *delivery = &work->delivery;
	List	   *failures = catalog_event_failures(&work->mapping->uuid, 1);
	Jsonb	   *secrets = catalog_destination_secret(&work->mapping->uuid);
	const DestinationKind *kind = destination_on_failure(work->mapping, &delivery->definition);
	JsonbValue	secret;

	if (failures == NIL)
		return false;
	work->failure = (EventFailure *) linitial(failures);
	if (kind == NULL || !kind->outside)
	{
		/* the mapping has another destination by now */
		catalog_delete_event_failure(work->failure->id);
		return false;
	}
	if (work->failure->retry_at > GetCurrentTimestamp())
		return false;
	work->kind = outside_kind(kind);
	delivery->mapping = work->mapping;
	if (secrets != NULL && getKeyJsonValueFromContainer(&secrets->root, "OnFailure", strlen("OnFailure"), &secret) != NULL)
		delivery->secret = JsonbValueToJsonb(&secret);
	delivery->invocation = work->failure->invocation;
	delivery->id = work->failure->id;
	delivery->post = (Post *) palloc0(sizeof(Post));
	work->errand.post = delivery->post;
	work->kind->begin(delivery);
	if (delivery->post->allowed_hosts == NULL)
		delivery->post->allowed_hosts = pstrdup(dynapg_event_hosts);
	return true;
}

/* Sends the oldest record of a mapping, if it is due. */
static void
begin_record(Courier *courier, const pg_uuid_t *mapping)
{
	FailureErrand *work = (FailureErrand *) courier_errand(courier, sizeof(FailureErrand));
	MemoryContext caller;
	bool		due = false;

	work->errand.answered = on_answered;
	work->errand.resumed = send_further;
	work->errand.dropped = on_dropped;
	if (courier_begin(courier))
	{
		caller = MemoryContextSwitchTo(work->errand.context);
		work->mapping = find_mapping(mapping, &work->is_alarm);
		due = work->mapping != NULL && prepare(work);
		MemoryContextSwitchTo(caller);
		step_commit();
	}
	if (!due || !courier_has_room(courier, courier_place(work->errand.post->url), work->errand.post->len))
	{
		courier_end(courier, &work->errand);
		return;
	}
	caller = MemoryContextSwitchTo(TopMemoryContext);
	at_work = lappend(at_work, work);
	MemoryContextSwitchTo(caller);
	courier_send(courier, &work->errand);
}

bool
courier_look_at_failures(Courier *courier)
{
	static TimestampTz looked_at = 0;
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	List	   *mappings;
	List	   *copies = NIL;
	ListCell   *cell;

	if (at_work == NIL && !TimestampDifferenceExceeds(looked_at, now, LOOK_MS))
		return false;
	looked_at = now;
	if (!courier_begin(courier))
		return false;
	mappings = catalog_event_failing_mappings();
	MemoryContextSwitchTo(caller);
	foreach(cell, mappings)
		copies = lappend(copies, memcpy(palloc(sizeof(pg_uuid_t)), lfirst(cell), sizeof(pg_uuid_t)));
	step_commit();
	MemoryContextSwitchTo(caller);
	foreach(cell, copies)
		if (!is_at_work((const pg_uuid_t *) lfirst(cell)))
			begin_record(courier, (const pg_uuid_t *) lfirst(cell));
	return copies != NIL;
}
