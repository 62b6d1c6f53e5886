/*
 * endpoint_metrics.h
 *		What /metrics says of tables.
 */
#ifndef DYNAPG_ENDPOINT_METRICS_H
#define DYNAPG_ENDPOINT_METRICS_H

#include "lib/stringinfo.h"

/*
 * Appends, where dynapg.metrics_by_table is on, the series of this database's tables, indexes and operations.  Raises only what has nothing to do with it, such as
 * a lack of memory.
 */
extern void endpoint_write_metrics(StringInfo out);

#endif							/* DYNAPG_ENDPOINT_METRICS_H */
