/*
 * catalog.c
 *		Reading dynapg.tables, and each backend's cache of it.
 *
 * A backend keeps what it has looked up until the catalog changes: whoever writes dynapg.tables, we or plain SQL
 * (a trigger sees to that), sends a relcache invalidation of it.  Entries thus dropped are freed at the
 * end of the transaction, so that a TableInfo that somebody holds stays readable.
 *
 * The catalog is read without asking for privileges: everybody may know which tables exist, as the service's
 * own metadata is not guarded by data policies.
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
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/invalidation.h"
#include "catalog/tables.h"
#include "catalog/catalog_private.h"

typedef struct CacheEntry
{
	char		name[TABLE_NAME_MAX_SIZE + 1];	/* hash key; first */
	TableInfo  *table;
} CacheEntry;

typedef struct RelationEntry
{
	Oid			relation;		/* hash key; first */
	TableInfo  *table;
} RelationEntry;

static MemoryContext cache_context; /* holds the cache; a child of it holds what is current */
static HTAB *cache;
static HTAB *cache_by_relation;
static MemoryContext retired;	/* entries dropped in this transaction */
static bool callbacks_registered;
static Oid	catalog_oid;		/* of dynapg.tables, its primary key and its index on the relation; looked up again after */
static Oid	catalog_name_index; /* each change */
static Oid	catalog_relation_index;
static Oid	indexes_oid;		/* of dynapg.indexes */
static Oid	logs_oid;			/* of dynapg.logs */
static Oid	log_seq_oid;		/* of the sequence dynapg.log_seq */

/* Empties the cache.  What it held stays readable until the transaction ends. */
static void
retire_cache(void)
{
	if (cache_context != NULL)
	{
		if (retired == NULL)
			retired = AllocSetContextCreate(TopMemoryContext, "dynapg retired tables", ALLOCSET_SMALL_SIZES);
		MemoryContextSetParent(cache_context, retired);
		cache_context = NULL;
		cache = cache_by_relation = NULL;
	}
	catalog_oid = InvalidOid;
	catalog_forget_insights();
}

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	if (relation == InvalidOid || relation == catalog_oid || relation == indexes_oid || relation == logs_oid)
		retire_cache();
}

static void
on_transaction_end(XactEvent event, void *argument)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (retired != NULL)
		MemoryContextDelete(retired);
	retired = NULL;
}

bool
catalog_exists(void)
{
	Oid			schema;

	if (!callbacks_registered)
	{
		invalidation_call(on_relcache_invalidation);
		RegisterXactCallback(on_transaction_end, NULL);
		callbacks_registered = true;
	}
	if (OidIsValid(catalog_oid))
		return true;
	schema = get_namespace_oid("dynapg", true);
	catalog_name_index = get_relname_relid("tables_pkey", schema);
	catalog_relation_index = get_relname_relid("tables_relation_key", schema);
	indexes_oid = get_relname_relid("indexes", schema);
	logs_oid = get_relname_relid("logs", schema);
	log_seq_oid = get_relname_relid("log_seq", schema);
	catalog_oid = get_relname_relid("tables", schema);
	if (!OidIsValid(catalog_name_index) || !OidIsValid(catalog_relation_index) || !OidIsValid(indexes_oid) ||
		!OidIsValid(logs_oid) || !OidIsValid(log_seq_oid))
		catalog_oid = InvalidOid;
	return OidIsValid(catalog_oid);
}

/* Finds the catalog's relations; raises an error if the extension is not (or half) there. */
static void
find_catalog(void)
{
	if (!catalog_exists())
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the catalog of extension dynapg is incomplete"),
				 errhint("Create the extension anew.")));
}

Oid
catalog_relation(void)
{
	find_catalog();
	return catalog_oid;
}

Oid
catalog_indexes_oid(void)
{
	find_catalog();
	return indexes_oid;
}

Oid
catalog_logs_oid(void)
{
	find_catalog();
	return logs_oid;
}

Oid
catalog_log_sequence_oid(void)
{
	find_catalog();
	return log_seq_oid;
}

void
catalog_scan_key(ScanKey key, const char *name, int name_len)
{
	ScanKeyInit(key, CATALOG_NAME, BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(name, name_len)));
}

SysScanDesc
catalog_begin_scan(Relation catalog, Snapshot snapshot, int nkeys, ScanKey keys)
{
	bool		by_relation = nkeys > 0 && keys[0].sk_attno == CATALOG_RELATION;

	find_catalog();
	return systable_beginscan(catalog, by_relation ? catalog_relation_index : catalog_name_index,
							  true, snapshot, nkeys, keys);
}

List *
catalog_read_rows(const char *name, const char *index, int n_keys, ScanKey keys, CatalogReader read)
{
	Oid			schema = get_namespace_oid("dynapg", true);
	Oid			oid = get_relname_relid(name, schema);
	List	   *found = NIL;
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	row;

	if (!OidIsValid(oid))
		return NIL;
	catalog = table_open(oid, AccessShareLock);
	scan = systable_beginscan(catalog, index ? get_relname_relid(index, schema) : InvalidOid, index != NULL, NULL, n_keys, keys);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
		found = lappend(found, read(catalog, row));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

char *
catalog_text_or_null(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? NULL : TextDatumGetCString(values[column - 1]);
}

void
catalog_member(JsonbContainer *object, const char *name, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, name, strlen(name), value) == NULL)
		elog(ERROR, "table definition lacks %s", name);
}

KeyType
catalog_defined_type(Jsonb *definition, const KeyAttribute *attribute)
{
	JsonbValue	list;

	catalog_member(&definition->root, "AttributeDefinitions", &list);
	for (uint32 i = 0; i < JsonContainerSize(list.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(list.val.binary.data, i);
		JsonbValue	name;
		JsonbValue	type;

		catalog_member(element->val.binary.data, "AttributeName", &name);
		catalog_member(element->val.binary.data, "AttributeType", &type);
		if (name.val.string.len == attribute->name_len &&
			memcmp(name.val.string.val, attribute->name, attribute->name_len) == 0)
			return (KeyType) type.val.string.val[0];
	}
	elog(ERROR, "table definition lacks the type of key %s", attribute->name);
}

void
catalog_read_keys(Jsonb *definition, TableInfo *table)
{
	JsonbValue	list;

	catalog_member(&definition->root, "KeySchema", &list);
	for (uint32 i = 0; i < JsonContainerSize(list.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(list.val.binary.data, i);
		JsonbValue	name;
		JsonbValue	kind;
		KeyAttribute *attribute;

		catalog_member(element->val.binary.data, "AttributeName", &name);
		catalog_member(element->val.binary.data, "KeyType", &kind);
		attribute = kind.val.string.val[0] == 'H' ? &table->hash : &table->sort;
		attribute->name = pnstrdup(name.val.string.val, name.val.string.len);
		attribute->name_len = name.val.string.len;
		attribute->stored = attr_name_to_stored(attribute->name, attribute->name_len, &attribute->stored_len);
		attribute->type = catalog_defined_type(definition, attribute);
	}
	table->has_sort = table->sort.name != NULL;
}

TableStatus
catalog_status_of_text(const text *status)
{
	for (int i = TABLE_CREATING; i <= TABLE_DELETING; i++)
	{
		const char *name = catalog_status_name((TableStatus) i);

		if (strlen(name) == VARSIZE_ANY_EXHDR(status) &&
			memcmp(name, VARDATA_ANY(status), VARSIZE_ANY_EXHDR(status)) == 0)
			return (TableStatus) i;
	}
	return TABLE_ACTIVE;
}

/* A catalog row as a TableInfo, in the current context. */
TableInfo *
catalog_read_row(Relation catalog, HeapTuple row)
{
	Datum		values[CATALOG_COLUMNS];
	bool		nulls[CATALOG_COLUMNS];
	TableInfo  *table = (TableInfo *) palloc0(sizeof(TableInfo));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	text_to_cstring_buffer(DatumGetTextPP(values[CATALOG_NAME - 1]), table->name, sizeof(table->name));
	if (!nulls[CATALOG_RELATION - 1])
		table->relation = DatumGetObjectId(values[CATALOG_RELATION - 1]);
	memcpy(&table->id, DatumGetUUIDP(values[CATALOG_ID - 1]), UUID_LEN);
	table->created_at = DatumGetTimestampTz(values[CATALOG_CREATED_AT - 1]);
	table->definition = DatumGetJsonbPCopy(values[CATALOG_DEFINITION - 1]);
	table->tags = DatumGetJsonbPCopy(values[CATALOG_TAGS - 1]);
	if (!nulls[CATALOG_EXPIRY - 1])
		table->expiry_changed_at = DatumGetTimestampTz(values[CATALOG_EXPIRY - 1]);
	if (!nulls[CATALOG_CHANGE - 1] && !nulls[CATALOG_CHANGE_ENDS - 1])
	{
		table->change = catalog_status_of_text(DatumGetTextPP(values[CATALOG_CHANGE - 1]));
		table->change_ends = DatumGetTimestampTz(values[CATALOG_CHANGE_ENDS - 1]);
	}
	catalog_read_keys(table->definition, table);
	return table;
}

/*
 * The one row that a key finds, as a TableInfo in the current context; NULL if there is none.  It is read on one snapshot with its
 * indexes: they refer to its definition.
 */
static TableInfo *
read_table(const ScanKeyData *key)
{
	ScanKeyData own_key = *key; /* a scan changes it */
	Relation	catalog = table_open(catalog_relation(), AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetCatalogSnapshot(RelationGetRelid(catalog)));
	SysScanDesc scan = catalog_begin_scan(catalog, snapshot, 1, &own_key);
	HeapTuple	row = systable_getnext(scan);
	TableInfo  *table = HeapTupleIsValid(row) ? catalog_read_row(catalog, row) : NULL;

	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (table != NULL)
	{
		catalog_read_indexes(table, snapshot);
		catalog_read_logs(table, snapshot);
		catalog_read_insights(table);
	}
	UnregisterSnapshot(snapshot);
	return table;
}

static void
create_cache(void)
{
	HASHCTL		by_name = {.keysize = TABLE_NAME_MAX_SIZE + 1, .entrysize = sizeof(CacheEntry)};
	HASHCTL		by_relation = {.keysize = sizeof(Oid), .entrysize = sizeof(RelationEntry)};

	cache_context = AllocSetContextCreate(CacheMemoryContext, "dynapg tables", ALLOCSET_DEFAULT_SIZES);
	by_name.hcxt = by_relation.hcxt = cache_context;
	cache = hash_create("dynapg tables", 64, &by_name, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	cache_by_relation = hash_create("dynapg tables by relation", 64, &by_relation, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * Reads a table and puts it into the cache.  It is built under the caller's context and handed over when it is whole: reading may
 * empty the cache, and what was read is old then.
 */
static TableInfo *
cache_table(ScanKey key)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg table", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	TableInfo  *table;
	uint64		messages;

	do
	{
		MemoryContextReset(context);
		messages = SharedInvalidMessageCounter;
		table = read_table(key);
	} while (messages != SharedInvalidMessageCounter);
	MemoryContextSwitchTo(caller);
	if (table == NULL)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	if (cache == NULL)
		create_cache();
	MemoryContextSetParent(context, cache_context);
	((CacheEntry *) hash_search(cache, table->name, HASH_ENTER, NULL))->table = table;
	if (OidIsValid(table->relation))
		((RelationEntry *) hash_search(cache_by_relation, &table->relation, HASH_ENTER, NULL))->table = table;
	return table;
}

/* NULL for a table whose deletion is over: only its row waits to be swept up. */
static const TableInfo *
unless_deleted(const TableInfo *table)
{
	if (table != NULL && table->change == TABLE_DELETING && GetCurrentTimestamp() >= table->change_ends)
		return NULL;
	return table;
}

const TableInfo *
catalog_table(const char *name, int name_len)
{
	char		key[TABLE_NAME_MAX_SIZE + 1];
	CacheEntry *entry;
	ScanKeyData scan_key;

	if (name_len > TABLE_NAME_MAX_SIZE)
		return NULL;

	/* a long transaction must not go on with a table that others have dropped and created anew since it began */
	AcceptInvalidationMessages();
	memcpy(key, name, name_len);
	key[name_len] = '\0';

	if (cache != NULL && (entry = (CacheEntry *) hash_search(cache, key, HASH_FIND, NULL)) != NULL)
		return unless_deleted(entry->table);
	catalog_scan_key(&scan_key, name, name_len);
	return unless_deleted(cache_table(&scan_key));
}

const TableInfo *
catalog_table_of_relation(Oid relation)
{
	RelationEntry *entry;
	ScanKeyData key;

	AcceptInvalidationMessages();
	if (cache != NULL &&
		(entry = (RelationEntry *) hash_search(cache_by_relation, &relation, HASH_FIND, NULL)) != NULL)
		return unless_deleted(entry->table);
	ScanKeyInit(&key, CATALOG_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	return unless_deleted(cache_table(&key));
}

TableStatus
catalog_table_status(const TableInfo *table)
{
	/* one that was found while it was DELETING does not become ACTIVE meanwhile */
	if (table->change == TABLE_DELETING ||
		(table->change != TABLE_ACTIVE && GetCurrentTimestamp() < table->change_ends))
		return table->change;
	return TABLE_ACTIVE;
}

const char *
catalog_status_name(TableStatus status)
{
	static const char *const names[] = {"ACTIVE", "CREATING", "UPDATING", "DELETING"};

	return names[status];
}

List *
catalog_table_names(const char *after, int limit)
{
	List	   *names = NIL;
	Relation	catalog = table_open(catalog_relation(), AccessShareLock);
	ScanKeyData key;
	Relation	index = index_open(catalog_name_index, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, CATALOG_NAME, BTGreaterStrategyNumber, F_TEXT_GT, CStringGetTextDatum(after ? after : ""));
	scan = systable_beginscan_ordered(catalog, index, NULL, 1, &key);
	while (list_length(names) < limit &&
		   HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		TableInfo  *table = catalog_read_row(catalog, row);

		if (unless_deleted(table) != NULL)
			names = lappend(names, table->name);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return names;
}

int
catalog_table_count(void)
{
	return list_length(catalog_table_names(NULL, INT_MAX));
}

bool
catalog_any_relation(bool (*test) (Oid relation))
{
	Relation	catalog = table_open(catalog_relation(), AccessShareLock);
	SysScanDesc scan = catalog_begin_scan(catalog, NULL, 0, NULL);
	bool		found = false;
	HeapTuple	row;

	while (!found && HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		relation = heap_getattr(row, CATALOG_RELATION, RelationGetDescr(catalog), &isnull);

		found = !isnull && test(DatumGetObjectId(relation));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}
