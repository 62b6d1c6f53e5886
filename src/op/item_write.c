/*
 * item_write.c
 *		One write of one item.
 *
 * What is decided is decided inside the storage's decision: on the latest version of the item, and on the next one if that was
 * overtaken, so that no update is lost.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/varlena.h"
#include "op/expressions.h"
#include "op/item_key.h"
#include "op/item_write.h"
#include "storage/index_entry.h"
#include "value/attr_build.h"

/* ------------------------------------------------------------------------------------------------------------
 * Before the write
 * ------------------------------------------------------------------------------------------------------------ */

void
item_write_key(ItemWrite *write)
{
	if (write->kind == ITEM_PUT)
		op_key_of_item(write->info, write->attributes, &write->key);
	else
		op_key_of_key(write->info, write->attributes, &write->key);
}

/* What an item to be put must be to the table's indexes. */
static void
check_put(const ItemWrite *write, const TableInfo *info)
{
	index_check_item(info, NULL, &write->attributes->object, false);
	if (!collection_item_fits(info, write->item, write->size))
		dyn_invalid("Item size has exceeded the maximum allowed size");
}

/* Refuses updates of the key's attributes. */
static void
check_key_attributes(const Update *update, const TableInfo *table)
{
	const KeyAttribute *attributes[] = {&table->hash, table->has_sort ? &table->sort : NULL};

	for (int i = 0; i < update->n_actions; i++)
	{
		const DocPath *path = update->actions[i].path;

		for (int k = 0; k < lengthof(attributes) && attributes[k] != NULL; k++)
			if (path->count == 1 && op_path_names(path, attributes[k]))
				dyn_invalid("One or more parameter values were invalid: Cannot update attribute %s. "
							"This attribute is part of the key", attributes[k]->name);
	}
}

/* Refuses a literal that an update puts into an attribute of an index's key, if it has not the key's type or is empty. */
static void
check_literal(const UpdateAction *action, const TableIndex *index, const KeyAttribute *attribute, bool is_sort)
{
	static const AttrType types[] = {['S'] = ATTR_S, ['N'] = ATTR_N, ['B'] = ATTR_B};
	IndexMisfit misfit = {INDEX_WRONG_TYPE, index, attribute, is_sort};

	if (action->path->count > 1 || action->operand == NULL || action->operand->kind != NODE_VALUE ||
		!op_path_names(action->path, attribute))
		return;
	misfit.value = *action->operand->value;
	if (attr_type(&misfit.value) != types[attribute->type])
		index_raise_misfit(&misfit, false);
	misfit.fit = INDEX_EMPTY;
	if (attr_size(&misfit.value) == 0)
		index_raise_misfit(&misfit, true);
}

/* What an update computes is checked later: as it is applied. */
static void
check_index_literals(const Update *update, const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if (!index_checks_items(index))
			continue;
		for (int a = 0; a < update->n_actions; a++)
		{
			for (int k = 0; k < index->n_hash; k++)
				check_literal(&update->actions[a], index, &index->hash[k], false);
			for (int k = 0; k < index->n_sort; k++)
				check_literal(&update->actions[a], index, &index->sort[k], true);
		}
	}
}

void
item_write_check(ItemWrite *write)
{
	if (write->kind == ITEM_PUT)
	{
		write->item = JsonbValueToJsonb(unconstify(JsonbValue *, &write->attributes->object));
		write->size = write->attributes->size;
		check_put(write, write->info);
	}
	else if (write->update != NULL)
	{
		check_key_attributes(write->update, write->info);
		check_index_literals(write->update, write->info);
	}
}

int
item_write_compare(const ItemWrite *a, const ItemWrite *b)
{
	int			order;

	if (a->info->relation != b->info->relation)
		return a->info->relation < b->info->relation ? -1 : 1;
	order = memcmp(&a->key.hash, &b->key.hash, UUID_LEN);
	if (order == 0)
		order = bytes_compare(VARDATA_ANY(a->key.sort), VARSIZE_ANY_EXHDR(a->key.sort),
							  VARDATA_ANY(b->key.sort), VARSIZE_ANY_EXHDR(b->key.sort));
	return order;
}

/* ------------------------------------------------------------------------------------------------------------
 * The decision
 * ------------------------------------------------------------------------------------------------------------ */

/* The further members of a ConditionalCheckFailedException that carries an item. */
static char *
failure_members(Jsonb *item)
{
	StringInfoData members;
	WireWriter	writer;

	initStringInfo(&members);
	wire_write_text(&writer, &members);
	wire_object_start(&writer);
	wire_member(&writer, "Item");
	attr_write_item(&writer, item);
	wire_object_end(&writer);
	return members.data;
}

/* Raises or notes that a write is refused. */
static void
refuse(ItemWrite *write, ItemWriteFailureKind kind, Jsonb *old)
{
	Jsonb	   *returned = write->returns_old_on_failure ? old : NULL;

	if (write->failure != NULL)
	{
		write->failure->kind = kind;
		write->failure->old = returned;
		return;
	}
	write->result.old = returned;
	capacity_count_refusal(write->info, &write->key, &write->attributes->object, old, write->kind == ITEM_PUT ? write->size : 0);
	if (kind == ITEM_WRITE_DUPLICATE)
		dyn_error(DYN_DUPLICATE_ITEM, "Duplicate primary key exists in table");
	dyn_error_detail(DYN_CONDITIONAL_CHECK_FAILED, returned != NULL ? failure_members(returned) : NULL,
					 "The conditional request failed");
}

/* Whether the item under the key (NULL: none) is what the write wants it to be; if not, raises or notes it. */
static bool
is_allowed(ItemWrite *write, Jsonb *old)
{
	JsonbValue	item;

	if (write->failure != NULL)
		write->failure->kind = ITEM_WRITE_DONE; /* of an earlier version */
	if (old != NULL)
		attr_from_item(old, &item);
	if (write->must_be_new && old != NULL)
		refuse(write, ITEM_WRITE_DUPLICATE, old);
	else if ((write->must_exist && old == NULL) ||
			 (write->condition != NULL && !condition_holds(write->condition, old != NULL ? &item : NULL)))
		refuse(write, ITEM_WRITE_CONDITION_FAILED, old);
	return write->failure == NULL || write->failure->kind == ITEM_WRITE_DONE;
}

static WriteAction
decide_put(ItemWrite *write, Jsonb *old, Jsonb **item)
{
	const TableInfo *info = storage_info(write->collection.table);

	/* an index may have come between the first check and the lock */
	if (info != write->info)
		check_put(write, info);
	collection_check(&write->collection, old, write->item, write->size);
	if (old != NULL && op_same_item(old, write->item))
		return WRITE_NOTHING;
	*item = write->item;
	return WRITE_PUT;
}

/* Whether an update puts anything into an item; one that only clears does not create an item. */
static bool
writes_anything(const Update *update)
{
	for (int i = 0; i < update->n_actions; i++)
		if (update->actions[i].kind == UPDATE_SET || update->actions[i].kind == UPDATE_ADD)
			return true;
	return false;
}

/*
 * The size rule of updates: the item with its entries in local indexes must stay within the limit; a standalone UpdateItem's without its key,
 * but with the cost of the update, too.
 */
static void
check_updated_size(const ItemWrite *write)
{
	int			size = write->size;

	if (!write->plain_size)
		size = Max(size, size - write->attributes->size + (write->update ? update_cost(write->update) : 0));
	if (size > ITEM_MAX_SIZE || !collection_item_fits(storage_info(write->collection.table), write->item, write->size))
		dyn_invalid("Item size to update has exceeded the maximum allowed size");
}

/* The decision for an update that does nothing to the item, or to none. */
static WriteAction
leave_item(ItemWrite *write, Jsonb *old)
{
	collection_check(&write->collection, old, old, op_item_size(old));
	return WRITE_NOTHING;
}

static WriteAction
decide_update(ItemWrite *write, Jsonb *old, Jsonb **item)
{
	JsonbValue	before;
	JsonbValue	after;

	if (old != NULL)
		attr_from_item(old, &before);
	else
		before = write->attributes->object;

	write->item = old;
	write->size = 0;
	if (write->update != NULL)
	{
		update_apply(write->update, &before, old != NULL, &after);
		if (old == NULL && !writes_anything(write->update))
			return leave_item(write, old);
	}
	else
	{
		if (old != NULL)
			return leave_item(write, old);
		after = before;
	}
	index_check_item(storage_info(write->collection.table), old != NULL ? &before : NULL, &after, true);
	write->size = attr_map_size(&after);
	write->item = attr_to_jsonb(&after);
	check_updated_size(write);
	collection_check(&write->collection, old, write->item, write->size);
	if (old != NULL && op_same_item(old, write->item))
		return WRITE_NOTHING;
	*item = write->item;
	return WRITE_PUT;
}

static WriteAction
decide_action(ItemWrite *write, Jsonb *old, Jsonb **item)
{
	switch (write->kind)
	{
		case ITEM_PUT:
			return decide_put(write, old, item);
		case ITEM_UPDATE:
			return decide_update(write, old, item);
		case ITEM_DELETE:
			collection_check(&write->collection, old, NULL, 0);
			return old != NULL ? WRITE_DELETE : WRITE_NOTHING;
		case ITEM_CHECK:
			break;
	}
	return WRITE_NOTHING;
}

/*
 * The same, with ValidationExceptions noted: what raises them only computes, so that nothing but memory is left behind.  Other
 * errors are raised on.
 */
static WriteAction
decide_noting(ItemWrite *write, Jsonb *old, Jsonb **item)
{
	MemoryContext context = CurrentMemoryContext;
	volatile WriteAction action = WRITE_NOTHING;

	PG_TRY();
	{
		action = decide_action(write, old, item);
	}
	PG_CATCH();
	{
		if (geterrcode() != dyn_exception_info(DYN_VALIDATION)->sqlstate)
			PG_RE_THROW();
		write->failure->kind = ITEM_WRITE_INVALID;
		write->failure->message = dyn_take_error(context)->message;
	}
	PG_END_TRY();
	return action;
}

static WriteAction
decide(Jsonb *old, Jsonb **item, void *argument)
{
	ItemWrite  *write = (ItemWrite *) argument;
	WriteAction action;

	if (!is_allowed(write, old))
		action = WRITE_NOTHING;
	else if (write->failure == NULL)
		return decide_action(write, old, item);
	else
		action = decide_noting(write, old, item);

	/* once something has failed the rest is only looked at */
	*write->any_failure |= write->failure->kind != ITEM_WRITE_DONE;
	storage_hold(write->collection.table, write->holds && !*write->any_failure);
	return *write->any_failure ? WRITE_NOTHING : action;
}

/* ------------------------------------------------------------------------------------------------------------
 * The write
 * ------------------------------------------------------------------------------------------------------------ */

static const StorageAccess accesses[] = {
	[ITEM_PUT] = STORAGE_PUT,
	[ITEM_UPDATE] = STORAGE_UPDATE,
	[ITEM_DELETE] = STORAGE_DELETE,
	[ITEM_CHECK] = STORAGE_CHECK
};

static bool
returns_item(const ItemWrite *write)
{
	return write->reads_old || write->condition != NULL;
}

/* What a write names: its key, or its item; its condition; its update. */
static void
describe_write(AccessNames *names, const void *argument)
{
	const ItemWrite *write = (const ItemWrite *) argument;

	access_name_map(names, write->attributes);
	access_name_condition(names, write->condition);
	if (write->update != NULL)
		access_name_update(names, write->update);
	access_lead(names, write->info, write->attributes);
}

void
item_write_authorize(ItemWrite *write, const AccessPart *part)
{
	AccessPart	whole = *part;

	whole.table = write->info;
	whole.access = accesses[write->kind];
	whole.returns_item = returns_item(write);
	whole.describe = describe_write;
	whole.argument = write;
	write->user = access_user(&whole);
}

StorageTable *
item_write_open(const ItemWrite *write)
{
	Assert(OidIsValid(write->user));
	return storage_open(write->info, accesses[write->kind], returns_item(write), write->user);
}

void
item_write_execute(ItemWrite *write, StorageTable *table, TableCapacity *capacity)
{
	write->collection.table = table;
	write->collection.key = &write->key;
	write->collection.wants_metrics = write->wants_metrics;
	storage_hold(table, write->holds && !*write->any_failure);
	capacity_at(capacity, &write->key.hash, write->key.sort, &write->attributes->object);
	if (write->kind == ITEM_CHECK)
	{
		storage_check(table, &write->key, decide, write, &write->result);
		capacity_add_write(capacity, &write->result, NULL, 0);
		return;
	}
	storage_write(table, &write->key, decide, write, &write->result);
	collection_done(&write->collection);
	capacity_add_write(capacity, &write->result, write->item, write->size);
}

/* Whether two neighbours in the order of writes are of one collection. */
static bool
is_same_collection(const ItemWrite *a, const ItemWrite *b)
{
	return a->info->relation == b->info->relation && memcmp(&a->key.hash, &b->key.hash, UUID_LEN) == 0;
}

void
item_write_metrics(WireWriter *response, const NamedItemWrite *writes, int count)
{
	Oid			table = InvalidOid; /* whose list is open */
	bool		any = false;

	for (int i = 0; i < count; i++)
	{
		const ItemWrite *write = writes[i].write;

		if (!write->collection.has_size || (i + 1 < count && is_same_collection(write, writes[i + 1].write)))
			continue;
		if (!any)
		{
			wire_member(response, "ItemCollectionMetrics");
			wire_object_start(response);
		}
		if (write->info->relation != table)
		{
			if (any)
				wire_array_end(response);
			wire_key(response, writes[i].table_name, writes[i].table_name_len);
			wire_array_start(response);
			table = write->info->relation;
		}
		any = true;
		collection_write(response, &write->collection, write->info, &write->attributes->object);
	}
	if (any)
	{
		wire_array_end(response);
		wire_object_end(response);
	}
}
