/*
 * trace_sender.c
 *		The process that sends spans (trace/trace_ring.h) to an OpenTelemetry receiver, by OTLP over HTTP in JSON.
 *
 * One a server, in no database, started by who has put a record and finds that there is none, ended when dynapg.otlp_endpoint is empty.  One request is on its way at
 * a time, with up to BATCH records.  OTLP's rules: after 429, 502, 503, 504 and what has no answer it is sent again, after the time that Retry-After says or a growing
 * one; after everything else it is not.  What was not taken for RETRY_MS is given up, so that new records have room.  Requests wait for none of it.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xlog.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "postmaster/postmaster.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "events/outside.h"
#include "trace/trace_ring.h"
#include "trace/trace_settings.h"
#include "trace/trace_spans.h"
#include "transfer/out.h"

#define BATCH			256		/* records of a request */
#define GATHER_MS		200		/* for more records after the first one */
#define RETRY_MS		60000
#define FIRST_PAUSE_MS	500
#define LONGEST_PAUSE_MS 15000
#define LOG_EVERY_MS	60000
#define MOST_ANSWER		(64 * 1024)
#define WORDS			200		/* of a receiver's in a message */
#define VERSION			"0.1.0"

extern PGDLLEXPORT void dynapg_trace_sender_main(Datum argument);

typedef enum Verdict
{
	TAKEN,
	AGAIN,
	REFUSED
} Verdict;

/* What is sent at a time; in a context that is reset after it. */
typedef struct Batch
{
	StringInfoData body;
	int			spans;
} Batch;

static MemoryContext batch_context;
static PostTransport *transport;

/* ------------------------------------------------------------------------------------------------------------
 * What is said of it
 * ------------------------------------------------------------------------------------------------------------ */

/* The beginning of an answer, or why there is none, in ASCII: the server's encoding is not known to be UTF-8.  No header's value that is a secret. */
static char *
words_of(const Post *post)
{
	char	   *words = pstrdup(post->status == 0 && post->problem != NULL ? post->problem : outside_excerpt(post, WORDS));

	for (char *c = words; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return words;
}

/* Notes what went wrong; the log has it once in a while. */
static void
tell(const char *problem)
{
	static TimestampTz logged_at = 0;
	TimestampTz now = GetCurrentTimestamp();

	trace_ring_note(problem);
	if (!TimestampDifferenceExceeds(logged_at, now, LOG_EVERY_MS))
		return;
	logged_at = now;
	ereport(LOG,
			(errmsg("spans were not taken by the OpenTelemetry receiver of dynapg.otlp_endpoint: %s", problem)));
}

/* ------------------------------------------------------------------------------------------------------------
 * Batches
 * ------------------------------------------------------------------------------------------------------------ */

static TraceResource
make_resource(void)
{
	char		host[256] = "";

	(void) gethostname(host, sizeof(host) - 1);
	return (TraceResource) {
		.service = dynapg_otlp_service_name,
		.service_namespace = cluster_name,
		.instance = psprintf(UINT64_FORMAT "-%d", GetSystemIdentifier(), PostPortNumber),
		.host = pstrdup(host),
		.version = VERSION
	};
}

/* Takes what there is; false: nothing. */
static bool
take_batch(Batch *batch)
{
	TraceRecord *record = (TraceRecord *) palloc(sizeof(TraceRecord));
	TraceResource resource;
	TraceExport export;
	int			records = 0;

	if (!trace_ring_take(record))
		return false;
	resource = make_resource();
	initStringInfo(&batch->body);
	trace_export_begin(&export, &batch->body, &resource);
	do
	{
		trace_export_record(&export, record);
		records++;
	} while (records < BATCH && trace_ring_take(record));
	trace_export_end(&export);
	batch->spans = export.spans;
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

/* The members of partialSuccess; the reader is in it. */
static void
read_partial_success(WireReader *reader, int64 *rejected)
{
	while (wire_next(reader) == WIRE_KEY)
	{
		char	   *name = pnstrdup(reader->text, reader->len);

		wire_next(reader);
		if (strcmp(name, "rejectedSpans") == 0 && (reader->token == WIRE_STRING || reader->token == WIRE_INTEGER))
			*rejected = strtoll(pnstrdup(reader->text, reader->len), NULL, 10);
		else
			wire_skip(reader);
	}
}

/* Of an answer 200: how many spans it has not taken all the same. */
static void
read_answer(const Post *post, const Batch *batch)
{
	WireReader	reader;
	int64		rejected = 0;

	if (post->answer_len == 0 || !wire_text_is_json(post->answer, post->answer_len))
		return;
	wire_read_text(&reader, post->answer, post->answer_len);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		return;
	while (wire_next(&reader) == WIRE_KEY)
	{
		bool		is_it = reader.len == strlen("partialSuccess") && memcmp(reader.text, "partialSuccess", reader.len) == 0;

		if (wire_next(&reader) == WIRE_OBJECT_START && is_it)
			read_partial_success(&reader, &rejected);
		else
			wire_skip(&reader);
	}
	if (rejected > 0)
	{
		trace_ring_count(TRACE_REJECTED, Min(rejected, batch->spans));
		tell(psprintf("it has rejected " INT64_FORMAT " of %d spans: %s", rejected, batch->spans, words_of(post)));
	}
}

/* Milliseconds that the answer asks to wait; 0: it does not.  A date is not read: the growing pause does as well. */
static long
retry_after(const Post *post)
{
	const char *header = post->header;

	if (header == NULL || header[0] == '\0' || header[strspn(header, "0123456789")] != '\0' || strlen(header) > 6)
		return 0;
	return 1000L * atol(header);
}

static Verdict
judge(const Post *post, const char **problem)
{
	if (post->status >= 200 && post->status < 300)
		return TAKEN;
	if (post->status == 0)
	{
		*problem = words_of(post);
		return AGAIN;
	}
	*problem = psprintf("HTTP status %d: %s", post->status, words_of(post));
	switch (post->status)
	{
		case 429:
		case 502:
		case 503:
		case 504:
			return AGAIN;
		default:
			return REFUSED;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------------------------------------------ */

static void
reload(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* The request, with the settings as they are now. */
static void
make_post(Post *post, const Batch *batch)
{
	const char *rest = dynapg_otlp_headers;
	char	   *name;
	char	   *value;
	size_t		len = strlen(dynapg_otlp_endpoint);

	while (len > 0 && dynapg_otlp_endpoint[len - 1] == '/')
		len--;
	memset(post, 0, sizeof(*post));
	post->url = psprintf("%.*s/v1/traces", (int) len, dynapg_otlp_endpoint);
	outside_header(post, "Content-Type", "application/json");
	while (post->n_headers < POST_MAX_HEADERS && trace_next_header(&rest, &name, &value))
		outside_secret_header(post, name, value);
	post->body = batch->body.data;
	post->len = batch->body.len;
	post->timeout_ms = dynapg_otlp_timeout;
	post->max_answer = MOST_ANSWER;
	post->wanted_header = "Retry-After";
	post->context = CurrentMemoryContext;
}

static void
exchange(Post *post)
{
	transport->routines->send(transport, post);
	while (transport->routines->wait(transport, -1) == NULL)
	{
		ResetLatch(MyLatch);
		reload();
	}
}

/* Waits; false: there is no receiver any more. */
static bool
rest_until(TimestampTz until)
{
	TimestampTz now;

	while (dynapg_otlp_endpoint[0] != '\0' && (now = GetCurrentTimestamp()) < until)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, (until - now) / 1000 + 1, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		reload();
	}
	return dynapg_otlp_endpoint[0] != '\0';
}

/* Sends it until it is taken or refused, or its time is over. */
static void
send_batch(const Batch *batch)
{
	TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RETRY_MS);
	long		pause = FIRST_PAUSE_MS;

	for (;;)
	{
		Post		post;
		const char *problem = NULL;
		Verdict		verdict;
		TimestampTz next;

		make_post(&post, batch);
		exchange(&post);
		verdict = judge(&post, &problem);
		if (verdict == TAKEN)
		{
			trace_ring_settle(TRACE_SENT);
			trace_ring_note(NULL);
			read_answer(&post, batch);
			return;
		}
		tell(problem);
		/* a random part of the pause is left out, so that many servers do not come back at once */
		next = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
										   Max(retry_after(&post), pause / 2 + (long) (pg_prng_double(&pg_global_prng_state) * (pause / 2))));
		pause = Min(pause * 2, LONGEST_PAUSE_MS);
		if (verdict == REFUSED || next > give_up || !rest_until(next))
		{
			trace_ring_settle(TRACE_FAILED);
			return;
		}
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

static void
open_transport(void)
{
	PG_TRY();
	{
		transport = out_library()->open_posts(dynapg_out_ca_file[0] ? dynapg_out_ca_file : NULL);
	}
	PG_CATCH();
	{
		trace_ring_note("the library dynapg_out could not be loaded: see the server's log");
		trace_ring_defer();
		PG_RE_THROW();
	}
	PG_END_TRY();
}

void
dynapg_trace_sender_main(Datum argument)
{
	Batch		batch;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, SIG_IGN);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("dynapg trace sender");
	if (!trace_ring_serve())
		return;
	batch_context = AllocSetContextCreate(TopMemoryContext, "dynapg spans", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(TopMemoryContext);
	open_transport();
	MemoryContextSwitchTo(batch_context);
	while (dynapg_otlp_endpoint[0] != '\0')
	{
		if (take_batch(&batch))
		{
			pgstat_report_activity(STATE_RUNNING, "sending spans");
			send_batch(&batch);
		}
		else
		{
			pgstat_report_activity(STATE_IDLE, NULL);
			trace_ring_rest(-1);
			trace_ring_rest(GATHER_MS);
		}
		MemoryContextReset(batch_context);
		reload();
	}
}
