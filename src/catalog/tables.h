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
#include "storage/lockdefs.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"
#include "utils/uuid.h"

#include "base/limits.h"
#include "catalog/logs.h"
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

/* At most so many HASH and so many RANGE attributes has a global index. */
#define INDEX_KEY_MAX_ATTRIBUTES 4

typedef enum IndexProjection
{
	PROJECT_ALL,
	PROJECT_KEYS_ONLY,
	PROJECT_INCLUDE
} IndexProjection;

/* What contributor insights count of a table or a global index (catalog/insights.h). */
typedef struct InsightsMark
{
	int64		number;			/* tells these settings from earlier ones; 0: nothing is counted */
	bool		accessed;		/* accesses as well as refusals */
} InsightsMark;

/* A secondary index.  (IndexInfo is PostgreSQL's.) */
typedef struct TableIndex
{
	char	   *name;
	Oid			relation;		/* the index table, in schema dynapg_index */
	bool		global;			/* entries are no part of item collections */
	bool		expires;		/* the hidden index of time to live, see catalog_time_to_live() */
	TableStatus status;			/* CREATING, DELETING: not to be read */
	bool		kept;			/* writers keep its entries; else they only take away (CREATING), or do nothing (DELETING) */
	bool		backfilling;	/* CREATING: items that were there before are being entered */
	char	   *replaces;		/* the index whose place it takes when it is built; NULL: none.  No caller sees it before */
	int			n_hash;			/* 1 to INDEX_KEY_MAX_ATTRIBUTES; time to live: 0, all entries are in one partition */
	int			n_sort;			/* 0 to INDEX_KEY_MAX_ATTRIBUTES */
	KeyAttribute hash[INDEX_KEY_MAX_ATTRIBUTES];
	KeyAttribute sort[INDEX_KEY_MAX_ATTRIBUTES];
	IndexProjection projection;
	int			n_included;		/* PROJECT_INCLUDE: NonKeyAttributes; their type is not set */
	KeyAttribute *included;
	Jsonb	   *definition;		/* members of the index's description that are given by callers, see below */
	TimestampTz change_ends;	/* the status shown is CREATING until then (control_plane_delay); 0: no delay */
	InsightsMark insights;
} TableIndex;

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
	Jsonb	   *tags;			/* an object: each key's value, a string */
	TimestampTz expiry_changed_at;	/* when its time to live was changed last; 0: never */
	TableStatus change;			/* what goes on until change_ends; TABLE_ACTIVE: nothing */
	TimestampTz change_ends;
	int			n_indexes;
	TableIndex *indexes;		/* all, whatever their status, in the order of their names */
	int			n_logs;
	TableLog   *logs;			/* all that the table has had */
	bool		is_logged;		/* one of them is kept */
	InsightsMark insights;
	struct TableRates *rates;	/* made when it is first wanted (op/throughput.h) */
} TableInfo;

/*
 * The definition is a jsonb object with those members of TableDescription that cannot be derived:
 * AttributeDefinitions, KeySchema, BillingModeSummary, ProvisionedThroughput, TableClassSummary,
 * OnDemandThroughput, WarmThroughput, SSEDescription, DeletionProtectionEnabled, ... in the shapes of
 * DescribeTable's answer, times as epoch seconds.  An index's definition has KeySchema, Projection, ProvisionedThroughput,
 * OnDemandThroughput, WarmThroughput.
 */

/* Whether the catalog is there: it is not while the extension is being created or dropped.  Everything below raises an error then. */
extern bool catalog_exists(void);

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
 * Serialises DDL on a name until the end of the transaction; after it, catalog_table() tells what is committed.  Keeps DROP EXTENSION
 * away, too.  catalog_lock_number: the same for a name whose number somebody else has taken down.
 */
extern void catalog_lock_name(const char *name, int name_len);
extern uint32 catalog_name_number(const char *name, int name_len);
extern void catalog_lock_number(uint32 number);

/*
 * Serialises until the end of the transaction what adds to a total of all tables of the database that may be only so much: who has this finds all that
 * others have added.
 */
typedef enum CatalogTotal
{
	CATALOG_TOTAL_UNITS = 1,	/* provisioned capacity (op/quota.h) */
	CATALOG_TOTAL_RULES,		/* of contributor insights */
	CATALOG_TOTAL_ALARMS
} CatalogTotal;

extern void catalog_lock_total(CatalogTotal total);

/*
 * Keeps DROP EXTENSION away until the end of the transaction; false if it came first.  To be taken before all other locks.
 * catalog_try_lock_extension: also false if somebody is about to drop it.
 */
extern bool catalog_lock_extension(void);
extern bool catalog_try_lock_extension(void);

/*
 * The table of a name with its relation locked until the end of the transaction: all that is said of it, its relation's name and owner
 * included, holds as long.  NULL if there is none when the lock is there, whatever there was before.  A table that is DELETING has no
 * relation and comes without a lock.  owner_only: the relation must belong to the current user, else AccessDeniedException, which
 * does not wait for the lock.  The lock is waited for as any of PostgreSQL's.
 */
extern const TableInfo *catalog_lock_table(const char *name, int name_len, LOCKMODE lockmode, bool owner_only);

/* The same for a table that was found before; NULL if its name does not mean its relation any more, even if there is another one. */
extern const TableInfo *catalog_lock_found_table(const TableInfo *table, LOCKMODE lockmode);

/* What the control plane says of a table that is not there. */
extern _Noreturn void catalog_raise_not_found(const char *name, int name_len);

/*
 * Creates the item relation and its catalog row.  The caller holds catalog_lock_name() and found no such table.
 * KeySchema and AttributeDefinitions are read from the definition.  The relation belongs to the current user, who needs
 * CREATE on schema dynamo (AccessDeniedException).
 */
extern void catalog_create_table(const char *name, int name_len, Jsonb *definition, Jsonb *tags);

/* What that raises AccessDeniedException for; whether it would not for a role. */
extern void catalog_require_creator(const char *name, int name_len);
extern bool catalog_is_creator(Oid role);

/*
 * The same of a table that is imported (catalog/imports.h), with the TableId that it was promised: CREATING until catalog_end_import(), whose caller
 * holds catalog_lock_name() too.
 */
extern void catalog_import_table(const char *name, int name_len, const pg_uuid_t *id, Jsonb *definition);
extern void catalog_end_import(const TableInfo *table);

/*
 * Writes the catalog row of an item relation that has come without it, as of a table that was always there: the definition names the keys
 * that its columns have.  The caller holds catalog_lock_name() and found no such table, nor one of this relation, which
 * is locked and belongs to the current user.
 */
extern void catalog_adopt_table(const char *name, int name_len, Oid relation, Jsonb *definition, Jsonb *tags);

/* Gives a relation of the current user's that has an item table's columns what else makes one: the primary key and the triggers. */
extern void catalog_complete_relation(Oid relation, bool has_key);

/*
 * Replaces the definition.  starts: a change UPDATING begins, if the control plane has a
 * delay; else the status stays as it is.  This and what follows is for callers that hold
 * catalog_lock_name() and have the table from catalog_lock_table() for its owner.
 */
extern void catalog_update_table(const TableInfo *table, Jsonb *definition, bool starts);

/* Replaces the tags; the table's status stays what it is.  Owner only (AccessDeniedException). */
extern void catalog_set_tags(const TableInfo *table, Jsonb *tags);

/*
 * Drops the relation, which is locked in AccessExclusiveLock, and the row too, which stays as DELETING for a while if the control
 * plane has a delay.  Relations that depend on the table make PostgreSQL refuse (ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST).
 */
extern void catalog_drop_table(const TableInfo *table);

/* The same, but the relation and its items become the table of a backup, whose name that is (catalog_keep_deleted()). */
extern void catalog_move_table(const TableInfo *table, const char *backup_relation);

/*
 * Whether an index's entries are kept by writers; whether they are only taken away, if there are any; whether callers never see it;
 * whether items must fit into it; and whether it may be read.
 */
#define index_is_kept(index)		((index)->kept)
#define index_loses_entries(index)	((index)->status == TABLE_CREATING && !(index)->kept)
#define index_is_hidden(index)		(strchr((index)->name, '~') != NULL)	/* replaces another, was replaced, or is time to live's */
#define index_checks_items(index)	(index_is_kept(index) && !(index)->expires)
#define index_is_readable(index)	((index)->status == TABLE_ACTIVE || (index)->status == TABLE_UPDATING)

/* An index of a table that callers may know of, by its name; NULL if there is none. */
extern const TableIndex *catalog_index(const TableInfo *table, const char *name, int name_len);

/* The index of an index table, and its table; NULL if it is none. */
extern const TableIndex *catalog_index_of_relation(Oid relation, const TableInfo **table);

/* The status that callers see now. */
extern TableStatus catalog_index_status(const TableIndex *index);

/*
 * Creates an index table and its row in dynapg.indexes, in the name of the table's owner, which the current user must be
 * (AccessDeniedException).  KeySchema and Projection are read from the definition, the types of the keys from the table's
 * definition, which must have them by now.  building: the table may have items, so the index is CREATING until it is built
 * (keep/table_job.h); else ACTIVE.  replaces: the index whose place it takes then, or NULL.
 */
extern void catalog_create_index(const char *table_name, const char *name, bool global, Jsonb *definition,
								 bool building, const char *replaces);

/* Replaces an index's definition. */
extern void catalog_update_index(const TableInfo *table, const char *name, Jsonb *definition);

/* Makes an index DELETING: from the commit on nobody begins to read it. */
extern void catalog_retire_index(const TableInfo *table, const char *name);

/*
 * The steps of building: an index has been waited for, is kept from now on and backfilled; it has got behind an item's key, having read
 * so many items more and made so many entries more; it is built, and ACTIVE or in the place of the one that it replaces, which is
 * DELETING then.
 */
extern void catalog_index_backfilling(Oid index_relation);
extern void catalog_index_unkept(Oid index_relation);	/* DELETING, and nobody reads it any more */
extern void catalog_index_progress(Oid index_relation, const pg_uuid_t *hash, bytea *sort, int64 items, int64 entries);
extern void catalog_index_built(Oid index_relation);

/* The key that catalog_index_progress() noted last, sort having room for any; false if there is none. */
extern bool catalog_index_position(Oid index_relation, pg_uuid_t *hash, bytea *sort);

/*
 * Time to live is a hidden index: its entries are the items that have a number under its only key attribute (sort[0], of type N),
 * in the order of those.  What has no number there has no entry, and that is no error.
 */

/* The index by which a table's items expire, or will when it is built; NULL if they do not. */
extern const TableIndex *catalog_time_to_live(const TableInfo *table);

/* Whether an index of time to live that was disabled is still being dropped. */
extern bool catalog_disables_time_to_live(const TableInfo *table);

/*
 * Has a table's items expire by an attribute, once the index is built (keep/table_job.h), or no longer.  Owner only
 * (AccessDeniedException); the caller knows that there is a change.
 */
extern void catalog_enable_time_to_live(const TableInfo *table, const char *attribute, int attribute_len);
extern void catalog_disable_time_to_live(const TableInfo *table);

/* The item tables whose items expire, or will, in the order of their OIDs. */
extern List *catalog_expiring_relations(void);

/* Counts items that have expired, by the index's relation. */
extern void catalog_count_expired(Oid index_relation, int64 items);

/* Who owns a relation; InvalidOid if it is gone. */
extern Oid	catalog_relation_owner(Oid relation);

/* The OID of dynapg.indexes, for locks. */
extern Oid	catalog_indexes_oid(void);

/* The OID of dynapg.logs, and of the sequence that numbers their rows. */
extern Oid	catalog_logs_oid(void);
extern Oid	catalog_log_sequence_oid(void);

/* Whether an index was ACTIVE already when a snapshot was taken. */
extern bool catalog_index_is_visible(const TableIndex *index, Snapshot snapshot);

/* Gives the index tables what ALTER TABLE has given the item table: its owner; UNLOGGED, or LOGGED. */
extern void catalog_adapt_indexes(const TableInfo *table);

/* Drops an index's row and its index table, which the caller has locked (AccessExclusiveLock). */
extern void catalog_drop_index(Oid index_relation);

/* Names in byte order that come after `after` (NULL: from the first), at most limit of them: palloc'd C strings. */
extern List *catalog_table_names(const char *after, int limit);

/* How many tables there are. */
extern int	catalog_table_count(void);

/* Whether a test holds for the item relation of any table. */
extern bool catalog_any_relation(bool (*test) (Oid relation));

/* Forgets the table of an item relation that plain SQL has dropped. */
extern void catalog_forget_relation(Oid relation);

/* The schema that holds the item tables. */
#define CATALOG_ITEM_SCHEMA "dynamo"

/* The schema that holds the index tables. */
#define CATALOG_INDEX_SCHEMA "dynapg_index"

/* The schema that holds the segments of change logs. */
#define CATALOG_LOG_SCHEMA "dynapg_log"

#endif							/* DYNAPG_TABLES_H */
