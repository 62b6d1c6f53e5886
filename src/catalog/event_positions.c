/*
 * event_positions.c
 *		The lanes of event source mappings, and invocation records of what was given up.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/catalog_private.h"
#include "catalog/event_mappings.h"
#include "catalog/owner.h"

/* The columns of dynapg.event_positions. */
#define POSITIONS_LANE			1	/* int8 */
#define POSITIONS_MAPPING		2	/* uuid */
#define POSITIONS_STREAM		3	/* int4 */
#define POSITIONS_GENERATION	4	/* int4 */
#define POSITIONS_SHARD			5	/* int4 */
#define POSITIONS_LEVEL			6	/* int4 */
#define POSITIONS_FIRST			7	/* uuid */
#define POSITIONS_LAST			8	/* uuid */
#define POSITIONS_POSITION		9	/* int8 */
#define POSITIONS_LAST_SEQ		10	/* int8 */
#define POSITIONS_SLICES		11	/* int8[] */
#define POSITIONS_ATTEMPTS		12	/* int4 */
#define POSITIONS_FAILURES		13	/* int4 */
#define POSITIONS_RETRY_AT		14	/* timestamptz */
#define POSITIONS_SENT			15	/* int8, and three more of EventCounts */
#define POSITIONS_SENT_AT		19	/* timestamptz */
#define POSITIONS_ERROR			20	/* text */
#define POSITIONS_ERROR_AT		21	/* timestamptz */
#define POSITIONS_COLUMNS		21

static Oid
event_object(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("dynapg", false));
}

Oid
catalog_event_positions_oid(void)
{
	return event_object("event_positions");
}

static void
read_slices(Datum column, EventPosition *position)
{
	ArrayType  *array = DatumGetArrayTypeP(column);
	int			count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];

	position->n_slices = Min(count, EVENT_MAX_SLICES);
	memcpy(position->slices, ARR_DATA_PTR(array), position->n_slices * sizeof(int64));
}

static TimestampTz
time_or_none(const Datum *values, const bool *nulls, int column)
{
	return nulls[column - 1] ? 0 : DatumGetTimestampTz(values[column - 1]);
}

static void *
read_position(Relation catalog, HeapTuple row)
{
	Datum		values[POSITIONS_COLUMNS];
	bool		nulls[POSITIONS_COLUMNS];
	EventPosition *position = (EventPosition *) palloc0(sizeof(EventPosition));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	position->lane = DatumGetInt64(values[POSITIONS_LANE - 1]);
	position->mapping = *DatumGetUUIDP(values[POSITIONS_MAPPING - 1]);
	position->stream = DatumGetInt32(values[POSITIONS_STREAM - 1]);
	position->generation = DatumGetInt32(values[POSITIONS_GENERATION - 1]);
	position->shard = DatumGetInt32(values[POSITIONS_SHARD - 1]);
	position->level = DatumGetInt32(values[POSITIONS_LEVEL - 1]);
	position->first = *DatumGetUUIDP(values[POSITIONS_FIRST - 1]);
	position->last = *DatumGetUUIDP(values[POSITIONS_LAST - 1]);
	position->position = DatumGetInt64(values[POSITIONS_POSITION - 1]);
	position->last_seq = nulls[POSITIONS_LAST_SEQ - 1] ? PG_INT64_MAX : DatumGetInt64(values[POSITIONS_LAST_SEQ - 1]);
	read_slices(values[POSITIONS_SLICES - 1], position);
	position->attempts = DatumGetInt32(values[POSITIONS_ATTEMPTS - 1]);
	position->failures = DatumGetInt32(values[POSITIONS_FAILURES - 1]);
	position->retry_at = time_or_none(values, nulls, POSITIONS_RETRY_AT);
	position->counts.sent = DatumGetInt64(values[POSITIONS_SENT - 1]);
	position->counts.retried = DatumGetInt64(values[POSITIONS_SENT]);
	position->counts.failed = DatumGetInt64(values[POSITIONS_SENT + 1]);
	position->counts.filtered = DatumGetInt64(values[POSITIONS_SENT + 2]);
	position->sent_at = time_or_none(values, nulls, POSITIONS_SENT_AT);
	if (!nulls[POSITIONS_ERROR - 1])
		position->last_error = TextDatumGetCString(values[POSITIONS_ERROR - 1]);
	position->last_error_at = time_or_none(values, nulls, POSITIONS_ERROR_AT);
	return position;
}

/* Lanes that an index (NULL: none) and a key find. */
static List *
find_positions(const char *index, int n_keys, ScanKey key)
{
	return catalog_read_rows("event_positions", index, n_keys, key, read_position);
}

EventPosition *
catalog_event_position(int64 lane)
{
	ScanKeyData key;
	List	   *found;

	ScanKeyInit(&key, POSITIONS_LANE, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lane));
	found = find_positions("event_positions_pkey", 1, &key);
	return found == NIL ? NULL : (EventPosition *) linitial(found);
}

EventPosition *
catalog_event_position_for_update(int64 lane)
{
	static CatalogStatement statement = {
		"SELECT true FROM dynapg.event_positions WHERE lane OPERATOR(pg_catalog.=) $1 FOR UPDATE", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(lane)};
	Datum		column;
	bool		isnull;

	return catalog_fetch_saved(&statement, values, 1, &column, &isnull) ? catalog_event_position(lane) : NULL;
}

static int
compare_lanes(const ListCell *a, const ListCell *b)
{
	int64		first = ((const EventPosition *) lfirst(a))->lane;
	int64		second = ((const EventPosition *) lfirst(b))->lane;

	return first < second ? -1 : first > second;
}

List *
catalog_event_positions(const pg_uuid_t *mapping)
{
	List	   *positions;
	ScanKeyData key;

	if (mapping == NULL)
		positions = find_positions(NULL, 0, NULL);
	else
	{
		ScanKeyInit(&key, POSITIONS_MAPPING, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(mapping));
		positions = find_positions("event_positions_mapping", 1, &key);
	}
	list_sort(positions, compare_lanes);
	return positions;
}

void
catalog_add_event_position(EventPosition *position)
{
	Oid			types[] = {UUIDOID, INT4OID, INT4OID, INT4OID, INT4OID, UUIDOID, UUIDOID, INT8OID};
	Datum		values[] = {
		UUIDPGetDatum(&position->mapping), Int32GetDatum(position->stream), Int32GetDatum(position->generation),
		Int32GetDatum(position->shard), Int32GetDatum(position->level), UUIDPGetDatum(&position->first),
		UUIDPGetDatum(&position->last), Int64GetDatum(position->position)
	};
	Datum		lane;
	bool		isnull;

	(void) catalog_fetch("INSERT INTO dynapg.event_positions (mapping, stream, generation, shard, level, first_hash, last_hash, position) "
						 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING lane",
						 lengthof(types), types, values, 1, &lane, &isnull);
	position->lane = DatumGetInt64(lane);
	position->last_seq = PG_INT64_MAX;
}

/* Times and numbers that are none have values of their own here: a saved statement takes no nulls. */
void
catalog_save_event_position(const EventPosition *position)
{
	static CatalogStatement statement = {
		"UPDATE dynapg.event_positions SET position = $2, last_seq = NULLIF($3, 9223372036854775807), slices = $4, attempts = $5, "
		"failures = $6, retry_at = NULLIF($7, '-infinity'), sent = $8, retried = $9, failed = $10, filtered = $11, "
		"sent_at = NULLIF($12, '-infinity'), last_error = NULLIF($13, ''), last_error_at = NULLIF($14, '-infinity') "
		"WHERE lane OPERATOR(pg_catalog.=) $1 RETURNING true",
		14, {INT8OID, INT8OID, INT8OID, INT8ARRAYOID, INT4OID, INT4OID, TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID,
		TEXTOID, TIMESTAMPTZOID}
	};
	Datum		slices[EVENT_MAX_SLICES];
	Datum		values[14];
	Datum		column;
	bool		isnull;

	for (int i = 0; i < position->n_slices; i++)
		slices[i] = Int64GetDatum(position->slices[i]);
	values[0] = Int64GetDatum(position->lane);
	values[1] = Int64GetDatum(position->position);
	values[2] = Int64GetDatum(position->last_seq);
	values[3] = PointerGetDatum(construct_array(slices, position->n_slices, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[4] = Int32GetDatum(position->attempts);
	values[5] = Int32GetDatum(position->failures);
	values[6] = TimestampTzGetDatum(position->retry_at ? position->retry_at : DT_NOBEGIN);
	values[7] = Int64GetDatum(position->counts.sent);
	values[8] = Int64GetDatum(position->counts.retried);
	values[9] = Int64GetDatum(position->counts.failed);
	values[10] = Int64GetDatum(position->counts.filtered);
	values[11] = TimestampTzGetDatum(position->sent_at ? position->sent_at : DT_NOBEGIN);
	values[12] = CStringGetTextDatum(position->last_error ? position->last_error : "");
	values[13] = TimestampTzGetDatum(position->last_error_at ? position->last_error_at : DT_NOBEGIN);
	if (!catalog_fetch_saved(&statement, values, 1, &column, &isnull))
		elog(ERROR, "lane " INT64_FORMAT " of an event source mapping is gone", position->lane);
}

void
catalog_end_event_position(const EventPosition *position)
{
	Oid			types[] = {UUIDOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[] = {
		UUIDPGetDatum(&position->mapping), Int64GetDatum(position->counts.sent), Int64GetDatum(position->counts.retried),
		Int64GetDatum(position->counts.failed), Int64GetDatum(position->counts.filtered), Int64GetDatum(position->lane)
	};

	(void) catalog_execute("WITH ended AS (DELETE FROM dynapg.event_positions WHERE lane = $6) "
						   "UPDATE dynapg.event_states SET sent = sent + $2, retried = retried + $3, failed = failed + $4, "
						   "filtered = filtered + $5 WHERE mapping = $1",
						   lengthof(types), types, values, NULL);
}

/* ------------------------------------------------------------------------------------------------------------
 * Failures
 * ------------------------------------------------------------------------------------------------------------ */

void
catalog_add_event_failure(const pg_uuid_t *mapping, const char *invocation)
{
	Oid			types[] = {UUIDOID, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(mapping), CStringGetTextDatum(invocation)};

	(void) catalog_execute("INSERT INTO dynapg.event_failures (mapping, invocation) VALUES ($1, $2::json)",
						   lengthof(types), types, values, NULL);
}

#define FAILURES_ID			1	/* int8 */
#define FAILURES_MAPPING	2	/* uuid */
#define FAILURES_INVOCATION	4	/* json */
#define FAILURES_ATTEMPTS	5	/* int4 */
#define FAILURES_RETRY_AT	6	/* timestamptz */
#define FAILURES_COLUMNS	6

List *
catalog_event_failures(const pg_uuid_t *mapping, int limit)
{
	Relation	catalog = table_open(event_object("event_failures"), AccessShareLock);
	Relation	index = index_open(event_object("event_failures_mapping"), AccessShareLock);
	List	   *failures = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, FAILURES_MAPPING, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(mapping));
	scan = systable_beginscan_ordered(catalog, index, NULL, 1, &key);
	while (list_length(failures) < limit && HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		EventFailure *failure = (EventFailure *) palloc0(sizeof(EventFailure));
		Datum		values[FAILURES_COLUMNS];
		bool		nulls[FAILURES_COLUMNS];

		heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
		failure->id = DatumGetInt64(values[FAILURES_ID - 1]);
		failure->mapping = *mapping;
		failure->invocation = TextDatumGetCString(values[FAILURES_INVOCATION - 1]);
		failure->attempts = DatumGetInt32(values[FAILURES_ATTEMPTS - 1]);
		failure->retry_at = time_or_none(values, nulls, FAILURES_RETRY_AT);
		failures = lappend(failures, failure);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return failures;
}

List *
catalog_event_failing_mappings(void)
{
	static CatalogStatement statement = {
		"SELECT pg_catalog.array_agg(f.mapping) FROM (SELECT DISTINCT mapping FROM dynapg.event_failures) AS f WHERE NOT EXISTS (SELECT FROM dynapg.metric_alarms a "
		"WHERE a.uuid OPERATOR(pg_catalog.=) f.mapping AND a.kind OPERATOR(pg_catalog.=) 'Function')", 0
	};
	Datum		column;
	bool		isnull;
	Datum	   *uuids;
	int			count;
	List	   *mappings = NIL;

	if (!catalog_fetch_saved(&statement, NULL, 1, &column, &isnull) || isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(column), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &uuids, NULL, &count);
	for (int i = 0; i < count; i++)
		mappings = lappend(mappings, DatumGetUUIDP(uuids[i]));
	return mappings;
}

void
catalog_delete_event_failure(int64 id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};

	(void) catalog_execute("DELETE FROM dynapg.event_failures WHERE id = $1", 1, types, values, NULL);
}

void
catalog_delete_event_failures_of(const pg_uuid_t *mapping)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(mapping)};

	(void) catalog_execute("DELETE FROM dynapg.event_failures WHERE mapping = $1", 1, types, values, NULL);
}

void
catalog_retry_event_failure(int64 id, TimestampTz retry_at)
{
	Oid			types[] = {INT8OID, TIMESTAMPTZOID};
	Datum		values[] = {Int64GetDatum(id), TimestampTzGetDatum(retry_at)};

	(void) catalog_execute("UPDATE dynapg.event_failures SET attempts = attempts + 1, retry_at = $2 WHERE id = $1",
						   lengthof(types), types, values, NULL);
}
