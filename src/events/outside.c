/*
 * outside.c
 *		What kinds of destinations outside of the database share.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/library.h"
#include "base/settings.h"
#include "base/url.h"
#include "events/outside.h"

#define SHOWN_BYTES 200			/* of an answer, in a message */
#define SECRET_BYTES 6			/* what is shorter is looked for in no answer */

static const char *const key_members[] = {"AccessKeyId", "SecretAccessKey", "SessionToken", NULL};

/* ------------------------------------------------------------------------------------------------------------
 * Definitions
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_one_of(const char *const *names, const char *name, int len)
{
	for (; *names != NULL; names++)
		if (strlen(*names) == len && memcmp(*names, name, len) == 0)
			return true;
	return false;
}

/* What is wrong with a destination; member: NULL, or of which member. */
static _Noreturn void
refuse(const char *what, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: %s", what, message)));
}

void
outside_require_members(const DestinationCheck *check, Jsonb *value, const char *const *names)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	member;

	if (!JB_ROOT_IS_OBJECT(value))
		refuse(check->what, "what a kind of destination names is an object");
	iterator = JsonbIteratorInit(&value->root);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
		if (token == WJB_KEY && !is_one_of(names, member.val.string.val, member.val.string.len))
			refuse(check->what, psprintf("there is no member \"%s\"", pnstrdup(member.val.string.val, member.val.string.len)));
}

char *
outside_text(const char *what, Jsonb *value, const char *name)
{
	JsonbValue	member;
	char	   *text;

	if (value == NULL || getKeyJsonValueFromContainer(&value->root, name, strlen(name), &member) == NULL || member.type == jbvNull)
		return NULL;
	if (member.type != jbvString)
		refuse(what, psprintf("%s is not a string", name));
	text = pnstrdup(member.val.string.val, member.val.string.len);
	for (const char *c = text; *c; c++)
		if (iscntrl((unsigned char) *c))
			refuse(what, psprintf("%s has a control character", name));
	return text;
}

char *
outside_required_text(const DestinationCheck *check, Jsonb *value, const char *name)
{
	char	   *text = outside_text(check->what, value, name);

	if (text == NULL || *text == '\0')
		refuse(check->what, psprintf("%s must be given", name));
	return text;
}

int
outside_number(const char *what, Jsonb *value, const char *name, int least, int most, int otherwise)
{
	JsonbValue	member;
	double		number;

	if (getKeyJsonValueFromContainer(&value->root, name, strlen(name), &member) == NULL || member.type == jbvNull)
		return otherwise;
	number = member.type != jbvNumeric ? least - 1 :
		DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(member.val.numeric)));
	if (number < least || number > most || number != (int) number)
		refuse(what, psprintf("%s is a whole number from %d to %d", name, least, most));
	return (int) number;
}

/* Whether what comes behind the host of a URL is a path and a query as they are sent. */
static bool
is_path(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || strchr("\"#<>\\^`{|}", *c) != NULL)
			return false;
	return *text == '\0' || *text == '/' || *text == '?';
}

char *
outside_url(const DestinationCheck *check, Jsonb *value, const char *name, bool whole)
{
	char	   *url = outside_required_text(check, value, name);
	const char *host = strstr(url, "://");
	size_t		len = host != NULL ? (host + 3 - url) + strcspn(host + 3, "/?#") : 0;

	if (len == 0 || strlen(url) > 2000 || !url_is_server(pnstrdup(url, len)) || !is_path(url + len))
		refuse(check->what, psprintf("%s is not a URL of http or https", name));
	if (!whole && !url_is_server(url))
		refuse(check->what, psprintf("%s is a URL without a path", name));
	if (dynapg_event_hosts[0] == '\0')
		ereport(WARNING,
				(errmsg("dynapg.event_hosts does not allow requests to any host"),
				 errhint("A superuser sets it in postgresql.conf or by ALTER SYSTEM.")));
	library_want(WARNING, OUT_LIBRARY);
	return url;
}

/* The members of an object that are among some names, or are not. */
static Jsonb *
filter_members(Jsonb *value, const char *const *names, bool wanted, int *count)
{
	JsonbParseState *state = NULL;
	JsonbIterator *iterator = JsonbIteratorInit(&value->root);
	JsonbIteratorToken token;
	JsonbValue	member;

	*count = 0;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		if (token != WJB_KEY || is_one_of(names, member.val.string.val, member.val.string.len) != wanted)
			continue;
		pushJsonbValue(&state, WJB_KEY, &member);
		(void) JsonbIteratorNext(&iterator, &member, true);
		pushJsonbValue(&state, WJB_VALUE, &member);
		(*count)++;
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Jsonb *
outside_without(Jsonb *value, const char *const *names)
{
	int			count;

	return filter_members(value, names, false, &count);
}

Jsonb *
outside_only(Jsonb *value, const char *const *names)
{
	int			count;
	Jsonb	   *only = filter_members(value, names, true, &count);

	return count > 0 ? only : NULL;
}

static bool
goes_where_it_went(const DestinationCheck *check)
{
	static const char *const how_long[] = {"TimeoutSeconds", NULL};

	return check->old_kind == check->kind &&
		compareJsonbContainers(&outside_without(check->old_definition, how_long)->root, &outside_without(check->definition, how_long)->root) == 0;
}

void
outside_split(DestinationCheck *check, Jsonb *value, const char *const *secrets)
{
	check->definition = outside_without(value, secrets);
	check->secret = outside_only(value, secrets);
	if (check->secret != NULL || check->old_secret == NULL)
		return;
	check->secret = outside_only(check->old_secret, secrets);
	if (check->secret != NULL && !goes_where_it_went(check))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s: its secrets must be given anew, for it is another one", check->what),
				 errhint("A secret that is null is none.")));
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

void
outside_check_key(const DestinationCheck *check, Jsonb *value)
{
	char	   *id = outside_text(check->what, value, key_members[0]);
	char	   *secret = outside_text(check->what, value, key_members[1]);

	if ((id == NULL) != (secret == NULL))
		refuse(check->what, "AccessKeyId and SecretAccessKey must both be given, or neither");
	(void) outside_text(check->what, value, key_members[2]);
}

void
outside_sign(Delivery *delivery, const char *service)
{
	char	   *region = outside_text("Destination", delivery->definition, "Region");

	delivery->post->key = (PostKey) {
		.access_key_id = outside_text("Destination", delivery->secret, key_members[0]),
		.secret_access_key = outside_text("Destination", delivery->secret, key_members[1]),
		.session_token = outside_text("Destination", delivery->secret, key_members[2]),
		.region = region ? region : pstrdup(dynapg_region),
		.service = service
	};
}

void
outside_header(Post *post, const char *name, const char *value)
{
	Assert(post->n_headers < POST_MAX_HEADERS);
	post->headers[post->n_headers++] = (PostHeader) {name, value, false};
}

void
outside_secret_header(Post *post, const char *name, const char *value)
{
	outside_header(post, name, value);
	post->headers[post->n_headers - 1].secret = true;
}

/* Whether an answer has a text; of "Basic ..." what comes last. */
static bool
repeats(const Post *post, const char *secret)
{
	const char *last = strrchr(secret, ' ');

	if (last != NULL)
		secret = last + 1;
	return strlen(secret) >= SECRET_BYTES && memmem(post->answer, post->answer_len, secret, strlen(secret)) != NULL;
}

static bool
repeats_secret(const Post *post)
{
	if ((post->key.session_token != NULL && repeats(post, post->key.session_token)) ||
		(post->key.secret_access_key != NULL && repeats(post, post->key.secret_access_key)))
		return true;
	for (int i = 0; i < post->n_headers; i++)
		if (post->headers[i].secret && repeats(post, post->headers[i].value))
			return true;
	return false;
}

const char *
outside_excerpt(const Post *post, int most)
{
	int			len = (int) Min(post->answer_len, most);
	StringInfoData text;

	if (post->answer == NULL || len == 0)
		return "";
	if (repeats_secret(post))
		return "(the answer repeats a secret)";
	initStringInfo(&text);
	for (int i = 0; i < len;)
	{
		int			size = pg_encoding_verifymbchar(PG_UTF8, post->answer + i, len - i);

		if (size < 0 || iscntrl((unsigned char) post->answer[i]))
			appendStringInfoChar(&text, ' ');
		else
			appendBinaryStringInfo(&text, post->answer + i, size);
		i += Max(size, 1);
	}
	return text.data;
}

const char *
outside_problem(const Post *post)
{
	if (post->problem != NULL)
		return post->problem;
	if (post->status >= 200 && post->status < 300)
		return NULL;
	return psprintf("HTTP status %d: %s", post->status, outside_excerpt(post, SHOWN_BYTES));
}

/* What has been sent of a batch as Lambda's events. */
typedef struct BodyProgress
{
	int			from;			/* records of the present request */
	int			upto;
} BodyProgress;

/* Text of {"Records": [...]} with as many records as fit, at least one, of those behind what was sent. */
static char *
make_event(const EventBatch *batch, BodyProgress *progress, size_t *len)
{
	StringInfoData text;
	WireWriter	writer;

	progress->from = progress->upto;
	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	wire_member(&writer, "Records");
	wire_array_start(&writer);
	for (; progress->upto < batch->count; progress->upto++)
	{
		int			before = text.len;
		bool		comma = writer.need_comma;

		event_record_write(&writer, batch, &batch->records[progress->upto]);
		if (text.len + 2 > OUTSIDE_PAYLOAD_BYTES && progress->upto > progress->from)
		{
			text.len = before;
			text.data[before] = '\0';
			writer.need_comma = comma;
			break;
		}
	}
	wire_array_end(&writer);
	wire_object_end(&writer);
	*len = text.len;
	return text.data;
}

void
outside_next_body(Delivery *delivery)
{
	Post	   *post = delivery->post;

	if (delivery->batch == NULL)
	{
		post->body = delivery->invocation;
		post->len = strlen(post->body);
		return;
	}
	if (delivery->state == NULL)
		delivery->state = palloc0(sizeof(BodyProgress));
	post->body = make_event(delivery->batch, (BodyProgress *) delivery->state, &post->len);
}

void
outside_check_region(const DestinationCheck *check, Jsonb *value)
{
	char	   *region = outside_text(check->what, value, "Region");

	if (region != NULL && (*region == '\0' || strlen(region) > 63 ||
						   strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region)))
		refuse(check->what, "Region has lower-case letters, digits and hyphens");
}

bool
outside_judge_body(const Delivery *delivery, const char *problem, EventOutcome *outcome)
{
	const EventBatch *batch = delivery->batch;
	const BodyProgress *progress = (const BodyProgress *) delivery->state;

	outcome->ok = problem == NULL;
	outcome->error = problem;
	if (batch == NULL)
		return false;
	if (problem == NULL && delivery->reports)
		event_read_answer(batch, delivery->post->answer, (int) delivery->post->answer_len, outcome);
	/* where a part of a batch has failed, what came before it has not */
	if (!outcome->ok && progress->from > 0)
	{
		outcome->ok = true;
		outcome->first_failed = batch->records[progress->from].row.seq;
	}
	return outcome->ok && outcome->first_failed == 0 && progress->upto < batch->count;
}
