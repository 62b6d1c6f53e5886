/*
 * attr.c
 *		What is asked of stored values: type, bytes, a member, size, equality, order.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/bytes.h"
#include "value/attr_node.h"
#include "value/base64.h"

const char *
attr_type_name(AttrType type)
{
	static const char *const names[] = {
		[ATTR_S] = "S", [ATTR_N] = "N", [ATTR_B] = "B", [ATTR_BOOL] = "BOOL", [ATTR_NULL] = "NULL",
		[ATTR_L] = "L", [ATTR_M] = "M", [ATTR_SS] = "SS", [ATTR_NS] = "NS", [ATTR_BS] = "BS"
	};

	return names[type];
}

AttrType
attr_type(const JsonbValue *value)
{
	AttrNode	node;

	attr_open(value, &node);
	return node.type;
}

static const char *
node_bytes(const AttrNode *node, int *len)
{
	if (node->type == ATTR_B)
		return attr_decode_binary(&node->payload, len);
	return attr_unescape(&node->payload, node->escaped, len);
}

const char *
attr_bytes(const JsonbValue *value, AttrType type, int *len)
{
	AttrNode	node;

	attr_open(value, &node);
	if (node.type != type)
		elog(ERROR, "attribute value is %s, not %s", attr_type_name(node.type), attr_type_name(type));
	return node_bytes(&node, len);
}

void
attr_from_item(Jsonb *item, JsonbValue *value)
{
	value->type = jbvBinary;
	value->val.binary.data = &item->root;
	value->val.binary.len = VARSIZE(item) - VARHDRSZ;
}

bool
attr_lookup(const JsonbValue *map, const char *name, int len, JsonbValue *value)
{
	int			low = 0;
	int			high;

	if (map->type == jbvBinary)
		return JsonContainerIsObject(map->val.binary.data) &&
			getKeyJsonValueFromContainer(map->val.binary.data, name, len, value) != NULL;

	Assert(map->type == jbvObject);
	high = map->val.object.nPairs;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		const JsonbPair *pair = &map->val.object.pairs[middle];
		int			order = len - pair->key.val.string.len;

		if (order == 0)
			order = memcmp(name, pair->key.val.string.val, len);
		if (order == 0)
		{
			*value = pair->value;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* The real length of a stored name. */
static int
name_size(const JsonbValue *name)
{
	const char *text = name->val.string.val;
	int			len = name->val.string.len;

	if (len >= 2 && text[0] == '$' && text[1] == '$')
	{
		len = attr_unescape_text(text + 2, len - 2, NULL);
		if (len < 0)
			attr_malformed("In a name that begins with $$, each further $ must be followed by $ or 0.");
	}
	return len;
}

static int
string_size(const JsonbValue *string, bool escaped)
{
	int			len;

	if (string->type != jbvString)
		attr_malformed("A string is expected.");
	if (!escaped)
		return string->val.string.len;
	len = attr_unescape_text(string->val.string.val, string->val.string.len, NULL);
	if (len < 0)
		attr_malformed("In an escaped string, $ must be followed by $ or 0.");
	return len;
}

static int
binary_size(const JsonbValue *text)
{
	if (text->type != jbvString)
		attr_malformed("A string in base64 is expected.");
	return base64_decoded_size(text->val.string.val, text->val.string.len);
}

int
attr_size(const JsonbValue *value)
{
	AttrNode	node;
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	element;
	int			size = 0;

	/* most values are these, which have no tag to be opened */
	switch (value->type)
	{
		case jbvString:
			return value->val.string.len;
		case jbvNumeric:
			return attr_numeric_size(value);
		case jbvBool:
		case jbvNull:
			return 1;
		default:
			break;
	}

	check_stack_depth();

	attr_open(value, &node);
	switch (node.type)
	{
		case ATTR_S:
			return string_size(&node.payload, node.escaped);
		case ATTR_N:
		case ATTR_BOOL:
		case ATTR_NULL:
			break;				/* done above */
		case ATTR_B:
			return binary_size(&node.payload);
		case ATTR_L:
			size = 3;
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
				size += 1 + attr_size(&element);
			return size;
		case ATTR_M:
			size = 3;
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_member(&walk, &name, &element))
				size += name_size(&name) + 1 + attr_size(&element);
			return size;
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
				size += node.type == ATTR_SS ? string_size(&element, node.escaped) :
					node.type == ATTR_NS ? attr_numeric_size(&element) : binary_size(&element);
			return size;
	}
	pg_unreachable();
}

int
attr_map_size(const JsonbValue *map)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;
	int			size = 0;

	attr_walk_start(&walk, map);
	while (attr_walk_member(&walk, &name, &value))
		size += name_size(&name) + attr_size(&value);
	return size;
}

static int
compare_numbers(const JsonbValue *a, const JsonbValue *b)
{
	DynNumber	left;
	DynNumber	right;

	attr_number(a, &left);
	attr_number(b, &right);
	return number_compare(&left, &right);
}

static bool
sets_equal(const AttrNode *a, const AttrNode *b)
{
	int			a_count;
	int			b_count;
	AttrSetMember *a_members = attr_set_members(a, &a_count);
	AttrSetMember *b_members = attr_set_members(b, &b_count);
	bool		equal = a_count == b_count;

	for (int i = 0; equal && i < a_count; i++)
	{
		if (a->type == ATTR_NS)
			equal = number_compare(&a_members[i].number, &b_members[i].number) == 0;
		else
			equal = a_members[i].len == b_members[i].len &&
				memcmp(a_members[i].bytes, b_members[i].bytes, a_members[i].len) == 0;
	}
	pfree(a_members);
	pfree(b_members);
	return equal;
}

/* Equality of two objects, taken as maps: jsonb keeps the names in order. */
static bool
maps_equal(const JsonbValue *a, const JsonbValue *b)
{
	AttrWalk	left;
	AttrWalk	right;
	JsonbValue	left_name;
	JsonbValue	right_name;
	JsonbValue	left_value;
	JsonbValue	right_value;

	attr_walk_start(&left, a);
	attr_walk_start(&right, b);
	if (left.count != right.count)
		return false;
	while (attr_walk_member(&left, &left_name, &left_value) && attr_walk_member(&right, &right_name, &right_value))
		if (left_name.val.string.len != right_name.val.string.len ||
			memcmp(left_name.val.string.val, right_name.val.string.val, left_name.val.string.len) != 0 ||
			!attr_equal(&left_value, &right_value))
			return false;
	return true;
}

bool
attr_items_equal(Jsonb *a, Jsonb *b)
{
	JsonbValue	left;
	JsonbValue	right;

	if (VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0)
		return true;
	attr_from_item(a, &left);
	attr_from_item(b, &right);
	return maps_equal(&left, &right);
}

bool
attr_equal(const JsonbValue *a, const JsonbValue *b)
{
	AttrNode	left;
	AttrNode	right;
	AttrWalk	left_walk;
	AttrWalk	right_walk;
	JsonbValue	left_value;
	JsonbValue	right_value;

	check_stack_depth();

	attr_open(a, &left);
	attr_open(b, &right);
	if (left.type != right.type)
		return false;

	switch (left.type)
	{
		case ATTR_NULL:
			return true;
		case ATTR_BOOL:
			return left.payload.val.boolean == right.payload.val.boolean;
		case ATTR_N:
			return compare_numbers(&left.payload, &right.payload) == 0;
		case ATTR_S:
		case ATTR_B:

			/*
			 * Escaping and base64 give each value one text, and only strings with U+0000 are escaped: the texts are
			 * equal where the values are.
			 */
			return left.escaped == right.escaped &&
				left.payload.val.string.len == right.payload.val.string.len &&
				memcmp(left.payload.val.string.val, right.payload.val.string.val, left.payload.val.string.len) == 0;
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			return sets_equal(&left, &right);
		case ATTR_L:
			attr_walk_start(&left_walk, &left.payload);
			attr_walk_start(&right_walk, &right.payload);
			if (left_walk.count != right_walk.count)
				return false;
			while (attr_walk_element(&left_walk, &left_value) && attr_walk_element(&right_walk, &right_value))
				if (!attr_equal(&left_value, &right_value))
					return false;
			return true;
		case ATTR_M:
			return maps_equal(&left.payload, &right.payload);
	}
	pg_unreachable();
}

bool
attr_compare(const JsonbValue *a, const JsonbValue *b, int *order)
{
	AttrNode	left;
	AttrNode	right;
	const char *left_bytes;
	const char *right_bytes;
	int			left_len;
	int			right_len;

	attr_open(a, &left);
	attr_open(b, &right);
	if (left.type != right.type)
		return false;

	switch (left.type)
	{
		case ATTR_N:
			*order = compare_numbers(&left.payload, &right.payload);
			return true;
		case ATTR_S:
		case ATTR_B:
			left_bytes = node_bytes(&left, &left_len);
			right_bytes = node_bytes(&right, &right_len);
			*order = bytes_compare(left_bytes, left_len, right_bytes, right_len);
			return true;
		default:
			return false;
	}
}
