/*
 * encoding.c
 *		Content codings: gzip and deflate requests, gzip responses, and the checksum of what is sent.
 */
#include "postgres.h"

#include <zlib.h>

#include "http/http.h"

#define COMPRESS_FROM 4096		/* bytes; smaller responses are sent as they are */

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

/* Whether the first Accept-Encoding header takes gzip. */
static bool
accepts_gzip(const HttpRequest *request)
{
	const char *accepted = request_header(request, "Accept-Encoding");

	for (const char *c = accepted; c != NULL && *c; c += strcspn(c, ",") + (strchr(c, ',') != NULL))
	{
		const char *weight;

		c += strspn(c, " \t");
		if (pg_strncasecmp(c, "gzip", 4) != 0 || strchr(" \t,;", c[4]) == NULL)
			continue;
		weight = c + 4 + strspn(c + 4, " \t");
		if (*weight != ';')
			return true;
		weight = strstr(weight, "q=");
		return weight == NULL || strtod(weight + 2, NULL) > 0;
	}
	return false;
}

/* Compresses a response that is large enough, for a client that takes it. */
bool
encoding_compress(const HttpRequest *request, StringInfo body, StringInfo compressed)
{
	z_stream	stream = {0};
	bool		done;

	if (body->len < COMPRESS_FROM || !accepts_gzip(request))
		return false;
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	initStringInfo(compressed);
	enlargeStringInfo(compressed, deflateBound(&stream, body->len));
	stream.next_in = (Bytef *) body->data;
	stream.avail_in = body->len;
	stream.next_out = (Bytef *) compressed->data;
	stream.avail_out = compressed->maxlen - 1;
	done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
	compressed->len = (char *) stream.next_out - compressed->data;
	deflateEnd(&stream);
	return done;
}

uint32
encoding_crc32(const char *bytes, int len)
{
	return (uint32) crc32(crc32(0, NULL, 0), (const Bytef *) bytes, len);
}
