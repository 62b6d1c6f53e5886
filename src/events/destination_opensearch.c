/*
 * destination_opensearch.c
 *		Search indexes of OpenSearch, Elasticsearch and what speaks their _bulk.
 *
 *	{"OpenSearch": {"Endpoint": "https://...", "Index": "...", "TimeoutSeconds": 60, "User": "...", "Password": "...", "ApiKey": "...",
 *					"Region": "...", "AccessKeyId": "...", "SecretAccessKey": "...", "SessionToken": "..."}}
 *
 * A document is the item (search_document.h), its version the change's sequence number: the engine keeps the newest one, in whatever order and how
 * often they come.  So a conflict of versions says that the index is ahead already.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"

#include "base/error.h"
#include "events/outside.h"
#include "events/search_document.h"
#include "value/base64.h"
#include "value/wire.h"

#define DEFAULT_TIMEOUT 60
#define MAX_TIMEOUT 900
#define MAX_PAUSES 8			/* then the batch has failed */
#define ANSWER_BYTES (16 * 1024 * 1024)
#define PATH "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"

static const char *const members[] = {"Endpoint", "Index", "TimeoutSeconds", "User", "Password", "ApiKey", "Region", "AccessKeyId",
"SecretAccessKey", "SessionToken", NULL};
static const char *const secrets[] = {"User", "Password", "ApiKey", "AccessKeyId", "SecretAccessKey", "SessionToken", NULL};

typedef enum ItemState
{
	ITEM_WAITS = 0,
	ITEM_DONE,
	ITEM_REFUSED				/* for good: its mapping does not fit, for instance */
} ItemState;

typedef struct Progress
{
	char	   *index;
	ItemState  *items;			/* one for each record */
	bool	   *asked;			/* it is in the present request */
	const char *refusal;		/* of the first one that was refused */
} Progress;

/* ------------------------------------------------------------------------------------------------------------
 * Definitions
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_index(const DestinationCheck *check, const char *index)
{
	if (strlen(index) <= 255 && index[0] != '-' && index[0] != '_' && index[0] != '+' && strcmp(index, ".") != 0 && strcmp(index, "..") != 0 &&
		strspn(index, "abcdefghijklmnopqrstuvwxyz0123456789-_.+") == strlen(index))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: Index is the name of an index, in lower-case letters, digits, hyphens, underscores and points", check->what)));
}

/* Documents are made of new images. */
static void
check_stream(const DestinationCheck *check)
{
	const TableLog *stream = check->table != NULL ? catalog_latest_stream(check->table) : NULL;

	if (stream != NULL && !check->on_failure && stream->view != VIEW_NEW_IMAGE && stream->view != VIEW_NEW_AND_OLD_IMAGES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s: the table's stream has no new images", check->what),
				 errhint("Its StreamViewType has to be NEW_IMAGE or NEW_AND_OLD_IMAGES.")));
}

static void
check_opensearch(DestinationCheck *check, Jsonb *value)
{
	outside_require_members(check, value, members);
	check_index(check, outside_required_text(check, value, "Index"));
	outside_check_region(check, value);
	(void) outside_url(check, value, "Endpoint", false);
	(void) outside_number(check->what, value, "TimeoutSeconds", 1, MAX_TIMEOUT, DEFAULT_TIMEOUT);
	for (int i = 0; secrets[i] != NULL; i++)
		(void) outside_text(check->what, value, secrets[i]);
	outside_check_key(check, value);
	check_stream(check);
	outside_split(check, value, secrets);
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_action(StringInfo body, const char *action, const char *index, const char *id, int id_len, int64 version)
{
	WireWriter	writer;

	wire_write_text(&writer, body);
	wire_object_start(&writer);
	wire_member(&writer, action);
	wire_object_start(&writer);
	wire_text_member(&writer, "_index", index);
	wire_member(&writer, "_id");
	wire_string(&writer, id, id_len);
	if (version > 0)
	{
		wire_member(&writer, "version");
		wire_integer(&writer, version);
		wire_text_member(&writer, "version_type", "external");
	}
	wire_object_end(&writer);
	wire_object_end(&writer);
	appendStringInfoChar(body, '\n');
}

static void
append_record(StringInfo body, const EventBatch *batch, const EventRecord *record, const char *index)
{
	const LogRow *row = &record->row;
	int			len;
	char	   *id = search_document_id(batch->log, row->keys, &len);
	bool		removes = row->action == LOG_REMOVE || row->action == LOG_EXPIRE;

	append_action(body, removes ? "delete" : "index", index, id, len, row->seq);
	if (removes)
		return;
	search_document_write(body, row->item);
	appendStringInfoChar(body, '\n');
}

/* Whether a record can be a document at all. */
static bool
has_document(const LogRow *row)
{
	return row->item != NULL || row->action == LOG_REMOVE || row->action == LOG_EXPIRE;
}

/* The next request, with what has not been taken; false: there is nothing left. */
static bool
make_request(Delivery *delivery)
{
	Progress   *progress = (Progress *) delivery->state;
	const EventBatch *batch = delivery->batch;
	StringInfoData body;

	initStringInfo(&body);
	for (int i = 0; batch != NULL && i < batch->count; i++)
	{
		progress->asked[i] = progress->items[i] == ITEM_WAITS;
		if (progress->asked[i])
			append_record(&body, batch, &batch->records[i], progress->index);
	}
	if (batch == NULL)
	{
		char	   *id = psprintf("invocation-" INT64_FORMAT, delivery->id);

		append_action(&body, "index", progress->index, id, strlen(id), 0);
		/* one line */
		for (const char *c = delivery->invocation; *c; c++)
			appendStringInfoChar(&body, *c == '\n' || *c == '\r' ? ' ' : *c);
		appendStringInfoChar(&body, '\n');
	}
	delivery->post->body = body.data;
	delivery->post->len = body.len;
	return body.len > 0;
}

/* Basic authentication, an API key, or a signature. */
static void
authenticate(Delivery *delivery)
{
	char	   *user = outside_text("Destination", delivery->secret, "User");
	char	   *password = outside_text("Destination", delivery->secret, "Password");
	char	   *key = outside_text("Destination", delivery->secret, "ApiKey");
	StringInfoData text;

	initStringInfo(&text);
	if (user != NULL)
	{
		char	   *both = psprintf("%s:%s", user, password ? password : "");

		appendStringInfoString(&text, "Basic ");
		base64_append(&text, both, strlen(both));
	}
	else if (key != NULL)
		appendStringInfo(&text, "ApiKey %s", key);
	if (text.len > 0)
		outside_secret_header(delivery->post, "Authorization", text.data);
	else
		outside_sign(delivery, "es");
}

static void
begin_opensearch(Delivery *delivery)
{
	int			count = delivery->batch != NULL ? delivery->batch->count : 1;
	Progress   *progress = (Progress *) palloc0(sizeof(Progress));
	Post	   *post = delivery->post;
	char	   *endpoint = outside_text("Destination", delivery->definition, "Endpoint");

	delivery->state = progress;
	progress->index = outside_text("Destination", delivery->definition, "Index");
	progress->items = (ItemState *) palloc0(count * sizeof(ItemState));
	progress->asked = (bool *) palloc0(count * sizeof(bool));
	for (int i = 0; delivery->batch != NULL && i < count; i++)
		if (!has_document(&delivery->batch->records[i].row))
		{
			progress->items[i] = ITEM_REFUSED;
			progress->refusal = "the record has no NewImage";
		}
	post->url = psprintf("%.*s" PATH, (int) strlen(endpoint) - (endpoint[strlen(endpoint) - 1] == '/'), endpoint);
	post->timeout_ms = 1000 * outside_number("Destination", delivery->definition, "TimeoutSeconds", 1, MAX_TIMEOUT, DEFAULT_TIMEOUT);
	post->max_answer = ANSWER_BYTES;
	outside_header(post, "Content-Type", "application/x-ndjson");
	authenticate(delivery);
	/* a batch without any document asks for nothing: the engine refuses it, and all has been refused before */
	(void) make_request(delivery);
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct ItemAnswer
{
	int			status;			/* 0: none */
	char	   *error;			/* NULL: none */
} ItemAnswer;

static bool
key_is(const WireReader *reader, const char *name)
{
	return reader->len == strlen(name) && memcmp(reader->text, name, reader->len) == 0;
}

/* {"type": ..., "reason": ...}; the reader is at its start. */
static char *
read_error(WireReader *reader)
{
	StringInfoData text;

	initStringInfo(&text);
	if (reader->token != WIRE_OBJECT_START)
	{
		wire_skip(reader);
		return pstrdup("unknown error");
	}
	while (wire_next(reader) == WIRE_KEY)
		if (wire_next(reader) == WIRE_STRING)
			appendStringInfo(&text, "%s%.*s", text.len > 0 ? ": " : "", reader->len, reader->text);
		else
			wire_skip(reader);
	return text.data;
}

/* A status of HTTP; 0, which is none, for other numbers. */
static int
read_status(const WireReader *reader)
{
	char		digits[4];

	if (reader->len != 3)
		return 0;
	memcpy(digits, reader->text, 3);
	digits[3] = '\0';
	return atoi(digits);
}

/* {"index": {"status": ..., "error": ...}}; the reader is at its start. */
static ItemAnswer
read_item(WireReader *reader)
{
	ItemAnswer	answer = {0, NULL};

	while (wire_next(reader) == WIRE_KEY)
	{
		if (wire_next(reader) != WIRE_OBJECT_START)
		{
			wire_skip(reader);
			continue;
		}
		while (wire_next(reader) == WIRE_KEY)
		{
			bool		is_status = key_is(reader, "status");
			bool		is_error = key_is(reader, "error");

			if (wire_next(reader) == WIRE_INTEGER && is_status)
				answer.status = read_status(reader);
			else if (is_error && answer.error == NULL)
				answer.error = read_error(reader);
			else
				wire_skip(reader);
		}
	}
	return answer;
}

/* A removal of what is not there any more, and a version that is not newer, are as good as done. */
static ItemState
state_of(const ItemAnswer *answer)
{
	if (answer->status == 429 || answer->status == 503)
		return ITEM_WAITS;
	if ((answer->status >= 200 && answer->status < 300) || answer->status == 409 || (answer->status == 404 && answer->error == NULL))
		return ITEM_DONE;
	return ITEM_REFUSED;
}

/* Reads the list of items; what is wrong with it, or NULL. */
static const char *
read_items(WireReader *reader, Progress *progress, int count)
{
	int			index = 0;

	if (wire_next(reader) != WIRE_ARRAY_START)
		return "the answer's items are no list";
	while (wire_next(reader) == WIRE_OBJECT_START)
	{
		ItemAnswer	answer = read_item(reader);

		while (index < count && !progress->asked[index])
			index++;
		if (index == count)
			return "the answer has more items than the request";
		progress->items[index] = state_of(&answer);
		if (progress->items[index] == ITEM_REFUSED && progress->refusal == NULL)
			progress->refusal = psprintf("status %d: %s", answer.status, answer.error ? answer.error : "");
		index++;
	}
	while (index < count && !progress->asked[index])
		index++;
	return index == count ? NULL : "the answer has fewer items than the request";
}

/* A hash key is a pointer to the row. */
static int
compare_items(const void *first, const void *second, Size unused)
{
	const LogRow *a = *(const LogRow *const *) first;
	const LogRow *b = *(const LogRow *const *) second;

	if (memcmp(&a->hash, &b->hash, UUID_LEN) != 0)
		return 1;
	if (a->sort == NULL || b->sort == NULL)
		return a->sort != b->sort;
	return VARSIZE_ANY(a->sort) != VARSIZE_ANY(b->sort) || memcmp(a->sort, b->sort, VARSIZE_ANY(a->sort)) != 0;
}

static uint32
hash_item(const void *key, Size unused)
{
	const LogRow *row = *(const LogRow *const *) key;
	uint32		hash = hash_bytes(row->hash.data, UUID_LEN);

	if (row->sort != NULL)
		hash = hash_combine(hash, hash_bytes((const unsigned char *) row->sort, VARSIZE_ANY(row->sort)));
	return hash;
}

/*
 * What follows a change that waits, of the same item, is sent again behind it: an engine remembers the version of what was removed for a minute only
 * (index.gc_deletes), and the older change would bring it back.
 */
static void
wait_with_earlier(const EventBatch *batch, ItemState *items)
{
	HASHCTL		control = {.keysize = sizeof(LogRow *), .entrysize = sizeof(LogRow *), .hash = hash_item, .match = compare_items,
	.hcxt = CurrentMemoryContext};
	HTAB	   *waiting = hash_create("dynapg items that wait", 64, &control, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);

	for (int i = 0; i < batch->count; i++)
	{
		const LogRow *row = &batch->records[i].row;

		if (items[i] == ITEM_DONE && hash_search(waiting, &row, HASH_FIND, NULL) != NULL)
			items[i] = ITEM_WAITS;
		if (items[i] == ITEM_WAITS)
			(void) hash_search(waiting, &row, HASH_ENTER, NULL);
	}
	hash_destroy(waiting);
}

static const char *
read_answer(const Post *post, Progress *progress, int count)
{
	const char *problem = outside_problem(post);
	WireReader	reader;

	if (problem != NULL)
		return problem;
	if (!wire_text_is_json(post->answer, (int) post->answer_len))
		return "the answer is not JSON";
	wire_read_text(&reader, post->answer, (int) post->answer_len);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		return "the answer is no object";
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (key_is(&reader, "items"))
			return read_items(&reader, progress, count);
		(void) wire_next(&reader);
		wire_skip(&reader);
	}
	return "the answer has no items";
}

/* What is not done, or was refused, has failed, and with it all that follows. */
static void
conclude(const Delivery *delivery, const Progress *progress, const char *problem, EventOutcome *outcome)
{
	int			count = delivery->batch != NULL ? delivery->batch->count : 1;
	int			first = 0;

	while (first < count && progress->items[first] == ITEM_DONE)
		first++;
	if (first == count)
		return;
	outcome->error = problem != NULL ? problem : progress->refusal;
	outcome->ok = first > 0;
	if (outcome->ok)
		outcome->first_failed = delivery->batch->records[first].row.seq;
}

static DeliveryStep
judge_opensearch(Delivery *delivery, int pauses, EventOutcome *outcome)
{
	Progress   *progress = (Progress *) delivery->state;
	int			count = delivery->batch != NULL ? delivery->batch->count : 1;
	const char *problem;
	bool		may_pass = delivery->post->status == 200 || delivery->post->status == 429;

	if (delivery->batch == NULL)
		progress->asked[0] = true;
	problem = read_answer(delivery->post, progress, count);
	/* an answer that is not one for each says of none of them which it is for */
	for (int i = 0; problem != NULL && i < count; i++)
		if (progress->asked[i])
			progress->items[i] = ITEM_WAITS;
	if (delivery->batch != NULL)
		wait_with_earlier(delivery->batch, progress->items);
	if ((problem == NULL || delivery->post->status == 429) && make_request(delivery) && delivery->batch != NULL && may_pass &&
		pauses < MAX_PAUSES)
		return DELIVERY_WAITS;
	conclude(delivery, progress, problem, outcome);
	return DELIVERY_OVER;
}

const OutsideKind destination_opensearch = {
	.base = {.name = "OpenSearch", .outside = true, .check = check_opensearch},
	.begin = begin_opensearch,
	.judge = judge_opensearch,
};
