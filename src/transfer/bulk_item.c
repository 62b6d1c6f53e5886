/*
 * bulk_item.c
 *		One item of a bulk put.
 */
#include "postgres.h"

#include "base/error.h"
#include "transfer/bulk_item.h"
#include "value/attr_build.h"

static AttributeMap *
copy_map(const AttributeMap *map)
{
	AttributeMap *copy = (AttributeMap *) palloc(sizeof(AttributeMap));

	*copy = *map;
	attr_copy(&map->object, &copy->object);
	if (map->error.message != NULL)
		copy->error.message = pstrdup(map->error.message);
	if (map->error.name != NULL)
		copy->error.name = pnstrdup(map->error.name, map->error.name_len);
	return copy;
}

/* A member of a structure, by its index, which becomes present. */
static RequestValue *
set_member(RequestValue *structure, int member)
{
	RequestValue *value = &structure->as.members[member - 1];

	value->present = true;
	return value;
}

static void
set_string(RequestValue *value, const char *text, int len)
{
	value->as.string.text = pnstrdup(text, len);
	value->as.string.len = len;
}

static RequestValue *
empty_request(void)
{
	const Shape *shape = model_operations[OPERATION_PutItem].input;
	RequestValue *request = (RequestValue *) palloc0(sizeof(RequestValue));

	request->shape = shape;
	request->present = true;
	request->as.members = (RequestValue *) palloc0(shape->n_members * sizeof(RequestValue));
	for (int i = 0; i < shape->n_members; i++)
		request->as.members[i].shape = shape->members[i].shape;
	return request;
}

/* ExpressionAttributeNames; of two with one placeholder the last counts. */
static void
set_names(RequestValue *names, const Record *record)
{
	names->as.map.entries = (RequestEntry *) palloc0(Max(record->name_count, 1) * sizeof(RequestEntry));
	for (int i = 0; i < record->name_count; i++)
	{
		const RecordName *given = &record->names[i];
		RequestEntry *entry = NULL;

		for (int j = 0; j < names->as.map.count && entry == NULL; j++)
			if (names->as.map.entries[j].name_len == given->placeholder_len &&
				memcmp(names->as.map.entries[j].name, given->placeholder, given->placeholder_len) == 0)
				entry = &names->as.map.entries[j];
		if (entry == NULL)
			entry = &names->as.map.entries[names->as.map.count++];
		entry->name = pnstrdup(given->placeholder, given->placeholder_len);
		entry->name_len = given->placeholder_len;
		entry->value.shape = names->shape->element;
		entry->value.present = true;
		set_string(&entry->value, given->name, given->name_len);
	}
}

BulkItem *
bulk_item_of_record(const TransferPart *part, const Record *record)
{
	BulkItem   *item = (BulkItem *) palloc0(sizeof(BulkItem));
	RequestValue *request = empty_request();

	set_member(request, PutItemInput_Item)->as.attributes = copy_map(&record->item);
	if (record->condition != NULL)
		set_string(set_member(request, PutItemInput_ConditionExpression), record->condition, record->condition_len);
	if (record->names != NULL)
		set_names(set_member(request, PutItemInput_ExpressionAttributeNames), record);
	if (record->has_values)
		set_member(request, PutItemInput_ExpressionAttributeValues)->as.attributes = copy_map(&record->values);
	item->part = part;
	item->index = record->index;
	item->request = request;
	return item;
}

bool
bulk_item_prepare(BulkItem *item, const TableInfo *table, bool returns_old)
{
	static bool any_failure;
	MemoryContext context = CurrentMemoryContext;

	memset(&item->write, 0, sizeof(item->write));
	memset(&item->failure, 0, sizeof(item->failure));
	item->error = NULL;
	item->write.info = table;
	PG_TRY();
	{
		put_item_read(item->request, &item->write);
		item->write.returns_old_on_failure = returns_old;
		item->write.failure = &item->failure;
		item->write.any_failure = &any_failure;
	}
	PG_CATCH();
	{
		if (geterrcode() != dyn_exception_info(DYN_VALIDATION)->sqlstate)
			PG_RE_THROW();
		item->error = dyn_take_error(context)->message;
	}
	PG_END_TRY();
	return item->error == NULL;
}

int
bulk_item_compare(const ListCell *a, const ListCell *b)
{
	const BulkItem *x = (const BulkItem *) lfirst(a);
	const BulkItem *y = (const BulkItem *) lfirst(b);
	int			order = item_write_compare(&x->write, &y->write);

	if (order != 0)
		return order;
	if (x->part->part != y->part->part)
		return x->part->part < y->part->part ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}
