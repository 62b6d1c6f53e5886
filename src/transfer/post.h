/*
 * post.h
 *		Requests of the courier to destinations outside: what the library dynapg_out does for it (out/post.c).
 *
 * Several are on their way at once, and none of them is waited for in particular.  All functions are to be called outside of transactions, and answer
 * to interrupts.
 */
#ifndef DYNAPG_POST_H
#define DYNAPG_POST_H

#include "utils/timestamp.h"

#define POST_MAX_HEADERS 8

typedef struct PostHeader
{
	const char *name;
	const char *value;
	bool		secret;			/* its value is shown nowhere */
} PostHeader;

/* What a request is signed with, by Signature Version 4. */
typedef struct PostKey
{
	const char *access_key_id;	/* NULL: it is not signed */
	const char *secret_access_key;
	const char *session_token;	/* NULL: none */
	const char *region;
	const char *service;
} PostKey;

/* A POST.  All that it points to stays until it is answered or cancelled. */
typedef struct Post
{
	const char *url;			/* http[s]://, as it is to be sent */
	PostHeader	headers[POST_MAX_HEADERS];
	int			n_headers;
	const char *body;
	size_t		len;
	PostKey		key;
	const char *allowed_hosts;	/* where it may go (out/guard.h); NULL: anywhere, a superuser has said where */
	int			timeout_ms;		/* for all of it */
	size_t		max_answer;		/* a longer one is a failure */
	const char *wanted_header;	/* of the answer; NULL: none */
	MemoryContext context;		/* for what comes back */
	void	   *tag;			/* the caller's */

	/* what came back */
	int			status;			/* of HTTP; 0: there was no answer */
	const char *problem;		/* then: what went wrong */
	bool		is_refused;		/* allowed_hosts do not let it go there: it was not sent */
	char	   *answer;
	size_t		answer_len;
	char	   *header;			/* the one that was wanted; NULL: it is not there */
	void	   *private_data;
} Post;

typedef struct PostTransport PostTransport;

typedef struct PostRoutines
{
	void		(*send) (PostTransport *transport, Post *post);

	/*
	 * The next one that is over; NULL if none is within so many milliseconds, or the process's latch has been set.
	 */
	Post	   *(*wait) (PostTransport *transport, long timeout_ms);
	void		(*cancel) (PostTransport *transport, Post *post);
} PostRoutines;

/* In the memory context that it was opened in: reset, that closes all connections. */
struct PostTransport
{
	const PostRoutines *routines;
};

#endif							/* DYNAPG_POST_H */
