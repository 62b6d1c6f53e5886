/*
 * insight.c
 *		Contributor insights: which keys of a table or an index are asked for most, and throttled most.
 *
 * Which rule has which room stands in an array of its own, read without a lock and believed only under the lock of the sketch; it is written under
 * that and the directory's.  The directory's lock comes first.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/limits.h"
#include "catalog/insights.h"
#include "meter/insight.h"

#define IDLE_SECONDS	3600	/* after which a rule's room may be another's */
#define RETRY_SECONDS	10		/* after which a process asks for room again that was not to be had */
#define MAX_KEPT		32		/* keys that a process keeps while others are at their sketches */

/* Which rule a sketch is of. */
typedef struct RuleId
{
	Oid			database;		/* InvalidOid: none */
	Oid			relation;		/* of the table or the index */
	int64		number;			/* of its settings: InsightsMark */
	int64		kind;
} RuleId;

typedef struct Room
{
	LWLock		lock;
	TimestampTz since;
	TimestampTz used_at;
	Sketch		sketch;
} Room;

typedef struct InsightShared
{
	LWLock		directory;
	int			tranche;
	RuleId		rules[INSIGHTS_MAX_RULES];
	Room		rooms[INSIGHTS_MAX_RULES];
} InsightShared;

/* What could not be added yet. */
typedef struct Kept
{
	RuleId		rule;
	SketchKey	key;
	double		weight;
} Kept;

/* A key that is told, of one rule. */
typedef struct Told
{
	RuleId		rule;
	uint64		hash;
	double		weight;
	const JsonbValue *key;
	int			n_attributes;
	const KeyAttribute *attributes[2 * INDEX_KEY_MAX_ATTRIBUTES];
} Told;

const char *const insight_kind_names[INSIGHT_KINDS] = {"PKC", "SKC", "PKT", "SKT"};

static InsightShared *shared;
static Kept *kept;
static int	n_kept;
static TimestampTz next_claim;
static MemoryContext scratch;

/* ------------------------------------------------------------------------------------------------------------
 * Shared memory
 * ------------------------------------------------------------------------------------------------------------ */

Size
insight_shared_size(void)
{
	return sizeof(InsightShared);
}

void
insight_init_shared(void)
{
	bool		found;

	shared = (InsightShared *) ShmemInitStruct("dynapg contributor insights", sizeof(InsightShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(*shared));
		shared->tranche = LWLockNewTrancheId();
		LWLockInitialize(&shared->directory, shared->tranche);
		for (int i = 0; i < INSIGHTS_MAX_RULES; i++)
			LWLockInitialize(&shared->rooms[i].lock, shared->tranche);
	}
	LWLockRegisterTranche(shared->tranche, "dynapg insights");
}

bool
insight_is_wanted(void)
{
	return catalog_any_insights();
}

/* ------------------------------------------------------------------------------------------------------------
 * Rooms
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_rule(const RuleId *a, const RuleId *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The room of a rule, -1 if it has none: to be looked at again under the room's lock. */
static int
find_room(const RuleId *rule)
{
	for (int i = 0; i < INSIGHTS_MAX_RULES; i++)
		if (is_rule(&shared->rules[i], rule))
			return i;
	return -1;
}

/* Whether a rule of this database's is one still. */
static bool
is_current(const RuleId *rule)
{
	const TableInfo *table = catalog_table_of_relation(rule->relation);
	const TableIndex *index;

	if (table != NULL)
		return table->insights.number == rule->number;
	index = catalog_index_of_relation(rule->relation, &table);
	return index != NULL && index->insights.number == rule->number;
}

/* Whether a rule is over; asks the catalogs, so no lock is held. */
static bool
is_over(const RuleId *rule)
{
	if (rule->database == MyDatabaseId)
		return !is_current(rule);
	return !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(rule->database));
}

/* Gives a room to a rule; the caller has the directory. */
static void
give_room(int i, const RuleId *rule)
{
	Room	   *room = &shared->rooms[i];

	LWLockAcquire(&room->lock, LW_EXCLUSIVE);
	shared->rules[i] = *rule;
	room->since = room->used_at = GetCurrentTimestamp();
	sketch_reset(&room->sketch);
	LWLockRelease(&room->lock);
}

/* Takes room for a rule: that which is free or, if rules are given, that of one of those if it is still theirs. */
static int
take_room(const RuleId *rule, const RuleId *over)
{
	TimestampTz idle = GetCurrentTimestamp() - IDLE_SECONDS * USECS_PER_SEC;
	int			found;

	LWLockAcquire(&shared->directory, LW_EXCLUSIVE);
	found = find_room(rule);
	for (int i = 0; found < 0 && i < INSIGHTS_MAX_RULES; i++)
	{
		const RuleId *present = &shared->rules[i];

		if (!OidIsValid(present->database) ||
			(over != NULL && (is_rule(present, &over[i]) || shared->rooms[i].used_at < idle)))
		{
			give_room(i, rule);
			found = i;
		}
	}
	LWLockRelease(&shared->directory);
	return found;
}

/* The room of a rule, which it gets if there is any. */
static int
room_of(const RuleId *rule)
{
	int			found = find_room(rule);
	RuleId		over[INSIGHTS_MAX_RULES];

	if (found >= 0 || (next_claim != 0 && GetCurrentTimestamp() < next_claim))
		return found;
	found = take_room(rule, NULL);
	if (found >= 0)
		return found;
	for (int i = 0; i < INSIGHTS_MAX_RULES; i++)
	{
		over[i] = shared->rules[i];
		if (!is_over(&over[i]))
			memset(&over[i], 0xFF, sizeof(over[i]));	/* what no rule is */
	}
	found = take_room(rule, over);
	next_claim = found < 0 ? TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RETRY_SECONDS * 1000) : 0;
	return found;
}

/* ------------------------------------------------------------------------------------------------------------
 * What is kept for a moment
 * ------------------------------------------------------------------------------------------------------------ */

/* The room is not idle.  Its lock is held; a statement that began long ago does not make it so. */
static void
note_use(Room *room)
{
	room->used_at = Max(room->used_at, GetCurrentStatementStartTimestamp());
}

/* Adds what is kept for one room; false if somebody else is at it and we do not wait. */
static bool
add_kept(const Kept *entry, bool wait)
{
	int			i = find_room(&entry->rule);
	Room	   *room;

	if (i < 0)
		return true;			/* the rule is over */
	room = &shared->rooms[i];
	if (wait)
		LWLockAcquire(&room->lock, LW_EXCLUSIVE);
	else if (!LWLockConditionalAcquire(&room->lock, LW_EXCLUSIVE))
		return false;
	if (is_rule(&shared->rules[i], &entry->rule))
	{
		sketch_add(&room->sketch, &entry->key, entry->weight);
		note_use(room);
	}
	LWLockRelease(&room->lock);
	return true;
}

static void
flush_kept(bool wait)
{
	int			left = 0;

	for (int i = 0; i < n_kept; i++)
		if (!add_kept(&kept[i], wait))
			kept[left++] = kept[i];
	n_kept = left;
}

static void
flush_at_exit(int code, Datum argument)
{
	flush_kept(true);
}

/* What is made of a key is not the caller's memory, who may come with millions of them.  Returns the caller's context. */
static MemoryContext
begin_scratch(void)
{
	if (scratch == NULL)
		scratch = AllocSetContextCreate(TopMemoryContext, "dynapg insights", ALLOCSET_SMALL_SIZES);
	return MemoryContextSwitchTo(scratch);
}

static void
end_scratch(MemoryContext caller)
{
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
}

/* The text of a key: {"p":{"S":"a"}}, as far as it is kept. */
static void
write_text(const Told *told, SketchKey *key)
{
	static StringInfoData text; /* used again and again */
	MemoryContext caller;
	WireWriter	writer;

	if (text.data == NULL)
	{
		caller = MemoryContextSwitchTo(TopMemoryContext);
		initStringInfo(&text);
		MemoryContextSwitchTo(caller);
	}
	resetStringInfo(&text);
	caller = begin_scratch();
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	for (int i = 0; i < told->n_attributes; i++)
	{
		const KeyAttribute *attribute = told->attributes[i];
		JsonbValue	value;

		if (!attr_lookup(told->key, attribute->stored, attribute->stored_len, &value))
			continue;
		wire_key(&writer, attribute->name, attribute->name_len);
		attr_write_value(&writer, &value);
	}
	wire_object_end(&writer);
	key->hash = told->hash;
	key->len = text.len;
	memcpy(key->text, text.data, Min(text.len, SKETCH_TEXT_SIZE));
	end_scratch(caller);
}

static void
keep(const Told *told)
{
	for (int i = 0; i < n_kept; i++)
		if (kept[i].key.hash == told->hash && is_rule(&kept[i].rule, &told->rule))
		{
			kept[i].weight += told->weight;
			return;
		}
	if (kept == NULL)
	{
		kept = (Kept *) MemoryContextAlloc(TopMemoryContext, MAX_KEPT * sizeof(Kept));
		before_shmem_exit(flush_at_exit, (Datum) 0);
	}
	if (n_kept == MAX_KEPT)
		flush_kept(true);
	kept[n_kept].rule = told->rule;
	kept[n_kept].weight = told->weight;
	write_text(told, &kept[n_kept].key);
	n_kept++;
}

/* ------------------------------------------------------------------------------------------------------------
 * Telling
 * ------------------------------------------------------------------------------------------------------------ */

/* Adds to a key that is there already, and whose text need not be made; false if it is not, or somebody else is at its sketch. */
static bool
hit(int i, const Told *told)
{
	Room	   *room = &shared->rooms[i];
	bool		done;

	if (!LWLockConditionalAcquire(&room->lock, LW_EXCLUSIVE))
		return false;
	done = is_rule(&shared->rules[i], &told->rule) && sketch_hit(&room->sketch, told->hash, told->weight);
	if (done)
		note_use(room);
	LWLockRelease(&room->lock);
	return done;
}

static void
tell(const Told *told)
{
	int			i = room_of(&told->rule);

	if (i < 0)
		return;
	if (!hit(i, told))
		keep(told);
	if (n_kept > 0)
		flush_kept(false);
}

/* The hash of a whole key, of that of its partition key and its sort attributes' values; false if it lacks one. */
static bool
hash_whole_key(const MeterUse *use, const KeyAttribute *sort, int n_sort, uint64 *hash)
{
	for (int i = 0; i < n_sort; i++)
	{
		JsonbValue	value;
		const char *bytes;
		int			len;

		if (!attr_lookup(use->key, sort[i].stored, sort[i].stored_len, &value) ||
			key_bytes(&value, sort[i].type, SORT_KEY_MAX_SIZE, &bytes, &len) != KEY_OK)
			return false;
		*hash = hash_combine64(*hash, hash_bytes_extended((const unsigned char *) bytes, len, 0));
	}
	return true;
}

static void
add_attributes(Told *told, const KeyAttribute *attributes, int n)
{
	for (int i = 0; i < n; i++)
		told->attributes[told->n_attributes++] = &attributes[i];
}

static bool
has_attributes(const MeterUse *use, const KeyAttribute *attributes, int n)
{
	JsonbValue	value;

	for (int i = 0; i < n; i++)
		if (!attr_lookup(use->key, attributes[i].stored, attributes[i].stored_len, &value))
			return false;
	return true;
}

void
insight_key(const MeterUse *use, bool throttled)
{
	const TableIndex *index = use->index;
	const InsightsMark *mark = index ? &index->insights : &use->table->insights;
	const KeyAttribute *hash = index ? index->hash : &use->table->hash;
	const KeyAttribute *sort = index ? index->sort : &use->table->sort;
	int			n_hash = index ? index->n_hash : 1;
	int			n_sort = index ? index->n_sort : use->table->has_sort;
	Told		told = {.key = use->key, .weight = throttled ? 1 : use->units};
	MemoryContext caller;
	bool		has_sort;

	if (mark->number == 0 || (!throttled && !mark->accessed) || use->hash == NULL || use->key == NULL || told.weight <= 0 ||
		!has_attributes(use, hash, n_hash))
		return;
	told.rule = (RuleId) {MyDatabaseId, index ? index->relation : use->table->relation, mark->number, throttled ? INSIGHT_PKT : INSIGHT_PKC};
	memcpy(&told.hash, use->hash, sizeof(told.hash));
	add_attributes(&told, hash, n_hash);
	tell(&told);
	if (n_sort == 0)
		return;
	caller = begin_scratch();
	has_sort = hash_whole_key(use, sort, n_sort, &told.hash);
	end_scratch(caller);
	if (!has_sort)
		return;
	told.rule.kind = throttled ? INSIGHT_SKT : INSIGHT_SKC;
	add_attributes(&told, sort, n_sort);
	tell(&told);
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------------------------------------------ */

static RuleId
rule_of(const TableInfo *table, const TableIndex *index, InsightKind kind)
{
	return (RuleId) {
		MyDatabaseId, index ? index->relation : table->relation, index ? index->insights.number : table->insights.number, kind
	};
}

bool
insight_copy(const TableInfo *table, const TableIndex *index, InsightKind kind, Sketch *copy, TimestampTz *since)
{
	RuleId		rule = rule_of(table, index, kind);
	int			i = shared != NULL ? find_room(&rule) : -1;
	bool		found;

	if (i < 0)
		return false;
	flush_kept(true);
	LWLockAcquire(&shared->rooms[i].lock, LW_EXCLUSIVE);
	found = is_rule(&shared->rules[i], &rule);
	if (found)
	{
		*copy = shared->rooms[i].sketch;
		*since = shared->rooms[i].since;
	}
	LWLockRelease(&shared->rooms[i].lock);
	return found;
}

bool
insight_has_no_room(const TableInfo *table, const TableIndex *index, InsightKind kind)
{
	RuleId		rule = rule_of(table, index, kind);

	return shared != NULL && rule.number != 0 && room_of(&rule) < 0;
}

void
insight_reset(const TableInfo *table, const TableIndex *index, InsightKind kind)
{
	RuleId		rule = rule_of(table, index, kind);
	int			i = shared != NULL ? find_room(&rule) : -1;

	if (i < 0)
		return;
	LWLockAcquire(&shared->directory, LW_EXCLUSIVE);
	if (is_rule(&shared->rules[i], &rule))
		give_room(i, &rule);
	LWLockRelease(&shared->directory);
}
