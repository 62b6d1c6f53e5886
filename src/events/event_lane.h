/*
 * event_lane.h
 *		Lanes: reading a shard for a mapping, batch by batch, and noting what came of each.
 *
 * A lane is a row of dynapg.event_positions: a shard of the stream, or with ParallelizationFactor a part of its hashes.  Its state is all in that row, so
 * whoever works on it may die at any moment:
 *
 *		position				records up to there have been dealt with
 *		slices	empty			the next batch is whatever comes
 *				ends of batches	something has failed: the next batch ends at the last of them.  A batch that is bisected leaves its end there and adds
 *								that of its first half; a slice goes when the position has reached it.
 *		attempts				how often the next batch has failed
 *
 * One process at a time works on a lane: who has claimed it.  Reading and noting are calls within transactions of the caller's; nothing stays open between
 * them, so that the courier may await an answer there.  Who disables or deletes a mapping locks the lanes' rows (catalog/event_mappings.h).
 */
#ifndef DYNAPG_EVENT_LANE_H
#define DYNAPG_EVENT_LANE_H

#include "events/event_batch.h"

/* A lane that there is work for, or may be soon. */
typedef struct EventLane
{
	int64		lane;
	pg_uuid_t	mapping;
	bool		outside;
} EventLane;

/* event_layout.c */

/* Lays out the lanes of all enabled mappings, as streams get shards and end.  In short transactions of its own: the caller has none. */
extern void event_lay_out(void);

/* The first lanes of a mapping that the present transaction makes, if its table's stream is ENABLED. */
extern void event_lay_out_first(const EventMapping *mapping, bool latest);

/* Another ParallelizationFactor: the lanes that there are end where the furthest of their shard is, and others go on. */
extern void event_lay_out_again(const EventMapping *mapping, int parallel);

/* Where a lane ends: with its shard, unless earlier; PG_INT64_MAX while that is open.  *shard_id, if not NULL, gets the shard's id. */
extern int64 event_lane_end(const EventPosition *position, const TableLog *log, char **shard_id);

/* event_lane.c */

/*
 * The lanes that may be read now: of enabled mappings whose destinations are outside, or inside; not those that wait for an older lane with
 * hashes in common, nor those whose next try is later.  EventLane pointers, palloc'd.  *next: the first of those tries, unchanged if there is none before it.  In a transaction.
 */
extern List *event_lanes_due(bool outside, TimestampTz now, TimestampTz *next);

/* Takes a lane for this process, until it releases it or ends, whatever errors come between; false if another has it. */
extern bool event_lane_claim(int64 lane);
extern void event_lane_release(int64 lane);

typedef enum LaneRead
{
	LANE_BATCH,					/* a batch was read; the lane's row is locked until the transaction ends */
	LANE_MORE,					/* none of many records was for it: read again, in another transaction */
	LANE_WAITS,					/* for a fuller batch, until *until; or for a retry */
	LANE_IDLE,					/* there is nothing (more) yet */
	LANE_GONE					/* it has ended, or its mapping is disabled or deleted */
} LaneRead;

/*
 * Reads the next batch of a lane that is claimed, in a transaction in READ COMMITTED as the superuser, into the current context.  What is too old is given up
 * here (MaximumRecordAgeInSeconds).  *mapping gets the mapping, palloc'd, with LANE_BATCH.
 */
extern LaneRead event_lane_read(int64 lane, EventMapping **mapping, EventBatch **batch, TimestampTz *until);

/* Whether a batch that was read is still to be sent: nobody has moved the lane, nor changed, disabled or deleted the mapping.  In a transaction. */
extern bool event_lane_is_wanted(int64 lane, const EventMapping *mapping, const EventBatch *batch);

/*
 * Notes what came of a batch: in the transaction that has read it or in a later one, as the superuser.  Success moves the position; a failure is counted,
 * bisected, put off, or given up to the on-failure destination.  False, and nothing is noted, if the lane is not where it was: its mapping was
 * deleted meanwhile, say.  Logs when a mapping begins to fail, and when it recovers.
 */
extern bool event_lane_note(int64 lane, const EventMapping *mapping, const EventBatch *batch, const EventOutcome *outcome);

/* A lane could not be read, or what came of a batch not noted: with this error.  It is tried again later.  In a transaction as the superuser. */
extern void event_lane_stumbled(int64 lane, const char *error);

/*
 * Acts as a mapping's owner, in a restricted way, until the current transaction has ended: the process is the superuser again then.  Raises an error if that
 * role is gone.
 */
extern void event_become_owner(const EventMapping *mapping);

/* The uuid of a mapping as text, palloc'd. */
extern char *event_mapping_name(const EventMapping *mapping);

/* The options of a mapping, compiled; kept by this process until they change. */
struct EventOptions;

/* The options of a mapping, compiled; kept by this process until they change. */
extern const struct EventOptions *event_mapping_options(const EventMapping *mapping);

#endif							/* DYNAPG_EVENT_LANE_H */
