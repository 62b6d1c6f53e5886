/*
 * base64.h
 *		Base64 as strict as the service's: standard alphabet, padded, no blanks, no bits left over.
 */
#ifndef DYNAPG_BASE64_H
#define DYNAPG_BASE64_H

#include "lib/stringinfo.h"

typedef enum Base64Status
{
	BASE64_OK,
	BASE64_BAD_LENGTH,			/* not a multiple of 4 */
	BASE64_BAD_CHARACTER,
	BASE64_BITS_LEFT			/* bits left over in the last character */
} Base64Status;

/* Bytes that text decodes to, if it is valid; text's length must be a multiple of 4. */
extern int	base64_decoded_size(const char *text, int len);

/* Decodes into out (base64_decoded_size() bytes); out may be NULL to check only. */
extern Base64Status base64_decode(const char *text, int len, char *out);

extern void base64_append(StringInfo out, const char *bytes, int len);

/* SerializationException with the service's message for a status other than BASE64_OK. */
extern _Noreturn void base64_raise(Base64Status status, int len);

#endif							/* DYNAPG_BASE64_H */
