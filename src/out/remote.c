/*
 * remote.c
 *		Requests to endpoints that speak DynamoDB's API (transfer/remote.h).
 *
 * Where they may go is what dynapg.copy_hosts says (guard.h).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/pg_crc.h"
#include "utils/timestamp.h"

#include "out/fetch.h"
#include "out/out_room.h"
#include "out/sign.h"

#define TIMEOUT_MS (300 * 1000)

/* A request that is on its way. */
typedef struct Sent
{
	RemoteExchange *exchange;
	Fetch	   *fetch;
} Sent;

typedef struct Transport
{
	RemoteTransport transport;
	MemoryContext context;
	FetchPool  *pool;
	SignKey		key;
	const char *allowed_hosts;
	List	   *sent;
} Transport;

/* What addresses a URL may lead to; a transfer that may not go there has failed. */
static Guard
guard_of_transfer(const Transport *transport, const char *url)
{
	Guard		guard;
	const char *place = guard_of_url(transport->allowed_hosts, url, &guard);

	if (place != NULL)
		out_host->fail("HostNotAllowed", NULL, psprintf("dynapg.copy_hosts does not allow copies from and to %s", place));
	return guard;
}

/* ------------------------------------------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------------------------------------------ */

static void
transport_send(RemoteTransport *base, RemoteExchange *exchange)
{
	Transport  *transport = (Transport *) base;
	MemoryContext scratch = AllocSetContextCreate(transport->context, "dynapg request", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Guard		guard = guard_of_transfer(transport, exchange->url);
	Sigv4Header headers[] = {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", exchange->target}};
	size_t		len = strlen(exchange->url);
	FetchRequest request = {
		.method = "POST", .url = exchange->url[len - 1] == '/' ? exchange->url : psprintf("%s/", exchange->url),
		.headers = headers, .n_headers = lengthof(headers), .body = exchange->body, .body_len = exchange->len,
		.max_body = REMOTE_ANSWER_MAX_SIZE, .timeout_ms = TIMEOUT_MS, .guard = &guard
	};
	Sent	   *sent;

	if (transport->key.access_key_id != NULL)
		sign_request(&request, &transport->key, NULL);
	MemoryContextSwitchTo(transport->context);
	sent = (Sent *) palloc(sizeof(Sent));
	sent->exchange = exchange;
	sent->fetch = fetch_start(transport->pool, &request);
	transport->sent = lappend(transport->sent, sent);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

/* What is wrong with the body of an answer; NULL: nothing. */
static const char *
body_problem(Fetch *fetch)
{
	const char *sum = fetch_header(fetch, "x-amz-crc32");
	const char *encoding = fetch_header(fetch, "content-encoding");
	size_t		len;
	const char *body = fetch_body(fetch, &len);
	pg_crc32	crc;

	if (encoding != NULL && pg_strcasecmp(encoding, "identity") != 0)
		return "its body has an encoding that was not asked for";
	if (sum == NULL)
		return NULL;
	INIT_TRADITIONAL_CRC32(crc);
	COMP_TRADITIONAL_CRC32(crc, body, len);
	FIN_TRADITIONAL_CRC32(crc);
	return strtoul(sum, NULL, 10) == crc ? NULL : "its body does not have the checksum that x-amz-crc32 tells";
}

/* Fills an exchange in, and closes its fetch. */
static RemoteExchange *
finish(Transport *transport, Sent *sent)
{
	RemoteExchange *exchange = sent->exchange;
	const char *problem = fetch_error(sent->fetch);

	if (problem == NULL)
		problem = body_problem(sent->fetch);
	exchange->status = problem ? 0 : fetch_status(sent->fetch);
	exchange->problem = problem ? MemoryContextStrdup(exchange->context, problem) : NULL;
	if (problem == NULL)
	{
		size_t		len;
		const char *body = fetch_body(sent->fetch, &len);

		exchange->answer_len = (int) len;
		exchange->answer = (char *) MemoryContextAlloc(exchange->context, len + 1);
		memcpy(exchange->answer, body, len);
		exchange->answer[len] = '\0';
	}
	fetch_close(sent->fetch);
	transport->sent = list_delete_ptr(transport->sent, sent);
	pfree(sent);
	return exchange;
}

static RemoteExchange *
transport_wait(RemoteTransport *base, int64 timeout_ms)
{
	Transport  *transport = (Transport *) base;
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	for (;;)
	{
		ListCell   *cell;
		int64		left;

		foreach(cell, transport->sent)
			if (fetch_is_done(((Sent *) lfirst(cell))->fetch))
				return finish(transport, (Sent *) lfirst(cell));
		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		if (left <= 0)
			return NULL;
		CHECK_FOR_INTERRUPTS();
		fetch_run(transport->pool, (long) left);
	}
}

static void
transport_close(RemoteTransport *base)
{
	fetch_pool_close(((Transport *) base)->pool);
}

RemoteTransport *
remote_transport_open(const RemoteSettings *settings, const char *allowed_hosts)
{
	static const RemoteTransportRoutines routines = {transport_send, transport_wait, transport_close};
	Transport  *transport = (Transport *) palloc0(sizeof(Transport));

	transport->transport.routines = &routines;
	transport->context = CurrentMemoryContext;
	transport->allowed_hosts = pstrdup(allowed_hosts);
	transport->pool = fetch_pool_create(settings->ca_file);
	if (settings->access_key_id != NULL)
		transport->key = (SignKey) {pstrdup(settings->access_key_id), pstrdup(settings->secret),
			settings->session_token ? pstrdup(settings->session_token) : NULL, pstrdup(settings->region), "dynamodb"};
	return &transport->transport;
}
