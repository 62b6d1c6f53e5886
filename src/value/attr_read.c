/*
 * attr_read.c
 *		DynamoDB JSON to stored values: the one pass from the wire to the tree that becomes an item's jsonb.
 *
 * Strings are not copied: the tree points into the request's text.  Two kinds of mistakes are told apart.  A JSON
 * type that does not fit raises SerializationException at once, as the service's decoder does.  What a value may
 * not be is noted, the first only, and reading goes on: constraints and other checks of the request come before.
 *
 * Recursion is bounded: what is nested deeper than a value may be is skipped by a loop.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "base/error.h"
#include "base/limits.h"
#include "value/attr_build.h"
#include "value/base64.h"

typedef struct ReadState
{
	WireReader *reader;
	AttrError  *error;
	const char *name;			/* the top-level attribute that is being read */
	int			name_len;
	uint32		spelling;		/* of the numbers read so far; see AttributeMap */
} ReadState;

/* How an error travels; see AttrError. */
#define IN_ENVELOPE			0x01
#define BARE_IN_START_KEY	0x02
#define BARE_IN_VALUES		0x04
#define EMPTY_SET			0x08

static void read_attribute(ReadState *state, JsonbValue *value, int *size, int level);
static void read_map(ReadState *state, JsonbValue *object, int *size, int level);

/* Notes an error of a value unless there is one already. */
static void
note_error(ReadState *state, int flags, const char *message)
{
	AttrError  *error = state->error;

	if (error->message)
		return;
	error->message = message;
	error->enveloped = (flags & IN_ENVELOPE) != 0;
	error->bare_in_start_key = (flags & BARE_IN_START_KEY) != 0;
	error->bare_in_values = (flags & BARE_IN_VALUES) != 0;
	error->is_empty_set = (flags & EMPTY_SET) != 0;
	error->name = state->name;
	error->name_len = state->name_len;
}

/* What Java says of a number, a boolean or (for anything but strings) a string. */
static const char *
token_name(WireToken token)
{
	switch (token)
	{
		case WIRE_INTEGER:
			return "NUMBER_VALUE";
		case WIRE_DECIMAL:
			return "DECIMAL_VALUE";
		case WIRE_TRUE:
			return "TRUE_VALUE";
		case WIRE_FALSE:
			return "FALSE_VALUE";
		default:
			return "STRING_VALUE";
	}
}

/* The current token must be a string. */
static void
expect_string(WireReader *reader)
{
	switch (reader->token)
	{
		case WIRE_STRING:
			return;
		case WIRE_ARRAY_START:
			dyn_error(DYN_SERIALIZATION, "Unrecognized collection type class java.lang.String");
		case WIRE_OBJECT_START:
			dyn_error(DYN_SERIALIZATION, "Start of structure or map found where not expected");
		default:
			dyn_error(DYN_SERIALIZATION, "%s cannot be converted to String", token_name(reader->token));
	}
}

/* The current token must be a string in base64. */
static void
expect_binary(WireReader *reader)
{
	Base64Status status;

	switch (reader->token)
	{
		case WIRE_STRING:
			break;
		case WIRE_ARRAY_START:
			dyn_error(DYN_SERIALIZATION, "Unrecognized collection type class java.nio.ByteBuffer");
		case WIRE_OBJECT_START:
			dyn_error(DYN_SERIALIZATION, "Start of structure or map found where not expected");
		default:
			dyn_error(DYN_SERIALIZATION, "only base-64-encoded strings are convertible to bytes");
	}
	status = base64_decode(reader->text, reader->len, NULL);
	if (status != BASE64_OK)
		base64_raise(status, reader->len);
}

static bool
read_boolean(WireReader *reader)
{
	static const struct
	{
		const char *text;
		bool		value;
	}			words[] = {
		{"true", true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false}
	};

	switch (reader->token)
	{
		case WIRE_TRUE:
			return true;
		case WIRE_FALSE:
			return false;
		case WIRE_STRING:
			for (int i = 0; i < lengthof(words); i++)
				if (reader->len == strlen(words[i].text) && memcmp(reader->text, words[i].text, reader->len) == 0)
					return words[i].value;
			dyn_error(DYN_SERIALIZATION, "Unexpected token received from parser");
		case WIRE_ARRAY_START:
			dyn_error(DYN_SERIALIZATION, "Unrecognized collection type class java.lang.Boolean");
		case WIRE_OBJECT_START:
			dyn_error(DYN_SERIALIZATION, "Start of structure or map found where not expected");
		default:
			dyn_error(DYN_SERIALIZATION, "%s cannot be converted to Boolean", token_name(reader->token));
	}
}

/* The current token must be the start of an array. */
static void
expect_list(WireReader *reader)
{
	if (reader->token == WIRE_ARRAY_START)
		return;
	if (reader->token == WIRE_OBJECT_START)
		dyn_error(DYN_SERIALIZATION, "Start of structure or map found where not expected");
	dyn_error(DYN_SERIALIZATION, "Unexpected field type");
}

/* The current token must be the start of a map of attribute values. */
static void
expect_map(WireReader *reader)
{
	if (reader->token == WIRE_OBJECT_START)
		return;
	if (reader->token == WIRE_ARRAY_START)
		dyn_error(DYN_SERIALIZATION, "Unrecognized collection type java.util.Map<java.lang.String, "
				  "com.amazonaws.dynamodb.v20120810.AttributeValue>");
	dyn_error(DYN_SERIALIZATION, "Unexpected field type");
}

/* The current token must be the start of an attribute value inside a list or a map. */
static void
expect_attribute(WireReader *reader)
{
	if (reader->token == WIRE_OBJECT_START)
		return;
	if (reader->token == WIRE_ARRAY_START)
		dyn_error(DYN_SERIALIZATION, "Unrecognized collection type class "
				  "com.amazonaws.dynamodb.v20120810.AttributeValue");
	dyn_error(DYN_SERIALIZATION, "Unexpected value type in payload");
}

static void
set_string(JsonbValue *value, const char *text, int len)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = len;
}

static void
read_string(WireReader *reader, JsonbValue *value, int *size)
{
	expect_string(reader);
	*size = reader->len;
	attr_make_string(reader->text, reader->len, value);
}

/* Parses the current string token as a number; false if it is none, which is then noted. */
static bool
parse_number(ReadState *state, DynNumber *number)
{
	WireReader *reader = state->reader;
	NumberStatus status;

	expect_string(reader);
	status = number_parse(reader->text, reader->len, number);
	if (status == NUMBER_OK)
	{
		state->spelling += hash_bytes((const unsigned char *) reader->text, reader->len) * (state->name_len + 1);
		return true;
	}
	if (state->error->message == NULL)
	{
		StringInfoData text;

		initStringInfo(&text);
		attr_append_text(&text, reader->text, reader->len);
		note_error(state, BARE_IN_START_KEY, number_error_message(status, text.data, text.len));
	}
	return false;
}

static void
read_number(ReadState *state, JsonbValue *value, int *size)
{
	DynNumber	number;

	if (!parse_number(state, &number))
	{
		value->type = jbvNull;
		*size = 0;
		return;
	}
	value->type = jbvNumeric;
	value->val.numeric = number_to_numeric(&number);
	*size = number_size(&number);
}

static void
read_set(ReadState *state, AttrType type, JsonbValue *value, int *size)
{
	WireReader *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	AttrSetMember *members;
	JsonbValue	array;
	bool		broken = false;
	bool		escaped = false;
	const char *message;

	expect_list(reader);
	members = palloc(capacity * sizeof(AttrSetMember));
	*size = 0;
	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		AttrSetMember *member;

		if (reader->token == WIRE_NULL)
			continue;
		if (count == capacity)
		{
			capacity *= 2;
			members = repalloc(members, capacity * sizeof(AttrSetMember));
		}
		member = &members[count];
		switch (type)
		{
			case ATTR_NS:
				if (!parse_number(state, &member->number))
				{
					broken = true;
					continue;
				}
				*size += number_size(&member->number);
				break;
			case ATTR_BS:
				expect_binary(reader);
				set_string(&member->stored, reader->text, reader->len);
				member->bytes = attr_decode_binary(&member->stored, &member->len);
				*size += member->len;
				break;
			default:
				expect_string(reader);
				set_string(&member->stored, reader->text, reader->len);
				member->bytes = reader->text;
				member->len = reader->len;
				if (memchr(reader->text, '\0', reader->len) != NULL)
					escaped = true;
				*size += member->len;
				break;
		}
		count++;
	}

	value->type = jbvNull;
	if (broken)
		return;
	message = attr_set_error(type, members, count);
	if (message)
	{
		/* the empty NS and all duplicates stay bare in a start key */
		note_error(state, IN_ENVELOPE | (count == 0 ? EMPTY_SET : 0) |
				   (count > 0 || type == ATTR_NS ? BARE_IN_START_KEY : 0), message);
		return;
	}

	attr_sort_set(members, count, type);
	array.type = jbvArray;
	array.val.array.rawScalar = false;
	array.val.array.nElems = count;
	array.val.array.elems = palloc(count * sizeof(JsonbValue));
	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = &array.val.array.elems[i];

		if (type == ATTR_NS)
		{
			element->type = jbvNumeric;
			element->val.numeric = number_to_numeric(&members[i].number);
		}
		else if (escaped)
		{
			int			len;
			const char *text = attr_escape_string(members[i].bytes, members[i].len, &len);

			set_string(element, text, len);
		}
		else
			*element = members[i].stored;
	}
	pfree(members);
	attr_set_tagged(value, type == ATTR_NS ? "$NS" : type == ATTR_BS ? "$BS" : escaped ? "$SS0" : "$SS", &array);
}

static void
read_list(ReadState *state, JsonbValue *value, int *size, int level)
{
	WireReader *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	JsonbValue *elements;

	expect_list(reader);
	elements = palloc(capacity * sizeof(JsonbValue));
	*size = 3;
	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		int			element_size;

		if (count == capacity)
		{
			capacity *= 2;
			elements = repalloc(elements, capacity * sizeof(JsonbValue));
		}
		read_attribute(state, &elements[count++], &element_size, level + 1);
		*size += 1 + element_size;
	}
	value->type = jbvArray;
	value->val.array.rawScalar = false;
	value->val.array.nElems = count;
	value->val.array.elems = elements;
}

/* The type that a member of an AttributeValue names; false if it is unknown. */
static bool
type_of_member(const char *name, int len, AttrType *type)
{
	if (len == 1)
	{
		switch (name[0])
		{
			case 'S':
				*type = ATTR_S;
				return true;
			case 'N':
				*type = ATTR_N;
				return true;
			case 'B':
				*type = ATTR_B;
				return true;
			case 'L':
				*type = ATTR_L;
				return true;
			case 'M':
				*type = ATTR_M;
				return true;
		}
		return false;
	}
	if (len == 2 && name[1] == 'S')
	{
		switch (name[0])
		{
			case 'S':
				*type = ATTR_SS;
				return true;
			case 'N':
				*type = ATTR_NS;
				return true;
			case 'B':
				*type = ATTR_BS;
				return true;
		}
		return false;
	}
	if (len == 4 && memcmp(name, "BOOL", 4) == 0)
	{
		*type = ATTR_BOOL;
		return true;
	}
	if (len == 4 && memcmp(name, "NULL", 4) == 0)
	{
		*type = ATTR_NULL;
		return true;
	}
	return false;
}

/* Reads {"S": ...}, whose first token is the current one. */
static void
read_attribute(ReadState *state, JsonbValue *value, int *size, int level)
{
	WireReader *reader = state->reader;
	uint32		types = 0;		/* those seen, a bit each */

	/* what is noted as an error is left as NULL */
	value->type = jbvNull;
	*size = 1;

	if (level > ATTR_MAX_DEPTH)
	{
		note_error(state, BARE_IN_VALUES, "Nesting Levels have exceeded supported limits: "
				   "Attributes in the item have nested levels beyond supported limit");
		wire_skip(reader);
		return;
	}

	/* a null in a list is a value without a type */
	if (reader->token != WIRE_NULL)
	{
		expect_attribute(reader);
		while (wire_next(reader) != WIRE_OBJECT_END)
		{
			AttrType	type;
			bool		known = type_of_member(reader->text, reader->len, &type);

			wire_next(reader);
			if (!known)
			{
				wire_skip(reader);
				continue;
			}
			if (reader->token == WIRE_NULL)
				continue;
			types |= 1 << type;
			switch (type)
			{
				case ATTR_S:
					read_string(reader, value, size);
					break;
				case ATTR_N:
					read_number(state, value, size);
					break;
				case ATTR_B:
					expect_binary(reader);
					attr_make_binary(reader->text, reader->len, value);
					*size = base64_decoded_size(reader->text, reader->len);
					break;
				case ATTR_BOOL:
					value->type = jbvBool;
					value->val.boolean = read_boolean(reader);
					*size = 1;
					break;
				case ATTR_NULL:
					value->type = jbvNull;
					*size = 1;
					if (!read_boolean(reader))
						note_error(state, IN_ENVELOPE, "One or more parameter values were invalid: "
								   "Null attribute value types must have the value of true");
					break;
				case ATTR_L:
					read_list(state, value, size, level);
					break;
				case ATTR_M:
					expect_map(reader);
					read_map(state, value, size, level + 1);
					attr_wrap_map(value);
					break;
				case ATTR_SS:
				case ATTR_NS:
				case ATTR_BS:
					read_set(state, type, value, size);
					break;
			}
		}
	}

	if (types == 0)
		note_error(state, 0, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
	else if ((types & (types - 1)) != 0)
		note_error(state, 0, "Supplied AttributeValue has more than one datatypes set, "
				   "must contain exactly one of the supported datatypes");
}

/*
 * Reads a map whose values are at the given level; level 1 is an item.  The size of an item counts its names and
 * values, that of a map within one 3 bytes more, and 1 for each member.
 */
static void
read_map(ReadState *state, JsonbValue *object, int *size, int level)
{
	WireReader *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	int			member_cost = level == 1 ? 0 : 1;
	JsonbPair  *pairs = palloc(capacity * sizeof(JsonbPair));

	*size = level == 1 ? 0 : 3;
	while (wire_next(reader) != WIRE_OBJECT_END)
	{
		const char *name = reader->text;
		int			name_len = reader->len;
		const char *stored;
		int			stored_len;
		int			value_size;

		wire_next(reader);
		if (reader->token == WIRE_NULL)
			continue;
		if (level == 1)
		{
			state->name = name;
			state->name_len = name_len;
		}

		/* the service's decoder takes this name for its own; no report of it at the top level is known */
		else if (name_len == 6 && memcmp(name, "__type", 6) == 0)
			dyn_error(DYN_SERIALIZATION, "No assembly name on stack!");

		if (name_len == 0)
			note_error(state, 0, ATTR_EMPTY_NAME);
		else if (name_len > ATTR_NAME_MAX_SIZE)
			note_error(state, IN_ENVELOPE, "Attribute name is too large, must be less than 65536 bytes");

		if (count == capacity)
		{
			capacity *= 2;
			pairs = repalloc(pairs, capacity * sizeof(JsonbPair));
		}
		stored = attr_name_to_stored(name, name_len, &stored_len);
		set_string(&pairs[count].key, stored, stored_len);
		pairs[count].order = count;
		read_attribute(state, &pairs[count].value, &value_size, level);
		*size += name_len + member_cost + value_size;
		count++;
	}

	object->type = jbvObject;
	object->val.object.nPairs = count;
	object->val.object.pairs = pairs;
	if (attr_sort_members(object))
		*size = attr_map_size(object) + (level == 1 ? 0 : 3 + object->val.object.nPairs);
}

void
attr_read_map(WireReader *reader, AttributeMap *map)
{
	ReadState	state;

	memset(map, 0, sizeof(*map));
	state.reader = reader;
	state.error = &map->error;
	state.name = NULL;
	state.name_len = 0;
	state.spelling = 0;
	expect_map(reader);
	read_map(&state, &map->object, &map->size, 1);
	map->spelling = state.spelling;
}

void
attr_read_value(WireReader *reader, JsonbValue *value, int *size, AttrError *error)
{
	ReadState	state;

	memset(error, 0, sizeof(*error));
	state.reader = reader;
	state.error = error;
	state.name = NULL;
	state.name_len = 0;
	state.spelling = 0;
	read_attribute(&state, value, size, 1);
}
