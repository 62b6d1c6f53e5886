/*
 * key.c
 *		Canonical key bytes, the partition hash and the ordered encoding of numbers.
 *
 * All of it is frozen (docs/format.md): items are stored and indexed under what is computed here.
 */
#include "postgres.h"

#include "common/sha2.h"
#include "port/pg_bswap.h"

#include "base/digest.h"
#include "value/attr_node.h"
#include "value/key.h"

/* First of what is hashed.  Another one would be another layout of the tables. */
#define HASH_FORMAT_VERSION 0x01
#define HASH_MANY_VERSION	0x02	/* over several attributes */

/* First byte of an encoded number. */
#define NUMBER_NEGATIVE		0x7F
#define NUMBER_ZERO			0x80
#define NUMBER_POSITIVE		0x81

/* Makes the exponents -129 to 126 a byte. */
#define EXPONENT_BIAS		129

/* A negative number's pairs of digits count down from here, so that its end sorts above any further pair. */
#define NEGATIVE_PAIR		0xFE
#define NEGATIVE_END		0xFF

KeyStatus
key_bytes(const JsonbValue *value, KeyType type, int limit, const char **bytes, int *len)
{
	AttrNode	node;
	DynNumber	number;

	attr_open(value, &node);
	switch (type)
	{
		case KEY_TYPE_S:
			if (node.type != ATTR_S)
				return KEY_WRONG_TYPE;
			*bytes = attr_unescape(&node.payload, node.escaped, len);
			break;
		case KEY_TYPE_B:
			if (node.type != ATTR_B)
				return KEY_WRONG_TYPE;
			*bytes = attr_decode_binary(&node.payload, len);
			break;
		case KEY_TYPE_N:
			if (node.type != ATTR_N)
				return KEY_WRONG_TYPE;
			attr_number(&node.payload, &number);
			*bytes = palloc(KEY_NUMBER_MAX_SIZE);
			*len = key_encode_number(&number, (uint8 *) *bytes);
			return KEY_OK;
	}
	if (*len == 0)
		return KEY_EMPTY;
	if (*len > limit)
		return KEY_TOO_LONG;
	return KEY_OK;
}

int
key_encode_number(const DynNumber *number, uint8 *out)
{
	uint8	   *to = out;
	uint8		exponent = number->exponent + EXPONENT_BIAS;

	if (number->ndigits == 0)
	{
		*to = NUMBER_ZERO;
		return 1;
	}

	*to++ = number->negative ? NUMBER_NEGATIVE : NUMBER_POSITIVE;
	*to++ = number->negative ? 255 - exponent : exponent;
	for (int i = 0; i < number->ndigits; i += 2)
	{
		int			pair = number->digits[i] * 10;

		if (i + 1 < number->ndigits)
			pair += number->digits[i + 1];
		*to++ = number->negative ? NEGATIVE_PAIR - pair : pair;
	}
	if (number->negative)
		*to++ = NEGATIVE_END;
	return to - out;
}

bool
key_decode_number(const uint8 *bytes, int len, DynNumber *number)
{
	int			npairs = len - 2;

	memset(number, 0, sizeof(*number));
	if (len == 1 && bytes[0] == NUMBER_ZERO)
		return true;
	if (len < 2)
		return false;

	if (bytes[0] == NUMBER_NEGATIVE)
	{
		number->negative = true;
		number->exponent = 255 - bytes[1] - EXPONENT_BIAS;
		if (bytes[len - 1] != NEGATIVE_END)
			return false;
		npairs--;
	}
	else if (bytes[0] == NUMBER_POSITIVE)
		number->exponent = bytes[1] - EXPONENT_BIAS;
	else
		return false;

	if (npairs < 1 || npairs > NUMBER_MAX_DIGITS / 2)
		return false;
	for (int i = 0; i < npairs; i++)
	{
		int			pair = number->negative ? NEGATIVE_PAIR - bytes[2 + i] : bytes[2 + i];

		if (pair < 0 || pair > 99)
			return false;
		number->digits[2 * i] = pair / 10;
		number->digits[2 * i + 1] = pair % 10;
	}
	number->ndigits = npairs * 2;
	if (number->digits[number->ndigits - 1] == 0)
		number->ndigits--;
	return number->digits[0] != 0 && number->digits[number->ndigits - 1] != 0;
}

/* The context is made once and kept: making one costs more than hashing a key. */
static pg_cryptohash_ctx *
sha256_context(void)
{
	static pg_cryptohash_ctx *context = NULL;

	if (context == NULL)
		context = digest_context(PG_SHA256);
	return context;
}

void
key_hash(KeyType type, const char *bytes, int len, pg_uuid_t *hash)
{
	pg_cryptohash_ctx *context = sha256_context();
	uint8		head[2] = {HASH_FORMAT_VERSION, (uint8) type};
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, head, sizeof(head)) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) bytes, len) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		digest_failed(context, "partition hash");
	memcpy(hash->data, digest, UUID_LEN);
}

void
key_hash_many(int n, const KeyType *types, const char *const *bytes, const int *lens, pg_uuid_t *hash)
{
	pg_cryptohash_ctx *context = sha256_context();
	uint8		version = HASH_MANY_VERSION;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	bool		done;

	if (n == 1)
	{
		key_hash(types[0], bytes[0], lens[0], hash);
		return;
	}
	done = pg_cryptohash_init(context) >= 0 && pg_cryptohash_update(context, &version, 1) >= 0;
	for (int i = 0; i < n && done; i++)
	{
		uint8		head[3] = {(uint8) types[i], (uint8) (lens[i] >> 8), (uint8) lens[i]};

		done = pg_cryptohash_update(context, head, sizeof(head)) >= 0 &&
			pg_cryptohash_update(context, (const uint8 *) bytes[i], lens[i]) >= 0;
	}
	if (!done || pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		digest_failed(context, "partition hash");
	memcpy(hash->data, digest, UUID_LEN);
}

/* ------------------------------------------------------------------------------------------------------------
 * Segments of hashes
 * ------------------------------------------------------------------------------------------------------------ */

/* The first hash of a segment, by its first 8 bytes. */
static uint64
segment_start(int64 segment, int64 total)
{
	return (uint64) (((unsigned __int128) segment << 64) / (uint64) total);
}

static void
set_hash(pg_uuid_t *hash, uint64 first_bytes, uint8 other_bytes)
{
	uint64		big_endian = pg_hton64(first_bytes);

	memcpy(hash->data, &big_endian, sizeof(big_endian));
	memset(hash->data + sizeof(big_endian), other_bytes, UUID_LEN - sizeof(big_endian));
}

void
key_hash_segment(int64 segment, int64 total, pg_uuid_t *first, pg_uuid_t *last)
{
	set_hash(first, segment_start(segment, total), 0);
	set_hash(last, segment + 1 == total ? PG_UINT64_MAX : segment_start(segment + 1, total) - 1, 0xFF);
}
