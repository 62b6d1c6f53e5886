/*
 * body.c
 *		The bodies that a worker keeps: of requests that it receives, and of those that wait for a lock.
 *
 * A signature covers the body, so that who has sent a request is known only when all of it is
 * there.  Until then anybody may have sent it.  So a body may be small for all; beyond that, the
 * sender must have named a key of ours and all else that can be looked at before, and all such
 * bodies of a worker together may have dynapg.receive_memory.  What comes of a body that is not
 * kept is thrown away, since the library answers only after it, but not for ever.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "http/http.h"

#define SMALL_BODY (64 * 1024)	/* bytes of a body that are kept of anybody */
#define MAX_DROPPED (64 * 1024 * 1024)	/* bytes that are read past what is kept, to answer */
#define DEFAULT_SHARE 4			/* dynapg.receive_memory, if it is 0, is this part of dynapg.worker_memory */

static size_t kept;				/* bytes, without what is free for anybody */

size_t
body_kept(void)
{
	return kept;
}

/* The bytes that count of a buffer. */
static size_t
counted(size_t size)
{
	return size > SMALL_BODY ? size - SMALL_BODY : 0;
}

static bool
has_room(size_t more)
{
	size_t		limit = endpoint->settings->receive_memory > 0 ? endpoint->settings->receive_memory :
		endpoint->settings->worker_memory / DEFAULT_SHARE;

	return kept + more <= limit * 1024;
}

/*
 * From here on nothing is kept of the body; the answer is what protocol_answer() makes of that, or
 * it is there already.
 */
static void
drop(HttpRequest *request, HttpBody state)
{
	body_release(request);
	request->body_state = state;
	request->last = true;
}

/* The size of the buffer for a body that is so long by now: doubled, but no more than can come. */
static size_t
buffer_size(const HttpRequest *request, size_t len)
{
	const char *length = request_header(request, "Content-Length");
	size_t		most = length != NULL ? strtoull(length, NULL, 10) : endpoint->settings->max_body_size;

	return Max(Min((size_t) request->body.maxlen * 2, most + 1), len + 1);
}

/* Makes room for a body of so many bytes; false if there is none. */
static bool
enlarge(HttpRequest *request, size_t len)
{
	StringInfo	body = &request->body;
	size_t		size = buffer_size(request, len);
	size_t		more;

	if (len < (size_t) body->maxlen)
		return true;
	more = counted(size) - counted(body->maxlen);
	if (!has_room(more))
		return false;
	body->data = (char *) repalloc(body->data, size);
	body->maxlen = size;
	kept += more;
	request->kept += more;
	return true;
}

/* Whether so many bytes of a body are kept; if not, it is dropped. */
static bool
may_keep(HttpRequest *request, size_t len)
{
	if (request->body_state != BODY_KEPT)
		return false;
	if (len > (size_t) endpoint->settings->max_body_size)
	{
		request->too_big = true;
		drop(request, BODY_UNUSED);
	}
	else if (len > SMALL_BODY && !protocol_uses_body(request))
		drop(request, BODY_UNUSED);
	else if (len > SMALL_BODY && !request->sender_known && !protocol_knows_sender(request))
		drop(request, BODY_ANSWERED);
	else if (!enlarge(request, len))
	{
		protocol_refuse_body(request);
		drop(request, BODY_ANSWERED);
	}
	return request->body_state == BODY_KEPT;
}

bool
body_take(HttpRequest *request, const char *data, size_t size)
{
	if (may_keep(request, request->body.len + size))
	{
		appendBinaryStringInfo(&request->body, data, size);
		return true;
	}
	request->dropped += size;
	return request->dropped <= MAX_DROPPED;
}

bool
body_may_wait(const HttpRequest *request)
{
	return request->text.data == request->body.data || has_room(counted(request->text.maxlen));
}

void
body_waits(HttpRequest *request)
{
	size_t		more = request->text.data == request->body.data ? 0 : counted(request->text.maxlen);

	kept += more;
	request->kept += more;
}

void
body_release(HttpRequest *request)
{
	kept -= request->kept;
	request->kept = 0;
	if (request->text.data != NULL && request->text.data != request->body.data)
		pfree(request->text.data);
	if (request->body.data != NULL)
		pfree(request->body.data);
	request->text.data = request->body.data = NULL;
}
