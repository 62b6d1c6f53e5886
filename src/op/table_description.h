/*
 * table_description.h
 *		The TableDescription that answers about tables carry.
 */
#ifndef DYNAPG_TABLE_DESCRIPTION_H
#define DYNAPG_TABLE_DESCRIPTION_H

#include "op/table_definition.h"

/*
 * Writes a response whose one member is the description of a table: "Table" or "TableDescription".  counted: with
 * its items and bytes as they are now, which reads the table; else they are 0.
 */
extern void table_description_write(WireWriter *response, const char *member, const TableInfo *table,
									const TableDefinition *definition, TableStatus status, bool counted);

#endif							/* DYNAPG_TABLE_DESCRIPTION_H */
