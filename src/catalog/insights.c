/*
 * insights.c
 *		Reading and writing dynapg.contributor_insights_settings.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/catalog_private.h"
#include "catalog/insights.h"
#include "catalog/owner.h"

/* The columns of dynapg.contributor_insights_settings. */
#define SETTINGS_TABLE_ID		1	/* uuid */
#define SETTINGS_TABLE_NAME		2	/* text */
#define SETTINGS_INDEX_NAME		3	/* text */
#define SETTINGS_STATUS			4	/* text */
#define SETTINGS_MODE			5	/* text */
#define SETTINGS_RULES			6	/* int4 */
#define SETTINGS_CHANGED_AT		7	/* timestamptz */
#define SETTINGS_CHANGE_ENDS	8	/* timestamptz */
#define SETTINGS_COLUMNS		8

#define THROTTLED_ONLY "THROTTLED_KEYS"

typedef struct SettingsRow
{
	pg_uuid_t	table_id;
	InsightsStatus stored;
	int32		rules;
	InsightsSettings settings;
} SettingsRow;

const char *
catalog_insights_status_name(InsightsStatus status)
{
	static const char *const names[] = {"ENABLING", "ENABLED", "DISABLING", "DISABLED", "FAILED"};

	return names[status];
}

int64
catalog_insights_number(TimestampTz changed_at)
{
	return catalog_milliseconds(changed_at);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void *
read_settings(Relation catalog, HeapTuple row)
{
	Datum		values[SETTINGS_COLUMNS];
	bool		nulls[SETTINGS_COLUMNS];
	SettingsRow *read = (SettingsRow *) palloc0(sizeof(SettingsRow));
	InsightsSettings *settings = &read->settings;
	char	   *status;
	bool		changes;

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	read->table_id = *DatumGetUUIDP(values[SETTINGS_TABLE_ID - 1]);
	settings->table_name = TextDatumGetCString(values[SETTINGS_TABLE_NAME - 1]);
	settings->index_name = TextDatumGetCString(values[SETTINGS_INDEX_NAME - 1]);
	settings->throttled_only = strcmp(TextDatumGetCString(values[SETTINGS_MODE - 1]), THROTTLED_ONLY) == 0;
	settings->changed_at = DatumGetTimestampTz(values[SETTINGS_CHANGED_AT - 1]);
	read->rules = DatumGetInt32(values[SETTINGS_RULES - 1]);
	changes = !nulls[SETTINGS_CHANGE_ENDS - 1] && GetCurrentTimestamp() < DatumGetTimestampTz(values[SETTINGS_CHANGE_ENDS - 1]);
	status = TextDatumGetCString(values[SETTINGS_STATUS - 1]);
	read->stored = status[0] == 'E' ? INSIGHTS_ENABLED : status[0] == 'F' ? INSIGHTS_FAILED : INSIGHTS_DISABLED;
	settings->status = !changes ? read->stored : read->stored == INSIGHTS_DISABLED ? INSIGHTS_DISABLING : INSIGHTS_ENABLING;
	return read;
}

static List *
read_rows(const pg_uuid_t *table_id)
{
	ScanKeyData key;

	if (table_id != NULL)
		ScanKeyInit(&key, SETTINGS_TABLE_ID, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(unconstify(pg_uuid_t *, table_id)));
	return catalog_read_rows("contributor_insights_settings", "contributor_insights_settings_pkey", table_id != NULL ? 1 : 0,
							 table_id != NULL ? &key : NULL, read_settings);
}

void
catalog_read_insights(TableInfo *table)
{
	ListCell   *cell;

	foreach(cell, read_rows(&table->id))
	{
		const SettingsRow *row = (const SettingsRow *) lfirst(cell);
		InsightsMark mark = {catalog_insights_number(row->settings.changed_at), !row->settings.throttled_only};

		if (row->stored != INSIGHTS_ENABLED)
			continue;
		if (row->settings.index_name[0] == '\0')
			table->insights = mark;
		for (int i = 0; i < table->n_indexes; i++)
			if (table->indexes[i].global && strcmp(table->indexes[i].name, row->settings.index_name) == 0)
				table->indexes[i].insights = mark;
	}
}

InsightsSettings *
catalog_insights(const TableInfo *table, const TableIndex *index)
{
	ListCell   *cell;

	foreach(cell, read_rows(&table->id))
	{
		SettingsRow *row = (SettingsRow *) lfirst(cell);

		if (strcmp(row->settings.index_name, index ? index->name : "") == 0)
			return &row->settings;
	}
	return NULL;
}

/* Whether what settings are about is there. */
static bool
is_there(const SettingsRow *row)
{
	const TableInfo *table = catalog_table(row->settings.table_name, strlen(row->settings.table_name));

	return table != NULL && memcmp(&table->id, &row->table_id, sizeof(table->id)) == 0 &&
		(row->settings.index_name[0] == '\0' ||
		 catalog_index(table, row->settings.index_name, strlen(row->settings.index_name)) != NULL);
}

static int
compare_settings(const ListCell *a, const ListCell *b)
{
	const InsightsSettings *left = (const InsightsSettings *) lfirst(a);
	const InsightsSettings *right = (const InsightsSettings *) lfirst(b);
	int			order = strcmp(left->table_name, right->table_name);

	return order != 0 ? order : strcmp(left->index_name, right->index_name);
}

List *
catalog_all_insights(void)
{
	List	   *all = NIL;
	ListCell   *cell;

	foreach(cell, read_rows(NULL))
	{
		SettingsRow *row = (SettingsRow *) lfirst(cell);

		if (row->settings.status != INSIGHTS_DISABLED && is_there(row))
			all = lappend(all, &row->settings);
	}
	list_sort(all, compare_settings);
	return all;
}

#define NOT_KNOWN		-1
#define BEING_READ		-2

static int	any_insights = NOT_KNOWN;

void
catalog_forget_insights(void)
{
	any_insights = NOT_KNOWN;
}

bool
catalog_any_insights(void)
{
	ListCell   *cell;
	bool		any = false;

	if (any_insights >= 0)
		return any_insights;
	if (!catalog_exists())
		return false;
	/* what raises leaves that, which is not known either; so does a change meanwhile */
	any_insights = BEING_READ;
	foreach(cell, read_rows(NULL))
		any |= ((const SettingsRow *) lfirst(cell))->stored == INSIGHTS_ENABLED;
	if (any_insights == BEING_READ)
		any_insights = any;
	return any;
}

int
catalog_insights_rules_of(const TableInfo *table, const TableIndex *index, bool throttled_only)
{
	bool		has_sort = index ? index->n_sort > 0 : table->has_sort;

	return (has_sort ? 2 : 1) * (throttled_only ? 1 : 2);
}

int64
catalog_insights_rules(const TableInfo *table, const TableIndex *index)
{
	const char *index_name = index ? index->name : "";
	int64		rules = 0;
	ListCell   *cell;

	/* as the catalog is, whatever the transaction's snapshot */
	foreach(cell, read_rows(NULL))
	{
		const SettingsRow *row = (const SettingsRow *) lfirst(cell);
		bool		is_own = memcmp(&row->table_id, &table->id, sizeof(table->id)) == 0 && strcmp(row->settings.index_name, index_name) == 0;

		if (row->stored == INSIGHTS_ENABLED && !is_own && is_there(row))
			rules += row->rules;
	}
	return rules;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

void
catalog_set_insights(const TableInfo *table, const TableIndex *index, bool enabled, bool too_many, bool throttled_only)
{
	TimestampTz now = GetCurrentTimestamp();
	Oid			types[] = {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		values[] = {
		UUIDPGetDatum(unconstify(pg_uuid_t *, &table->id)), CStringGetTextDatum(table->name),
		CStringGetTextDatum(index ? index->name : ""),
		CStringGetTextDatum(!enabled ? "DISABLED" : too_many ? "FAILED" : "ENABLED"),
		CStringGetTextDatum(throttled_only ? THROTTLED_ONLY : "ACCESSED_AND_THROTTLED_KEYS"),
		Int32GetDatum(catalog_insights_rules_of(table, index, throttled_only)), TimestampTzGetDatum(now),
		TimestampTzGetDatum(TimestampTzPlusMilliseconds(now, dynapg_control_plane_delay))
	};

	(void) catalog_execute("INSERT INTO dynapg.contributor_insights_settings AS s VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
						   "ON CONFLICT (table_id, index_name) DO UPDATE SET status = excluded.status, mode = excluded.mode, "
						   "rules = excluded.rules, changed_at = excluded.changed_at, change_ends = excluded.change_ends",
						   lengthof(types), types, values, dynapg_control_plane_delay > 0 ? NULL : "       n");
	(void) catalog_execute("DELETE FROM dynapg.contributor_insights_settings s "
						   "WHERE NOT EXISTS (SELECT FROM dynapg.tables t WHERE t.id = s.table_id)", 0, NULL, NULL, NULL);
	catalog_changed();
}

void
catalog_forget_index_insights(Oid index_relation)
{
	Oid			types[] = {REGCLASSOID};
	Datum		values[] = {ObjectIdGetDatum(index_relation)};

	(void) catalog_execute("DELETE FROM dynapg.contributor_insights_settings s USING dynapg.indexes i, dynapg.tables t "
						   "WHERE i.relation = $1 AND t.name = i.table_name AND s.table_id = t.id AND s.index_name = i.name",
						   lengthof(types), types, values, NULL);
}
