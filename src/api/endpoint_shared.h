/*
 * endpoint_shared.h
 *		What the endpoint's processes share: who they are, what they wait for, and what they have counted.
 */
#ifndef DYNAPG_ENDPOINT_SHARED_H
#define DYNAPG_ENDPOINT_SHARED_H

#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define ENDPOINT_MAX_WORKERS 64
#define ENDPOINT_MAX_OPERATIONS 80
#define ENDPOINT_LATENCY_BUCKETS 12
#define ENDPOINT_CONSOLE_SESSIONS 256
#define ENDPOINT_CONSOLE_FAILURES 1024
#define ENDPOINT_DIGEST_SIZE 65	/* SHA-256 in hexadecimal digits, and a NUL */
#define ENDPOINT_KEY_ID_SIZE 32
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
	bool		used;			/* one of its database's; others may still run, if they are leaving or not wanted any more */
	bool		stop;			/* asked to end and not to be started again */
	char		database[NAMEDATALEN];
	int			port;
	int			pid;
	bool		listening;
	bool		leaving;		/* serves on until another one listens in its stead, and then ends */
	TimestampTz started_at;
	bool		ended_for_request;	/* the last process here ended to be rid of a request: no fault of its own */
	pg_atomic_uint64 connections;	/* open now */
	pg_atomic_uint64 accepted;	/* ever */
	pg_atomic_uint64 aside;		/* requests that wait for somebody else's lock now */

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

/* Who is signed in to the console (http/console_session.c). */
typedef struct ConsoleSession
{
	char		token_digest[ENDPOINT_DIGEST_SIZE]; /* what the cookie's hash is; empty: the place is free */
	char		key_id[ENDPOINT_KEY_ID_SIZE];	/* the access key of the sign-in; empty: developer mode, without one */
	char		key_digest[ENDPOINT_DIGEST_SIZE];	/* of the key's secret then */
	Oid			database;
	Oid			role;
	bool		developer;		/* signed in without a signature that was looked at */
	bool		writes;			/* the user has switched writing on */
	TimestampTz signed_in_at;
	TimestampTz used_at;
} ConsoleSession;

/* How many sign-ins of somebody have failed, as a bucket that runs dry with time. */
typedef struct ConsoleFailures
{
	uint64		whom;			/* a hash of an access key's id or of an address; 0: nobody */
	double		count;
	TimestampTz at;
} ConsoleFailures;

typedef struct EndpointShared
{
	LWLock	   *lock;			/* over the places' first members */
	LWLock	   *console_lock;	/* over what is the console's */
	uint64		console_seed;	/* of its hashes */
	ConsoleSession console_sessions[ENDPOINT_CONSOLE_SESSIONS];
	ConsoleFailures console_failures[ENDPOINT_CONSOLE_FAILURES];
	pg_atomic_uint32 launcher_pid;
	Latch	   *launcher_latch; /* of the last launcher; NULL: there was none yet */
	EndpointCompanion companions[ENDPOINT_COMPANIONS];
	EndpointWorker workers[ENDPOINT_MAX_WORKERS];
} EndpointShared;

/* Upper bounds of the latency buckets, in microseconds; the last has none. */
extern const int64 endpoint_latency_bounds[ENDPOINT_LATENCY_BUCKETS];

/* Has the shared memory made when the server starts, and sets *shared then, in each process that has it. */
extern void endpoint_request_shared(EndpointShared **shared);

#endif							/* DYNAPG_ENDPOINT_SHARED_H */
