/*
 * kinesis.c
 *		Reading and writing dynapg.kinesis_destinations.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/settings.h"
#include "catalog/catalog_private.h"
#include "catalog/kinesis.h"
#include "catalog/owner.h"

/* The columns of dynapg.kinesis_destinations that are read. */
#define KINESIS_TABLE_ID		1	/* uuid */
#define KINESIS_STREAM_ARN		2	/* text */
#define KINESIS_NUMBER			3	/* int8 */
#define KINESIS_STATUS			4	/* text */
#define KINESIS_DESCRIPTION		5	/* text */
#define KINESIS_PRECISION		6	/* text */
#define KINESIS_CHANGED_AT		7	/* timestamptz */
#define KINESIS_CHANGE_ENDS		8	/* timestamptz */
#define KINESIS_LOG				9	/* int4 */
#define KINESIS_SEQ				10	/* int8 */
#define KINESIS_SENT			11	/* int8 */
#define KINESIS_FAILED			12	/* int8 */
#define KINESIS_RETRIED			13	/* int8 */
#define KINESIS_SENT_AT			14	/* timestamptz */
#define KINESIS_ERROR_AT		16	/* timestamptz */
#define KINESIS_COLUMNS			16

/* What was written before a destination was disabled may be sent for so long after that. */
#define DRAIN_SECONDS 30

/* Entries of a table that are not live are forgotten from so many on, the oldest first. */
#define MOST_ENTRIES "100"

static const char *const statuses[] = {"ENABLING", "ACTIVE", "UPDATING", "DISABLING", "DISABLED", "ENABLE_FAILED"};

/* An entry, with what decides its place among others. */
typedef struct Entry
{
	int64		number;
	KinesisDestination *destination;
} Entry;

const char *
catalog_kinesis_status_name(KinesisStatus status)
{
	return statuses[status];
}

static KinesisStatus
status_of_name(const char *name)
{
	for (int i = 0; i < lengthof(statuses); i++)
		if (strcmp(statuses[i], name) == 0)
			return (KinesisStatus) i;
	elog(ERROR, "unknown word \"%s\" in dynapg.kinesis_destinations", name);
}

KinesisStatus
catalog_kinesis_status(const TableInfo *table, const KinesisDestination *destination)
{
	bool		changes = destination->change_ends != 0 && GetCurrentTimestamp() < destination->change_ends;

	switch (destination->status)
	{
		case KINESIS_UPDATING:
			return changes || table->change == TABLE_DELETING ? KINESIS_UPDATING : KINESIS_ACTIVE;
		case KINESIS_ACTIVE:
			return changes ? KINESIS_ENABLING : table->change == TABLE_DELETING ? KINESIS_UPDATING : KINESIS_ACTIVE;
		case KINESIS_DISABLED:
			return changes ? KINESIS_DISABLING : KINESIS_DISABLED;
		case KINESIS_ENABLE_FAILED:
			return changes ? KINESIS_ENABLING : KINESIS_ENABLE_FAILED;
		default:
			return KINESIS_ENABLING;
	}
}

bool
catalog_kinesis_is_live(KinesisStatus status)
{
	return status != KINESIS_DISABLED && status != KINESIS_ENABLE_FAILED;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void *
read_entry(Relation catalog, HeapTuple row)
{
	Datum		values[KINESIS_COLUMNS];
	bool		nulls[KINESIS_COLUMNS];
	Entry	   *entry = (Entry *) palloc0(sizeof(Entry));
	KinesisDestination *destination = (KinesisDestination *) palloc0(sizeof(KinesisDestination));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	entry->number = DatumGetInt64(values[KINESIS_NUMBER - 1]);
	entry->destination = destination;
	destination->changed_at = DatumGetTimestampTz(values[KINESIS_CHANGED_AT - 1]);
	destination->table_id = *DatumGetUUIDP(values[KINESIS_TABLE_ID - 1]);
	destination->stream_arn = TextDatumGetCString(values[KINESIS_STREAM_ARN - 1]);
	destination->status = status_of_name(TextDatumGetCString(values[KINESIS_STATUS - 1]));
	destination->description = catalog_text_or_null(values, nulls, KINESIS_DESCRIPTION);
	destination->precision = catalog_text_or_null(values, nulls, KINESIS_PRECISION);
	if (!nulls[KINESIS_CHANGE_ENDS - 1])
		destination->change_ends = DatumGetTimestampTz(values[KINESIS_CHANGE_ENDS - 1]);
	if (!nulls[KINESIS_LOG - 1])
		destination->log = DatumGetInt32(values[KINESIS_LOG - 1]);
	destination->seq = nulls[KINESIS_SEQ - 1] ? -1 : DatumGetInt64(values[KINESIS_SEQ - 1]);
	destination->sent = DatumGetInt64(values[KINESIS_SENT - 1]);
	destination->failed = DatumGetInt64(values[KINESIS_FAILED - 1]);
	destination->retried = DatumGetInt64(values[KINESIS_RETRIED - 1]);
	destination->fails = !nulls[KINESIS_ERROR_AT - 1] &&
		(nulls[KINESIS_SENT_AT - 1] || DatumGetTimestampTz(values[KINESIS_ERROR_AT - 1]) > DatumGetTimestampTz(values[KINESIS_SENT_AT - 1]));
	return entry;
}

static int
compare_entries(const ListCell *a, const ListCell *b)
{
	int64		left = ((const Entry *) lfirst(a))->number;
	int64		right = ((const Entry *) lfirst(b))->number;

	return (left > right) - (left < right);
}

/* The entries of a table (NULL: of all), in their order. */
static List *
read_entries(const TableInfo *table)
{
	List	   *entries;
	ScanKeyData key;

	if (table == NULL)
		entries = catalog_read_rows("kinesis_destinations", NULL, 0, NULL, read_entry);
	else
	{
		ScanKeyInit(&key, KINESIS_TABLE_ID, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(unconstify(pg_uuid_t *, &table->id)));
		entries = catalog_read_rows("kinesis_destinations", "kinesis_destinations_pkey", 1, &key, read_entry);
	}
	list_sort(entries, compare_entries);
	return entries;
}

List *
catalog_kinesis_destinations(const TableInfo *table)
{
	List	   *destinations = NIL;
	ListCell   *cell;

	foreach(cell, read_entries(table))
		destinations = lappend(destinations, ((Entry *) lfirst(cell))->destination);
	return destinations;
}

bool
catalog_wants_kinesis(const TableInfo *table)
{
	ListCell   *cell;

	foreach(cell, read_entries(table))
		if (catalog_kinesis_is_live(((const Entry *) lfirst(cell))->destination->status))
			return true;
	return false;
}

List *
catalog_kinesis_to_serve(void)
{
	TimestampTz now = GetCurrentTimestamp();
	List	   *destinations = NIL;
	ListCell   *cell;

	foreach(cell, read_entries(NULL))
	{
		const Entry *entry = (const Entry *) lfirst(cell);
		KinesisStatus status = entry->destination->status;

		if (entry->destination->log != 0 &&
			(catalog_kinesis_is_live(status) ||
			 (status == KINESIS_DISABLED && now < entry->destination->changed_at + DRAIN_SECONDS * USECS_PER_SEC)))
			destinations = lappend(destinations, entry->destination);
	}
	return destinations;
}

bool
catalog_kinesis_is_served(void)
{
	return catalog_kinesis_to_serve() != NIL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* Executes a statement of $1, a TableId, $2, an ARN, $3, a text (NULL: null), $4, when the change ends, $5, a number. */
static uint64
change_entry(const char *statement, const pg_uuid_t *table_id, const char *stream_arn, const char *text, int64 number)
{
	Oid			types[] = {UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID};
	Datum		values[] = {
		UUIDPGetDatum(unconstify(pg_uuid_t *, table_id)), CStringGetTextDatum(stream_arn),
		text ? CStringGetTextDatum(text) : (Datum) 0,
		TimestampTzGetDatum(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dynapg_control_plane_delay)), Int64GetDatum(number)
	};
	char		nulls[] = "     ";

	if (text == NULL)
		nulls[2] = 'n';
	if (dynapg_control_plane_delay == 0)
		nulls[3] = 'n';
	return catalog_execute(statement, lengthof(types), types, values, nulls);
}

void
catalog_enable_kinesis(const TableInfo *table, const char *stream_arn, const char *precision)
{
	(void) change_entry("INSERT INTO dynapg.kinesis_destinations AS d (table_id, stream_arn, status, \"precision\", change_ends) "
						"SELECT $1, $2, 'ENABLING', $3, $4 WHERE $5 = 0 "
						"ON CONFLICT (table_id, stream_arn) DO UPDATE SET status = excluded.status, description = NULL, "
						"\"precision\" = excluded.precision, changed_at = excluded.changed_at, change_ends = excluded.change_ends, "
						"log = NULL, seq = NULL, sent = 0, failed = 0, retried = 0, sent_at = NULL, last_error = NULL, last_error_at = NULL",
						&table->id, stream_arn, precision, 0);
	(void) change_entry("DELETE FROM dynapg.kinesis_destinations d "
						"WHERE NOT EXISTS (SELECT FROM dynapg.tables t WHERE t.id = d.table_id) OR "
						"d.table_id = $1 AND d.stream_arn <> $2 AND status IN ('DISABLED', 'ENABLE_FAILED') AND $3 IS NULL AND $5 = 0 AND "
						"coalesce($4, now()) > d.changed_at + interval '1 h' AND (SELECT count(*) FROM dynapg.kinesis_destinations later "
						"WHERE later.table_id = d.table_id AND later.changed_at > d.changed_at) >= " MOST_ENTRIES,
						&table->id, stream_arn, NULL, 0);
}

void
catalog_bind_kinesis(const TableInfo *table, const char *stream_arn, int32 log)
{
	(void) change_entry("UPDATE dynapg.kinesis_destinations SET log = $5, seq = NULL "
						"WHERE table_id = $1 AND stream_arn = $2 AND $3 IS NULL AND coalesce($4, now()) IS NOT NULL",
						&table->id, stream_arn, NULL, log);
}

void
catalog_disable_kinesis(const TableInfo *table, const char *stream_arn)
{
	(void) change_entry("UPDATE dynapg.kinesis_destinations SET status = 'DISABLED', \"precision\" = NULL, "
						"changed_at = clock_timestamp(), change_ends = $4 "
						"WHERE table_id = $1 AND stream_arn = $2 AND $3 IS NULL AND $5 = 0",
						&table->id, stream_arn, NULL, 0);
}

void
catalog_update_kinesis(const TableInfo *table, const char *stream_arn, const char *precision)
{
	(void) change_entry("UPDATE dynapg.kinesis_destinations SET status = 'UPDATING', \"precision\" = $3, "
						"changed_at = clock_timestamp(), change_ends = $4 WHERE table_id = $1 AND stream_arn = $2 AND $5 = 0",
						&table->id, stream_arn, precision, 0);
}

bool
catalog_kinesis_found(const KinesisDestination *destination, const char *failure)
{
	return change_entry("UPDATE dynapg.kinesis_destinations SET status = CASE WHEN $3 IS NULL THEN 'ACTIVE' ELSE 'ENABLE_FAILED' END, "
						"description = $3 WHERE table_id = $1 AND stream_arn = $2 AND status = 'ENABLING' AND log = $5 AND "
						"coalesce($4, now()) IS NOT NULL",
						&destination->table_id, destination->stream_arn, failure, destination->log) > 0;
}

void
catalog_kinesis_progress(const KinesisDestination *destination, const KinesisProgress *progress)
{
	Oid			types[] = {UUIDOID, TEXTOID, INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID};
	Datum		values[] = {
		UUIDPGetDatum(unconstify(pg_uuid_t *, &destination->table_id)), CStringGetTextDatum(destination->stream_arn),
		Int32GetDatum(destination->log), Int64GetDatum(progress->seq), Int64GetDatum(progress->sent),
		Int64GetDatum(progress->failed), Int64GetDatum(progress->retried),
		progress->error ? CStringGetTextDatum(progress->error) : (Datum) 0
	};

	(void) catalog_execute("UPDATE dynapg.kinesis_destinations SET seq = CASE WHEN $4 >= 0 THEN $4 ELSE seq END, sent = sent + $5, "
						   "failed = failed + $6, retried = retried + $7, sent_at = CASE WHEN $5 > 0 THEN clock_timestamp() ELSE sent_at END, "
						   "last_error = coalesce($8, last_error), "
						   "last_error_at = CASE WHEN $8 IS NULL THEN last_error_at ELSE clock_timestamp() END "
						   "WHERE table_id = $1 AND stream_arn = $2 AND log = $3",
						   lengthof(types), types, values, progress->error ? NULL : "       n");
}
