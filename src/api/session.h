/*
 * session.h
 *		Temporary credentials of the HTTP endpoint: rows of dynapg.sessions, each for one role, for a time.
 */
#ifndef DYNAPG_SESSION_H
#define DYNAPG_SESSION_H

#include "common/sha2.h"
#include "utils/jsonb.h"

#include "op/caller.h"

#define SESSION_KEY_KIND "ASIA" /* what access key ids of sessions begin with */

/* Columns of dynapg.sessions. */
#define SESSION_ID			1	/* text */
#define SESSION_SECRET		2	/* text */
#define SESSION_DIGEST		3	/* bytea */
#define SESSION_ROLE		4	/* regrole */
#define SESSION_NAME		5	/* text */
#define SESSION_POLICY		6	/* text */
#define SESSION_TAGS		7	/* jsonb */
#define SESSION_CREATED_BY	8	/* regrole */
#define SESSION_CREATED_AT	9	/* timestamptz */
#define SESSION_EXPIRES_AT	10	/* timestamptz */
#define SESSION_COLUMNS		10

/* What requests of a session are checked against. */
typedef struct SessionKey
{
	CallerSession caller;
	char	   *secret;
	uint8		token_digest[PG_SHA256_DIGEST_LENGTH];
} SessionKey;

/*
 * The session of an access key id; NULL if there is none, or it was revoked before this transaction began.  It may have expired.  Good until
 * the next call.  Asks for no privileges: only the endpoint calls it.
 */
extern const SessionKey *session_find(const char *access_key_id);

/* SHA-256 of a session token. */
extern void session_digest(const char *token, uint8 *digest);

/* Tags as the table has them, an object of strings: RoleTag, palloc'd. */
extern List *session_tags(Jsonb *tags);

#endif							/* DYNAPG_SESSION_H */
