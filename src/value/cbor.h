/*
 * cbor.h
 *		CBOR (RFC 8949), as far as Smithy's protocol rpc-v2-cbor has it.
 */
#ifndef DYNAPG_CBOR_H
#define DYNAPG_CBOR_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#define CBOR_MAX_DEPTH 32

/*
 * Reads a document, which is one map and nothing else, as a jsonb object, palloc'd.  Strings and collections may be of definite or indefinite length; tags are
 * passed over, so that a time is its number of seconds.  NULL for what is none, what is nested deeper than CBOR_MAX_DEPTH, and what jsonb or the database
 * cannot have: byte strings, keys that are no text, NUL, infinity.
 */
extern Jsonb *cbor_read(const char *bytes, int len);

/* What a number of an answer is by the member that it stands in, or whose list it stands in. */
typedef enum CborNumber
{
	CBOR_DOUBLE,
	CBOR_INTEGER,
	CBOR_TIME					/* seconds since 1970 */
} CborNumber;

/* Appends a jsonb object; number: what the numbers of a member are. */
extern void cbor_write(StringInfo out, Jsonb *value, CborNumber (*number) (const char *member, int len));

#endif							/* DYNAPG_CBOR_H */
