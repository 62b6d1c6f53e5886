/*
 * trace_header.h
 *		What callers say of the trace that a request is part of: the headers traceparent, tracestate and X-Amzn-Trace-Id.
 *
 * Pure: text in, numbers out, no memory.  A text may have any bytes and any length.
 */
#ifndef DYNAPG_TRACE_HEADER_H
#define DYNAPG_TRACE_HEADER_H

#define TRACE_ID_SIZE		16
#define TRACE_SPAN_ID_SIZE	8
#define TRACE_STATE_SIZE	513 /* of a tracestate that is passed on, with its '\0' */

typedef enum TraceSampling
{
	TRACE_UNDECIDED,
	TRACE_SAMPLED,
	TRACE_NOT_SAMPLED
} TraceSampling;

/* A trace, and the span of the caller's that a request belongs to. */
typedef struct TraceContext
{
	bool		is_there;		/* a valid one was given */
	bool		has_parent;
	TraceSampling sampling;
	uint8		flags;			/* of W3C */
	uint8		trace_id[TRACE_ID_SIZE];
	uint8		parent_id[TRACE_SPAN_ID_SIZE];
	const char *state;			/* tracestate; NULL: none.  The caller's memory */
} TraceContext;

/*
 * The header traceparent, as W3C's Trace Context has it: 00-<32 digits>-<16 digits>-<2 digits>, hexadecimal in lower case.  Of a version that is not known
 * what begins like that is taken.  False, and the context is not there: it is not valid, or an id has zeroes only.
 */
extern bool trace_read_parent(const char *text, TraceContext *context);

/*
 * The header X-Amzn-Trace-Id: fields of the form Name=value between semicolons, of which Root=1-<8 digits>-<24 digits> is the trace's id with OpenTelemetry's
 * reading (the 32 digits), Parent=<16 digits> the caller's span, and Sampled=1, 0 or ? says whether it is recorded.  Others are not looked at.
 */
extern bool trace_read_amazon(const char *text, TraceContext *context);

/* Whether a tracestate may be passed on: up to 32 members key=value between commas, of W3C's characters, less than TRACE_STATE_SIZE in all. */
extern bool trace_state_is_valid(const char *text);

#endif							/* DYNAPG_TRACE_HEADER_H */
