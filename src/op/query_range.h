/*
 * query_range.h
 *		From a Query's key condition to the range of keys to be read.
 */
#ifndef DYNAPG_QUERY_RANGE_H
#define DYNAPG_QUERY_RANGE_H

#include "op/page.h"

/*
 * Checks a key condition against the keys of the table or the index that prepared names, and sets its range in the direction
 * asked for, from behind the start key, if there is one, whose shape is checked first.
 */
extern void query_range(PageRequest *prepared, const KeyCondition *condition, const RequestValue *start_key,
						bool backward);

/* A key condition of a table, or an index with simple keys, has at most two terms. */
extern void query_check_term_count(const KeyCondition *condition);

/* A filter has no key attribute of what is queried, and nothing that the index queried does not hold. */
extern void query_check_filter(const PageRequest *prepared, bool is_legacy);

/* The order of two sort keys. */
extern int	query_compare_sort(const bytea *a, const bytea *b);

#endif							/* DYNAPG_QUERY_RANGE_H */
