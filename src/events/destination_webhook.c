/*
 * destination_webhook.c
 *		Webhooks: events are POSTed to a URL.
 *
 *	{"Webhook": {"Url": "https://...", "Secret": "...", "Headers": {"Authorization": "..."}, "TimeoutSeconds": 30}}
 *
 * The body is Lambda's event.  With a secret, Dynapg-Signature is t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "<t>.<body>">: who knows the
 * secret can tell that it comes from here, that nothing of it was changed, and when it was sent.  Any status 2xx says that the batch was taken.
 */
#include "postgres.h"

#include <time.h>

#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"

#include "base/hex.h"
#include "events/outside.h"

#define DEFAULT_TIMEOUT 30
#define MAX_TIMEOUT 900
#define MAX_HEADERS 3

static const char *const members[] = {"Url", "Secret", "Headers", "TimeoutSeconds", NULL};
static const char *const secrets[] = {"Secret", "Headers", NULL};

static _Noreturn void
refuse_headers(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: Headers has up to %d members, names of HTTP headers with their values", what, MAX_HEADERS),
			 errdetail("Those that are sent anyway cannot be given: Host, Content-Length, Content-Type, Transfer-Encoding, Connection, Dynapg-...")));
}

static bool
is_header_name(const char *name)
{
	static const char *const own[] = {"host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "te", "upgrade"};

	if (*name == '\0' || strlen(name) > 100 || pg_strncasecmp(name, "dynapg-", 7) == 0 ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(name))
		return false;
	for (int i = 0; i < lengthof(own); i++)
		if (pg_strcasecmp(name, own[i]) == 0)
			return false;
	return true;
}

/* Calls back with each of the headers of a definition or secret. */
static void
each_header(const char *what, Jsonb *value, void (*call) (Post *post, const char *name, const char *text), Post *post)
{
	JsonbValue	headers;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	member;
	Jsonb	   *object;
	int			count = 0;

	if (value == NULL || getKeyJsonValueFromContainer(&value->root, "Headers", strlen("Headers"), &headers) == NULL)
		return;
	if (headers.type != jbvBinary || !JsonContainerIsObject(headers.val.binary.data))
		refuse_headers(what);
	object = JsonbValueToJsonb(&headers);
	iterator = JsonbIteratorInit(&object->root);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(member.val.string.val, member.val.string.len);
		if (!is_header_name(name) || ++count > MAX_HEADERS || outside_text(what, object, name) == NULL)
			refuse_headers(what);
		call(post, name, outside_text(what, object, name));
	}
}

static void
ignore_header(Post *post, const char *name, const char *text)
{
}

static void
check_webhook(DestinationCheck *check, Jsonb *value)
{
	outside_require_members(check, value, members);
	(void) outside_url(check, value, "Url", true);
	(void) outside_text(check->what, value, "Secret");
	(void) outside_number(check->what, value, "TimeoutSeconds", 1, MAX_TIMEOUT, DEFAULT_TIMEOUT);
	each_header(check->what, value, ignore_header, NULL);
	outside_split(check, value, secrets);
}

/* t=...,v1=... of a body. */
static char *
signature(const char *secret, const char *body, size_t len)
{
	char	   *time_text = psprintf("%lld", (long long) time(NULL));
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	StringInfoData text;
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);

	if (hmac == NULL || pg_hmac_init(hmac, (const uint8 *) secret, strlen(secret)) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) time_text, strlen(time_text)) < 0 || pg_hmac_update(hmac, (const uint8 *) ".", 1) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) body, len) < 0 || pg_hmac_final(hmac, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a signature");
	pg_hmac_free(hmac);
	initStringInfo(&text);
	appendStringInfo(&text, "t=%s,v1=", time_text);
	hex_append(&text, digest, sizeof(digest));
	return text.data;
}

/* Headers of a post with a body. */
static void
set_headers(Delivery *delivery)
{
	Post	   *post = delivery->post;
	char	   *secret = outside_text("Destination", delivery->secret, "Secret");

	post->n_headers = 0;
	outside_header(post, "Content-Type", "application/json");
	outside_header(post, "Dynapg-Mapping",
				   DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(unconstify(pg_uuid_t *, &delivery->mapping->uuid)))));
	if (secret != NULL)
		outside_header(post, "Dynapg-Signature", signature(secret, post->body, post->len));
	each_header("Destination", delivery->secret, outside_secret_header, post);
}

static void
make_request(Delivery *delivery)
{
	outside_next_body(delivery);
	set_headers(delivery);
}

static void
begin_webhook(Delivery *delivery)
{
	Post	   *post = delivery->post;

	post->url = outside_text("Destination", delivery->definition, "Url");
	post->timeout_ms = 1000 * outside_number("Destination", delivery->definition, "TimeoutSeconds", 1, MAX_TIMEOUT, DEFAULT_TIMEOUT);
	post->max_answer = OUTSIDE_ANSWER_BYTES;
	make_request(delivery);
}

static DeliveryStep
judge_webhook(Delivery *delivery, int pauses, EventOutcome *outcome)
{
	if (!outside_judge_body(delivery, outside_problem(delivery->post), outcome))
		return DELIVERY_OVER;
	make_request(delivery);
	return DELIVERY_GOES_ON;
}

const OutsideKind destination_webhook = {
	.base = {.name = "Webhook", .outside = true, .for_alarms = true, .check = check_webhook},
	.begin = begin_webhook,
	.judge = judge_webhook,
};
