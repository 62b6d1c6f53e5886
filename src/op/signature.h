/*
 * signature.h
 *		What tokens and iterators are signed with, so that nobody but us can have made them.
 */
#ifndef DYNAPG_SIGNATURE_H
#define DYNAPG_SIGNATURE_H

#define SIGNATURE_SIZE 32

typedef struct SignedPart
{
	const void *bytes;
	int			len;
} SignedPart;

/* HMAC-SHA-256 over the parts, one after the other, by the database's secret; lengths that may vary are parts of their own. */
extern void signature_make(const SignedPart *parts, int n_parts, uint8 *signature);

/* Whether a signature is the one of the parts; takes the same time wherever they differ. */
extern bool signature_is_of(const SignedPart *parts, int n_parts, const char *signature);

/* Decodes base64 into palloc'd bytes; NULL if it is none. */
extern char *signature_decode(const char *text, int text_len, int *len);

#endif							/* DYNAPG_SIGNATURE_H */
