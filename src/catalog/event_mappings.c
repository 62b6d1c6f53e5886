/*
 * event_mappings.c
 *		Reading and writing event source mappings and their states.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/catalog_private.h"
#include "catalog/event_mappings.h"
#include "catalog/owner.h"

/* The columns of dynapg.event_source_mappings. */
#define MAPPINGS_UUID				1	/* uuid */
#define MAPPINGS_TABLE_NAME			2	/* text */
#define MAPPINGS_TABLE_ID			3	/* uuid */
#define MAPPINGS_OWNER				4	/* regrole */
#define MAPPINGS_KIND				5	/* text */
#define MAPPINGS_DESTINATION		6	/* jsonb */
#define MAPPINGS_OPTIONS			7	/* jsonb */
#define MAPPINGS_FUNCTION_OWNER		8	/* regrole */
#define MAPPINGS_FAILURE_OWNER		9	/* regrole */
#define MAPPINGS_CREATED_AT			10	/* timestamptz */
#define MAPPINGS_MODIFIED_AT		11	/* timestamptz */
#define MAPPINGS_COLUMNS			11

/* The columns of dynapg.event_states. */
#define STATES_MAPPING				1	/* uuid */
#define STATES_ENABLED				2	/* boolean */
#define STATES_REASON				3	/* text */
#define STATES_STREAM				4	/* int4 */
#define STATES_GENERATION			5	/* int4 */
#define STATES_SENT					6	/* int8, and three more of EventCounts */
#define STATES_PROBLEM				10	/* text */
#define STATES_COLUMNS				10

/* Of the locks on mappings, beside numbers of other locks on numbers of our catalogs. */
#define MAPPING_LOCK 1

static Oid
event_object(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("dynapg", false));
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static Oid
role_or_none(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? InvalidOid : DatumGetObjectId(values[column - 1]);
}

static void *
read_mapping(Relation catalog, HeapTuple row)
{
	Datum		values[MAPPINGS_COLUMNS];
	bool		nulls[MAPPINGS_COLUMNS];
	EventMapping *mapping = (EventMapping *) palloc0(sizeof(EventMapping));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	mapping->uuid = *DatumGetUUIDP(values[MAPPINGS_UUID - 1]);
	mapping->table_name = TextDatumGetCString(values[MAPPINGS_TABLE_NAME - 1]);
	mapping->table_id = *DatumGetUUIDP(values[MAPPINGS_TABLE_ID - 1]);
	mapping->owner = DatumGetObjectId(values[MAPPINGS_OWNER - 1]);
	mapping->kind = TextDatumGetCString(values[MAPPINGS_KIND - 1]);
	mapping->destination = DatumGetJsonbPCopy(values[MAPPINGS_DESTINATION - 1]);
	mapping->options = DatumGetJsonbPCopy(values[MAPPINGS_OPTIONS - 1]);
	mapping->function_owner = role_or_none(values, nulls, MAPPINGS_FUNCTION_OWNER);
	mapping->failure_function_owner = role_or_none(values, nulls, MAPPINGS_FAILURE_OWNER);
	mapping->created_at = DatumGetTimestampTz(values[MAPPINGS_CREATED_AT - 1]);
	mapping->modified_at = DatumGetTimestampTz(values[MAPPINGS_MODIFIED_AT - 1]);
	mapping->generation = -1;
	mapping->reason = "Not enabled since it was restored";
	return mapping;
}

static void
read_state(Relation catalog, HeapTuple row, EventMapping *mapping)
{
	Datum		values[STATES_COLUMNS];
	bool		nulls[STATES_COLUMNS];

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	mapping->enabled = DatumGetBool(values[STATES_ENABLED - 1]);
	mapping->reason = TextDatumGetCString(values[STATES_REASON - 1]);
	if (!nulls[STATES_STREAM - 1])
		mapping->stream = DatumGetInt32(values[STATES_STREAM - 1]);
	if (!nulls[STATES_GENERATION - 1])
		mapping->generation = DatumGetInt32(values[STATES_GENERATION - 1]);
	mapping->counts.sent = DatumGetInt64(values[STATES_SENT - 1]);
	mapping->counts.retried = DatumGetInt64(values[STATES_SENT]);
	mapping->counts.failed = DatumGetInt64(values[STATES_SENT + 1]);
	mapping->counts.filtered = DatumGetInt64(values[STATES_SENT + 2]);
	if (!nulls[STATES_PROBLEM - 1])
		mapping->problem = TextDatumGetCString(values[STATES_PROBLEM - 1]);
}

/* Adds what the state of a mapping says. */
static void
find_state(EventMapping *mapping)
{
	Relation	catalog = table_open(event_object("event_states"), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, STATES_MAPPING, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&mapping->uuid));
	scan = systable_beginscan(catalog, event_object("event_states_pkey"), true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		read_state(catalog, row, mapping);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/* Mappings that an index (NULL: none) and a key find. */
static List *
find_mappings(const char *index, int n_keys, ScanKey key)
{
	List	   *mappings = catalog_read_rows("event_source_mappings", index, n_keys, key, read_mapping);

	for (int i = 0; i < list_length(mappings); i++)
		find_state((EventMapping *) list_nth(mappings, i));
	return mappings;
}

EventMapping *
catalog_event_mapping(const pg_uuid_t *uuid)
{
	ScanKeyData key;
	List	   *found;

	ScanKeyInit(&key, MAPPINGS_UUID, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(uuid));
	found = find_mappings("event_source_mappings_pkey", 1, &key);
	return found == NIL ? NULL : (EventMapping *) linitial(found);
}

static int
compare_mappings(const ListCell *a, const ListCell *b)
{
	const EventMapping *first = (const EventMapping *) lfirst(a);
	const EventMapping *second = (const EventMapping *) lfirst(b);

	if (first->created_at != second->created_at)
		return first->created_at < second->created_at ? -1 : 1;
	return memcmp(&first->uuid, &second->uuid, UUID_LEN);
}

List *
catalog_event_mappings(const char *table_name)
{
	List	   *mappings;
	ScanKeyData key;

	if (table_name == NULL)
		mappings = find_mappings(NULL, 0, NULL);
	else
	{
		ScanKeyInit(&key, MAPPINGS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table_name));
		key.sk_collation = C_COLLATION_OID;
		mappings = find_mappings("event_source_mappings_table", 1, &key);
	}
	list_sort(mappings, compare_mappings);
	return mappings;
}

bool
catalog_event_kind_is_outside(const char *kind)
{
	return strcmp(kind, "Function") != 0 && strcmp(kind, "Notify") != 0 && strcmp(kind, "Table") != 0;
}

void
catalog_events_are_enabled(bool *inside, bool *outside, bool *alarms)
{
	static CatalogStatement statement = {
		"SELECT COALESCE(pg_catalog.bool_or(m.kind IN ('Function', 'Notify', 'Table')), false), EXISTS (SELECT FROM dynapg.event_failures f "
		"JOIN dynapg.metric_alarms a ON a.uuid OPERATOR(pg_catalog.=) f.mapping WHERE a.kind OPERATOR(pg_catalog.=) 'Function'), "
		"COALESCE(pg_catalog.bool_or(m.kind NOT IN ('Function', 'Notify', 'Table')), false) OR EXISTS (SELECT FROM dynapg.event_failures f "
		"WHERE NOT EXISTS (SELECT FROM dynapg.metric_alarms a WHERE a.uuid OPERATOR(pg_catalog.=) f.mapping AND a.kind OPERATOR(pg_catalog.=) 'Function')) "
		"FROM dynapg.event_states s JOIN dynapg.event_source_mappings m ON m.uuid OPERATOR(pg_catalog.=) s.mapping WHERE s.enabled", 0
	};
	Datum		columns[3];
	bool		nulls[3];

	if (inside)
		*inside = false;
	if (outside)
		*outside = false;
	if (alarms)
		*alarms = false;
	if (!OidIsValid(event_object("event_failures")) || !catalog_fetch_saved(&statement, NULL, lengthof(columns), columns, nulls))
		return;
	if (inside)
		*inside = DatumGetBool(columns[0]) || DatumGetBool(columns[1]);
	if (outside)
		*outside = DatumGetBool(columns[2]);
	if (alarms)
		*alarms = DatumGetBool(columns[1]);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

void
catalog_lock_event_mapping(const pg_uuid_t *uuid, LOCKMODE mode)
{
	LockDatabaseObject(event_object("event_source_mappings"), hash_bytes(uuid->data, UUID_LEN), MAPPING_LOCK, mode);
}

/* Executes a statement of a mapping's uuid. */
static uint64
execute_of(const char *statement, const pg_uuid_t *uuid)
{
	Oid			types[1] = {UUIDOID};
	Datum		values[1] = {UUIDPGetDatum(uuid)};

	return catalog_execute(statement, 1, types, values, NULL);
}

/*
 * Waits for who works on its lanes, whose rows stay locked until the transaction ends.  Who lays out lanes, and ends them, locks the state first and the
 * lanes then, and so does everybody who calls this; who works on a lane locks nothing but its row.
 */
static void
wait_for_lanes(const pg_uuid_t *uuid)
{
	catalog_lock_event_mapping(uuid, AccessExclusiveLock);
	(void) execute_of("SELECT FROM dynapg.event_positions WHERE mapping = $1 ORDER BY lane FOR UPDATE", uuid);
}

void
catalog_lock_event_row(const pg_uuid_t *uuid)
{
	(void) execute_of("SELECT FROM dynapg.event_source_mappings WHERE uuid = $1 FOR UPDATE", uuid);
}

void
catalog_add_event_mapping(const EventMapping *mapping)
{
	Oid			types[] = {UUIDOID, TEXTOID, UUIDOID, REGROLEOID, TEXTOID, JSONBOID, JSONBOID, REGROLEOID, REGROLEOID, TIMESTAMPTZOID};
	Datum		values[] = {
		UUIDPGetDatum(&mapping->uuid), CStringGetTextDatum(mapping->table_name), UUIDPGetDatum(&mapping->table_id),
		ObjectIdGetDatum(mapping->owner), CStringGetTextDatum(mapping->kind), JsonbPGetDatum(mapping->destination),
		JsonbPGetDatum(mapping->options), ObjectIdGetDatum(mapping->function_owner),
		ObjectIdGetDatum(mapping->failure_function_owner), TimestampTzGetDatum(mapping->created_at)
	};
	char		nulls[] = "          ";
	Oid			state_types[] = {UUIDOID, BOOLOID};
	Datum		state_values[] = {UUIDPGetDatum(&mapping->uuid), BoolGetDatum(mapping->enabled)};

	StaticAssertStmt(lengthof(nulls) == lengthof(values) + 1, "a character for each argument");
	if (!OidIsValid(mapping->function_owner))
		nulls[7] = 'n';
	if (!OidIsValid(mapping->failure_function_owner))
		nulls[8] = 'n';
	(void) catalog_execute("INSERT INTO dynapg.event_source_mappings VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
						   lengthof(types), types, values, nulls);
	(void) catalog_execute("INSERT INTO dynapg.event_states (mapping, enabled) VALUES ($1, $2)",
						   lengthof(state_types), state_types, state_values, NULL);
}

void
catalog_change_event_mapping(const EventMapping *mapping)
{
	Oid			types[] = {UUIDOID, TEXTOID, JSONBOID, JSONBOID, REGROLEOID, REGROLEOID, TIMESTAMPTZOID};
	Datum		values[] = {
		UUIDPGetDatum(&mapping->uuid), CStringGetTextDatum(mapping->kind), JsonbPGetDatum(mapping->destination),
		JsonbPGetDatum(mapping->options), ObjectIdGetDatum(mapping->function_owner),
		ObjectIdGetDatum(mapping->failure_function_owner), TimestampTzGetDatum(mapping->modified_at)
	};
	char		nulls[] = "       ";

	if (!OidIsValid(mapping->function_owner))
		nulls[4] = 'n';
	if (!OidIsValid(mapping->failure_function_owner))
		nulls[5] = 'n';
	(void) catalog_execute("UPDATE dynapg.event_source_mappings SET kind = $2, destination = $3, options = $4, function_owner = $5, "
						   "failure_function_owner = $6, modified_at = $7 WHERE uuid = $1",
						   lengthof(types), types, values, nulls);
	(void) catalog_lock_event_state(&mapping->uuid);
	wait_for_lanes(&mapping->uuid);
}

void
catalog_enable_event_mapping(const pg_uuid_t *uuid, bool enabled, const char *reason)
{
	Oid			types[] = {UUIDOID, BOOLOID, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(uuid), BoolGetDatum(enabled), CStringGetTextDatum(reason)};

	(void) catalog_execute("INSERT INTO dynapg.event_states AS s (mapping, enabled, reason) VALUES ($1, $2, $3) "
						   "ON CONFLICT (mapping) DO UPDATE SET enabled = excluded.enabled, reason = excluded.reason, problem = NULL",
						   lengthof(types), types, values, NULL);
	wait_for_lanes(uuid);
	/* what was put off is tried at once */
	if (enabled)
		(void) execute_of("UPDATE dynapg.event_positions SET retry_at = NULL WHERE mapping = $1 AND retry_at IS NOT NULL", uuid);
}

void
catalog_delete_event_mapping(const pg_uuid_t *uuid)
{
	(void) execute_of("DELETE FROM dynapg.event_source_mappings WHERE uuid = $1", uuid);
	(void) execute_of("DELETE FROM dynapg.event_states WHERE mapping = $1", uuid);
	(void) execute_of("DELETE FROM dynapg.destination_secrets WHERE mapping = $1", uuid);
	catalog_delete_event_failures_of(uuid);
	wait_for_lanes(uuid);
	(void) execute_of("DELETE FROM dynapg.event_positions WHERE mapping = $1", uuid);
}

void
catalog_set_event_stream(const pg_uuid_t *uuid, int32 stream, int generation)
{
	Oid			types[] = {UUIDOID, INT4OID, INT4OID};
	Datum		values[] = {UUIDPGetDatum(uuid), Int32GetDatum(stream), Int32GetDatum(generation)};

	(void) catalog_execute("UPDATE dynapg.event_states SET stream = $2, generation = $3, problem = NULL WHERE mapping = $1",
						   lengthof(types), types, values, NULL);
}

void
catalog_set_event_problem(const pg_uuid_t *uuid, const char *problem)
{
	Oid			types[] = {UUIDOID, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(uuid), problem ? CStringGetTextDatum(problem) : (Datum) 0};

	(void) catalog_execute("UPDATE dynapg.event_states SET problem = $2 WHERE mapping = $1 AND problem IS DISTINCT FROM $2",
						   lengthof(types), types, values, problem ? NULL : " n");
}

bool
catalog_lock_event_state(const pg_uuid_t *uuid)
{
	return execute_of("SELECT FROM dynapg.event_states WHERE mapping = $1 FOR UPDATE", uuid) > 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Secrets
 * ------------------------------------------------------------------------------------------------------------ */

Jsonb *
catalog_destination_secret(const pg_uuid_t *mapping)
{
	static CatalogStatement statement = {
		"SELECT secret FROM dynapg.destination_secrets WHERE mapping OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}
	};
	Datum		values[1] = {UUIDPGetDatum(mapping)};
	Datum		secret;
	bool		isnull;

	return catalog_fetch_saved(&statement, values, 1, &secret, &isnull) ? DatumGetJsonbP(secret) : NULL;
}

void
catalog_put_destination_secret(const pg_uuid_t *mapping, Jsonb *secret)
{
	Oid			types[] = {UUIDOID, JSONBOID};
	Datum		values[] = {UUIDPGetDatum(mapping), JsonbPGetDatum(secret)};

	if (secret == NULL)
		(void) execute_of("DELETE FROM dynapg.destination_secrets WHERE mapping = $1", mapping);
	else
		(void) catalog_execute("INSERT INTO dynapg.destination_secrets (mapping, secret) VALUES ($1, $2) "
							   "ON CONFLICT (mapping) DO UPDATE SET secret = excluded.secret, put_at = excluded.put_at",
							   lengthof(types), types, values, NULL);
}
