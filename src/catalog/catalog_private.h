/*
 * catalog_private.h
 *		The columns of dynapg.tables; private to catalog/.
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
#define CATALOG_COLUMNS		7

/* The OID of dynapg.tables. */
extern Oid	catalog_relation(void);

/* A scan key for a table's name. */
extern void catalog_scan_key(ScanKey key, const char *name, int name_len);

/* A scan of the catalog by CATALOG_NAME or CATALOG_RELATION; ended by systable_endscan(). */
extern SysScanDesc catalog_begin_scan(Relation catalog, int nkeys, ScanKey keys);

extern TableInfo *catalog_read_row(Relation catalog, HeapTuple row);

/* Fills in hash, sort and has_sort from KeySchema and AttributeDefinitions; names are palloc'd. */
extern void catalog_read_keys(Jsonb *definition, TableInfo *table);

#endif							/* DYNAPG_CATALOG_PRIVATE_H */
