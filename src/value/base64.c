/*
 * base64.c
 *		Strict base64.
 *
 * Strict means that one string of bytes has exactly one text: texts can be compared instead of bytes, and a B is
 * stored as it came.
 */
#include "postgres.h"

#include "base/error.h"
#include "value/base64.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character, or -1. */
static const int8 bits_of[256] = {
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
	-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
	-1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

int
base64_decoded_size(const char *text, int len)
{
	int			size = len / 4 * 3;

	if (len > 0 && text[len - 1] == '=')
		size--;
	if (len > 1 && text[len - 2] == '=')
		size--;
	return size;
}

Base64Status
base64_decode(const char *text, int len, char *out)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *last;	/* the last group of four, which may be padded */
	uint8	   *to = (uint8 *) out;
	int			a,
				b,
				c,
				d;

	if (len % 4 != 0)
		return BASE64_BAD_LENGTH;
	if (len == 0)
		return BASE64_OK;

	last = p + len - 4;
	for (; p < last; p += 4)
	{
		a = bits_of[p[0]];
		b = bits_of[p[1]];
		c = bits_of[p[2]];
		d = bits_of[p[3]];
		if ((a | b | c | d) < 0)
			return BASE64_BAD_CHARACTER;
		if (to)
		{
			*to++ = a << 2 | b >> 4;
			*to++ = b << 4 | c >> 2;
			*to++ = c << 6 | d;
		}
	}

	a = bits_of[p[0]];
	b = bits_of[p[1]];
	if ((a | b) < 0)
		return BASE64_BAD_CHARACTER;
	if (p[2] == '=' && p[3] == '=')
	{
		if (b & 0x0F)
			return BASE64_BITS_LEFT;
		if (to)
			*to++ = a << 2 | b >> 4;
		return BASE64_OK;
	}
	c = bits_of[p[2]];
	if (c < 0)
		return BASE64_BAD_CHARACTER;
	if (p[3] == '=')
	{
		if (c & 0x03)
			return BASE64_BITS_LEFT;
		if (to)
		{
			*to++ = a << 2 | b >> 4;
			*to++ = b << 4 | c >> 2;
		}
		return BASE64_OK;
	}
	d = bits_of[p[3]];
	if (d < 0)
		return BASE64_BAD_CHARACTER;
	if (to)
	{
		*to++ = a << 2 | b >> 4;
		*to++ = b << 4 | c >> 2;
		*to++ = c << 6 | d;
	}
	return BASE64_OK;
}

void
base64_append(StringInfo out, const char *bytes, int len)
{
	const unsigned char *p = (const unsigned char *) bytes;
	char	   *to;

	enlargeStringInfo(out, (len + 2) / 3 * 4);
	to = out->data + out->len;
	for (; len >= 3; len -= 3, p += 3)
	{
		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 0x03) << 4 | p[1] >> 4];
		*to++ = alphabet[(p[1] & 0x0F) << 2 | p[2] >> 6];
		*to++ = alphabet[p[2] & 0x3F];
	}
	if (len > 0)
	{
		int			second = len == 2 ? p[1] : 0;

		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 0x03) << 4 | second >> 4];
		*to++ = len == 2 ? alphabet[(second & 0x0F) << 2] : '=';
		*to++ = '=';
	}
	*to = '\0';
	out->len = to - out->data;
}

void
base64_raise(Base64Status status, int len)
{
	switch (status)
	{
		case BASE64_OK:
			break;
		case BASE64_BAD_LENGTH:
			dyn_error(DYN_SERIALIZATION, "Base64 encoded length is expected a multiple of 4 bytes but found: %d", len);
		case BASE64_BAD_CHARACTER:
			/* no capture of the service's own words is known */
			dyn_error(DYN_SERIALIZATION, "Invalid Base64 character");
		case BASE64_BITS_LEFT:
			/* misspelt by the service */
			dyn_error(DYN_SERIALIZATION, "Invalid last non-pad Base64 character dectected");
	}
	elog(ERROR, "base64 status %d is no error", (int) status);
}
