/*
 * access_resource.c
 *		What requests are about: reading names and ARNs, looking things up.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/syscache.h"

#include "base/settings.h"
#include "op/access_resource.h"
#include "op/arn.h"
#include "op/backup.h"
#include "op/op.h"
#include "op/stream.h"
#include "op/transfer_arn.h"

/* A role that is there; its object may outlive it. */
static Oid
existing_role(Oid role)
{
	return OidIsValid(role) && SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) ? role : InvalidOid;
}

static void
set_arn(AccessResource *resource, char *arn)
{
	resource->arn.text = arn;
	resource->arn.len = strlen(arn);
}

void
access_resource_of_table(const char *name, int len, AccessResource *resource)
{
	memset(resource, 0, sizeof(*resource));
	resource->table_name = pnstrdup(name, len);
	resource->has_policy = true;
	resource->table = catalog_table(name, len);
	if (resource->table != NULL && OidIsValid(resource->table->relation))
		resource->owner = existing_role(catalog_relation_owner(resource->table->relation));
	set_arn(resource, arn_of_table(resource->table_name));
}

/* A part of a table: table/<name>/<kind>/<label>. */
static void
set_part(AccessResource *resource, const char *table_name, const char *kind, const char *label)
{
	resource->table_name = table_name;
	resource->table = catalog_table(table_name, strlen(table_name));
	set_arn(resource, psprintf("%s/%s/%s", arn_of_table(table_name), kind, label));
}

static void
read_table(const RequestValue *text, AccessResource *resource)
{
	int			len;
	const char *name = op_table_name(text, &len);

	access_resource_of_table(name, len, resource);
}

void
access_resource_of_stream(const char *text, int len, AccessResource *resource)
{
	ResourceArn arn;
	char	   *name;
	char	   *label;

	memset(resource, 0, sizeof(*resource));
	arn_parse_resource(text, len, &arn);
	if (arn.kind != ARN_STREAM || !arn.is_own_account || !arn.is_own_region)
		return;
	/* no stream has an empty label, which in the catalog of policies stands for the table */
	label = pstrdup(arn.table + arn.table_len + strlen("/stream/"));
	if (label[0] == '\0')
		return;
	name = pnstrdup(arn.table, arn.table_len);
	resource->stream_label = label;
	set_part(resource, name, "stream", resource->stream_label);
	resource->has_policy = true;
	resource->stream = catalog_stream(name, resource->stream_label);
	if (resource->stream == NULL)
		return;

	/* a stream outlives its table, and is its last owner's then */
	if (OidIsValid(resource->stream->relation))
		resource->owner = existing_role(catalog_relation_owner(resource->stream->relation));
	else
		resource->owner = existing_role(resource->stream->owner);
}

static void
read_resource(const RequestValue *text, AccessResource *resource)
{
	ResourceArn arn;

	arn_parse_resource(text->as.string.text, text->as.string.len, &arn);
	if (arn.kind == ARN_STREAM)
		access_resource_of_stream(text->as.string.text, text->as.string.len, resource);
	else if (arn.kind == ARN_TABLE && arn.is_own_account && arn.is_own_region)
		access_resource_of_table(arn.table, arn.table_len, resource);
}

static void
read_exported(const RequestValue *text, AccessResource *resource)
{
	ResourceArn arn;

	arn_parse_resource(text->as.string.text, text->as.string.len, &arn);
	if (arn.kind == ARN_TABLE && arn.is_own_account)
		access_resource_of_table(arn.table, arn.table_len, resource);
}

static void
read_source(const RequestValue *request, AccessResource *resource)
{
	const RequestValue *name = request_member(request, RestoreTableToPointInTimeInput_SourceTableName);
	const RequestValue *text = request_member(request, RestoreTableToPointInTimeInput_SourceTableArn);

	if (name->present == text->present)
		return;
	if (name->present)
		access_resource_of_table(name->as.string.text, name->as.string.len, resource);
	else
		read_resource(text, resource);

	/* of a stream's ARN nothing is restored */
	if (resource->stream_label != NULL)
		memset(resource, 0, sizeof(*resource));
}

static void
read_backup(const RequestValue *text, AccessResource *resource)
{
	TablePartArn arn;

	backup_parse_arn(text, &arn);
	set_part(resource, pnstrdup(arn.table, arn.table_len), "backup", arn.label);
	resource->backup = catalog_backup(arn.table, arn.table_len, arn.label);
	if (resource->backup != NULL)
		resource->owner = existing_role(catalog_backup_owner(resource->backup));
}

static void
read_transfer(TransferKind kind, const RequestValue *text, AccessResource *resource)
{
	char	   *table_name;
	char	   *id;

	if (transfer_parse_arn(kind, text->as.string.text, text->as.string.len, &table_name, &id) != TRANSFER_ARN_OK)
		return;
	resource->table_name = table_name;
	resource->table = catalog_table(table_name, strlen(table_name));
	set_arn(resource, transfer_arn_of(kind, table_name, id));
	resource->transfer = transfer_of_arn(kind, table_name, id);
	if (resource->transfer != NULL)
		resource->owner = existing_role(resource->transfer->owner);
}

static void
read_iterator(const RequestValue *text, AccessResource *resource)
{
	char	   *arn = stream_iterator_arn(text);

	if (arn != NULL)
		access_resource_of_stream(arn, strlen(arn), resource);
}

void
access_resource_read(AccessKind kind, const RequestValue *request, int member, AccessResource *resource)
{
	const RequestValue *value = member == NO_MEMBER ? NULL : request_member(request, member);

	memset(resource, 0, sizeof(*resource));
	switch (kind)
	{
		case ACCESS_ANYTHING:
			set_arn(resource, pstrdup("*"));
			break;
		case ACCESS_TABLE:
			read_table(value, resource);
			break;
		case ACCESS_RESOURCE:
			read_resource(value, resource);
			break;
		case ACCESS_EXPORTED:
			read_exported(value, resource);
			break;
		case ACCESS_SOURCE:
			read_source(request, resource);
			break;
		case ACCESS_IMPORTED:
			read_table(request_member(value, TableCreationParameters_TableName), resource);
			break;
		case ACCESS_STREAM:
			access_resource_of_stream(value->as.string.text, value->as.string.len, resource);
			break;
		case ACCESS_ITERATOR:
			read_iterator(value, resource);
			break;
		case ACCESS_BACKUP:
			read_backup(value, resource);
			break;
		case ACCESS_EXPORT:
			read_transfer(TRANSFER_EXPORT, value, resource);
			break;
		case ACCESS_IMPORT:
			read_transfer(TRANSFER_IMPORT, value, resource);
			break;
		case ACCESS_BULK_OPERATION:
			read_transfer(TRANSFER_BULK_PUT, value, resource);
			break;
		case ACCESS_TABLES:
		case ACCESS_QUERIED:
		case ACCESS_SCANNED:
			elog(ERROR, "what is read or written of items is looked up when it is");
	}
}
