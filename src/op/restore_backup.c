/*
 * restore_backup.c
 *		RestoreTableFromBackup.
 *
 * A backup is restored by whoever has the privileges of its owner; the new table is his.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/backup.h"
#include "op/op.h"
#include "op/restore_table.h"

static void
read_request(const RequestValue *request, RestoreRequest *restore)
{
	*restore = (RestoreRequest) {
		.target = request_member(request, RestoreTableFromBackupInput_TargetTableName),
		.billing_mode = request_member(request, RestoreTableFromBackupInput_BillingModeOverride),
		.global_indexes = request_member(request, RestoreTableFromBackupInput_GlobalSecondaryIndexOverride),
		.local_indexes = request_member(request, RestoreTableFromBackupInput_LocalSecondaryIndexOverride),
		.vector_indexes = request_member(request, RestoreTableFromBackupInput_VectorIndexOverride),
		.throughput = request_member(request, RestoreTableFromBackupInput_ProvisionedThroughputOverride),
		.ceilings = request_member(request, RestoreTableFromBackupInput_OnDemandThroughputOverride),
		.encryption = request_member(request, RestoreTableFromBackupInput_SSESpecificationOverride)
	};
}

static void
read_source(const Backup *backup, RestoreSource *source)
{
	source->definition = backup->table.definition;
	source->indexes = NIL;
	for (int i = 0; i < backup->table.n_indexes; i++)
	{
		const TableIndex *index = &backup->table.indexes[i];
		SourceIndex *copy = (SourceIndex *) palloc(sizeof(SourceIndex));

		*copy = (SourceIndex) {index->name, index->global, index->definition};
		source->indexes = lappend(source->indexes, copy);
	}
}

/*
 * The backup of a request.  One that is CREATING cannot be restored yet, and so is not there; nor is one of another Region, to which a restore
 * needs an encryption of its own.
 */
static Backup *
backup_to_restore(const RequestValue *text, const RestoreRequest *request)
{
	Backup	   *backup = backup_of_request(text);
	TablePartArn arn;

	backup_parse_arn(text, &arn);
	if (!arn_part_is(arn.region, arn.region_len, dynapg_region) && !request->encryption->present)
		dyn_invalid("Invalid Request: sseSpecificationOverride must be provided for cross-region restores");
	if (!backup->is_available)
		backup_raise_not_found(text);
	return backup;
}

void
op_restore_table_from_backup(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, RestoreTableFromBackupInput_BackupArn);
	RestoreRequest restored;
	RestoreSource source;
	TableRestore restore = {0};
	Backup	   *backup;

	read_request(request, &restored);
	restore_check_request(&restored);
	backup = backup_to_restore(arn, &restored);
	backup_require_owner(backup, arn->as.string.text);
	restore_check_target(&restored);
	backup_begin_restore(backup, arn);
	read_source(backup, &source);
	restore.source_table = pstrdup(backup->table.name);
	restore.backup_arn = backup_arn(backup);
	restore.restore_time = backup->created_at;
	restore.source = backup->relation;
	restore_table(&restored, &source, &restore, response);
}
