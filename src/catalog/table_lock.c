/*
 * table_lock.c
 *		Locks of tables: a table is locked first, and what is known of it then holds.
 *
 * A name says which relation to lock only as long as nobody changes it.  So a relation is locked by its OID, and the name is looked up
 * again under the lock; what was looked up before counts for nothing but which relation to try.
 *
 * DDL of ours takes its locks in one order: the extension, the table's name, the item table, index tables, totals, rows of the catalog.
 * DROP EXTENSION begins with the extension, too, and goes on in an order of its own; DROP TABLE and ALTER TABLE begin with the item table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "base/error.h"
#include "catalog/catalog_private.h"

static bool
lock_extension(bool wait)
{
	Oid			extension = get_extension_oid("dynapg", true);
	LOCKTAG		tag;

	if (!OidIsValid(extension))
		return false;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	if (LockAcquire(&tag, AccessShareLock, false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	AcceptInvalidationMessages();
	return get_extension_oid("dynapg", true) == extension;
}

bool
catalog_lock_extension(void)
{
	return lock_extension(true);
}

bool
catalog_try_lock_extension(void)
{
	return lock_extension(false);
}

uint32
catalog_name_number(const char *name, int name_len)
{
	return hash_bytes((const unsigned char *) name, name_len);
}

void
catalog_lock_number(uint32 number)
{
	PreventCommandIfReadOnly(dyn_operation);
	(void) catalog_lock_extension();
	LockDatabaseObject(catalog_relation(), number, 0, ExclusiveLock);
}

void
catalog_lock_name(const char *name, int name_len)
{
	catalog_lock_number(catalog_name_number(name, name_len));
}

void
catalog_lock_total(CatalogTotal total)
{
	/* names have 0 where this has the total */
	LockDatabaseObject(catalog_relation(), 0, total, ExclusiveLock);
}

Oid
catalog_relation_owner(Oid relation)
{
	HeapTuple	row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(row))
	{
		owner = ((Form_pg_class) GETSTRUCT(row))->relowner;
		ReleaseSysCache(row);
	}
	return owner;
}

/* Whether the table's relation is there; for an owner only, it belongs to the current user, else AccessDeniedException. */
static bool
check_relation(const TableInfo *table, bool owner_only)
{
	Oid			owner = catalog_relation_owner(table->relation);

	if (OidIsValid(owner) && owner_only)
		catalog_require(has_privs_of_role(GetUserId(), owner), table->name, "Only the table's owner may do this.");
	return OidIsValid(owner);
}

void
catalog_require_owner(const TableInfo *table)
{
	if (!check_relation(table, true))
		catalog_raise_not_found(table->name, strlen(table->name));
}

void
catalog_raise_not_found(const char *name, int name_len)
{
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found", name_len, name);
}

/*
 * Locks the relation of a table.  Returns what the table's name means under the lock, if that is still this relation; else
 * NULL, and no lock is left.
 */
static const TableInfo *
lock_relation(const TableInfo *table, LOCKMODE lockmode, bool owner_only)
{
	Oid			relation = table->relation;
	const TableInfo *now;

	LockRelationOid(relation, lockmode);
	now = catalog_table(table->name, strlen(table->name));
	if (now != NULL && now->relation == relation && check_relation(now, owner_only))
		return now;
	UnlockRelationOid(relation, lockmode);
	return NULL;
}

const TableInfo *
catalog_lock_table(const char *name, int name_len, LOCKMODE lockmode, bool owner_only)
{
	const TableInfo *table;

	while ((table = catalog_table(name, name_len)) != NULL)
	{
		const TableInfo *locked;

		/* a role without the right does not get into the queue, where it would be in the way of those behind it */
		if (!OidIsValid(table->relation))
			return table;
		if (!check_relation(table, owner_only) && catalog_table(name, name_len) == table)
			return NULL;		/* the catalog has a relation that is gone: event triggers were off */
		locked = lock_relation(table, lockmode, owner_only);
		if (locked != NULL)
			return locked;
	}
	return NULL;
}

const TableInfo *
catalog_lock_found_table(const TableInfo *table, LOCKMODE lockmode)
{
	return OidIsValid(table->relation) ? lock_relation(table, lockmode, false) : NULL;
}
