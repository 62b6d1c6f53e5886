/*
 * hex.h
 *		Hexadecimal digits.
 */
#ifndef DYNAPG_HEX_H
#define DYNAPG_HEX_H

#include "lib/stringinfo.h"

/* What a digit of either case stands for; -1: it is none. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Writes bytes as lower-case digits, two a byte, and a '\0' behind them. */
static inline void
hex_write(char *out, const void *bytes, int size)
{
	static const char digits[] = "0123456789abcdef";

	for (const uint8 *byte = (const uint8 *) bytes; size-- > 0; byte++)
	{
		*out++ = digits[*byte >> 4];
		*out++ = digits[*byte & 15];
	}
	*out = '\0';
}

static inline void
hex_append(StringInfo out, const void *bytes, int size)
{
	enlargeStringInfo(out, 2 * size);
	hex_write(out->data + out->len, bytes, size);
	out->len += 2 * size;
}

#endif							/* DYNAPG_HEX_H */
