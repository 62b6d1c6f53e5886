/*
 * catalog_private.h
 *		The columns of dynapg.tables and dynapg.indexes; private to catalog/.
 */
#ifndef DYNAPG_CATALOG_PRIVATE_H
#define DYNAPG_CATALOG_PRIVATE_H

#include "access/genam.h"
#include "access/skey.h"
#include "utils/rel.h"

#include "catalog/tables.h"

#define CATALOG_NAME		1	/* text */
#define CATALOG_RELATION	2	/* regclass; null once the table is DELETING */
#define CATALOG_ID			3	/* uuid */
#define CATALOG_CREATED_AT	4	/* timestamptz */
#define CATALOG_DEFINITION	5	/* jsonb */
#define CATALOG_CHANGE		6	/* text, null if nothing goes on */
#define CATALOG_CHANGE_ENDS	7	/* timestamptz */
#define CATALOG_TAGS		8	/* jsonb: an object of texts */
#define CATALOG_EXPIRY		9	/* timestamptz, null if time to live was never changed */
#define CATALOG_COLUMNS		9

/* The columns of dynapg.indexes. */
#define INDEXES_TABLE_NAME	1	/* text */
#define INDEXES_NAME		2	/* text */
#define INDEXES_RELATION	3	/* regclass */
#define INDEXES_KIND		4	/* text: LOCAL, GLOBAL, TTL */
#define INDEXES_DEFINITION	5	/* jsonb */
#define INDEXES_STATUS		6	/* text */
#define INDEXES_BACKFILLING	7	/* boolean */
#define INDEXES_REPLACES	8	/* text, null if it replaces none */
#define INDEXES_CHANGE_ENDS	9	/* timestamptz, null if there is no delay */
#define INDEXES_KEPT		10	/* boolean */
#define INDEXES_COLUMNS		10

/* The OID of dynapg.tables. */
extern Oid	catalog_relation(void);

/* A scan key for a table's name. */
extern void catalog_scan_key(ScanKey key, const char *name, int name_len);

/* A scan of the catalog by CATALOG_NAME or CATALOG_RELATION; ended by systable_endscan(). */
extern SysScanDesc catalog_begin_scan(Relation catalog, Snapshot snapshot, int nkeys, ScanKey keys);

extern TableInfo *catalog_read_row(Relation catalog, HeapTuple row);

/* Fills in hash, sort and has_sort from KeySchema and AttributeDefinitions; names are palloc'd. */
extern void catalog_read_keys(Jsonb *definition, TableInfo *table);

/* The type of an attribute in a definition's AttributeDefinitions. */
extern KeyType catalog_defined_type(Jsonb *definition, const KeyAttribute *attribute);

/* A member of an object, which must be there; the definition is ours. */
extern void catalog_member(JsonbContainer *object, const char *name, JsonbValue *value);

/* TABLE_ACTIVE for what is no status. */
extern TableStatus catalog_status_of_text(const text *status);

/* indexes.c: reads the indexes of a table into it, in the current context. */
extern void catalog_read_indexes(TableInfo *table, Snapshot snapshot);

/*
 * index_ddl.c: creates an index table and its row, in the name of the table's owner, which the current user must be.  See
 * catalog_create_index().
 */
extern void catalog_add_index(const TableInfo *table, const char *name, const char *kind, Jsonb *definition, bool building,
							  const char *replaces);

/* ddl.c: notes in a table's row that its time to live was changed now. */
extern void catalog_expiry_changed(const TableInfo *table);

/* logs.c: the same of its logs. */
extern void catalog_read_logs(TableInfo *table, Snapshot snapshot);

/* insights.c: the same of what contributor insights count of it and its indexes, which have been read; on the latest snapshot. */
extern void catalog_read_insights(TableInfo *table);

/* insights.c: the catalog has changed. */
extern void catalog_forget_insights(void);

/* insights.c: an index is dropped, and with it what is said of its insights. */
extern void catalog_forget_index_insights(Oid index_relation);

/* ddl.c: tells every backend, at commit, that the catalog has changed, and our own at once. */
extern void catalog_changed(void);

/* ddl.c: DDL in the current user's name. */
extern void catalog_execute_ddl(const char *command);

/* Raises AccessDeniedException unless it is allowed; the detail is for the log. */
extern void catalog_require(bool allowed, const char *name, const char *detail);

/* AccessDeniedException unless the table's relation belongs to the current user; ResourceNotFoundException if it is gone. */
extern void catalog_require_owner(const TableInfo *table);

/* DROP TABLE of a relation that is locked in AccessExclusiveLock, by execute(). */
extern void catalog_drop_relation(Oid relation, void (*execute) (const char *command));

/* A relation's name for a table's (or index's), with a suffix that begins with ~; attempts from 0.  See ddl.c. */
extern char *catalog_relation_name(const char *name, int name_len, const char *suffix, int attempt);

/* The name of a relation that is locked, qualified and quoted; NULL if it is gone. */
extern char *catalog_qualified_name(Oid relation);

/* ddl.c: makes a table CREATING without an end, or ACTIVE. */
extern void catalog_set_restoring(const TableInfo *table, bool restoring);

/* restores.c: a table that is being restored is dropped. */
extern void catalog_forget_restore(Oid relation);

/* index_ddl.c: the tablespace of a relation, whatever default_tablespace says: quoted. */
extern const char *catalog_tablespace_of(Oid relation);

/* index_ddl.c: drops the indexes of a table that is dropped: their rows, and the index tables that are still there. */
extern void catalog_drop_indexes(const TableInfo *table);

/*
 * What a reader makes, in the current context, of the rows of one of dynapg's catalogs that an index (NULL: all rows) and keys find, on the latest snapshot,
 * as PostgreSQL's catalogs are read.  NIL while the extension is being created.
 */
typedef void *(*CatalogReader) (Relation catalog, HeapTuple row);

extern List *catalog_read_rows(const char *name, const char *index, int n_keys, ScanKey keys, CatalogReader read);

/* A column's text, palloc'd; NULL for a null. */
extern char *catalog_text_or_null(const Datum *values, const bool *nulls, int column);

/* Milliseconds since 1970, as labels and ids begin with. */
static inline int64
catalog_milliseconds(TimestampTz time)
{
	return time / 1000 + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;
}

#endif							/* DYNAPG_CATALOG_PRIVATE_H */
