/*
 * backup_schedules.c
 *		Reading and writing dynapg.backup_schedules.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/backups.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"

/* The columns of dynapg.backup_schedules. */
#define SCHEDULES_TABLE_NAME	1	/* text */
#define SCHEDULES_KEEP			3	/* int4 */
#define SCHEDULES_OWNER			4	/* regrole */
#define SCHEDULES_NEXT_RUN		6	/* timestamptz */
#define SCHEDULES_COLUMNS		9

static void *
read_schedule(Relation catalog, HeapTuple row)
{
	Datum		values[SCHEDULES_COLUMNS];
	bool		nulls[SCHEDULES_COLUMNS];
	BackupSchedule *schedule = (BackupSchedule *) palloc0(sizeof(BackupSchedule));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	schedule->table_name = TextDatumGetCString(values[SCHEDULES_TABLE_NAME - 1]);
	schedule->keep = DatumGetInt32(values[SCHEDULES_KEEP - 1]);
	schedule->owner = DatumGetObjectId(values[SCHEDULES_OWNER - 1]);
	schedule->next_run = DatumGetTimestampTz(values[SCHEDULES_NEXT_RUN - 1]);
	return schedule;
}

List *
catalog_backup_schedules(void)
{
	return catalog_read_rows("backup_schedules", NULL, 0, NULL, read_schedule);
}

void
catalog_set_backup_schedule(const TableInfo *table, const Interval *every, int keep)
{
	Oid			types[] = {TEXTOID, INTERVALOID, INT4OID, REGROLEOID};
	Datum		values[] = {
		CStringGetTextDatum(table->name), PointerGetDatum(every), Int32GetDatum(keep),
		ObjectIdGetDatum(catalog_relation_owner(table->relation))
	};

	(void) catalog_execute("INSERT INTO dynapg.backup_schedules (table_name, every, keep, owner) VALUES ($1, $2, $3, $4) "
						   "ON CONFLICT (table_name) DO UPDATE SET every = $2, keep = $3, owner = $4, "
						   "next_run = clock_timestamp(), last_error = NULL, last_error_at = NULL",
						   lengthof(types), types, values, NULL);
}

static void
change_schedule(const char *statement, const char *table_name, const char *text)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(table_name), CStringGetTextDatum(text)};

	(void) catalog_execute(statement, lengthof(types), types, values, NULL);
}

void
catalog_drop_backup_schedule(const char *table_name)
{
	change_schedule("DELETE FROM dynapg.backup_schedules WHERE table_name = $1 AND $2 IS NOT NULL", table_name, "");
}

/* A run that comes late moves those that come after it, and one that was missed is not made up for. */
void
catalog_schedule_has_run(const BackupSchedule *schedule)
{
	change_schedule("UPDATE dynapg.backup_schedules SET last_run = clock_timestamp(), last_error = NULL, last_error_at = NULL, "
					"next_run = CASE WHEN next_run + every > clock_timestamp() THEN next_run + every ELSE clock_timestamp() + every END "
					"WHERE table_name = $1 AND $2 IS NOT NULL", schedule->table_name, "");
}

void
catalog_schedule_failed(const BackupSchedule *schedule, const char *error)
{
	change_schedule("UPDATE dynapg.backup_schedules SET last_error = $2, last_error_at = clock_timestamp(), "
					"next_run = greatest(next_run, clock_timestamp() + least(every, '1 min')) "
					"WHERE table_name = $1", schedule->table_name, error);
}
