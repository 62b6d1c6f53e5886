/*
 * search_document.c
 *		Items as documents of search engines.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/numeric.h"

#include "base/hex.h"
#include "events/search_document.h"
#include "value/attr.h"
#include "value/attr_node.h"
#include "value/wire.h"

#define MAX_ID 512

static void append_value(StringInfo out, const JsonbValue *value, bool fractions);

/* ------------------------------------------------------------------------------------------------------------
 * Documents
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_string(StringInfo out, const char *text, int len)
{
	WireWriter	writer;

	wire_write_text(&writer, out);
	wire_string(&writer, text, len);
}

static void
append_number(StringInfo out, Numeric number, bool fractions)
{
	const char *text = numeric_normalize(number);

	appendStringInfoString(out, text);
	if (fractions && strchr(text, '.') == NULL)
		appendStringInfoString(out, ".0");
}

/* Whether there is a number with a fraction in a container, however deep. */
static bool
has_fraction(JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
		if ((token == WJB_ELEM || token == WJB_VALUE) && value.type == jbvNumeric && strchr(numeric_normalize(value.val.numeric), '.') != NULL)
			return true;
	return false;
}

/*
 * Of a list all numbers are values of one field, or of few, whose type the engine takes from the first document that it sees: it refuses one that has both 1 and 2.5.
 * So where one number has a fraction, all have.
 */
static void
append_array(StringInfo out, const JsonbValue *array, AttrType type, bool escaped, bool fractions)
{
	JsonbContainer *container = array->val.binary.data;

	fractions = fractions || has_fraction(container);
	appendStringInfoChar(out, '[');
	for (uint32 i = 0; i < JsonContainerSize(container); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(container, i);

		if (i > 0)
			appendStringInfoChar(out, ',');
		if (type == ATTR_SS)
		{
			int			len;
			const char *text = attr_unescape(element, escaped, &len);

			append_string(out, text, len);
		}
		else if (type == ATTR_BS)
			append_string(out, element->val.string.val, element->val.string.len);
		else
			append_value(out, element, fractions);
	}
	appendStringInfoChar(out, ']');
}

/* A map whose names are in stored form. */
static void
append_map(StringInfo out, JsonbContainer *map, bool fractions)
{
	JsonbIterator *iterator = JsonbIteratorInit(map);
	JsonbIteratorToken token;
	JsonbValue	member;
	bool		first = true;

	appendStringInfoChar(out, '{');
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		const char *name;
		int			len;

		if (token != WJB_KEY)
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		name = attr_name_from_stored(member.val.string.val, member.val.string.len, &len);
		append_string(out, name, len);
		appendStringInfoChar(out, ':');
		(void) JsonbIteratorNext(&iterator, &member, true);
		append_value(out, &member, fractions);
	}
	appendStringInfoChar(out, '}');
}

static void
append_value(StringInfo out, const JsonbValue *value, bool fractions)
{
	AttrNode	node;
	const char *text;
	int			len;

	check_stack_depth();
	attr_open(value, &node);
	switch (node.type)
	{
		case ATTR_S:
			text = attr_unescape(&node.payload, node.escaped, &len);
			append_string(out, text, len);
			break;
		case ATTR_B:
			append_string(out, node.payload.val.string.val, node.payload.val.string.len);
			break;
		case ATTR_N:
			append_number(out, node.payload.val.numeric, fractions);
			break;
		case ATTR_BOOL:
			appendStringInfoString(out, node.payload.val.boolean ? "true" : "false");
			break;
		case ATTR_NULL:
			appendStringInfoString(out, "null");
			break;
		case ATTR_M:
			append_map(out, node.payload.val.binary.data, fractions);
			break;
		default:
			append_array(out, &node.payload, node.type, node.escaped, fractions);
			break;
	}
}

void
search_document_write(StringInfo out, Jsonb *item)
{
	append_map(out, &item->root, false);
}

/* ------------------------------------------------------------------------------------------------------------
 * Ids
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_escaped(StringInfo out, const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		if (text[i] == '|' || text[i] == '\\')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, text[i]);
	}
}

/* The value of a key attribute, which is S, N or B. */
static void
append_key(StringInfo out, const JsonbValue *value)
{
	AttrNode	node;
	const char *text;
	int			len;

	attr_open(value, &node);
	if (node.type == ATTR_N)
	{
		text = numeric_normalize(node.payload.val.numeric);
		len = strlen(text);
	}
	else if (node.type == ATTR_S)
		text = attr_unescape(&node.payload, node.escaped, &len);
	else
	{
		text = node.payload.val.string.val;
		len = node.payload.val.string.len;
	}
	append_escaped(out, text, len);
}

static char *
hashed_id(const char *id, int len)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	StringInfoData text;

	if (context == NULL || pg_cryptohash_init(context) < 0 || pg_cryptohash_update(context, (const uint8 *) id, len) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a digest");
	pg_cryptohash_free(context);
	initStringInfo(&text);
	appendStringInfoString(&text, "sha256-");
	hex_append(&text, digest, sizeof(digest));
	return text.data;
}

char *
search_document_id(const TableLog *log, Jsonb *keys, int *len)
{
	StringInfoData id;
	JsonbValue	map;

	initStringInfo(&id);
	attr_from_item(keys, &map);
	for (uint32 i = 0; i < JsonContainerSize(&log->key_schema->root); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&log->key_schema->root, i);
		JsonbValue	name;
		JsonbValue	value;
		const char *stored;
		int			stored_len;

		if (getKeyJsonValueFromContainer(element->val.binary.data, "AttributeName", strlen("AttributeName"), &name) == NULL)
			elog(ERROR, "a key schema lacks a name");
		stored = attr_name_to_stored(name.val.string.val, name.val.string.len, &stored_len);
		if (!attr_lookup(&map, stored, stored_len, &value))
			elog(ERROR, "a record lacks a key attribute");
		if (i > 0)
			appendStringInfoChar(&id, '|');
		append_key(&id, &value);
	}
	*len = id.len;
	if (id.len <= MAX_ID && id.len > 0)
		return id.data;
	id.data = hashed_id(id.data, id.len);
	*len = strlen(id.data);
	return id.data;
}
