/*
 * ion_lex.h
 *		The lexical part of reading Ion text: symbols, strings, numbers, blobs.
 */
#ifndef DYNAPG_ION_LEX_H
#define DYNAPG_ION_LEX_H

#include "value/ion_private.h"

/* SerializationException: the text is no Ion. */
extern _Noreturn void ion_malformed(const char *what);

/* Blanks and comments. */
extern void ion_skip_blanks(IonReader *reader);

/* The character that the cursor is at, '\0' at the end. */
static inline char
ion_peek(const IonReader *reader)
{
	return reader->cursor < reader->end ? *reader->cursor : '\0';
}

/* Whether two braces are next, which begin a blob or clob; whether three quotes are, which begin a long string. */
static inline bool
ion_at_lob(const IonReader *reader)
{
	return reader->end - reader->cursor >= 2 && reader->cursor[0] == '{' && reader->cursor[1] == '{';
}

static inline bool
ion_at_long_string(const IonReader *reader)
{
	return reader->end - reader->cursor >= 3 && memcmp(reader->cursor, "'''", 3) == 0;
}

typedef struct IonSymbol
{
	const char *text;
	int			len;
	bool		quoted;			/* so that it is no keyword, number or version marker */
} IonSymbol;

/* A symbol, if the cursor is at one; keywords are taken for symbols too. */
extern bool ion_lex_symbol(IonReader *reader, IonSymbol *symbol);

/* A string, short or long; the cursor is at its first quote. */
extern void ion_lex_string(IonReader *reader, const char **text, int *len);

typedef enum IonNumberKind
{
	ION_NUMBER,
	ION_NOT_A_NUMBER,			/* nan, +inf, -inf */
	ION_TIMESTAMP
} IonNumberKind;

/* A number or timestamp; of a number, its text in the service's syntax. */
extern IonNumberKind ion_lex_number(IonReader *reader, const char **text, int *len);

/* A blob, as base64; false if it is a clob.  The cursor is at its braces. */
extern bool ion_lex_blob(IonReader *reader, const char **base64, int *len);

/* The text of a symbol by its number; malformed if it has none. */
extern void ion_symbol_of_number(const IonSymbols *symbols, const char *digits, int len, IonSymbol *symbol);

#endif							/* DYNAPG_ION_LEX_H */
