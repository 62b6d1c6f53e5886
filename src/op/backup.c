/*
 * backup.c
 *		Backups' ARNs, owners and descriptions.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/restores.h"
#include "op/backup.h"
#include "op/table_description.h"

char *
backup_arn(const Backup *backup)
{
	return psprintf("%s/backup/%s", arn_of_table(backup->table.name), backup->label);
}

void
backup_parse_arn(const RequestValue *text, TablePartArn *arn)
{
	if (!arn_parse_table_part(text->as.string.text, text->as.string.len, "backup", arn))
		dyn_invalid("Invalid Backup ARN");
	if (!arn_part_is(arn->partition, arn->partition_len, "aws") || !arn_part_is(arn->service, arn->service_len, "dynamodb") ||
		(arn->region_len > 0 && !arn_is_region(arn->region, arn->region_len)))
		dyn_invalid("Invalid Request: BackupArn is not valid");
	if (arn->region_len == 0 || !arn_part_is(arn->account, arn->account_len, dynapg_account_id))
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
}

void
backup_raise_not_found(const RequestValue *arn)
{
	dyn_error(DYN_BACKUP_NOT_FOUND, "Backup not found: %s", arn->as.string.text);
}

Backup *
backup_of_request(const RequestValue *text)
{
	TablePartArn arn;
	Backup	   *backup;

	backup_parse_arn(text, &arn);
	backup = catalog_backup(arn.table, arn.table_len, arn.label);
	if (backup == NULL)
		backup_raise_not_found(text);
	return backup;
}

void
backup_require_owner(const Backup *backup, const char *arn)
{
	Oid			owner = catalog_backup_owner(backup);

	if (!OidIsValid(owner) ? !superuser() : !has_privs_of_role(GetUserId(), owner))
		dyn_error_detail(DYN_ACCESS_DENIED, "Only the owner of the backup's table may do this.",
						 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: %s",
						 dynapg_account_id, GetUserNameFromId(GetUserId(), false), dyn_operation, arn);
}

/* Holds off whoever else would restore from the backup or delete it, and tells whether it is being restored. */
static bool
lock_backup(const Backup *backup, const RequestValue *arn)
{
	catalog_lock_name(backup->relation_name, strlen(backup->relation_name));
	if (catalog_backup(backup->table.name, strlen(backup->table.name), backup->label) == NULL)
		backup_raise_not_found(arn);
	return catalog_is_restored_from(backup_arn(backup));
}

void
backup_begin_restore(const Backup *backup, const RequestValue *arn)
{
	if (lock_backup(backup, arn))
		dyn_error(DYN_BACKUP_IN_USE, "Backup is being used to restore another table: %s", arn->as.string.text);
}

void
backup_begin_delete(const Backup *backup, const RequestValue *arn)
{
	/* whoever copies holds that lock until it is made, or sees that it is gone */
	if (backup->is_available && lock_backup(backup, arn))
		dyn_error(DYN_BACKUP_IN_USE, "Backup is being used to restore table: %s", arn->as.string.text);
}

/* ------------------------------------------------------------------------------------------------------------
 * Descriptions
 * ------------------------------------------------------------------------------------------------------------ */

const char *
backup_status(const Backup *backup)
{
	return backup->is_available ? "AVAILABLE" : "CREATING";
}

const char *
backup_type(const Backup *backup)
{
	return backup->is_system ? "SYSTEM" : "USER";
}

void
backup_write_integer(WireWriter *response, const char *name, int64 value)
{
	wire_member(response, name);
	wire_integer(response, value);
}

/* A time that is left out if it never comes. */
void
backup_write_time(WireWriter *response, const char *name, TimestampTz time)
{
	if (time == 0)
		return;
	wire_member(response, name);
	wire_double(response, table_time(time));
}

void
backup_write_table_names(WireWriter *response, const Backup *backup)
{
	wire_text_member(response, "TableName", pstrdup(backup->table.name));
	wire_text_member(response, "TableId",
					  DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&backup->table.id))));
	wire_text_member(response, "TableArn", arn_of_table(backup->table.name));
}

void
backup_write_details(WireWriter *response, const Backup *backup, const char *arn, const char *status)
{
	wire_member(response, "BackupDetails");
	wire_object_start(response);
	wire_text_member(response, "BackupArn", arn);
	wire_text_member(response, "BackupName", backup->name);
	backup_write_integer(response, "BackupSizeBytes", backup->bytes);
	wire_text_member(response, "BackupStatus", status);
	wire_text_member(response, "BackupType", backup_type(backup));
	backup_write_time(response, "BackupCreationDateTime", backup->created_at);
	backup_write_time(response, "BackupExpiryDateTime", backup->expires_at);
	wire_object_end(response);
}

/* ProvisionedThroughput and OnDemandThroughput, as they were given. */
static void
write_throughput(WireWriter *response, const Throughput *throughput)
{
	wire_member(response, "ProvisionedThroughput");
	wire_object_start(response);
	backup_write_integer(response, "ReadCapacityUnits", throughput->read_units);
	backup_write_integer(response, "WriteCapacityUnits", throughput->write_units);
	wire_object_end(response);
	if (throughput->max_read_units <= 0 && throughput->max_write_units <= 0)
		return;
	wire_member(response, "OnDemandThroughput");
	wire_object_start(response);
	if (throughput->max_read_units > 0)
		backup_write_integer(response, "MaxReadRequestUnits", throughput->max_read_units);
	if (throughput->max_write_units > 0)
		backup_write_integer(response, "MaxWriteRequestUnits", throughput->max_write_units);
	wire_object_end(response);
}

static void
write_source(WireWriter *response, const Backup *backup, const TableDefinition *definition)
{
	wire_member(response, "SourceTableDetails");
	wire_object_start(response);
	backup_write_table_names(response, backup);
	backup_write_integer(response, "TableSizeBytes", backup->bytes);
	wire_member(response, "KeySchema");
	table_write_pairs(response, definition->keys, "AttributeName", "KeyType");
	backup_write_time(response, "TableCreationDateTime", backup->table.created_at);
	write_throughput(response, &definition->throughput);
	backup_write_integer(response, "ItemCount", backup->items);
	wire_text_member(response, "BillingMode", definition->throughput.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
	wire_object_end(response);
}

static int
compare_positions(const ListCell *a, const ListCell *b)
{
	int64		x = ((const IndexView *) lfirst(a))->definition.position;
	int64		y = ((const IndexView *) lfirst(b))->definition.position;

	return x < y ? -1 : x > y;
}

/* The global or the local indexes, in the order in which they were asked for: IndexViews. */
static List *
indexes_of(const Backup *backup, bool global, bool on_demand)
{
	List	   *views = NIL;

	for (int i = 0; i < backup->table.n_indexes; i++)
	{
		const TableIndex *index = &backup->table.indexes[i];
		IndexView  *view;

		if (index->global != global)
			continue;
		view = (IndexView *) palloc0(sizeof(IndexView));
		view->name = index->name;
		index_definition_read(index, on_demand, &view->definition);
		views = lappend(views, view);
	}
	list_sort(views, compare_positions);
	return views;
}

static void
write_indexes(WireWriter *response, const char *member, List *indexes, bool global)
{
	ListCell   *cell;

	if (indexes == NIL)
		return;
	wire_member(response, member);
	wire_array_start(response);
	foreach(cell, indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		wire_object_start(response);
		wire_text_member(response, "IndexName", index->name);
		index_definition_write_shape(response, &index->definition);
		if (global)
			write_throughput(response, &index->definition.throughput);
		wire_object_end(response);
	}
	wire_array_end(response);
}

/* What the table had besides, nothing of what it had not. */
static void
write_features(WireWriter *response, const Backup *backup, const TableDefinition *definition)
{
	bool		on_demand = definition->throughput.on_demand;

	wire_member(response, "SourceTableFeatureDetails");
	wire_object_start(response);
	if (!backup->is_system)
	{
		write_indexes(response, "LocalSecondaryIndexes", indexes_of(backup, false, on_demand), false);
		write_indexes(response, "GlobalSecondaryIndexes", indexes_of(backup, true, on_demand), true);
		if (definition->stream_view)
		{
			wire_member(response, "StreamDescription");
			wire_object_start(response);
			wire_member(response, "StreamEnabled");
			wire_boolean(response, true);
			wire_text_member(response, "StreamViewType", definition->stream_view);
			wire_object_end(response);
		}
		if (backup->time_to_live)
		{
			wire_member(response, "TimeToLiveDescription");
			wire_object_start(response);
			wire_text_member(response, "TimeToLiveStatus", "ENABLED");
			wire_text_member(response, "AttributeName", backup->time_to_live);
			wire_object_end(response);
		}
		if (definition->kms_key)
		{
			wire_member(response, "SSEDescription");
			wire_object_start(response);
			wire_text_member(response, "Status", "ENABLED");
			wire_text_member(response, "SSEType", "KMS");
			wire_text_member(response, "KMSMasterKeyArn", definition->kms_key);
			wire_object_end(response);
		}
	}
	wire_object_end(response);
}

void
backup_write_description(WireWriter *response, const Backup *backup, const char *arn, const char *status)
{
	TableDefinition definition;

	table_definition_read(&backup->table, &definition);
	wire_object_start(response);
	wire_member(response, "BackupDescription");
	wire_object_start(response);
	backup_write_details(response, backup, arn, status);
	write_source(response, backup, &definition);
	write_features(response, backup, &definition);
	wire_object_end(response);
	wire_object_end(response);
}
