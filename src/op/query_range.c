/*
 * query_range.c
 *		From a Query's key condition to the range of keys to be read.
 *
 * Every partition key attribute must be given by =.  Sort key attributes, of which an index may have several, are given from the
 * first on without a gap, all by = but the last.
 */
#include "postgres.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/varlena.h"
#include "meter/meter.h"
#include "op/op.h"
#include "op/query_range.h"
#include "value/attr_build.h"

/* The key of the table or of an index, and the terms of a condition that are about it; NULL: none. */
typedef struct QueryKey
{
	const KeyAttribute *hash;
	const KeyAttribute *sort;
	int			n_hash;
	int			n_sort;
	const KeyTerm *hash_terms[INDEX_KEY_MAX_ATTRIBUTES];
	const KeyTerm *sort_terms[INDEX_KEY_MAX_ATTRIBUTES];
} QueryKey;

/* The sort keys that a term other than = allows. */
typedef struct SortBounds
{
	bytea	   *low;			/* at least this; NULL: no bound */
	bytea	   *high;			/* less than this; NULL: no bound */
	bytea	   *last;			/* the last of them in the range's direction, if the term names it as an inclusive bound */
} SortBounds;

static const KeyTerm *
find_term(const KeyCondition *condition, const KeyAttribute *attribute)
{
	for (int i = 0; i < condition->n_terms; i++)
		if (condition->terms[i].name_len == attribute->name_len &&
			memcmp(condition->terms[i].name, attribute->name, attribute->name_len) == 0)
			return &condition->terms[i];
	return NULL;
}

/* Checks what a term compares its key attribute with. */
static void
check_term(const KeyTerm *term, const KeyAttribute *attribute)
{
	static const AttrType types[] = {['S'] = ATTR_S, ['N'] = ATTR_N, ['B'] = ATTR_B};
	int			n_values = term->op == KEY_OP_BETWEEN ? 2 : 1;

	if (term->op == KEY_OP_NOT_INDEXABLE)
		dyn_invalid("Attempted conditional constraint is not an indexable operation");
	for (int i = 0; i < n_values; i++)
		if (attr_type(term->values[i]) != types[attribute->type])
			dyn_invalid("One or more parameter values were invalid: Condition parameter type does not match schema type");
}

/* Before a sort attribute that is given, all must be given by =. */
static void
check_gap(const QueryKey *key, int n)
{
	StringInfoData missed;

	initStringInfo(&missed);
	for (int i = 0; i < n; i++)
		if (key->sort_terms[i] == NULL || key->sort_terms[i]->op != KEY_OP_EQ)
			appendStringInfo(&missed, "%s%s", missed.len > 0 ? ", " : "", key->sort[i].name);
	if (missed.len > 0)
		dyn_invalid("RANGE key attributes %s must have equality conditions specified in the query because a condition is "
					"present on key attribute %s", missed.data, key->sort[n].name);
}

/* Finds the terms of the key's attributes, and checks them. */
static void
match_key(const KeyCondition *condition, QueryKey *key)
{
	int			n_found = key->n_hash;

	if (key->n_sort == 0 && condition->n_terms > key->n_hash)
		dyn_invalid("Query key condition not supported");
	for (int i = 0; i < key->n_hash; i++)
	{
		key->hash_terms[i] = find_term(condition, &key->hash[i]);
		if (key->hash_terms[i] == NULL)
			dyn_invalid("Query condition missed key schema element: %s", key->hash[i].name);
		check_term(key->hash_terms[i], &key->hash[i]);
		if (key->hash_terms[i]->op != KEY_OP_EQ)
			dyn_invalid("Query key condition not supported");
	}
	for (int i = 0; i < key->n_sort; i++)
	{
		key->sort_terms[i] = find_term(condition, &key->sort[i]);
		if (key->sort_terms[i] == NULL)
			continue;
		check_term(key->sort_terms[i], &key->sort[i]);
		check_gap(key, i);
		n_found++;
	}
	if (n_found == condition->n_terms)
		return;
	for (int i = 0; i < key->n_sort; i++)
		if (key->sort_terms[i] == NULL)
			dyn_invalid("Query condition missed key schema element: %s", key->sort[i].name);
	dyn_invalid("Query key condition not supported");
}

static void
give(JsonbPair *pairs, int *count, const KeyAttribute *attribute, const KeyTerm *term)
{
	JsonbPair  *pair = &pairs[*count];

	if (term == NULL || term->op != KEY_OP_EQ)
		return;
	pair->key.type = jbvString;
	pair->key.val.string.val = unconstify(char *, attribute->stored);
	pair->key.val.string.len = attribute->stored_len;
	pair->value = *term->values[0];
	pair->order = (*count)++;
}

/* PageRequest.given_key, if somebody wants it. */
static const JsonbValue *
given_key(const QueryKey *key)
{
	JsonbPair  *pairs;
	JsonbValue *given;
	int			count = 0;

	if (!meter_is_on())
		return NULL;
	pairs = (JsonbPair *) palloc((key->n_hash + key->n_sort) * sizeof(JsonbPair));
	given = (JsonbValue *) palloc(sizeof(JsonbValue));
	for (int i = 0; i < key->n_hash; i++)
		give(pairs, &count, &key->hash[i], key->hash_terms[i]);
	for (int i = 0; i < key->n_sort; i++)
		give(pairs, &count, &key->sort[i], key->sort_terms[i]);
	attr_make_item(pairs, count, given);
	return given;
}

/* The canonical bytes of a value that a key is compared with. */
static void
value_bytes(const JsonbValue *value, const KeyAttribute *attribute, bool is_sort, const char **bytes, int *len)
{
	KeyStatus	status = key_bytes(value, attribute->type, is_sort ? SORT_KEY_MAX_SIZE : PARTITION_KEY_MAX_SIZE,
								   bytes, len);

	if (status != KEY_OK)
		key_raise(status, attribute->stored, attribute->stored_len, attribute->type, value, is_sort);
}

static bytea *
sort_bytes(const JsonbValue *value, const KeyAttribute *attribute)
{
	const char *bytes;
	int			len;

	value_bytes(value, attribute, true, &bytes, &len);
	return storage_sort_bytes(bytes, len);
}

static bytea *
successor(const bytea *sort)
{
	return storage_sort_after(VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
}

/* The sort keys that a term allows; = is a range of one. */
static void
bounds_of_term(const KeyTerm *term, const KeyAttribute *attribute, bool backward, SortBounds *bounds)
{
	bytea	   *value = sort_bytes(term->values[0], attribute);
	bytea	   *upper;

	memset(bounds, 0, sizeof(*bounds));
	switch (term->op)
	{
		case KEY_OP_EQ:
			bounds->low = value;
			bounds->high = successor(value);
			break;
		case KEY_OP_LT:
			bounds->high = value;
			break;
		case KEY_OP_LE:
			bounds->high = successor(value);
			bounds->last = backward ? NULL : value;
			break;
		case KEY_OP_GT:
			bounds->low = successor(value);
			break;
		case KEY_OP_GE:
			bounds->low = value;
			bounds->last = backward ? value : NULL;
			break;
		case KEY_OP_BETWEEN:
			upper = sort_bytes(term->values[1], attribute);
			bounds->low = value;
			bounds->high = successor(upper);
			bounds->last = backward ? value : upper;
			break;
		case KEY_OP_BEGINS_WITH:
			bounds->low = value;
			bounds->high = storage_sort_after_prefix(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
			break;
		case KEY_OP_NOT_INDEXABLE:
			elog(ERROR, "unexpected operator");
	}
}

int
query_compare_sort(const bytea *a, const bytea *b)
{
	return bytes_compare(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b));
}

/* ------------------------------------------------------------------------------------------------------------
 * The table
 * ------------------------------------------------------------------------------------------------------------ */

/* Begins the range behind an ExclusiveStartKey; like the service, refuses one behind which nothing can be (last). */
static void
apply_start_key(const RequestValue *start_key, const TableInfo *table, const StorageKey *key, bool has_sort_term,
				const bytea *last, StorageRange *range)
{
	if (!table->has_sort)
		dyn_invalid("The provided exclusive start key is invalid: ExclusiveStartKey: %s", request_echo(start_key));
	if (query_compare_sort(key->sort, range->low) < 0 || query_compare_sort(key->sort, range->high) >= 0 ||
		(last != NULL && query_compare_sort(key->sort, last) == 0))
		dyn_invalid("The provided starting key does not match the range key predicate");
	if (key->hash_len != range->hash_len || memcmp(key->hash_bytes, range->hash_bytes, key->hash_len) != 0)
	{
		if (has_sort_term)
			dyn_invalid("The query can return at most one row and cannot be restarted");
		dyn_invalid("The provided starting key is outside query boundaries based on provided conditions");
	}
	if (range->backward)
		range->high = key->sort;
	else
		range->low = successor(key->sort);
}

static void
table_range(PageRequest *prepared, const KeyCondition *condition, const RequestValue *start_key, bool backward)
{
	const TableInfo *table = prepared->table;
	StorageRange *range = &prepared->range;
	QueryKey	key = {&table->hash, &table->sort, 1, table->has_sort ? 1 : 0};
	SortBounds	bounds = {0};
	StorageKey	start;

	if (start_key->present && !page_start_key(table, start_key, &start))
		dyn_invalid("The provided starting key is invalid");
	match_key(condition, &key);
	prepared->given_key = given_key(&key);
	value_bytes(key.hash_terms[0]->values[0], &table->hash, false, &range->hash_bytes, &range->hash_len);
	key_hash(table->hash.type, range->hash_bytes, range->hash_len, &range->first);
	range->last = range->first;
	range->backward = backward;
	if (key.sort_terms[0] != NULL)
		bounds_of_term(key.sort_terms[0], &table->sort, backward, &bounds);
	else if (!table->has_sort)
		bounds.last = storage_sort_bytes("", 0);
	range->low = bounds.low != NULL ? bounds.low : storage_sort_bytes("", 0);
	range->high = bounds.high != NULL ? bounds.high : storage_sort_infinity();
	prepared->page.last_sort = bounds.last;
	if (start_key->present)
		apply_start_key(start_key, table, &start, key.sort_terms[0] != NULL, bounds.last, range);
	prepared->empty = query_compare_sort(range->low, range->high) >= 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * An index
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether the sort attributes of a start key are in the range. */
static bool
start_is_in_range(const StorageIndexRange *range)
{
	int			n = range->n_equal;

	for (int i = 0; i < n; i++)
		if (query_compare_sort(range->start_sort[i], range->equal[i]) != 0)
			return false;
	return (range->low == NULL || query_compare_sort(range->start_sort[n], range->low) >= 0) &&
		(range->high == NULL || query_compare_sort(range->start_sort[n], range->high) < 0);
}

/* Unlike a table's, an index's start key may be the last that the condition allows: more entries may have the same key. */
static void
check_index_start(const StorageIndexRange *range, bool has_sort_term)
{
	if (!start_is_in_range(range))
		dyn_invalid("The provided starting key does not match the range key predicate");
	if (memcmp(&range->start_hash, &range->first, UUID_LEN) != 0)
	{
		if (has_sort_term)
			dyn_invalid("The query can return at most one row and cannot be restarted");
		dyn_invalid("The provided starting key is outside query boundaries based on provided conditions");
	}
}

static void
index_range(PageRequest *prepared, const KeyCondition *condition, const RequestValue *start_key, bool backward)
{
	const TableIndex *index = prepared->index;
	StorageIndexRange *range = &prepared->index_range;
	QueryKey	key = {index->hash, index->sort, index->n_hash, index->n_sort};
	KeyType		types[INDEX_KEY_MAX_ATTRIBUTES];

	if (start_key->present)
		page_index_start(prepared->table, index, start_key, range);
	match_key(condition, &key);
	prepared->given_key = given_key(&key);
	range->n_hash = index->n_hash;
	for (int i = 0; i < index->n_hash; i++)
	{
		types[i] = index->hash[i].type;
		value_bytes(key.hash_terms[i]->values[0], &index->hash[i], false, &range->hash_bytes[i], &range->hash_lens[i]);
	}
	key_hash_many(index->n_hash, types, range->hash_bytes, range->hash_lens, &range->first);
	range->last = range->first;
	range->backward = backward;
	for (int i = 0; i < index->n_sort && key.sort_terms[i] != NULL; i++)
	{
		SortBounds	bounds;

		if (key.sort_terms[i]->op == KEY_OP_EQ)
		{
			range->equal[range->n_equal++] = sort_bytes(key.sort_terms[i]->values[0], &index->sort[i]);
			continue;
		}
		bounds_of_term(key.sort_terms[i], &index->sort[i], backward, &bounds);
		range->low = bounds.low;
		range->high = bounds.high;
	}
	prepared->empty = range->low != NULL && range->high != NULL && query_compare_sort(range->low, range->high) >= 0;
	if (start_key->present)
	{
		page_index_start_item(prepared->table, start_key, range);
		check_index_start(range, condition->n_terms > index->n_hash);
	}
}

void
query_range(PageRequest *prepared, const KeyCondition *condition, const RequestValue *start_key, bool backward)
{
	if (prepared->index != NULL)
		index_range(prepared, condition, start_key, backward);
	else
		table_range(prepared, condition, start_key, backward);
}
