/*
 * ion.h
 *		Amazon Ion text: items to and from it, without a detour through DynamoDB JSON.
 *
 *	S		string					  N		decimal
 *	BOOL	bool					  B		blob
 *	NULL	null					  L		list
 *	M		struct					  SS, NS, BS	list annotated with $dynamodb_SS, $dynamodb_NS, $dynamodb_BS
 *
 * The writer writes these on one line, as the service's exports have them.  The reader takes whatever Ion 1.0 text stands for the same: comments, long
 * strings, escapes, numbers of every form (int, decimal, float), nulls of every type, symbols (S), symbol tables.  Values that no attribute can
 * have (timestamp, clob, sexp, nan) are errors of the value; what is no Ion text is a SerializationException.
 *
 * Reading recurses no deeper than items may nest.
 */
#ifndef DYNAPG_ION_H
#define DYNAPG_ION_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "value/attr.h"

/* What stands before a value. */
#define ION_VERSION_MARKER "$ion_1_0"

/* Appends a map (as attr_lookup() takes it), or an item, as a struct. */
extern void ion_append_map(StringInfo out, const JsonbValue *map);
extern void ion_append_item(StringInfo out, Jsonb *item);

/* ---- the text of one value, whole in memory ---- */

/* The symbols of a stream of values; see ion_symbols_create(). */
typedef struct IonSymbols IonSymbols;

typedef struct IonReader
{
	const char *cursor;
	const char *end;
	bool		first;			/* in a container: nothing of it was read */
	IonSymbols *symbols;
} IonReader;

/*
 * A stream's symbols: none but the system's at first.  Symbol tables that are read add to them; they are kept in the current
 * memory context, and take a bounded amount of it.
 */
extern IonSymbols *ion_symbols_create(void);

/* Reads text of len bytes, which must be valid UTF-8 (else SerializationException). */
extern void ion_read_text(IonReader *reader, const char *text, int len, IonSymbols *symbols);

/*
 * Passes over version markers and symbol tables, and into the struct that follows, which must be the next value; false if none follows.
 */
extern bool ion_enter_struct(IonReader *reader);

/* Reads text that is one struct, with what may stand before it, as an item; what is anything else is a SerializationException. */
extern void ion_read_item(IonReader *reader, AttributeMap *map);

/* The next member of a struct that was entered: its name; false at the struct's end, which is passed. */
extern bool ion_next_member(IonReader *reader, const char **name, int *len);

/*
 * The member's value.  ion_skip() passes over it whatever it is; each of the others does if it is of their type, and else returns false and
 * leaves it where it is.  ion_read_struct() enters it.
 */
extern void ion_skip(IonReader *reader);
extern bool ion_read_string(IonReader *reader, const char **text, int *len);
extern bool ion_read_struct(IonReader *reader);
extern bool ion_read_map(IonReader *reader, AttributeMap *map);
extern bool ion_read_null(IonReader *reader);

/* An error if anything but blanks, comments and version markers follows. */
extern void ion_finish(IonReader *reader);

/* ---- where values end in a stream ---- */

/* A search for the end of a struct at the top level; zeroed at first. */
typedef struct IonScan
{
	int			start;			/* of the value, with what stands before it: offset in the bytes given */
	int			at;				/* what is before it has been looked at */
	int			depth;
	int			mode;			/* what at stands in */
	bool		in_blob;
	bool		has_prefix;		/* something other than blanks and comments stands before the struct */
} IonScan;

typedef enum IonScanResult
{
	ION_SCAN_FOUND,				/* from start to at */
	ION_SCAN_MORE,				/* more bytes are needed: those before start no longer */
	ION_SCAN_BAD				/* anything but a struct, at offset at */
} IonScanResult;

/*
 * Looks at len bytes, of which those before scan->at are as they were at the last call.  To go on behind a value, or after bytes before
 * scan->start were dropped, the caller moves the offsets.
 */
extern IonScanResult ion_scan(IonScan *scan, const char *bytes, int len);

/* Whether the end of a comment is what the scan is looking for. */
extern bool ion_scan_is_in_comment(const IonScan *scan);

#endif							/* DYNAPG_ION_H */
