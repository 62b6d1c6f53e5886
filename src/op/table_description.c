/*
 * table_description.c
 *		The TableDescription that answers about tables carry.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/uuid.h"

#include "catalog/imports.h"
#include "op/arn.h"
#include "op/stream.h"
#include "op/table_check.h"
#include "op/table_description.h"
#include "storage/storage.h"

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether an index is being built that will take the place of the one of a name. */
static bool
is_replaced(const TableInfo *table, const char *name)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].replaces != NULL && strcmp(table->indexes[i].replaces, name) == 0)
			return true;
	return false;
}

static IndexView *
read_index(const TableView *table_view, const TableIndex *index, bool counted)
{
	const TableInfo *table = table_view->table;
	IndexView  *view = (IndexView *) palloc0(sizeof(IndexView));

	view->name = index->name;
	view->global = index->global;
	view->has_warm = true;
	view->status = catalog_index_status(index);
	view->hides_status = catalog_is_being_restored(table) && !catalog_is_being_imported(table);
	view->replaced = is_replaced(table, index->name);
	if (view->replaced && view->status == TABLE_ACTIVE)
		view->status = TABLE_UPDATING;

	/* one that came with its table is CREATING as long as that is, and never says Backfilling */
	view->has_backfilling = view->status == TABLE_CREATING && catalog_table_status(table) != TABLE_CREATING;
	view->backfilling = table_view->change != CHANGE_INDEX &&
		(index->backfilling || index->status != TABLE_CREATING);
	index_definition_read(index, table_view->definition.throughput.on_demand, &view->definition);
	if (counted && view->status != TABLE_CREATING)
		storage_index_size(index, &view->items, &view->bytes);
	return view;
}

static int
compare_positions(const ListCell *a, const ListCell *b)
{
	const IndexView *x = (const IndexView *) lfirst(a);
	const IndexView *y = (const IndexView *) lfirst(b);

	if (x->definition.position != y->definition.position)
		return x->definition.position < y->definition.position ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* What goes on, and the statuses that show it. */
static void
read_status(TableView *view)
{
	view->status = view->warm_status = catalog_table_status(view->table);
	if (view->status == TABLE_UPDATING)
		view->change = view->definition.change;
	if (view->status == TABLE_ACTIVE && stream_is_switched(view->table))
		view->status = TABLE_UPDATING;
	view->encryption_changes = view->change == CHANGE_ENCRYPTION;
	if (view->change == CHANGE_ENCRYPTION || view->change == CHANGE_WARM_THROUGHPUT)
		view->status = TABLE_ACTIVE;
	if (view->status == TABLE_DELETING || view->change == CHANGE_ENCRYPTION)
		view->warm_status = TABLE_ACTIVE;
}

void
table_view_read(TableView *view, const TableInfo *table, bool counted)
{
	ListCell   *cell;

	memset(view, 0, sizeof(*view));
	view->table = table;
	table_definition_read(table, &view->definition);
	read_status(view);
	if (!OidIsValid(table->relation))
		return;
	if (counted)
		storage_table_size(table->relation, &view->items, &view->bytes);
	for (int i = 0; i < table->n_indexes; i++)
		if (!index_is_hidden(&table->indexes[i]))
			view->indexes = lappend(view->indexes, read_index(view, &table->indexes[i], counted));
	list_sort(view->indexes, compare_positions);

	/* the table is UPDATING until an index is backfilled, and while one is dropped */
	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (view->status == TABLE_ACTIVE &&
			(index->status == TABLE_DELETING || (index->has_backfilling && !index->backfilling)))
			view->status = TABLE_UPDATING;
	}
}

IndexView *
table_view_index(const TableView *view, const char *name)
{
	ListCell   *cell;

	foreach(cell, view->indexes)
	{
		IndexView  *index = (IndexView *) lfirst(cell);

		if (strcmp(index->name, name) == 0)
			return index;
	}
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_integer(WireWriter *response, const char *name, int64 value)
{
	wire_member(response, name);
	wire_integer(response, value);
}

/* A time that is left out if it never came. */
static void
write_time(WireWriter *response, const char *name, double time)
{
	if (time == 0)
		return;
	wire_member(response, name);
	wire_double(response, time);
}

/* A stream that was disabled stays the latest until another one is enabled. */
static void
write_stream(WireWriter *response, const TableInfo *table)
{
	const TableLog *stream = catalog_latest_stream(table);

	if (stream == NULL)
		return;
	if (stream->kept)
	{
		wire_member(response, "StreamSpecification");
		wire_object_start(response);
		wire_member(response, "StreamEnabled");
		wire_boolean(response, true);
		wire_text_member(response, "StreamViewType", catalog_view_name(stream->view));
		wire_object_end(response);
	}
	wire_text_member(response, "LatestStreamLabel", pstrdup(stream->label));
	wire_text_member(response, "LatestStreamArn", stream_arn(stream));
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(((const NamePair *) lfirst(a))->name, ((const NamePair *) lfirst(b))->name);
}

/* AttributeDefinitions: those that a key uses, in the order of their names. */
static List *
used_attributes(const TableView *view)
{
	List	   *used = NIL;
	ListCell   *cell;

	foreach(cell, view->definition.attributes)
	{
		NamePair   *attribute = (NamePair *) lfirst(cell);
		bool		is_used = find_pair(view->definition.keys, attribute->name, attribute->name_len) != NULL;
		ListCell   *index;

		foreach(index, view->indexes)
			is_used |= find_pair(((const IndexView *) lfirst(index))->definition.keys,
								 attribute->name, attribute->name_len) != NULL;
		if (is_used)
			used = lappend(used, attribute);
	}
	list_sort(used, compare_names);
	return used;
}

static void
write_capacity(WireWriter *response, const TableView *view)
{
	const TableDefinition *definition = &view->definition;
	const char *mode = definition->throughput.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
	double		since = view->status == TABLE_CREATING ? 0 : definition->on_demand_since;

	if (definition->was_on_demand)
	{
		wire_member(response, "BillingModeSummary");
		wire_object_start(response);
		wire_text_member(response, "BillingMode", mode);
		write_time(response, "LastUpdateToPayPerRequestDateTime", since);
		wire_object_end(response);
		wire_member(response, "TableThroughputModeSummary");
		wire_object_start(response);
		wire_text_member(response, "TableThroughputMode", mode);
		write_time(response, "LastUpdateToPayPerRequestDateTime", since);
		wire_object_end(response);
	}
	throughput_describe(response, &definition->throughput);
	if (!view->hides_warm)
		throughput_describe_warm(response, &definition->throughput, view->warm_status);
}

/*
 * SSEDescription: while it changes, the key is the old one, and there is none if that was
 * the default.
 */
static void
write_encryption(WireWriter *response, const TableView *view)
{
	const char *key = view->definition.kms_key;

	if (key == NULL && !view->encryption_changes)
		return;
	wire_member(response, "SSEDescription");
	wire_object_start(response);
	wire_text_member(response, "Status", view->encryption_changes ? "UPDATING" : "ENABLED");
	if (key != NULL)
	{
		wire_text_member(response, "SSEType", "KMS");
		wire_text_member(response, "KMSMasterKeyArn", key);
	}
	wire_object_end(response);
}

/* What only global indexes have. */
static void
write_global_part(WireWriter *response, const IndexView *index)
{
	bool		warming = index->warm_changes || index->status == TABLE_CREATING;

	if (!index->hides_status)
		wire_text_member(response, "IndexStatus", catalog_status_name(index->status));
	if (index->has_backfilling)
	{
		wire_member(response, "Backfilling");
		wire_boolean(response, index->backfilling);
	}
	throughput_describe(response, &index->definition.throughput);
	if (index->has_warm)
		throughput_describe_warm(response, &index->definition.throughput, warming ? TABLE_UPDATING : TABLE_ACTIVE);
}

/* Writes the global or the local indexes as a member, if there are any. */
static void
write_indexes(WireWriter *response, const char *member, const TableView *view, bool global)
{
	bool		any = false;
	ListCell   *cell;

	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (index->global != global)
			continue;
		if (!any)
		{
			wire_member(response, member);
			wire_array_start(response);
		}
		any = true;
		wire_object_start(response);
		wire_text_member(response, "IndexName", index->name);
		index_definition_write_shape(response, &index->definition);
		if (global)
			write_global_part(response, index);
		write_integer(response, "IndexSizeBytes", index->bytes);
		write_integer(response, "ItemCount", index->items);
		wire_text_member(response, "IndexArn", psprintf("%s/index/%s", arn_of_table(view->table->name), index->name));
		wire_object_end(response);
	}
	if (any)
		wire_array_end(response);
}

/* RestoreSummary, while the table is being restored. */
static void
write_restore(WireWriter *response, const TableInfo *table)
{
	const TableRestore *restore = catalog_is_being_restored(table) ? catalog_restore(table->relation) : NULL;

	if (restore == NULL)
		return;
	wire_member(response, "RestoreSummary");
	wire_object_start(response);
	if (restore->backup_arn != NULL)
		wire_text_member(response, "SourceBackupArn", restore->backup_arn);
	wire_text_member(response, "SourceTableArn", arn_of_table(restore->source_table));
	write_time(response, "RestoreDateTime", table_time(restore->restore_time));
	wire_member(response, "RestoreInProgress");
	wire_boolean(response, true);
	wire_object_end(response);
}

static void
write_counts_and_names(WireWriter *response, const TableView *view)
{
	write_integer(response, "TableSizeBytes", view->bytes);
	write_integer(response, "ItemCount", view->items);
	wire_text_member(response, "TableArn", arn_of_table(view->table->name));
	wire_text_member(response, "TableId",
			   DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&view->table->id))));
}

void
table_view_write(WireWriter *response, const char *member, const TableView *view)
{
	const TableInfo *table = view->table;
	const TableDefinition *definition = &view->definition;

	wire_object_start(response);
	wire_member(response, member);
	wire_object_start(response);
	wire_member(response, "AttributeDefinitions");
	table_write_pairs(response, used_attributes(view), "AttributeName", "AttributeType");
	wire_text_member(response, "TableName", pstrdup(table->name));
	wire_member(response, "KeySchema");
	table_write_pairs(response, definition->keys, "AttributeName", "KeyType");
	wire_text_member(response, "TableStatus", catalog_status_name(view->status));
	write_time(response, "CreationDateTime", table_time(table->created_at));
	write_capacity(response, view);
	write_counts_and_names(response, view);
	write_indexes(response, "LocalSecondaryIndexes", view, false);
	write_indexes(response, "GlobalSecondaryIndexes", view, true);
	if (definition->table_class)
	{
		wire_member(response, "TableClassSummary");
		wire_object_start(response);
		wire_text_member(response, "TableClass", definition->table_class);
		write_time(response, "LastUpdateDateTime", definition->table_class_since);
		wire_object_end(response);
	}
	write_encryption(response, view);
	write_stream(response, view->table);
	write_restore(response, view->table);
	wire_member(response, "DeletionProtectionEnabled");
	wire_boolean(response, definition->deletion_protection);
	wire_object_end(response);
	wire_object_end(response);
}

void
table_view_write_deleted(WireWriter *response, const TableView *view)
{
	wire_object_start(response);
	wire_member(response, "TableDescription");
	wire_object_start(response);
	wire_text_member(response, "TableName", pstrdup(view->table->name));
	wire_text_member(response, "TableStatus", catalog_status_name(TABLE_DELETING));
	throughput_describe_units(response, &view->definition.throughput);
	write_counts_and_names(response, view);
	wire_member(response, "DeletionProtectionEnabled");
	wire_boolean(response, view->definition.deletion_protection);
	wire_object_end(response);
	wire_object_end(response);
}
