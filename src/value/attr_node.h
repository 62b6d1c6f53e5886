/*
 * attr_node.h
 *		Looking inside a stored value: its type with the tag taken off, and its members.
 *
 * For the rooms that walk values themselves (document paths, list and set functions).  A walk takes a container
 * both as a built tree and as jsonb's bytes, and allocates nothing: it reads the entries in place, where
 * JsonbIterator allocates a node for each container and finds out the same things again at each step.
 */
#ifndef DYNAPG_ATTR_NODE_H
#define DYNAPG_ATTR_NODE_H

#include "utils/jsonb.h"

#include "value/attr.h"
#include "value/number.h"

/* A value with its tag taken off. */
typedef struct AttrNode
{
	AttrType	type;
	bool		escaped;		/* S and SS: the strings are in escaped form */
	bool		wrapped;		/* M: it was in $M */
	JsonbValue	payload;		/* S, B: jbvString (of B, base64); N: jbvNumeric; BOOL: jbvBool; NULL: jbvNull; L and
								 * sets: the array; M: the object, which is not a tag whatever its names */
} AttrNode;

/* Opens a value.  Raises ValidationException if it has a malformed or unknown tag, which no checked item has. */
extern void attr_open(const JsonbValue *value, AttrNode *node);

/* The same, but returns what is wrong with the tag, or NULL. */
extern const char *attr_try_open(const JsonbValue *value, AttrNode *node);

/* Raises ValidationException for a value that is not in stored form. */
extern _Noreturn void attr_malformed(const char *detail);

/* The string of a node's payload or of a member of its set: as it is if it is not escaped, else palloc'd. */
extern const char *attr_unescape(const JsonbValue *string, bool escaped, int *len);

/* The bytes of a base64 string, palloc'd; raises ValidationException if it is none. */
extern const char *attr_decode_binary(const JsonbValue *text, int *len);

/* Escapes a string for $S and $SS0; palloc'd. */
extern const char *attr_escape_string(const char *text, int len, int *escaped_len);

/* Undoes the escaping into out (len bytes are enough; NULL to measure only); -1 if the text is not escaped text. */
extern int	attr_unescape_text(const char *text, int len, char *out);

/* The number of a jbvNumeric; raises ValidationException where the service has no such number. */
extern void attr_number(const JsonbValue *numeric, DynNumber *number);

/* The bytes it counts in an item; raises the same. */
extern int	attr_numeric_size(const JsonbValue *numeric);

/*
 * The members of a set in order, whatever order they are stored in; duplicates stay.  Of SS and BS the bytes
 * (unescaped, decoded), of NS the numbers.
 */
typedef struct AttrSetMember
{
	const char *bytes;
	int			len;
	DynNumber	number;
	JsonbValue	stored;
} AttrSetMember;

extern AttrSetMember *attr_set_members(const AttrNode *set, int *count);
extern void attr_sort_set(AttrSetMember *members, int count, AttrType type);
extern bool attr_set_has_duplicates(const AttrSetMember *members, int count, AttrType type);	/* sorted */

/*
 * What is wrong with a set, its members in the order they were given: empty or with duplicates; NULL if nothing.
 * May be palloc'd.
 */
extern const char *attr_set_error(AttrType type, const AttrSetMember *members, int count);

/* Appends text to a message, without the NULs that text may hold and a message cannot. */
extern void attr_append_text(StringInfo message, const char *text, int len);

/*
 * Sorts the members of a built object as jsonb wants them; of members with one name the one with the highest
 * order stays.  Returns true if any was dropped.
 */
extern bool attr_sort_members(JsonbValue *object);

/* A tagged value: an object with the one member tag.  The member is palloc'd. */
extern void attr_set_tagged(JsonbValue *value, const char *tag, const JsonbValue *payload);

/* Wraps a map's object in $M if it could be taken for a tag; to be called on every M that is built or changed. */
extern void attr_wrap_map(JsonbValue *object);

/* Whether an object, built or not, could be taken for a tag. */
extern bool attr_needs_wrapping(const JsonbValue *object);

/*
 * A stored map (an object's bytes) as DynamoDB JSON, palloc'd; NULL if it has what must be unescaped, is malformed, or is too
 * long as jsonb.  In attr_wire.c.
 */
extern Jsonb *attr_wire_jsonb(const JsonbContainer *map);

/* A walk over an array or object. */
typedef struct AttrWalk
{
	int			count;			/* elements, or members */
	int			next;			/* the one that comes next */
	const JsonbValue *elements; /* built array */
	const JsonbPair *pairs;		/* built object */
	const JsonbContainer *container;	/* bytes */
	const char *base;			/* bytes: where the data of the entries start */
	uint32		name_offset;	/* bytes: from base to the next name or element */
	uint32		value_offset;	/* bytes: from base to the next member's value */
} AttrWalk;

static inline bool
attr_is_object(const JsonbValue *value)
{
	return value->type == jbvObject ||
		(value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data));
}

static inline bool
attr_is_array(const JsonbValue *value)
{
	return value->type == jbvArray ||
		(value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data));
}

/* Starts a walk; the value must be an array or object. */
static inline void
attr_walk_start(AttrWalk *walk, const JsonbValue *value)
{
	memset(walk, 0, sizeof(*walk));
	if (value->type == jbvArray)
	{
		walk->count = value->val.array.nElems;
		walk->elements = value->val.array.elems;
	}
	else if (value->type == jbvObject)
	{
		walk->count = value->val.object.nPairs;
		walk->pairs = value->val.object.pairs;
	}
	else
	{
		const JsonbContainer *container = value->val.binary.data;

		Assert(value->type == jbvBinary);
		walk->container = container;
		walk->count = JsonContainerSize(container);
		if (JsonContainerIsObject(container))
		{
			walk->base = (const char *) &container->children[walk->count * 2];
			walk->value_offset = walk->count > 0 ? getJsonbOffset(container, walk->count) : 0;
		}
		else
			walk->base = (const char *) &container->children[walk->count];
	}
}

/* Makes a value of a jsonb entry, and moves *offset behind it. */
static inline void
attr_entry_value(const char *base, JEntry entry, uint32 *offset, JsonbValue *value)
{
	uint32		start = *offset;

	JBE_ADVANCE_OFFSET(*offset, entry);
	switch (entry & JENTRY_TYPEMASK)
	{
		case JENTRY_ISSTRING:
			value->type = jbvString;
			value->val.string.val = unconstify(char *, base) + start;
			value->val.string.len = *offset - start;
			break;
		case JENTRY_ISNUMERIC:
			value->type = jbvNumeric;
			value->val.numeric = (Numeric) (base + INTALIGN(start));
			break;
		case JENTRY_ISBOOL_FALSE:
		case JENTRY_ISBOOL_TRUE:
			value->type = jbvBool;
			value->val.boolean = JBE_ISBOOL_TRUE(entry);
			break;
		case JENTRY_ISNULL:
			value->type = jbvNull;
			break;
		default:
			value->type = jbvBinary;
			value->val.binary.data = (JsonbContainer *) (base + INTALIGN(start));
			value->val.binary.len = *offset - INTALIGN(start);
			break;
	}
}

/* The next element of an array; false at its end. */
static inline bool
attr_walk_element(AttrWalk *walk, JsonbValue *element)
{
	if (walk->next == walk->count)
		return false;
	if (walk->elements)
		*element = walk->elements[walk->next];
	else
		attr_entry_value(walk->base, walk->container->children[walk->next], &walk->name_offset, element);
	walk->next++;
	return true;
}

/* The next member of an object, its name in stored form; false at its end. */
static inline bool
attr_walk_member(AttrWalk *walk, JsonbValue *name, JsonbValue *value)
{
	if (walk->next == walk->count)
		return false;
	if (walk->pairs)
	{
		*name = walk->pairs[walk->next].key;
		*value = walk->pairs[walk->next].value;
	}
	else
	{
		uint32		start = walk->name_offset;

		JBE_ADVANCE_OFFSET(walk->name_offset, walk->container->children[walk->next]);
		name->type = jbvString;
		name->val.string.val = unconstify(char *, walk->base) + start;
		name->val.string.len = walk->name_offset - start;
		attr_entry_value(walk->base, walk->container->children[walk->count + walk->next], &walk->value_offset, value);
	}
	walk->next++;
	return true;
}

#endif							/* DYNAPG_ATTR_NODE_H */
