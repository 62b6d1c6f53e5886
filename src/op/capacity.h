/*
 * capacity.h
 *		Consumed capacity: the units an operation takes, and how its response reports them.
 */
#ifndef DYNAPG_CAPACITY_H
#define DYNAPG_CAPACITY_H

#include "op/request.h"

/* Units of a read of so many bytes: ceil(bytes / 4 KB), at least one; half of that if eventually consistent. */
extern double capacity_of_read(int64 bytes, bool consistent);

/* Units of a write: ceil(the larger image / 1 KB), at least one.  0 for an image that is not there. */
extern double capacity_of_write(int64 old_bytes, int64 new_bytes);

/*
 * Writes the member ConsumedCapacity of a single-table operation, if ReturnConsumedCapacity asks for it.  table_name is
 * what the request called the table (an ARN stays an ARN).
 */
extern void capacity_write(WireWriter *response, const RequestValue *return_consumed_capacity,
						   const RequestValue *table_name, double units);

/* Whether ReturnConsumedCapacity is TOTAL or INDEXES. */
extern bool capacity_is_wanted(const RequestValue *return_consumed_capacity);

/* One table's element of the list ConsumedCapacity, as operations on several tables report it. */
extern void capacity_write_table(WireWriter *response, const RequestValue *return_consumed_capacity,
								 const char *table_name, int table_name_len, double units);

#endif							/* DYNAPG_CAPACITY_H */
