/*
 * attr_write.c
 *		Stored values to DynamoDB JSON.
 *
 * The walk goes straight over the jsonb's bytes to the writer; the only copies are of what is escaped or printed.  Whole maps for
 * the jsonb medium go through attr_wire.c first.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "value/attr_build.h"
#include "value/attr_node.h"

static void
write_name(WireWriter *writer, const JsonbValue *stored)
{
	int			len;
	const char *name = attr_name_from_stored(stored->val.string.val, stored->val.string.len, &len);

	wire_key(writer, name, len);
}

static void
write_string(WireWriter *writer, const JsonbValue *string, bool escaped)
{
	int			len;
	const char *text = attr_unescape(string, escaped, &len);

	wire_string(writer, text, len);
}

static void
write_number(WireWriter *writer, const JsonbValue *numeric)
{
	DynNumber	number;
	char		buf[NUMBER_TEXT_MAX_SIZE];
	int			len;

	attr_number(numeric, &number);
	len = number_print(&number, buf);
	if (writer->out)
		wire_string(writer, buf, len);
	else
		wire_string(writer, pnstrdup(buf, len), len);
}

static void
write_members(WireWriter *writer, const JsonbValue *object)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;

	wire_object_start(writer);
	attr_walk_start(&walk, object);
	while (attr_walk_member(&walk, &name, &value))
	{
		write_name(writer, &name);
		attr_write_value(writer, &value);
	}
	wire_object_end(writer);
}

void
attr_write_value(WireWriter *writer, const JsonbValue *value)
{
	AttrNode	node;
	AttrWalk	walk;
	JsonbValue	element;

	check_stack_depth();

	attr_open(value, &node);
	wire_object_start(writer);
	wire_member(writer, attr_type_name(node.type));
	switch (node.type)
	{
		case ATTR_S:
			write_string(writer, &node.payload, node.escaped);
			break;
		case ATTR_N:
			write_number(writer, &node.payload);
			break;
		case ATTR_B:
			write_string(writer, &node.payload, false);
			break;
		case ATTR_BOOL:
			wire_boolean(writer, node.payload.val.boolean);
			break;
		case ATTR_NULL:
			wire_boolean(writer, true);
			break;
		case ATTR_M:
			write_members(writer, &node.payload);
			break;
		case ATTR_L:
			wire_array_start(writer);
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
				attr_write_value(writer, &element);
			wire_array_end(writer);
			break;
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			wire_array_start(writer);
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
			{
				if (node.type == ATTR_NS)
					write_number(writer, &element);
				else
					write_string(writer, &element, node.escaped);
			}
			wire_array_end(writer);
			break;
	}
	wire_object_end(writer);
}

Jsonb *
attr_map_to_wire(const JsonbValue *map)
{
	Jsonb	   *jsonb = attr_wire_jsonb(map->type == jbvBinary ? map->val.binary.data : &attr_to_jsonb(map)->root);
	WireWriter	writer;

	if (jsonb != NULL)
		return jsonb;
	wire_write_jsonb(&writer);
	write_members(&writer, map);
	return wire_writer_jsonb(&writer);
}

void
attr_write_map(WireWriter *writer, const JsonbValue *map)
{
	if (wire_builds_jsonb(writer))
		wire_jsonb(writer, attr_map_to_wire(map));
	else
		write_members(writer, map);
}

void
attr_write_item(WireWriter *writer, Jsonb *item)
{
	JsonbValue	value;

	attr_from_item(item, &value);
	attr_write_map(writer, &value);
}
