/*
 * owner.h
 *		Statements on the catalog, in the name of its owner.
 */
#ifndef DYNAPG_OWNER_H
#define DYNAPG_OWNER_H

#include "tcop/dest.h"
#include "utils/portal.h"

/*
 * Executes a statement as the catalog's owner, out of reach of the caller's search_path; returns the number of rows.  nulls: an n for
 * each argument that is null, as SPI takes it; NULL: none is.
 */
extern uint64 catalog_execute(const char *statement, int n_arguments, Oid *types, Datum *values, const char *nulls);

/*
 * The same of a statement that returns at most one row: copies of its columns in the current context.  False if there is none.
 */
extern bool catalog_fetch(const char *statement, int n_arguments, Oid *types, Datum *values, int n_columns,
						  Datum *columns, bool *nulls);

/*
 * A statement that is executed often: it is planned once a session.  It must qualify all its names, operators too, since it runs under the
 * caller's search_path, and leave the planner no choice that depends on the size of a table.
 */
typedef struct CatalogStatement
{
	const char *text;
	int			n_arguments;
	Oid			types[16];
	struct _SPI_plan *plan;		/* private; NULL at first */
} CatalogStatement;

/* The same as catalog_fetch() of a statement that touches at most one row; false if it touched none. */
extern bool catalog_fetch_saved(CatalogStatement *statement, Datum *values, int n_columns, Datum *columns, bool *nulls);

/*
 * Opens a cursor on a query in the name of the catalog's owner, which is asked for privileges now and not when rows are fetched.  It reads on
 * the active snapshot.  The caller is connected to SPI; the query qualifies all its names, as above.
 */
extern Portal catalog_open_cursor(const char *query);

/* Sends all rows of such a query to a receiver, which is called in the name of the catalog's owner. */
extern void catalog_send_rows(const char *query, DestReceiver *receiver);

#endif							/* DYNAPG_OWNER_H */
