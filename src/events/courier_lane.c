/*
 * courier_lane.c
 *		The courier's errands for lanes of event source mappings.
 *
 * A lane has one errand at a time: its next batch.  Once that has been noted, the errand goes on with the batch after it, until there is none.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "events/courier.h"
#include "events/event_lane.h"
#include "events/event_options.h"
#include "events/outside.h"
#include "keep/step.h"
#include "op/stream.h"

#define REST_MS 5000			/* of a lane at which something of ours went wrong */
#define FURTHER_READS 100		/* of a lane, in one look, over records that are not for it */

/* A lane that the courier has worked on: where its last batch went. */
typedef struct KnownLane
{
	int64		lane;			/* hash key; first */
	char	   *place;			/* NULL: not known yet */
	size_t		bytes;
	int64		durable;		/* up to which number its records are safe */
	bool		at_work;		/* it has an errand */
	TimestampTz rests_until;	/* 0: it does not */
} KnownLane;

typedef struct LaneErrand
{
	Errand		errand;
	int64		lane;
	MemoryContext of_batch;		/* what is below, reset for the next batch */
	EventMapping *mapping;
	EventBatch *batch;
	const OutsideKind *kind;
	Delivery	delivery;
	int			pauses;
} LaneErrand;

static HTAB *known_lanes;

static KnownLane *
known_lane(int64 lane)
{
	KnownLane  *known;
	bool		found;

	if (known_lanes == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(KnownLane), .hcxt = TopMemoryContext};

		known_lanes = hash_create("dynapg lanes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	known = (KnownLane *) hash_search(known_lanes, &lane, HASH_ENTER, &found);
	if (!found)
		memset((char *) known + sizeof(int64), 0, sizeof(KnownLane) - sizeof(int64));
	return known;
}

/* Outside of a transaction. */
static void
release_lane(LaneErrand *work)
{
	known_lane(work->lane)->at_work = false;
	if (!step_begin(true))
		return;
	event_lane_release(work->lane);
	step_commit();
}

static void
on_dropped(Errand *errand)
{
	LaneErrand *work = (LaneErrand *) errand;

	known_lane(work->lane)->rests_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), REST_MS);
	release_lane(work);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

/* Sets up the delivery of a batch that has been read, in its context and within the transaction. */
static void
begin_delivery(LaneErrand *work)
{
	Delivery   *delivery = &work->delivery;
	Jsonb	   *secrets = catalog_destination_secret(&work->mapping->uuid);
	JsonbValue	secret;

	memset(delivery, 0, sizeof(*delivery));
	work->kind = outside_kind(destination_of_mapping(work->mapping, &delivery->definition));
	delivery->mapping = work->mapping;
	if (secrets != NULL && getKeyJsonValueFromContainer(&secrets->root, "Destination", strlen("Destination"), &secret) != NULL)
		delivery->secret = JsonbValueToJsonb(&secret);
	delivery->batch = work->batch;
	delivery->reports = event_mapping_options(work->mapping)->reports;
	delivery->post = (Post *) palloc0(sizeof(Post));
	work->errand.post = delivery->post;
	work->kind->begin(delivery);
	if (delivery->post->allowed_hosts == NULL)
		delivery->post->allowed_hosts = pstrdup(dynapg_event_hosts);
	work->pauses = 0;
}

/* What others are to see must be safe.  A flush is good for all that had been committed when it was made: one is enough for a backlog. */
static void
make_durable(const LaneErrand *work)
{
	KnownLane  *known = known_lane(work->lane);

	if (work->batch->end <= known->durable)
		return;
	stream_flush_what_was_read();
	known->durable = work->batch->horizon;
}

/* Reads the next batch, within a transaction of its own. */
static LaneRead
read_batch(Courier *courier, LaneErrand *work)
{
	TimestampTz until = 0;
	MemoryContext caller;
	LaneRead	read;

	MemoryContextReset(work->of_batch);
	if (!courier_begin(courier))
		return LANE_GONE;
	caller = MemoryContextSwitchTo(work->of_batch);
	read = event_lane_read(work->lane, &work->mapping, &work->batch, &until);
	if (read == LANE_BATCH)
	{
		begin_delivery(work);
		make_durable(work);
	}
	MemoryContextSwitchTo(caller);
	step_commit();
	if (read == LANE_WAITS && until != 0)
		courier_look_at(courier, until);
	return read;
}

/* Sends the next batch of a lane; false, and the errand has ended, if there is none. */
static bool
send_next(Courier *courier, LaneErrand *work)
{
	KnownLane  *known = known_lane(work->lane);
	LaneRead	read = LANE_MORE;

	if (known->place != NULL && !courier_has_room(courier, known->place, known->bytes))
		read = LANE_IDLE;
	for (int i = 0; read == LANE_MORE && i < FURTHER_READS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read = read_batch(courier, work);
	}
	if (read != LANE_BATCH)
	{
		release_lane(work);
		courier_end(courier, &work->errand);
		return read == LANE_WAITS || read == LANE_MORE;
	}
	if (known->place == NULL || strcmp(known->place, courier_place(work->errand.post->url)) != 0)
		known->place = MemoryContextStrdup(courier_context(courier), courier_place(work->errand.post->url));
	known->bytes = work->errand.post->len;
	courier_send(courier, &work->errand);
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

static void
note(Courier *courier, LaneErrand *work, const EventOutcome *outcome)
{
	if (!courier_begin(courier))
		return;
	(void) event_lane_note(work->lane, work->mapping, work->batch, outcome);
	step_commit();
}

/* Sends a further request of a delivery, unless its mapping was changed, disabled or deleted since. */
static void
send_further(Courier *courier, Errand *errand)
{
	LaneErrand *work = (LaneErrand *) errand;
	bool		wanted = false;

	if (courier_begin(courier))
	{
		wanted = event_lane_is_wanted(work->lane, work->mapping, work->batch);
		step_commit();
	}
	if (wanted)
	{
		courier_send(courier, errand);
		return;
	}
	release_lane(work);
	courier_end(courier, errand);
	courier_look_at(courier, GetCurrentTimestamp());
}

static void
on_answered(Courier *courier, Errand *errand)
{
	LaneErrand *work = (LaneErrand *) errand;
	MemoryContext caller = MemoryContextSwitchTo(work->of_batch);
	EventOutcome outcome = {.ok = true};
	DeliveryStep step = work->kind->judge(&work->delivery, work->pauses, &outcome);

	MemoryContextSwitchTo(caller);
	switch (step)
	{
		case DELIVERY_GOES_ON:
			send_further(courier, errand);
			break;
		case DELIVERY_WAITS:
			courier_pause(courier, errand, courier_backoff(work->pauses++));
			break;
		case DELIVERY_OVER:
			note(courier, work, &outcome);
			(void) send_next(courier, work);
			break;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether there was something to be sent. */
static bool
begin_lane(Courier *courier, int64 lane)
{
	LaneErrand *work;
	bool		claimed;

	if (!courier_begin(courier))
		return false;
	claimed = event_lane_claim(lane);
	step_commit();
	if (!claimed)
		return false;
	work = (LaneErrand *) courier_errand(courier, sizeof(LaneErrand));
	work->lane = lane;
	work->errand.answered = on_answered;
	work->errand.resumed = send_further;
	work->errand.dropped = on_dropped;
	work->of_batch = AllocSetContextCreate(work->errand.context, "dynapg batch", ALLOCSET_DEFAULT_SIZES);
	known_lane(lane)->at_work = true;
	return send_next(courier, work);
}

bool
courier_look_at_lanes(Courier *courier)
{
	static uint64 turn = 0;
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = DT_NOEND;
	List	   *lanes;
	List	   *due = NIL;
	ListCell   *cell;
	bool		more = false;

	if (!courier_begin(courier))
		return false;
	lanes = event_lanes_due(true, now, &next);
	MemoryContextSwitchTo(caller);
	foreach(cell, lanes)
		due = lappend(due, memcpy(palloc(sizeof(EventLane)), lfirst(cell), sizeof(EventLane)));
	step_commit();
	MemoryContextSwitchTo(caller);
	if (next != DT_NOEND)
	{
		courier_look_at(courier, next);
		more = true;
	}
	/* where a place has not room for all, another lane comes first each time */
	turn++;
	for (int i = 0; i < list_length(due); i++)
	{
		const EventLane *lane = (const EventLane *) list_nth(due, (int) ((i + turn) % list_length(due)));
		const KnownLane *known = known_lane(lane->lane);

		CHECK_FOR_INTERRUPTS();
		if (known->at_work || known->rests_until > now)
			continue;
		if (known->place != NULL && !courier_has_room(courier, known->place, known->bytes))
			more = true;
		else
			more |= begin_lane(courier, lane->lane);
	}
	return more;
}
