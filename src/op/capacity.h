/*
 * capacity.h
 *		Consumed capacity: the units an operation takes, and how its response reports them.
 *
 * An operation keeps a TableCapacity for each table it works on, adds what it does to it, whether its caller asked for the
 * units or not (op_read_units and op_write_units count them all), and writes it at the end if asked.
 */
#ifndef DYNAPG_CAPACITY_H
#define DYNAPG_CAPACITY_H

#include "op/request.h"
#include "storage/storage.h"

/* Transactions take twice the units of a table (its indexes' as ever), and report them by their kind as well. */
typedef enum CapacityMode
{
	CAPACITY_STANDALONE,
	CAPACITY_TRANSACTED_READ,
	CAPACITY_TRANSACTED_WRITE
} CapacityMode;

/* What an operation has consumed of a table and its indexes. */
typedef struct TableCapacity
{
	CapacityMode mode;			/* capacity_begin() makes it standalone */
	const char *table_name;		/* as the request has it: an ARN stays an ARN */
	int			table_name_len;
	const TableInfo *info;
	double		table_units;
	double	   *index_units;	/* parallel to info->indexes; NULL: none */
	const pg_uuid_t *hash;		/* capacity_at() */
	const bytea *sort;
	const JsonbValue *key;
} TableCapacity;

extern void capacity_begin(TableCapacity *capacity, const char *table_name, int table_name_len, const TableInfo *info);

/* Whether anybody wants to know the units that no response reports: else what was read need not be measured. */
extern bool capacity_is_wanted(void);

/*
 * Says which key what is added next is about: the hash of the partition key of the table (or of the index that is read), the table's sort key,
 * and an object with the key's attributes.  NULL: not known, or no one in particular.  They must live as long as something is added.
 */
extern void capacity_at(TableCapacity *capacity, const pg_uuid_t *hash, const bytea *sort, const JsonbValue *key);

/*
 * Adds a read of so many bytes of the table (index NULL) or of an index in capacity->info: ceil(bytes / 4 KB), at least one unit; half
 * of that if it is eventually consistent.
 */
extern void capacity_add_read(TableCapacity *capacity, const TableIndex *index, int64 bytes, bool consistent);

/* The same for a read of one item of the table; NULL: none was there. */
extern void capacity_add_item_read(TableCapacity *capacity, Jsonb *item, bool consistent);

/*
 * Adds a write, done or found to change nothing (result), that was to leave an item of a size, or none.  The table: ceil(the larger
 * image / 1 KB), at least one unit.  An index: the entry's image that comes or goes, both if its key changes, the larger one if it
 * changes otherwise, nothing if it stays.
 */
extern void capacity_add_write(TableCapacity *capacity, const WriteResult *result, Jsonb *item, int size);

/* Adds units of the table that are known already. */
extern void capacity_add_units(TableCapacity *capacity, double units);

/* Counts a write of the table that its condition refused; there is no response to report it. */
extern void capacity_count_refusal(const TableInfo *info, const StorageKey *key, const JsonbValue *attributes, Jsonb *old, int size);

/* Writes the member ConsumedCapacity of an operation on one table, if ReturnConsumedCapacity asks for it. */
extern void capacity_write(WireWriter *response, const RequestValue *return_consumed_capacity,
						   const TableCapacity *capacity);

/* The same of an operation on several tables: a list. */
extern void capacity_write_list(WireWriter *response, const RequestValue *return_consumed_capacity,
								const TableCapacity *capacities, int count);

#endif							/* DYNAPG_CAPACITY_H */
