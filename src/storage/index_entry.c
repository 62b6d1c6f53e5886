/*
 * index_entry.c
 *		What an item's entry in a secondary index is, and what a write does to it.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/varlena.h"
#include "storage/index_entry.h"
#include "storage/storage.h"
#include "value/attr_build.h"

#define MAX_KEY_ATTRIBUTES (2 * INDEX_KEY_MAX_ATTRIBUTES)

/* The canonical bytes of an index's key attributes in an item: hash attributes first. */
typedef struct KeyBytes
{
	const char *bytes[MAX_KEY_ATTRIBUTES];
	int			lens[MAX_KEY_ATTRIBUTES];
} KeyBytes;

static const KeyAttribute *
key_attribute(const TableIndex *index, int n)
{
	return n < index->n_hash ? &index->hash[n] : &index->sort[n - index->n_hash];
}

static IndexFit
fit_of_status(KeyStatus status)
{
	switch (status)
	{
		case KEY_OK:
			break;
		case KEY_WRONG_TYPE:
			return INDEX_WRONG_TYPE;
		case KEY_EMPTY:
			return INDEX_EMPTY;
		case KEY_TOO_LONG:
			return INDEX_TOO_LONG;
	}
	return INDEX_FITS;
}

/*
 * Reads an item's key attributes.  What does not fit counts for more than what is absent, wherever it stands: it is refused even
 * in an item that would have no entry.
 */
static IndexFit
read_key(const TableIndex *index, const JsonbValue *item, KeyBytes *key, IndexMisfit *misfit)
{
	IndexFit	result = INDEX_FITS;
	int			total = 0;

	for (int i = 0; i < index->n_hash + index->n_sort; i++)
	{
		const KeyAttribute *attribute = key_attribute(index, i);
		bool		is_sort = i >= index->n_hash;
		int			limit = is_sort ? SORT_KEY_MAX_SIZE : PARTITION_KEY_MAX_SIZE;
		JsonbValue	value;
		IndexFit	fit;

		if (!attr_lookup(item, attribute->stored, attribute->stored_len, &value))
		{
			result = INDEX_ABSENT;
			continue;
		}
		fit = fit_of_status(key_bytes(&value, attribute->type, limit, &key->bytes[i], &key->lens[i]));
		if (i == index->n_hash)
			total = 0;			/* several attributes share the limit */
		if (fit == INDEX_FITS && (total += key->lens[i]) > limit)
			fit = INDEX_TOO_LONG;
		if (fit == INDEX_FITS)
			continue;
		if (index->expires)
			return INDEX_ABSENT;
		if (misfit != NULL)
			*misfit = (IndexMisfit) {fit, index, attribute, is_sort, value};
		return fit;
	}
	return result;
}

static void
make_entry(const TableIndex *index, const KeyBytes *key, IndexEntry *entry)
{
	KeyType		types[INDEX_KEY_MAX_ATTRIBUTES];

	for (int i = 0; i < index->n_hash; i++)
		types[i] = index->hash[i].type;
	if (index->n_hash > 0)
		key_hash_many(index->n_hash, types, key->bytes, key->lens, &entry->hash);
	else
		memset(&entry->hash, 0, sizeof(entry->hash));
	for (int i = 0; i < index->n_sort; i++)
		entry->sort[i] = storage_sort_bytes(key->bytes[index->n_hash + i], key->lens[index->n_hash + i]);
}

IndexFit
index_fit(const TableIndex *index, const JsonbValue *item, IndexEntry *entry, IndexMisfit *misfit)
{
	KeyBytes	key;
	IndexFit	fit = read_key(index, item, &key, misfit);

	if (fit == INDEX_FITS && entry != NULL)
		make_entry(index, &key, entry);
	return fit;
}

void
index_raise_misfit(const IndexMisfit *misfit, bool update)
{
	const KeyAttribute *attribute = misfit->attribute;
	const char *kind = attribute->type == KEY_TYPE_B ? "binary" : "string";

	switch (misfit->fit)
	{
		case INDEX_FITS:
		case INDEX_ABSENT:
			break;
		case INDEX_WRONG_TYPE:
			if (update)
				dyn_invalid("The update expression attempted to update the secondary index key to unsupported type");
			dyn_invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %c Actual: %s "
						"IndexName: %s", attribute->name, attribute->type,
						attr_type_name(attr_type(&misfit->value)), misfit->index->name);
		case INDEX_EMPTY:
			if (update)
				dyn_invalid("One or more parameter values are not valid. The update expression attempted to update a "
							"secondary index key to a value that is not supported. The AttributeValue for a key attribute "
							"cannot contain an empty %s value.", kind);
			dyn_invalid("One or more parameter values are not valid. A value specified for a secondary index key is not "
						"supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: "
						"%s, IndexKey: %s", kind, misfit->index->name, attribute->name);
		case INDEX_TOO_LONG:
			key_raise(KEY_TOO_LONG, attribute->stored, attribute->stored_len, attribute->type, &misfit->value,
					  misfit->is_sort);
	}
	elog(ERROR, "unexpected fit of an index key");
}

void
index_check_item(const TableInfo *table, const JsonbValue *old, const JsonbValue *item, bool update)
{
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];
		IndexMisfit misfit;
		JsonbValue	before;

		if (!index_checks_items(index) || index_fit(index, item, NULL, &misfit) < INDEX_WRONG_TYPE)
			continue;
		if (old != NULL &&
			attr_lookup(old, misfit.attribute->stored, misfit.attribute->stored_len, &before) &&
			attr_equal(&before, &misfit.value))
			continue;
		index_raise_misfit(&misfit, update);
	}
}

/* Calls for each attribute that an index holds besides all: its keys, the table's, the included ones.  Some come twice. */
static int
projected_attributes(const TableInfo *table, const TableIndex *index, const KeyAttribute **attributes)
{
	int			count = 0;

	attributes[count++] = &table->hash;
	if (table->has_sort)
		attributes[count++] = &table->sort;
	for (int i = 0; i < index->n_hash + index->n_sort; i++)
		attributes[count++] = key_attribute(index, i);
	for (int i = 0; i < index->n_included; i++)
		attributes[count++] = &index->included[i];
	return count;
}

static const KeyAttribute **
attribute_list(const TableIndex *index)
{
	return (const KeyAttribute **) palloc((2 + MAX_KEY_ATTRIBUTES + index->n_included) * sizeof(KeyAttribute *));
}

bool
index_projects(const TableInfo *table, const TableIndex *index, const char *stored, int stored_len)
{
	const KeyAttribute **attributes = attribute_list(index);
	int			count = projected_attributes(table, index, attributes);

	if (index->projection == PROJECT_ALL)
		return true;
	for (int i = 0; i < count; i++)
		if (attributes[i]->stored_len == stored_len && memcmp(attributes[i]->stored, stored, stored_len) == 0)
			return true;
	return false;
}

static bool
is_among(const JsonbPair *pairs, int count, const KeyAttribute *attribute)
{
	for (int i = 0; i < count; i++)
		if (pairs[i].key.val.string.len == attribute->stored_len &&
			memcmp(pairs[i].key.val.string.val, attribute->stored, attribute->stored_len) == 0)
			return true;
	return false;
}

Jsonb *
index_project(const TableInfo *table, const TableIndex *index, Jsonb *item)
{
	const KeyAttribute **attributes;
	int			n_attributes;
	JsonbPair  *pairs;
	int			count = 0;
	JsonbValue	map;
	JsonbValue	projected;

	if (index->projection == PROJECT_ALL)
		return item;
	attr_from_item(item, &map);
	attributes = attribute_list(index);
	n_attributes = projected_attributes(table, index, attributes);
	pairs = (JsonbPair *) palloc(n_attributes * sizeof(JsonbPair));
	for (int i = 0; i < n_attributes; i++)
	{
		if (is_among(pairs, count, attributes[i]) ||
			!attr_lookup(&map, attributes[i]->stored, attributes[i]->stored_len, &pairs[count].value))
			continue;
		pairs[count].key.type = jbvString;
		pairs[count].key.val.string.val = unconstify(char *, attributes[i]->stored);
		pairs[count].key.val.string.len = attributes[i]->stored_len;
		count++;
	}
	attr_make_item(pairs, count, &projected);
	return attr_to_jsonb(&projected);
}

static bool
bytes_equal(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvString:
			return a->val.string.len == b->val.string.len &&
				memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
		case jbvNumeric:
			return VARSIZE(a->val.numeric) == VARSIZE(b->val.numeric) &&
				memcmp(a->val.numeric, b->val.numeric, VARSIZE(a->val.numeric)) == 0;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvNull:
			return true;
		case jbvBinary:
			return a->val.binary.len == b->val.binary.len &&
				memcmp(a->val.binary.data, b->val.binary.data, a->val.binary.len) == 0;
		default:
			elog(ERROR, "unexpected jsonb value type %d", (int) a->type);
	}
}

/* Whether index_project() makes the same bytes of two items, without making them. */
static bool
projected_equal(const TableInfo *table, const TableIndex *index, Jsonb *a, Jsonb *b)
{
	const KeyAttribute **attributes;
	int			n_attributes;
	JsonbValue	a_map;
	JsonbValue	b_map;
	bool		equal = true;

	if (index->projection == PROJECT_ALL)
		return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
	attr_from_item(a, &a_map);
	attr_from_item(b, &b_map);
	attributes = attribute_list(index);
	n_attributes = projected_attributes(table, index, attributes);
	for (int i = 0; equal && i < n_attributes; i++)
	{
		JsonbValue	a_value;
		JsonbValue	b_value;
		bool		has = attr_lookup(&a_map, attributes[i]->stored, attributes[i]->stored_len, &a_value);

		equal = has == attr_lookup(&b_map, attributes[i]->stored, attributes[i]->stored_len, &b_value) &&
			(!has || bytes_equal(&a_value, &b_value));
	}
	pfree(attributes);
	return equal;
}

static bool
keys_equal(const TableIndex *index, const KeyBytes *a, const KeyBytes *b)
{
	for (int i = 0; i < index->n_hash + index->n_sort; i++)
		if (a->lens[i] != b->lens[i] || memcmp(a->bytes[i], b->bytes[i], a->lens[i]) != 0)
			return false;
	return true;
}

static bool
has_entry(const TableIndex *index, Jsonb *item, KeyBytes *key)
{
	JsonbValue	map;

	if (item == NULL)
		return false;
	attr_from_item(item, &map);
	return read_key(index, &map, key, NULL) == INDEX_FITS;
}

void
index_change(const TableInfo *table, const TableIndex *index, Jsonb *old, Jsonb *item, IndexChange *change)
{
	KeyBytes	old_key;
	KeyBytes	new_key;
	bool		was = has_entry(index, old, &old_key);
	bool		is = has_entry(index, item, &new_key);

	change->action = INDEX_KEEP;
	if (!was && !is)
		return;
	if (!was)
		change->action = INDEX_INSERT;
	else if (!is)
		change->action = INDEX_DELETE;
	else if (!keys_equal(index, &old_key, &new_key))
		change->action = INDEX_MOVE;
	else if (!projected_equal(table, index, old, item))
		change->action = INDEX_UPDATE;
	else
		return;
	if (was)
		make_entry(index, &old_key, &change->old_entry);
	if (change->action == INDEX_UPDATE)
		change->new_entry = change->old_entry;
	else if (is)
		make_entry(index, &new_key, &change->new_entry);
	change->new_item = is ? index_project(table, index, item) : NULL;
}

void
index_upkeep(const TableInfo *table, const TableIndex *index, Jsonb *old, Jsonb *item, IndexChange *change)
{
	change->action = INDEX_KEEP;
	if (!index_is_kept(index) && !index_loses_entries(index))
		return;
	index_change(table, index, old, item, change);
	if (index_is_kept(index))
		return;

	/* whoever knows the index no better yet may have left an entry to those who know it less */
	if (change->action == INDEX_INSERT)
		change->action = INDEX_KEEP;
	else if (change->action != INDEX_KEEP)
		change->action = INDEX_DELETE;
}

int64
index_local_size(const TableInfo *table, Jsonb *item)
{
	int64		size = 0;

	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];
		JsonbValue	map;

		if (index->global || !index_is_kept(index))
			continue;
		attr_from_item(item, &map);
		if (index_fit(index, &map, NULL, NULL) != INDEX_FITS)
			continue;
		attr_from_item(index_project(table, index, item), &map);
		size += attr_map_size(&map);
	}
	return size;
}
