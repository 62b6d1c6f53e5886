/*
 * tables.h
 *		Which tables exist: dynapg.tables, and each backend's cache of it.
 *
 * The catalog's name is the truth; the relation is found through it (regclass).  All DDL is transactional: a
 * table created by a transaction is there for that transaction at once and for others at its commit.
 */
#ifndef DYNAPG_TABLES_H
#define DYNAPG_TABLES_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/limits.h"
#include "value/key.h"

typedef enum TableStatus
{
	TABLE_ACTIVE,
	TABLE_CREATING,
	TABLE_UPDATING,
	TABLE_DELETING
} TableStatus;

typedef struct KeyAttribute
{
	char	   *name;			/* as the service knows it; no NUL inside */
	int			name_len;
	const char *stored;			/* the name as items store it (attr.h) */
	int			stored_len;
	KeyType		type;
} KeyAttribute;

typedef struct TableInfo
{
	char		name[TABLE_NAME_MAX_SIZE + 1];
	Oid			relation;		/* the item table; InvalidOid while it is DELETING */
	pg_uuid_t	id;				/* TableId */
	TimestampTz created_at;
	KeyAttribute hash;
	KeyAttribute sort;			/* has_sort only */
	bool		has_sort;
	Jsonb	   *definition;		/* the members of TableDescription that are given by callers, see below */
	TableStatus change;			/* what goes on until change_ends; TABLE_ACTIVE: nothing */
	TimestampTz change_ends;
} TableInfo;

/*
 * The definition is a jsonb object with those members of TableDescription that cannot be derived:
 * AttributeDefinitions, KeySchema, BillingModeSummary, ProvisionedThroughput, TableClassSummary,
 * OnDemandThroughput, WarmThroughput, SSEDescription, DeletionProtectionEnabled, ... in the shapes of
 * DescribeTable's answer, times as epoch seconds.
 */

/*
 * The table of a name, or NULL.  The result is a cache entry that lives until the end of the transaction,
 * though a later call may return another one.  DELETING tables whose time is over
 * are not there.
 */
extern const TableInfo *catalog_table(const char *name, int name_len);

/* The table of an item relation, or NULL. */
extern const TableInfo *catalog_table_of_relation(Oid relation);

/* Its status now (a change that has ended is TABLE_ACTIVE). */
extern TableStatus catalog_table_status(const TableInfo *table);
extern const char *catalog_status_name(TableStatus status);

/*
 * Serialises DDL on a name until the end of the transaction; after it, catalog_table() tells what is committed.
 */
extern void catalog_lock_name(const char *name, int name_len);

/*
 * Creates the item relation and its catalog row.  The caller holds catalog_lock_name() and found no such table.
 * KeySchema and AttributeDefinitions are read from the definition.  The relation belongs to the current user, who needs
 * CREATE on schema dynamo (AccessDeniedException).
 */
extern void catalog_create_table(const char *name, int name_len, Jsonb *definition);

/* Replaces the definition; starts the change UPDATING if the control plane has a delay.  Owner only (AccessDeniedException). */
extern void catalog_update_table(const TableInfo *table, Jsonb *definition);

/*
 * Drops the relation, and the row too, which stays as DELETING for a while if the control plane has a delay.  Owner
 * only.  Relations that depend on the table make PostgreSQL refuse (ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST).
 */
extern void catalog_drop_table(const TableInfo *table);

/* Names in byte order that come after `after` (NULL: from the first), at most limit of them: palloc'd C strings. */
extern List *catalog_table_names(const char *after, int limit);

/* How many tables there are. */
extern int	catalog_table_count(void);

/* Forgets the table of an item relation that plain SQL has dropped. */
extern void catalog_forget_relation(Oid relation);

/* The schema that holds the item tables. */
#define CATALOG_ITEM_SCHEMA "dynamo"

#endif							/* DYNAPG_TABLES_H */
