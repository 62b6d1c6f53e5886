/*
 * table_definition.h
 *		What callers have said about a table: the definition in the catalog, as a structure.
 */
#ifndef DYNAPG_TABLE_DEFINITION_H
#define DYNAPG_TABLE_DEFINITION_H

#include "catalog/tables.h"
#include "value/wire.h"

/* An attribute and its type, a key attribute and its part in the key, or a tag and its value. */
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
	List	   *tags;			/* of NamePair */
	bool		on_demand;
	bool		was_on_demand;	/* now or once: there is a BillingModeSummary */
	double		on_demand_since;
	int64		read_units;		/* ProvisionedThroughput; 0 on demand */
	int64		write_units;
	double		increased_at;
	double		decreased_at;
	int64		decreases;		/* on the day of decreased_at */
	int64		max_read_units; /* OnDemandThroughput; 0: no ceiling */
	int64		max_write_units;
	int64		warm_read_units;	/* WarmThroughput as asked for; 0: not at all */
	int64		warm_write_units;
	const char *table_class;	/* NULL: never said */
	double		table_class_since;
	const char *kms_key;		/* the ARN; NULL: encrypted by default */
	bool		deletion_protection;
} TableDefinition;

/* Reads a table's definition; what it points to lives as long as the table's. */
extern void table_definition_read(const TableInfo *table, TableDefinition *definition);

/* The definition as the catalog keeps it, palloc'd. */
extern Jsonb *table_definition_jsonb(const TableDefinition *definition);

/* What the table takes at once: as asked for, or what the capacity gives anyhow. */
extern int64 table_warm_read_units(const TableDefinition *definition);
extern int64 table_warm_write_units(const TableDefinition *definition);

/* Epoch seconds, to the millisecond. */
extern double table_time(TimestampTz time);

/* Writes a list of NamePair as objects of two members. */
extern void table_write_pairs(WireWriter *writer, List *pairs, const char *name_member, const char *value_member);

#endif							/* DYNAPG_TABLE_DEFINITION_H */
