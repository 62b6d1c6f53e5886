/*
 * sigv4.c
 *		The arithmetic of Signature Version 4: the canonical request, the string to sign, the signing key.
 *
 * It is the same for requests that come in (http/auth.c decides who may do what) and that go out (out/sign.c).  A client signs what it
 * is about to send, and so everything is taken as it is sent: the URI undecoded, the headers in the order of SignedHeaders, the
 * body with its Content-Encoding.
 *
 * This file links libcrypto.  It is not in the extension's own library, but in those that need it.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "lib/stringinfo.h"

#include "base/hex.h"
#include "base/sigv4.h"

#define DIGEST_LENGTH 32
#define BLOCK_LENGTH 64

/* ------------------------------------------------------------------------------------------------------------
 * Digests
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * PostgreSQL's own functions make a context for each digest, and with it OpenSSL looks for the algorithm each time.  Here it
 * is looked for once, and one context does for the life of the process.
 */
static const EVP_MD *algorithm;
static EVP_MD_CTX *context;

static bool
prepare_digests(void)
{
	if (context != NULL)
		return true;
	if (algorithm == NULL)
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
		algorithm = EVP_sha256();
#endif
	if (algorithm != NULL)
		context = EVP_MD_CTX_new();
	return context != NULL;
}

/* The digest of two texts, one after the other. */
static void
sha256(const void *first, size_t first_len, const void *second, size_t second_len, uint8 digest[DIGEST_LENGTH])
{
	if (!prepare_digests() ||
		!EVP_DigestInit_ex(context, algorithm, NULL) ||
		!EVP_DigestUpdate(context, first, first_len) ||
		!EVP_DigestUpdate(context, second, second_len) ||
		!EVP_DigestFinal_ex(context, digest, NULL))
		elog(ERROR, "could not compute a SHA-256 hash");
}

/* RFC 2104 */
static void
hmac_sha256(const uint8 *key, size_t key_len, const char *data, size_t len, uint8 digest[DIGEST_LENGTH])
{
	uint8		shortened[DIGEST_LENGTH];
	uint8		inner[BLOCK_LENGTH];
	uint8		outer[BLOCK_LENGTH];

	if (key_len > BLOCK_LENGTH)
	{
		sha256(key, key_len, "", 0, shortened);
		key = shortened;
		key_len = DIGEST_LENGTH;
	}
	for (size_t i = 0; i < BLOCK_LENGTH; i++)
	{
		uint8		byte = i < key_len ? key[i] : 0;

		inner[i] = byte ^ 0x36;
		outer[i] = byte ^ 0x5c;
	}
	sha256(inner, BLOCK_LENGTH, data, len, digest);
	sha256(outer, BLOCK_LENGTH, digest, DIGEST_LENGTH, digest);
}

static void
append_sha256(StringInfo out, const char *data, size_t len)
{
	uint8		digest[DIGEST_LENGTH];
	char		hex[2 * DIGEST_LENGTH + 1];

	sha256(data, len, "", 0, digest);
	hex_write(hex, digest, DIGEST_LENGTH);
	appendStringInfoString(out, hex);
}

void
sigv4_hash(const char *data, size_t len, char hex[SIGV4_HASH_LENGTH + 1])
{
	uint8		digest[DIGEST_LENGTH];

	sha256(data, len, "", 0, digest);
	hex_write(hex, digest, DIGEST_LENGTH);
}

/* ------------------------------------------------------------------------------------------------------------
 * The URI
 * ------------------------------------------------------------------------------------------------------------ */

char *
sigv4_decode(const char *text, size_t len)
{
	char	   *decoded = (char *) palloc(len + 1);
	char	   *out = decoded;

	for (size_t i = 0; i < len; i++)
	{
		int			high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
		int			low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (low >= 0)
		{
			*out++ = (char) (high << 4 | low);
			i += 2;
		}
		else
			*out++ = text[i] == '+' ? ' ' : text[i];
	}
	*out = '\0';
	return decoded;
}

void
sigv4_append_encoded(StringInfo out, const char *text, size_t len, const char *keep)
{
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = text[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_' || c == '.' || c == '~' || (c != '\0' && strchr(keep, c) != NULL))
			appendStringInfoChar(out, c);
		else
			appendStringInfo(out, "%%%02X", c);
	}
}

/* The path without dot segments and empty segments, encoded once more than it was sent. */
static void
append_path(StringInfo out, const char *path, size_t len)
{
	StringInfoData normal;
	const char *end = path + len;

	initStringInfo(&normal);
	for (const char *segment = path; segment < end;)
	{
		const char *slash = memchr(segment, '/', end - segment);
		size_t		size = (slash ? slash : end) - segment;

		if (size == 2 && segment[0] == '.' && segment[1] == '.')
		{
			while (normal.len > 0 && normal.data[--normal.len] != '/')
				;
			normal.data[normal.len] = '\0';
		}
		else if (size > 0 && !(size == 1 && segment[0] == '.'))
		{
			appendStringInfoChar(&normal, '/');
			appendBinaryStringInfo(&normal, segment, size);
		}
		segment = slash ? slash + 1 : end;
	}
	if (normal.len == 0 || (len > 0 && end[-1] == '/'))
		appendStringInfoChar(&normal, '/');
	sigv4_append_encoded(out, normal.data, normal.len, "/");
}

Sigv4Query
sigv4_query(const char *uri)
{
	Sigv4Query	query = {0, NULL};
	const char *text = uri + strcspn(uri, "?#");
	int			size = 1;

	if (*text != '?')
		return query;
	text++;
	for (const char *c = text; *c; c++)
		size += *c == '&';
	query.parameters = (Sigv4Parameter *) palloc(size * sizeof(Sigv4Parameter));
	while (*text && *text != '#')
	{
		size_t		len = strcspn(text, "&#");
		const char *equals = memchr(text, '=', len);
		size_t		name_len = equals ? (size_t) (equals - text) : len;

		if (len > 0)
		{
			Sigv4Parameter *parameter = &query.parameters[query.count++];

			parameter->name = sigv4_decode(text, name_len);
			parameter->value = equals ? sigv4_decode(equals + 1, len - name_len - 1) : pstrdup("");
		}
		text += len;
		if (*text == '&')
			text++;
	}
	return query;
}

const char *
sigv4_parameter(const Sigv4Query *query, const char *name)
{
	for (int i = 0; i < query->count; i++)
		if (strcmp(query->parameters[i].name, name) == 0)
			return query->parameters[i].value;
	return NULL;
}

/* Both encoded again. */
static int
compare_parameters(const void *a, const void *b)
{
	const Sigv4Parameter *left = (const Sigv4Parameter *) a;
	const Sigv4Parameter *right = (const Sigv4Parameter *) b;
	int			order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

static char *
encoded(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	sigv4_append_encoded(&out, text, strlen(text), "");
	return out.data;
}

/* The parameters but the signature itself, encoded and sorted. */
static void
append_query(StringInfo out, const Sigv4Query *query)
{
	Sigv4Parameter *sorted;
	int			count = 0;

	if (query->count == 0)
		return;
	sorted = (Sigv4Parameter *) palloc(query->count * sizeof(Sigv4Parameter));
	for (int i = 0; i < query->count; i++)
	{
		if (strcmp(query->parameters[i].name, "X-Amz-Signature") == 0)
			continue;
		sorted[count].name = encoded(query->parameters[i].name);
		sorted[count++].value = encoded(query->parameters[i].value);
	}
	qsort(sorted, count, sizeof(Sigv4Parameter), compare_parameters);
	for (int i = 0; i < count; i++)
		appendStringInfo(out, "%s%s=%s", i > 0 ? "&" : "", sorted[i].name, sorted[i].value);
}

/* ------------------------------------------------------------------------------------------------------------
 * The headers
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A value without blanks around it, and with single spaces inside. */
static void
append_trimmed(StringInfo out, const char *value)
{
	while (is_blank(*value))
		value++;
	for (; *value; value++)
	{
		if (!is_blank(*value))
			appendStringInfoChar(out, *value);
		else if (value[1] != '\0' && !is_blank(value[1]))
			appendStringInfoChar(out, ' ');
	}
}

/* A line for each of the headers that were signed, in their order; one that came several times has its values in one. */
static void
append_headers(StringInfo out, const Sigv4Request *request, const char *signed_headers)
{
	for (const char *name = signed_headers; *name;)
	{
		size_t		len = strcspn(name, ";");
		bool		first = true;

		for (size_t i = 0; i < len; i++)
			appendStringInfoChar(out, pg_ascii_tolower(name[i]));
		appendStringInfoChar(out, ':');
		for (int i = 0; i < request->n_headers; i++)
		{
			const Sigv4Header *header = &request->headers[i];

			if (strlen(header->name) != len || pg_strncasecmp(header->name, name, len) != 0)
				continue;
			if (!first)
				appendStringInfoChar(out, ',');
			append_trimmed(out, header->value);
			first = false;
		}
		appendStringInfoChar(out, '\n');
		name += len;
		if (*name == ';')
			name++;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The signature
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_canonical_request(StringInfo out, const Sigv4Request *request, const Sigv4Query *query, const Sigv4Claim *claim)
{
	appendStringInfo(out, "%s\n", request->method);
	if (strcmp(claim->service, "s3") == 0)
		appendBinaryStringInfo(out, request->path, request->path_len);	/* as it is */
	else
		append_path(out, request->path, request->path_len);
	appendStringInfoChar(out, '\n');
	append_query(out, query);
	appendStringInfoChar(out, '\n');
	append_headers(out, request, claim->signed_headers);
	appendStringInfo(out, "\n%s\n", claim->signed_headers);
	if (request->body_hash != NULL)
		appendStringInfoString(out, request->body_hash);
	else
		append_sha256(out, request->body, request->body_len);
}

/*
 * Signing keys that were derived lately: four message authentication codes each, and good for a day.  They depend on nothing but
 * what they are found by, the secret included: a new secret never finds an old key.
 */
#define CACHED_KEYS 64
#define CACHED_SECRET_LENGTH 128
#define CACHED_REGION_LENGTH 64
#define CACHED_SERVICE_LENGTH 16

typedef struct CachedKey
{
	uint64		used_at;		/* 0: free */
	char		secret[CACHED_SECRET_LENGTH + 1];
	char		date[9];
	char		region[CACHED_REGION_LENGTH + 1];
	char		service[CACHED_SERVICE_LENGTH + 1];
	uint8		key[DIGEST_LENGTH];
} CachedKey;

static CachedKey cached_keys[CACHED_KEYS];
static uint64 cache_clock;

static void
derive_key(const Sigv4Claim *claim, const char *secret, uint8 key[DIGEST_LENGTH])
{
	char	   *start = psprintf("AWS4%s", secret);
	uint8		step[DIGEST_LENGTH];

	hmac_sha256((const uint8 *) start, strlen(start), claim->date, strlen(claim->date), key);
	hmac_sha256(key, DIGEST_LENGTH, claim->region, strlen(claim->region), step);
	hmac_sha256(step, DIGEST_LENGTH, claim->service, strlen(claim->service), key);
	hmac_sha256(key, DIGEST_LENGTH, SIGV4_TERMINATOR, strlen(SIGV4_TERMINATOR), step);
	memcpy(key, step, DIGEST_LENGTH);
}

/* The signing key of a claim whose scope was checked. */
static void
signing_key(const Sigv4Claim *claim, const char *secret, uint8 key[DIGEST_LENGTH])
{
	CachedKey  *oldest = &cached_keys[0];

	if (strlen(secret) > CACHED_SECRET_LENGTH || strlen(claim->region) > CACHED_REGION_LENGTH ||
		strlen(claim->service) > CACHED_SERVICE_LENGTH || strlen(claim->date) >= sizeof(oldest->date))
	{
		derive_key(claim, secret, key);
		return;
	}
	cache_clock++;
	for (int i = 0; i < CACHED_KEYS; i++)
	{
		CachedKey  *cached = &cached_keys[i];

		if (cached->used_at != 0 && strcmp(cached->secret, secret) == 0 &&
			strcmp(cached->date, claim->date) == 0 && strcmp(cached->region, claim->region) == 0 &&
			strcmp(cached->service, claim->service) == 0)
		{
			cached->used_at = cache_clock;
			memcpy(key, cached->key, DIGEST_LENGTH);
			return;
		}
		if (cached->used_at < oldest->used_at)
			oldest = cached;
	}
	derive_key(claim, secret, key);
	strlcpy(oldest->secret, secret, sizeof(oldest->secret));
	strlcpy(oldest->date, claim->date, sizeof(oldest->date));
	strlcpy(oldest->region, claim->region, sizeof(oldest->region));
	strlcpy(oldest->service, claim->service, sizeof(oldest->service));
	memcpy(oldest->key, key, DIGEST_LENGTH);
	oldest->used_at = cache_clock;
}

void
sigv4_sign(const Sigv4Request *request, const Sigv4Query *query, const Sigv4Claim *claim,
		   const char *secret, char signature[SIGV4_SIGNATURE_LENGTH + 1])
{
	StringInfoData canonical;
	StringInfoData to_sign;
	uint8		key[DIGEST_LENGTH];
	uint8		digest[DIGEST_LENGTH];

	initStringInfo(&canonical);
	write_canonical_request(&canonical, request, query, claim);
	initStringInfo(&to_sign);
	appendStringInfo(&to_sign, SIGV4_ALGORITHM "\n%s\n%s/%s/%s/" SIGV4_TERMINATOR "\n",
					 claim->time, claim->date, claim->region, claim->service);
	append_sha256(&to_sign, canonical.data, canonical.len);
	signing_key(claim, secret, key);
	hmac_sha256(key, DIGEST_LENGTH, to_sign.data, to_sign.len, digest);
	hex_write(signature, digest, DIGEST_LENGTH);
}
