/*
 * backups.c
 *		Reading and writing dynapg.backups.
 */
#include "postgres.h"

#include <limits.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/backups.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"

/* The columns of dynapg.backups that are read. */
#define BACKUPS_LABEL			1	/* text */
#define BACKUPS_TABLE_NAME		2	/* text */
#define BACKUPS_NAME			3	/* text */
#define BACKUPS_TYPE			4	/* text: USER, SYSTEM */
#define BACKUPS_STATUS			5	/* text: CREATING, AVAILABLE */
#define BACKUPS_RELATION		6	/* name */
#define BACKUPS_CREATED_AT		7	/* timestamptz */
#define BACKUPS_EXPIRES_AT		8	/* timestamptz, null if it never does */
#define BACKUPS_ITEMS			9	/* int8 */
#define BACKUPS_BYTES			10	/* int8 */
#define BACKUPS_TABLE_ID		11	/* uuid */
#define BACKUPS_TABLE_CREATED_AT 12 /* timestamptz */
#define BACKUPS_DEFINITION		13	/* jsonb */
#define BACKUPS_INDEXES			14	/* jsonb: objects with IndexName, Kind, Definition */
#define BACKUPS_TIME_TO_LIVE	15	/* text, null if items do not expire */
#define BACKUPS_SCHEDULED		16	/* boolean */
#define BACKUPS_COLUMNS			18

/* Compressing items costs a fifth of the time where the server has LZ4. */
#ifdef USE_LZ4
#define COMPRESSION " COMPRESSION lz4"
#else
#define COMPRESSION ""
#endif

static Oid
backup_object(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("dynapg", false));
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void
read_indexes(TableInfo *table, Jsonb *list)
{
	table->n_indexes = JsonContainerSize(&list->root);
	table->indexes = (TableIndex *) palloc0(Max(table->n_indexes, 1) * sizeof(TableIndex));
	for (int i = 0; i < table->n_indexes; i++)
	{
		JsonbContainer *element = getIthJsonbValueFromContainer(&list->root, i)->val.binary.data;
		JsonbValue	value;

		catalog_member(element, "IndexName", &value);
		table->indexes[i].name = pnstrdup(value.val.string.val, value.val.string.len);
		catalog_member(element, "Kind", &value);
		table->indexes[i].global = value.val.string.val[0] == 'G';
		catalog_member(element, "Definition", &value);
		table->indexes[i].definition = JsonbValueToJsonb(&value);
	}
}

/* What is read of a row first: whether it is wanted, and there at all. */
static bool
is_wanted(const Datum *values, const BackupFilter *filter)
{
	char	   *table_name = TextDatumGetCString(values[BACKUPS_TABLE_NAME - 1]);
	int64		time = catalog_milliseconds(DatumGetTimestampTz(values[BACKUPS_CREATED_AT - 1]));
	bool		is_system = *VARDATA_ANY(DatumGetTextPP(values[BACKUPS_TYPE - 1])) == 'S';

	return (filter->table_name == NULL || strcmp(filter->table_name, table_name) == 0) &&
		time >= filter->from && time < filter->to && (is_system ? filter->system : filter->user);
}

/* A row in the current context; NULL if it is not wanted (no filter: all are), or its table is gone. */
static Backup *
read_backup(Relation catalog, HeapTuple row, const BackupFilter *filter)
{
	Datum		values[BACKUPS_COLUMNS];
	bool		nulls[BACKUPS_COLUMNS];
	Backup	   *backup;

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	if (filter != NULL && !is_wanted(values, filter))
		return NULL;
	if (!nulls[BACKUPS_EXPIRES_AT - 1] &&
		(DatumGetTimestampTz(values[BACKUPS_EXPIRES_AT - 1]) <= GetCurrentTimestamp()) != (filter != NULL && filter->expired))
		return NULL;
	backup = (Backup *) palloc0(sizeof(Backup));
	backup->relation_name = pstrdup(NameStr(*DatumGetName(values[BACKUPS_RELATION - 1])));
	backup->is_available = *VARDATA_ANY(DatumGetTextPP(values[BACKUPS_STATUS - 1])) == 'A';
	if (backup->is_available)
	{
		backup->relation = get_relname_relid(backup->relation_name, get_namespace_oid(CATALOG_BACKUP_SCHEMA, false));
		if (!OidIsValid(backup->relation))
			return NULL;
	}
	backup->label = TextDatumGetCString(values[BACKUPS_LABEL - 1]);
	backup->name = TextDatumGetCString(values[BACKUPS_NAME - 1]);
	backup->is_system = *VARDATA_ANY(DatumGetTextPP(values[BACKUPS_TYPE - 1])) == 'S';
	backup->is_scheduled = DatumGetBool(values[BACKUPS_SCHEDULED - 1]);
	backup->created_at = DatumGetTimestampTz(values[BACKUPS_CREATED_AT - 1]);
	if (!nulls[BACKUPS_EXPIRES_AT - 1])
		backup->expires_at = DatumGetTimestampTz(values[BACKUPS_EXPIRES_AT - 1]);
	backup->items = DatumGetInt64(values[BACKUPS_ITEMS - 1]);
	backup->bytes = DatumGetInt64(values[BACKUPS_BYTES - 1]);
	strlcpy(backup->table.name, TextDatumGetCString(values[BACKUPS_TABLE_NAME - 1]), sizeof(backup->table.name));
	backup->table.id = *DatumGetUUIDP(values[BACKUPS_TABLE_ID - 1]);
	backup->table.created_at = DatumGetTimestampTz(values[BACKUPS_TABLE_CREATED_AT - 1]);
	backup->table.definition = DatumGetJsonbPCopy(values[BACKUPS_DEFINITION - 1]);
	if (!nulls[BACKUPS_TIME_TO_LIVE - 1])
		backup->time_to_live = TextDatumGetCString(values[BACKUPS_TIME_TO_LIVE - 1]);
	read_indexes(&backup->table, DatumGetJsonbPCopy(values[BACKUPS_INDEXES - 1]));
	return backup;
}

/* The backups that a scan of an index in its order finds behind a place (after_label NULL: from the first), at most limit. */
static List *
find_backups(const char *index_name, int n_keys, ScanKey keys, const BackupFilter *filter, int limit)
{
	Relation	catalog = table_open(backup_object("backups"), AccessShareLock);
	Relation	index = index_open(backup_object(index_name), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(catalog, index, NULL, n_keys, keys);
	List	   *backups = NIL;
	HeapTuple	row;

	while (list_length(backups) < limit && HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		Backup	   *backup = read_backup(catalog, row, filter);

		if (backup == NULL)
			continue;
		if (filter != NULL && filter->after_label != NULL && strcmp(backup->label, filter->after_label) == 0 &&
			strcmp(backup->table.name, filter->after_table) <= 0)
			continue;
		backups = lappend(backups, backup);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return backups;
}

Backup *
catalog_backup(const char *table_name, int name_len, const char *label)
{
	ScanKeyData keys[2];
	List	   *backups;

	ScanKeyInit(&keys[0], BACKUPS_LABEL, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(label));
	ScanKeyInit(&keys[1], BACKUPS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(table_name, name_len)));
	backups = find_backups("backups_pkey", 2, keys, NULL, 1);
	return backups == NIL ? NULL : (Backup *) linitial(backups);
}

List *
catalog_backups(const BackupFilter *filter, int limit)
{
	ScanKeyData key;

	ScanKeyInit(&key, BACKUPS_LABEL, BTGreaterEqualStrategyNumber, F_TEXT_GE,
				CStringGetTextDatum(filter->after_label ? filter->after_label : ""));
	return find_backups("backups_pkey", 1, &key, filter, limit);
}

List *
catalog_expired_backups(void)
{
	BackupFilter filter = {.from = PG_INT64_MIN, .to = PG_INT64_MAX, .system = true, .expired = true};

	return catalog_backups_expire() ? catalog_backups(&filter, INT_MAX) : NIL;
}

bool
catalog_backups_expire(void)
{
	Oid			oid = backup_object("backups_expiring");
	Relation	catalog;
	Relation	index;
	SysScanDesc scan;
	bool		found;

	if (!OidIsValid(oid))
		return false;			/* the extension is being created */
	catalog = table_open(backup_object("backups"), AccessShareLock);
	index = index_open(oid, AccessShareLock);
	scan = systable_beginscan_ordered(catalog, index, NULL, 0, NULL);
	found = HeapTupleIsValid(systable_getnext_ordered(scan, ForwardScanDirection));
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return found;
}

Backup *
catalog_pending_backup(const TableInfo *table)
{
	Backup	   *oldest = NULL;
	ScanKeyData key;
	ListCell   *cell;

	if (!OidIsValid(backup_object("backups_pending")))
		return NULL;			/* the extension is being created */
	ScanKeyInit(&key, BACKUPS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table->name));
	foreach(cell, find_backups("backups_pending", 1, &key, NULL, INT_MAX))
	{
		Backup	   *backup = (Backup *) lfirst(cell);

		if (!backup->is_available && memcmp(&backup->table.id, &table->id, sizeof(table->id)) == 0 &&
			(oldest == NULL || strcmp(backup->label, oldest->label) < 0))
			oldest = backup;
	}
	return oldest;
}

bool
catalog_has_pending_backup(const char *table_name)
{
	const TableInfo *table = catalog_table(table_name, strlen(table_name));

	return table != NULL && catalog_pending_backup(table) != NULL;
}

Oid
catalog_backup_owner(const Backup *backup)
{
	const TableInfo *table;

	if (backup->is_available)
		return catalog_relation_owner(backup->relation);
	table = catalog_table(backup->table.name, strlen(backup->table.name));
	if (table == NULL || memcmp(&backup->table.id, &table->id, sizeof(table->id)) != 0)
		return InvalidOid;
	return catalog_relation_owner(table->relation);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* Writes the row of a backup whose label ends in these hexadecimal digits; expires in so many days, 0: never. */
static const char *
insert_backup(const TableInfo *table, const char *name, const char *number, bool scheduled, int days, int64 items, int64 bytes)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, NAMEOID, TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID, INT4OID};
	TimestampTz now = GetCurrentTimestamp();
	char	   *label;
	char	   *whole;
	Datum		values[lengthof(types)];

	now -= now % 1000;
	label = psprintf("%014lld-%s", (long long) catalog_milliseconds(now), number);
	whole = psprintf("%s~%s", table->name, label);
	values[0] = CStringGetTextDatum(label);
	values[1] = CStringGetTextDatum(table->name);
	values[2] = CStringGetTextDatum(name);
	values[3] = DirectFunctionCall1(namein, CStringGetDatum(catalog_relation_name(whole, strlen(whole), "", 0)));
	values[4] = TimestampTzGetDatum(now);
	values[5] = Int64GetDatum(items);
	values[6] = Int64GetDatum(bytes);
	values[7] = BoolGetDatum(scheduled);
	values[8] = Int32GetDatum(days);
	(void) catalog_execute("INSERT INTO dynapg.backups (label, table_name, name, relation, created_at, items, bytes, scheduled, "
						   "type, expires_at, table_id, table_created_at, definition, indexes, time_to_live) "
						   "SELECT $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $9 > 0 THEN 'SYSTEM' ELSE 'USER' END, "
						   "CASE WHEN $9 > 0 THEN $5 + make_interval(days => $9) END, t.id, t.created_at, t.definition, "
						   "coalesce((SELECT jsonb_agg(jsonb_build_object('IndexName', i.name, 'Kind', i.kind, 'Definition', i.definition) "
						   "ORDER BY i.name) FROM dynapg.indexes i "
						   "WHERE i.table_name = t.name AND i.status <> 'DELETING' AND position('~' IN i.name) = 0), '[]'), "
						   "(SELECT i.definition #>> '{KeySchema,0,AttributeName}' FROM dynapg.indexes i "
						   "WHERE i.table_name = t.name AND i.status <> 'DELETING' AND i.kind = 'TTL') "
						   "FROM dynapg.tables t WHERE t.name = $2", lengthof(types), types, values, NULL);
	return label;
}

Backup *
catalog_begin_backup(const TableInfo *table, const char *name, bool scheduled, int64 items, int64 bytes)
{
	uint32		number;

	if (!pg_strong_random(&number, sizeof(number)))
		elog(ERROR, "no random number to be had");
	return catalog_backup(table->name, strlen(table->name),
						  insert_backup(table, name, psprintf("%08x", number), scheduled, 0, items, bytes));
}

Backup *
catalog_keep_deleted(const TableInfo *table, int days, int64 items, int64 bytes)
{
	char	   *name = psprintf("%s$DeletedTableBackup", table->name);
	const char *label = insert_backup(table, name, "00000000", false, days, items, bytes);
	Backup	   *backup = catalog_backup(table->name, strlen(table->name), label);

	(void) catalog_backup_available(backup);
	return backup;
}

static void
execute_as_owner(const char *statement)
{
	(void) catalog_execute(statement, 0, NULL, NULL, NULL);
}

Oid
catalog_create_backup_table(const Backup *backup, const TableInfo *table)
{
	char	   *relation = quote_qualified_identifier(CATALOG_BACKUP_SCHEMA, backup->relation_name);
	char	   *owner = GetUserNameFromId(catalog_relation_owner(table->relation), false);

	execute_as_owner(psprintf("CREATE TABLE %s (item jsonb" COMPRESSION " NOT NULL) USING heap TABLESPACE %s", relation,
							  catalog_tablespace_of(table->relation)));
	execute_as_owner(psprintf("COMMENT ON TABLE %s IS %s", relation,
							  quote_literal_cstr(psprintf("dynapg: backup \"%s\" of table \"%s\", %s", backup->name, table->name,
														  timestamptz_to_str(backup->created_at)))));
	execute_as_owner(psprintf("ALTER TABLE %s OWNER TO %s", relation, quote_identifier(owner)));
	return get_relname_relid(backup->relation_name, get_namespace_oid(CATALOG_BACKUP_SCHEMA, false));
}

/* Changes the row of a backup; false if it is gone. */
static bool
change_backup(const Backup *backup, const char *statement, const char *text)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(backup->label), CStringGetTextDatum(backup->table.name), CStringGetTextDatum(text)};

	return catalog_execute(statement, lengthof(types), types, values, NULL) > 0;
}

bool
catalog_backup_available(const Backup *backup)
{
	return change_backup(backup, "UPDATE dynapg.backups SET status = $3, last_error = NULL, last_error_at = NULL "
						 "WHERE label = $1 AND table_name = $2 AND status = 'CREATING'", "AVAILABLE");
}

void
catalog_backup_failed(const Backup *backup, const char *error)
{
	(void) change_backup(backup, "UPDATE dynapg.backups SET last_error = $3, last_error_at = clock_timestamp() "
						 "WHERE label = $1 AND table_name = $2 AND status = 'CREATING'", error);
}

bool
catalog_delete_backup(const Backup *backup)
{
	char	   *name = backup->relation_name;

	if (!change_backup(backup, "DELETE FROM dynapg.backups WHERE label = $1 AND table_name = $2 AND $3 IS NOT NULL", ""))
		return false;

	/* it may have become AVAILABLE just before */
	AcceptInvalidationMessages();
	if (OidIsValid(get_relname_relid(name, get_namespace_oid(CATALOG_BACKUP_SCHEMA, false))))
		execute_as_owner(psprintf("DROP TABLE %s", quote_qualified_identifier(CATALOG_BACKUP_SCHEMA, name)));
	return true;
}

void
catalog_forget_backup(const char *relation_name)
{
	Oid			types[] = {NAMEOID};
	Datum		values[] = {DirectFunctionCall1(namein, CStringGetDatum(relation_name))};

	(void) catalog_execute("DELETE FROM dynapg.backups WHERE relation = $1", lengthof(types), types, values, NULL);
}

void
catalog_forget_pending_backups(const TableInfo *table)
{
	Oid			types[] = {TEXTOID, UUIDOID};
	Datum		values[] = {CStringGetTextDatum(table->name), UUIDPGetDatum(&table->id)};

	if (catalog_pending_backup(table) != NULL &&
		catalog_execute("DELETE FROM dynapg.backups WHERE table_name = $1 AND table_id = $2 AND status = 'CREATING'",
						lengthof(types), types, values, NULL) > 0)
		ereport(WARNING,
				(errmsg("table \"%s\" was dropped before its backup was made", table->name),
				 errhint("Wait until DescribeBackup says AVAILABLE, or delete the table with dynamo_delete_table().")));
}
