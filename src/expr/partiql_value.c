/*
 * partiql_value.c
 *		PartiQL's literals as values in stored form.
 *
 * A literal is written as DynamoDB JSON and read back as a request's values are, so that the same rules hold for it.  What
 * only PartiQL says of literals (where in them a number is wrong, what a bag may hold) is checked while it is written.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"
#include "value/attr_build.h"
#include "value/number.h"
#include "value/wire.h"

/* A literal while it is written. */
typedef struct LiteralWriter
{
	PartiqlParser *parser;
	WireWriter	wire;
	StringInfoData path;		/* of what is written: "root.a[0]" */
} LiteralWriter;

static void write_literal(LiteralWriter *writer, const PartiqlNode *node, int wraps);

bool
partiql_is_value(const PartiqlNode *node)
{
	switch (node->kind)
	{
		case PARTIQL_STRING:
		case PARTIQL_NUMBER:
		case PARTIQL_CONSTANT:
		case PARTIQL_PARAMETER:
		case PARTIQL_LIST:
		case PARTIQL_BAG:
		case PARTIQL_MAP:
			return true;
		default:
			return false;
	}
}

static _Noreturn void
fail_type(const LiteralWriter *writer, const PartiqlNode *node)
{
	dyn_invalid("Unsupported data type: %s under key %s%s",
				node->kind == PARTIQL_PARAMETER ? "Parameter" : expr_printable(node->token.at, node->token.len),
				writer->path.data, partiql_place(writer->parser, &node->token));
}

/* A number's text, with its sign. */
static void
number_text(const PartiqlNode *node, StringInfo text)
{
	initStringInfo(text);
	appendStringInfo(text, "%s%.*s", node->negative ? "-" : "", node->text.len, node->text.at);
}

static void
parse_number(const LiteralWriter *writer, const PartiqlNode *node, DynNumber *number)
{
	StringInfoData text;
	NumberStatus status;

	number_text(node, &text);
	status = number_parse(text.data, text.len, number);
	if (status != NUMBER_OK)
		dyn_invalid("%s under %s", number_error_message(status, text.data, text.len), writer->path.data);
}

static void
write_number(LiteralWriter *writer, const PartiqlNode *node)
{
	DynNumber	number;
	char		text[NUMBER_TEXT_MAX_SIZE];

	parse_number(writer, node, &number);
	wire_string(&writer->wire, text, number_print(&number, text));
}

/* Numbers of a set are compared by value; the message has them as they are written. */
static void
check_number_set(const LiteralWriter *writer, const List *members)
{
	DynNumber  *numbers = palloc(list_length(members) * sizeof(DynNumber));
	StringInfoData list;
	bool		has_duplicates = false;

	initStringInfo(&list);
	for (int i = 0; i < list_length(members); i++)
	{
		StringInfoData text;

		parse_number(writer, list_nth(members, i), &numbers[i]);
		for (int j = 0; j < i && !has_duplicates; j++)
			has_duplicates = number_compare(&numbers[i], &numbers[j]) == 0;
		number_text(list_nth(members, i), &text);
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", text.data);
	}
	if (has_duplicates)
		dyn_invalid("One or more parameter values were invalid: Input collection [%s] contains duplicates! under %s",
					list.data, writer->path.data);
}

static void
write_bag(LiteralWriter *writer, const PartiqlNode *node)
{
	PartiqlNodeKind kind;
	ListCell   *cell;

	if (node->args == NIL)
		dyn_invalid("Empty bags are not supported");
	kind = ((const PartiqlNode *) linitial(node->args))->kind;
	foreach(cell, node->args)
		if (((const PartiqlNode *) lfirst(cell))->kind != kind || (kind != PARTIQL_STRING && kind != PARTIQL_NUMBER))
			dyn_invalid("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
	if (kind == PARTIQL_NUMBER)
		check_number_set(writer, node->args);

	wire_member(&writer->wire, kind == PARTIQL_NUMBER ? "NS" : "SS");
	wire_array_start(&writer->wire);
	foreach(cell, node->args)
	{
		const PartiqlNode *member = lfirst(cell);

		if (kind == PARTIQL_NUMBER)
			write_number(writer, member);
		else
			wire_string(&writer->wire, member->text.at, member->text.len);
	}
	wire_array_end(&writer->wire);
}

static void
write_list(LiteralWriter *writer, const PartiqlNode *node, int wraps)
{
	int			path_len = writer->path.len;
	int			index = 0;
	ListCell   *cell;

	wire_member(&writer->wire, "L");
	wire_array_start(&writer->wire);
	foreach(cell, node->args)
	{
		appendStringInfo(&writer->path, "[%d]", index++);
		write_literal(writer, lfirst(cell), wraps + 1);
		writer->path.data[writer->path.len = path_len] = '\0';
	}
	wire_array_end(&writer->wire);
}

/* The name of a map's member at an index of its arguments; place: what is named if another member has that name, too. */
static const PartiqlNode *
member_name(PartiqlParser *parser, const PartiqlNode *map, int index, const PartiqlNode *place, const char *path)
{
	const PartiqlNode *name = list_nth(map->args, index);

	if (name->text.len == 0)
		dyn_invalid("Path component cannot be an empty string");
	for (int i = 0; i < index; i += 2)
	{
		const PartiqlNode *other = list_nth(map->args, i);

		if (other->text.len == name->text.len && memcmp(other->text.at, name->text.at, name->text.len) == 0)
			dyn_invalid("Duplicate keys in tuple. Key: %s under %s%s", expr_printable(name->text.at, name->text.len), path,
						partiql_place(parser, &place->token));
	}
	return name;
}

static void
write_map(LiteralWriter *writer, const PartiqlNode *node, int wraps)
{
	int			path_len = writer->path.len;

	wire_member(&writer->wire, "M");
	wire_object_start(&writer->wire);
	for (int i = 0; i < list_length(node->args); i += 2)
	{
		const PartiqlNode *name = member_name(writer->parser, node, i, node, writer->path.data);

		appendStringInfo(&writer->path, ".%s", expr_printable(name->text.at, name->text.len));
		wire_key(&writer->wire, name->text.at, name->text.len);
		write_literal(writer, list_nth(node->args, i + 1), wraps + 1);
		writer->path.data[writer->path.len = path_len] = '\0';
	}
	wire_object_end(&writer->wire);
}

/* wraps: how many lists and maps are around it. */
static void
write_literal(LiteralWriter *writer, const PartiqlNode *node, int wraps)
{
	if (wraps >= ATTR_MAX_DEPTH)
		dyn_invalid("Nesting Levels have exceeded supported limits under %s", writer->path.data);

	wire_object_start(&writer->wire);
	switch (node->kind)
	{
		case PARTIQL_STRING:
			wire_member(&writer->wire, "S");
			wire_string(&writer->wire, node->text.at, node->text.len);
			break;
		case PARTIQL_NUMBER:
			wire_member(&writer->wire, "N");
			write_number(writer, node);
			break;
		case PARTIQL_CONSTANT:
			wire_member(&writer->wire, node->token.len > 0 && pg_tolower(*node->token.at) == 'n' ? "NULL" : "BOOL");
			wire_boolean(&writer->wire, pg_tolower(*node->token.at) != 'f');
			break;
		case PARTIQL_LIST:
			write_list(writer, node, wraps);
			break;
		case PARTIQL_BAG:
			write_bag(writer, node);
			break;
		case PARTIQL_MAP:
			write_map(writer, node, wraps);
			break;
		default:
			fail_type(writer, node);
	}
	wire_object_end(&writer->wire);
}

JsonbValue *
partiql_value(PartiqlParser *parser, const PartiqlNode *node)
{
	JsonbValue *value;
	LiteralWriter writer;
	WireReader	reader;
	StringInfoData text;
	AttrError	error;
	int			size;

	if (node->kind == PARTIQL_PARAMETER)
		return parser->parameters->values[node->parameter];

	writer.parser = parser;
	initStringInfo(&writer.path);
	appendStringInfoString(&writer.path, "root");
	initStringInfo(&text);
	wire_write_text(&writer.wire, &text);
	write_literal(&writer, node, 0);

	value = palloc(sizeof(JsonbValue));
	wire_read_text(&reader, text.data, text.len);
	(void) wire_next(&reader);
	attr_read_value(&reader, value, &size, &error);
	if (error.message != NULL)
		dyn_invalid("%s", error.message);
	return value;
}

/* ---- INSERT ---- */

static _Noreturn void
fail_item(PartiqlParser *parser, const PartiqlNode *node)
{
	dyn_invalid("Unsupported format in item expression. Please use struct format {...} to express item values for insert "
				"statement.%s", partiql_place(parser, &node->token));
}

static void
item_of_parameter(PartiqlParser *parser, const PartiqlNode *parameter, AttributeMap *item)
{
	AttrNode	node;

	attr_open(partiql_value(parser, parameter), &node);
	if (node.type != ATTR_M)
		fail_item(parser, parameter);
	item->object = node.payload;
}

AttributeMap *
partiql_item(PartiqlParser *parser, const PartiqlNode *node)
{
	AttributeMap *item = palloc0(sizeof(AttributeMap));
	int			count = list_length(node->args) / 2;
	JsonbPair  *pairs;

	if (node->kind == PARTIQL_PARAMETER)
		item_of_parameter(parser, node, item);
	else
	{
		if (node->kind != PARTIQL_MAP)
			fail_item(parser, node);
		pairs = palloc(Max(count, 1) * sizeof(JsonbPair));
		for (int i = 0; i < count; i++)
		{
			const PartiqlNode *name = member_name(parser, node, 2 * i, list_nth(node->args, 2 * i), "root");
			JsonbPair  *pair = &pairs[i];

			pair->key.type = jbvString;
			pair->key.val.string.val = unconstify(char *, attr_name_to_stored(name->text.at, name->text.len,
																				 &pair->key.val.string.len));
			pair->value = *partiql_value(parser, list_nth(node->args, 2 * i + 1));
			pair->order = i;
		}
		attr_make_item(pairs, count, &item->object);
	}
	item->size = attr_map_size(&item->object);
	return item;
}
