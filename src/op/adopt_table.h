/*
 * adopt_table.h
 *		A table whose relation is there, and whose catalog row is not: it has come by pg_dump -t, or was restored by somebody who
 *		may not write the catalog.
 */
#ifndef DYNAPG_ADOPT_TABLE_H
#define DYNAPG_ADOPT_TABLE_H

#include "op/request.h"

/*
 * Makes the relation the table of a CreateTable request, which must have its keys, and starts building the request's indexes.  What
 * CreateTable refuses is refused in the same words.  The relation is an item table in all but the catalog, locked, and of the
 * current user's.
 */
extern void adopt_table(const RequestValue *request, Oid relation);

#endif							/* DYNAPG_ADOPT_TABLE_H */
