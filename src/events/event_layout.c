/*
 * event_layout.c
 *		Which lanes a mapping has: they follow the shards of its stream, and its streams each other.
 *
 * Lanes of a generation's shards are added when the generation is there; those of later ones wait (event_lanes_due()).  When a stream has ended and all
 * of it has been sent, the mapping goes on with the next one of its table; a mapping whose table is gone is deleted then.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "events/event_lane.h"
#include "events/event_options.h"
#include "keep/step.h"
#include "log/log_shard.h"

static const LogShard *
shard_of(const TableLog *log, int generation, int number)
{
	ListCell   *cell;

	foreach(cell, log_shards(log))
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (shard->generation == generation && shard->number == number)
			return shard;
	}
	return NULL;
}

int64
event_lane_end(const EventPosition *position, const TableLog *log, char **shard_id)
{
	const LogShard *shard = shard_of(log, position->generation, position->shard);

	if (shard == NULL)
		return 0;
	if (shard_id != NULL)
		*shard_id = pstrdup(shard->id);
	return Min(position->last_seq, shard->last_seq);
}

/* ------------------------------------------------------------------------------------------------------------
 * Adding lanes
 * ------------------------------------------------------------------------------------------------------------ */

static uint64
hash_prefix(const pg_uuid_t *hash)
{
	uint64		prefix = 0;

	for (int i = 0; i < 8; i++)
		prefix = prefix << 8 | hash->data[i];
	return prefix;
}

static void
set_prefix(pg_uuid_t *hash, uint64 prefix, unsigned char rest)
{
	memset(hash, rest, sizeof(*hash));
	for (int i = 0; i < 8; i++)
		hash->data[i] = (unsigned char) (prefix >> (56 - 8 * i));
}

/* Adds the lanes of a shard, which has its share of the hashes in so many parts. */
static void
add_lanes(const EventMapping *mapping, const TableLog *log, const LogShard *shard, int level, int parts, int64 position)
{
	uint64		first = hash_prefix(&shard->first);
	uint64		share = (hash_prefix(&shard->last) - first) / parts;

	for (int part = 0; part < parts; part++)
	{
		EventPosition lane = {
			.mapping = mapping->uuid,
			.stream = log->id,
			.generation = shard->generation,
			.shard = shard->number,
			.level = level,
			.first = shard->first,
			.last = shard->last,
			.position = position
		};

		if (part > 0)
			set_prefix(&lane.first, first + part * share, 0);
		if (part < parts - 1)
			set_prefix(&lane.last, first + (part + 1) * share - 1, 0xFF);
		catalog_add_event_position(&lane);
	}
}

/* Adds the lanes of generations after one, from the oldest record on; of those behind a number only, where start is not 0. */
static void
add_generations(const EventMapping *mapping, const TableLog *log, int after, int64 start)
{
	int64		begin = Max(start, log_trim_horizon(log));
	int			parallel = event_mapping_options(mapping)->parallel;
	int			generation = after;
	ListCell   *cell;

	foreach(cell, log_shards(log))
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (shard->generation <= after)
			continue;
		generation = Max(generation, shard->generation);
		if (shard->last_seq > begin)
			add_lanes(mapping, log, shard, 0, parallel, Max(shard->first_seq, begin));
	}
	if (generation > after || mapping->stream != log->id)
		catalog_set_event_stream(&mapping->uuid, log->id, generation);
}

static const TableInfo *
table_of(const EventMapping *mapping)
{
	const TableInfo *table = catalog_table(mapping->table_name, strlen(mapping->table_name));

	return table != NULL && memcmp(&table->id, &mapping->table_id, UUID_LEN) == 0 ? table : NULL;
}

void
event_lay_out_first(const EventMapping *mapping, bool latest)
{
	const TableInfo *table = table_of(mapping);
	const TableLog *log = table ? catalog_latest_stream(table) : NULL;

	if (log == NULL || log->first_seq == PG_INT64_MAX)
		return;					/* LATEST, too: it begins with the stream */
	/* the horizon is taken before shards are looked for */
	add_generations(mapping, log, -1, latest ? log_horizon(log->id) : 0);
}

static int
compare_age(const EventPosition *a, const EventPosition *b)
{
	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	return a->level < b->level ? -1 : a->level > b->level;
}

/* Of the lanes of one shard: the highest level. */
static int
level_of_shard(List *lanes, const EventPosition *lane)
{
	int			level = 0;
	ListCell   *cell;

	foreach(cell, lanes)
	{
		const EventPosition *other = (const EventPosition *) lfirst(cell);

		if (other->stream == lane->stream && other->generation == lane->generation && other->shard == lane->shard)
			level = Max(level, other->level);
	}
	return level;
}

/* The number that no lane of a level of a shard has got past, batches that are tried again included. */
static int64
boundary_of_shard(List *lanes, const EventPosition *lane)
{
	int64		boundary = 0;
	ListCell   *cell;

	foreach(cell, lanes)
	{
		const EventPosition *other = (const EventPosition *) lfirst(cell);

		if (other->shard != lane->shard || compare_age(other, lane) != 0)
			continue;
		boundary = Max(boundary, other->position);
		if (other->n_slices > 0)
			boundary = Max(boundary, other->slices[0]);
	}
	return boundary;
}

void
event_lay_out_again(const EventMapping *mapping, int parallel)
{
	List	   *lanes = catalog_event_positions(&mapping->uuid);
	ListCell   *cell;
	List	   *seen = NIL;

	foreach(cell, lanes)
	{
		EventPosition *lane = (EventPosition *) lfirst(cell);
		const TableLog *log = catalog_log(lane->stream);
		const LogShard *shard = log ? shard_of(log, lane->generation, lane->shard) : NULL;
		int			level = level_of_shard(lanes, lane);
		int64		boundary = boundary_of_shard(lanes, lane);
		int			key = lane->generation * 64 + lane->shard;

		if (shard == NULL || lane->level < level || lane->last_seq != PG_INT64_MAX || boundary >= shard->last_seq)
			continue;
		lane->last_seq = boundary;
		catalog_save_event_position(lane);
		if (!list_member_int(seen, key))
			add_lanes(mapping, log, shard, level + 1, parallel, boundary);
		seen = list_append_unique_int(seen, key);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Following
 * ------------------------------------------------------------------------------------------------------------ */

/* Ends the lanes that have sent all that there will be of them; returns how many go on. */
static int
end_lanes(List *lanes, const TableLog *log, int64 horizon)
{
	int			open = 0;
	ListCell   *cell;

	foreach(cell, lanes)
	{
		EventPosition *lane = (EventPosition *) lfirst(cell);
		int64		end;

		if (log != NULL && lane->stream == log->id)
		{
			end = event_lane_end(lane, log, NULL);
			if (horizon < end || lane->position < end)
			{
				open++;
				continue;
			}
			lane = catalog_event_position_for_update(lane->lane);
		}
		if (lane != NULL)
			catalog_end_event_position(lane);
	}
	return open;
}

/* All that the mapping had to read is sent, or gone: what comes next. */
static void
follow_table(const EventMapping *mapping)
{
	const TableInfo *table = table_of(mapping);
	const TableLog *next = table ? catalog_latest_stream(table) : NULL;

	if (table == NULL)
	{
		ereport(LOG,
				(errmsg("event source mapping %s is deleted: its table \"%s\" is gone, and all of its stream was read",
						event_mapping_name(mapping), mapping->table_name)));
		catalog_delete_event_mapping(&mapping->uuid);
	}
	else if (next != NULL && next->first_seq != PG_INT64_MAX && next->id != mapping->stream)
		add_generations(mapping, next, -1, 0);
	else
		catalog_set_event_problem(&mapping->uuid, "the table has no stream");
}

/* Whether a mapping's lanes may have to change; looked at without locks. */
static bool
needs_change(const EventMapping *mapping)
{
	int64		horizon = mapping->stream != 0 ? log_horizon(mapping->stream) : 0;
	const TableLog *log = mapping->stream != 0 ? catalog_log(mapping->stream) : NULL;
	List	   *lanes = catalog_event_positions(&mapping->uuid);
	ListCell   *cell;

	if (log == NULL || (lanes == NIL && log->last_seq != PG_INT64_MAX))
	{
		const TableInfo *table = table_of(mapping);
		const TableLog *next = table ? catalog_latest_stream(table) : NULL;

		return lanes != NIL || table == NULL || mapping->problem == NULL ||
			(next != NULL && next->first_seq != PG_INT64_MAX && next->id != mapping->stream);
	}
	foreach(cell, log_shards(log))
		if (((const LogShard *) lfirst(cell))->generation > mapping->generation)
			return true;
	foreach(cell, lanes)
	{
		const EventPosition *lane = (const EventPosition *) lfirst(cell);
		int64		end = event_lane_end(lane, log, NULL);

		if (lane->stream != log->id || (horizon >= end && lane->position >= end))
			return true;
	}
	return false;
}

static void
lay_out(const pg_uuid_t *uuid)
{
	const EventMapping *mapping;
	const TableLog *log = NULL;
	int64		horizon = 0;
	int			open;

	if (!catalog_lock_event_state(uuid))
		return;
	mapping = catalog_event_mapping(uuid);
	if (mapping == NULL || !mapping->enabled)
		return;
	if (mapping->stream != 0)
	{
		/* before the shards are looked for (log_shard.h) */
		horizon = log_horizon(mapping->stream);
		log = catalog_log(mapping->stream);
	}
	if (log != NULL)
		add_generations(mapping, log, mapping->generation, 0);
	open = end_lanes(catalog_event_positions(uuid), log, horizon);
	if (log == NULL || (open == 0 && log->last_seq != PG_INT64_MAX && horizon >= log->last_seq))
		follow_table(mapping);
}

/* The mappings whose lanes must be looked at, in the current context. */
static List *
mappings_to_lay_out(void)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *uuids = NIL;
	ListCell   *cell;

	if (!step_begin(false))
		return NIL;
	foreach(cell, catalog_event_mappings(NULL))
	{
		const EventMapping *mapping = (const EventMapping *) lfirst(cell);

		if (mapping->enabled && needs_change(mapping))
		{
			MemoryContext inner = MemoryContextSwitchTo(caller);
			pg_uuid_t  *uuid = (pg_uuid_t *) palloc(sizeof(pg_uuid_t));

			*uuid = mapping->uuid;
			uuids = lappend(uuids, uuid);
			MemoryContextSwitchTo(inner);
		}
	}
	step_commit();
	MemoryContextSwitchTo(caller);
	return uuids;
}

void
event_lay_out(void)
{
	MemoryContext caller = CurrentMemoryContext;
	ListCell   *cell;

	foreach(cell, mappings_to_lay_out())
	{
		if (!step_begin(false))
			break;
		lay_out((const pg_uuid_t *) lfirst(cell));
		step_commit();
		MemoryContextSwitchTo(caller);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Which may be read
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a lane must wait for another one of its mapping's: an older one, with hashes in common. */
static bool
waits_for(const EventPosition *lane, const EventPosition *other)
{
	return memcmp(&lane->mapping, &other->mapping, UUID_LEN) == 0 && compare_age(other, lane) < 0 &&
		memcmp(&other->first, &lane->last, UUID_LEN) <= 0 && memcmp(&lane->first, &other->last, UUID_LEN) <= 0;
}

static bool
is_blocked(const EventPosition *lane, List *lanes)
{
	ListCell   *cell;

	foreach(cell, lanes)
		if (waits_for(lane, (const EventPosition *) lfirst(cell)))
			return true;
	return false;
}

static void
add_due_lanes(List **due, const EventMapping *mapping, bool outside, TimestampTz now, TimestampTz *next)
{
	List	   *lanes = catalog_event_positions(&mapping->uuid);
	ListCell   *cell;

	foreach(cell, lanes)
	{
		const EventPosition *position = (const EventPosition *) lfirst(cell);
		EventLane  *lane;

		if (is_blocked(position, lanes))
			continue;
		if (position->retry_at > now)
		{
			*next = Min(*next, position->retry_at);
			continue;
		}
		lane = (EventLane *) palloc(sizeof(EventLane));
		lane->lane = position->lane;
		lane->mapping = mapping->uuid;
		lane->outside = outside;
		*due = lappend(*due, lane);
	}
}

List *
event_lanes_due(bool outside, TimestampTz now, TimestampTz *next)
{
	List	   *due = NIL;
	ListCell   *cell;

	foreach(cell, catalog_event_mappings(NULL))
	{
		const EventMapping *mapping = (const EventMapping *) lfirst(cell);

		if (mapping->enabled && catalog_event_kind_is_outside(mapping->kind) == outside)
			add_due_lanes(&due, mapping, outside, now, next);
	}
	return due;
}
