/*
 * insight.h
 *		Contributor insights: which keys of a table or an index are asked for most, and throttled most.
 *
 * A rule is a sketch (sketch.h) in shared memory: of the partition keys or of the whole keys of a table or an index, by what they consume or by how
 * often they are refused.  There is room for INSIGHTS_MAX_RULES of all databases.  A rule takes its room when the first key of it is told, and what was
 * counted is lost with a restart, a crash, or another change of its settings.  Room is given to another rule if its rule is over (disabled, changed; its
 * table, index or database dropped), or if no key of it was told for an hour.
 *
 * Nobody waits for a rule that somebody else is at: what cannot be added at once is kept in the process and added with the next key, or when
 * the process ends.  Only when a process has kept as much as it can it waits, for as long as it takes to add that to one sketch.
 */
#ifndef DYNAPG_INSIGHT_H
#define DYNAPG_INSIGHT_H

#include "meter/meter.h"
#include "meter/sketch.h"

typedef enum InsightKind
{
	INSIGHT_PKC,				/* partition keys, by units consumed */
	INSIGHT_SKC,				/* partition and sort keys, by units consumed */
	INSIGHT_PKT,				/* partition keys, by refusals */
	INSIGHT_SKT
} InsightKind;

#define INSIGHT_KINDS 4

extern const char *const insight_kind_names[INSIGHT_KINDS];

/* The shared memory that insights take; made when the server starts, under AddinShmemInitLock. */
extern Size insight_shared_size(void);
extern void insight_init_shared(void);

/* Whether any table of this database has asked for them; asked once a request, so it is to cost nothing. */
extern bool insight_is_wanted(void);

/* If they are wanted: a key (use->key, use->hash) was asked for, or throttled.  Not all tables have asked for it. */
extern void insight_key(const MeterUse *use, bool throttled);

/*
 * Copies a rule of a table (index NULL) or an index that counts; false if nothing was told of it since it has last begun, with *since when that was.
 * What other processes keep for a moment is not in it.
 */
extern bool insight_copy(const TableInfo *table, const TableIndex *index, InsightKind kind, Sketch *copy, TimestampTz *since);

/* Whether a rule has no room because others have all. */
extern bool insight_has_no_room(const TableInfo *table, const TableIndex *index, InsightKind kind);

/* Begins to count anew. */
extern void insight_reset(const TableInfo *table, const TableIndex *index, InsightKind kind);

#endif							/* DYNAPG_INSIGHT_H */
