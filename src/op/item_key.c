/*
 * item_key.c
 *		Keys and items.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/item_key.h"

void
op_check_values(const RequestValue *values, bool enveloped)
{
	const AttrError *error;

	if (!values->present)
		return;
	error = &values->as.attributes->error;
	if (error->message != NULL)
		dyn_invalid("%s%s", enveloped && error->enveloped ? DYN_ENVELOPE : "", error->message);
}

void
op_key_attribute(const KeyAttribute *attribute, const AttributeMap *key, bool is_sort, const char **bytes, int *len)
{
	JsonbValue	value;

	if (!attr_lookup(&key->object, attribute->stored, attribute->stored_len, &value) ||
		key_bytes(&value, attribute->type, is_sort ? SORT_KEY_MAX_SIZE : PARTITION_KEY_MAX_SIZE,
				  bytes, len) == KEY_WRONG_TYPE)
		dyn_invalid("The provided key element does not match the schema");
	key_of_item(&key->object, attribute->stored, attribute->stored_len, attribute->type, is_sort, bytes, len);
}

void
op_key_of_key(const TableInfo *table, const AttributeMap *key, StorageKey *result)
{
	const char *hash;
	const char *sort = NULL;
	int			hash_len;
	int			sort_len = 0;

	if (key->object.val.object.nPairs != (table->has_sort ? 2 : 1))
		dyn_invalid("The provided key element does not match the schema");
	op_key_attribute(&table->hash, key, false, &hash, &hash_len);
	if (table->has_sort)
		op_key_attribute(&table->sort, key, true, &sort, &sort_len);
	storage_key(result, table, hash, hash_len, sort, sort_len);
}

void
op_key_of_item(const TableInfo *table, const AttributeMap *item, StorageKey *key)
{
	storage_key_of_item(key, table, &item->object);
}

int
op_item_size(Jsonb *item)
{
	JsonbValue	map;

	if (item == NULL)
		return 0;
	attr_from_item(item, &map);
	return attr_map_size(&map);
}

bool
op_same_item(const Jsonb *a, const Jsonb *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}
