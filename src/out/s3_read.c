/*
 * s3_read.c
 *		Reading objects of S3: from an offset on, and again from where a connection broke.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "out/s3_room.h"

#define PROGRESS (1024 * 1024)	/* after so many bytes, what failed before is forgotten */

typedef struct S3Reader
{
	ObjectReader base;
	MemoryContext context;
	char	   *key;
	char	   *etag;			/* of the object as it must be; NULL: not known yet */
	int64		offset;			/* of the next byte that is given */
	int64		skip;			/* bytes before it that come, since the server ignores ranges */
	int64		end;			/* of the object; -1: not known */
	Fetch	   *fetch;			/* NULL: it has to be asked again */
	bool		at_end;
	S3Patience	patience;
	int64		failed_at;		/* the offset then */
} S3Reader;

static S3Store *
store_of(const S3Reader *reader)
{
	return (S3Store *) reader->base.store;
}

static S3Request
request_of(const S3Reader *reader)
{
	S3Request	request = {.method = "GET", .key = reader->key, .streams = true};

	if (reader->offset > 0)
		s3_add_header(&request, "Range", psprintf("bytes=" INT64_FORMAT "-", reader->offset));
	if (reader->etag != NULL)
		s3_add_header(&request, "If-Match", psprintf("\"%s\"", reader->etag));
	return request;
}

/* What went wrong may pass: the object is asked for again. */
static void
stumble(S3Reader *reader)
{
	S3Request	request = request_of(reader);
	Fetch	   *fetch = reader->fetch;

	if (reader->offset - reader->failed_at >= PROGRESS)
		reader->patience.failures = 0;
	reader->failed_at = reader->offset;
	reader->fetch = NULL;
	s3_judge(store_of(reader), &request, fetch, &reader->patience);
	s3_wait(store_of(reader), &reader->patience);
}

/* Takes what the head of an answer of success says. */
static void
take_head(S3Reader *reader)
{
	char	   *range = fetch_header(reader->fetch, "Content-Range");
	char	   *length = fetch_header(reader->fetch, "Content-Length");
	char	   *etag = s3_etag(reader->fetch);
	long long	first = 0;
	long long	last;
	long long	total;

	reader->skip = 0;
	if (fetch_status(reader->fetch) == 206)
	{
		if (range == NULL || sscanf(range, "bytes %lld-%lld/%lld", &first, &last, &total) != 3 ||
			first != reader->offset || total <= last || (reader->end >= 0 && reader->end != total))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("bucket \"%s\" has answered with another range of object \"%s\"", reader->base.store->bucket, reader->key)));
		reader->end = total;
	}
	else
	{
		reader->skip = reader->offset;
		if (length != NULL)
			reader->end = strtoll(length, NULL, 10);
	}
	/* some servers do not know If-Match */
	if (reader->etag != NULL && etag != NULL && strcmp(reader->etag, etag) != 0)
		out_host->s3_fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", NULL, NULL,
						  psprintf("Object \"%s\" of bucket \"%s\" has changed.", reader->key, reader->base.store->bucket));
	if (reader->etag == NULL && etag != NULL)
		reader->etag = MemoryContextStrdup(reader->context, etag);
}

/* Asks for the object from the offset on, until it comes or is at its end. */
static void
ask(S3Reader *reader)
{
	for (;;)
	{
		MemoryContext context = AllocSetContextCreate(reader->context, "dynapg S3 request", ALLOCSET_SMALL_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(context);
		S3Request	request = request_of(reader);

		reader->fetch = s3_begin(store_of(reader), &request);
		fetch_await_head(reader->fetch);
		/* a connection that has broken already may have brought some of the body */
		if (fetch_has_head(reader->fetch) && fetch_status(reader->fetch) == 416 && reader->offset > 0)
			reader->at_end = true;
		else if (fetch_has_head(reader->fetch) && fetch_status(reader->fetch) / 100 == 2)
			take_head(reader);
		else
			stumble(reader);
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		if (reader->fetch != NULL)
			return;
	}
}

ObjectReader *
s3_open_reader(ObjectStore *store, const char *key, int64 offset, const char *etag)
{
	MemoryContext context = AllocSetContextCreate(((S3Store *) store)->context, "dynapg object reader", ALLOCSET_SMALL_SIZES);
	S3Reader   *reader = (S3Reader *) MemoryContextAllocZero(context, sizeof(S3Reader));

	reader->base.store = store;
	reader->context = context;
	reader->key = MemoryContextStrdup(context, key);
	reader->etag = etag ? MemoryContextStrdup(context, etag) : NULL;
	reader->offset = reader->failed_at = offset;
	reader->end = -1;
	ask(reader);
	return &reader->base;
}

int
s3_read(ObjectReader *reader, char *buffer, int size)
{
	S3Reader   *own = (S3Reader *) reader;

	while (!own->at_end)
	{
		int			len;

		if (own->fetch == NULL)
		{
			ask(own);
			continue;
		}
		len = fetch_read(own->fetch, buffer, own->skip > 0 ? (int) Min(own->skip, size) : size);
		if (len > 0 && own->skip > 0)
			own->skip -= len;
		else if (len > 0)
		{
			own->offset += len;
			return len;
		}
		else if (fetch_error(own->fetch) != NULL)
			stumble(own);
		else
			own->at_end = true;
	}
	return 0;
}

void
s3_close_reader(ObjectReader *reader)
{
	S3Reader   *own = (S3Reader *) reader;

	if (own->fetch != NULL)
		fetch_close(own->fetch);
	MemoryContextDelete(own->context);
}
