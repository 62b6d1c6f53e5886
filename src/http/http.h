/*
 * http.h
 *		The HTTP endpoint's own library: what its files share.
 *
 * A worker is a single-threaded loop: libmicrohttpd without threads, its epoll descriptor in a WaitEventSet beside the
 * process's latch.  Requests are answered in the order in which they become complete, each in a transaction of its own.
 * Nothing may longjmp through the library: every callback catches errors.
 */
#ifndef DYNAPG_HTTP_H
#define DYNAPG_HTTP_H

#include <microhttpd.h>

#include "access/xlogdefs.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "storage/lock.h"

#include "api/endpoint.h"
#include "base/sigv4.h"

#define REQUEST_ID_LENGTH 52

typedef Sigv4Header HttpHeader;

/* What becomes of a body while it is received. */
typedef enum HttpBody
{
	BODY_KEPT,
	BODY_UNUSED,				/* the answer does not depend on it */
	BODY_ANSWERED				/* the request is refused, and the response is there */
} HttpBody;

/* Whose protocol a request speaks. */
typedef enum HttpDialect
{
	DIALECT_DYNAMODB,
	DIALECT_CLOUDWATCH_JSON,	/* in the order of CloudwatchProtocol */
	DIALECT_CLOUDWATCH_CBOR,
	DIALECT_CLOUDWATCH_QUERY,
	DIALECT_AUTO_SCALING		/* Application Auto Scaling's */
} HttpDialect;

/* What a suspended connection's request waits for. */
typedef enum HttpQueue
{
	QUEUE_NONE,
	QUEUE_ASIDE,				/* somebody else's lock (aside.c) */
	QUEUE_DURABLE				/* the flush of what its answer shows, or standbys (durable.c) */
} HttpQueue;

/* A request that a lock is in the way of, as aside.c has it. */
typedef struct HttpWait
{
	TimestampTz since;			/* when it was executed first; 0: not yet */
	TimestampTz until;			/* its attempt after this is the last one */
	TimestampTz look_at;		/* when to look for the lock again */
	LOCKTAG		lock;
	LOCKMODE	mode;			/* NoLock: the lock is not known */
	TimestampTz met_at;			/* when the first attempt began to wait for it; 0: none has met one */
	bool		wants_last;		/* what the last attempt came to is no answer: there is another one when its time is over */
} HttpWait;

struct ConsoleView;

typedef struct HttpRequest
{
	MemoryContext context;		/* everything of the request; deleted when the library is done with it */
	struct MHD_Connection *connection;
	char	   *uri;			/* as sent: path and query */
	const char *received_uri;	/* where the library has it */
	const char *method;
	HttpHeader *headers;
	int			n_headers;
	StringInfoData body;		/* as sent; data is NULL when it is not needed any more */
	StringInfoData text;		/* an operation's body, decoded; the body itself if it has no coding */
	HttpBody	body_state;
	bool		sender_known;	/* names a key of ours, as far as can be told without the body */
	size_t		kept;			/* bytes that count against dynapg.receive_memory */
	bool		begun;			/* headers were seen */
	bool		malformed;		/* where it ends is not certain */
	bool		too_big;
	bool		last;			/* the connection is closed after the answer */
	size_t		dropped;		/* bytes of the body that were not kept */
	HttpDialect dialect;
	int			operation;		/* index, or -1 */
	const char *cloudwatch;		/* CloudWatch's operation, or Application Auto Scaling's; NULL: it is none of its requests, or of an operation that is not there */
	TimestampTz started_at;
	MemoryContext kept_context;	/* NULL, or where what follows is */
	void	   *kept_answer;	/* of an attempt that another one may follow: for protocol_give_up(); NULL: there is none */
	EndpointOutcome outcome;	/* zeroes if no operation ran */

	TraceContext trace;			/* what its headers say of it */
	TraceRecord *record;		/* NULL: it is not recorded */
	bool		is_known;		/* its sender is somebody, as one may say once it is authenticated */
	TimestampTz attempt_at;		/* when the present attempt began, if it is recorded */
	TimestampTz waits_since;	/* for the flush, or then for standbys */

	bool		suspended;		/* the library has been told to leave the connection alone */
	HttpQueue	queue;
	dlist_node	queued;
	HttpWait	wait;

	/* of the console (console.h) */
	bool		is_console;		/* its path was asked for, while it was on */
	ConsoleSession *console;	/* whose session the request belongs to; NULL: nobody's */
	const struct ConsoleView *view; /* what it wants instead of an operation; NULL: none */

	/* the response */
	bool		answered;
	bool		broken;			/* there is none: the connection ends */
	int			status;
	const char *content_type;
	bool		is_json;		/* crc and request id belong to it */
	const char *cookie;			/* to be set; NULL: none */
	const char *etag;			/* NULL: none */
	int			retry_after;	/* seconds; 0: not said */
	const char *query_error;	/* the header that CloudWatch's errors have; NULL: none */
	StringInfoData response;
	char		request_id[REQUEST_ID_LENGTH + 1];
	XLogRecPtr	durable_at;		/* not to be sent before this is durable; InvalidXLogRecPtr: at once */
} HttpRequest;

extern const EndpointApi *endpoint;
extern EndpointWorker *endpoint_worker;

/* worker.c: finds what dynapg.so has left for us; FATAL if the two libraries are not of one version */
extern void http_find_endpoint(void);

/* synchronous_commit as the server's and the database's configuration have it */
extern int	http_configured_commit;

/* server.c */
extern void server_start(const char *addresses, int port);
extern int	server_descriptors(int *descriptors, int max);
extern void server_run(void);	/* everything that is ready, and the flush that its answers wait for */
extern long server_timeout(void);	/* milliseconds until something is due; -1: nothing is */
extern bool server_reload(void);	/* if TLS's files or settings have changed */
extern void server_drain(void); /* accept no more connections; ends idle ones, and others with their answers */
extern bool server_reap(void);	/* ends what reload has left behind and nobody uses; whether there was any */
extern bool server_is_draining(void);
extern bool server_is_idle(void);

/* callbacks.c: what the library is started with; none of them raises */
extern void *callback_uri(void *cls, const char *uri, struct MHD_Connection *connection);
extern enum MHD_Result callback_request(void *cls, struct MHD_Connection *connection, const char *url,
										const char *method, const char *version, const char *data, size_t *size,
										void **state);
extern void callback_completed(void *cls, struct MHD_Connection *connection, void **state,
							   enum MHD_RequestTerminationCode code);
extern size_t callback_unescape(void *cls, struct MHD_Connection *connection, char *text);
extern void request_suspend(HttpRequest *request);
extern void request_resume(HttpRequest *request);	/* the library calls again for the answer, or learns that there is none */
extern const char *request_header(const HttpRequest *request, const char *name);	/* the first one's value, or NULL */
extern const char *request_path(const HttpRequest *request, size_t *len);	/* of the URI, in it, as sent */

/*
 * framing.c: whether a head (request line and headers) can be read in one way only, and is not too large; method and version as the
 * library gives them.
 */
extern bool framing_is_sound(const HttpRequest *request, const char *method, const char *version);
extern int	framing_strictness(void);	/* what the library is to refuse by itself */

/* body.c: what is kept of bodies */
extern bool body_take(HttpRequest *request, const char *data, size_t size); /* false: the connection is to end */
extern bool body_may_wait(const HttpRequest *request);	/* whether there is room for a request that is set aside */
extern void body_waits(HttpRequest *request);	/* it is */
extern void body_release(HttpRequest *request); /* the request has its answer, or has ended */
extern size_t body_kept(void);	/* bytes */

/* answer.c: hands the answer over to the library */
extern enum MHD_Result answer_send(HttpRequest *request);

/* aside.c: requests that wait for somebody else's lock without holding up the worker */
extern void aside_on_cancel(SIGNAL_ARGS);	/* the worker's handler of SIGINT: notes what lock was waited for */
extern void aside_begin_attempt(HttpRequest *request);	/* says how long it may wait for a lock */
/* Whether the attempt has met a lock, has to be aborted and its request to be set aside: it is not the last one. */
extern bool aside_is_wanted(const HttpRequest *request);
extern void aside_put(HttpRequest *request);	/* after that; its connection is suspended */
extern void aside_forget(HttpRequest *request); /* its connection has ended */
extern bool aside_run(void);	/* executes anew those whose lock is free or whose time is over; whether any is answered */
extern long aside_timeout(void);	/* milliseconds until aside_run() has something to do; -1: nothing */
extern int	aside_count(void);

/* durable.c */
extern void durable_await(HttpRequest *request);	/* suspends the connection unless the answer can be sent now */
extern void durable_forget(HttpRequest *request);	/* its connection has ended */
/* Has WAL flushed as far as the waiting answers need it, and lets those go that are durable; whether there were any. */
extern bool durable_release(void);

/* connection.c: the library's callback, what a connection does from now on, and those that are ended */
extern void connection_notify(void *cls, struct MHD_Connection *connection, void **state,
							  enum MHD_ConnectionNotificationCode code);
extern void connection_receives(struct MHD_Connection *connection);
extern void connection_answers(struct MHD_Connection *connection);
extern void connection_rests(struct MHD_Connection *connection);
extern void connections_end_idle(void); /* but for those that have just now come to be so */
extern void connections_end_unanswered(void);	/* those that a request has not wholly come from, too */
extern void connections_end_slow(void); /* dynapg.receive_timeout; cheap */

extern void connections_make_room(void);	/* ends idle ones while there are nearly as many as may be */
extern long connections_timeout(void);	/* milliseconds until there may be more for that; -1: nothing is due */

/* listener.c */
extern void listeners_open(const char *addresses, int port);	/* raises an error if one is not to be had */
extern int	listeners_count(void);
extern int	listeners_descriptor(void); /* readable while there is something for listeners_accept() */
extern void listeners_accept(struct MHD_Daemon *daemon);	/* those that wait go to it, as far as there is room */
extern void listeners_rest(void);	/* before the worker waits: settles whether to wait for connections, too */
extern long listeners_timeout(void);	/* milliseconds until it accepts again; -1: nothing is due */
extern void listeners_close(void);

/* descriptors.c: connections as open files */
extern void descriptors_start(int listeners);	/* how many may be, where so many sockets listen */
extern bool descriptors_left(void); /* whether one more may be */
extern int	descriptors_missing(void);	/* how many should end, so that there is some room */
extern void descriptors_take(void); /* one is open */
extern void descriptors_give(void); /* and closed again */

/* companion.c */
/*
 * Has WAL flushed up to an LSN; returns how far it is flushed, and sets the latch when it is so far.  At once if now: a worker
 * whose connections all wait has nothing else to do, and is quicker by itself.
 */
extern XLogRecPtr companion_flush(XLogRecPtr newest, bool now);
extern void companion_configure(void);	/* at the start, and when settings have changed */
extern XLogRecPtr companion_confirmed(void);	/* answers up to here need not wait for standbys; PG_UINT64_MAX: none do */
extern void companion_await(XLogRecPtr oldest);	/* a flushed LSN, 0: none; the latch is set when it is confirmed */

/*
 * protocol.c: fills in the response of a complete request.  False: a lock is in the way, and the request is to be set aside and
 * then to be tried again, as often as that takes; the response is what it is if there is no other attempt.  They raise only
 * what has nothing to do with the operation, such as a lack of memory.
 */
extern void protocol_begin(HttpRequest *request);	/* when the headers are there */
extern bool protocol_answer(HttpRequest *request);
extern bool protocol_try_again(HttpRequest *request);
extern void protocol_give_up(HttpRequest *request); /* there is none: what the last attempt came to is the answer */
/* While the body is received: whether the answer depends on it, and whether the sender is known; if not, the response is there. */
extern bool protocol_uses_body(const HttpRequest *request);
extern bool protocol_knows_sender(HttpRequest *request);
extern void protocol_refuse_body(HttpRequest *request); /* makes the response that there is no room for it */
extern void protocol_respond(HttpRequest *request, int status, const char *content_type, const char *text);
extern void protocol_respond_not_found(HttpRequest *request);
extern bool protocol_answer_operation(HttpRequest *request);	/* or a view; false as for protocol_answer() */
/* Runs something short in a transaction, with the caller told; false: it has raised an error, and the response is there. */
extern bool protocol_in_transaction(HttpRequest *request, void (*run) (HttpRequest *request, Caller *caller));
extern const char *protocol_operation(const HttpRequest *request);	/* its name; "-": none */
extern void protocol_start(void);	/* when the worker has connected */
extern bool protocol_is_overdue(void);	/* the worker ends because a request would not */
extern void protocol_log(const HttpRequest *request, int64 microseconds);	/* as dynapg.log_min_duration has it */

/*
 * trace.c: traces that requests are part of, and what takes their time (trace/trace.h).  All of it does next to nothing for a request that is not recorded, and raises
 * nothing but for a lack of memory.
 */
extern void trace_take_up(HttpRequest *request);	/* the headers are there */
extern void trace_body_is_there(HttpRequest *request);
extern void trace_begin_attempt(HttpRequest *request);
extern void trace_end_attempt(HttpRequest *request);
extern void trace_give_up(HttpRequest *request);	/* there is no further attempt: it has waited in vain */
extern void trace_await(HttpRequest *request);	/* the answer has to wait until it is durable */
extern void trace_flushed(HttpRequest *request, bool waits);	/* it is flushed; whether it waits for standbys now */
extern void trace_confirmed(HttpRequest *request);
extern void trace_finish(HttpRequest *request, TimestampTz now);	/* the answer is about to be sent */
extern void trace_abandon(HttpRequest *request);	/* the connection has ended before */
extern void trace_append_id(StringInfo out, const HttpRequest *request, const char *before);	/* nothing if there is none */

/* session.c: what requests of several roles share, and how each finds it as if it were the first */
extern void session_start(void);	/* when the worker has connected */
/*
 * In the request's transaction: from here to session_clean() the session is the role's, whatever is executed.  Returns what
 * session_finish_request() wants.
 */
extern int	session_begin_request(Oid role);
/*
 * The last thing before the commit: fires deferred triggers, and then undoes what the request has done to the session.  Raises
 * what the triggers raise.
 */
extern void session_finish_request(int settings);
extern void session_clean(void);	/* between transactions: what a transaction's end does not undo */

/*
 * caller.c: tells the extension who sends the request that is executed now, as far as the connection and the headers say; key and session are
 * for authentication to fill in.  After it, and whatever came of it: caller_forget(), which does not raise.
 */
extern Caller *caller_tell(const HttpRequest *request);
extern void caller_forget(void);
extern void caller_write_address(const HttpRequest *request, char *out, size_t size);	/* the peer's, "" if it is not known */

/* auth.c: who sent the request (inside a transaction); raises the service's errors.  Fills in the caller's key and session. */
extern Oid	auth_role(const HttpRequest *request, Caller *caller);
/* The same as far as it does not depend on the body, and on what only who has signed it is told. */
extern void auth_check_sender(const HttpRequest *request);
/* Whether developer mode is for this request. */
extern bool auth_is_developer(const HttpRequest *request);
/* Raises the service's errors if a key whose secret is shown to be known is over, or its role may not connect; else makes it the caller's. */
extern void auth_take_key(const HttpRequest *request, Caller *caller, const char *key_id, const EndpointKey *key);
/* Whether two texts of SIGV4_HASH_LENGTH hexadecimal digits are equal, in a time that does not tell how much of them is; not if given has another length. */
extern bool auth_digests_equal(const char *given, const char *expected);
/* The id of the access key that a request names, whether there is one or not; palloc'd, NULL: none. */
extern const char *auth_claimed_key(const HttpRequest *request);

/* dialect.c: CloudWatch's requests */
extern HttpDialect dialect_of(const HttpRequest *request);	/* by the headers and the path */
extern bool dialect_find_operation(HttpRequest *request);	/* when the body is there; false: there is no such operation */
extern const char *dialect_content_type(const HttpRequest *request);	/* of answers */
extern const char *dialect_service(const HttpRequest *request); /* that a signature is scoped to */
extern void dialect_add_headers(const HttpRequest *request, struct MHD_Response *response);

/* encoding.c */
extern bool encoding_decode_body(HttpRequest *request, StringInfo decoded, bool *too_big);
/* The response in the coding that the client takes, palloc'd, and the coding's name; NULL: none, or it is not worth it. */
extern const char *encoding_compress(const HttpRequest *request, StringInfo body, StringInfo compressed);
extern uint32 encoding_crc32(const char *bytes, int len);

/* metrics.c */
extern void metrics_write(StringInfo out);
extern void metrics_count(const HttpRequest *request, int64 microseconds);

#endif							/* DYNAPG_HTTP_H */
