/*
 * event_match.c
 *		A record as patterns see it: Lambda's record, whose attributes are looked up in the items as they are stored.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/settings.h"
#include "events/event_match.h"
#include "op/stream.h"
#include "value/attr_node.h"

/* What an object or an array is. */
typedef enum RecordTag
{
	TAG_RECORD,
	TAG_CHANGE,					/* its member dynamodb */
	TAG_IDENTITY,
	TAG_MAP,					/* attributes by their names */
	TAG_ATTRIBUTE,				/* {"S": ...} */
	TAG_LIST,
	TAG_SET
} RecordTag;

/* What values of a record point to. */
typedef struct RecordView
{
	const TableLog *log;
	const EventRecord *record;
} RecordView;

static const PatternSource record_source;

static void
set_text(PatternValue *value, const char *text, int len)
{
	memset(value, 0, sizeof(*value));
	value->type = PATTERN_STRING;
	value->text = text;
	value->len = len;
}

static bool
set_cstring(PatternValue *value, const char *text)
{
	set_text(value, text, strlen(text));
	return true;
}

static bool
set_number(PatternValue *value, int64 number)
{
	set_cstring(value, psprintf(INT64_FORMAT, number));
	value->type = PATTERN_NUMBER;
	return true;
}

static void
set_container(PatternValue *value, PatternType type, RecordTag tag, const JsonbValue *json)
{
	memset(value, 0, sizeof(*value));
	value->type = type;
	value->source = &record_source;
	value->tag = tag;
	if (json != NULL)
		value->value = *json;
}

static bool
set_view(PatternValue *value, RecordTag tag, const RecordView *view)
{
	set_container(value, PATTERN_OBJECT, tag, NULL);
	value->object = view;
	return true;
}

static bool
set_image(PatternValue *value, Jsonb *image)
{
	JsonbValue	map;

	if (image == NULL)
		return false;
	attr_from_item(image, &map);
	set_container(value, PATTERN_OBJECT, TAG_MAP, &map);
	return true;
}

/* A number as its text, which operators on numbers take too. */
static void
set_attribute_number(PatternValue *value, const JsonbValue *numeric)
{
	char	   *text = (char *) palloc(NUMBER_TEXT_MAX_SIZE);

	set_text(value, text, number_print_numeric(numeric->val.numeric, text));
	value->number = numeric->val.numeric;
	value->is_numeric = true;
}

/* What a node has under its type's name. */
static void
set_node(PatternValue *value, const AttrNode *node)
{
	const char *text;
	int			len;

	switch (node->type)
	{
		case ATTR_S:
			text = attr_unescape(&node->payload, node->escaped, &len);
			set_text(value, text, len);
			break;
		case ATTR_N:
			set_attribute_number(value, &node->payload);
			break;
		case ATTR_B:
			set_text(value, node->payload.val.string.val, node->payload.val.string.len);
			break;
		case ATTR_BOOL:
			memset(value, 0, sizeof(*value));
			value->type = node->payload.val.boolean ? PATTERN_TRUE : PATTERN_FALSE;
			break;
		case ATTR_NULL:
			memset(value, 0, sizeof(*value));
			value->type = PATTERN_TRUE;
			break;
		case ATTR_M:
			set_container(value, PATTERN_OBJECT, TAG_MAP, &node->payload);
			break;
		case ATTR_L:
			set_container(value, PATTERN_ARRAY, TAG_LIST, &node->payload);
			break;
		default:
			set_container(value, PATTERN_ARRAY, TAG_SET, &node->payload);
			value->object = node->type == ATTR_SS && node->escaped ? value : NULL;
			break;
	}
}

#define name_is(text) (len == sizeof(text) - 1 && memcmp(name, text, len) == 0)

static bool
record_member(const RecordView *view, const char *name, int len, PatternValue *member)
{
	const LogRow *row = &view->record->row;

	if (name_is("dynamodb"))
		return set_view(member, TAG_CHANGE, view);
	if (name_is("eventName"))
		return set_cstring(member, stream_event_name(row->action));
	if (name_is("eventID"))
		return set_cstring(member, stream_event_id(view->log, row->seq));
	if (name_is("eventVersion"))
		return set_cstring(member, "1.1");
	if (name_is("eventSource"))
		return set_cstring(member, "aws:dynamodb");
	if (name_is("awsRegion"))
		return set_cstring(member, dynapg_region);
	if (name_is("eventSourceARN"))
		return set_cstring(member, stream_arn(view->log));
	if (name_is("userIdentity") && row->action == LOG_EXPIRE)
		return set_view(member, TAG_IDENTITY, view);
	return false;
}

static bool
change_member(const RecordView *view, const char *name, int len, PatternValue *member)
{
	const LogRow *row = &view->record->row;

	if (name_is("Keys"))
		return set_image(member, row->keys);
	if (name_is("NewImage"))
		return set_image(member, row->item);
	if (name_is("OldImage"))
		return set_image(member, row->old);
	if (name_is("SequenceNumber"))
		return set_cstring(member, stream_sequence_number(row->seq));
	if (name_is("SizeBytes"))
		return set_number(member, view->record->size);
	if (name_is("StreamViewType"))
		return set_cstring(member, catalog_view_name(view->log->view));
	if (name_is("ApproximateCreationDateTime"))
		return set_number(member, timestamptz_to_time_t(row->written_at));
	return false;
}

static bool
map_member(const PatternValue *map, const char *name, int len, PatternValue *member)
{
	int			stored_len;
	const char *stored = attr_name_to_stored(name, len, &stored_len);
	JsonbValue	attribute;

	if (!attr_lookup(&map->value, stored, stored_len, &attribute))
		return false;
	set_container(member, PATTERN_OBJECT, TAG_ATTRIBUTE, &attribute);
	return true;
}

static bool
attribute_member(const PatternValue *attribute, const char *name, int len, PatternValue *member)
{
	const char *type;
	AttrNode	node;

	attr_open(&attribute->value, &node);
	type = attr_type_name(node.type);
	if (len != (int) strlen(type) || memcmp(name, type, len) != 0)
		return false;
	set_node(member, &node);
	return true;
}

static bool
find_member(const PatternValue *object, const char *name, int len, PatternValue *member)
{
	switch ((RecordTag) object->tag)
	{
		case TAG_RECORD:
			return record_member((const RecordView *) object->object, name, len, member);
		case TAG_CHANGE:
			return change_member((const RecordView *) object->object, name, len, member);
		case TAG_IDENTITY:
			return name_is("type") ? set_cstring(member, "Service") :
				name_is("principalId") && set_cstring(member, "dynamodb.amazonaws.com");
		case TAG_MAP:
			return map_member(object, name, len, member);
		case TAG_ATTRIBUTE:
			return attribute_member(object, name, len, member);
		default:
			return false;
	}
}

static bool
test_any_element(const PatternValue *array, bool (*test) (const PatternValue *element, void *argument), void *argument)
{
	AttrWalk	walk;
	JsonbValue	json;

	attr_walk_start(&walk, &array->value);
	while (attr_walk_element(&walk, &json))
	{
		PatternValue element;

		if (array->tag == TAG_LIST)
			set_container(&element, PATTERN_OBJECT, TAG_ATTRIBUTE, &json);
		else if (json.type == jbvNumeric)
			set_attribute_number(&element, &json);
		else
		{
			int			len;
			const char *text = attr_unescape(&json, array->object != NULL, &len);

			set_text(&element, text, len);
		}
		if (test(&element, argument))
			return true;
	}
	return false;
}

static const PatternSource record_source = {find_member, test_any_element};

bool
event_record_matches(List *patterns, const TableLog *log, const EventRecord *record)
{
	RecordView	view = {log, record};
	PatternValue value;
	ListCell   *cell;

	set_view(&value, TAG_RECORD, &view);
	foreach(cell, patterns)
		if (event_pattern_matches((const Pattern *) lfirst(cell), &value))
			return true;
	return false;
}
