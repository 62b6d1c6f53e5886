/*
 * endpoint_traces.h
 *		What /metrics says of traces.
 */
#ifndef DYNAPG_ENDPOINT_TRACES_H
#define DYNAPG_ENDPOINT_TRACES_H

#include "lib/stringinfo.h"

/* Appends it: what became of records since the server's start; nothing where none are made. */
extern void endpoint_write_trace_metrics(StringInfo out);

#endif							/* DYNAPG_ENDPOINT_TRACES_H */
