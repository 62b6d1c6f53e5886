/*
 * s3_write.c
 *		Writing objects of S3.
 *
 * What is shorter than a part is one PUT.  Anything else is a multipart upload, whose parts are on their way while the next one is filled.  The
 * object is there, for everybody at once, when the upload is completed.
 *
 * An upload whose process has died is not seen by readers, but takes space: the next writer of the same key ends it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "out/s3_room.h"
#include "out/xml.h"

#define FIRST_BUFFER	(64 * 1024)
#define PART_SIZE		(8 * 1024 * 1024)
#define PARTS_OF_SIZE	1000	/* after so many, parts are twice as large */
#define MAX_PART_SIZE	(64 * 1024 * 1024)
#define MAX_PARTS		10000	/* the service's */
#define MAX_ON_WAY		2
#define RUN_BYTES		(64 * 1024)	/* how often parts on their way are looked after */
#define COMPLETE_SECONDS 600	/* the service puts large objects together before it answers */
#define ABORT_MS		10000

/* A part: it is being filled, or on its way, or free. */
typedef struct Part
{
	int			number;			/* 0: free */
	char	   *data;
	size_t		len;
	size_t		size;
	char		hash[SIGV4_HASH_LENGTH + 1];
	char	   *query;
	Fetch	   *fetch;			/* NULL while it waits for another attempt */
	S3Patience	patience;
} Part;

typedef struct S3Writer
{
	ObjectWriter base;
	MemoryContext context;
	char	   *key;
	char	   *upload_id;		/* NULL: there is no multipart upload so far */
	int			n_parts;		/* that have been sent */
	char	  **etags;			/* of them, from index 0 */
	Part		filling;
	Part		on_way[MAX_ON_WAY];
	size_t		since_run;		/* bytes that were written since those on their way were looked after */
} S3Writer;

static S3Store *
store_of(const S3Writer *writer)
{
	return (S3Store *) writer->base.store;
}

static void
add_encryption(const S3Writer *writer, S3Request *request)
{
	const ObjectStore *store = writer->base.store;

	if (store->encryption == NULL)
		return;
	s3_add_header(request, "X-Amz-Server-Side-Encryption", strcmp(store->encryption, "KMS") == 0 ? "aws:kms" : store->encryption);
	s3_add_header(request, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", store->kms_key_id);
}

/* ------------------------------------------------------------------------------------------------------------
 * Uploads
 * ------------------------------------------------------------------------------------------------------------ */

static void
abort_upload(S3Writer *writer, const char *upload_id)
{
	StringInfoData query;
	S3Request	request = {.method = "DELETE", .key = writer->key};
	int64		until = s3_clock() + ABORT_MS;
	Fetch	   *fetch;

	initStringInfo(&query);
	s3_add_parameter(&query, "uploadId", upload_id);
	request.query = query.data;
	fetch = s3_begin(store_of(writer), &request);
	/* once, and not for long: it only saves space */
	while (!fetch_is_done(fetch) && s3_clock() < until)
		fetch_run(store_of(writer)->pool, (long) Max(until - s3_clock(), 0));
	fetch_close(fetch);
}

/* An upload of a list of uploads. */
typedef struct Uploads
{
	const char *key;
	char	   *upload_key;
	char	   *upload_id;
	List	   *ids;			/* of those of the key */
} Uploads;

static void
take_upload_element(void *argument, const char *path, const char *text)
{
	Uploads    *uploads = (Uploads *) argument;

	if (strcmp(path, "ListMultipartUploadsResult/Upload/Key") == 0)
		uploads->upload_key = s3_from_utf8(text);
	else if (strcmp(path, "ListMultipartUploadsResult/Upload/UploadId") == 0)
		uploads->upload_id = s3_from_utf8(text);
	else if (strcmp(path, "ListMultipartUploadsResult/Upload") == 0 && uploads->upload_key != NULL && uploads->upload_id != NULL)
	{
		if (strcmp(uploads->upload_key, uploads->key) == 0)
			uploads->ids = lappend(uploads->ids, uploads->upload_id);
		uploads->upload_key = uploads->upload_id = NULL;
	}
}

/* Ends uploads of the key that others have left; where they cannot be listed, they stay. */
static void
abort_abandoned_uploads(S3Writer *writer)
{
	StringInfoData query;
	S3Request	request = {.method = "GET"};
	Uploads		uploads = {.key = writer->key};
	Fetch	   *fetch;
	ListCell   *cell;

	initStringInfo(&query);
	appendStringInfoString(&query, "uploads=");
	s3_add_parameter(&query, "prefix", writer->key);
	request.query = query.data;
	fetch = s3_begin(store_of(writer), &request);
	fetch_await(fetch);
	if (s3_succeeded(fetch))
	{
		size_t		len;
		const char *body = fetch_body(fetch, &len);

		(void) xml_read(body, len, take_upload_element, &uploads);
	}
	fetch_close(fetch);
	foreach(cell, uploads.ids)
		abort_upload(writer, (const char *) lfirst(cell));
}

typedef struct Element
{
	const char *path;
	char	   *text;			/* NULL: there is none */
} Element;

static void
take_element(void *argument, const char *path, const char *text)
{
	Element    *element = (Element *) argument;

	if (element->text == NULL && strcmp(path, element->path) == 0)
		element->text = s3_from_utf8(text);
}

static void
begin_upload(S3Writer *writer)
{
	S3Request	request = {.method = "POST", .key = writer->key, .query = "uploads="};
	Element		id = {.path = "InitiateMultipartUploadResult/UploadId"};
	Fetch	   *fetch;
	const char *body;
	size_t		len;
	const char *error;

	abort_abandoned_uploads(writer);
	add_encryption(writer, &request);
	fetch = s3_call(store_of(writer), &request);
	body = fetch_body(fetch, &len);
	error = xml_read(body, len, take_element, &id);
	if (error != NULL || id.text == NULL || id.text[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("bucket \"%s\" has begun an upload without an id", writer->base.store->bucket)));
	fetch_close(fetch);
	writer->upload_id = MemoryContextStrdup(writer->context, id.text);
	writer->etags = (char **) MemoryContextAllocZero(writer->context, MAX_PARTS * sizeof(char *));
}

/* ------------------------------------------------------------------------------------------------------------
 * Parts
 * ------------------------------------------------------------------------------------------------------------ */

static S3Request
request_of(const S3Writer *writer, const Part *part)
{
	return (S3Request) {.method = "PUT", .key = writer->key, .query = part->query, .body = part->data, .body_len = part->len,
		.body_hash = part->hash};
}

/* Sends a part, if it is time to; or sees what has become of it. */
static void
look_after(S3Writer *writer, Part *part)
{
	S3Request	request = request_of(writer, part);
	char	   *etag;

	if (part->fetch == NULL)
	{
		if (s3_clock() >= part->patience.again_at)
			part->fetch = s3_begin(store_of(writer), &request);
		return;
	}
	if (!fetch_is_done(part->fetch))
		return;
	if (!s3_succeeded(part->fetch))
	{
		Fetch	   *fetch = part->fetch;

		part->fetch = NULL;
		s3_judge(store_of(writer), &request, fetch, &part->patience);
		return;
	}
	etag = s3_etag(part->fetch);
	if (etag == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("bucket \"%s\" has taken a part without an ETag", writer->base.store->bucket)));
	writer->etags[part->number - 1] = MemoryContextStrdup(writer->context, etag);
	fetch_close(part->fetch);
	part->fetch = NULL;
	pfree(part->query);
	part->number = 0;
}

/* Looks after all that are on their way, and waits at most so long; whether there are any. */
static bool
run_parts(S3Writer *writer, long timeout_ms)
{
	bool		any = false;

	writer->since_run = 0;
	for (int i = 0; i < MAX_ON_WAY; i++)
	{
		Part	   *part = &writer->on_way[i];

		if (part->number == 0)
			continue;
		look_after(writer, part);
		any = any || part->number != 0;
		if (part->number != 0 && part->fetch == NULL && timeout_ms > 0)
			timeout_ms = Max(Min(timeout_ms, (long) (part->patience.again_at - s3_clock())), 1);
	}
	if (any)
		fetch_run(store_of(writer)->pool, timeout_ms);
	return any;
}

/* A part that is free; waits for one. */
static Part *
free_part(S3Writer *writer)
{
	for (;;)
	{
		for (int i = 0; i < MAX_ON_WAY; i++)
			if (writer->on_way[i].number == 0)
				return &writer->on_way[i];
		(void) run_parts(writer, 1000);
	}
}

/* The part that has been filled goes, and another one's buffer is filled from now on. */
static void
send_part(S3Writer *writer)
{
	StringInfoData query;
	Part	   *part;
	Part		free;

	if (writer->upload_id == NULL)
		begin_upload(writer);
	if (writer->n_parts == MAX_PARTS)
		out_host->s3_fail(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.", NULL, NULL, NULL);
	part = free_part(writer);
	free = *part;
	*part = writer->filling;
	writer->filling = free;
	writer->filling.len = 0;
	sigv4_hash(part->data, part->len, part->hash);
	initStringInfo(&query);
	appendStringInfo(&query, "partNumber=%d", writer->n_parts + 1);
	s3_add_parameter(&query, "uploadId", writer->upload_id);
	part->query = MemoryContextStrdup(writer->context, query.data);
	pfree(query.data);
	memset(&part->patience, 0, sizeof(S3Patience));
	part->number = ++writer->n_parts;
	look_after(writer, part);
}

static size_t
part_size(const S3Writer *writer)
{
	size_t		size = PART_SIZE;

	for (int n = writer->n_parts; n >= PARTS_OF_SIZE && size < MAX_PART_SIZE; n -= PARTS_OF_SIZE)
		size *= 2;
	return size;
}

/* Makes the buffer larger, if it is not a part's yet. */
static void
enlarge_buffer(S3Writer *writer, Part *part)
{
	size_t		size = part->size == 0 ? FIRST_BUFFER : Min(2 * part->size, part_size(writer));

	if (part->data == NULL)
		part->data = MemoryContextAlloc(writer->context, size);
	else
		part->data = repalloc(part->data, size);
	part->size = size;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writers
 * ------------------------------------------------------------------------------------------------------------ */

ObjectWriter *
s3_create(ObjectStore *store, const char *key)
{
	MemoryContext context = AllocSetContextCreate(((S3Store *) store)->context, "dynapg object writer", ALLOCSET_SMALL_SIZES);
	S3Writer   *writer = (S3Writer *) MemoryContextAllocZero(context, sizeof(S3Writer));

	writer->base.store = store;
	writer->context = context;
	writer->key = MemoryContextStrdup(context, key);
	return &writer->base;
}

void
s3_write(ObjectWriter *writer, const char *bytes, int len)
{
	S3Writer   *own = (S3Writer *) writer;
	Part	   *part = &own->filling;

	while (len > 0)
	{
		int			some;

		/* not before there is more: the last part goes with s3_finish() */
		if (part->len >= part_size(own))
			send_part(own);
		if (part->len == part->size)
			enlarge_buffer(own, part);
		some = (int) Min((size_t) len, Min(part->size, part_size(own)) - part->len);
		memcpy(part->data + part->len, bytes, some);
		part->len += some;
		bytes += some;
		len -= some;
		own->since_run += some;
		if (own->upload_id != NULL && own->since_run >= RUN_BYTES)
			(void) run_parts(own, 0);
	}
}

/* The ETag of an object that is there, palloc'd; NULL: it is not. */
static char *
etag_of_object(S3Writer *writer)
{
	S3Request	request = {.method = "HEAD", .key = writer->key};
	Fetch	   *fetch = s3_begin(store_of(writer), &request);
	char	   *etag;

	fetch_await(fetch);
	etag = s3_succeeded(fetch) ? s3_etag(fetch) : NULL;
	fetch_close(fetch);
	return etag;
}

static char *
completion_body(const S3Writer *writer)
{
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (int i = 0; i < writer->n_parts; i++)
	{
		appendStringInfo(&body, "<Part><PartNumber>%d</PartNumber><ETag>&quot;", i + 1);
		for (const char *c = writer->etags[i]; *c; c++)
		{
			if (*c == '<' || *c == '&' || *c == '>')
				appendStringInfo(&body, "&#%d;", *c);
			else
				appendStringInfoChar(&body, *c);
		}
		appendStringInfoString(&body, "&quot;</ETag></Part>");
	}
	appendStringInfoString(&body, "</CompleteMultipartUpload>");
	return body.data;
}

/*
 * The ETag that an answer to the completion has; NULL, with what went wrong judged: to be sent again.  The service answers 200 before it is
 * done, and then sends an error in it.  If the answer to an attempt was lost, the next one finds no upload, but the object.
 */
static char *
take_completion(S3Writer *writer, const S3Request *request, Fetch *fetch, S3Patience *patience)
{
	Element		etag = {.path = "CompleteMultipartUploadResult/ETag"};
	char	   *message;
	char	   *code;

	if (s3_succeeded(fetch))
	{
		size_t		len;
		const char *body = fetch_body(fetch, &len);

		(void) xml_read(body, len, take_element, &etag);
		if (etag.text != NULL)
		{
			fetch_close(fetch);
			return s3_unquote(etag.text);
		}
		code = s3_error_code(fetch, &message);
		if (code != NULL && strcmp(code, "InternalError") != 0 && strcmp(code, "SlowDown") != 0 &&
			strcmp(code, "ServiceUnavailable") != 0)
			out_host->s3_fail(200, code, message, fetch_header(fetch, "x-amz-request-id"), fetch_header(fetch, "x-amz-id-2"), NULL);
		fetch_close(fetch);
		if (++patience->failures >= 5)
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("bucket \"%s\" does not complete an upload: %s", writer->base.store->bucket, code ? code : "no answer")));
		patience->again_at = s3_clock() + 1000 * patience->failures;
		return NULL;
	}
	if (patience->failures > 0 && fetch_error(fetch) == NULL && fetch_status(fetch) == 404)
	{
		char	   *found = etag_of_object(writer);
		const char *dash = found ? strrchr(found, '-') : NULL;

		if (dash != NULL && atoi(dash + 1) == writer->n_parts)
		{
			fetch_close(fetch);
			return found;
		}
	}
	s3_judge(store_of(writer), request, fetch, patience);
	return NULL;
}

static char *
complete_upload(S3Writer *writer)
{
	StringInfoData query;
	S3Request	request = {.method = "POST", .key = writer->key, .stall_seconds = COMPLETE_SECONDS};
	S3Patience	patience = {0};
	char	   *etag;

	initStringInfo(&query);
	s3_add_parameter(&query, "uploadId", writer->upload_id);
	request.query = query.data;
	request.body = completion_body(writer);
	request.body_len = strlen(request.body);
	s3_add_header(&request, "Content-Type", "application/xml");
	for (;;)
	{
		Fetch	   *fetch = s3_begin(store_of(writer), &request);

		fetch_await(fetch);
		etag = take_completion(writer, &request, fetch, &patience);
		if (etag != NULL)
			return etag;
		s3_wait(store_of(writer), &patience);
	}
}

static char *
put_object(S3Writer *writer)
{
	S3Request	request = {.method = "PUT", .key = writer->key, .body = writer->filling.data, .body_len = writer->filling.len};
	Fetch	   *fetch;
	char	   *etag;

	add_encryption(writer, &request);
	fetch = s3_call(store_of(writer), &request);
	etag = s3_etag(fetch);
	fetch_close(fetch);
	return etag ? etag : pstrdup("");
}

char *
s3_finish(ObjectWriter *writer)
{
	S3Writer   *own = (S3Writer *) writer;
	char	   *etag;

	if (own->upload_id == NULL)
		etag = put_object(own);
	else
	{
		if (own->filling.len > 0)
			send_part(own);
		while (run_parts(own, 1000))
			;
		etag = complete_upload(own);
	}
	MemoryContextDelete(own->context);
	return etag;
}

void
s3_abandon(ObjectWriter *writer)
{
	S3Writer   *own = (S3Writer *) writer;

	for (int i = 0; i < MAX_ON_WAY; i++)
		if (own->on_way[i].fetch != NULL)
			fetch_close(own->on_way[i].fetch);
	if (own->upload_id != NULL)
		abort_upload(own, own->upload_id);
	MemoryContextDelete(own->context);
}
