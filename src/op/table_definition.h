/*
 * table_definition.h
 *		What callers have said about a table and about an index: the definitions in the catalog, as structures.
 */
#ifndef DYNAPG_TABLE_DEFINITION_H
#define DYNAPG_TABLE_DEFINITION_H

#include "catalog/tables.h"
#include "op/throughput.h"
#include "value/wire.h"

/* An attribute and its type, a key attribute and its part in the key. */
typedef struct NamePair
{
	const char *name;
	int			name_len;
	const char *value;
	int			value_len;
} NamePair;

/* Times are epoch seconds; 0 is never. */
typedef struct TableDefinition
{
	List	   *attributes;		/* of NamePair: AttributeDefinitions */
	List	   *keys;			/* of NamePair: KeySchema */
	bool		was_on_demand;	/* now or once: there is a BillingModeSummary */
	double		on_demand_since;
	Throughput	throughput;
	const char *table_class;	/* NULL: never said */
	double		table_class_since;
	const char *kms_key;		/* the ARN; NULL: encrypted by default */
	bool		deletion_protection;
} TableDefinition;

/* Reads a table's definition; what it points to lives as long as the table's. */
extern void table_definition_read(const TableInfo *table, TableDefinition *definition);

/* The definition as the catalog keeps it, palloc'd. */
extern Jsonb *table_definition_jsonb(const TableDefinition *definition);

typedef struct IndexDefinition
{
	List	   *keys;			/* of NamePair: KeySchema */
	const char *projection;		/* ProjectionType */
	List	   *included;		/* of C strings: NonKeyAttributes, in the order of their bytes */
	Throughput	throughput;		/* nothing for a local index */
} IndexDefinition;

/* Reads an index's definition; what it points to lives as long as the index's.  Its mode is the table's. */
extern void index_definition_read(const TableIndex *index, bool on_demand, IndexDefinition *definition);

/* The definition as the catalog keeps it, palloc'd. */
extern Jsonb *index_definition_jsonb(const IndexDefinition *definition);

/* Writes the members KeySchema and Projection. */
extern void index_definition_write_shape(WireWriter *writer, const IndexDefinition *definition);

/* Epoch seconds, to the millisecond. */
extern double table_time(TimestampTz time);

/* Writes a list of NamePair as objects of two members. */
extern void table_write_pairs(WireWriter *writer, List *pairs, const char *name_member, const char *value_member);

#endif							/* DYNAPG_TABLE_DEFINITION_H */
