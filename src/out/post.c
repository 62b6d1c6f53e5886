/*
 * post.c
 *		Requests of the courier (transfer/post.h).
 *
 * An answer is not believed to be of any size: it is kept up to what the caller says.  Redirects are answers like any other.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "out/fetch.h"
#include "out/out_room.h"
#include "out/sign.h"

typedef struct Sent
{
	Post	   *post;
	Fetch	   *fetch;			/* NULL: it was not sent */
} Sent;

typedef struct Transport
{
	PostTransport transport;
	MemoryContext context;
	FetchPool  *pool;
	List	   *sent;
} Transport;

/* The request of a post, in the current context. */
static FetchRequest
request_of(const Post *post, const Guard *guard)
{
	Sigv4Header *headers = (Sigv4Header *) palloc(POST_MAX_HEADERS * sizeof(Sigv4Header));
	FetchRequest request = {
		.method = "POST", .url = post->url, .headers = headers, .n_headers = post->n_headers, .body = post->body, .body_len = post->len,
		.max_body = post->max_answer, .timeout_ms = post->timeout_ms, .stall_seconds = post->timeout_ms / 1000 + 1,
		.connect_ms = Min(post->timeout_ms, 10000), .guard = post->allowed_hosts != NULL ? guard : NULL
	};

	for (int i = 0; i < post->n_headers; i++)
		headers[i] = (Sigv4Header) {unconstify(char *, post->headers[i].name), unconstify(char *, post->headers[i].value)};
	if (post->key.access_key_id != NULL)
	{
		SignKey		key = {post->key.access_key_id, post->key.secret_access_key, post->key.session_token, post->key.region, post->key.service};

		sign_request(&request, &key, NULL);
	}
	return request;
}

/* Why a post may not be sent where it is to go; NULL: it may. */
static const char *
refusal(const Post *post, Guard *guard)
{
	const char *place = post->allowed_hosts != NULL ? guard_of_url(post->allowed_hosts, post->url, guard) : NULL;

	return place == NULL ? NULL : psprintf("dynapg.event_hosts does not allow requests to %s", place);
}

static void
transport_send(PostTransport *base, Post *post)
{
	Transport  *transport = (Transport *) base;
	MemoryContext scratch = AllocSetContextCreate(transport->context, "dynapg request", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Guard		guard = {.local = true};
	const char *problem = refusal(post, &guard);
	Sent	   *sent = (Sent *) MemoryContextAllocZero(transport->context, sizeof(Sent));

	post->status = 0;
	post->is_refused = problem != NULL;
	post->problem = problem ? MemoryContextStrdup(post->context, problem) : NULL;
	sent->post = post;
	if (problem == NULL)
	{
		FetchRequest request = request_of(post, &guard);

		sent->fetch = fetch_start(transport->pool, &request);
	}
	MemoryContextSwitchTo(transport->context);
	transport->sent = lappend(transport->sent, sent);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static void
forget(Transport *transport, Sent *sent)
{
	if (sent->fetch != NULL)
		fetch_close(sent->fetch);
	transport->sent = list_delete_ptr(transport->sent, sent);
	pfree(sent);
}

/* Takes over what came back. */
static void
take_answer(Post *post, Fetch *fetch)
{
	const char *problem = fetch_error(fetch);
	MemoryContext caller = MemoryContextSwitchTo(post->context);
	const char *body = fetch_body(fetch, &post->answer_len);

	post->status = problem ? 0 : fetch_status(fetch);
	post->problem = problem ? pstrdup(problem) : NULL;
	post->answer = (char *) palloc(post->answer_len + 1);
	memcpy(post->answer, body, post->answer_len);
	post->answer[post->answer_len] = '\0';
	post->header = post->wanted_header ? fetch_header(fetch, post->wanted_header) : NULL;
	MemoryContextSwitchTo(caller);
}

static Post *
next_done(Transport *transport)
{
	ListCell   *cell;

	foreach(cell, transport->sent)
	{
		Sent	   *sent = (Sent *) lfirst(cell);
		Post	   *post = sent->post;

		if (sent->fetch != NULL && !fetch_is_done(sent->fetch))
			continue;
		if (sent->fetch != NULL)
			take_answer(post, sent->fetch);
		forget(transport, sent);
		return post;
	}
	return NULL;
}

static Post *
transport_wait(PostTransport *base, long timeout_ms)
{
	Transport  *transport = (Transport *) base;
	Post	   *post = next_done(transport);

	if (post != NULL)
		return post;
	fetch_run(transport->pool, timeout_ms);
	return next_done(transport);
}

static void
transport_cancel(PostTransport *base, Post *post)
{
	Transport  *transport = (Transport *) base;
	ListCell   *cell;

	foreach(cell, transport->sent)
		if (((Sent *) lfirst(cell))->post == post)
		{
			forget(transport, (Sent *) lfirst(cell));
			return;
		}
}

PostTransport *
post_transport_open(const char *ca_file)
{
	static const PostRoutines routines = {transport_send, transport_wait, transport_cancel};
	Transport  *transport = (Transport *) palloc0(sizeof(Transport));

	transport->transport.routines = &routines;
	transport->context = CurrentMemoryContext;
	transport->pool = fetch_pool_create(ca_file);
	return &transport->transport;
}
