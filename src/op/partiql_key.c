/*
 * partiql_key.c
 *		Which item a PartiQL statement's WHERE is about.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/partiql.h"
#include "value/attr_build.h"

/* A WHERE while its terms are sorted. */
typedef struct KeySearch
{
	const TableInfo *table;
	bool		takes_in;
	const JsonbValue *values[2];	/* of hash and sort; NULL: not yet given */
	PartiqlKey *key;
} KeySearch;

static const KeyAttribute *
key_attribute(const TableInfo *table, int i)
{
	return i == 0 ? &table->hash : &table->sort;
}

static int
n_key_attributes(const TableInfo *table)
{
	return table->has_sort ? 2 : 1;
}

/* The key attribute that a condition gives a value of, and that value; -1 if it is none. */
static int
given_attribute(const KeySearch *search, const ExprNode *node, const JsonbValue **value)
{
	const DocPath *path = NULL;

	if (node->kind != NODE_EQ && !(node->kind == NODE_IN && search->takes_in && node->n_args == 2))
		return -1;
	*value = NULL;
	for (int i = 0; i < 2; i++)
	{
		const ExprNode *operand = node->args[i];

		if (operand->kind == NODE_VALUE)
			*value = operand->value;
		else if (operand->kind == NODE_PATH && operand->path->count == 1 && (i == 0 || node->kind == NODE_EQ))
			path = operand->path;
	}
	for (int i = 0; path != NULL && *value != NULL && i < n_key_attributes(search->table); i++)
		if (op_path_names(path, key_attribute(search->table, i)))
			return i;
	return -1;
}

static void
search_node(KeySearch *search, const ExprNode *node)
{
	PartiqlKey *key = search->key;
	const JsonbValue *value;
	int			attribute;

	if (node->kind == NODE_AND)
	{
		for (int i = 0; i < node->n_args; i++)
			search_node(search, node->args[i]);
		return;
	}
	attribute = given_attribute(search, node, &value);
	if (attribute >= 0 && search->values[attribute] == NULL)
	{
		search->values[attribute] = value;
		return;
	}
	if (attribute >= 0 && attr_equal(search->values[attribute], value))
		return;
	if (attribute >= 0 && key->conflict == NULL)
		key->conflict = key_attribute(search->table, attribute)->name;
	key->rest = key->rest == NULL ? unconstify(ExprNode *, node) :
		node_make(NODE_AND, 2, key->rest, unconstify(ExprNode *, node));
}

void
partiql_key(const TableInfo *table, const ExprNode *where, bool takes_in, PartiqlKey *key)
{
	KeySearch	search = {table, takes_in, {NULL, NULL}, key};
	JsonbPair  *pairs = (JsonbPair *) palloc(2 * sizeof(JsonbPair));
	int			count = 0;

	memset(key, 0, sizeof(*key));
	if (where != NULL)
		search_node(&search, where);
	for (int i = 0; i < n_key_attributes(table); i++)
	{
		const KeyAttribute *attribute = key_attribute(table, i);
		JsonbPair  *pair = &pairs[count];

		if (search.values[i] == NULL)
			continue;
		pair->key.type = jbvString;
		pair->key.val.string.val = unconstify(char *, attribute->stored);
		pair->key.val.string.len = attribute->stored_len;
		pair->value = *search.values[i];
		pair->order = count++;
	}
	attr_make_item(pairs, count, &key->attributes.object);
	key->attributes.size = attr_map_size(&key->attributes.object);
	key->is_whole = count == n_key_attributes(table);
}
