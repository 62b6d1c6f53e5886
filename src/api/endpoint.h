/*
 * endpoint.h
 *		What the HTTP endpoint's library (src/http/) gets from the extension's: settings, shared state, operations.
 *
 * dynapg_http is loaded by the endpoint's workers only, and finds this through a rendezvous variable: the two libraries
 * are linked apart, and what ordinary backends load needs no HTTP library.
 */
#ifndef DYNAPG_ENDPOINT_H
#define DYNAPG_ENDPOINT_H

#include "lib/stringinfo.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define ENDPOINT_API_VARIABLE "dynapg_endpoint_api"
#define ENDPOINT_API_VERSION 5

#define ENDPOINT_MAX_WORKERS 64
#define ENDPOINT_MAX_OPERATIONS 80
#define ENDPOINT_LATENCY_BUCKETS 12
#define ENDPOINT_COMPANIONS 4	/* of the levels of synchronous_commit: local, remote_write, on, remote_apply */

/* What is counted of one operation by one worker. */
typedef struct EndpointOperationStats
{
	pg_atomic_uint64 calls;
	pg_atomic_uint64 errors;	/* of the caller: 4xx */
	pg_atomic_uint64 faults;	/* of ours: 5xx */
	pg_atomic_uint64 microseconds;
	pg_atomic_uint64 bytes_in;
	pg_atomic_uint64 bytes_out;
	pg_atomic_uint64 conflicts; /* answered with a TransactionConflict, or cancelled for one */
	pg_atomic_uint64 read_microunits;	/* capacity consumed, in millionths of a unit */
	pg_atomic_uint64 write_microunits;
	pg_atomic_uint64 latency[ENDPOINT_LATENCY_BUCKETS]; /* cumulative counts are made by readers */
} EndpointOperationStats;

/* One worker's place in shared memory; only the worker itself writes to it, but for the first four. */
typedef struct EndpointWorker
{
	bool		used;
	bool		stop;			/* asked to end and not to be started again */
	char		database[NAMEDATALEN];
	int			port;
	int			pid;
	TimestampTz started_at;
	pg_atomic_uint64 connections;	/* open now */
	pg_atomic_uint64 accepted;	/* ever */

	/* what answers wait for; the contract is in http/companion.c */
	Latch	   *latch;			/* of the last worker in this place; setting it is harmless when it has ended */
	int			standby_level;	/* the level of synchronous_commit at which standbys are waited for; 0: at none */
	pg_atomic_uint64 unflushed; /* the newest LSN whose flush an answer waits for; 0: none */
	pg_atomic_uint64 awaited;	/* the oldest LSN, flushed, that an answer waits for standbys with; 0: none */

	EndpointOperationStats operations[ENDPOINT_MAX_OPERATIONS];
} EndpointWorker;

/* A process that flushes WAL, or waits for synchronous standbys at one level, for all workers. */
typedef struct EndpointCompanion
{
	int			pid;			/* 0: none runs */
	Latch	   *latch;			/* of the last one that ran; there if pid is */
	pg_atomic_uint64 confirmed; /* answers up to this LSN need not wait for standbys at this level */
} EndpointCompanion;

typedef struct EndpointShared
{
	LWLock	   *lock;			/* over the places' first members */
	pg_atomic_uint32 launcher_pid;
	Latch	   *launcher_latch; /* of the last launcher; NULL: there was none yet */
	EndpointCompanion companions[ENDPOINT_COMPANIONS];
	EndpointWorker workers[ENDPOINT_MAX_WORKERS];
} EndpointShared;

/* What an operation leaves besides its response. */
typedef struct EndpointOutcome
{
	bool		eventual;		/* an eventually consistent read, which need not wait for anything to be durable */
	double		read_units;		/* capacity consumed, also by an operation that has failed */
	double		write_units;
	bool		conflict;		/* somebody else's transaction was in the way */
} EndpointOutcome;

typedef struct EndpointApi
{
	int			version;
	EndpointShared *shared;

	/* upper bounds of the latency buckets, in microseconds; the last has none */
	const int64 *latency_bounds;

	/* settings; see settings.md */
	char	  **listen_addresses;
	int		   *port;
	int		   *workers;
	char	  **databases;
	int		   *lock_timeout;	/* ms */
	int		   *statement_timeout;	/* ms */
	int		   *max_body_size;	/* bytes */
	int		   *max_connections;
	int		   *idle_timeout;	/* s */
	int		   *receive_timeout;	/* s, 0: none */
	int		   *worker_memory;	/* kB */
	int		   *log_min_duration;	/* ms, -1: never */
	bool	   *developer_mode;
	char	  **ssl_cert_file;
	char	  **ssl_key_file;

	/* The index of an operation of the service (DynamoDB_20120810.PutItem: "PutItem"), or -1. */
	int			(*find_operation) (const char *name, int len, bool is_stream);
	void		(*begin) (void);	/* when a worker has connected, and when its standby was promoted; in a transaction */
	bool		(*has_operation) (int operation);	/* whether dynapg has it, too */
	const char *(*operation_name) (int operation);
	int			(*operation_count) (void);

	/* Whether a text is one JSON value. */
	bool		(*is_json) (const char *text, int len);

	/*
	 * Executes an operation inside a transaction with an active role; appends the response.  Raises errors.  The outcome is
	 * there also when it does.
	 */
	void		(*execute) (int operation, const char *body, int len, StringInfo response, EndpointOutcome *outcome);

	/*
	 * Appends the body of an operation's error (-1: none), as the service gives it; returns the HTTP status.  Notes in the outcome if it
	 * is a conflict.
	 */
	int			(*write_error) (ErrorData *error, int operation, StringInfo body, EndpointOutcome *outcome);

	/* Raises an exception of the service by its name in errors.csv's order. */
	void		(*raise) (int exception, const char *message);

	/*
	 * The secret and the role of an access key, palloc'd, inside a transaction; false if there is none (or it was revoked).
	 */
	bool		(*access_key) (const char *id, char **secret, Oid *role);
} EndpointApi;

extern void endpoint_init(void);

#endif							/* DYNAPG_ENDPOINT_H */
