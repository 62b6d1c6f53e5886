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

/*
 * A change of a table that goes on, visible where dynapg.control_plane_delay makes
 * changes last.  What may be done meanwhile depends on it.
 */
typedef enum TableChange
{
	CHANGE_NONE,
	CHANGE_THROUGHPUT,
	CHANGE_BILLING_MODE,
	CHANGE_CEILINGS,
	CHANGE_CLASS,
	CHANGE_INDEX,				/* one is created or deleted */
	CHANGE_ENCRYPTION,			/* the table stays ACTIVE, as with the next one */
	CHANGE_WARM_THROUGHPUT,
	CHANGE_STREAM				/* it is enabled or disabled */
} TableChange;

#define MAX_CHANGE_TIMES	8

/*
 * When a table was changed in some way, the oldest first; only as far back as it matters
 * to a limit.
 */
typedef struct ChangeTimes
{
	int			count;
	double		times[MAX_CHANGE_TIMES];
} ChangeTimes;

/* Times are epoch seconds; 0 is never. */
typedef struct TableDefinition
{
	List	   *attributes;		/* of NamePair: AttributeDefinitions */
	List	   *keys;			/* of NamePair: KeySchema */
	bool		was_on_demand;	/* now or once: there is a BillingModeSummary */
	double		on_demand_since;
	Throughput	throughput;
	const char *table_class;	/* NULL: never said */
	const char *stream_view;	/* NULL: no stream is wanted */
	double		table_class_since;
	ChangeTimes class_changes;
	const char *kms_key;		/* the ARN; NULL: encrypted by default */
	ChangeTimes encryption_changes;
	bool		deletion_protection;
	int			recovery_days;	/* how far back it can be restored to a point in time; 0: not at all */
	TableChange change;			/* means nothing but while the table's status is UPDATING */
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
	int64		position;		/* they are shown in the order in which they were asked for */
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

/* The time of epoch seconds; far-off ones come nearer. */
extern TimestampTz table_timestamp(double seconds);

/* Writes a list of NamePair as objects of two members. */
extern void table_write_pairs(WireWriter *writer, List *pairs, const char *name_member, const char *value_member);

#endif							/* DYNAPG_TABLE_DEFINITION_H */
