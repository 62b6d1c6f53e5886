/*
 * s3_room.h
 *		What the files of S3 share: requests of a bucket, what is tried again, what is final.
 */
#ifndef DYNAPG_S3_ROOM_H
#define DYNAPG_S3_ROOM_H

#include "out/fetch.h"
#include "out/out_room.h"
#include "out/sign.h"

#define S3_MAX_HEADERS 6

typedef struct S3Store
{
	ObjectStore base;
	MemoryContext context;
	FetchPool  *pool;
	char	   *url;			/* of the bucket, without a slash at its end */
	char	   *owner;			/* NULL: whoever it is */
	SignKey		key;			/* access_key_id NULL: requests are not signed */
} S3Store;

typedef struct S3Request
{
	const char *method;
	const char *key;			/* NULL: it is about the bucket */
	const char *query;			/* encoded; NULL: none */
	Sigv4Header headers[S3_MAX_HEADERS];
	int			n_headers;
	const char *body;			/* stays until the request is over; NULL: none */
	size_t		body_len;
	const char *body_hash;		/* its SHA-256; NULL: it is computed at each attempt */
	bool		streams;
	int			stall_seconds;	/* 0: the usual ones */
} S3Request;

/* What has gone wrong one time after the other, and when to try again. */
typedef struct S3Patience
{
	int			failures;
	int64		again_at;		/* milliseconds of s3_clock() */
} S3Patience;

/* A clock that never steps, in milliseconds. */
extern int64 s3_clock(void);

/* Adds a header to a request; NULL: none. */
extern void s3_add_header(S3Request *request, const char *name, const char *value);

/* "name=value" with the value encoded, after what is there. */
extern void s3_add_parameter(StringInfo query, const char *name, const char *value);

/* Sends a request, signed now. */
extern Fetch *s3_begin(S3Store *store, const S3Request *request);

/* Whether an answer is there and says that it was done (2xx). */
extern bool s3_succeeded(const Fetch *fetch);

/*
 * What becomes of a request that has failed, which it closes: it is to be sent again at patience->again_at, or an error is raised: transfer_fail() of
 * what the service refuses, an ordinary one if it has been tried too often.
 */
extern void s3_judge(S3Store *store, const S3Request *request, Fetch *fetch, S3Patience *patience);

/* Waits until again_at. */
extern void s3_wait(S3Store *store, const S3Patience *patience);

/* Sends a request until it is answered with success; the answer is to be closed. */
extern Fetch *s3_call(S3Store *store, const S3Request *request);

/* The code of an answer's error in XML (palloc'd), NULL if it has none; and its message. */
extern char *s3_error_code(Fetch *fetch, char **message);

/* A text of an answer's XML in the database's encoding; palloc'd. */
extern char *s3_from_utf8(const char *text);

/* The ETag of an answer without its quotes, palloc'd; NULL if it has none.  The same of one in XML. */
extern char *s3_etag(const Fetch *fetch);
extern char *s3_unquote(const char *etag);

/* s3_read.c */
extern ObjectReader *s3_open_reader(ObjectStore *store, const char *key, int64 offset, const char *etag);
extern int	s3_read(ObjectReader *reader, char *buffer, int size);
extern void s3_close_reader(ObjectReader *reader);

/* s3_write.c */
extern ObjectWriter *s3_create(ObjectStore *store, const char *key);
extern void s3_write(ObjectWriter *writer, const char *bytes, int len);
extern char *s3_finish(ObjectWriter *writer);
extern void s3_abandon(ObjectWriter *writer);

#endif							/* DYNAPG_S3_ROOM_H */
