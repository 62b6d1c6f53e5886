/*
 * imports.c
 *		Which tables are being imported; reading and writing dynapg.transfer_reports.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/imports.h"
#include "catalog/owner.h"

bool
catalog_is_being_imported(const TableInfo *table)
{
	static CatalogStatement statement = {
		"SELECT true FROM dynapg.transfers WHERE table_name OPERATOR(pg_catalog.=) $1 AND ended_at IS NULL "
		"AND kind OPERATOR(pg_catalog.=) 'IMPORT'::pg_catalog.text AND table_id OPERATOR(pg_catalog.=) $2 LIMIT 1",
		2, {TEXTOID, UUIDOID}
	};
	Datum		values[2];
	Datum		column;
	bool		isnull;

	if (!catalog_is_being_restored(table))
		return false;
	values[0] = CStringGetTextDatum(table->name);
	values[1] = UUIDPGetDatum(&table->id);
	return catalog_fetch_saved(&statement, values, 1, &column, &isnull);
}

static const char *const kind_names[] = {
	[REPORT_ERROR] = "ERROR",
	[REPORT_CONDITION] = "CONDITION_CHECK_FAILURE",
	[REPORT_OBJECT] = "OBJECT"
};

static Datum
text_array(Datum *texts, bool *nulls, int count)
{
	int			lower = 1;

	return PointerGetDatum(construct_md_array(texts, nulls, 1, &count, &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

void
catalog_add_reports(const char *transfer, List *reports)
{
	Oid			types[] = {TEXTOID, TEXTARRAYOID, INT4ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	int			count = list_length(reports);
	Datum	   *kinds = (Datum *) palloc(count * sizeof(Datum));
	Datum	   *parts = (Datum *) palloc(count * sizeof(Datum));
	Datum	   *indexes = (Datum *) palloc(count * sizeof(Datum));
	Datum	   *messages = (Datum *) palloc(count * sizeof(Datum));
	Datum	   *lines = (Datum *) palloc(count * sizeof(Datum));
	bool	   *no_lines = (bool *) palloc(count * sizeof(bool));
	Datum		values[lengthof(types)];

	if (count == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		const TransferReport *report = (const TransferReport *) list_nth(reports, i);

		kinds[i] = CStringGetTextDatum(kind_names[report->kind]);
		parts[i] = Int32GetDatum(report->part);
		indexes[i] = Int64GetDatum(report->item_index);
		messages[i] = CStringGetTextDatum(report->message);
		no_lines[i] = report->line == NULL;
		lines[i] = report->line == NULL ? (Datum) 0 : CStringGetTextDatum(report->line);
	}
	values[0] = CStringGetTextDatum(transfer);
	values[1] = text_array(kinds, NULL, count);
	values[2] = PointerGetDatum(construct_array(parts, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[3] = PointerGetDatum(construct_array(indexes, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[4] = text_array(messages, NULL, count);
	values[5] = text_array(lines, no_lines, count);
	(void) catalog_execute("INSERT INTO dynapg.transfer_reports (transfer, kind, part, item_index, message, line) "
						   "SELECT $1, r.* FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), "
						   "pg_catalog.unnest($5), pg_catalog.unnest($6)) r", lengthof(types), types, values, NULL);
}

bool
catalog_report_lines(const char *transfer, TransferReportKind kind, int64 after, int64 bytes, TransferReportLines *lines)
{
	Oid			types[] = {TEXTOID, TEXTOID, INT8OID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(transfer), CStringGetTextDatum(kind_names[kind]), Int64GetDatum(after),
	Int64GetDatum(bytes)};
	Datum		columns[3];
	bool		nulls[3];

	if (!catalog_fetch("SELECT pg_catalog.string_agg(line || E'\n', '' ORDER BY number), pg_catalog.count(*), pg_catalog.max(number) "
					   "FROM (SELECT number, line, pg_catalog.sum(pg_catalog.octet_length(line)) OVER (ORDER BY number) - "
					   "pg_catalog.octet_length(line) AS before "
					   "FROM (SELECT number, line FROM dynapg.transfer_reports WHERE transfer = $1 AND kind = $2 AND number > $3 "
					   "AND line IS NOT NULL ORDER BY number LIMIT 10000) oldest) summed "
					   "WHERE before < $4", lengthof(types), types, values, lengthof(columns), columns, nulls) ||
		nulls[0])
		return false;
	lines->lines = TextDatumGetCString(columns[0]);
	lines->count = DatumGetInt64(columns[1]);
	lines->last = DatumGetInt64(columns[2]);
	return true;
}

void
catalog_forget_reports(const char *transfer, TransferReportKind kind, int64 last)
{
	Oid			types[] = {TEXTOID, TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(transfer), CStringGetTextDatum(kind_names[kind]), Int64GetDatum(last)};

	(void) catalog_execute("DELETE FROM dynapg.transfer_reports WHERE transfer = $1 AND kind = $2 AND number <= $3",
						   lengthof(types), types, values, NULL);
}

int64
catalog_count_reports(const char *transfer, TransferReportKind kind)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(transfer), CStringGetTextDatum(kind_names[kind])};
	Datum		count;
	bool		isnull;

	return catalog_fetch("SELECT pg_catalog.count(*) FROM dynapg.transfer_reports WHERE transfer = $1 AND kind = $2",
						 lengthof(types), types, values, 1, &count, &isnull) ? DatumGetInt64(count) : 0;
}
