/*
 * bytes.h
 *		The order of byte strings.
 */
#ifndef DYNAPG_BYTES_H
#define DYNAPG_BYTES_H

/* Orders byte strings: byte by byte, and a prefix before what it is a prefix of.  That is bytea's order, and the service's of keys. */
static inline int
bytes_compare(const char *a, int a_len, const char *b, int b_len)
{
	int			order = memcmp(a, b, Min(a_len, b_len));

	return order != 0 ? order : a_len - b_len;
}

#endif							/* DYNAPG_BYTES_H */
