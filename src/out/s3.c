/*
 * s3.c
 *		Buckets of an S3 service: requests, what is tried again, lists.
 *
 * What may pass (a connection that breaks, 5xx, 429, SlowDown) is tried again after pauses that grow and are random, so that many clients do
 * not come back at one moment.  What the service refuses is final, and told in its own words.
 */
#include "postgres.h"

#include <time.h>

#include "common/pg_prng.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "out/s3_room.h"
#include "out/xml.h"

#define MAX_FAILURES	8		/* one after the other */
#define FIRST_PAUSE_MS	200
#define LONGEST_PAUSE_MS 20000
#define MAX_ANSWER		(32 * 1024 * 1024)	/* a list of 1,000 keys is at most some 5 MB */
#define MAX_ERROR		(64 * 1024)

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

int64
s3_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
s3_add_header(S3Request *request, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (request->n_headers == S3_MAX_HEADERS)
		elog(ERROR, "a request to S3 has too many headers");
	request->headers[request->n_headers].name = name;
	request->headers[request->n_headers++].value = value;
}

static void
append_utf8(StringInfo out, const char *text, const char *keep)
{
	char	   *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);

	sigv4_append_encoded(out, utf8, strlen(utf8), keep);
}

void
s3_add_parameter(StringInfo query, const char *name, const char *value)
{
	appendStringInfo(query, "%s%s=", query->len > 0 ? "&" : "", name);
	append_utf8(query, value, "");
}

static char *
url_of(const S3Store *store, const S3Request *request)
{
	StringInfoData url;

	initStringInfo(&url);
	appendStringInfoString(&url, store->url);
	/* a bucket in the host has a path of its own; one in the path needs none */
	appendStringInfoChar(&url, '/');
	if (request->key != NULL)
		append_utf8(&url, request->key, "/");
	if (request->query != NULL)
		appendStringInfo(&url, "?%s", request->query);
	return url.data;
}

Fetch *
s3_begin(S3Store *store, const S3Request *request)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg S3 request", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	S3Request	own = *request;
	FetchRequest fetch = {
		.method = request->method,
		.url = url_of(store, request),
		.body = request->body,
		.body_len = request->body_len,
		.streams = request->streams,
		.max_body = MAX_ANSWER,
		.stall_seconds = request->stall_seconds,
	};
	Fetch	   *begun;

	s3_add_header(&own, "X-Amz-Expected-Bucket-Owner", store->owner);
	fetch.headers = own.headers;
	fetch.n_headers = own.n_headers;
	if (store->key.access_key_id != NULL)
		sign_request(&fetch, &store->key, request->body_hash);
	begun = fetch_start(store->pool, &fetch);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return begun;
}

bool
s3_succeeded(const Fetch *fetch)
{
	return fetch_is_done(fetch) && fetch_error(fetch) == NULL && fetch_status(fetch) / 100 == 2;
}

Fetch *
s3_call(S3Store *store, const S3Request *request)
{
	S3Patience	patience = {0};

	for (;;)
	{
		Fetch	   *fetch = s3_begin(store, request);

		fetch_await(fetch);
		if (s3_succeeded(fetch))
			return fetch;
		s3_judge(store, request, fetch, &patience);
		s3_wait(store, &patience);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Failures
 * ------------------------------------------------------------------------------------------------------------ */

char *
s3_from_utf8(const char *text)
{
	return pstrdup(pg_any_to_server(text, strlen(text), PG_UTF8));
}

/* Words of a server's, as they may stand in a message and in the catalog. */
static char *
printable(const char *text)
{
	char	   *copy = pnstrdup(text, Min(strlen(text), 1000));

	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy;
}

typedef struct S3Error
{
	char	   *code;
	char	   *message;
} S3Error;

static void
take_error_element(void *argument, const char *path, const char *text)
{
	S3Error    *error = (S3Error *) argument;

	if (strcmp(path, "Error/Code") == 0 && error->code == NULL)
		error->code = printable(text);
	else if (strcmp(path, "Error/Message") == 0 && error->message == NULL)
		error->message = printable(text);
}

/* The body of an answer, or its beginning if it streams. */
static const char *
body_of(Fetch *fetch, bool streams, size_t *len)
{
	char	   *body;
	int			part;

	if (!streams)
		return fetch_body(fetch, len);
	body = (char *) palloc(MAX_ERROR);
	for (*len = 0; *len < MAX_ERROR; *len += part)
	{
		part = fetch_read(fetch, body + *len, MAX_ERROR - *len);
		if (part == 0)
			break;
	}
	return body;
}

static S3Error
read_error(Fetch *fetch, bool streams)
{
	S3Error		error = {NULL, NULL};
	size_t		len;
	const char *body = body_of(fetch, streams, &len);

	if (len > 0 && len <= MAX_ERROR)
		(void) xml_read(body, len, take_error_element, &error);
	/* a code becomes a FailureCode */
	if (error.code != NULL &&
		(error.code[0] == '\0' || strlen(error.code) > 64 ||
		 strspn(error.code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.") != strlen(error.code)))
		error.code = NULL;
	return error;
}

char *
s3_error_code(Fetch *fetch, char **message)
{
	S3Error		error = read_error(fetch, false);

	*message = error.message ? error.message : pstrdup("");
	return error.code;
}

/* What an error without words is: of an answer to HEAD, or of a server that speaks otherwise. */
static S3Error
usual_error(int status, bool has_key)
{
	static const struct
	{
		int			status;
		const char *code;
		const char *message;
	}			usual[] = {
		{301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. "
			"Please send all future requests to this endpoint."},
		{307, "TemporaryRedirect", "Please re-send this request to the specified temporary endpoint. "
			"Continue to use the original request endpoint for future requests."},
		{400, "BadRequest", "Bad Request"},
		{403, "AccessDenied", "Access Denied"},
		{405, "MethodNotAllowed", "The specified method is not allowed against this resource."},
		{412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"},
		{416, "InvalidRange", "The requested range is not satisfiable"},
		{501, "NotImplemented", "A header you provided implies functionality that is not implemented."},
	};

	for (int i = 0; i < lengthof(usual); i++)
		if (usual[i].status == status)
			return (S3Error) {pstrdup(usual[i].code), pstrdup(usual[i].message)};
	if (status == 404)
		return has_key ? (S3Error) {pstrdup("NoSuchKey"), pstrdup("The specified key does not exist.")}
			: (S3Error) {pstrdup("NoSuchBucket"), pstrdup("The specified bucket does not exist")};
	return (S3Error) {psprintf("Http%d", status), psprintf("The server has answered with status %d", status)};
}

static bool
may_pass(int status, const char *code)
{
	static const char *const codes[] = {"RequestTimeout", "SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError",
		"ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded", "OperationAborted"};

	if (status == 501)
		return false;
	if (status >= 500 || status == 429 || status == 408)
		return true;
	for (int i = 0; code != NULL && i < lengthof(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

/* Says when to try again; an error if it has been tried too often. */
static void
be_patient(const S3Store *store, const S3Request *request, const char *why, S3Patience *patience)
{
	int			pause = Min(FIRST_PAUSE_MS << Min(patience->failures, 16), LONGEST_PAUSE_MS);

	if (++patience->failures >= MAX_FAILURES)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("bucket \"%s\" cannot be reached: %s", store->base.bucket, why),
				 errdetail("%s of %s has failed %d times.", request->method, request->key ? request->key : "the bucket",
						   patience->failures)));
	patience->again_at = s3_clock() + pause / 4 + (int64) (pg_prng_double(&pg_global_prng_state) * pause);
	ereport(DEBUG1,
			(errmsg_internal("bucket \"%s\": %s, to be tried again", store->base.bucket, why)));
}

void
s3_judge(S3Store *store, const S3Request *request, Fetch *fetch, S3Patience *patience)
{
	int			status = fetch_status(fetch);
	char	   *broken = NULL;
	S3Error		error;

	if (fetch_error(fetch) != NULL)
	{
		broken = printable(fetch_error(fetch));
		if (!fetch_may_pass(fetch))
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("bucket \"%s\" cannot be reached: %s", store->base.bucket, broken)));
		fetch_close(fetch);
		be_patient(store, request, broken, patience);
		return;
	}
	error = read_error(fetch, request->streams);
	if (may_pass(status, error.code))
	{
		fetch_close(fetch);
		be_patient(store, request, psprintf("status %d %s", status, error.code ? error.code : ""), patience);
		return;
	}
	if (error.code == NULL)
		error = usual_error(status, request->key != NULL);
	else if (error.message == NULL)
		error.message = usual_error(status, request->key != NULL).message;
	out_host->s3_fail(status, error.code, error.message, fetch_header(fetch, "x-amz-request-id"), fetch_header(fetch, "x-amz-id-2"),
					  psprintf("%s of %s in bucket \"%s\" of %s.", request->method, request->key ? request->key : "objects",
							   store->base.bucket, store->url));
}

void
s3_wait(S3Store *store, const S3Patience *patience)
{
	for (;;)
	{
		int64		left = patience->again_at - s3_clock();

		if (left <= 0)
			break;
		fetch_run(store->pool, (long) left);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Lists
 * ------------------------------------------------------------------------------------------------------------ */

char *
s3_unquote(const char *etag)
{
	size_t		len = strlen(etag);

	if (len >= 2 && etag[0] == '"' && etag[len - 1] == '"')
		return pnstrdup(etag + 1, len - 2);
	return pstrdup(etag);
}

char *
s3_etag(const Fetch *fetch)
{
	char	   *etag = fetch_header(fetch, "ETag");

	return etag ? printable(s3_unquote(etag)) : NULL;
}

typedef struct Page
{
	List	   *objects;		/* ObjectInfo, with keys as they came */
	ObjectInfo	object;			/* at hand */
	bool		encoded;
	bool		truncated;
	char	   *token;
} Page;

#define LIST "ListBucketResult/"

static void
take_list_element(void *argument, const char *path, const char *text)
{
	Page	   *page = (Page *) argument;

	if (strncmp(path, LIST, strlen(LIST)) != 0)
		return;
	path += strlen(LIST);
	if (strcmp(path, "Contents/Key") == 0)
		page->object.key = pstrdup(text);
	else if (strcmp(path, "Contents/Size") == 0)
		page->object.size = strtoll(text, NULL, 10);
	else if (strcmp(path, "Contents/ETag") == 0)
		page->object.etag = printable(s3_unquote(text));
	else if (strcmp(path, "Contents") == 0)
	{
		ObjectInfo *object = (ObjectInfo *) palloc(sizeof(ObjectInfo));

		*object = page->object;
		memset(&page->object, 0, sizeof(ObjectInfo));
		page->objects = lappend(page->objects, object);
	}
	else if (strcmp(path, "EncodingType") == 0)
		page->encoded = strcmp(text, "url") == 0;
	else if (strcmp(path, "IsTruncated") == 0)
		page->truncated = strcmp(text, "true") == 0;
	else if (strcmp(path, "NextContinuationToken") == 0)
		page->token = pstrdup(text);
}

static _Noreturn void
raise_bad_list(const S3Store *store, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("the list of objects of bucket \"%s\" cannot be read: %s", store->base.bucket, why)));
}

/* Asks for a page of the list; NULL, or why it cannot be read. */
static const char *
ask_for_page(S3Store *store, const char *prefix, const char *token, bool encoded, Page *page)
{
	StringInfoData query;
	S3Request	request = {.method = "GET"};
	Fetch	   *fetch;
	const char *body;
	size_t		len;
	const char *error;

	memset(page, 0, sizeof(Page));
	initStringInfo(&query);
	s3_add_parameter(&query, "list-type", "2");
	if (encoded)
		s3_add_parameter(&query, "encoding-type", "url");
	s3_add_parameter(&query, "max-keys", "1000");
	s3_add_parameter(&query, "prefix", prefix);
	if (token != NULL)
		s3_add_parameter(&query, "continuation-token", token);
	request.query = query.data;
	fetch = s3_call(store, &request);
	body = fetch_body(fetch, &len);
	error = xml_read(body, len, take_list_element, page);
	fetch_close(fetch);
	return error;
}

/*
 * A page of the list, in the current context; token NULL: the first one.  Keys may have characters that XML cannot have, which only an encoding
 * brings; but not every server that says that keys are encoded has done it.
 */
static Page
read_page(S3Store *store, const char *prefix, const char *token)
{
	Page		page;
	const char *error = ask_for_page(store, prefix, token, false, &page);

	if (error != NULL)
		error = ask_for_page(store, prefix, token, true, &page);
	if (error != NULL)
		raise_bad_list(store, error);
	if (page.truncated && (page.token == NULL || (token != NULL && strcmp(page.token, token) == 0)))
		raise_bad_list(store, "it does not go on");
	return page;
}

/* Makes objects of a page into what the caller gets. */
static void
complete_objects(const S3Store *store, const Page *page, const char *prefix)
{
	ListCell   *cell;

	foreach(cell, page->objects)
	{
		ObjectInfo *object = (ObjectInfo *) lfirst(cell);

		if (object->key == NULL || object->size < 0)
			raise_bad_list(store, "an object has no key or no size");
		object->key = s3_from_utf8(page->encoded ? sigv4_decode(object->key, strlen(object->key)) : object->key);
		if (strncmp(object->key, prefix, strlen(prefix)) != 0)
			raise_bad_list(store, "it has objects that were not asked for");
		if (object->etag == NULL)
			object->etag = pstrdup("");
	}
}

static List *
s3_list(ObjectStore *store, const char *prefix)
{
	S3Store    *own = (S3Store *) store;
	List	   *objects = NIL;
	Page		page = {NIL};

	do
	{
		page = read_page(own, prefix, page.token);
		complete_objects(own, &page, prefix);
		objects = list_concat(objects, page.objects);
		if (list_length(objects) > OBJECTS_MAX)
			out_host->fail("TooManyObjects", NULL, psprintf("More than %d objects of bucket \"%s\" begin with \"%s\"",
															OBJECTS_MAX, store->bucket, prefix));
	} while (page.truncated);
	return objects;
}

/* ------------------------------------------------------------------------------------------------------------
 * Stores
 * ------------------------------------------------------------------------------------------------------------ */

static void
s3_close(ObjectStore *store)
{
	MemoryContextDelete(((S3Store *) store)->context);
}

static const ObjectStoreRoutines s3_routines = {
	.list = s3_list,
	.open = s3_open_reader,
	.read = s3_read,
	.close_reader = s3_close_reader,
	.create = s3_create,
	.write = s3_write,
	.finish = s3_finish,
	.abandon = s3_abandon,
	.close = s3_close,
};

/* https://endpoint/bucket or https://bucket.endpoint */
static char *
bucket_url(const ObjectStoreSettings *settings)
{
	const char *host = strstr(settings->endpoint, "://") + 3;
	int			host_len = strcspn(host, "/");
	int			scheme_len = host - settings->endpoint;

	if (settings->path_style)
		return psprintf("%.*s%.*s/%s", scheme_len, settings->endpoint, host_len, host, settings->bucket);
	return psprintf("%.*s%s.%.*s", scheme_len, settings->endpoint, settings->bucket, host_len, host);
}

static bool
is_bucket_name(const char *bucket)
{
	size_t		len = strlen(bucket);

	return len >= 3 && len <= 255 && bucket[0] != '.' && bucket[0] != '-' &&
		strspn(bucket, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

ObjectStore *
s3_open(const ObjectStoreSettings *settings, const char *bucket_owner)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg bucket", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	S3Store    *store = (S3Store *) palloc0(sizeof(S3Store));

	if (!is_bucket_name(settings->bucket))
		out_host->s3_fail(400, "InvalidBucketName", "The specified bucket is not valid.", NULL, NULL, NULL);
	store->base.routines = &s3_routines;
	store->base.bucket = pstrdup(settings->bucket);
	store->context = context;
	store->url = bucket_url(settings);
	store->owner = bucket_owner ? pstrdup(bucket_owner) : NULL;
	if (settings->access_key_id != NULL)
	{
		store->key.access_key_id = pstrdup(settings->access_key_id);
		store->key.secret_access_key = pstrdup(settings->secret_access_key);
		store->key.session_token = settings->session_token ? pstrdup(settings->session_token) : NULL;
		store->key.region = pstrdup(settings->region);
		store->key.service = "s3";
	}
	store->pool = fetch_pool_create(settings->ca_file);
	MemoryContextSwitchTo(caller);
	return &store->base;
}
