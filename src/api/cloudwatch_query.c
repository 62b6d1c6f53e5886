/*
 * cloudwatch_query.c
 *		AWS Query: requests as forms, answers in XML.
 *
 * A form's Dimensions.member.1.Name=TableName is a list's first element's member here.  All values are texts: who reads them takes a text for a number.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "api/cloudwatch.h"
#include "base/error.h"
#include "base/hex.h"
#include "value/wire.h"

#define MAX_DEPTH	16
#define MAX_PAIRS	10000		/* GetMetricData of all that it takes has fewer */
#define MAX_NAME	127			/* bytes of a part of a key */
#define NAMESPACE	"http://monitoring.amazonaws.com/doc/2010-08-01/"

/* ------------------------------------------------------------------------------------------------------------
 * Forms
 * ------------------------------------------------------------------------------------------------------------ */

/* A part of a key, with what is under it. */
typedef struct FormNode
{
	const char *name;
	const char *value;			/* NULL: it has children */
	List	   *children;		/* FormNode */
} FormNode;

/* Nodes are found by what they are under, and their names. */
typedef struct FormKey
{
	const FormNode *parent;
	char		name[MAX_NAME + 1];
} FormKey;

typedef struct FormEntry
{
	FormKey		key;			/* hash key; first */
	FormNode	node;
} FormEntry;

static _Noreturn void
refuse(void)
{
	dyn_error(DYN_SERIALIZATION, "The request could not be read");
}

/* A piece of a form as text of the database's; palloc'd. */
static char *
decode(const char *text, int len)
{
	StringInfoData decoded;

	initStringInfo(&decoded);
	for (int i = 0; i < len; i++)
	{
		if (text[i] != '%')
			appendStringInfoChar(&decoded, text[i] == '+' ? ' ' : text[i]);
		else if (i + 2 < len && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0)
		{
			appendStringInfoChar(&decoded, (char) (hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
			i += 2;
		}
		else
			refuse();
	}
	if (memchr(decoded.data, '\0', decoded.len) != NULL || pg_encoding_verifymbstr(PG_UTF8, decoded.data, decoded.len) != decoded.len)
		refuse();
	return pg_any_to_server(decoded.data, decoded.len, PG_UTF8);
}

static HTAB *
make_form(void)
{
	HASHCTL		control = {.keysize = sizeof(FormKey), .entrysize = sizeof(FormEntry), .hcxt = CurrentMemoryContext};

	return hash_create("parameters of a form", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static FormNode *
child_of(HTAB *form, FormNode *parent, const char *name)
{
	FormKey		key;
	FormEntry  *entry;
	bool		found;

	memset(&key, 0, sizeof(key));
	key.parent = parent;
	strlcpy(key.name, name, sizeof(key.name));
	entry = (FormEntry *) hash_search(form, &key, HASH_ENTER, &found);
	if (!found)
	{
		entry->node = (FormNode) {.name = entry->key.name};
		parent->children = lappend(parent->children, &entry->node);
	}
	return &entry->node;
}

/* Puts a.b.c=value into the tree. */
static void
enter(HTAB *form, FormNode *root, char *key, const char *value)
{
	FormNode	   *node = root;
	int			depth = 0;

	while (key != NULL)
	{
		char	   *dot = strchr(key, '.');

		if (dot != NULL)
			*dot = '\0';
		if (*key == '\0' || strlen(key) > MAX_NAME || ++depth > MAX_DEPTH || node->value != NULL)
			refuse();
		node = child_of(form, node, key);
		key = dot != NULL ? dot + 1 : NULL;
	}
	if (node->value != NULL || node->children != NIL)
		refuse();
	node->value = value;
}

static FormNode *
read_form(const char *body, int len)
{
	FormNode	   *root = (FormNode *) palloc0(sizeof(FormNode));
	HTAB	   *form = make_form();
	const char *end = body + len;
	int			pairs = 0;

	while (body < end)
	{
		const char *stop = memchr(body, '&', end - body);
		const char *equals;

		CHECK_FOR_INTERRUPTS();
		stop = stop != NULL ? stop : end;
		equals = memchr(body, '=', stop - body);
		if (stop > body && ++pairs > MAX_PAIRS)
			dyn_error(DYN_SERIALIZATION, "The request has more than %d parameters", MAX_PAIRS);
		if (stop > body)
			enter(form, root, decode(body, (equals != NULL ? equals : stop) - body), equals != NULL ? decode(equals + 1, stop - equals - 1) : "");
		body = stop + (stop < end);
	}
	return root;
}

static void write_node(WireWriter *writer, const FormNode *node);

/* A list's elements have numbers for names; they are taken in the order in which they come. */
static void
write_children(WireWriter *writer, const FormNode *node)
{
	const FormNode *first = (const FormNode *) linitial(node->children);
	ListCell   *cell;

	if (list_length(node->children) == 1 && strcmp(first->name, "member") == 0 && first->value == NULL)
	{
		wire_array_start(writer);
		foreach(cell, first->children)
			write_node(writer, (const FormNode *) lfirst(cell));
		wire_array_end(writer);
		return;
	}
	wire_object_start(writer);
	foreach(cell, node->children)
	{
		const FormNode *child = (const FormNode *) lfirst(cell);

		wire_key(writer, child->name, strlen(child->name));
		write_node(writer, child);
	}
	wire_object_end(writer);
}

/* An empty list is sent as an empty value. */
static void
write_node(WireWriter *writer, const FormNode *node)
{
	if (node->value != NULL)
		wire_cstring(writer, node->value);
	else
		write_children(writer, node);
}

char *
cloudwatch_query_action(const char *body, int len)
{
	static const char name[] = "Action=";
	const char *end = body + len;

	while (body < end)
	{
		const char *stop = memchr(body, '&', end - body);

		stop = stop != NULL ? stop : end;
		if (stop - body > strlen(name) && memcmp(body, name, strlen(name)) == 0)
			return pnstrdup(body + strlen(name), stop - body - strlen(name));
		body = stop + (stop < end);
	}
	return NULL;
}

Jsonb *
cloudwatch_read_query(const char *body, int len)
{
	FormNode	   *root = read_form(body, len);
	StringInfoData text;
	WireWriter	writer;
	ListCell   *cell;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	foreach(cell, root->children)
	{
		const FormNode *node = (const FormNode *) lfirst(cell);

		if (strcmp(node->name, "Action") == 0 || strcmp(node->name, "Version") == 0 || (node->value != NULL && node->value[0] == '\0'))
			continue;
		wire_key(&writer, node->name, strlen(node->name));
		write_node(&writer, node);
	}
	wire_object_end(&writer);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
}

/* ------------------------------------------------------------------------------------------------------------
 * XML
 * ------------------------------------------------------------------------------------------------------------ */

/* Control characters have no place in XML. */
static void
append_escaped(StringInfo out, const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		unsigned char c = text[i];

		if (c == '<')
			appendStringInfoString(out, "&lt;");
		else if (c == '>')
			appendStringInfoString(out, "&gt;");
		else if (c == '&')
			appendStringInfoString(out, "&amp;");
		else if (c == '"')
			appendStringInfoString(out, "&quot;");
		else if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
			appendStringInfoChar(out, '?');
		else
			appendStringInfoChar(out, c);
	}
}

static bool
ends_with(const char *text, const char *end)
{
	size_t		len = strlen(text);

	return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* A time in seconds since 1970 as ISO 8601. */
static void
append_time(StringInfo out, double seconds)
{
	pg_time_t	whole = (pg_time_t) seconds;
	char		text[32];

	pg_strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", pg_gmtime(&whole));
	appendStringInfo(out, "%s.%03dZ", text, (int) ((seconds - whole) * 1000));
}

static void
append_scalar(StringInfo out, const JsonbValue *value, const char *member)
{
	if (value->type == jbvString)
		append_escaped(out, value->val.string.val, value->val.string.len);
	else if (value->type == jbvBool)
		appendStringInfoString(out, value->val.boolean ? "true" : "false");
	else if (value->type == jbvNumeric && (ends_with(member, "Timestamp") || ends_with(member, "Timestamps")))
		append_time(out, DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric))));
	else if (value->type == jbvNumeric)
		appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))));
}

static void append_container(StringInfo out, JsonbContainer *container, const char *member);

static void
append_value(StringInfo out, const JsonbValue *value, const char *member)
{
	check_stack_depth();
	if (value->type == jbvBinary)
		append_container(out, value->val.binary.data, member);
	else
		append_scalar(out, value, member);
}

/* Whether a text may be an element's name, as those of CloudWatch's members are. */
static bool
is_element_name(const char *name)
{
	return name[0] != '\0' && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
		(name[0] < '0' || name[0] > '9');
}

static void
append_member(StringInfo out, const char *name, const JsonbValue *value)
{
	appendStringInfo(out, "<%s>", name);
	append_value(out, value, name);
	appendStringInfo(out, "</%s>", name);
}

static void
append_entry(StringInfo out, const char *key, const JsonbValue *value)
{
	appendStringInfoString(out, "<entry><key>");
	append_escaped(out, key, strlen(key));
	appendStringInfoString(out, "</key><value>");
	append_value(out, value, key);
	appendStringInfoString(out, "</value></entry>");
}

/*
 * The members of an object, or of a map: ExtendedStatistics is the only one.  What an alarm's dimensions have besides Name and Value is whatever its request said:
 * a name that is none of a member's is left out.
 */
static void
append_container(StringInfo out, JsonbContainer *container, const char *member)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;
	bool		is_map = strcmp(member, "ExtendedStatistics") == 0;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			if (is_map)
				append_entry(out, name, &value);
			else if (is_element_name(name))
				append_member(out, name, &value);
		}
		else if (token == WJB_ELEM)
		{
			appendStringInfoString(out, "<member>");
			append_value(out, &value, member);
			appendStringInfoString(out, "</member>");
		}
	}
}

static void
append_request_id(StringInfo out, const char *request_id)
{
	appendStringInfo(out, "<RequestId>%s</RequestId>", request_id);
}

void
cloudwatch_write_xml(StringInfo out, const char *operation, Jsonb *answer, const char *request_id)
{
	appendStringInfo(out, "<%sResponse xmlns=\"%s\">", operation, NAMESPACE);
	if (answer != NULL)
	{
		appendStringInfo(out, "<%sResult>", operation);
		append_container(out, &answer->root, "");
		appendStringInfo(out, "</%sResult>", operation);
	}
	appendStringInfoString(out, "<ResponseMetadata>");
	append_request_id(out, request_id);
	appendStringInfo(out, "</ResponseMetadata></%sResponse>\n", operation);
}

void
cloudwatch_write_xml_error(StringInfo out, const char *code, const char *message, bool is_sender, const char *request_id)
{
	appendStringInfo(out, "<ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type><Code>%s</Code><Message>", NAMESPACE,
					 is_sender ? "Sender" : "Receiver", code);
	append_escaped(out, message, strlen(message));
	appendStringInfoString(out, "</Message></Error>");
	append_request_id(out, request_id);
	appendStringInfoString(out, "</ErrorResponse>\n");
}
