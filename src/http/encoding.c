/*
 * encoding.c
 *		Content codings: gzip and deflate, of requests and of responses, and the checksum of what is sent.
 */
#include "postgres.h"

#include <zlib.h>

#include "http/http.h"

#define COMPRESS_FROM 4096		/* bytes; smaller responses are sent as they are */

/* Of responses; the bits are zlib's. */
typedef struct Coding
{
	const char *name;
	int			window_bits;
} Coding;

static const Coding codings[] = {
	{"gzip", MAX_WBITS + 16},
	{"deflate", MAX_WBITS},
	{"identity", 0},
};

/*
 * Inflates the whole of what was sent, member after member for gzip; false if it is broken.  Stops with *too_big as soon as
 * the result passes the limit.
 */
static bool
inflate_body(const HttpRequest *request, int window_bits, bool members, StringInfo decoded, bool *too_big)
{
	z_stream	stream = {0};
	int			result;

	if (inflateInit2(&stream, window_bits) != Z_OK)
		return false;
	stream.next_in = (Bytef *) request->body.data;
	stream.avail_in = request->body.len;
	for (;;)
	{
		enlargeStringInfo(decoded, 16384);
		stream.next_out = (Bytef *) decoded->data + decoded->len;
		stream.avail_out = decoded->maxlen - decoded->len - 1;
		result = inflate(&stream, Z_NO_FLUSH);
		decoded->len = (char *) stream.next_out - decoded->data;
		decoded->data[decoded->len] = '\0';
		if (decoded->len > endpoint->settings->max_body_size)
		{
			*too_big = true;
			break;
		}
		if (result == Z_STREAM_END && members && stream.avail_in > 0)
		{
			if (inflateReset(&stream) != Z_OK)
				break;
			continue;
		}
		if (result != Z_OK)
			break;
		if (stream.avail_in == 0 && stream.avail_out > 0)
			break;				/* cut short */
	}
	inflateEnd(&stream);
	return !*too_big && result == Z_STREAM_END && stream.avail_in == 0;
}

/*
 * The body without its Content-Encoding.  False: broken, of an unknown coding, or (*too_big) too big.
 */
bool
encoding_decode_body(HttpRequest *request, StringInfo decoded, bool *too_big)
{
	const char *coding = request_header(request, "Content-Encoding");

	*too_big = false;
	if (coding == NULL || coding[0] == '\0' || pg_strcasecmp(coding, "identity") == 0)
	{
		*decoded = request->body;
		return true;
	}
	initStringInfo(decoded);
	if (pg_strcasecmp(coding, "gzip") == 0)
		return inflate_body(request, 15 + 16, true, decoded, too_big);
	if (pg_strcasecmp(coding, "deflate") == 0)
	{
		/* with zlib's header as the standard says, or without it as many send it */
		if (inflate_body(request, 15, false, decoded, too_big))
			return true;
		if (*too_big)
			return false;
		resetStringInfo(decoded);
		return inflate_body(request, -15, false, decoded, too_big);
	}
	return false;
}

/* The weight of an element of Accept-Encoding, whose name has ended: 0 if it is not wanted. */
static double
element_weight(const char *parameters, size_t len)
{
	const char *q = memchr(parameters, 'q', len);

	if (q == NULL || q + 1 >= parameters + len || q[1] != '=')
		return 1;
	return strtod(q + 2, NULL);
}

/* The coding that a response gets: the first one of the first Accept-Encoding header that there is here, in the client's order. */
static const Coding *
accepted_coding(const HttpRequest *request)
{
	const char *element = request_header(request, "Accept-Encoding");

	while (element != NULL && *element)
	{
		size_t		len = strcspn(element, ",");
		size_t		blanks = strspn(element, " \t");
		const char *name = element + blanks;
		size_t		name_len = strcspn(name, " \t;,");

		for (int i = 0; i < lengthof(codings); i++)
			if (strlen(codings[i].name) == name_len && pg_strncasecmp(codings[i].name, name, name_len) == 0 &&
				element_weight(name + name_len, element + len - name - name_len) > 0)
				return &codings[i];
		element += len + (element[len] == ',');
	}
	return NULL;
}

const char *
encoding_compress(const HttpRequest *request, StringInfo body, StringInfo compressed)
{
	z_stream	stream = {0};
	const Coding *coding = body->len < COMPRESS_FROM ? NULL : accepted_coding(request);
	bool		done;

	if (coding == NULL || coding->window_bits == 0)
		return NULL;
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, coding->window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	initStringInfo(compressed);
	enlargeStringInfo(compressed, deflateBound(&stream, body->len));
	stream.next_in = (Bytef *) body->data;
	stream.avail_in = body->len;
	stream.next_out = (Bytef *) compressed->data;
	stream.avail_out = compressed->maxlen - 1;
	done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
	compressed->len = (char *) stream.next_out - compressed->data;
	deflateEnd(&stream);
	return done ? coding->name : NULL;
}

uint32
encoding_crc32(const char *bytes, int len)
{
	return (uint32) crc32(crc32(0, NULL, 0), (const Bytef *) bytes, len);
}
