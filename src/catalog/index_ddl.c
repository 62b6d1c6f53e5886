/*
 * index_ddl.c
 *		Creating, changing and dropping secondary indexes: the index table and its row in dynapg.indexes.
 *
 * Index tables belong to the owner of their item table, who has no privileges on their schema or on the catalog: the statements
 * run as the catalog's owner, with nothing of the caller's in reach.  They are statements and not catalog_tuple
 * calls, since rows here are changed by builders too, and waiting for each other is the executor's business.
 *
 * Locks are taken in one order by all: the item table, index tables, rows of dynapg.indexes.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/tablespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/varlena.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"

/* A statement without arguments. */
static void
execute_ddl_as_owner(const char *statement)
{
	(void) catalog_execute(statement, 0, NULL, NULL, NULL);
}

/* Changes rows by the OID of their index table. */
static uint64
change_index_row(const char *statement, Oid index_relation)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(index_relation)};

	return catalog_execute(statement, 1, types, values, NULL);
}

/* The index table of an index that callers may know of. */
static Oid
relation_of_index(const TableInfo *table, const char *name)
{
	const TableIndex *index = catalog_index(table, name, strlen(name));

	if (index == NULL)
		elog(ERROR, "table %s has no index %s", table->name, name);
	return index->relation;
}

/* A name for an index table that no other has: after the table and the index, which ~ separates. */
static char *
free_relation_name(const char *table_name, const char *name)
{
	char	   *whole = psprintf("%s~%s", table_name, name);
	Oid			schema = get_namespace_oid(CATALOG_INDEX_SCHEMA, false);
	char	   *relation = catalog_relation_name(whole, strlen(whole), "", 0);

	for (int i = 2; OidIsValid(get_relname_relid(relation, schema)); i++)
		relation = catalog_relation_name(whole, strlen(whole), psprintf("~%d", i), 0);
	return relation;
}

const char *
catalog_tablespace_of(Oid relation)
{
	Oid			tablespace = get_rel_tablespace(relation);

	return quote_identifier(get_tablespace_name(OidIsValid(tablespace) ? tablespace : MyDatabaseTableSpace));
}

/*
 * Creates the index table: hash, sort_1 ..., base_hash, base_sort, item; keyed by all but the item.  It is where the item table is: that
 * its owner may use that place was asked when the item table got there.
 */
static Oid
create_index_table(const TableInfo *table, const char *name, int n_sort)
{
	char	   *relation_name = free_relation_name(table->name, name);
	char	   *relation = quote_qualified_identifier(CATALOG_INDEX_SCHEMA, relation_name);
	Relation	base = table_open(table->relation, AccessShareLock);
	char	   *owner = GetUserNameFromId(base->rd_rel->relowner, false);
	const char *persistence = base->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED " : "";
	const char *tablespace = catalog_tablespace_of(table->relation);
	StringInfoData columns;
	StringInfoData key;

	table_close(base, AccessShareLock);
	initStringInfo(&columns);
	initStringInfo(&key);
	for (int i = 1; i <= n_sort; i++)
	{
		appendStringInfo(&columns, "sort_%d bytea NOT NULL, ", i);
		appendStringInfo(&key, "sort_%d, ", i);
	}
	execute_ddl_as_owner(psprintf("CREATE %sTABLE %s (hash uuid NOT NULL, %sbase_hash uuid NOT NULL, "
								  "base_sort bytea NOT NULL, item jsonb NOT NULL, "
								  "PRIMARY KEY (hash, %sbase_hash, base_sort) USING INDEX TABLESPACE %s) "
								  "USING heap TABLESPACE %s",
								  persistence, relation, columns.data, key.data, tablespace, tablespace));
	execute_ddl_as_owner(psprintf("CREATE TRIGGER dynapg_guard BEFORE INSERT OR UPDATE OR DELETE ON %s "
								  "FOR EACH ROW EXECUTE FUNCTION dynapg.index_guard()", relation));
	execute_ddl_as_owner(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER dynapg_guard", relation));
	execute_ddl_as_owner(psprintf("CREATE TRIGGER dynapg_truncate BEFORE TRUNCATE ON %s "
								  "FOR EACH STATEMENT EXECUTE FUNCTION dynapg.index_guard()", relation));
	execute_ddl_as_owner(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER dynapg_truncate", relation));
	execute_ddl_as_owner(psprintf("ALTER TABLE %s OWNER TO %s", relation, quote_identifier(owner)));
	return get_relname_relid(relation_name, get_namespace_oid(CATALOG_INDEX_SCHEMA, false));
}

/* How many attributes of a KeySchema are of the kind RANGE. */
static int
count_sort_attributes(Jsonb *definition)
{
	JsonbValue	list;
	int			count = 0;

	catalog_member(&definition->root, "KeySchema", &list);
	for (uint32 i = 0; i < JsonContainerSize(list.val.binary.data); i++)
	{
		JsonbValue	kind;

		catalog_member(getIthJsonbValueFromContainer(list.val.binary.data, i)->val.binary.data, "KeyType", &kind);
		count += kind.val.string.val[0] == 'R';
	}
	return count;
}

void
catalog_add_index(const TableInfo *table, const char *name, const char *kind, Jsonb *definition, bool building,
				  const char *replaces)
{
	Oid			types[8] = {TEXTOID, TEXTOID, REGCLASSOID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
	Datum		values[8];
	char		nulls[9] = "        ";
	bool		delayed = dynapg_control_plane_delay > 0;
	TimestampTz ready;

	catalog_require_owner(table);
	values[0] = CStringGetTextDatum(table->name);
	values[1] = CStringGetTextDatum(name);
	values[2] = ObjectIdGetDatum(create_index_table(table, name, count_sort_attributes(definition)));
	values[3] = CStringGetTextDatum(kind);
	values[4] = JsonbPGetDatum(definition);
	values[5] = CStringGetTextDatum(catalog_status_name(building ? TABLE_CREATING : TABLE_ACTIVE));
	values[6] = replaces ? CStringGetTextDatum(replaces) : (Datum) 0;
	nulls[6] = replaces ? ' ' : 'n';
	/*
	 * what comes with its table is ready when that is; what comes later waits for as long
	 * as the table is UPDATING, and once more
	 */
	ready = table->change_ends;
	if (building)
		ready = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 2 * (int64) dynapg_control_plane_delay);
	values[7] = TimestampTzGetDatum(ready);
	nulls[7] = delayed ? ' ' : 'n';
	(void) catalog_execute("INSERT INTO dynapg.indexes (table_name, name, relation, kind, definition, status, replaces, "
							"change_ends, kept) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6 = 'ACTIVE')", 8, types, values, nulls);
}

void
catalog_create_index(const char *table_name, const char *name, bool global, Jsonb *definition,
					 bool building, const char *replaces)
{
	const TableInfo *table = catalog_table(table_name, strlen(table_name));

	if (table == NULL)
		catalog_raise_not_found(table_name, strlen(table_name));
	catalog_add_index(table, name, global ? "GLOBAL" : "LOCAL", definition, building, replaces);
}

void
catalog_update_index(const TableInfo *table, const char *name, Jsonb *definition)
{
	Oid			types[2] = {REGCLASSOID, JSONBOID};
	Datum		values[2] = {ObjectIdGetDatum(relation_of_index(table, name)), JsonbPGetDatum(definition)};

	catalog_require_owner(table);
	(void) catalog_execute("UPDATE dynapg.indexes SET definition = $2 WHERE relation = $1", 2, types, values, NULL);
}

void
catalog_retire_index(const TableInfo *table, const char *name)
{
	catalog_require_owner(table);
	(void) change_index_row("UPDATE dynapg.indexes SET status = 'DELETING', backfilling = false, change_ends = NULL "
					  "WHERE relation = $1",
					  relation_of_index(table, name));
}

void
catalog_index_backfilling(Oid index_relation)
{
	(void) change_index_row("UPDATE dynapg.indexes SET backfilling = true, kept = true WHERE relation = $1 "
					  "AND status = 'CREATING'",
					  index_relation);
	(void) change_index_row("INSERT INTO dynapg.index_builds (relation) VALUES ($1) ON CONFLICT DO NOTHING", index_relation);
}

void
catalog_index_unkept(Oid index_relation)
{
	(void) change_index_row("UPDATE dynapg.indexes SET kept = false WHERE relation = $1 AND status = 'DELETING'", index_relation);
}

void
catalog_index_progress(Oid index_relation, const pg_uuid_t *hash, bytea *sort, int64 items, int64 entries)
{
	Oid			types[5] = {REGCLASSOID, UUIDOID, BYTEAOID, INT8OID, INT8OID};
	Datum		values[5] = {ObjectIdGetDatum(index_relation), UUIDPGetDatum(hash), PointerGetDatum(sort),
	Int64GetDatum(items), Int64GetDatum(entries)};

	(void) catalog_execute("INSERT INTO dynapg.index_builds AS b (relation, hash, sort, items, entries, updated_at) "
						   "VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp()) ON CONFLICT (relation) DO UPDATE "
						   "SET hash = $2, sort = $3, items = b.items + $4, entries = b.entries + $5, "
						   "updated_at = excluded.updated_at", 5, types, values, NULL);
}

bool
catalog_index_position(Oid index_relation, pg_uuid_t *hash, bytea *sort)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(index_relation)};
	bool		found = false;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT hash, sort FROM dynapg.index_builds WHERE relation OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		bool		isnull;
		Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
		{
			bytea	   *stored = DatumGetByteaPP(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &isnull));

			*hash = *DatumGetUUIDP(value);
			SET_VARSIZE(sort, VARHDRSZ + VARSIZE_ANY_EXHDR(stored));
			memcpy(VARDATA(sort), VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
			found = true;
		}
	}
	SPI_finish();
	return found;
}

void
catalog_index_built(Oid index_relation)
{
	(void) change_index_row("UPDATE dynapg.indexes o SET name = o.name || '~old', status = 'DELETING', change_ends = NULL "
					  "FROM dynapg.indexes n WHERE n.relation = $1 AND n.status = 'CREATING' "
					  "AND o.table_name = n.table_name AND o.name = n.replaces", index_relation);
	(void) change_index_row("UPDATE dynapg.indexes SET name = coalesce(replaces, name), replaces = NULL, status = 'ACTIVE', "
					  "backfilling = false, kept = true WHERE relation = $1 AND status = 'CREATING'", index_relation);
	(void) change_index_row("DELETE FROM dynapg.index_builds WHERE relation = $1", index_relation);
}

void
catalog_drop_index(Oid index_relation)
{
	catalog_forget_index_insights(index_relation);
	(void) change_index_row("DELETE FROM dynapg.indexes WHERE relation = $1", index_relation);
	(void) change_index_row("DELETE FROM dynapg.index_builds WHERE relation = $1", index_relation);
	(void) change_index_row("DELETE FROM dynapg.time_to_live_counts WHERE relation = $1", index_relation);
	catalog_drop_relation(index_relation, execute_ddl_as_owner);
}

void
catalog_drop_indexes(const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
		LockRelationOid(table->indexes[i].relation, AccessExclusiveLock);
	for (int i = 0; i < table->n_indexes; i++)
		catalog_drop_index(table->indexes[i].relation);
}

/* An index table that is gone is left to dynapg.check_table(). */
static void
adapt_index(Oid relation, Oid owner, char persistence)
{
	Oid			present = catalog_relation_owner(relation);

	if (!OidIsValid(present) || (present == owner && get_rel_persistence(relation) == persistence))
		return;
	LockRelationOid(relation, AccessExclusiveLock);
	if (present != owner)
		execute_ddl_as_owner(psprintf("ALTER TABLE %s OWNER TO %s", catalog_qualified_name(relation),
									  quote_identifier(GetUserNameFromId(owner, false))));
	if (get_rel_persistence(relation) != persistence)
		execute_ddl_as_owner(psprintf("ALTER TABLE %s SET %s", catalog_qualified_name(relation),
									  persistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED" : "LOGGED"));
}

void
catalog_adapt_indexes(const TableInfo *table)
{
	Relation	base = table_open(table->relation, AccessShareLock);

	for (int i = 0; i < table->n_indexes; i++)
		adapt_index(table->indexes[i].relation, base->rd_rel->relowner, base->rd_rel->relpersistence);
	table_close(base, AccessShareLock);
}
