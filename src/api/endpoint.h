/*
 * endpoint.h
 *		What the HTTP endpoint's library (src/http/) gets from the extension's: operations, and where settings (endpoint_settings.h)
 *		and shared memory (endpoint_shared.h) are.
 *
 * dynapg_http is loaded by the endpoint's workers only, and finds this through a rendezvous variable: the two libraries
 * are linked apart, and what ordinary backends load needs no HTTP library.
 */
#ifndef DYNAPG_ENDPOINT_H
#define DYNAPG_ENDPOINT_H

#include "lib/stringinfo.h"

#include "api/endpoint_settings.h"
#include "api/endpoint_shared.h"
#include "op/caller.h"
#include "trace/trace.h"

#define ENDPOINT_API_VARIABLE "dynapg_endpoint_api"
#define ENDPOINT_LIBRARY "dynapg_http"
#define ENDPOINT_API_VERSION 14

/* What an operation leaves besides its response. */
typedef struct EndpointOutcome
{
	bool		eventual;		/* an eventually consistent read, which need not wait for anything to be durable */
	double		read_units;		/* capacity consumed, also by an operation that has failed */
	double		write_units;
	bool		conflict;		/* somebody else's transaction was in the way */
	bool		defect;			/* an error that the server's log should have */
	const char *error;			/* its name; NULL: there is none */
} EndpointOutcome;

/* What a request that names a key is checked against. */
typedef struct EndpointKey
{
	char	   *secret;			/* palloc'd */
	Oid			role;
	const CallerSession *session;	/* whose key it is, with its time, which may be over; NULL: the key is for long */
	const uint8 *token_digest;	/* of a session */
} EndpointKey;

typedef struct EndpointApi
{
	int			version;
	const EndpointSettings *settings;
	EndpointShared *shared;
	const int64 *latency_bounds;

	/* The index of an operation of the service (DynamoDB_20120810.PutItem: "PutItem"), or -1. */
	int			(*find_operation) (const char *name, int len, bool is_stream);
	void		(*begin) (void);	/* when a worker has connected, and when its standby was promoted; in a transaction */
	bool		(*has_operation) (int operation);	/* whether dynapg has it, too */
	const char *(*operation_name) (int operation);
	int			(*operation_count) (void);

	/* Appends what /metrics says of tables; see api/endpoint_metrics.h. */
	void		(*write_metrics) (StringInfo out);

	/* Whether a text is one JSON value. */
	bool		(*is_json) (const char *text, int len);

	/* caller_begin() */
	void		(*begin_caller) (const Caller *caller);

	/*
	 * Executes an operation inside a transaction with an active role; appends the response.  Raises errors.  The outcome is
	 * there also when it does.
	 */
	void		(*execute) (int operation, const char *body, int len, StringInfo response, EndpointOutcome *outcome);

	/*
	 * For the audit (op/audit.h) and metrics (meter/counters.h): the answer to a request is certain, an error or (NULL) a success; or (drop_answer) there is nothing to be told.  claimed_key: the
	 * access key that the request names.
	 */
	void		(*tell_answer) (int operation, const ErrorData *error, const char *claimed_key);
	/* The answer to a request of another service's is certain, and is an error: audit_refusal(); it is counted nowhere. */
	void		(*tell_refusal) (const ErrorData *error, const char *claimed_key);
	void		(*drop_answer) (void);
	/* The request is to be executed anew.  What this returns, palloc'd, is for when it is not in time, and the error is its answer. */
	void	   *(*keep_answer) (const ErrorData *error);
	void		(*give_up_answer) (const void *kept);

	/*
	 * Appends the body of an operation's error (-1: none), as the service gives it; returns the HTTP status.  Notes in the outcome if it
	 * is a conflict.
	 */
	int			(*write_error) (ErrorData *error, int operation, StringInfo body, EndpointOutcome *outcome);

	/* CloudWatch's operations; see api/cloudwatch.h, whose CloudwatchProtocol protocol is. */
	const char *(*cloudwatch_operation) (const char *name, int len);
	char	   *(*cloudwatch_action) (const char *body, int len);
	void		(*execute_cloudwatch) (int protocol, const char *operation, const char *body, int len, const char *request_id,
									   StringInfo response, EndpointOutcome *outcome);
	int			(*write_cloudwatch_error) (int protocol, const ErrorData *error, const char *request_id, StringInfo body,
										   const char **query_error, EndpointOutcome *outcome);

	/* Appends what /metrics says of events; see api/endpoint_events.h. */
	void		(*write_event_metrics) (StringInfo out);

	/* Traces; see trace/trace.h. */
	const bool *traces;			/* trace_is_enabled */
	bool		(*read_traceparent) (const char *text, TraceContext *context);
	bool		(*read_amazon_trace) (const char *text, TraceContext *context);
	bool		(*is_tracestate) (const char *text);
	bool		(*begin_trace) (TraceRecord *record, const TraceContext *context, TimestampTz from);
	void		(*run_trace) (const TraceContext *context, TraceRecord *record);
	void		(*end_wait) (TraceRecord *record);
	void		(*end_trace) (TraceRecord *record);
	void		(*write_trace_metrics) (StringInfo out);

	/* Raises an exception of the service by its name in errors.csv's order; and the SQLSTATE of one. */
	void		(*raise) (int exception, const char *message);
	int			(*sqlstate) (int exception);

	/* An access key, inside a transaction; false if there is none, or it was revoked.  Its session is good until the next call. */
	bool		(*find_key) (const char *id, EndpointKey *key);

	/* Whether a text is the token of a key's session, in a time that does not tell how much of it is right. */
	bool		(*is_token) (const EndpointKey *key, const char *token);
} EndpointApi;

extern void endpoint_init(void);

#endif							/* DYNAPG_ENDPOINT_H */
