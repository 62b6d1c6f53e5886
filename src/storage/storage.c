/*
 * storage.c
 *		The gate: who may do what to a table, and which back end does it.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/settings.h"
#include "storage/backend.h"
#include "storage/item_log.h"
#include "storage/layout.h"
#include "storage/triggers.h"

/* The privileges on the relation that an access needs. */
static AclMode
needed_privileges(StorageAccess access, bool returns_item)
{
	AclMode		select = returns_item ? ACL_SELECT : 0;

	switch (access)
	{
		case STORAGE_READ:
			return ACL_SELECT;
		case STORAGE_CHECK:
			return ACL_SELECT | ACL_UPDATE;
		case STORAGE_PUT:
			return ACL_INSERT | ACL_UPDATE | select;
		case STORAGE_UPDATE:
			return ACL_SELECT | ACL_INSERT | ACL_UPDATE;
		case STORAGE_DELETE:
			return ACL_DELETE | select;
	}
	pg_unreachable();
}

void
storage_raise_denied(const TableInfo *table, const char *detail)
{
	char	   *role = GetUserNameFromId(GetUserId(), false);

	dyn_error_detail(DYN_ACCESS_DENIED, detail,
					 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: "
					 "arn:aws:dynamodb:%s:%s:table/%s",
					 dynapg_account_id, role, dyn_operation, dynapg_region, dynapg_account_id, table->name);
}

/* How far a role's privileges go. */
typedef enum Privileges
{
	PRIVILEGES_NO_SCHEMA,		/* not even into the schema */
	PRIVILEGES_NONE,
	PRIVILEGES_ON_COLUMNS,		/* which the executor knows how to judge */
	PRIVILEGES_WHOLE
} Privileges;

static Privileges
find_privileges(Oid relation, Oid schema, Oid role, AclMode needed)
{
	Privileges	found = PRIVILEGES_WHOLE;

	if (compat_schema_aclcheck(schema, role, ACL_USAGE) != ACLCHECK_OK)
		return PRIVILEGES_NO_SCHEMA;
	for (AclMode right = ACL_INSERT; right <= ACL_DELETE; right <<= 1)
	{
		if ((needed & right) == 0 || pg_class_aclcheck(relation, role, right) == ACLCHECK_OK)
			continue;
		if (right == ACL_DELETE || pg_attribute_aclcheck_all(relation, role, right, ACLMASK_ANY) != ACLCHECK_OK)
			return PRIVILEGES_NONE;
		found = PRIVILEGES_ON_COLUMNS;
	}
	return found;
}

/* Whether a role may do this by direct access.  Raises AccessDeniedException where nothing allows it; false where only the executor may. */
static bool
check_privileges(const TableInfo *table, Relation relation, Oid role, AclMode needed)
{
	Oid			schema = RelationGetNamespace(relation);

	switch (find_privileges(table->relation, schema, role, needed))
	{
		case PRIVILEGES_NO_SCHEMA:
			storage_raise_denied(table, psprintf("Role \"%s\" lacks USAGE on schema %s.", GetUserNameFromId(role, false),
												 quote_identifier(get_namespace_name(schema))));
		case PRIVILEGES_NONE:
			storage_raise_denied(table, psprintf("Role \"%s\" lacks privileges on table %s.", GetUserNameFromId(role, false),
												 quote_identifier(RelationGetRelationName(relation))));
		case PRIVILEGES_ON_COLUMNS:
			return false;
		case PRIVILEGES_WHOLE:
			return true;
	}
	pg_unreachable();
}

/* The same of the current user's, without a lock. */
static Privileges
current_privileges(const TableInfo *table, AclMode needed)
{
	Oid			schema = OidIsValid(table->relation) ? get_rel_namespace(table->relation) : InvalidOid;

	return OidIsValid(schema) ? find_privileges(table->relation, schema, GetUserId(), needed) : PRIVILEGES_NONE;
}

bool
storage_may_open(const TableInfo *table, StorageAccess access, bool returns_item)
{
	return current_privileges(table, needed_privileges(access, returns_item)) >= PRIVILEGES_ON_COLUMNS;
}

bool
storage_may_read_all(const TableInfo *table)
{
	return current_privileges(table, ACL_SELECT) == PRIVILEGES_WHOLE &&
		check_enable_rls(table->relation, InvalidOid, true) != RLS_ENABLED;
}

/*
 * Locks the relation of a table and gives the definition that holds under the lock.  A table that was dropped between
 * look-up and lock is not found, even if there is another of its name by now: the caller has read its keys by the
 * definition of the first.
 */
static Relation
lock_table(const TableInfo **table, LOCKMODE lockmode)
{
	*table = catalog_lock_found_table(*table, lockmode);
	if (*table == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	return table_open((*table)->relation, NoLock);
}

/* The executor says the same. */
static void
refuse_absent(Relation relation)
{
	if (layout_is_absent(relation))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary or unlogged relations during recovery")));
}

/* Nobody's trigger runs in the owner's name because a policy lets somebody write. */
static void
refuse_strange_code(const TableInfo *table, Relation relation, Oid user)
{
	const char *trigger = triggers_untrusted(relation, user);

	if (trigger != NULL)
		storage_raise_denied(table, psprintf("Trigger %s of table %s calls a function of a role that lacks the privileges of the table's owner, in whose "
											 "name an access policy would have it run.",
											 quote_identifier(trigger), quote_identifier(RelationGetRelationName(relation))));
}

StorageTable *
storage_open(const TableInfo *info, StorageAccess access, bool returns_item, Oid user)
{
	StorageTable *table = (StorageTable *) palloc0(sizeof(StorageTable));
	const Layout *layout;

	if (access != STORAGE_READ)
	{
		PreventCommandIfReadOnly("a write to an item table");
		PreventCommandIfParallelMode("a write to an item table");
	}
	table->access = access;
	table->user = user;
	table->returns_item = returns_item;
	table->relation = lock_table(&info, access == STORAGE_READ ? AccessShareLock : RowExclusiveLock);
	table->info = info;
	refuse_absent(table->relation);

	layout = layout_of(table->relation);
	if (!layout->valid)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the columns hash, sort and item of table \"%s\" are no longer what dynapg made them",
						RelationGetRelationName(table->relation))));
	if (user != GetUserId() && access != STORAGE_READ)
		refuse_strange_code(info, table->relation, user);
	table->indexes.table = info;
	table->log.table = info;
	table->direct = layout->direct;
	table->sees_all = check_privileges(info, table->relation, user, needed_privileges(access, returns_item));
	table->has_policies = table->relation->rd_rel->relrowsecurity &&
		check_enable_rls(RelationGetRelid(table->relation), user, false) == RLS_ENABLED;
	table->sees_all &= !table->has_policies;
	/* who hooks into the executor's checks, to audit or to deny, wants to know of every access */
	table->asks_executor = ExecutorCheckPerms_hook != NULL;
	table->direct &= table->sees_all && !table->asks_executor;

	/* what this transaction's earlier commands wrote is to be seen */
	CommandCounterIncrement();
	if (table->direct)
		direct_open(table);
	return table;
}

void
storage_require_reader(const TableInfo *info, Oid user)
{
	StorageTable *table = storage_open(info, STORAGE_READ, true, user);

	if (!table->sees_all)
		storage_raise_denied(table->info, table->has_policies ?
							 "Row-level security may hide items of the table, which its change logs would show." :
							 "The role may not read all columns of the table.");
	storage_close(table);
}

void
storage_close(StorageTable *table)
{
	if (table->direct)
		direct_close(table);
	index_targets_close(&table->indexes);
	log_writer_close(&table->log);
	if (table->access != STORAGE_READ)
		CommandCounterIncrement();
	table_close(table->relation, NoLock);
	pfree(table);
}

const TableInfo *
storage_info(const StorageTable *table)
{
	return table->info;
}

void
storage_key(StorageKey *key, const TableInfo *table, const char *hash_bytes, int hash_len,
			const char *sort_bytes, int sort_len)
{
	key_hash(table->hash.type, hash_bytes, hash_len, &key->hash);
	key->hash_bytes = hash_bytes;
	key->hash_len = hash_len;
	key->sort = storage_sort_bytes(sort_bytes, sort_len);
}

void
storage_key_of_item(StorageKey *key, const TableInfo *table, const JsonbValue *item)
{
	const char *hash;
	const char *sort = NULL;
	int			hash_len;
	int			sort_len = 0;

	key_of_item(item, table->hash.stored, table->hash.stored_len, table->hash.type, false, &hash, &hash_len);
	if (table->has_sort)
		key_of_item(item, table->sort.stored, table->sort.stored_len, table->sort.type, true, &sort, &sort_len);
	storage_key(key, table, hash, hash_len, sort, sort_len);
}

Jsonb *
storage_get(StorageTable *table, const StorageKey *key)
{
	return table->direct ? direct_get(table, key) : spi_get(table, key);
}

void
storage_hold(StorageTable *table, bool hold)
{
	table->holds = hold;
}

bool
storage_expires(StorageTable *table)
{
	table->expires = true;
	return !table->direct;
}

static bool
lock_for_executor(StorageTable *table, const StorageKey *key)
{
	bool		locked;

	direct_open(table);
	locked = direct_lock(table, key);
	direct_close(table);
	return locked;
}

/* Writes by the executor, whose row trigger is told of the item that expires.  Its statement finds the item locked. */
static void
expire_by_executor(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument, WriteResult *result)
{
	if (!lock_for_executor(table, key))
	{
		result->action = WRITE_NOTHING;
		return;
	}
	item_log_expires(RelationGetRelid(table->relation), &key->hash, key->sort);
	PG_TRY();
	{
		spi_write(table, key, decide, argument, result);
	}
	PG_FINALLY();
	{
		item_log_expires(InvalidOid, NULL, NULL);
	}
	PG_END_TRY();
}

/* Holds by direct access what the executor is to see and write; not what a policy hides, which is nothing to the user. */
static void
hold_for_executor(StorageTable *table, const StorageKey *key)
{
	if (table->has_policies && spi_get(table, key) == NULL && spi_is_hidden(table, key))
		return;
	direct_open(table);
	(void) direct_hold(table, key);
	direct_close(table);
}

void
storage_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
			  WriteResult *result)
{
	result->info = table->info;
	result->changes = NULL;
	if (table->direct)
		direct_write(table, key, decide, argument, result);
	else if (table->expires)
		expire_by_executor(table, key, decide, argument, result);
	else
	{
		if (table->holds)
			hold_for_executor(table, key);
		spi_write(table, key, decide, argument, result);
	}
}

Jsonb *
storage_get_at_snapshot(StorageTable *table, const StorageKey *key)
{
	Jsonb	   *item = table->direct ? direct_get_at(table, GetActiveSnapshot(), &key->hash, key->sort) :
		spi_get_at(table, &key->hash, key->sort);

	return item != NULL && storage_is_key(table, key, item) ? item : NULL;
}

void
storage_check(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument, WriteResult *result)
{
	Jsonb	   *unused = NULL;

	result->old = table->direct ? direct_hold(table, key) : spi_hold(table, key);
	(void) decide(result->old, &unused, argument);
	result->action = WRITE_NOTHING;
}

bool
storage_is_key(const StorageTable *table, const StorageKey *key, Jsonb *item)
{
	const KeyAttribute *hash = &table->info->hash;
	JsonbValue	map;
	JsonbValue	value;
	const char *bytes;
	int			len;

	attr_from_item(item, &map);
	return attr_lookup(&map, hash->stored, hash->stored_len, &value) &&
		key_bytes(&value, hash->type, PARTITION_KEY_MAX_SIZE, &bytes, &len) == KEY_OK &&
		len == key->hash_len &&
		memcmp(bytes, key->hash_bytes, len) == 0;
}

void
storage_raise_collision(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("another partition key has the same hash and sort key"),
			 errdetail("Two partition keys with one 128-bit hash cannot be in one table.")));
}

void
storage_raise_conflict(void)
{
	dyn_error_detail(DYN_TRANSACTION_CONFLICT,
					 "The item was changed after this transaction's snapshot was taken.",
					 "Transaction is ongoing for the item");
}
