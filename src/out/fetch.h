/*
 * fetch.h
 *		HTTP requests that leave the server: many at once, by a process that goes on answering to interrupts.
 *
 * A pool has the connections, and drives all of its requests while one of them is waited for.  Requests are HTTP/1.1 by http or https, with TLS
 * verified; no redirects are followed, and no proxy or password comes from the environment or a file.  What an answer may make us keep is
 * bounded: its head by 64 kB, its body by what the request says.
 *
 * Callers must not be in a transaction: a server may take its time.  All of a pool is in the memory context that was current when it was made; reset
 * or deleted, on an error for instance, it closes every connection.
 */
#ifndef DYNAPG_FETCH_H
#define DYNAPG_FETCH_H

#include "base/sigv4.h"
#include "out/guard.h"

typedef struct FetchPool FetchPool;
typedef struct Fetch Fetch;

typedef struct FetchRequest
{
	const char *method;
	const char *url;			/* as it is to be sent: encoded */
	const Sigv4Header *headers; /* beside Host, Content-Length and the like */
	int			n_headers;
	const char *body;			/* stays until the fetch is closed; NULL: none */
	size_t		body_len;
	bool		streams;		/* the body of the answer is taken by fetch_read() while it comes */
	size_t		max_body;		/* else: a longer one is an error; less than 1 GB */
	int			connect_ms;		/* 0: 10 s */
	int			stall_seconds;	/* less than 1 kB/s for so long is an error; 0: 30 s; not while it waits for fetch_read() */
	int			timeout_ms;		/* for all of it; 0: none */
	const Guard *guard;			/* NULL: it may go anywhere */
} FetchRequest;

/* ca_file: who vouches for servers; NULL: the system's certificate authorities. */
extern FetchPool *fetch_pool_create(const char *ca_file);
extern void fetch_pool_close(FetchPool *pool);

/* Begins a request; the strings of it but for the body are copied. */
extern Fetch *fetch_start(FetchPool *pool, const FetchRequest *request);

/*
 * Does what is to be done for all requests of a pool, and waits at most so long (-1: for ever) for something to do.  Answers to interrupts, and
 * returns when the process's latch is set.
 */
extern void fetch_run(FetchPool *pool, long timeout_ms);

/* Whether the whole answer is there, or the request has failed. */
extern bool fetch_is_done(const Fetch *fetch);

/* Waits for that, or for the head of the answer. */
extern void fetch_await(Fetch *fetch);
extern void fetch_await_head(Fetch *fetch);

/*
 * Why there is no whole answer, in words; NULL if there is one or it may still come.  fetch_may_pass: of an error, whether the same request
 * may succeed another time.
 */
extern const char *fetch_error(const Fetch *fetch);
extern bool fetch_may_pass(const Fetch *fetch);

/*
 * Of the answer, as far as it is there: the status (0: none yet), a header's value (palloc'd; NULL: none), the body of one that does not
 * stream (NUL-terminated; valid until the next call of any of these functions).
 */
extern bool fetch_has_head(const Fetch *fetch); /* the last one: not of a status 1xx */
extern int	fetch_status(const Fetch *fetch);
extern char *fetch_header(const Fetch *fetch, const char *name);
extern const char *fetch_body(const Fetch *fetch, size_t *len);

/* The next bytes of the body of one that streams: waits for at least one.  0: there are no more, whether (fetch_error()) it is whole or not. */
extern int	fetch_read(Fetch *fetch, char *buffer, int size);

/* Ends a request, whatever it is at. */
extern void fetch_close(Fetch *fetch);

#endif							/* DYNAPG_FETCH_H */
