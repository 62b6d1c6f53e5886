/*
 * sigv4.h
 *		Signature Version 4: what a request claims, and the signature that it should have.
 */
#ifndef DYNAPG_SIGV4_H
#define DYNAPG_SIGV4_H

#include "lib/stringinfo.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"
#define SIGV4_SIGNATURE_LENGTH 64	/* hexadecimal digits */

#define SIGV4_HASH_LENGTH 64	/* as well */

typedef struct Sigv4Header
{
	const char *name;			/* as sent */
	const char *value;
} Sigv4Header;

/* What of a request is signed. */
typedef struct Sigv4Request
{
	const char *method;
	const char *path;			/* as sent, without the query */
	size_t		path_len;
	const Sigv4Header *headers;
	int			n_headers;
	const char *body_hash;		/* what stands for the body, if it has been computed; NULL: it is computed */
	const char *body;
	size_t		body_len;
} Sigv4Request;

/* A parameter of the query string, decoded. */
typedef struct Sigv4Parameter
{
	char	   *name;
	char	   *value;
} Sigv4Parameter;

typedef struct Sigv4Query
{
	int			count;
	Sigv4Parameter *parameters;
} Sigv4Query;

/* What a request says about its signature, from the Authorization header or from the query string. */
typedef struct Sigv4Claim
{
	const char *algorithm;
	const char *credential;		/* keyid/date/region/service/term */
	const char *signed_headers; /* a;b;c */
	const char *signature;
	char	   *key_id;			/* the credential's five elements */
	char	   *date;
	char	   *region;
	char	   *service;
	char	   *terminator;
	char		time[17];		/* 20130609T095204Z, whichever header it comes from */
} Sigv4Claim;

/* The parameters of a URI as it was sent, in their order; palloc'd. */
extern Sigv4Query sigv4_query(const char *uri);

/* The value of a parameter, or NULL. */
extern const char *sigv4_parameter(const Sigv4Query *query, const char *name);

/*
 * The signature, NUL-terminated, that the request would have if the secret signed it as claimed.  Of the claim it takes the date, the region, the
 * service, the time and the signed headers.  S3's paths are taken as they are, other services' are normalized and encoded once more.
 */
extern void sigv4_sign(const Sigv4Request *request, const Sigv4Query *query, const Sigv4Claim *claim,
					   const char *secret, char signature[SIGV4_SIGNATURE_LENGTH + 1]);

/* The SHA-256 of bytes, as hexadecimal digits. */
extern void sigv4_hash(const char *data, size_t len, char hex[SIGV4_HASH_LENGTH + 1]);

/* Undoes percent encoding, and a form's plus for a space; what is not an escape stays as it is.  Palloc'd. */
extern char *sigv4_decode(const char *text, size_t len);

/* Percent-encodes everything but RFC 3986's unreserved characters and those that are to be kept. */
extern void sigv4_append_encoded(StringInfo out, const char *text, size_t len, const char *keep);

#endif							/* DYNAPG_SIGV4_H */
