/*
 * table_description.h
 *		The TableDescription that answers about tables carry.
 *
 * A view is what an answer shows: read from the catalog, then changed where an answer differs from it, as that of
 * UpdateTable does while its change goes on.
 */
#ifndef DYNAPG_TABLE_DESCRIPTION_H
#define DYNAPG_TABLE_DESCRIPTION_H

#include "op/table_definition.h"

typedef struct IndexView
{
	const char *name;
	bool		global;
	TableStatus status;			/* of a global index */
	bool		has_backfilling;	/* CREATING by UpdateTable */
	bool		backfilling;
	bool		has_warm;
	bool		warm_changes;	/* its status is UPDATING */
	bool		hides_status;	/* IndexStatus is not shown */
	bool		replaced;		/* another index is being built in its place */
	IndexDefinition definition;
	int64		items;
	int64		bytes;
} IndexView;

typedef struct TableView
{
	const TableInfo *table;
	TableStatus status;
	TableChange change;			/* what goes on */
	TableStatus warm_status;	/* of WarmThroughput; never DELETING */
	bool		hides_warm;		/* WarmThroughput is not shown */
	bool		encryption_changes; /* its status is UPDATING */
	TableDefinition definition;
	List	   *indexes;		/* of IndexView, in the order in which they were asked for; no hidden ones */
	int64		items;
	int64		bytes;
} TableView;

/*
 * A table as it is now.  counted: with its items and bytes, which reads the table and its indexes; else they are 0.  The view
 * lives in the current context and as long as the table's cache entry.
 */
extern void table_view_read(TableView *view, const TableInfo *table, bool counted);

/* An index of a view by its name, or NULL. */
extern IndexView *table_view_index(const TableView *view, const char *name);

/* Writes a response whose one member is the description of a table: "Table" or "TableDescription". */
extern void table_view_write(WireWriter *response, const char *member, const TableView *view);

/* Writes DeleteTable's answer: less of the description, TableStatus DELETING. */
extern void table_view_write_deleted(WireWriter *response, const TableView *view);

#endif							/* DYNAPG_TABLE_DESCRIPTION_H */
