/*
 * courier.c
 *		The courier's process: its loop, what it may hold, when it ends.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "catalog/event_mappings.h"
#include "catalog/kinesis.h"
#include "events/courier.h"
#include "events/event_lane.h"
#include "keep/event_job.h"
#include "keep/job.h"
#include "keep/step.h"
#include "log/log.h"
#include "transfer/out.h"

#define LOOK_MS			10		/* not more often, unless an errand has ended: each look reads all lanes */
#define BUSY_LOOK_MS	50		/* while items change */
#define IDLE_LOOK_MS	500
#define BUSY_FOR_MS		5000
#define OFFICE_MS		1000	/* how often it looks whether it is wanted, and for new shards */
#define LONGEST_PAUSE_MS 60000
#define MAX_FAILURES	10		/* errors of ours, one after the other */

extern PGDLLEXPORT void dynapg_courier_main(Datum argument);

/* What is on its way to one place. */
typedef struct Place
{
	char	   *name;
	int			errands;
	size_t		bytes;
} Place;

struct Courier
{
	MemoryContext context;
	MemoryContext scratch;		/* of one round */
	PostTransport *transport;
	List	   *places;			/* Place, those with errands */
	List	   *paused;			/* Errand */
	List	   *ended;			/* contexts of errands that are over: who ends one may be in it, so they go when the round is over */
	int			errands;
	size_t		bytes;
	Errand	   *current;		/* the one that is being dealt with */
	TimestampTz look_at;
	TimestampTz looked_at;
	TimestampTz office_at;
	TimestampTz busy_until;
	int64		last_number;	/* of the logs, when it looked last and saw all of them; -1: it did not */
	bool		has_more;		/* there is something that is not sent */
	bool		has_ended;		/* an errand, since the last look */
	bool		over;			/* the extension is going */
	int			failures;
};

MemoryContext
courier_context(const Courier *courier)
{
	return courier->context;
}

/* ------------------------------------------------------------------------------------------------------------
 * Places
 * ------------------------------------------------------------------------------------------------------------ */

char *
courier_place(const char *url)
{
	const char *host = strstr(url, "://");
	size_t		len = host != NULL ? (host + 3 - url) + strcspn(host + 3, "/?#") : strlen(url);

	return pnstrdup(url, len);
}

static Place *
find_place(const Courier *courier, const char *name)
{
	ListCell   *cell;

	foreach(cell, courier->places)
		if (strcmp(((Place *) lfirst(cell))->name, name) == 0)
			return (Place *) lfirst(cell);
	return NULL;
}

bool
courier_has_room(const Courier *courier, const char *name, size_t bytes)
{
	const Place *place = find_place(courier, name);
	size_t		limit = (size_t) dynapg_event_memory * 1024;

	if (place == NULL)
		return true;
	return place->errands < dynapg_event_connections && place->bytes + bytes <= limit / 4 && courier->bytes + bytes <= limit;
}

static void
enter_place(Courier *courier, Errand *errand)
{
	MemoryContext caller = MemoryContextSwitchTo(courier->context);
	Place	   *place = find_place(courier, errand->place);

	if (place == NULL)
	{
		place = (Place *) palloc0(sizeof(Place));
		place->name = pstrdup(errand->place);
		courier->places = lappend(courier->places, place);
	}
	place->errands++;
	place->bytes += errand->bytes;
	courier->errands++;
	courier->bytes += errand->bytes;
	MemoryContextSwitchTo(caller);
}

static void
leave_place(Courier *courier, Errand *errand)
{
	Place	   *place = errand->place != NULL ? find_place(courier, errand->place) : NULL;

	if (place == NULL)
		return;
	courier->errands--;
	courier->bytes -= errand->bytes;
	place->bytes -= errand->bytes;
	if (--place->errands == 0)
	{
		courier->places = list_delete_ptr(courier->places, place);
		pfree(place->name);
		pfree(place);
	}
	errand->place = NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Errands
 * ------------------------------------------------------------------------------------------------------------ */

Errand *
courier_errand(Courier *courier, Size size)
{
	MemoryContext context = AllocSetContextCreate(courier->context, "dynapg errand", ALLOCSET_DEFAULT_SIZES);
	Errand	   *errand = (Errand *) MemoryContextAllocZero(context, size);

	errand->context = context;
	courier->current = errand;
	return errand;
}

/* Its place may be another one now, and its bytes too. */
void
courier_send(Courier *courier, Errand *errand)
{
	leave_place(courier, errand);
	errand->due = 0;
	errand->bytes = errand->post->len;
	errand->place = MemoryContextStrdup(errand->context, courier_place(errand->post->url));
	errand->post->tag = errand;
	errand->post->context = errand->context;
	errand->post->timeout_ms = Max(errand->post->timeout_ms, 1000);
	enter_place(courier, errand);
	courier->transport->routines->send(courier->transport, errand->post);
	courier->current = NULL;
}

void
courier_pause(Courier *courier, Errand *errand, int64 milliseconds)
{
	MemoryContext caller = MemoryContextSwitchTo(courier->context);

	errand->due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	courier->paused = lappend(courier->paused, errand);
	courier->current = NULL;
	courier_look_at(courier, errand->due);
	MemoryContextSwitchTo(caller);
}

void
courier_end(Courier *courier, Errand *errand)
{
	MemoryContext caller;

	leave_place(courier, errand);
	courier->has_ended = true;
	courier->paused = list_delete_ptr(courier->paused, errand);
	if (courier->current == errand)
		courier->current = NULL;
	caller = MemoryContextSwitchTo(courier->context);
	courier->ended = lappend(courier->ended, errand->context);
	MemoryContextSwitchTo(caller);
}

static void
delete_ended(Courier *courier)
{
	ListCell   *cell;

	foreach(cell, courier->ended)
		MemoryContextDelete((MemoryContext) lfirst(cell));
	list_free(courier->ended);
	courier->ended = NIL;
}

void
courier_look_at(Courier *courier, TimestampTz time)
{
	courier->look_at = Min(courier->look_at, time);
}

int64
courier_backoff(int failures)
{
	int64		pause = Min((int64) 200 << Min(failures, 20), LONGEST_PAUSE_MS);

	return pause / 2 + (int64) (pg_prng_double(&pg_global_prng_state) * (double) (pause / 2));
}

bool
courier_begin(Courier *courier)
{
	if (!step_begin(false))
		courier->over = true;
	return !courier->over;
}

/* Deals with one that is answered; it may be gone then. */
static void
take_answer(Courier *courier, Post *post)
{
	Errand	   *errand = (Errand *) post->tag;

	courier->current = errand;
	errand->answered(courier, errand);
	courier->current = NULL;
}

static void
resume_paused(Courier *courier)
{
	TimestampTz now = GetCurrentTimestamp();
	List	   *due = NIL;
	ListCell   *cell;

	foreach(cell, courier->paused)
	{
		Errand	   *errand = (Errand *) lfirst(cell);

		if (errand->due <= now)
			due = lappend(due, errand);
		else
			courier_look_at(courier, errand->due);
	}
	foreach(cell, due)
	{
		Errand	   *errand = (Errand *) lfirst(cell);

		courier->paused = list_delete_ptr(courier->paused, errand);
		courier->current = errand;
		if (errand->resumed != NULL)
			errand->resumed(courier, errand);
		else
			courier_send(courier, errand);
		courier->current = NULL;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether logs may have become longer for readers since the last look. */
static bool
may_have_more(Courier *courier)
{
	int64		last;
	int64		common;
	bool		more;

	if (!courier_begin(courier))
		return false;
	last = log_last_number();
	common = log_common_horizon();
	step_commit();
	more = last != courier->last_number;
	courier->last_number = common >= last ? last : -1;
	if (more)
		courier->busy_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BUSY_FOR_MS);
	return more;
}

static void
look(Courier *courier, TimestampTz now)
{
	bool		due = now >= courier->look_at;
	bool		more;

	if (!due && !courier->has_ended && !TimestampDifferenceExceeds(courier->looked_at, now, LOOK_MS))
		return;
	courier->looked_at = now;
	courier->has_ended = false;
	more = may_have_more(courier);
	if (courier->over || (!due && !more && !courier->has_more))
		return;
	courier->look_at = TimestampTzPlusMilliseconds(now, OFFICE_MS);
	resume_paused(courier);
	courier->has_more = courier_look_at_lanes(courier);
	courier->has_more |= courier_look_at_failures(courier);
	courier->has_more |= courier_look_at_kinesis(courier);
}

/* Whether something was written since the last look; that one comes at once then. */
static bool
has_news(Courier *courier)
{
	bool		news = may_have_more(courier);

	if (news)
		courier_look_at(courier, GetCurrentTimestamp());
	return news;
}

/* Whether there is nothing to do any more. */
static bool
is_to_end(Courier *courier)
{
	bool		outside;

	if (!courier_begin(courier))
		return true;
	catalog_events_are_enabled(NULL, &outside, NULL);
	outside = outside || catalog_kinesis_is_served();
	step_commit();
	if (!outside && courier->errands == 0)
		return true;
	if (courier->errands == 0 && courier->paused == NIL && !courier->has_more && event_job_is_alone() && !has_news(courier))
		return true;
	return event_job_database_is_wanted();
}

/* What is due every second; false if the process is to end. */
static bool
take_office_round(Courier *courier, TimestampTz now)
{
	if (!TimestampDifferenceExceeds(courier->office_at, now, OFFICE_MS))
		return true;
	courier->office_at = now;
	if (is_to_end(courier))
		return false;
	event_lay_out();
	return true;
}

static bool
take_round(Courier *courier)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		busy = now < courier->busy_until;
	int64		pause = busy ? BUSY_LOOK_MS : IDLE_LOOK_MS;
	Post	   *post;

	look(courier, now);
	if (courier->over || !take_office_round(courier, now))
		return false;
	pause = Min(pause, Max(TimestampDifferenceMilliseconds(now, courier->look_at), 0));
	post = courier->transport->routines->wait(courier->transport, (long) pause);
	while (post != NULL)
	{
		take_answer(courier, post);
		/* others wait to be looked at, where answers never end */
		if (TimestampDifferenceExceeds(now, GetCurrentTimestamp(), LOOK_MS))
			break;
		post = courier->transport->routines->wait(courier->transport, 0);
	}
	resume_paused(courier);
	return !courier->over;
}

/* An error of ours: what it was at is begun again by the next look. */
static void
recover(Courier *courier)
{
	Errand	   *errand = courier->current;

	job_recover();
	courier->current = NULL;
	if (errand != NULL)
	{
		courier->transport->routines->cancel(courier->transport, errand->post);
		if (errand->dropped != NULL)
			errand->dropped(errand);
		courier_end(courier, errand);
	}
	courier_look_at(courier, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), courier_backoff(courier->failures)));
}

static bool
try_round(Courier *courier)
{
	volatile bool more = true;
	MemoryContext caller = MemoryContextSwitchTo(courier->scratch);

	PG_TRY();
	{
		more = take_round(courier);
		courier->failures = 0;
	}
	PG_CATCH();
	{
		if (++courier->failures > MAX_FAILURES)
			PG_RE_THROW();
		MemoryContextSwitchTo(courier->scratch);
		recover(courier);
		job_pause(100L * courier->failures);
		CHECK_FOR_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	delete_ended(courier);
	MemoryContextReset(courier->scratch);
	return more;
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

static void
open_courier(Courier *courier)
{
	MemoryContext caller;

	courier->context = AllocSetContextCreate(TopMemoryContext, "dynapg courier", ALLOCSET_DEFAULT_SIZES);
	courier->scratch = AllocSetContextCreate(courier->context, "dynapg courier's round", ALLOCSET_DEFAULT_SIZES);
	courier->last_number = -1;
	caller = MemoryContextSwitchTo(courier->context);
	courier->transport = out_library()->open_posts(dynapg_out_ca_file[0] ? dynapg_out_ca_file : NULL);
	MemoryContextSwitchTo(caller);
}

static bool
has_extension(void)
{
	bool		found;

	StartTransactionCommand();
	found = OidIsValid(get_extension_oid("dynapg", true));
	CommitTransactionCommand();
	return found;
}

void
dynapg_courier_main(Datum argument)
{
	Courier		courier = {0};
	int			number;

	job_settle(DatumGetObjectId(argument), "dynapg courier");
	job_keep_memory();
	SetConfigOption("lock_timeout", "1s", PGC_USERSET, PGC_S_OVERRIDE);
	/* what a crash takes back of positions is sent again */
	SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
	if (!has_extension())
		return;
	number = event_job_take(true);
	if (number < 0)
		return;
	open_courier(&courier);
	while (try_round(&courier))
	{
		pgstat_report_activity(STATE_IDLE, NULL);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	event_job_leave(number);
}
