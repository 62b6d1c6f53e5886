/*
 * key.h
 *		Keys: the 128-bit hash of a partition key, and bytes whose memcmp order is the order of a sort key.
 *
 * Both are frozen (docs/format.md): items are stored under them.
 */
#ifndef DYNAPG_KEY_H
#define DYNAPG_KEY_H

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/varlena.h"
#include "value/attr.h"
#include "value/number.h"

/* A key attribute's type, as the service writes it. */
typedef enum KeyType
{
	KEY_TYPE_S = 'S',
	KEY_TYPE_N = 'N',
	KEY_TYPE_B = 'B'
} KeyType;

typedef enum KeyStatus
{
	KEY_OK,
	KEY_WRONG_TYPE,
	KEY_EMPTY,					/* empty string or binary */
	KEY_TOO_LONG
} KeyStatus;

/*
 * The canonical bytes of a key attribute's value: of S its UTF-8, of B its bytes, of N the ordered encoding.
 * They are also its sort key: memcmp order, then length, is the service's order.  *bytes is palloc'd or points
 * into the value.  limit: PARTITION_KEY_MAX_SIZE or SORT_KEY_MAX_SIZE.
 */
extern KeyStatus key_bytes(const JsonbValue *value, KeyType type, int limit, const char **bytes, int *len);

/* The first 16 bytes of SHA-256 over format version 1, the type's letter and the canonical bytes. */
extern void key_hash(KeyType type, const char *bytes, int len, pg_uuid_t *hash);

/*
 * The hashes of segment i of n, both inclusive: those from i/n of the range of 64-bit numbers on, by their first 8 bytes.  Segments share nothing
 * and leave out nothing.
 */
extern void key_hash_segment(int64 segment, int64 total, pg_uuid_t *first, pg_uuid_t *last);

/*
 * The same over the attributes of a key: of one, key_hash(); of several, format version 2, and for each its type's letter, its length in two
 * bytes (the higher first) and its canonical bytes.
 */
extern void key_hash_many(int n, const KeyType *types, const char *const *bytes, const int *lens, pg_uuid_t *hash);

/*
 * The canonical bytes of an item's key attribute, by its stored name.  Raises ValidationException with the
 * service's message where it is missing, empty, too long or of another type.
 */
extern void key_of_item(const JsonbValue *item, const char *name, int name_len, KeyType type, bool is_sort,
						const char **bytes, int *len);

/* Raises what the service says of a key attribute for a status other than KEY_OK; the name is the stored one. */
extern _Noreturn void key_raise(KeyStatus status, const char *name, int name_len, KeyType type,
								const JsonbValue *value, bool is_sort);

/* The ordered encoding of a number, at most KEY_NUMBER_MAX_SIZE bytes; returns its length. */
#define KEY_NUMBER_MAX_SIZE 22
extern int	key_encode_number(const DynNumber *number, uint8 *out);

/* The number of an encoding; false if the bytes are none. */
extern bool key_decode_number(const uint8 *bytes, int len, DynNumber *number);

#endif							/* DYNAPG_KEY_H */
