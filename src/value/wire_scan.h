/*
 * wire_scan.h
 *		What reader and writer share: finding the bytes of a string that JSON escapes.
 */
#ifndef DYNAPG_WIRE_SCAN_H
#define DYNAPG_WIRE_SCAN_H

/*
 * Returns the first quote, backslash or control character at or after p, or end.  Eight bytes at a time: x - n
 * borrows into the high bit of a byte that is below n, and only the test for "any" is needed.
 */
static inline const char *
wire_skip_plain(const char *p, const char *end)
{
#define WIRE_EACH_BYTE(c)	(UINT64CONST(0x0101010101010101) * (c))
#define WIRE_ANY_BELOW(x, n) (((x) - WIRE_EACH_BYTE(n)) & ~(x) & WIRE_EACH_BYTE(0x80))
	while (end - p >= 8)
	{
		uint64		chunk;

		memcpy(&chunk, p, 8);
		if ((WIRE_ANY_BELOW(chunk, 0x20) |
			 WIRE_ANY_BELOW(chunk ^ WIRE_EACH_BYTE('"'), 1) |
			 WIRE_ANY_BELOW(chunk ^ WIRE_EACH_BYTE('\\'), 1)) != 0)
			break;
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20)
		p++;
	return p;
#undef WIRE_EACH_BYTE
#undef WIRE_ANY_BELOW
}

#endif							/* DYNAPG_WIRE_SCAN_H */
