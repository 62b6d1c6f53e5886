/*
 * audit_request.c
 *		requestParameters: a request without what is in items.
 *
 * By the kind of its shape: values of attributes are left out wherever the lines below do not say that they stay, so that a member which the
 * model gets some day tells nothing that it should not.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/settings.h"
#include "catalog/tables.h"
#include "expr/partiql.h"
#include "op/arn.h"
#include "op/audit_private.h"
#include "value/attr_node.h"

#define MAX_KEY_ATTRIBUTES	10	/* of an index's start key: its key's and the table's */
#define MAX_RESOURCES		100
#define MAX_RESOURCES_SIZE	2048

/* A walk over a request. */
typedef struct AuditWalk
{
	AuditWriter *writer;
	AuditResources *resources;
	bool		may_look;
} AuditWalk;

static void put_value(AuditWalk *walk, const char *name, const RequestValue *value);

static bool
is_name(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Resources
 * ------------------------------------------------------------------------------------------------------------ */

void
audit_resource(AuditResources *resources, const char *name, int len)
{
	StringInfo	arns = &resources->arns;
	char	   *arn = pnstrdup(name, len);

	if (arns->data == NULL)
		initStringInfo(arns);
	if (strncmp(arn, "arn:", 4) != 0)
		arn = arn_of_table(arn);
	for (const char *other = arns->data; other < arns->data + arns->len; other += strlen(other) + 1)
		if (strcmp(other, arn) == 0)
			return;
	if (resources->count == MAX_RESOURCES || arns->len + strlen(arn) > MAX_RESOURCES_SIZE)
		return;
	appendBinaryStringInfo(arns, arn, strlen(arn) + 1);
	resources->count++;
}

/* ------------------------------------------------------------------------------------------------------------
 * Keys and items
 * ------------------------------------------------------------------------------------------------------------ */

/* The value of a key attribute, plain; false if it is none that a key may have. */
static bool
put_key_value(AuditWriter *writer, const JsonbValue *value)
{
	AttrNode	node;
	const char *text;
	int			len;

	if (attr_try_open(value, &node) != NULL)
		return false;
	switch (node.type)
	{
		case ATTR_S:
			text = attr_unescape(&node.payload, node.escaped, &len);
			audit_string(writer, text, len);
			return true;
		case ATTR_B:
			audit_string(writer, node.payload.val.string.val, node.payload.val.string.len);
			return true;
		case ATTR_N:
			audit_bare(writer, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(node.payload.val.numeric))));
			return true;
		default:
			return false;
	}
}

/* The names of a map's attributes. */
static void
put_names(AuditWriter *writer, const AttributeMap *map)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;

	audit_begin_array(writer);
	attr_walk_start(&walk, &map->object);
	while (attr_walk_member(&walk, &name, &value) && audit_has_room(writer))
	{
		int			len;
		const char *text = attr_name_from_stored(name.val.string.val, name.val.string.len, &len);

		audit_string(writer, text, len);
	}
	audit_end_array(writer);
}

/* A key with its values.  What has more attributes than a key may have, or other values, is an item by mistake. */
static void
put_key(AuditWriter *writer, const AttributeMap *map, int most)
{
	StringInfo	out = writer->out;
	int			start = out->len;
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;

	attr_walk_start(&walk, &map->object);
	if (!dynapg_audit_keys || walk.count > most)
	{
		put_names(writer, map);
		return;
	}
	audit_begin_object(writer);
	while (attr_walk_member(&walk, &name, &value) && audit_has_room(writer))
	{
		int			len;
		const char *text = attr_name_from_stored(name.val.string.val, name.val.string.len, &len);

		audit_free_member(writer, text, len);
		if (!put_key_value(writer, &value))
		{
			out->len = start;
			put_names(writer, map);
			return;
		}
	}
	audit_end_object(writer);
}

static void
put_attributes(AuditWriter *writer, const char *name, const AttributeMap *map)
{
	/* what is wrong with it may be anything */
	if (map->error.message != NULL)
		audit_bare(writer, "null");
	else if (strcmp(name, "Key") == 0 || strcmp(name, "Keys") == 0)
		put_key(writer, map, 2);
	else if (strcmp(name, "ExclusiveStartKey") == 0)
		put_key(writer, map, MAX_KEY_ATTRIBUTES);
	else
		put_names(writer, map);
}

/* ------------------------------------------------------------------------------------------------------------
 * PartiQL
 * ------------------------------------------------------------------------------------------------------------ */

/* A PartiqlIsKey. */
static bool
is_key_of_table(const char *table_name, int table_len, const char *name, int name_len, void *argument)
{
	const TableInfo *table;
	TableArn	arn;

	if (arn_parse_table(table_name, table_len, &arn))
		table = catalog_table(arn.name, arn.name_len);
	else
		table = catalog_table(table_name, table_len);
	return table != NULL &&
		((table->hash.name_len == name_len && memcmp(table->hash.name, name, name_len) == 0) ||
		 (table->has_sort && table->sort.name_len == name_len && memcmp(table->sort.name, name, name_len) == 0));
}

static void
put_statement(AuditWalk *walk, const RequestValue *statement)
{
	bool		with_keys = walk->may_look && dynapg_audit_keys && catalog_exists();
	StringInfoData text;
	const char *table;
	int			table_len;

	initStringInfo(&text);
	partiql_redact(&text, statement->as.string.text, statement->as.string.len, with_keys ? is_key_of_table : NULL, NULL,
				   &table, &table_len);
	audit_string(walk->writer, text.data, text.len);
	if (table != NULL)
		audit_resource(walk->resources, table, table_len);
}

/* ------------------------------------------------------------------------------------------------------------
 * Any value
 * ------------------------------------------------------------------------------------------------------------ */

static const char *const left_out[] = {
	"ExpressionAttributeValues", "Expected", "KeyConditions", "QueryFilter", "ScanFilter", "Parameters", NULL
};

static const char *const transactions[] = {"TransactItems", "TransactStatements", "Statements", NULL};

static const char *const named_resources[] = {
	"TableName", "TableArn", "ResourceArn", "StreamArn", "SourceTableName", "SourceTableArn", "TargetTableName", "BackupArn", "ExportArn",
	"ImportArn", "BulkOperationArn", NULL
};

/* Whether a member is not told of. */
static bool
is_left_out(const char *name, const RequestValue *value)
{
	if (!value->present || value->shape->kind == SHAPE_ATTRIBUTE_VALUE || value->shape->kind == SHAPE_BLOB)
		return true;
	/* where a page begins is a key */
	if (strcmp(name, "NextToken") == 0 && !dynapg_audit_keys)
		return true;
	return is_name(name, left_out);
}

static void
put_members(AuditWalk *walk, const RequestValue *structure)
{
	const Shape *shape = structure->shape;

	for (int i = 0; i < shape->n_members; i++)
	{
		const RequestValue *value = &structure->as.members[i];
		const char *name = shape->members[i].name;

		if (is_left_out(name, value))
			continue;
		if (value->shape->kind == SHAPE_STRING && is_name(name, named_resources))
			audit_resource(walk->resources, value->as.string.text, value->as.string.len);
		if (!audit_has_room(walk->writer))
			continue;
		if (is_name(name, transactions))
			audit_member(walk->writer, "requestItems");
		else
			audit_camel_member(walk->writer, name, strlen(name));
		put_value(walk, name, value);
	}
}

/* A part of a transaction: the one member that it has says which operation it is. */
static void
put_transact_item(AuditWalk *walk, const RequestValue *item)
{
	audit_begin_object(walk->writer);
	for (int i = 0; i < item->shape->n_members; i++)
	{
		const RequestValue *part = &item->as.members[i];

		if (!part->present || part->shape->kind != SHAPE_STRUCTURE)
			continue;
		audit_text_member(walk->writer, "operation", item->shape->members[i].name);
		put_members(walk, part);
		break;
	}
	audit_end_object(walk->writer);
}

static void
put_list(AuditWalk *walk, const char *name, const RequestValue *list)
{
	bool		is_transaction = strcmp(name, "TransactItems") == 0;

	audit_begin_array(walk->writer);
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *item = &list->as.list.items[i];

		if (!audit_has_room(walk->writer))
			break;
		if (is_transaction && item->shape->kind == SHAPE_STRUCTURE)
			put_transact_item(walk, item);
		else
			put_value(walk, name, item);
	}
	audit_end_array(walk->writer);
}

static void
put_map(AuditWalk *walk, const char *name, const RequestValue *map)
{
	bool		names_only = strcmp(name, "AttributeUpdates") == 0;
	bool		is_of_tables = strcmp(name, "RequestItems") == 0;

	if (names_only)
		audit_begin_array(walk->writer);
	else
		audit_begin_object(walk->writer);
	for (int i = 0; i < map->as.map.count; i++)
	{
		const RequestEntry *entry = &map->as.map.entries[i];

		if (is_of_tables)
			audit_resource(walk->resources, entry->name, entry->name_len);
		if (!audit_has_room(walk->writer))
			continue;
		if (names_only)
		{
			audit_string(walk->writer, entry->name, entry->name_len);
			continue;
		}
		audit_free_member(walk->writer, entry->name, entry->name_len);
		put_value(walk, name, &entry->value);
	}
	if (names_only)
		audit_end_array(walk->writer);
	else
		audit_end_object(walk->writer);
}

/* A value of the member called name, or in it. */
static void
put_value(AuditWalk *walk, const char *name, const RequestValue *value)
{
	AuditWriter *writer = walk->writer;

	if (!value->present)
	{
		audit_bare(writer, "null");
		return;
	}
	switch (value->shape->kind)
	{
		case SHAPE_STRUCTURE:
			audit_begin_object(writer);
			put_members(walk, value);
			audit_end_object(writer);
			break;
		case SHAPE_LIST:
			put_list(walk, name, value);
			break;
		case SHAPE_MAP:
			put_map(walk, name, value);
			break;
		case SHAPE_STRING:
			if (strcmp(name, "Statement") == 0)
				put_statement(walk, value);
			else
				audit_string(writer, value->as.string.text, value->as.string.len);
			break;
		case SHAPE_INTEGER:
		case SHAPE_LONG:
			audit_bare(writer, psprintf(INT64_FORMAT, value->as.integer));
			break;
		case SHAPE_DOUBLE:
		case SHAPE_TIMESTAMP:
			audit_bare(writer, psprintf("%.17g", value->as.real));
			break;
		case SHAPE_BOOLEAN:
			audit_bare(writer, value->as.boolean ? "true" : "false");
			break;
		case SHAPE_ATTRIBUTE_MAP:
			put_attributes(writer, name, value->as.attributes);
			break;
		default:
			audit_bare(writer, "null");
			break;
	}
}

void
audit_parameters(AuditWriter *writer, const RequestValue *request, AuditResources *resources, bool may_look)
{
	AuditWalk	walk = {.writer = writer, .resources = resources, .may_look = may_look};

	put_value(&walk, "", request);
}
