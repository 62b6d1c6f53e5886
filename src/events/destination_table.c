/*
 * destination_table.c
 *		Another table of this database as a destination: it gets the items as they are put and deleted.
 *
 * Each lane brings the changes of its items in their order, in the transaction that moves the position, so that the target's items are the source's: a version
 * need not be compared.
 */
#include "postgres.h"

#include "events/destination.h"
#include "op/op.h"
#include "value/attr.h"

static void
check_table(DestinationCheck *check, Jsonb *value)
{
	const char *name = destination_string(check, value);
	const TableLog *stream = catalog_latest_stream(check->table);
	const TableInfo *target = op_data_table_of_text(name, strlen(name));

	if (strcmp(target->name, check->table->name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a table cannot be the destination of its own changes")));
	if (stream != NULL && stream->view != VIEW_NEW_IMAGE && stream->view != VIEW_NEW_AND_OLD_IMAGES)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the stream of table \"%s\" has no new images", check->table->name),
				 errhint("A table as destination needs NEW_IMAGE or NEW_AND_OLD_IMAGES.")));
	check->definition = value;
}

/* Puts the new image, or deletes the key. */
static void
apply(const char *table, const EventRecord *record)
{
	bool		is_put = record->row.action == LOG_INSERT || record->row.action == LOG_MODIFY;
	StringInfoData request;
	StringInfoData answer;
	WireWriter	writer;
	WireReader	reader;

	if (is_put && record->row.item == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the stream has no new images")));
	initStringInfo(&request);
	initStringInfo(&answer);
	wire_write_text(&writer, &request);
	wire_object_start(&writer);
	wire_text_member(&writer, "TableName", table);
	wire_member(&writer, is_put ? "Item" : "Key");
	attr_write_item(&writer, is_put ? record->row.item : record->row.keys);
	wire_object_end(&writer);
	wire_read_text(&reader, request.data, request.len);
	wire_write_text(&writer, &answer);
	op_run(is_put ? OPERATION_PutItem : OPERATION_DeleteItem, &reader, &writer);
	pfree(request.data);
	pfree(answer.data);
}

static void
deliver(const EventMapping *mapping, const EventBatch *batch, EventOutcome *outcome)
{
	Jsonb	   *value;
	JsonbValue	name;
	char	   *table;

	(void) destination_of_mapping(mapping, &value);
	(void) JsonbExtractScalar(&value->root, &name);
	table = pnstrdup(name.val.string.val, name.val.string.len);
	for (int i = 0; i < batch->count; i++)
		apply(table, &batch->records[i]);
}

const DestinationKind destination_table = {
	.name = "Table",
	.check = check_table,
	.deliver = deliver
};
