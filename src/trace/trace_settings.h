/*
 * trace_settings.h
 *		Settings of traces, and what they come to.
 */
#ifndef DYNAPG_TRACE_SETTINGS_H
#define DYNAPG_TRACE_SETTINGS_H

#include "trace/trace_header.h"

extern double dynapg_trace_sample_ratio;	/* dynapg.trace_sample_ratio: of traces that begin here */

/* dynapg.traceparent, as read. */
extern TraceContext trace_setting;

extern void trace_define_settings(void);

/* Headers of dynapg.otlp_headers, one after the other: from *rest on; false: there is none, or it is not valid.  Percent encoding is undone.  palloc'd. */
extern bool trace_next_header(const char **rest, char **name, char **value);

#endif							/* DYNAPG_TRACE_SETTINGS_H */
