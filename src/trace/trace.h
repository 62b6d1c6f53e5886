/*
 * trace.h
 *		Traces: what is recorded of a request whose trace is sampled, from its first byte to its answer.
 *
 * A record has a fixed size and no pointers.  It is made where the request is, filled in by who knows something of it, and put into a ring in shared memory
 * (trace_ring.h) when it ends; a process of its own takes it from there, and makes spans of it (trace_spans.h).  Without preloading there is no shared memory,
 * and nothing is recorded; nor is anything where dynapg.otlp_endpoint is empty, at the cost of one branch a request.
 *
 * Nothing of items, keys, expressions or statements is recorded: names, numbers and times only.
 */
#ifndef DYNAPG_TRACE_H
#define DYNAPG_TRACE_H

#include "datatype/timestamp.h"
#include "utils/timestamp.h"

#include "trace/trace_header.h"

/* What takes a time within a request. */
typedef enum TracePhaseKind
{
	TRACE_RECEIVE,				/* from the request line to the end of the body */
	TRACE_EXECUTE,				/* the attempt that counts, with its authentication and its commit, which does not wait for the disk */
	TRACE_LOCK_WAIT,			/* somebody else's lock was in the way */
	TRACE_FLUSH_WAIT,			/* until WAL was flushed */
	TRACE_STANDBY_WAIT			/* after that, until the standbys had it */
} TracePhaseKind;

typedef struct TracePhase
{
	TracePhaseKind kind;
	TimestampTz from;
	TimestampTz to;
} TracePhase;

#define TRACE_PHASES		12
#define TRACE_LAST_PHASES	3	/* of them are kept for execution, flush and standbys */
#define TRACE_TABLES_SIZE	512

typedef struct TraceRecord
{
	uint8		trace_id[TRACE_ID_SIZE];
	uint8		span_id[TRACE_SPAN_ID_SIZE];
	uint8		parent_id[TRACE_SPAN_ID_SIZE];
	bool		has_parent;
	uint8		flags;
	char		state[TRACE_STATE_SIZE];	/* tracestate, "": none */

	bool		is_http;
	bool		is_commit;		/* of a transaction whose operations were traced, not of an operation */
	bool		waits_for_standbys; /* is_commit: it does, if there are any */
	bool		has_items;		/* items and scanned say something */
	bool		failed;
	TimestampTz from;
	TimestampTz to;
	int			status;			/* of HTTP; 0: no answer was sent */
	int			attempts;
	int			pid;
	int64		items;
	int64		scanned;
	double		read_units;
	double		write_units;
	char		operation[48];	/* "": none that there is */
	char		error[64];		/* the exception's name, "": none */
	char		request_id[64];
	char		address[48];	/* the peer's, "": not known */
	char		database[NAMEDATALEN];

	int			n_tables;		/* that it came to and are named here, each name with its '\0' */
	bool		more_tables;	/* others have had no room */
	int			tables_used;
	char		tables[TRACE_TABLES_SIZE];

	int			n_phases;
	TracePhase	phases[TRACE_PHASES];
	int64		more_lock_wait; /* microseconds of waits for locks that have had no room there */

	/* while it runs: a call that may wait for a lock */
	TimestampTz wait_from;		/* 0: there is none */
	TimestampTz wait_timer;
} TraceRecord;

/* Settings; see trace_settings.c. */
extern char *dynapg_otlp_endpoint;	/* dynapg.otlp_endpoint: the receiver's URL; empty: nothing is recorded */
extern char *dynapg_otlp_headers;	/* dynapg.otlp_headers: name=value,... */
extern char *dynapg_otlp_service_name;	/* dynapg.otlp_service_name */
extern int	dynapg_otlp_timeout;	/* dynapg.otlp_timeout, milliseconds */

/* Whether anything is to be recorded: dynapg.otlp_endpoint is set, and there is shared memory. */
extern bool trace_is_enabled;

/* The record of the request that runs; NULL: it is not recorded. */
extern TraceRecord *trace_running;

#define trace_is_on()	unlikely(trace_running != NULL)

/* Called in _PG_init; if that is when the server starts, asks for shared memory. */
extern void trace_init(void);

/*
 * Begins the record of a request that is part of a trace, or (NULL, or the context is not there) of none yet, if it is sampled: by its caller's word, or by
 * dynapg.trace_sample_ratio where he leaves it open.  False: it is not recorded.  To be called if trace_is_enabled only.  Raises nothing.
 */
extern bool trace_begin(TraceRecord *record, const TraceContext *context, TimestampTz from);

/* Makes an id of a trace or a span: a random one. */
extern void trace_make_id(uint8 *id, int size);

/* It has ended: the record goes to the receiver, if there is room.  Raises nothing, and may be called at a commit. */
extern void trace_end(TraceRecord *record);

/*
 * For the endpoint: what runs from now on belongs to a request over HTTP with this context and record (NULL: it is not recorded), until trace_run(NULL, NULL).
 * Both live until then.
 */
extern void trace_run(const TraceContext *context, TraceRecord *record);

/*
 * For SQL, around an operation.  trace_begin_call() prepares a record if the setting dynapg.traceparent or the ratio asks for it; false: the operation is part of a request
 * or a call that runs, whose decision it shares.  True: it runs from trace_run_call() on, recorded or not, which is to be followed by trace_end_call(), with the exception's
 * name or NULL.  The transaction's commit is recorded, too.  Only the first one may raise.
 */
extern bool trace_begin_call(const char *operation);
extern void trace_run_call(void);
extern void trace_end_call(const char *error, double read_units, double write_units);

/* The id of the trace that what runs is part of, as 32 digits, whether it is recorded or not; NULL: none that is known.  Good until the next call. */
extern const char *trace_current_id(void);

/* If trace_is_on(): the request comes to a table (again is harmless); returns items, of so many that were looked at. */
extern void trace_table(const char *name, int len);
extern void trace_items(int64 items, int64 scanned);

/* A time within a request.  Of waits for locks that there is no room for, the sum is kept. */
static inline void
trace_phase(TraceRecord *record, TracePhaseKind kind, TimestampTz from, TimestampTz to)
{
	if (kind == TRACE_LOCK_WAIT && record->n_phases >= TRACE_PHASES - TRACE_LAST_PHASES)
		record->more_lock_wait += Max(from, to) - from;
	else if (record->n_phases < TRACE_PHASES)
		record->phases[record->n_phases++] = (TracePhase) {kind, from, Max(from, to)};
}

/*
 * Around a call that may wait for somebody else's lock.  If it had to (PostgreSQL has then started its deadlock timer), the time of the whole call counts as the wait;
 * calls within it (an executor's trigger that writes another item) are part of it.  One that raises an error is ended by trace_end_wait() where the error is caught, by a
 * subtransaction's abort, or by the record's end.
 */
extern bool trace_begin_wait(void); /* false: it is within another one */
extern void trace_end_wait(TraceRecord *record);

#define TRACE_WAIT(call) \
	do { \
		bool		begun = trace_is_on() && trace_begin_wait(); \
 \
		call; \
		if (begun && trace_is_on()) \
			trace_end_wait(trace_running); \
	} while (0)

#endif							/* DYNAPG_TRACE_H */
