/*
 * log_change.c
 *		What a write of an item logs: one pure function.
 */
#include "postgres.h"

#include "log/log.h"
#include "value/attr_build.h"

/* The images that a stream's record has; both only if there are such items. */
static void
choose_stream_images(StreamView view, const Jsonb *old, const Jsonb *item, LogChange *change)
{
	change->has_old = old != NULL && (view == VIEW_OLD_IMAGE || view == VIEW_NEW_AND_OLD_IMAGES);
	change->has_new = item != NULL && (view == VIEW_NEW_IMAGE || view == VIEW_NEW_AND_OLD_IMAGES);
	change->has_keys = !change->has_old && !change->has_new;
}

void
log_change(const TableLog *log, Jsonb *old, Jsonb *item, bool expires, LogChange *change)
{
	memset(change, 0, sizeof(*change));
	if (old == NULL && item == NULL)
		return;
	if (old != NULL && item != NULL && attr_items_equal(old, item))
		return;

	if (old == NULL)
		change->action = LOG_INSERT;
	else if (item != NULL)
		change->action = LOG_MODIFY;
	else
		change->action = expires ? LOG_EXPIRE : LOG_REMOVE;

	/* whoever undoes a change wants what was there before, and finds the item by its hash and sort key */
	if (log->kind == LOG_UNDO)
		change->has_old = old != NULL;
	else
		choose_stream_images(log->view, old, item, change);
}

static void
take_attribute(JsonbPair *pair, const JsonbValue *map, const char *stored, int stored_len)
{
	pair->key.type = jbvString;
	pair->key.val.string.val = unconstify(char *, stored);
	pair->key.val.string.len = stored_len;
	if (!attr_lookup(map, stored, stored_len, &pair->value))
		elog(ERROR, "an item lacks its key attribute");
}

static Jsonb *
make_keys(JsonbPair *pairs, int count)
{
	JsonbValue	keys;

	attr_make_item(pairs, count, &keys);
	return attr_to_jsonb(&keys);
}

Jsonb *
log_keys(const TableInfo *table, Jsonb *item)
{
	JsonbValue	map;
	JsonbPair	pairs[2];

	attr_from_item(item, &map);
	take_attribute(&pairs[0], &map, table->hash.stored, table->hash.stored_len);
	if (table->has_sort)
		take_attribute(&pairs[1], &map, table->sort.stored, table->sort.stored_len);
	return make_keys(pairs, table->has_sort ? 2 : 1);
}

Jsonb *
log_keys_of_schema(Jsonb *key_schema, Jsonb *item)
{
	int			count = JsonContainerSize(&key_schema->root);
	JsonbValue	map;
	JsonbPair	pairs[2];

	if (count > lengthof(pairs))
		elog(ERROR, "a key schema has too many attributes");
	attr_from_item(item, &map);
	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&key_schema->root, i);
		JsonbValue	name;
		const char *stored;
		int			stored_len;

		if (getKeyJsonValueFromContainer(element->val.binary.data, "AttributeName", strlen("AttributeName"), &name) == NULL)
			elog(ERROR, "a key schema lacks a name");
		stored = attr_name_to_stored(name.val.string.val, name.val.string.len, &stored_len);
		take_attribute(&pairs[i], &map, stored, stored_len);
	}
	return make_keys(pairs, count);
}
