/*
 * restores.c
 *		Reading and writing dynapg.restores.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/catalog_private.h"
#include "catalog/owner.h"
#include "catalog/restores.h"

static Datum
text_or_null(const char *text, char *null)
{
	*null = text == NULL ? 'n' : ' ';
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

void
catalog_begin_restore(const TableInfo *table, const TableRestore *restore)
{
	Oid			types[] = {REGCLASSOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, REGCLASSOID, INT4OID, INT8OID, TEXTOID};
	char		nulls[] = "         ";
	Datum		values[] = {
		ObjectIdGetDatum(table->relation),
		CStringGetTextDatum(table->name),
		CStringGetTextDatum(restore->source_table),
		text_or_null(restore->backup_arn, &nulls[3]),
		TimestampTzGetDatum(restore->restore_time),
		ObjectIdGetDatum(restore->source),
		Int32GetDatum(restore->log),
		Int64GetDatum(restore->horizon),
		text_or_null(restore->snapshot, &nulls[8])
	};

	if (restore->log == 0)
		nulls[6] = nulls[7] = 'n';
	(void) catalog_execute("INSERT INTO dynapg.restores (relation, table_name, source_table, backup_arn, restore_time, source, log, "
						   "horizon, snapshot) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::pg_snapshot)",
						   lengthof(values), types, values, nulls);
	catalog_set_restoring(table, true);
}

static char *
text_column(Datum column, bool isnull)
{
	return isnull ? NULL : TextDatumGetCString(column);
}

TableRestore *
catalog_restore(Oid relation)
{
	static CatalogStatement statement = {
		"SELECT table_name, source_table, backup_arn, restore_time, source, log, horizon, snapshot::pg_catalog.text, filled, attempts, failed "
		"FROM dynapg.restores WHERE relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid",
		1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(relation)};
	Datum		columns[11];
	bool		nulls[11];
	TableRestore *restore;

	if (!catalog_fetch_saved(&statement, values, lengthof(columns), columns, nulls))
		return NULL;
	restore = (TableRestore *) palloc0(sizeof(TableRestore));
	restore->relation = relation;
	restore->table_name = text_column(columns[0], nulls[0]);
	restore->source_table = text_column(columns[1], nulls[1]);
	restore->backup_arn = text_column(columns[2], nulls[2]);
	restore->restore_time = DatumGetTimestampTz(columns[3]);
	restore->source = DatumGetObjectId(columns[4]);
	restore->log = nulls[5] ? 0 : DatumGetInt32(columns[5]);
	restore->horizon = nulls[6] ? 0 : DatumGetInt64(columns[6]);
	restore->snapshot = text_column(columns[7], nulls[7]);
	restore->filled = DatumGetBool(columns[8]);
	restore->attempts = DatumGetInt32(columns[9]);
	restore->failed = DatumGetBool(columns[10]);
	return restore;
}

bool
catalog_is_restored_from(const char *backup_arn)
{
	static CatalogStatement statement = {
		"SELECT true FROM dynapg.restores WHERE backup_arn OPERATOR(pg_catalog.=) $1 LIMIT 1", 1, {TEXTOID}
	};
	Datum		values[1] = {CStringGetTextDatum(backup_arn)};
	Datum		column;
	bool		isnull;

	return catalog_fetch_saved(&statement, values, 1, &column, &isnull);
}

bool
catalog_is_restore_source(Oid relation)
{
	static CatalogStatement statement = {
		"SELECT true FROM dynapg.restores WHERE source OPERATOR(pg_catalog.=) $1::pg_catalog.oid LIMIT 1", 1, {OIDOID}
	};
	Datum		values[1] = {ObjectIdGetDatum(relation)};
	Datum		column;
	bool		isnull;

	return catalog_fetch_saved(&statement, values, 1, &column, &isnull);
}

void
catalog_restore_filled(Oid relation, int64 items)
{
	Oid			types[2] = {REGCLASSOID, INT8OID};
	Datum		values[2] = {ObjectIdGetDatum(relation), Int64GetDatum(items)};

	(void) catalog_execute("UPDATE dynapg.restores SET filled = true, items = $2, failure = NULL WHERE relation = $1",
						   2, types, values, NULL);
}

void
catalog_restore_failed(Oid relation, const char *failure, bool last)
{
	Oid			types[3] = {REGCLASSOID, TEXTOID, BOOLOID};
	Datum		values[3] = {ObjectIdGetDatum(relation), CStringGetTextDatum(failure), BoolGetDatum(last)};

	(void) catalog_execute("UPDATE dynapg.restores SET attempts = attempts + 1, failure = $2, failed = $3 WHERE relation = $1",
						   3, types, values, NULL);
}

bool
catalog_retry_restore(Oid relation)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(relation)};

	return catalog_execute("UPDATE dynapg.restores SET attempts = 0, failure = NULL, failed = false WHERE relation = $1 AND failed",
						   1, types, values, NULL) > 0;
}

void
catalog_forget_restore(Oid relation)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(relation)};

	(void) catalog_execute("DELETE FROM dynapg.restores WHERE relation = $1", 1, types, values, NULL);
}

void
catalog_end_restore(const TableInfo *table)
{
	catalog_forget_restore(table->relation);
	catalog_set_restoring(table, false);
}

int64
catalog_restores_need(void)
{
	static CatalogStatement statement = {
		"SELECT pg_catalog.min(horizon) FROM dynapg.restores WHERE NOT filled AND NOT failed", 0
	};
	Datum		horizon;
	bool		isnull;

	return catalog_fetch_saved(&statement, NULL, 1, &horizon, &isnull) && !isnull ? DatumGetInt64(horizon) : PG_INT64_MAX;
}
