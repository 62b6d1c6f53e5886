/*
 * ddl.c
 *		Creating, changing and dropping tables: the relation and its row in dynapg.tables.
 *
 * Everything is transactional, as PostgreSQL's DDL is.  DDL on one name is serialised by catalog_lock_name(), which callers
 * hold; the row is written without asking for privileges on the catalog, after those on the relation or the schema
 * have been checked.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/subtransaction.h"
#include "catalog/backups.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"
#include "catalog/resource_policies.h"
#include "catalog/restores.h"
#include "catalog/transfers.h"

/* So many other names are tried where a table's own is taken. */
#define MAX_NAMES 20

/*
 * The relation's name: the table's own, or, where that is too long for PostgreSQL or taken, a prefix, ~ and 16 hex digits of
 * its hash, another one for each attempt.  The suffix (for the primary key) begins with ~ too, which no table's name can hold:
 * names of ours never collide.
 */
char *
catalog_relation_name(const char *name, int name_len, const char *suffix, int attempt)
{
	int			suffix_len = strlen(suffix);
	uint64		hash;

	if (attempt == 0 && name_len + suffix_len < NAMEDATALEN)
		return psprintf("%.*s%s", name_len, name, suffix);
	hash = hash_bytes_extended((const unsigned char *) name, name_len, attempt);
	return psprintf("%.*s~%08x%08x%s", Min(name_len, NAMEDATALEN - 1 - 17 - suffix_len), name,
					(uint32) (hash >> 32), (uint32) hash, suffix);
}

/* The generation expression of a key column. */
static char *
key_expression(const char *function, const KeyAttribute *attribute)
{
	return psprintf("dynapg.%s(item, %s, '%c')", function,
					quote_literal_cstr(attribute->name), attribute->type);
}

void
catalog_execute_ddl(const char *command)
{
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute(command, false, 0);
	if (result != SPI_OK_UTILITY)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

/*
 * What plain SQL does to items is followed up by triggers.  They are never changed: what they do is in the catalog.
 */
static const struct
{
	const char *name;
	const char *create;			/* %s: the relation */
}			triggers[] = {
	{"dynapg_items", "CREATE TRIGGER dynapg_items AFTER INSERT OR UPDATE OR DELETE ON %s "
	"FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed()"},
	{"dynapg_truncate_log", "CREATE TRIGGER dynapg_truncate_log BEFORE TRUNCATE ON %s "
	"FOR EACH STATEMENT EXECUTE FUNCTION dynapg.items_truncating()"},
	{"dynapg_truncate", "CREATE TRIGGER dynapg_truncate AFTER TRUNCATE ON %s "
	"FOR EACH STATEMENT EXECUTE FUNCTION dynapg.items_truncated()"},
};

/* Whether an error of CREATE TABLE says that a name is taken: by what is there, or by what another transaction has just committed. */
static bool
is_name_taken(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_DUPLICATE_TABLE || error->sqlerrcode == ERRCODE_DUPLICATE_OBJECT ||
		(error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION &&
		 error->schema_name != NULL && strcmp(error->schema_name, "pg_catalog") == 0);
}

static void
execute_command(void *command)
{
	catalog_execute_ddl((const char *) command);
}

/* The command that creates the item relation. */
static char *
create_command(const char *relation, const char *primary_key, const TableInfo *keys)
{
	return psprintf("CREATE TABLE %s ("
					"hash pg_catalog.uuid NOT NULL GENERATED ALWAYS AS (%s) STORED, "
					"sort pg_catalog.bytea NOT NULL GENERATED ALWAYS AS (%s) STORED, "
					"item pg_catalog.jsonb NOT NULL, "
					"CONSTRAINT %s PRIMARY KEY (hash, sort)) USING dynapg",
					relation, key_expression("partition_hash", &keys->hash),
					keys->has_sort ? key_expression("sort_key", &keys->sort) : "''::pg_catalog.bytea",
					quote_identifier(primary_key));
}

/*
 * Creates the item relation under a name that is free, and says so if that is not the table's own; returns its name.  Who calls the API
 * does not know relations: a view or a renamed table in the way is no reason to refuse a table.
 */
static char *
create_under_free_name(const char *name, int name_len, const TableInfo *keys)
{
	for (int attempt = 0;; attempt++)
	{
		char	   *relation = catalog_relation_name(name, name_len, "", attempt);
		char	   *primary_key = catalog_relation_name(name, name_len, "~pkey", attempt);
		char	   *qualified = quote_qualified_identifier(CATALOG_ITEM_SCHEMA, relation);
		ErrorData  *error = subtransaction_try(execute_command, create_command(qualified, primary_key, keys));

		if (error == NULL)
		{
			if (attempt > 0)
				ereport(NOTICE,
						(errmsg("table \"%.*s\" is kept in relation %s", name_len, name, qualified),
						 errdetail("Its own name is taken in schema " CATALOG_ITEM_SCHEMA ".")));
			return relation;
		}
		catalog_require(error->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE, pnstrdup(name, name_len), error->message);
		if (!is_name_taken(error))
			ReThrowError(error);
		if (attempt == MAX_NAMES)
			dyn_error_detail(DYN_RESOURCE_IN_USE, error->message, "Table already exists: %.*s", name_len, name);
		FreeErrorData(error);
	}
}

/* Whether a relation has a trigger of a name. */
static bool
has_trigger(Oid relation, const char *name)
{
	return OidIsValid(get_trigger_oid(relation, name, true));
}

/* Makes the triggers that a relation does not have, and has all fire always. */
static void
create_triggers(Oid relation, const char *qualified)
{
	for (int i = 0; i < lengthof(triggers); i++)
	{
		if (!OidIsValid(relation) || !has_trigger(relation, triggers[i].name))
			catalog_execute_ddl(psprintf(triggers[i].create, qualified));
		catalog_execute_ddl(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", qualified, triggers[i].name));
	}
}

/* Creates the item relation under the current user; returns its OID. */
static Oid
create_relation(const char *name, int name_len, const TableInfo *keys)
{
	char	   *relation = create_under_free_name(name, name_len, keys);

	create_triggers(InvalidOid, quote_qualified_identifier(CATALOG_ITEM_SCHEMA, relation));
	return get_relname_relid(relation, get_namespace_oid(CATALOG_ITEM_SCHEMA, false));
}

void
catalog_complete_relation(Oid relation, bool has_key)
{
	char	   *name = get_rel_name(relation);
	char	   *qualified = catalog_qualified_name(relation);

	if (!has_key)
		catalog_execute_ddl(psprintf("ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY (hash, sort)", qualified,
									 quote_identifier(catalog_relation_name(name, strlen(name), "~pkey", 0))));
	create_triggers(relation, qualified);
}

/* What the service says to somebody who may not do what it was called for. */
void
catalog_require(bool allowed, const char *name, const char *detail)
{
	char	   *role;

	if (allowed)
		return;
	role = GetUserNameFromId(GetUserId(), false);
	dyn_error_detail(DYN_ACCESS_DENIED, detail,
					 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: "
					 "arn:aws:dynamodb:%s:%s:table/%s",
					 dynapg_account_id, role, dyn_operation, dynapg_region, dynapg_account_id, name);
}

/* Sets what goes on, if the control plane has a delay. */
static void
set_change(Datum *values, bool *nulls, TableStatus change)
{
	bool		delayed = dynapg_control_plane_delay > 0;

	nulls[CATALOG_CHANGE - 1] = nulls[CATALOG_CHANGE_ENDS - 1] = !delayed;
	if (delayed)
	{
		values[CATALOG_CHANGE - 1] = CStringGetTextDatum(catalog_status_name(change));
		values[CATALOG_CHANGE_ENDS - 1] =
			TimestampTzGetDatum(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), dynapg_control_plane_delay));
	}
}

void
catalog_changed(void)
{
	CommandCounterIncrement();
	CacheInvalidateRelcacheByRelid(catalog_relation());
	CommandCounterIncrement();
}

/* Whether a row is of a table whose deletion is over. */
static bool
is_over(Relation catalog, HeapTuple row)
{
	bool		gone;
	bool		isnull;
	Datum		ends;

	(void) heap_getattr(row, CATALOG_RELATION, RelationGetDescr(catalog), &gone);
	ends = heap_getattr(row, CATALOG_CHANGE_ENDS, RelationGetDescr(catalog), &isnull);
	return gone && (isnull || DatumGetTimestampTz(ends) <= GetCurrentTimestamp());
}

static char *
name_of_row(Relation catalog, HeapTuple row)
{
	bool		isnull;

	return TextDatumGetCString(heap_getattr(row, CATALOG_NAME, RelationGetDescr(catalog), &isnull));
}

/*
 * Removes the rows of tables whose deletion is over, and their policies.  What another transaction is removing is left to that one, except for the
 * row that is in the way of a new one.
 */
static void
sweep_deleted(Relation catalog, const char *name, int name_len)
{
	List	   *names = NIL;
	ListCell   *cell;
	SysScanDesc scan = catalog_begin_scan(catalog, NULL, 0, NULL);
	TupleTableSlot *slot = table_slot_create(catalog, NULL);
	HeapTuple	row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		ItemPointerData tid = row->t_self;
		TM_FailureData failure;
		char	   *row_name;
		bool		is_in_the_way;

		if (!is_over(catalog, row))
			continue;
		row_name = name_of_row(catalog, row);
		is_in_the_way = strlen(row_name) == name_len && memcmp(row_name, name, name_len) == 0;
		if (table_tuple_lock(catalog, &tid, GetActiveSnapshot(), slot, GetCurrentCommandId(false), LockTupleExclusive,
							 is_in_the_way ? LockWaitBlock : LockWaitSkip, 0, &failure) == TM_Ok)
		{
			CatalogTupleDelete(catalog, &tid);
			names = lappend(names, row_name);
		}
		ExecClearTuple(slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	systable_endscan(scan);
	foreach(cell, names)
		catalog_forget_resource_policy((const char *) lfirst(cell), "");
}

/* Writes the row of a table whose relation is there; id NULL: a new one. */
static void
insert_row(const char *name, int name_len, Oid relation, const pg_uuid_t *id, Jsonb *definition, Jsonb *tags,
		   TableStatus change)
{
	Relation	catalog = table_open(catalog_relation(), RowExclusiveLock);
	Datum		values[CATALOG_COLUMNS];
	bool		nulls[CATALOG_COLUMNS] = {[CATALOG_EXPIRY - 1] = true};

	sweep_deleted(catalog, name, name_len);
	values[CATALOG_NAME - 1] = PointerGetDatum(cstring_to_text_with_len(name, name_len));
	values[CATALOG_RELATION - 1] = ObjectIdGetDatum(relation);
	values[CATALOG_ID - 1] = id != NULL ? UUIDPGetDatum(id) : OidFunctionCall0(F_GEN_RANDOM_UUID);
	values[CATALOG_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[CATALOG_DEFINITION - 1] = JsonbPGetDatum(definition);
	values[CATALOG_TAGS - 1] = JsonbPGetDatum(tags);
	if (change == TABLE_ACTIVE)
		nulls[CATALOG_CHANGE - 1] = nulls[CATALOG_CHANGE_ENDS - 1] = true;
	else
		set_change(values, nulls, change);
	CatalogTupleInsert(catalog, heap_form_tuple(RelationGetDescr(catalog), values, nulls));
	table_close(catalog, NoLock);
	catalog_changed();
}

/* What a role lacks to create tables; NULL: nothing. */
static const char *
creator_lacks(Oid role)
{
	if (compat_schema_aclcheck(get_namespace_oid(CATALOG_ITEM_SCHEMA, false), role, ACL_CREATE) != ACLCHECK_OK)
		return "The role lacks CREATE on schema dynamo.";
	if (compat_schema_aclcheck(get_namespace_oid("dynapg", false), role, ACL_USAGE) != ACLCHECK_OK)
		return "The role lacks USAGE on schema dynapg, whose functions make a table's keys.";
	return NULL;
}

bool
catalog_is_creator(Oid role)
{
	return creator_lacks(role) == NULL;
}

void
catalog_require_creator(const char *name, int name_len)
{
	const char *lacks = creator_lacks(GetUserId());

	if (lacks != NULL)
		catalog_require(false, pnstrdup(name, name_len), lacks);
}

static void
create_table(const char *name, int name_len, const pg_uuid_t *id, Jsonb *definition, Jsonb *tags)
{
	TableInfo	keys;

	catalog_require_creator(name, name_len);
	memset(&keys, 0, sizeof(keys));
	catalog_read_keys(definition, &keys);
	insert_row(name, name_len, create_relation(name, name_len, &keys), id, definition, tags, TABLE_CREATING);
}

void
catalog_create_table(const char *name, int name_len, Jsonb *definition, Jsonb *tags)
{
	create_table(name, name_len, NULL, definition, tags);
}

void
catalog_import_table(const char *name, int name_len, const pg_uuid_t *id, Jsonb *definition)
{
	JsonbValue	no_tags = {.type = jbvObject};

	create_table(name, name_len, id, definition, JsonbValueToJsonb(&no_tags));
	catalog_set_restoring(catalog_table(name, name_len), true);
}

void
catalog_end_import(const TableInfo *table)
{
	catalog_set_restoring(table, false);
}

void
catalog_adopt_table(const char *name, int name_len, Oid relation, Jsonb *definition, Jsonb *tags)
{
	insert_row(name, name_len, relation, NULL, definition, tags, TABLE_ACTIVE);
}

/* Writes new values over the row of a table. */
static void
replace_row(const TableInfo *table, Datum *values, bool *nulls, bool *replaced)
{
	Relation	catalog = table_open(catalog_relation(), RowExclusiveLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	catalog_scan_key(&key, table->name, strlen(table->name));
	scan = catalog_begin_scan(catalog, NULL, 1, &key);
	row = systable_getnext(scan);
	if (!HeapTupleIsValid(row))
		catalog_raise_not_found(table->name, strlen(table->name));
	CatalogTupleUpdate(catalog, &row->t_self,
					   heap_modify_tuple(row, RelationGetDescr(catalog), values, nulls, replaced));
	systable_endscan(scan);
	table_close(catalog, NoLock);
	catalog_changed();
}

void
catalog_update_table(const TableInfo *table, Jsonb *definition, bool starts)
{
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};
	bool		replaced[CATALOG_COLUMNS] = {0};

	catalog_require_owner(table);
	values[CATALOG_DEFINITION - 1] = JsonbPGetDatum(definition);
	set_change(values, nulls, TABLE_UPDATING);
	replaced[CATALOG_DEFINITION - 1] = true;
	replaced[CATALOG_CHANGE - 1] = replaced[CATALOG_CHANGE_ENDS - 1] = starts;
	replace_row(table, values, nulls, replaced);
}

void
catalog_set_tags(const TableInfo *table, Jsonb *tags)
{
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};
	bool		replaced[CATALOG_COLUMNS] = {0};

	catalog_require_owner(table);
	values[CATALOG_TAGS - 1] = JsonbPGetDatum(tags);
	replaced[CATALOG_TAGS - 1] = true;
	replace_row(table, values, nulls, replaced);
}

void
catalog_expiry_changed(const TableInfo *table)
{
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};
	bool		replaced[CATALOG_COLUMNS] = {0};

	values[CATALOG_EXPIRY - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	replaced[CATALOG_EXPIRY - 1] = true;
	replace_row(table, values, nulls, replaced);
}

void
catalog_set_restoring(const TableInfo *table, bool restoring)
{
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};
	bool		replaced[CATALOG_COLUMNS] = {0};

	values[CATALOG_CHANGE - 1] = CStringGetTextDatum(catalog_status_name(TABLE_CREATING));
	values[CATALOG_CHANGE_ENDS - 1] = TimestampTzGetDatum(DT_NOEND);
	nulls[CATALOG_CHANGE - 1] = nulls[CATALOG_CHANGE_ENDS - 1] = !restoring;
	replaced[CATALOG_CHANGE - 1] = replaced[CATALOG_CHANGE_ENDS - 1] = true;
	replace_row(table, values, nulls, replaced);
}

/* Deletes the rows that a key finds. */
static void
delete_rows(ScanKey key)
{
	Relation	catalog = table_open(catalog_relation(), RowExclusiveLock);
	SysScanDesc scan = catalog_begin_scan(catalog, NULL, 1, key);
	HeapTuple	row;
	bool		found = false;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		CatalogTupleDelete(catalog, &row->t_self);
		found = true;
	}
	systable_endscan(scan);
	table_close(catalog, NoLock);
	if (found)
		catalog_changed();
}

char *
catalog_qualified_name(Oid relation)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relation));
	char	   *name = get_rel_name(relation);

	return schema != NULL && name != NULL ? quote_qualified_identifier(schema, name) : NULL;
}

void
catalog_drop_relation(Oid relation, void (*execute) (const char *command))
{
	char	   *name = catalog_qualified_name(relation);

	if (name == NULL)
		return;
	execute(psprintf("DROP TABLE %s", name));

	/* the lock keeps the relation's name, but not its schema's */
	if (OidIsValid(get_rel_namespace(relation)))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("a schema was renamed while table %s was dropped", name)));
}

/* Takes a table out of the catalog, or makes its row DELETING, and drops its indexes. */
static void
remove_table(const TableInfo *table)
{
	catalog_require_owner(table);
	if (catalog_is_being_restored(table))
		catalog_forget_restore(table->relation);
	catalog_end_transfers_of(table);
	catalog_drop_indexes(table);
	if (dynapg_control_plane_delay > 0)
	{
		Datum		values[CATALOG_COLUMNS] = {0};
		bool		nulls[CATALOG_COLUMNS] = {0};
		bool		replaced[CATALOG_COLUMNS] = {0};

		set_change(values, nulls, TABLE_DELETING);
		nulls[CATALOG_RELATION - 1] = true;
		replaced[CATALOG_RELATION - 1] = replaced[CATALOG_CHANGE - 1] = replaced[CATALOG_CHANGE_ENDS - 1] = true;
		replace_row(table, values, nulls, replaced);
	}
	else
	{
		ScanKeyData key;

		catalog_scan_key(&key, table->name, strlen(table->name));
		delete_rows(&key);
		catalog_forget_resource_policy(table->name, "");
	}
}

void
catalog_drop_table(const TableInfo *table)
{
	Oid			relation = table->relation;

	remove_table(table);
	catalog_drop_relation(relation, catalog_execute_ddl);
}

#define NOT_DONE MAKE_SQLSTATE('Y', 'D', 'Z', 'Z', '0')

static void
drop_and_undo(void *relation)
{
	catalog_drop_relation(*(Oid *) relation, catalog_execute_ddl);
	ereport(ERROR, (errcode(NOT_DONE), errmsg_internal("undone")));
}

/* Refuses what DROP TABLE would refuse: what depends on the table would go on with the backup. */
static void
require_droppable(Oid relation)
{
	ErrorData  *error = subtransaction_try(drop_and_undo, &relation);

	if (error->sqlerrcode != NOT_DONE)
		ReThrowError(error);
	FreeErrorData(error);
}

static void
execute_as_owner(const char *command)
{
	(void) catalog_execute(command, 0, NULL, NULL, NULL);
}

/* What makes the relation an item table goes: the triggers of ours, and the primary key, which needs no room in a backup. */
void
catalog_move_table(const TableInfo *table, const char *backup_relation)
{
	Oid			relation = table->relation;
	char	   *name;
	Relation	opened;
	Oid			key;

	remove_table(table);
	require_droppable(relation);
	name = catalog_qualified_name(relation);
	opened = table_open(relation, NoLock);
	key = compat_primary_key(opened);
	table_close(opened, NoLock);
	for (int i = 0; i < lengthof(triggers); i++)
		execute_as_owner(psprintf("DROP TRIGGER IF EXISTS %s ON %s", triggers[i].name, name));
	if (OidIsValid(key))
		execute_as_owner(psprintf("ALTER TABLE %s DROP CONSTRAINT %s", name, quote_identifier(get_rel_name(key))));
	execute_as_owner(psprintf("ALTER TABLE %s RENAME TO %s", name, quote_identifier(backup_relation)));
	execute_as_owner(psprintf("ALTER TABLE %s SET SCHEMA " CATALOG_BACKUP_SCHEMA,
							  quote_qualified_identifier(CATALOG_ITEM_SCHEMA, backup_relation)));
}

void
catalog_forget_relation(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);
	ScanKeyData key;

	if (table != NULL)
		catalog_drop_indexes(table);
	if (table != NULL && catalog_is_being_restored(table))
		catalog_forget_restore(relation);
	if (table != NULL)
	{
		catalog_end_transfers_of(table);
		catalog_forget_resource_policy(table->name, "");
	}
	ScanKeyInit(&key, CATALOG_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	delete_rows(&key);
}
