/*
 * insight_access.h
 *		Who may see what contributor insights have counted.
 */
#ifndef DYNAPG_INSIGHT_ACCESS_H
#define DYNAPG_INSIGHT_ACCESS_H

#include "catalog/tables.h"

/*
 * AccessDeniedException unless the current user may read all of the table by PostgreSQL's privileges, row-level security does not apply to him, and no
 * policy speaks of him or of the table: one might keep keys from him, by dynamodb:LeadingKeys or dynamodb:Attributes, and a list of keys has no request
 * that it could be asked with.  Superusers aside.
 */
extern void insight_require_reader(const TableInfo *table);

/* The global index of a name, of a table that is there; NULL for an empty name.  ResourceNotFoundException. */
extern const TableIndex *insight_index(const TableInfo *table, const char *name, int len);

#endif							/* DYNAPG_INSIGHT_ACCESS_H */
