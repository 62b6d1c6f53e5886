/*
 * durable.c
 *		The queue of answers that must not be sent before they are durable.
 *
 * A request commits asynchronously.  The connections of such answers are suspended; when everything that was ready has been
 * worked off, WAL is flushed once for all of them, by another process (companion.c) so that other connections go on meanwhile.
 * Where standbys are synchronous, the answers then stay until these have it too.
 */
#include "postgres.h"

#include "access/xlog.h"

#include "http/http.h"

/* Suspended requests, both in the order of their LSNs, since each worker's LSNs only grow. */
static dlist_head waiting = DLIST_STATIC_INIT(waiting); /* for the flush */
static dlist_head unconfirmed = DLIST_STATIC_INIT(unconfirmed); /* flushed, for the standbys */
static int	n_queued;			/* in both */

static bool
is_durable(const HttpRequest *request)
{
	return XLogRecPtrIsInvalid(request->durable_at) ||
		(request->durable_at <= GetFlushRecPtr(NULL) && request->durable_at <= companion_confirmed());
}

void
durable_await(HttpRequest *request)
{
	if (is_durable(request))
		return;
	request->queue = QUEUE_DURABLE;
	trace_await(request);
	n_queued++;
	dlist_push_tail(&waiting, &request->queued);
	request_suspend(request);
}

void
durable_forget(HttpRequest *request)
{
	if (request->queue != QUEUE_DURABLE)
		return;
	dlist_delete(&request->queued);
	request->queue = QUEUE_NONE;
	n_queued--;
}

bool
durable_release(void)
{
	XLogRecPtr	confirmed;
	bool		released = false;
	dlist_mutable_iter iter;

	if (!dlist_is_empty(&waiting))
	{
		bool		all_wait = n_queued + aside_count() >= pg_atomic_read_u64(&endpoint_worker->connections);
		XLogRecPtr	newest = dlist_tail_element(HttpRequest, queued, &waiting)->durable_at;
		XLogRecPtr	flushed = companion_flush(newest, all_wait);

		while (!dlist_is_empty(&waiting) &&
			   dlist_head_element(HttpRequest, queued, &waiting)->durable_at <= flushed)
		{
			trace_flushed(dlist_head_element(HttpRequest, queued, &waiting), endpoint_worker->standby_level != 0);
			dlist_push_tail(&unconfirmed, dlist_pop_head_node(&waiting));
		}
	}

	confirmed = companion_confirmed();
	dlist_foreach_modify(iter, &unconfirmed)
	{
		HttpRequest *request = dlist_container(HttpRequest, queued, iter.cur);

		if (request->durable_at > confirmed)
			break;
		durable_forget(request);
		trace_confirmed(request);
		request_resume(request);
		released = true;
	}
	companion_await(dlist_is_empty(&unconfirmed) ? InvalidXLogRecPtr :
				  dlist_head_element(HttpRequest, queued, &unconfirmed)->durable_at);
	return released;
}
