/*
 * attr_node.c
 *		The stored form itself: tags, escaping, the order of members.
 *
 * This and attr_check.c are the only places that know the tags by name when reading; attr_read.c writes them.
 * docs/format.md fixes them for good.
 */
#include "postgres.h"

#include "base/bytes.h"
#include "base/error.h"
#include "value/attr_node.h"
#include "value/base64.h"

void
attr_malformed(const char *detail)
{
	dyn_error_detail(DYN_VALIDATION, detail, "One or more parameter values were invalid: Malformed attribute value");
}

/*
 * Escaping lets U+0000, which jsonb lacks, into strings and names: $ becomes $$, U+0000 becomes $0.
 */
static char *
escape_text(const char *text, int len, const char *prefix, int *escaped_len)
{
	char	   *escaped = palloc(strlen(prefix) + 2 * (Size) len + 1);
	char	   *to = escaped;

	while (*prefix)
		*to++ = *prefix++;
	for (int i = 0; i < len; i++)
	{
		if (text[i] == '$')
		{
			*to++ = '$';
			*to++ = '$';
		}
		else if (text[i] == '\0')
		{
			*to++ = '$';
			*to++ = '0';
		}
		else
			*to++ = text[i];
	}
	*escaped_len = to - escaped;
	return escaped;
}

int
attr_unescape_text(const char *text, int len, char *out)
{
	int			n = 0;

	for (int i = 0; i < len; i++)
	{
		char		c = text[i];

		if (c == '$')
		{
			if (++i == len)
				return -1;
			if (text[i] == '0')
				c = '\0';
			else if (text[i] != '$')
				return -1;
		}
		if (out)
			out[n] = c;
		n++;
	}
	return n;
}

const char *
attr_unescape(const JsonbValue *string, bool escaped, int *len)
{
	char	   *out;

	if (string->type != jbvString)
		attr_malformed("A string is expected.");
	if (!escaped)
	{
		*len = string->val.string.len;
		return string->val.string.val;
	}
	out = palloc(string->val.string.len + 1);
	*len = attr_unescape_text(string->val.string.val, string->val.string.len, out);
	if (*len < 0)
		attr_malformed("In an escaped string, $ must be followed by $ or 0.");
	return out;
}

const char *
attr_name_to_stored(const char *name, int len, int *stored_len)
{
	if (memchr(name, '\0', len) == NULL && !(len >= 2 && name[0] == '$' && name[1] == '$'))
	{
		*stored_len = len;
		return name;
	}
	return escape_text(name, len, "$$", stored_len);
}

const char *
attr_name_from_stored(const char *name, int len, int *real_len)
{
	char	   *real;

	if (!(len >= 2 && name[0] == '$' && name[1] == '$'))
	{
		*real_len = len;
		return name;
	}
	real = palloc(len);
	*real_len = attr_unescape_text(name + 2, len - 2, real);
	if (*real_len < 0)
		attr_malformed("In a name that begins with $$, each further $ must be followed by $ or 0.");
	return real;
}

const char *
attr_escape_string(const char *text, int len, int *escaped_len)
{
	return escape_text(text, len, "", escaped_len);
}

const char *
attr_try_open(const JsonbValue *value, AttrNode *node)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	payload;
	const char *tag;
	int			len;

	node->escaped = false;
	node->wrapped = false;
	switch (value->type)
	{
		case jbvString:
			node->type = ATTR_S;
			node->payload = *value;
			return NULL;
		case jbvNumeric:
			node->type = ATTR_N;
			node->payload = *value;
			return NULL;
		case jbvBool:
			node->type = ATTR_BOOL;
			node->payload = *value;
			return NULL;
		case jbvNull:
			node->type = ATTR_NULL;
			node->payload = *value;
			return NULL;
		case jbvArray:
		case jbvObject:
		case jbvBinary:
			break;
		default:
			elog(ERROR, "unexpected jsonb value type %d", (int) value->type);
	}

	if (attr_is_array(value))
	{
		node->type = ATTR_L;
		node->payload = *value;
		return NULL;
	}

	node->type = ATTR_M;
	node->payload = *value;
	attr_walk_start(&walk, value);
	if (walk.count != 1)
		return NULL;
	attr_walk_member(&walk, &name, &payload);
	tag = name.val.string.val;
	len = name.val.string.len;
	if (len == 0 || tag[0] != '$')
		return NULL;

	/* a tag */
	node->payload = payload;
	if (len == 2 && (tag[1] == 'S' || tag[1] == 'B'))
	{
		if (payload.type != jbvString)
			return "$S and $B take a string.";
		node->type = tag[1] == 'S' ? ATTR_S : ATTR_B;
		node->escaped = tag[1] == 'S';
		return NULL;
	}
	if (len == 2 && tag[1] == 'M')
	{
		if (!attr_is_object(&payload))
			return "$M takes an object.";
		node->wrapped = true;
		return NULL;
	}
	if (len == 3 && tag[2] == 'S' && (tag[1] == 'S' || tag[1] == 'N' || tag[1] == 'B'))
		node->type = tag[1] == 'S' ? ATTR_SS : tag[1] == 'N' ? ATTR_NS : ATTR_BS;
	else if (len == 4 && memcmp(tag, "$SS0", 4) == 0)
	{
		node->type = ATTR_SS;
		node->escaped = true;
	}
	else
		return "An object whose one member's name begins with $ must be a tagged value: $S, $B, $SS, $SS0, $NS, $BS "
			"or $M.";
	if (!attr_is_array(&payload))
		return "$SS, $SS0, $NS and $BS take an array.";
	return NULL;
}

void
attr_open(const JsonbValue *value, AttrNode *node)
{
	const char *problem = attr_try_open(value, node);

	if (problem)
		attr_malformed(problem);
}

/* Raises what is wrong with a number. */
static void
check_number(NumberStatus status)
{
	if (status != NUMBER_OK)
		dyn_error(DYN_VALIDATION, "%s", number_error_message(status, "", 0));
}

void
attr_number(const JsonbValue *numeric, DynNumber *number)
{
	if (numeric->type != jbvNumeric)
		attr_malformed("A number is expected.");
	check_number(number_from_numeric(numeric->val.numeric, number));
}

int
attr_numeric_size(const JsonbValue *numeric)
{
	int			size;

	if (numeric->type != jbvNumeric)
		attr_malformed("A number is expected.");
	check_number(number_size_of_numeric(numeric->val.numeric, &size));
	return size;
}

static int
compare_bytes(const void *a, const void *b)
{
	const AttrSetMember *left = a;
	const AttrSetMember *right = b;

	return bytes_compare(left->bytes, left->len, right->bytes, right->len);
}

static int
compare_numbers(const void *a, const void *b)
{
	return number_compare(&((const AttrSetMember *) a)->number, &((const AttrSetMember *) b)->number);
}

void
attr_sort_set(AttrSetMember *members, int count, AttrType type)
{
	int			(*compare) (const void *, const void *) = type == ATTR_NS ? compare_numbers : compare_bytes;

	/* our own writers store them in order */
	for (int i = 1; i < count; i++)
		if (compare(&members[i - 1], &members[i]) > 0)
		{
			qsort(members, count, sizeof(AttrSetMember), compare);
			break;
		}
}

bool
attr_set_has_duplicates(const AttrSetMember *members, int count, AttrType type)
{
	for (int i = 1; i < count; i++)
		if ((type == ATTR_NS ? compare_numbers(&members[i - 1], &members[i]) :
			 compare_bytes(&members[i - 1], &members[i])) == 0)
			return true;
	return false;
}

const char *
attr_decode_binary(const JsonbValue *text, int *len)
{
	char	   *bytes;

	if (text->type != jbvString)
		attr_malformed("A string in base64 is expected.");
	*len = base64_decoded_size(text->val.string.val, text->val.string.len);
	bytes = palloc(Max(*len, 1));
	if (base64_decode(text->val.string.val, text->val.string.len, bytes) != BASE64_OK)
		attr_malformed("A binary value must be valid base64.");
	return bytes;
}

AttrSetMember *
attr_set_members(const AttrNode *set, int *count)
{
	AttrWalk	walk;
	AttrSetMember *members;

	attr_walk_start(&walk, &set->payload);
	members = palloc(Max(walk.count, 1) * sizeof(AttrSetMember));
	*count = walk.count;
	for (AttrSetMember *member = members; attr_walk_element(&walk, &member->stored); member++)
	{
		if (set->type == ATTR_SS)
			member->bytes = attr_unescape(&member->stored, set->escaped, &member->len);
		else if (set->type == ATTR_BS)
			member->bytes = attr_decode_binary(&member->stored, &member->len);
		else
			attr_number(&member->stored, &member->number);
	}
	attr_sort_set(members, *count, set->type);
	return members;
}

void
attr_append_text(StringInfo out, const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] != '\0')
			appendStringInfoChar(out, text[i]);
}

/* The duplicate message for SS and BS, which prints the collection as Java does. */
static const char *
duplicates_message(AttrType type, const AttrSetMember *members, int count)
{
	StringInfoData message;

	initStringInfo(&message);
	appendStringInfoString(&message, "One or more parameter values were invalid: Input collection [");
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoString(&message, ", ");
		if (type == ATTR_SS)
			attr_append_text(&message, members[i].bytes, members[i].len);
		else
			appendBinaryStringInfo(&message, members[i].stored.val.string.val, members[i].stored.val.string.len);
	}
	appendStringInfoString(&message, type == ATTR_SS ? "] contains duplicates." : "]of type BS contains duplicates.");
	return message.data;
}

const char *
attr_set_error(AttrType type, const AttrSetMember *members, int count)
{
	AttrSetMember *sorted;

	if (count == 0)
		return type == ATTR_SS ? "One or more parameter values were invalid: An string set  may not be empty" :
			type == ATTR_NS ? "One or more parameter values were invalid: An number set  may not be empty" :
			"One or more parameter values were invalid: Binary sets should not be empty";

	sorted = palloc(count * sizeof(AttrSetMember));
	memcpy(sorted, members, count * sizeof(AttrSetMember));
	attr_sort_set(sorted, count, type);
	if (!attr_set_has_duplicates(sorted, count, type))
	{
		pfree(sorted);
		return NULL;
	}
	return type == ATTR_NS ? "Input collection contains duplicates" : duplicates_message(type, members, count);
}

/* jsonb's order of names: by length, then by bytes.  Of equal names the later one comes first. */
static inline int
compare_pairs(const JsonbPair *left, const JsonbPair *right)
{
	int			order;

	if (left->key.val.string.len != right->key.val.string.len)
		return left->key.val.string.len - right->key.val.string.len;
	order = memcmp(left->key.val.string.val, right->key.val.string.val, left->key.val.string.len);
	if (order != 0)
		return order;
	return left->order > right->order ? -1 : 1;
}

/* qsort() would move the pairs, which are large, a byte or a word at a time. */
#define ST_SORT sort_pairs
#define ST_ELEMENT_TYPE JsonbPair
#define ST_COMPARE(a, b) compare_pairs(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static bool
same_name(const JsonbPair *a, const JsonbPair *b)
{
	return a->key.val.string.len == b->key.val.string.len &&
		memcmp(a->key.val.string.val, b->key.val.string.val, a->key.val.string.len) == 0;
}

bool
attr_sort_members(JsonbValue *object)
{
	JsonbPair  *pairs = object->val.object.pairs;
	int			count = object->val.object.nPairs;
	int			kept = 1;

	if (count < 2)
		return false;
	sort_pairs(pairs, count);
	for (int i = 1; i < count; i++)
	{
		if (same_name(&pairs[i], &pairs[kept - 1]))
			continue;
		if (i != kept)
			pairs[kept] = pairs[i];
		kept++;
	}
	object->val.object.nPairs = kept;
	return kept < count;
}

void
attr_set_tagged(JsonbValue *value, const char *tag, const JsonbValue *payload)
{
	JsonbPair  *pair = palloc(sizeof(JsonbPair));

	pair->key.type = jbvString;
	pair->key.val.string.val = unconstify(char *, tag);
	pair->key.val.string.len = strlen(tag);
	pair->value = *payload;
	pair->order = 0;
	value->type = jbvObject;
	value->val.object.nPairs = 1;
	value->val.object.pairs = pair;
}

bool
attr_needs_wrapping(const JsonbValue *object)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;

	attr_walk_start(&walk, object);
	if (walk.count != 1)
		return false;
	attr_walk_member(&walk, &name, &value);
	return name.val.string.len > 0 && name.val.string.val[0] == '$';
}

void
attr_wrap_map(JsonbValue *object)
{
	JsonbValue	inner = *object;

	if (attr_needs_wrapping(object))
		attr_set_tagged(object, "$M", &inner);
}
