/*
 * resource_policies.c
 *		Reading and writing dynapg.resource_policies, and each backend's cache of it.
 *
 * A backend keeps the policies that it has looked up, and whether there are any at all, until the table changes: whoever writes it, we or plain SQL (a
 * trigger sees to that), sends a relcache invalidation of it.  What was kept stays readable until the transaction ends, as in catalog.c.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/invalidation.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"
#include "catalog/resource_policies.h"

#define POLICIES_TABLE_NAME	1	/* text */
#define POLICIES_LABEL		2	/* text, empty of a table */
#define POLICIES_TABLE_ID	3	/* uuid */
#define POLICIES_POLICY		4	/* text, null if it was deleted */
#define POLICIES_REVISION	5	/* int8 */
#define POLICIES_COLUMNS	5

/* A process that has looked up very many starts anew. */
#define MAX_CACHED 1000

/* What was found; also that there is none. */
typedef struct PolicyEntry
{
	char		key[TABLE_NAME_MAX_SIZE + 1 + LOG_LABEL_SIZE];	/* hash key; first: name, slash, label */
	pg_uuid_t	table_id;
	ResourcePolicy policy;
} PolicyEntry;

static MemoryContext cache_context; /* NULL: nothing is known */
static HTAB *cache;
static bool has_any;			/* while there is a cache */
static MemoryContext retired;	/* caches emptied in this transaction */
static Oid	policies_oid;		/* of dynapg.resource_policies and its primary key; looked up again after each change */
static Oid	policies_index;

/* ------------------------------------------------------------------------------------------------------------
 * Forgetting
 * ------------------------------------------------------------------------------------------------------------ */

/* Empties the cache.  What it held stays readable until the transaction ends. */
static void
retire_cache(void)
{
	if (cache_context == NULL)
		return;
	if (retired == NULL)
		retired = AllocSetContextCreate(TopMemoryContext, "dynapg retired resource policies", ALLOCSET_SMALL_SIZES);
	MemoryContextSetParent(cache_context, retired);
	cache_context = NULL;
	cache = NULL;
}

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	if (!OidIsValid(relation) || relation == policies_oid)
		retire_cache();
}

static void
on_transaction_end(XactEvent event, void *argument)
{
	if (retired == NULL || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE))
		return;
	MemoryContextDelete(retired);
	retired = NULL;
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	invalidation_call(on_relcache_invalidation);
	RegisterXactCallback(on_transaction_end, NULL);
	registered = true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

/* Opens the table; NULL while the extension is being created. */
static Relation
open_policies(void)
{
	Oid			schema = get_namespace_oid("dynapg", true);

	policies_oid = OidIsValid(schema) ? get_relname_relid("resource_policies", schema) : InvalidOid;
	policies_index = OidIsValid(schema) ? get_relname_relid("resource_policies_pkey", schema) : InvalidOid;
	return OidIsValid(policies_oid) && OidIsValid(policies_index) ? table_open(policies_oid, AccessShareLock) : NULL;
}

/* Whether there is a row that has a policy.  Those of deletions are few: they go with their tables. */
static bool
find_any(void)
{
	Relation	policies = open_policies();
	SysScanDesc scan;
	HeapTuple	row;
	bool		found = false;

	if (policies == NULL)
		return false;
	scan = systable_beginscan(policies, InvalidOid, false, NULL, 0, NULL);
	while (!found && HeapTupleIsValid(row = systable_getnext(scan)))
		found = !heap_attisnull(row, POLICIES_POLICY, RelationGetDescr(policies));
	systable_endscan(scan);
	table_close(policies, AccessShareLock);
	return found;
}

/* Reads a row, in the current context; false, and an empty policy, if there is none. */
static bool
read_row(const char *table_name, const char *label, pg_uuid_t *table_id, ResourcePolicy *policy)
{
	Relation	policies = open_policies();
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	row;
	bool		found = false;

	memset(policy, 0, sizeof(*policy));
	policy->context = CurrentMemoryContext;
	if (policies == NULL)
		return false;
	ScanKeyInit(&keys[0], POLICIES_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table_name));
	ScanKeyInit(&keys[1], POLICIES_LABEL, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(label));
	scan = systable_beginscan(policies, policies_index, true, NULL, lengthof(keys), keys);
	if (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		Datum		values[POLICIES_COLUMNS];
		bool		nulls[POLICIES_COLUMNS];

		heap_deform_tuple(row, RelationGetDescr(policies), values, nulls);
		*table_id = *DatumGetUUIDP(values[POLICIES_TABLE_ID - 1]);
		policy->revision = DatumGetInt64(values[POLICIES_REVISION - 1]);
		if (!nulls[POLICIES_POLICY - 1])
			policy->text = TextDatumGetCString(values[POLICIES_POLICY - 1]);
		found = true;
	}
	systable_endscan(scan);
	table_close(policies, AccessShareLock);
	return found;
}

static void
create_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(((PolicyEntry *) NULL)->key), .entrysize = sizeof(PolicyEntry)};

	cache_context = AllocSetContextCreate(CacheMemoryContext, "dynapg resource policies", ALLOCSET_SMALL_SIZES);
	control.hcxt = cache_context;
	cache = hash_create("dynapg resource policies", 16, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

bool
catalog_has_resource_policies(void)
{
	AcceptInvalidationMessages();
	register_callbacks();
	while (cache_context == NULL)
	{
		uint64		messages = SharedInvalidMessageCounter;
		bool		found = find_any();

		/* what was read while the table changed may be old */
		if (messages != SharedInvalidMessageCounter)
			continue;
		/* while the extension is being created nothing tells of changes */
		if (!OidIsValid(policies_oid))
			return false;
		create_cache();
		has_any = found;
	}
	return has_any;
}

/* Reads a policy into an entry of its own in the cache.  It is handed over when it is whole, as in catalog.c. */
static PolicyEntry *
cache_policy(const char *key, const char *table_name, const char *label)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "dynapg resource policy", ALLOCSET_SMALL_SIZES);
	ResourcePolicy policy;
	pg_uuid_t	table_id = {0};
	PolicyEntry *entry;
	uint64		messages;

	MemoryContextSwitchTo(context);
	do
	{
		MemoryContextReset(context);
		messages = SharedInvalidMessageCounter;
		if (!read_row(table_name, label, &table_id, &policy))
			policy.text = NULL;
	} while (messages != SharedInvalidMessageCounter);
	MemoryContextSwitchTo(caller);
	if (cache != NULL && hash_get_num_entries(cache) >= MAX_CACHED)
		retire_cache();
	if (cache == NULL)
	{
		create_cache();
		has_any = true;
	}
	MemoryContextSetParent(context, cache_context);
	entry = (PolicyEntry *) hash_search(cache, key, HASH_ENTER, NULL);
	entry->table_id = table_id;
	entry->policy = policy;
	return entry;
}

ResourcePolicy *
catalog_resource_policy(const char *table_name, int name_len, const char *label)
{
	char		key[sizeof(((PolicyEntry *) NULL)->key)];
	const TableInfo *table = NULL;
	PolicyEntry *entry;

	if (!catalog_has_resource_policies() || name_len > TABLE_NAME_MAX_SIZE)
		return NULL;

	/* what is written in an ARN need not be a label; the empty one is the table's */
	if (label != NULL && (*label == '\0' || strlen(label) >= LOG_LABEL_SIZE))
		return NULL;
	if (label == NULL && (table = catalog_table(table_name, name_len)) == NULL)
		return NULL;
	table_name = pnstrdup(table_name, name_len);
	snprintf(key, sizeof(key), "%s/%s", table_name, label ? label : "");
	entry = cache != NULL ? (PolicyEntry *) hash_search(cache, key, HASH_FIND, NULL) : NULL;
	if (entry == NULL)
		entry = cache_policy(key, table_name, label ? label : "");
	if (entry->policy.text == NULL || (table != NULL && memcmp(&entry->table_id, &table->id, UUID_LEN) != 0))
		return NULL;
	return &entry->policy;
}

/* ------------------------------------------------------------------------------------------------------------
 * Changes
 * ------------------------------------------------------------------------------------------------------------ */

void
catalog_read_resource_policy(const PolicyOwner *owner, ResourcePolicy *policy)
{
	pg_uuid_t	table_id;

	if (read_row(owner->table_name, owner->label, &table_id, policy) && memcmp(&table_id, owner->table_id, UUID_LEN) != 0)
	{
		policy->text = NULL;
		policy->revision = 0;
	}
}

int64
catalog_resource_policy_age(const ResourcePolicy *policy)
{
	return catalog_milliseconds(GetCurrentTimestamp()) - policy->revision;
}

int64
catalog_write_resource_policy(const PolicyOwner *owner, const char *text, TimestampTz now, const ResourcePolicy *previous)
{
	int64		revision = Max(catalog_milliseconds(now), previous->revision + 1);
	Oid			types[] = {TEXTOID, TEXTOID, UUIDOID, TEXTOID, INT8OID};
	Datum		values[] = {
		CStringGetTextDatum(owner->table_name),
		CStringGetTextDatum(owner->label),
		UUIDPGetDatum(owner->table_id),
		text ? CStringGetTextDatum(text) : (Datum) 0,
		Int64GetDatum(revision)
	};

	(void) catalog_execute("INSERT INTO dynapg.resource_policies (table_name, stream_label, table_id, policy, revision) "
						   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (table_name, stream_label) DO UPDATE "
						   "SET table_id = excluded.table_id, policy = excluded.policy, revision = excluded.revision",
						   lengthof(values), types, values, text ? NULL : "   n ");
	return revision;
}

void
catalog_forget_resource_policy(const char *table_name, const char *label)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(table_name), CStringGetTextDatum(label)};

	(void) catalog_execute("DELETE FROM dynapg.resource_policies WHERE table_name = $1 AND stream_label = $2",
						   lengthof(values), types, values, NULL);
}
