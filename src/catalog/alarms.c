/*
 * alarms.c
 *		Alarms in the catalog.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/alarms.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"
#include "catalog/tables.h"

#define ALARM_OWNER 3			/* column of dynapg.metric_alarms */

/* What has come from a dump has not told anybody, and does from now on; what is new has its state. */
static void
let_tell(const pg_uuid_t *uuid)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(uuid)};

	(void) catalog_execute("INSERT INTO dynapg.alarm_states (alarm, tells) VALUES ($1, true) ON CONFLICT (alarm) DO UPDATE SET tells = true WHERE NOT alarm_states.tells",
						   lengthof(types), types, values, NULL);
}

bool
catalog_put_alarm(const AlarmPut *put, pg_uuid_t *uuid, bool *is_new)
{
	pg_uuid_t  *made = DatumGetUUIDP(DirectFunctionCall1(gen_random_uuid, (Datum) 0));
	Oid			types[] = {TEXTOID, REGROLEOID, JSONBOID, TEXTOID, JSONBOID, REGROLEOID, BOOLOID, UUIDOID};
	Datum		values[] = {
		CStringGetTextDatum(put->name), ObjectIdGetDatum(put->owner), JsonbPGetDatum(put->definition),
		CStringGetTextDatum(put->kind ? put->kind : ""), put->kind ? JsonbPGetDatum(put->destination) : JsonbPGetDatum(put->definition), ObjectIdGetDatum(put->function_owner),
		BoolGetDatum(put->keeps_destination), UUIDPGetDatum(made)
	};
	Datum		found;
	bool		isnull;

	if (!catalog_fetch("INSERT INTO dynapg.metric_alarms AS a (name, uuid, owner, definition, kind, destination, function_owner)"
					   " SELECT $1, $8, $2, $3, g.kind, CASE WHEN g.kind IS NOT NULL THEN $5 END, g.owner"
					   "  FROM (SELECT nullif($4, '') AS kind, nullif($6::oid, 0)::regrole AS owner) AS g"
					   " ON CONFLICT (name) DO UPDATE SET definition = $3, updated_at = clock_timestamp(), kind = CASE WHEN $7 THEN a.kind ELSE excluded.kind END,"
					   "  destination = CASE WHEN $7 THEN a.destination ELSE excluded.destination END,"
					   "  function_owner = CASE WHEN $7 THEN a.function_owner ELSE excluded.function_owner END"
					   " WHERE pg_has_role($2::oid, a.owner::oid, 'USAGE') RETURNING uuid",
					   lengthof(types), types, values, 1, &found, &isnull))
		return false;
	*uuid = *DatumGetUUIDP(found);
	let_tell(uuid);
	*is_new = memcmp(uuid, made, UUID_LEN) == 0;
	return true;
}

bool
catalog_delete_alarm(const char *name, Oid role)
{
	Oid			types[] = {TEXTOID, OIDOID};
	Datum		values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(role)};
	Oid			uuid_types[] = {UUIDOID};
	Datum		uuid;
	bool		isnull;

	if (!catalog_fetch("DELETE FROM dynapg.metric_alarms WHERE name = $1 AND pg_has_role($2, owner::oid, 'USAGE') RETURNING uuid",
					   lengthof(types), types, values, 1, &uuid, &isnull))
		return false;
	(void) catalog_execute("DELETE FROM dynapg.alarm_states WHERE alarm = $1", 1, uuid_types, &uuid, NULL);
	catalog_delete_event_failures_of(DatumGetUUIDP(uuid));
	(void) catalog_execute("DELETE FROM dynapg.destination_secrets WHERE mapping = $1", 1, uuid_types, &uuid, NULL);
	return true;
}

bool
catalog_enable_alarm_actions(const char *name, Oid role, bool enabled)
{
	Oid			types[] = {TEXTOID, OIDOID, BOOLOID};
	Datum		values[] = {CStringGetTextDatum(name), ObjectIdGetDatum(role), BoolGetDatum(enabled)};
	Datum		uuid;
	bool		isnull;

	if (!catalog_fetch("UPDATE dynapg.metric_alarms SET definition = definition || jsonb_build_object('ActionsEnabled', $3), updated_at = clock_timestamp()"
					   " WHERE name = $1 AND pg_has_role($2, owner::oid, 'USAGE') RETURNING uuid", lengthof(types), types, values, 1, &uuid, &isnull))
		return false;
	if (enabled)
		let_tell(DatumGetUUIDP(uuid));
	return true;
}

bool
catalog_alarm_actions_are_enabled(const pg_uuid_t *uuid)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(uuid)};
	Datum		enabled;
	bool		isnull;

	return catalog_fetch("SELECT definition -> 'ActionsEnabled' = 'true' FROM dynapg.metric_alarms WHERE uuid = $1", lengthof(types), types, values, 1, &enabled, &isnull) &&
		!isnull && DatumGetBool(enabled);
}

static void *
read_owner(Relation catalog, HeapTuple row)
{
	Oid		   *owner = (Oid *) palloc(sizeof(Oid));
	bool		isnull;

	*owner = DatumGetObjectId(heap_getattr(row, ALARM_OWNER, RelationGetDescr(catalog), &isnull));
	return owner;
}

int
catalog_count_alarms(Oid owner, int *of_owner)
{
	List	   *owners;
	ListCell   *cell;

	catalog_lock_total(CATALOG_TOTAL_ALARMS);
	/* as the catalog is, whatever the transaction's snapshot */
	owners = catalog_read_rows("metric_alarms", NULL, 0, NULL, read_owner);
	*of_owner = 0;
	foreach(cell, owners)
		*of_owner += *(const Oid *) lfirst(cell) == owner;
	return list_length(owners);
}

EventMapping *
catalog_alarm_mapping(const pg_uuid_t *uuid)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(uuid)};
	Datum		columns[6];
	bool		nulls[6];
	EventMapping *mapping;

	if (!catalog_fetch("SELECT owner::oid, kind, jsonb_build_object('DestinationConfig', jsonb_build_object('OnFailure', jsonb_build_object('Destination', destination))),"
					   " function_owner::oid, name, updated_at FROM dynapg.metric_alarms a JOIN dynapg.alarm_states s ON s.alarm = a.uuid"
					   " WHERE uuid = $1 AND kind IS NOT NULL AND s.tells",
					   lengthof(types), types, values, lengthof(columns), columns, nulls))
		return NULL;
	mapping = (EventMapping *) palloc0(sizeof(EventMapping));
	mapping->uuid = *uuid;
	mapping->table_name = psprintf("alarm %s", TextDatumGetCString(columns[4]));
	mapping->owner = DatumGetObjectId(columns[0]);
	mapping->kind = TextDatumGetCString(columns[1]);
	mapping->options = DatumGetJsonbP(columns[2]);
	mapping->failure_function_owner = nulls[3] ? InvalidOid : DatumGetObjectId(columns[3]);
	mapping->modified_at = DatumGetTimestampTz(columns[5]);
	mapping->generation = -1;
	return mapping;
}

bool
catalog_set_alarm_state(const char *name, const char *state, const char *reason, Jsonb *reason_data, pg_uuid_t *uuid, Jsonb **event)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	Datum		values[] = {CStringGetTextDatum(name), CStringGetTextDatum(state), CStringGetTextDatum(reason),
		reason_data ? JsonbPGetDatum(reason_data) : DirectFunctionCall1(jsonb_in, CStringGetDatum("null"))};
	Datum		found;
	bool		isnull;

	*event = NULL;
	/* whoever else sets its state waits: the old one is the one that it has then */
	if (!catalog_fetch("SELECT uuid FROM dynapg.metric_alarms WHERE name = $1 FOR UPDATE", 1, types, values, 1, &found, &isnull))
		return false;
	*uuid = *DatumGetUUIDP(found);
	if (!catalog_fetch("WITH old AS (SELECT a.name, a.definition, a.uuid, coalesce(s.state, 'INSUFFICIENT_DATA') AS state, coalesce(s.state_at, a.updated_at) AS state_at,"
					   "   coalesce(s.reason, 'Unchecked: Initial alarm creation') AS reason, s.reason_data"
					   "  FROM dynapg.metric_alarms a LEFT JOIN dynapg.alarm_states s ON s.alarm = a.uuid WHERE a.name = $1),"
					   " new AS (INSERT INTO dynapg.alarm_states AS s (alarm, tells, state, reason, reason_data) SELECT uuid, false, $2, $3, nullif($4, 'null') FROM old"
					   "  ON CONFLICT (alarm) DO UPDATE SET state = $2, reason = $3, reason_data = excluded.reason_data, state_at = clock_timestamp(),"
					   "   transitioned_at = CASE WHEN s.state = $2 THEN s.transitioned_at ELSE clock_timestamp() END RETURNING alarm)"
					   " SELECT CASE WHEN old.state <> $2 THEN dynapg.alarm_event(old.name, old.definition,"
					   "  jsonb_build_object('value', $2, 'reason', $3, 'reasonData', nullif($4, 'null')::text, 'timestamp', clock_timestamp()),"
					   "  jsonb_build_object('value', old.state, 'reason', old.reason, 'reasonData', old.reason_data::text, 'timestamp', old.state_at)) END FROM old, new",
					   lengthof(types), types, values, 1, &found, &isnull))
		return false;
	if (!isnull)
		*event = DatumGetJsonbP(found);
	return true;
}
