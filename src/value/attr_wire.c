/*
 * attr_wire.c
 *		Stored maps to DynamoDB JSON as jsonb, byte by byte.
 *
 * The SQL door's answers are mostly items, and an item's DynamoDB JSON has the shape of its stored form: the same names in the same
 * order, each value in an object of one member, its type.  So the bytes are written in one walk over the stored ones, without the tree
 * that the writer's jsonb medium builds.  What is not of this shape (names and strings that are escaped, tags that are malformed) is
 * left to attr_write.c, which says what it is.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "value/attr_node.h"

static bool append_map(StringInfo out, const JsonbContainer *map);

/* The most bytes that come before a value in its own object: alignment, header, entries, the name of its type. */
#define TYPED_OVERHEAD 24

/* Makes room for len bytes. */
static inline void
reserve(StringInfo out, int len)
{
	if (out->len + len >= out->maxlen)
		enlargeStringInfo(out, len);
}

/* Zero bytes up to the alignment of a container; there is room for them. */
static inline void
align(StringInfo out)
{
	while (out->len % ALIGNOF_INT != 0)
		out->data[out->len++] = '\0';
}

static inline void
append_word(StringInfo out, uint32 word)
{
	memcpy(out->data + out->len, &word, sizeof(word));
	out->len += sizeof(word);
}

static inline void
append_bytes(StringInfo out, const char *bytes, int len)
{
	memcpy(out->data + out->len, bytes, len);
	out->len += len;
}

/*
 * Begins {"S": ...}: makes room for it and len bytes, and writes all but the value, whose entry is yet to be set.  Returns where that
 * entry is.
 */
static inline int
begin_typed(StringInfo out, const char *type, int type_len, int len)
{
	reserve(out, TYPED_OVERHEAD + len);
	align(out);
	append_word(out, 1 | JB_FOBJECT);
	append_word(out, JENTRY_ISSTRING | JENTRY_HAS_OFF | type_len);
	out->len += sizeof(JEntry);
	append_bytes(out, type, type_len);
	return out->len - type_len - sizeof(JEntry);
}

static inline void
set_entry(StringInfo out, int at, JEntry entry)
{
	memcpy(out->data + at, &entry, sizeof(entry));
}

/* A scalar string in its object. */
static void
append_string(StringInfo out, char type, const char *text, int len)
{
	int			entry = begin_typed(out, &type, 1, len);

	append_bytes(out, text, len);
	set_entry(out, entry, JENTRY_ISSTRING | len);
}

/* The text of a number, without an object of its own; there is room for it.  False if the service has no such number. */
static bool
append_number_text(StringInfo out, const void *numeric, int *len)
{
	*len = number_print_numeric((Numeric) numeric, out->data + out->len);
	out->len += Max(*len, 0);
	return *len >= 0;
}

static bool
append_number(StringInfo out, const void *numeric)
{
	int			entry = begin_typed(out, "N", 1, NUMBER_TEXT_MAX_SIZE);
	int			len;

	if (!append_number_text(out, numeric, &len))
		return false;
	set_entry(out, entry, JENTRY_ISSTRING | len);
	return true;
}

/* The entry of the i-th child, given the bytes of all up to it, itself included. */
static inline JEntry
child_entry(int i, JEntry type, uint32 len, uint32 total)
{
	return i % JB_OFFSET_STRIDE == 0 ? type | JENTRY_HAS_OFF | total : type | len;
}

/* A set's array: its strings as they are, its numbers as text. */
static bool
append_members(StringInfo out, const JsonbContainer *array, uint32 size, bool numbers)
{
	int			count = JsonContainerSize(array);
	const char *base = (const char *) &array->children[count];
	uint32		offset = 0;
	uint32		total = 0;
	int			entries;

	for (int i = 0; i < count; i++)
		if (numbers ? !JBE_ISNUMERIC(array->children[i]) : !JBE_ISSTRING(array->children[i]))
			return false;
	reserve(out, size + ALIGNOF_INT);
	align(out);
	if (!numbers)
	{
		append_bytes(out, (const char *) array, size);
		return true;
	}
	append_word(out, count | JB_FARRAY);
	entries = out->len;
	out->len += count * sizeof(JEntry);
	for (int i = 0; i < count; i++)
	{
		const char *numeric = base + INTALIGN(offset);
		int			len;

		JBE_ADVANCE_OFFSET(offset, array->children[i]);
		reserve(out, NUMBER_TEXT_MAX_SIZE);
		if (!append_number_text(out, numeric, &len))
			return false;
		total += len;
		set_entry(out, entries + i * sizeof(JEntry), child_entry(i, JENTRY_ISSTRING, len, total));
	}
	return true;
}

static bool
append_set(StringInfo out, const char *type, const JsonbContainer *array, uint32 size)
{
	int			entry = begin_typed(out, type, 2, 0);
	int			start = out->len;

	if (!append_members(out, array, size, type[0] == 'N'))
		return false;
	set_entry(out, entry, JENTRY_ISCONTAINER | (out->len - start));
	return true;
}

static bool
append_wrapped_map(StringInfo out, const JsonbContainer *map)
{
	int			entry = begin_typed(out, "M", 1, 0);
	int			start = out->len;

	if (!append_map(out, map))
		return false;
	set_entry(out, entry, JENTRY_ISCONTAINER | (out->len - start));
	return true;
}

/* An object that is a value: a map or a tag. */
static bool
append_object(StringInfo out, const JsonbContainer *object)
{
	const char *base = (const char *) &object->children[2];
	JEntry		entry;
	uint32		start;
	uint32		end;
	const JsonbContainer *payload;

	if (JsonContainerSize(object) != 1)
		return append_wrapped_map(out, object);
	start = JBE_OFFLENFLD(object->children[0]);
	if (start == 0 || base[0] != '$')
		return append_wrapped_map(out, object);

	end = start;
	entry = object->children[1];
	JBE_ADVANCE_OFFSET(end, entry);
	if (start == 2 && base[1] == 'B' && JBE_ISSTRING(entry))
	{
		append_string(out, 'B', base + start, end - start);
		return true;
	}
	if (!JBE_ISCONTAINER(entry))
		return false;
	payload = (const JsonbContainer *) (base + INTALIGN(start));
	if (start == 2 && base[1] == 'M' && JsonContainerIsObject(payload))
		return append_wrapped_map(out, payload);
	if (start == 3 && base[2] == 'S' && (base[1] == 'S' || base[1] == 'N' || base[1] == 'B') && JsonContainerIsArray(payload))
		return append_set(out, base + 1, payload, end - INTALIGN(start));
	return false;
}

static bool append_value(StringInfo out, const char *base, JEntry entry, uint32 start, uint32 end);

static bool
append_list(StringInfo out, const JsonbContainer *array)
{
	int			count = JsonContainerSize(array);
	const char *base = (const char *) &array->children[count];
	int			entry = begin_typed(out, "L", 1, ALIGNOF_INT + sizeof(uint32) + count * sizeof(JEntry));
	int			start = out->len;
	uint32		offset = 0;
	uint32		total = 0;
	int			entries;

	align(out);
	append_word(out, count | JB_FARRAY);
	entries = out->len;
	out->len += count * sizeof(JEntry);
	for (int i = 0; i < count; i++)
	{
		uint32		from = offset;
		int			before = out->len;

		JBE_ADVANCE_OFFSET(offset, array->children[i]);
		if (!append_value(out, base, array->children[i], from, offset))
			return false;
		total += out->len - before;
		set_entry(out, entries + i * sizeof(JEntry), child_entry(i, JENTRY_ISCONTAINER, out->len - before, total));
	}
	set_entry(out, entry, JENTRY_ISCONTAINER | (out->len - start));
	return true;
}

/* A value, in its object.  Its bytes are those from start to end after base. */
static bool
append_value(StringInfo out, const char *base, JEntry entry, uint32 start, uint32 end)
{
	const JsonbContainer *container;
	int			at;

	switch (entry & JENTRY_TYPEMASK)
	{
		case JENTRY_ISSTRING:
			append_string(out, 'S', base + start, end - start);
			return true;
		case JENTRY_ISNUMERIC:
			return append_number(out, base + INTALIGN(start));
		case JENTRY_ISBOOL_TRUE:
		case JENTRY_ISBOOL_FALSE:
			at = begin_typed(out, "BOOL", 4, 0);
			set_entry(out, at, entry & JENTRY_TYPEMASK);
			return true;
		case JENTRY_ISNULL:
			at = begin_typed(out, "NULL", 4, 0);
			set_entry(out, at, JENTRY_ISBOOL_TRUE);
			return true;
	}
	check_stack_depth();
	container = (const JsonbContainer *) (base + INTALIGN(start));
	return JsonContainerIsArray(container) ? append_list(out, container) : append_object(out, container);
}

/* An object of names and values in their objects. */
static bool
append_map(StringInfo out, const JsonbContainer *map)
{
	int			count = JsonContainerSize(map);
	const char *base = (const char *) &map->children[2 * count];
	uint32		names_len = 0;
	uint32		offset;
	uint32		total;
	int			entries;

	for (int i = 0; i < count; i++)
	{
		const char *name = base + names_len;

		JBE_ADVANCE_OFFSET(names_len, map->children[i]);
		if (base + names_len - name >= 2 && name[0] == '$' && name[1] == '$')
			return false;
	}
	reserve(out, ALIGNOF_INT + sizeof(uint32) + 2 * count * sizeof(JEntry) + names_len);
	align(out);
	append_word(out, count | JB_FOBJECT);
	entries = out->len;
	/* the names' entries are the same */
	memcpy(out->data + entries, map->children, count * sizeof(JEntry));
	out->len += 2 * count * sizeof(JEntry);
	append_bytes(out, base, names_len);

	offset = total = names_len;
	for (int i = count; i < 2 * count; i++)
	{
		uint32		from = offset;
		int			before = out->len;

		JBE_ADVANCE_OFFSET(offset, map->children[i]);
		if (!append_value(out, base, map->children[i], from, offset))
			return false;
		total += out->len - before;
		set_entry(out, entries + i * sizeof(JEntry), child_entry(i, JENTRY_ISCONTAINER, out->len - before, total));
	}
	return true;
}

Jsonb *
attr_wire_jsonb(const JsonbContainer *map)
{
	StringInfoData out;

	initStringInfo(&out);
	out.len = VARHDRSZ;
	/* too long for jsonb's entries: the serialiser has words for it */
	if (!append_map(&out, map) || out.len > JENTRY_OFFLENMASK)
	{
		pfree(out.data);
		return NULL;
	}
	SET_VARSIZE(out.data, out.len);
	return (Jsonb *) out.data;
}
