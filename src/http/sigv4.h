/*
 * sigv4.h
 *		Signature Version 4: what a request claims, and the signature that it should have.
 */
#ifndef DYNAPG_SIGV4_H
#define DYNAPG_SIGV4_H

#include "http/http.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_SERVICE "dynamodb"
#define SIGV4_TERMINATOR "aws4_request"
#define SIGV4_SIGNATURE_LENGTH 64	/* hexadecimal digits */

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

/* The signature, NUL-terminated, that the request would have if the secret signed it as claimed. */
extern void sigv4_sign(const HttpRequest *request, const Sigv4Query *query, const Sigv4Claim *claim,
					   const char *secret, char signature[SIGV4_SIGNATURE_LENGTH + 1]);

#endif							/* DYNAPG_SIGV4_H */
