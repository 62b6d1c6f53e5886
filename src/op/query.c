/*
 * query.c
 *		Query: a range of one partition.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/varlena.h"
#include "op/op.h"
#include "op/page.h"

static const ExpressionMembers members = {
	.enveloped = false,
	.update_expression = NO_MEMBER,
	.condition_expression = NO_MEMBER,
	.key_condition_expression = QueryInput_KeyConditionExpression,
	.filter_expression = QueryInput_FilterExpression,
	.projection_expression = QueryInput_ProjectionExpression,
	.names = QueryInput_ExpressionAttributeNames,
	.values = QueryInput_ExpressionAttributeValues,
	.expected = NO_MEMBER,
	.attribute_updates = NO_MEMBER,
	.key_conditions = QueryInput_KeyConditions,
	.filter = QueryInput_QueryFilter,
	.conditional_operator = QueryInput_ConditionalOperator,
	.attributes_to_get = QueryInput_AttributesToGet,
};

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

/* The terms of the partition key and of the sort key (NULL if it has none), checked against the table's keys. */
static void
match_schema(const KeyCondition *condition, const TableInfo *table, const KeyTerm **hash, const KeyTerm **sort)
{
	*hash = find_term(condition, &table->hash);
	if (*hash == NULL)
		dyn_invalid("Query condition missed key schema element: %s", table->hash.name);
	check_term(*hash, &table->hash);
	if ((*hash)->op != KEY_OP_EQ)
		dyn_invalid("Query key condition not supported");

	*sort = table->has_sort ? find_term(condition, &table->sort) : NULL;
	if (*sort != NULL)
		check_term(*sort, &table->sort);
	else if (condition->n_terms > 1)
	{
		if (!table->has_sort)
			dyn_invalid("Query key condition not supported");
		dyn_invalid("Query condition missed key schema element: %s", table->sort.name);
	}
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

/*
 * Narrows a range to the sort keys that a term allows.  Returns the last of them in the range's direction if the term names
 * it as an inclusive bound, else NULL.
 */
static bytea *
apply_sort_term(const KeyTerm *term, const KeyAttribute *sort, StorageRange *range)
{
	bytea	   *last = NULL;
	const char *bytes;
	int			len;

	value_bytes(term->values[0], sort, true, &bytes, &len);
	switch (term->op)
	{
		case KEY_OP_EQ:
			range->low = storage_sort_bytes(bytes, len);
			range->high = storage_sort_after(bytes, len);
			break;
		case KEY_OP_LT:
			range->high = storage_sort_bytes(bytes, len);
			break;
		case KEY_OP_LE:
			range->high = storage_sort_after(bytes, len);
			last = range->backward ? NULL : storage_sort_bytes(bytes, len);
			break;
		case KEY_OP_GT:
			range->low = storage_sort_after(bytes, len);
			break;
		case KEY_OP_GE:
			range->low = storage_sort_bytes(bytes, len);
			last = range->backward ? range->low : NULL;
			break;
		case KEY_OP_BETWEEN:
			range->low = storage_sort_bytes(bytes, len);
			value_bytes(term->values[1], sort, true, &bytes, &len);
			range->high = storage_sort_after(bytes, len);
			last = range->backward ? range->low : storage_sort_bytes(bytes, len);
			break;
		case KEY_OP_BEGINS_WITH:
			range->low = storage_sort_bytes(bytes, len);
			range->high = storage_sort_after_prefix(bytes, len);
			break;
		case KEY_OP_NOT_INDEXABLE:
			elog(ERROR, "unexpected operator");
	}
	return last;
}

static int
compare_sort(const bytea *a, const bytea *b)
{
	int			a_len = VARSIZE_ANY_EXHDR(a);
	int			b_len = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_len, b_len));

	return order != 0 ? order : a_len - b_len;
}

/* How messages print an ExclusiveStartKey: {p=AttributeValue: {S:x}}. */
static char *
start_key_text(const RequestValue *start_key)
{
	const JsonbValue *object = &start_key->as.attributes->object;
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < object->val.object.nPairs; i++)
	{
		const JsonbPair *pair = &object->val.object.pairs[i];
		StringInfoData value;
		WireWriter	writer;

		/* {"S":"x"} to {S:x} */
		initStringInfo(&value);
		wire_write_text(&writer, &value);
		attr_write_value(&writer, &pair->value);
		appendStringInfo(&buf, "%s%.*s=AttributeValue: ", i > 0 ? ", " : "", pair->key.val.string.len,
						 pair->key.val.string.val);
		for (const char *c = value.data; *c; c++)
			if (*c != '"')
				appendStringInfoChar(&buf, *c);
	}
	return buf.data;
}

/* Begins the range behind an ExclusiveStartKey; like the service, refuses one behind which nothing can be (last). */
static void
apply_start_key(const RequestValue *start_key, const TableInfo *table, const StorageKey *key,
				bool has_sort_term, const bytea *last, StorageRange *range)
{
	const char *bytes = VARDATA_ANY(key->sort);
	int			len = VARSIZE_ANY_EXHDR(key->sort);

	if (!table->has_sort)
		dyn_invalid("The provided exclusive start key is invalid: ExclusiveStartKey: {%s}", start_key_text(start_key));
	if (compare_sort(key->sort, range->low) < 0 || compare_sort(key->sort, range->high) >= 0 ||
		(last != NULL && compare_sort(key->sort, last) == 0))
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
		range->low = storage_sort_after(bytes, len);
}

/* A PathVisitor: refuses key attributes in filters. */
static void
check_filter_path(const DocPath *path, void *argument)
{
	const TableInfo *table = ((const void **) argument)[0];
	const char *what = ((const void **) argument)[1];
	const KeyAttribute *attributes[] = {&table->hash, table->has_sort ? &table->sort : NULL};

	for (int i = 0; i < 2 && attributes[i] != NULL; i++)
		if (path->steps[0].name_len == attributes[i]->name_len &&
			memcmp(path->steps[0].name, attributes[i]->name, attributes[i]->name_len) == 0)
			dyn_invalid("%s can only contain non-primary key attributes: Primary key attribute: %s",
						what, attributes[i]->name);
}

void
query_prepare(const RequestValue *request, PageRequest *prepared)
{
	const RequestValue *start_key = request_member(request, QueryInput_ExclusiveStartKey);
	const RequestValue *limit = request_member(request, QueryInput_Limit);
	const RequestValue *forward = request_member(request, QueryInput_ScanIndexForward);
	const RequestValue *index_name = request_member(request, QueryInput_IndexName);
	Expressions expressions = {0};
	Expressions projection = {0};	/* alone: it is checked before the filter, in which no key may stand at all */
	PageSpec   *page = &prepared->page;
	StorageRange *range = &prepared->range;
	const TableInfo *table;
	const KeyTerm *hash;
	const KeyTerm *sort;
	StorageKey	start;

	memset(prepared, 0, sizeof(*prepared));
	op_check_parameters(request, &members);
	op_read_legacy(request, &members, &expressions);
	page_check_start_values(start_key);
	if (!request_member(request, QueryInput_KeyConditionExpression)->present &&
		!request_member(request, QueryInput_KeyConditions)->present)
		dyn_invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
	op_read_expressions(request, &members, &expressions);
	op_read_key_conditions(request, &members, &expressions);
	if (!index_name->present && expressions.key_condition->n_terms > 2)
		dyn_invalid("Conditions can be of length 1 or 2 only");
	page->select = page_select(request_member(request, QueryInput_Select), index_name,
							   request_member(request, QueryInput_ProjectionExpression), expressions.projection,
							   "1 validation error detected: Must specify the AttributesToGet or "
							   "ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
	page->projection = projection.projection = expressions.projection;
	page->filter = expressions.filter;
	page->limit = limit->present ? limit->as.integer : 0;
	page->consistent = request_boolean(request, QueryInput_ConsistentRead);
	page->return_consumed_capacity = request_member(request, QueryInput_ReturnConsumedCapacity);
	page->table_name = request_member(request, QueryInput_TableName);

	table = prepared->table = op_data_table(page->table_name);
	page_check_index(index_name);
	if (start_key->present && !page_start_key(table, start_key, &start))
		dyn_invalid("The provided starting key is invalid");
	match_schema(expressions.key_condition, table, &hash, &sort);

	value_bytes(hash->values[0], &table->hash, false, &range->hash_bytes, &range->hash_len);
	key_hash(table->hash.type, range->hash_bytes, range->hash_len, &range->first);
	range->last = range->first;
	range->low = storage_sort_bytes("", 0);
	range->high = storage_sort_infinity();
	range->backward = forward->present && !forward->as.boolean;
	if (sort != NULL)
		page->last_sort = apply_sort_term(sort, &table->sort, range);
	else if (!table->has_sort)
		page->last_sort = storage_sort_bytes("", 0);
	if (start_key->present)
		apply_start_key(start_key, table, &start, sort != NULL, page->last_sort, range);
	op_check_key_paths(table, &projection);
	if (expressions.filter != NULL)
	{
		const void *argument[2] = {table, expressions.legacy_filter ? "QueryFilter" : "Filter Expression"};

		condition_visit_paths(expressions.filter, check_filter_path, (void *) argument);
	}
	prepared->empty = compare_sort(range->low, range->high) >= 0;
}

void
op_query(const RequestValue *request, WireWriter *response)
{
	PageRequest prepared;

	query_prepare(request, &prepared);
	page_write(response, &prepared);
}
