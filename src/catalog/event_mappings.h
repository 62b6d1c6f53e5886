/*
 * event_mappings.h
 *		Event source mappings: dynapg.event_source_mappings, event_states, event_positions, destination_secrets, event_failures.
 *
 * A mapping sends the changes of a table to a destination.  What it is is in its row, which goes through a dump; its state, without which it is
 * disabled, and its positions do not.  It reads in lanes: a lane is a shard of the stream, or a part of a shard's hashes, and its row says how
 * far it is.  Who works on a lane locks the mapping (shared) and the row first and looks at the state then; who lays out lanes, ends them, disables or deletes a mapping
 * locks the state first and then the rows of lanes, which he waits for.  So nothing is called or sent any more for a mapping when he has committed.
 */
#ifndef DYNAPG_EVENT_MAPPINGS_H
#define DYNAPG_EVENT_MAPPINGS_H

#include "catalog/tables.h"

#define EVENT_MAX_SLICES 20		/* a batch of 10,000 is bisected 14 times */

/* What has been counted of a mapping or a lane; in catalog_save_position() they are the lane's own. */
typedef struct EventCounts
{
	int64		sent;			/* records that the destination has taken */
	int64		retried;		/* records that were sent again */
	int64		failed;			/* records that were given up */
	int64		filtered;		/* records that no filter matched */
} EventCounts;

typedef struct EventMapping
{
	pg_uuid_t	uuid;
	char	   *table_name;
	pg_uuid_t	table_id;
	Oid			owner;			/* may be a role that is gone */
	char	   *kind;			/* the member of destination: "Function" ... */
	Jsonb	   *destination;	/* without secrets */
	Jsonb	   *options;		/* all of them */
	Oid			function_owner; /* who owned the destination's SQL function when it was named; InvalidOid: there is none */
	Oid			failure_function_owner; /* the same on failure */
	TimestampTz created_at;
	TimestampTz modified_at;
	/* its state */
	bool		enabled;
	char	   *reason;			/* StateTransitionReason */
	int32		stream;			/* of dynapg.logs; 0: it has not begun to read one */
	int			generation;		/* the last one that has lanes; -1: none has */
	EventCounts counts;			/* of lanes that have ended */
	char	   *problem;		/* why it does not read; NULL: it does */
} EventMapping;

typedef struct EventPosition
{
	int64		lane;
	pg_uuid_t	mapping;
	int32		stream;
	int			generation;
	int			shard;			/* LogShard's number */
	int			level;			/* within the generation: lanes of lower levels come before */
	pg_uuid_t	first;			/* hashes, both inclusive */
	pg_uuid_t	last;
	int64		position;		/* records up to this number have been dealt with */
	int64		last_seq;		/* where it ends; PG_INT64_MAX: with its shard */
	int			n_slices;
	int64		slices[EVENT_MAX_SLICES];	/* ends of batches that are tried again; the last is the next one's */
	int			attempts;		/* failures of the next batch that count */
	int			failures;		/* in a row */
	TimestampTz retry_at;		/* 0: at once */
	EventCounts counts;
	TimestampTz sent_at;		/* 0: nothing has been sent */
	char	   *last_error;		/* NULL: none */
	TimestampTz last_error_at;
} EventPosition;

/* ------------------------------------------------------------------------------------------------------------
 * Mappings.  All are read as they are now, whatever the transaction's snapshot, and palloc'd.
 * ------------------------------------------------------------------------------------------------------------ */

/* NULL: there is none. */
extern EventMapping *catalog_event_mapping(const pg_uuid_t *uuid);

/* Those of a table's name, or all (NULL), in the order of their creation: EventMapping pointers. */
extern List *catalog_event_mappings(const char *table_name);

/* Whether a kind of destinations is outside of the database: the courier's, and not an event worker's. */
extern bool catalog_event_kind_is_outside(const char *kind);

/*
 * Whether there is work for event workers: a mapping with a destination inside is enabled, or an alarm tells a function; for the courier: one with a destination outside
 * is, or an invocation record is on its way; and whether an alarm tells a function.  Any pointer may be NULL.
 */
extern void catalog_events_are_enabled(bool *inside, bool *outside, bool *alarms);

/* Locks the row of a mapping until the end of the transaction, before it is read that it may be changed. */
extern void catalog_lock_event_row(const pg_uuid_t *uuid);

/* Writes the row of a new mapping, and its state: all but what is derived. */
extern void catalog_add_event_mapping(const EventMapping *mapping);

/* Replaces destination, kind, options, the owners of functions and modified_at.  Waits for the batches that are on their way. */
extern void catalog_change_event_mapping(const EventMapping *mapping);

/* Enables or disables one; waits for the batches that are on their way. */
extern void catalog_enable_event_mapping(const pg_uuid_t *uuid, bool enabled, const char *reason);

/* Deletes it with all that belongs to it; waits for the batches that are on their way. */
extern void catalog_delete_event_mapping(const pg_uuid_t *uuid);

/* What it reads, and what keeps it from that (NULL: nothing). */
extern void catalog_set_event_stream(const pg_uuid_t *uuid, int32 stream, int generation);
extern void catalog_set_event_problem(const pg_uuid_t *uuid, const char *problem);

/*
 * Locks a mapping until the end of the transaction: for a batch (AccessShareLock), or against batches (AccessExclusiveLock), which stand in line for it; the row
 * of a lane alone would go to who has had it before.
 */
extern void catalog_lock_event_mapping(const pg_uuid_t *uuid, LOCKMODE mode);

/* Locks the state of a mapping against others who lay out lanes; false if it has none any more. */
extern bool catalog_lock_event_state(const pg_uuid_t *uuid);

/* ------------------------------------------------------------------------------------------------------------
 * Lanes
 * ------------------------------------------------------------------------------------------------------------ */

/* A lane as it is now; NULL: it has ended.  _for_update: with its row locked until the end of the transaction. */
extern EventPosition *catalog_event_position(int64 lane);
extern EventPosition *catalog_event_position_for_update(int64 lane);

/* The lanes of a mapping (NULL: of all), in the order of their numbers: EventPosition pointers. */
extern List *catalog_event_positions(const pg_uuid_t *mapping);

/* Adds a lane, whose number it gets. */
extern void catalog_add_event_position(EventPosition *position);

/* Writes what changes: from position on.  The row is locked by this transaction. */
extern void catalog_save_event_position(const EventPosition *position);

/* A lane has ended: its counts go to its mapping's, whose state the caller has locked. */
extern void catalog_end_event_position(const EventPosition *position);

/* The OID of dynapg.event_positions, for locks. */
extern Oid	catalog_event_positions_oid(void);

/* ------------------------------------------------------------------------------------------------------------
 * Secrets and failures
 * ------------------------------------------------------------------------------------------------------------ */

/* The secrets of a mapping: {"Destination": ..., "OnFailure": ...}; NULL: none.  Put: NULL takes them away. */
extern Jsonb *catalog_destination_secret(const pg_uuid_t *mapping);
extern void catalog_put_destination_secret(const pg_uuid_t *mapping, Jsonb *secret);

typedef struct EventFailure
{
	int64		id;
	pg_uuid_t	mapping;
	char	   *invocation;		/* JSON */
	int			attempts;
	TimestampTz retry_at;		/* 0: at once */
} EventFailure;

/* Keeps an invocation record for the courier. */
extern void catalog_add_event_failure(const pg_uuid_t *mapping, const char *invocation);

/* The oldest ones of a mapping, at most limit: EventFailure pointers. */
extern List *catalog_event_failures(const pg_uuid_t *mapping, int limit);

/* The mappings, and the alarms, that have any that the courier is to send: pg_uuid_t pointers.  What alarms tell functions is not. */
extern List *catalog_event_failing_mappings(void);

/* One has been sent, or given up; all of a mapping or an alarm, which is deleted or has nobody to be told; one is to be tried again. */
extern void catalog_delete_event_failure(int64 id);
extern void catalog_delete_event_failures_of(const pg_uuid_t *mapping);
extern void catalog_retry_event_failure(int64 id, TimestampTz retry_at);

#endif							/* DYNAPG_EVENT_MAPPINGS_H */
