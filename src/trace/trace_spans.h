/*
 * trace_spans.h
 *		Records as spans: the JSON of OTLP over HTTP.
 */
#ifndef DYNAPG_TRACE_SPANS_H
#define DYNAPG_TRACE_SPANS_H

#include "value/wire.h"

#include "trace/trace.h"

/* An export that is being written. */
typedef struct TraceExport
{
	StringInfo	out;
	WireWriter	writer;
	int			spans;
} TraceExport;

/* What the spans' resource says. */
typedef struct TraceResource
{
	const char *service;
	const char *service_namespace;	/* NULL: none */
	const char *instance;
	const char *host;
	const char *version;
} TraceResource;

/* Appends an ExportTraceServiceRequest; texts that are no UTF-8 get question marks for what is not ASCII in them. */
extern void trace_export_begin(TraceExport *export, StringInfo out, const TraceResource *resource);

/* A span for the record, and one below it for each of its times. */
extern void trace_export_record(TraceExport *export, const TraceRecord *record);
extern void trace_export_end(TraceExport *export);

#endif							/* DYNAPG_TRACE_SPANS_H */
