/*
 * wire.h
 *		JSON at the doors: one pull reader and one writer, each over two media.
 *
 * The HTTP door speaks JSON text, the SQL door jsonb.  Operations see neither: they read tokens from a
 * WireReader and write through a WireWriter, so that a request is parsed once and an answer printed once.
 * What the tokens mean (AttributeValues, request shapes) is not known here.
 */
#ifndef DYNAPG_WIRE_H
#define DYNAPG_WIRE_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef enum WireToken
{
	WIRE_END,					/* after the one top-level value */
	WIRE_OBJECT_START,
	WIRE_OBJECT_END,
	WIRE_ARRAY_START,
	WIRE_ARRAY_END,
	WIRE_KEY,					/* a member's name */
	WIRE_STRING,
	WIRE_INTEGER,				/* a number without fraction or exponent */
	WIRE_DECIMAL,				/* any other number */
	WIRE_TRUE,
	WIRE_FALSE,
	WIRE_NULL
} WireToken;

typedef struct WireReader
{
	WireToken	token;			/* the current token */
	const char *text;			/* of WIRE_KEY and WIRE_STRING: decoded, may hold NUL bytes; of numbers: as
								 * written.  Not NUL-terminated.  It points into the source or into palloc'd
								 * memory of the context current at wire_next(), and lives as long as those. */
	int			len;			/* bytes of text */
	int			depth;			/* containers open, the one just started included */

	/* private: the text source */
	const char *source;
	const char *cursor;
	const char *end;
	uint8	   *nesting;		/* one byte an open container: is it an object? */
	int			nesting_size;
	bool		after_value;	/* a comma or an end must come next */
	/* private: the jsonb source */
	JsonbIterator *iterator;
} WireReader;

/* Reads JSON text of len bytes, which must be valid UTF-8 and need not be NUL-terminated. */
extern void wire_read_text(WireReader *reader, const char *text, int len);

/* Reads a (detoasted) jsonb. */
extern void wire_read_jsonb(WireReader *reader, Jsonb *jsonb);

/*
 * Advances to the next token and returns it.  Raises SerializationException without a message where the text
 * is not JSON (RFC 8259, surrogates paired, no control characters in strings) or not UTF-8.  Never recurses:
 * any depth is safe.
 */
extern WireToken wire_next(WireReader *reader);

/* A reader of the same text from the same place on, which goes its own way. */
extern void wire_fork(const WireReader *reader, WireReader *fork);

/* Passes over the value whose first token is the current one; its last token becomes the current one. */
extern void wire_skip(WireReader *reader);

/*
 * Of a text: the line and the column, both from 1, of what follows the current token.  Columns count UTF-16 units, as the service's
 * own messages do.
 */
extern void wire_position(const WireReader *reader, int *line, int *column);

/* Whether text is one JSON value, as wire_next() would judge it.  Raises nothing. */
extern bool wire_text_is_json(const char *text, int len);

typedef struct WireWriter
{
	StringInfo	out;			/* the text medium; NULL for the jsonb medium */
	bool		need_comma;		/* text: a value was just written in this container */
	struct WireNode *stack;		/* jsonb: the open containers */
	int			stack_size;
	int			stack_used;
	JsonbValue	root;			/* jsonb: the finished value */
} WireWriter;

/* Writes JSON text, compact, by appending to out.  Strings are UTF-8, escaped as JSON demands and no further. */
extern void wire_write_text(WireWriter *writer, StringInfo out);

/*
 * Builds a jsonb.  U+0000 in a string or a name raises ERRCODE_UNTRANSLATABLE_CHARACTER with a hint: jsonb has no
 * such character.
 */
extern void wire_write_jsonb(WireWriter *writer);

/* The jsonb written, palloc'd in the current context; all containers must be closed. */
extern Jsonb *wire_writer_jsonb(WireWriter *writer);

/*
 * The pieces.  Within an object each value is preceded by wire_key(), and no key is written twice.  Strings
 * given are not copied in the jsonb medium: they must live until wire_writer_jsonb().
 */
extern void wire_object_start(WireWriter *writer);
extern void wire_object_end(WireWriter *writer);
extern void wire_array_start(WireWriter *writer);
extern void wire_array_end(WireWriter *writer);
extern void wire_key(WireWriter *writer, const char *name, int len);
extern void wire_string(WireWriter *writer, const char *text, int len);
extern void wire_integer(WireWriter *writer, int64 value);

/* Shortest form, at least one decimal; as text in Java's way: 0.5, 1.0, 1.571849028E9. */
extern void wire_double(WireWriter *writer, double value);
extern void wire_boolean(WireWriter *writer, bool value);
extern void wire_null(WireWriter *writer);

/*
 * jsonb medium only: puts a jsonb (an object or an array) as it is.  It is not copied: it must live until wire_writer_jsonb().  Large
 * responses are made of parts that are finished one by one, so that the trees they came from can go.
 */
extern void wire_jsonb(WireWriter *writer, Jsonb *jsonb);

/* jsonb medium only: whether nothing has been written, which is taken for null otherwise. */
#define wire_wrote_nothing(writer) ((writer)->root.type == jbvNull && (writer)->stack_used == 0)

/* Whether a writer builds a jsonb. */
#define wire_builds_jsonb(writer) ((writer)->out == NULL)

/* A member with a C string for its name. */
#define wire_member(writer, name) wire_key((writer), (name), (int) strlen(name))
#define wire_cstring(writer, text) wire_string((writer), (text), (int) strlen(text))

/* A member whose value is a C string, which lives as long as wire_string() says. */
static inline void
wire_text_member(WireWriter *writer, const char *name, const char *text)
{
	wire_member(writer, name);
	wire_cstring(writer, text);
}

#endif							/* DYNAPG_WIRE_H */
