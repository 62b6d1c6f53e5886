/*
 * attr_build.c
 *		Making values in stored form.
 *
 * The serialiser at the end writes what PostgreSQL's own writes, but it takes trees with parts that are jsonb's bytes
 * already: a container's bytes do not depend on where they stand, so that they are copied whole.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/varlena.h"
#include "value/attr_build.h"

bool
attr_element(const JsonbValue *array, uint32 index, JsonbValue *element)
{
	const JsonbContainer *container;
	uint32		count;
	uint32		offset;

	if (array->type == jbvArray)
	{
		if (index >= (uint32) array->val.array.nElems)
			return false;
		*element = array->val.array.elems[index];
		return true;
	}

	Assert(array->type == jbvBinary);
	container = array->val.binary.data;
	count = JsonContainerSize(container);
	if (index >= count)
		return false;
	offset = getJsonbOffset(container, index);
	attr_entry_value((const char *) &container->children[count], container->children[index], &offset, element);
	return true;
}

static void *
copy_bytes(const void *bytes, Size size)
{
	return memcpy(palloc_extended(Max(size, 1), MCXT_ALLOC_HUGE), bytes, size);
}

void
attr_copy(const JsonbValue *value, JsonbValue *copy)
{
	check_stack_depth();
	*copy = *value;
	switch (value->type)
	{
		case jbvString:
			copy->val.string.val = copy_bytes(value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			copy->val.numeric = copy_bytes(value->val.numeric, VARSIZE_ANY(value->val.numeric));
			break;
		case jbvBinary:
			copy->val.binary.data = copy_bytes(value->val.binary.data, value->val.binary.len);
			break;
		case jbvArray:
			copy->val.array.elems = copy_bytes(value->val.array.elems, value->val.array.nElems * sizeof(JsonbValue));
			for (int i = 0; i < value->val.array.nElems; i++)
				attr_copy(&value->val.array.elems[i], &copy->val.array.elems[i]);
			break;
		case jbvObject:
			copy->val.object.pairs = copy_bytes(value->val.object.pairs, value->val.object.nPairs * sizeof(JsonbPair));
			for (int i = 0; i < value->val.object.nPairs; i++)
			{
				attr_copy(&value->val.object.pairs[i].key, &copy->val.object.pairs[i].key);
				attr_copy(&value->val.object.pairs[i].value, &copy->val.object.pairs[i].value);
			}
			break;
		default:
			break;
	}
}

static void
make_string(JsonbValue *value, const char *text, int len)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = len;
}

void
attr_make_string(const char *text, int len, JsonbValue *value)
{
	JsonbValue	payload;
	const char *escaped;

	if (memchr(text, '\0', len) == NULL)
	{
		make_string(value, text, len);
		return;
	}
	escaped = attr_escape_string(text, len, &len);
	make_string(&payload, escaped, len);
	attr_set_tagged(value, "$S", &payload);
}

void
attr_make_binary(const char *base64, int len, JsonbValue *value)
{
	JsonbValue	payload;

	make_string(&payload, base64, len);
	attr_set_tagged(value, "$B", &payload);
}

void
attr_make_set(AttrType type, const AttrSetMember *members, int count, JsonbValue *value)
{
	JsonbValue *elements = palloc(count * sizeof(JsonbValue));
	JsonbValue	array;
	bool		escaped = false;

	if (type == ATTR_SS)
		for (int i = 0; !escaped && i < count; i++)
			escaped = memchr(members[i].bytes, '\0', members[i].len) != NULL;

	for (int i = 0; i < count; i++)
	{
		if (type == ATTR_NS)
		{
			elements[i].type = jbvNumeric;
			elements[i].val.numeric = number_to_numeric(&members[i].number);
		}
		else if (type == ATTR_BS)
			elements[i] = members[i].stored;
		else if (escaped)
		{
			int			len;
			const char *text = attr_escape_string(members[i].bytes, members[i].len, &len);

			make_string(&elements[i], text, len);
		}
		else
			make_string(&elements[i], members[i].bytes, members[i].len);
	}
	attr_make_list(elements, count, &array);
	attr_set_tagged(value, type == ATTR_NS ? "$NS" : type == ATTR_BS ? "$BS" : escaped ? "$SS0" : "$SS", &array);
}

void
attr_make_list(JsonbValue *elements, int count, JsonbValue *value)
{
	value->type = jbvArray;
	value->val.array.rawScalar = false;
	value->val.array.nElems = count;
	value->val.array.elems = elements;
}

void
attr_make_item(JsonbPair *pairs, int count, JsonbValue *item)
{
	item->type = jbvObject;
	item->val.object.nPairs = count;
	item->val.object.pairs = pairs;
	attr_sort_members(item);
}

void
attr_make_map(JsonbPair *pairs, int count, JsonbValue *value)
{
	attr_make_item(pairs, count, value);
	attr_wrap_map(value);
}

int
attr_depth(const JsonbValue *value)
{
	AttrNode	node;
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	element;
	int			deepest = 0;

	check_stack_depth();

	attr_open(value, &node);
	if (node.type == ATTR_L)
	{
		attr_walk_start(&walk, &node.payload);
		while (attr_walk_element(&walk, &element))
		{
			int			depth = attr_depth(&element);

			/* not in Max(), which would look twice at each level */
			deepest = Max(deepest, depth);
		}
	}
	else if (node.type == ATTR_M)
	{
		attr_walk_start(&walk, &node.payload);
		while (attr_walk_member(&walk, &name, &element))
		{
			int			depth = attr_depth(&element);

			/* not in Max(), which would look twice at each level */
			deepest = Max(deepest, depth);
		}
	}
	return 1 + deepest;
}

/* Makes room for len bytes, and returns where they start. */
static int
reserve(StringInfo out, int len)
{
	int			at = out->len;

	enlargeStringInfo(out, len);
	out->len += len;
	return at;
}

static void
align(StringInfo out)
{
	while (out->len % ALIGNOF_INT != 0)
		appendStringInfoCharMacro(out, '\0');
}

/* Appends a value's data, alignment included, and returns its entry: type and length. */
static JEntry
append_value(StringInfo out, const JsonbValue *value)
{
	int			start = out->len;
	uint32		header;
	int			count;
	int			entries;
	int			at;
	uint32		total = 0;

	check_stack_depth();

	switch (value->type)
	{
		case jbvNull:
			return JENTRY_ISNULL;
		case jbvBool:
			return value->val.boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
		case jbvString:
			appendBinaryStringInfo(out, value->val.string.val, value->val.string.len);
			return JENTRY_ISSTRING | value->val.string.len;
		case jbvNumeric:
			align(out);
			appendBinaryStringInfo(out, (const char *) value->val.numeric, VARSIZE_ANY(value->val.numeric));
			return JENTRY_ISNUMERIC | (out->len - start);
		case jbvBinary:
			align(out);
			appendBinaryStringInfo(out, (const char *) value->val.binary.data, value->val.binary.len);
			return JENTRY_ISCONTAINER | (out->len - start);
		case jbvArray:
			count = value->val.array.nElems;
			entries = count;
			header = count | JB_FARRAY;
			break;
		case jbvObject:
			count = value->val.object.nPairs;
			entries = 2 * count;
			header = count | JB_FOBJECT;
			break;
		default:
			elog(ERROR, "unexpected jsonb value type %d", (int) value->type);
	}

	align(out);
	appendBinaryStringInfo(out, (const char *) &header, sizeof(header));
	at = reserve(out, entries * sizeof(JEntry));
	for (int i = 0; i < entries; i++)
	{
		JEntry		entry = append_value(out, value->type == jbvArray ? &value->val.array.elems[i] :
										 i < count ? &value->val.object.pairs[i].key :
										 &value->val.object.pairs[i - count].value);

		total += JBE_OFFLENFLD(entry);
		if (i % JB_OFFSET_STRIDE == 0)
			entry = (entry & JENTRY_TYPEMASK) | total | JENTRY_HAS_OFF;
		memcpy(out->data + at + i * sizeof(JEntry), &entry, sizeof(JEntry));
	}

	/* an item has 400 KB, but what it is checked for comes later */
	if (out->len - start > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("total size of jsonb elements exceeds the maximum of %d bytes", JENTRY_OFFLENMASK)));
	return JENTRY_ISCONTAINER | (out->len - start);
}

Jsonb *
attr_to_jsonb(const JsonbValue *item)
{
	StringInfoData out;

	initStringInfo(&out);
	reserve(&out, VARHDRSZ);
	append_value(&out, item);
	SET_VARSIZE(out.data, out.len);
	return (Jsonb *) out.data;
}
