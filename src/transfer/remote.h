/*
 * remote.h
 *		Requests to what speaks DynamoDB's API: an endpoint elsewhere, or this database itself.
 *
 * A copy reads one remote and writes another, and does not know which of them is here.  Several calls may be on their way at once; each is
 * made, sent, waited for and freed.  Calls that an endpoint elsewhere refuses for the moment (throttling, 5xx, no connection, a body that breaks off,
 * a wrong checksum) are sent again, after pauses that double and are random, as long as remote_set_patience() says; then the transfer has
 * FAILED.
 *
 * All functions are to be called outside of transactions and answer to interrupts.  Whether an endpoint may be reached at all is decided by
 * dynapg.copy_hosts when it is opened and, by address, whenever a connection is made (out/guard.h).
 */
#ifndef DYNAPG_REMOTE_H
#define DYNAPG_REMOTE_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "op/model_data.h"
#include "value/wire.h"

typedef struct Remote Remote;
struct Transfer;

typedef struct RemoteCall
{
	MemoryContext context;		/* holds the call and all that belongs to it */
	int			operation;		/* OPERATION_Scan */
	StringInfoData request;		/* JSON */
	WireWriter	writer;			/* that writes it */
	void	   *tag;			/* the caller's */

	/* what remote_wait() gives back */
	const char *error;			/* the exception's name (ResourceNotFoundException); NULL: it succeeded */
	const char *message;		/* what the service said of it */
	const char *answer;			/* JSON */
	int			answer_len;
	TimestampTz sent_at;		/* when the request was sent that has been answered */
} RemoteCall;

/* What an endpoint elsewhere is opened with. */
typedef struct RemoteSettings
{
	const char *endpoint;		/* http[s]://host[:port] */
	const char *streams_endpoint;	/* NULL: that of the service's own hosts, or the same */
	const char *region;
	const char *access_key_id;
	const char *secret;
	const char *session_token;	/* NULL: none */
	const char *ca_file;		/* who vouches for servers; NULL: the system's authorities */
} RemoteSettings;

/* In the current memory context.  The library dynapg_out is loaded for it. */
extern Remote *remote_open(const RemoteSettings *settings);

/* This database, as the owner of a transfer. */
extern Remote *remote_open_here(const struct Transfer *transfer);

/*
 * For how many seconds a call is sent again and again: 60 at first.  Once it is set, credentials that are refused are no failure for good any more but an
 * ordinary error: they may have expired, and others be put in their place.
 */
extern void remote_set_patience(Remote *remote, int seconds);

/* Why a call is being sent again for the third time or more; NULL: none is.  Lives until the next remote_wait(). */
extern const char *remote_trouble(const Remote *remote);

extern bool remote_is_here(const Remote *remote);
extern void remote_close(Remote *remote);

/* A call, whose request is to be written by call->writer; in a context of its own below the current one. */
extern RemoteCall *remote_call(int operation, void *tag);
extern void remote_send(Remote *remote, RemoteCall *call);

/* The next call that has been answered, for the caller to free; NULL if there is none within so many milliseconds. */
extern RemoteCall *remote_wait(Remote *remote, int64 timeout_ms);
extern void remote_free(RemoteCall *call);

/* How many calls are on their way. */
extern int	remote_pending(const Remote *remote);

/* Whether a call failed with this exception. */
extern bool remote_failed_with(const RemoteCall *call, const char *exception);

/* Raises transfer_fail() with the exception's name and message if a call failed. */
extern void remote_require(const RemoteCall *call);

/* ------------------------------------------------------------------------------------------------------------
 * What the library dynapg_out does for it (out/remote.c)
 * ------------------------------------------------------------------------------------------------------------ */

/* One POST of JSON, signed for the service dynamodb. */
typedef struct RemoteExchange
{
	const char *url;			/* http[s]://host[:port] */
	const char *target;			/* DynamoDB_20120810.Scan */
	const char *body;
	int			len;
	void	   *tag;
	MemoryContext context;		/* for the answer */

	int			status;			/* of HTTP; 0: there was no answer */
	char	   *answer;			/* of at most REMOTE_ANSWER_MAX_SIZE bytes */
	int			answer_len;
	const char *problem;		/* status 0: what went wrong; checksums that do not match are that too */
	void	   *private_data;
} RemoteExchange;

/* A page of 1 MB takes up to 10 MB of JSON. */
#define REMOTE_ANSWER_MAX_SIZE (16 * 1024 * 1024)

typedef struct RemoteTransport RemoteTransport;

typedef struct RemoteTransportRoutines
{
	void		(*send) (RemoteTransport *transport, RemoteExchange *exchange);
	RemoteExchange *(*wait) (RemoteTransport *transport, int64 timeout_ms);
	void		(*close) (RemoteTransport *transport);
} RemoteTransportRoutines;

struct RemoteTransport
{
	const RemoteTransportRoutines *routines;
};

#endif							/* DYNAPG_REMOTE_H */
