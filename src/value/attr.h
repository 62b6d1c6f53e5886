/*
 * attr.h
 *		Attribute values: DynamoDB JSON to and from the jsonb that an item is stored as.
 *
 * An item is the plain jsonb that a SQL user would have written.  What jsonb lacks is tagged (docs/format.md):
 *
 *	S		string					  {"$S": escaped} if it holds U+0000
 *	N		number in normal form
 *	BOOL	true, false
 *	NULL	null
 *	L		array
 *	M		object					  {"$M": object} if it has one member whose name begins with $
 *	B		{"$B": base64}
 *	SS		{"$SS": [string, ...]}	  members escaped if the set is tagged {"$SS0": ...}: one of them holds U+0000
 *	NS		{"$NS": [number, ...]}
 *	BS		{"$BS": [base64, ...]}
 *
 * An object with exactly one member whose name begins with $ is a tagged value, anything else a map.  The item
 * itself is never a tagged value.  Members of sets are stored in order (bytes, or numeric) by our own writers;
 * readers take any order.  A name that holds U+0000 or begins with $$ is stored as $$ and its escaped form.
 * Escaping: $ becomes $$, U+0000 becomes $0.
 *
 * In memory an attribute value is a JsonbValue: either freshly built or pointing into a stored item
 * (jbvBinary for containers).  Every function here takes both.
 */
#ifndef DYNAPG_ATTR_H
#define DYNAPG_ATTR_H

#include "utils/jsonb.h"

#include "value/wire.h"

typedef enum AttrType
{
	ATTR_S, ATTR_N, ATTR_B, ATTR_BOOL, ATTR_NULL, ATTR_L, ATTR_M, ATTR_SS, ATTR_NS, ATTR_BS
} AttrType;

/* What is said of an attribute or a member without a name. */
#define ATTR_EMPTY_NAME "Empty attribute name"

/* "S", "N", "B", "BOOL", ... */
extern const char *attr_type_name(AttrType type);

/*
 * An error in a value (stage 6): found while parsing (stage 4), kept, and raised by the operation when its
 * turn comes, since SerializationExceptions and constraints go first.
 */
typedef struct AttrError
{
	const char *message;		/* NULL: none */
	bool		enveloped;		/* PutItem and UpdateItem say "1 validation error detected: " before it */
	bool		bare_in_start_key;	/* ExclusiveStartKey does not put its prefix before it */
	bool		bare_in_values; /* neither does ExpressionAttributeValues */
	bool		is_empty_set;	/* nor that of UpdateItem, then */
	const char *name;			/* the top-level attribute (or placeholder) it was found in; may hold NULs */
	int			name_len;
} AttrError;

/* A map of attribute values as the requests carry them: an item, a key, expression values. */
typedef struct AttributeMap
{
	JsonbValue	object;			/* jbvObject: names in stored form, sorted, unique */
	int			size;			/* bytes as an item: names and values; not meaningful if error.message is set */
	uint32		spelling;		/* a hash of how its numbers were written: 1 and 1.0 are equal but not alike */
	AttrError	error;			/* the first error, in the order of the text */
} AttributeMap;

/*
 * Reads a map of AttributeValues; the current token is its WIRE_OBJECT_START, and its WIRE_OBJECT_END becomes
 * the current one.  Raises SerializationException for wrong JSON types and bad base64; errors of values go to
 * map->error.  Of two members with one name the last counts.  A member whose value is null is absent.
 */
extern void attr_read_map(WireReader *reader, AttributeMap *map);

/*
 * Reads one AttributeValue of a list or map in the same way; *size gets its bytes without any name.  Where it is a
 * member of a structure the service has other words for a wrong JSON type: the caller looks at the token first.
 */
extern void attr_read_value(WireReader *reader, JsonbValue *value, int *size, AttrError *error);

/* Writes an item, or any map (as attr_lookup() takes it), as {"name": {"S": ...}, ...}. */
extern void attr_write_map(WireWriter *writer, const JsonbValue *map);
extern void attr_write_item(WireWriter *writer, Jsonb *item);

/* The same as a jsonb, palloc'd. */
extern Jsonb *attr_map_to_wire(const JsonbValue *map);

/* Writes one value as {"S": ...}. */
extern void attr_write_value(WireWriter *writer, const JsonbValue *value);

/* The type of a value in stored form. */
extern AttrType attr_type(const JsonbValue *value);

/* The bytes of a B (decoded from its tag) or of an S (unescaped if tagged); palloc'd where they had to be made. */
extern const char *attr_bytes(const JsonbValue *value, AttrType type, int *len);

/*
 * Looks up an attribute of an item or map by its stored name; false if it has none.  The object is taken as it is,
 * since an item is never a tagged value: of an M, give the payload that attr_open() (attr_node.h) finds.
 */
extern bool attr_lookup(const JsonbValue *map, const char *name, int len, JsonbValue *value);

/* The whole item as a value (jbvBinary). */
extern void attr_from_item(Jsonb *item, JsonbValue *value);

/* A name as stored, and back; both return the name itself where nothing needs escaping, else palloc'd. */
extern const char *attr_name_to_stored(const char *name, int len, int *stored_len);
extern const char *attr_name_from_stored(const char *name, int len, int *real_len);

/* Bytes that a value counts in an item, without its name. */
extern int	attr_size(const JsonbValue *value);

/* Bytes of an item or map (as attr_lookup() takes it) as an item: names and values. */
extern int	attr_map_size(const JsonbValue *map);

/*
 * Checks an item that plain SQL wrote, and returns its size.  Raises ValidationException with the service's
 * message (and a DETAIL that names the attribute) for what no item can hold: not an object, empty or duplicate
 * sets, numbers out of range or over 38 digits, depth over 32, names over 65,535 bytes, a tag that is malformed or
 * unknown.  Does not check the size.
 */
extern int	attr_check_item(Jsonb *item);

/* The same for the value of an attribute, whose name is that of the DETAIL. */
extern void attr_check_value(const char *name, const JsonbValue *value);

/* Equality as the service has it: same type, numbers by value, sets in any order, maps and lists deeply. */
extern bool attr_equal(const JsonbValue *a, const JsonbValue *b);

/* The same of two whole items; quick if their bytes are the same. */
extern bool attr_items_equal(Jsonb *a, Jsonb *b);

/*
 * Order of two values of one ordered type (S and B by bytes, N numeric); false if there is none (types differ or
 * are unordered).
 */
extern bool attr_compare(const JsonbValue *a, const JsonbValue *b, int *order);

#endif							/* DYNAPG_ATTR_H */
