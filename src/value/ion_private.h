/*
 * ion_private.h
 *		What the files of Ion share.
 */
#ifndef DYNAPG_ION_PRIVATE_H
#define DYNAPG_ION_PRIVATE_H

#include "value/ion.h"

static inline bool
ion_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ion_is_identifier_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static inline bool
ion_is_identifier_part(char c)
{
	return ion_is_identifier_start(c) || ion_is_digit(c);
}

static inline bool
ion_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether a word is a keyword and no symbol. */
extern bool ion_is_keyword(const char *text, int len);

/* Whether an unquoted symbol stands for the one of a number: $ and digits. */
extern bool ion_is_symbol_number(const char *text, int len);

/* The bytes of the container, blob or clob that begins here, however deep; -1 if it does not end. */
extern int	ion_container_len(const char *bytes, int len);

#endif							/* DYNAPG_ION_PRIVATE_H */
