/*
 * request.c
 *		Reads requests by the model, and writes their values out again.
 *
 * Stage 4 of the service lives here: JSON of the wrong type is a SerializationException, raised where it stands.
 * What the values must be like is request_check.c's.  Depth is bounded by the model: attribute values, the only
 * thing that nests without end, are read by value/.
 */
#include "postgres.h"

#include <math.h>

#include "base/bytes.h"
#include "base/error.h"
#include "op/request.h"
#include "op/request_check.h"
#include "value/base64.h"

static void read_value(WireReader *reader, const Shape *shape, bool in_collection, RequestValue *value);

/* Whether a name of the model is this text, which may hold NULs. */
static inline bool
name_is(const char *name, const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (name[i] != text[i] || name[i] == '\0')
			return false;
	return name[len] == '\0';
}

/* What Java calls the class of a shape. */
static char *
class_name(const Shape *shape)
{
	switch (shape->kind)
	{
		case SHAPE_STRING:
			return "java.lang.String";
		case SHAPE_BOOLEAN:
			return "java.lang.Boolean";
		case SHAPE_INTEGER:
			return "java.lang.Integer";
		case SHAPE_LONG:
			return "java.lang.Long";
		case SHAPE_DOUBLE:
			return "java.lang.Double";
		case SHAPE_TIMESTAMP:
			return "java.util.Date";
		case SHAPE_BLOB:
			return "java.nio.ByteBuffer";
		case SHAPE_LIST:
			return psprintf("java.util.List<%s>", class_name(shape->element));
		case SHAPE_MAP:
			return psprintf("java.util.Map<java.lang.String, %s>", class_name(shape->element));
		case SHAPE_ATTRIBUTE_MAP:
			return "java.util.Map<java.lang.String, " SERVICE_PACKAGE "AttributeValue>";
		case SHAPE_STRUCTURE:
		case SHAPE_ATTRIBUTE_VALUE:
			return psprintf(SERVICE_PACKAGE "%s", shape->name);
	}
	pg_unreachable();
}

/* Raises the error for a value whose JSON type is not the shape's; the current token is its first. */
static _Noreturn void reject_type(const WireReader *reader, const Shape *shape, bool in_collection);

static void
reject_type(const WireReader *reader, const Shape *shape, bool in_collection)
{
	const char *token;

	if (reader->token == WIRE_OBJECT_START)
		dyn_error(DYN_SERIALIZATION, "Start of structure or map found where not expected");
	if (reader->token == WIRE_ARRAY_START)
	{
		bool		is_interface = shape->kind == SHAPE_MAP || shape->kind == SHAPE_ATTRIBUTE_MAP;

		dyn_error(DYN_SERIALIZATION, "Unrecognized collection type %s%s",
				  is_interface ? "" : "class ", class_name(shape));
	}

	switch (shape->kind)
	{
		case SHAPE_STRUCTURE:
		case SHAPE_ATTRIBUTE_VALUE:
			if (in_collection)
				dyn_error(DYN_SERIALIZATION, "Unexpected value type in payload");
			dyn_error(DYN_SERIALIZATION, "Unexpected field type");
		case SHAPE_LIST:
		case SHAPE_MAP:
		case SHAPE_ATTRIBUTE_MAP:
			dyn_error(DYN_SERIALIZATION, "Unexpected field type");
		case SHAPE_BLOB:
			dyn_error(DYN_SERIALIZATION, "only base-64-encoded strings are convertible to bytes");
		default:
			break;
	}

	switch (reader->token)
	{
		case WIRE_STRING:
			token = "STRING_VALUE";
			break;
		case WIRE_INTEGER:
			token = "NUMBER_VALUE";
			break;
		case WIRE_DECIMAL:
			token = "DECIMAL_VALUE";
			break;
		case WIRE_TRUE:
			token = "TRUE_VALUE";
			break;
		default:
			token = "FALSE_VALUE";
			break;
	}
	dyn_error(DYN_SERIALIZATION, "%s cannot be converted to %s", token, strrchr(class_name(shape), '.') + 1);
}

/* Booleans are true and false, and six words. */
static bool
read_boolean(const WireReader *reader, const Shape *shape)
{
	static const struct
	{
		const char *word;
		bool		value;
	}			words[] = {
		{"true", true}, {"false", false}, {"1", true}, {"0", false}, {"yes", true}, {"no", false}
	};

	if (reader->token == WIRE_TRUE || reader->token == WIRE_FALSE)
		return reader->token == WIRE_TRUE;
	if (reader->token != WIRE_STRING)
		reject_type(reader, shape, false);
	for (int i = 0; i < lengthof(words); i++)
		if (strlen(words[i].word) == reader->len &&
			pg_strncasecmp(words[i].word, reader->text, reader->len) == 0)
			return words[i].value;
	dyn_error(DYN_SERIALIZATION, "Unexpected token received from parser");
}

static double
read_double(const WireReader *reader, const Shape *shape)
{
	char	   *text;
	double		real;

	if (reader->token != WIRE_INTEGER && reader->token != WIRE_DECIMAL)
		reject_type(reader, shape, false);
	text = pnstrdup(reader->text, reader->len);
	real = strtod(text, NULL);
	pfree(text);
	return real;
}

/* Integers; fractions are cut off. */
static int64
read_integer(const WireReader *reader, const Shape *shape)
{
	int64		max = shape->kind == SHAPE_INTEGER ? PG_INT32_MAX : PG_INT64_MAX;
	bool		negative;
	uint64		magnitude = 0;
	int			i;

	if (reader->token == WIRE_DECIMAL)
	{
		double		real = trunc(read_double(reader, shape));

		/* PG_INT64_MAX as a double is one more */
		if (real < -(double) max - 1.0 || (max == PG_INT32_MAX ? real > max : real >= (double) max))
			reject_type(reader, shape, false);
		return (int64) real;
	}
	if (reader->token != WIRE_INTEGER)
		reject_type(reader, shape, false);

	negative = reader->text[0] == '-';
	for (i = negative ? 1 : 0; i < reader->len; i++)
	{
		magnitude = magnitude * 10 + (reader->text[i] - '0');
		if (magnitude > (uint64) max + (negative ? 1 : 0))
			reject_type(reader, shape, false);
	}
	return negative ? (int64) (0 - magnitude) : (int64) magnitude;
}

/* Copies a string: tokens are not terminated, and may not outlive the next one. */
static void
read_string(const WireReader *reader, const Shape *shape, RequestValue *value)
{
	char	   *copy;

	if (reader->token != WIRE_STRING)
		reject_type(reader, shape, false);
	copy = palloc(reader->len + 1);
	memcpy(copy, reader->text, reader->len);
	copy[reader->len] = '\0';
	value->as.string.text = copy;
	value->as.string.len = reader->len;
}

static void
read_blob(const WireReader *reader, const Shape *shape, RequestValue *value)
{
	Base64Status status = BASE64_BAD_LENGTH;
	char	   *bytes = NULL;
	int			size = 0;

	if (reader->token != WIRE_STRING)
		reject_type(reader, shape, false);
	if (reader->len % 4 == 0)
	{
		size = base64_decoded_size(reader->text, reader->len);
		bytes = palloc(size + 1);
		status = base64_decode(reader->text, reader->len, bytes);
	}
	if (status != BASE64_OK)
		base64_raise(status, reader->len);
	bytes[size] = '\0';
	value->as.string.text = bytes;
	value->as.string.len = size;
}

static void
read_structure(WireReader *reader, const Shape *shape, bool in_collection, RequestValue *value)
{
	RequestValue *members;

	if (reader->token != WIRE_OBJECT_START)
		reject_type(reader, shape, in_collection);

	members = palloc0(sizeof(RequestValue) * Max(shape->n_members, 1));
	for (int i = 0; i < shape->n_members; i++)
		members[i].shape = shape->members[i].shape;
	value->as.members = members;

	while (wire_next(reader) == WIRE_KEY)
	{
		int			member;

		for (member = 0; member < shape->n_members; member++)
			if (name_is(shape->members[member].name, reader->text, reader->len))
				break;
		wire_next(reader);
		if (member == shape->n_members)
			wire_skip(reader);
		else if (reader->token == WIRE_NULL)
			members[member].present = false;
		else
			read_value(reader, shape->members[member].shape, false, &members[member]);
	}
}

/* A list; null elements are absent. */
static void
read_list(WireReader *reader, const Shape *shape, bool in_collection, RequestValue *value)
{
	int			size = 4;
	int			count = 0;
	RequestValue *items;

	if (reader->token != WIRE_ARRAY_START)
		reject_type(reader, shape, in_collection);

	items = palloc(size * sizeof(RequestValue));
	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		if (reader->token == WIRE_NULL)
			continue;
		if (count == size)
		{
			size *= 2;
			items = repalloc_huge(items, size * sizeof(RequestValue));
		}
		memset(&items[count], 0, sizeof(RequestValue));
		read_value(reader, shape->element, true, &items[count++]);
	}
	value->as.list.items = items;
	value->as.list.count = count;
}

static int
compare_entries(const void *a, const void *b)
{
	const RequestEntry *x = *(RequestEntry *const *) a;
	const RequestEntry *y = *(RequestEntry *const *) b;
	int			order = bytes_compare(x->name, x->name_len, y->name, y->name_len);

	if (order == 0)
		order = x < y ? -1 : 1;
	return order;
}

/* Of entries with one name keeps the last; the others keep their order. */
static int
drop_duplicate_entries(RequestEntry *entries, int count)
{
	RequestEntry **sorted;
	int			kept = 0;

	if (count < 2)
		return count;
	sorted = palloc_extended(count * sizeof(RequestEntry *), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		sorted[i] = &entries[i];
	qsort(sorted, count, sizeof(RequestEntry *), compare_entries);
	for (int i = 1; i < count; i++)
		if (sorted[i]->name_len == sorted[i - 1]->name_len &&
			memcmp(sorted[i]->name, sorted[i - 1]->name, sorted[i]->name_len) == 0)
			sorted[i - 1]->value.present = false;
	pfree(sorted);

	for (int i = 0; i < count; i++)
		if (entries[i].value.present)
			entries[kept++] = entries[i];
	return kept;
}

/* A map; entries whose value is null are absent. */
static void
read_map(WireReader *reader, const Shape *shape, bool in_collection, RequestValue *value)
{
	int			size = 4;
	int			count = 0;
	RequestEntry *entries;

	if (reader->token != WIRE_OBJECT_START)
		reject_type(reader, shape, in_collection);

	entries = palloc(size * sizeof(RequestEntry));
	while (wire_next(reader) == WIRE_KEY)
	{
		RequestEntry *entry;
		char	   *name;

		if (count == size)
		{
			size *= 2;
			entries = repalloc_huge(entries, size * sizeof(RequestEntry));
		}
		entry = &entries[count++];
		memset(entry, 0, sizeof(RequestEntry));
		name = palloc(reader->len + 1);
		memcpy(name, reader->text, reader->len);
		name[reader->len] = '\0';
		entry->name = name;
		entry->name_len = reader->len;
		if (wire_next(reader) != WIRE_NULL)
			read_value(reader, shape->element, true, &entry->value);
	}

	/* a null may take back what stood before it, so it is dropped after the duplicates */
	count = drop_duplicate_entries(entries, count);
	if (count == 1 && !entries[0].value.present)
		count = 0;
	value->as.map.entries = entries;
	value->as.map.count = count;
}

/* Reads one value; the current token is its first, not null, and its last becomes the current one. */
static void
read_value(WireReader *reader, const Shape *shape, bool in_collection, RequestValue *value)
{
	value->shape = shape;
	value->present = true;
	switch (shape->kind)
	{
		case SHAPE_STRUCTURE:
			read_structure(reader, shape, in_collection, value);
			break;
		case SHAPE_LIST:
			read_list(reader, shape, in_collection, value);
			break;
		case SHAPE_MAP:
			read_map(reader, shape, in_collection, value);
			break;
		case SHAPE_STRING:
			read_string(reader, shape, value);
			break;
		case SHAPE_BLOB:
			read_blob(reader, shape, value);
			break;
		case SHAPE_INTEGER:
		case SHAPE_LONG:
			value->as.integer = read_integer(reader, shape);
			break;
		case SHAPE_DOUBLE:
		case SHAPE_TIMESTAMP:
			value->as.real = read_double(reader, shape);
			break;
		case SHAPE_BOOLEAN:
			value->as.boolean = read_boolean(reader, shape);
			break;
		case SHAPE_ATTRIBUTE_VALUE:
			if (reader->token != WIRE_OBJECT_START)
				reject_type(reader, shape, in_collection);
			memset(&value->as.attribute, 0, sizeof(value->as.attribute));
			value->as.attribute.value = palloc0(sizeof(JsonbValue));
			attr_read_value(reader, value->as.attribute.value, &value->as.attribute.size,
							&value->as.attribute.error);
			break;
		case SHAPE_ATTRIBUTE_MAP:
			if (reader->token != WIRE_OBJECT_START)
				reject_type(reader, shape, in_collection);
			value->as.attributes = palloc0(sizeof(AttributeMap));
			attr_read_map(reader, value->as.attributes);
			break;
	}
}

RequestValue *
request_read(WireReader *reader, int operation)
{
	RequestValue *request = palloc0(sizeof(RequestValue));

	wire_next(reader);
	if (reader->token != WIRE_OBJECT_START && reader->token != WIRE_ARRAY_START)
		dyn_error(DYN_SERIALIZATION, "%s", "");
	read_value(reader, model_operations[operation].input, false, request);
	wire_next(reader);			/* nothing may follow */
	request_check(request, operation);
	return request;
}

int
model_operation(const char *name, int len)
{
	int			low = 0;
	int			high = model_operation_count - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		const char *found = model_operations[middle].name;
		int			order = bytes_compare(name, len, found, strlen(found));

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}

bool
request_text_is(const RequestValue *structure, int member, const char *text)
{
	const RequestValue *value = request_member(structure, member);

	return value->present && name_is(text, value->as.string.text, value->as.string.len);
}

void
request_write(WireWriter *writer, const RequestValue *value)
{
	const Shape *shape = value->shape;

	if (!value->present)
	{
		wire_null(writer);
		return;
	}
	switch (shape->kind)
	{
		case SHAPE_STRUCTURE:
			wire_object_start(writer);
			for (int i = 0; i < shape->n_members; i++)
			{
				if (!value->as.members[i].present)
					continue;
				wire_member(writer, shape->members[i].name);
				request_write(writer, &value->as.members[i]);
			}
			wire_object_end(writer);
			break;
		case SHAPE_LIST:
			wire_array_start(writer);
			for (int i = 0; i < value->as.list.count; i++)
				request_write(writer, &value->as.list.items[i]);
			wire_array_end(writer);
			break;
		case SHAPE_MAP:
			wire_object_start(writer);
			for (int i = 0; i < value->as.map.count; i++)
			{
				wire_key(writer, value->as.map.entries[i].name, value->as.map.entries[i].name_len);
				request_write(writer, &value->as.map.entries[i].value);
			}
			wire_object_end(writer);
			break;
		case SHAPE_STRING:
			wire_string(writer, value->as.string.text, value->as.string.len);
			break;
		case SHAPE_BLOB:
			{
				StringInfoData text;

				initStringInfo(&text);
				base64_append(&text, value->as.string.text, value->as.string.len);
				wire_string(writer, text.data, text.len);
				break;
			}
		case SHAPE_INTEGER:
		case SHAPE_LONG:
			wire_integer(writer, value->as.integer);
			break;
		case SHAPE_DOUBLE:
		case SHAPE_TIMESTAMP:
			wire_double(writer, value->as.real);
			break;
		case SHAPE_BOOLEAN:
			wire_boolean(writer, value->as.boolean);
			break;
		case SHAPE_ATTRIBUTE_VALUE:
			attr_write_value(writer, value->as.attribute.value);
			break;
		case SHAPE_ATTRIBUTE_MAP:
			attr_write_map(writer, &value->as.attributes->object);
			break;
	}
}
