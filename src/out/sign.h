/*
 * sign.h
 *		Signature Version 4 for requests that leave the server.
 */
#ifndef DYNAPG_SIGN_H
#define DYNAPG_SIGN_H

#include "out/fetch.h"

typedef struct SignKey
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;	/* NULL: none */
	const char *region;
	const char *service;		/* dynamodb, s3 */
} SignKey;

/*
 * Signs a request, now: its headers become a new array, palloc'd, with those of the signature in it; all of them are signed.  It is good for
 * some minutes only, so that each attempt has to be signed anew.  body_hash: the body's SHA-256 (sigv4_hash()), if it is known; else NULL.
 */
extern void sign_request(FetchRequest *request, const SignKey *key, const char *body_hash);

#endif							/* DYNAPG_SIGN_H */
