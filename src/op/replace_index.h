/*
 * replace_index.h
 *		Giving an index another key or projection while it stays in use.
 */
#ifndef DYNAPG_REPLACE_INDEX_H
#define DYNAPG_REPLACE_INDEX_H

#include "catalog/tables.h"
#include "op/request.h"

/*
 * Builds an index anew in the place of another one, which is used until the new one is complete (keep/table_job.h).
 * The request is UpdateTable's, with one GlobalSecondaryIndexUpdates.Create that has the name of the index, global or
 * local, and its new KeySchema and Projection.  AttributeDefinitions need only have what the table does not know.
 * Throughput stays as it is.
 */
extern void replace_index(const RequestValue *request);

/*
 * The index that a replace_index() is going to be about, as the table has it, locked against other changes;
 * ResourceNotFoundException if the table or the index is not there, AccessDeniedException for others than the table's owner.
 */
extern const TableIndex *replace_index_find(const char *table_name, int table_name_len,
											const char *name, int name_len);

#endif							/* DYNAPG_REPLACE_INDEX_H */
