/*
 * bulk_usage.h
 *		What a bulk put has used: the state of its transfer, and what its description shows.
 *
 * A byte put is the 1024th part of a write unit of what the item, or its entry in an index, takes.
 */
#ifndef DYNAPG_BULK_USAGE_H
#define DYNAPG_BULK_USAGE_H

#include "catalog/transfers.h"
#include "op/capacity.h"

typedef struct BulkIndexUsage
{
	char	   *name;
	bool		global;
	double		units;
} BulkIndexUsage;

typedef struct BulkUsage
{
	MemoryContext context;		/* of what grows */
	char	   *table_name;
	bool		has_total;		/* the objects have been listed */
	int64		total_input_bytes;
	double		units;			/* of the table and of all indexes */
	double		table_units;
	List	   *indexes;		/* of BulkIndexUsage */
} BulkUsage;

/* As a transfer's state has it, in the current memory context. */
extern BulkUsage *bulk_usage_read(const Transfer *bulk);

/* Adds what writes have consumed. */
extern void bulk_usage_add(BulkUsage *usage, const TableCapacity *capacity);

/* The transfer's state: TotalInputBytes and BulkOperationUsage, in the shapes of the description; palloc'd. */
extern Jsonb *bulk_usage_state(const BulkUsage *usage);

#endif							/* DYNAPG_BULK_USAGE_H */
