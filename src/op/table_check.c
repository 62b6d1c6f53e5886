/*
 * table_check.c
 *		What CreateTable and UpdateTable refuse, and the tables that operations on tables are about.
 */
#include "postgres.h"

#include <math.h>

#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/backups.h"
#include "catalog/imports.h"
#include "keep/table_job.h"
#include "log/log_keeper.h"
#include "op/op.h"
#include "op/table_check.h"

/* How often a table's class may be changed, and what it is encrypted with. */
#define MAX_CLASS_CHANGES			2
#define CLASS_CHANGE_DAYS			30
#define FREE_ENCRYPTION_CHANGES		4	/* in 24 hours; after these, one in so many seconds */
#define ENCRYPTION_CHANGE_SECONDS	21600

const TableInfo *
table_of_request(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = catalog_lock_table(name, len, AccessShareLock, false);

	if (table == NULL)
		catalog_raise_not_found(name, len);
	return table;
}

void
table_resume_jobs(const TableInfo *table)
{
	(void) table_job_resume(table);
	if (table->n_logs > 0 || catalog_backup_schedules() != NIL)
		log_want_keeper(GetCurrentTimestamp());
	if (catalog_time_to_live(table) != NULL)
		log_want_sweeper(GetCurrentTimestamp());
}

void
table_refuse_in_use(TableStatus status, const char *name)
{
	static const char *const participles[] = {
		[TABLE_CREATING] = "created",
		[TABLE_UPDATING] = "updated",
		[TABLE_DELETING] = "deleted"
	};

	dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table is being %s: %s", participles[status], name);
}

const TableInfo *
table_to_change(const RequestValue *table_name, LOCKMODE lockmode)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table;
	TableStatus status;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, lockmode, true);
	if (table == NULL || (catalog_is_being_restored(table) && !catalog_is_being_imported(table)))
		catalog_raise_not_found(name, len);
	status = catalog_table_status(table);
	if (status == TABLE_CREATING || status == TABLE_DELETING)
		table_refuse_in_use(status, table->name);
	return table;
}

void
check_table_class(const RequestValue *table_class)
{
	const char *text = table_class->present ? table_class->as.string.text : "STANDARD";

	if (strcmp(text, "STANDARD") != 0 && strcmp(text, "STANDARD_INFREQUENT_ACCESS") != 0)
		dyn_invalid("Invalid table-class parameter provided. Please try again with a valid table-class value: "
					"[STANDARD, STANDARD_INFREQUENT_ACCESS].");
}

void
table_refuse(const char *what)
{
	dyn_invalid(INVALID "%s not supported by this version of dynapg", what);
}

int
table_billing_mode(const RequestValue *mode, const RequestValue *alias)
{
	if (!mode->present)
		mode = alias;
	if (!mode->present)
		return -1;
	return strcmp(mode->as.string.text, "PAY_PER_REQUEST") == 0;
}

void
check_throughput_bounds(const RequestValue *throughput)
{
	int64		units;

	if (!throughput->present)
		return;
	units = request_member(throughput, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	if (units > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for ReadCapacityUnits is out of bounds", units);
	units = request_member(throughput, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	if (units > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for WriteCapacityUnits is out of bounds", units);
}

List *
table_pairs(const RequestValue *list)
{
	List	   *pairs = NIL;

	if (!list->present)
		return NIL;
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *element = &list->as.list.items[i];
		bool		is_key = strcmp(element->shape->name, "KeySchemaElement") == 0;
		const RequestValue *name;
		const RequestValue *value;
		NamePair   *pair = (NamePair *) palloc(sizeof(NamePair));

		if (is_key)
		{
			name = request_member(element, KeySchemaElement_AttributeName);
			value = request_member(element, KeySchemaElement_KeyType);
		}
		else
		{
			name = request_member(element, AttributeDefinition_AttributeName);
			value = request_member(element, AttributeDefinition_AttributeType);
		}
		if (memchr(name->as.string.text, '\0', name->as.string.len) != NULL)
			dyn_invalid(INVALID "a key attribute's name cannot hold U+0000");
		pair->name = name->as.string.text;
		pair->name_len = name->as.string.len;
		pair->value = value->as.string.text;
		pair->value_len = value->as.string.len;
		pairs = lappend(pairs, pair);
	}
	return pairs;
}

const NamePair *
find_pair(List *pairs, const char *name, int name_len)
{
	ListCell   *cell;

	foreach(cell, pairs)
	{
		const NamePair *pair = (const NamePair *) lfirst(cell);

		if (pair->name_len == name_len && memcmp(pair->name, name, name_len) == 0)
			return pair;
	}
	return NULL;
}

char *
pair_names(List *pairs)
{
	StringInfoData out;
	ListCell   *cell;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	foreach(cell, pairs)
		appendStringInfo(&out, "%s%s", cell == list_head(pairs) ? "" : ", ", ((const NamePair *) lfirst(cell))->name);
	appendStringInfoChar(&out, ']');
	return out.data;
}

static void
check_ceiling(const RequestValue *units, const char *member, bool on_demand, bool creating_table,
			  const char *index)
{
	char	   *target = index ? psprintf(" for index : %s", index) : "";

	if (!units->present)
		return;
	if (!on_demand)
	{
		if (creating_table)
			dyn_invalid(INVALID "%s for OnDemandThroughput%s cannot be specified when table BillingMode is PROVISIONED.",
						member, index ? psprintf(" for index: %s", index) : "");
		dyn_invalid(INVALID "%s for OnDemandThroughput%s cannot be specified when the table BillingMode is PROVISIONED",
					member, index ? psprintf(" for index: %s", index) : "");
	}
	if ((units->as.integer == -1 && !creating_table) ||
		(units->as.integer > 0 && units->as.integer <= MAX_UNITS))
		return;
	dyn_invalid(INVALID "Requested %s for OnDemandThroughput%s is outside of valid range",
				member, index ? target : " for table");
}

void
check_ceilings(const RequestValue *ceilings, bool on_demand, bool creating_table, const char *index)
{
	if (!ceilings->present)
		return;
	check_ceiling(request_member(ceilings, OnDemandThroughput_MaxReadRequestUnits), "MaxReadRequestUnits",
				  on_demand, creating_table, index);
	check_ceiling(request_member(ceilings, OnDemandThroughput_MaxWriteRequestUnits), "MaxWriteRequestUnits",
				  on_demand, creating_table, index);
}

static void
check_warm_units(const RequestValue *units, const char *member, int64 least, const char *reason,
				 const char *target)
{
	if (units->present && units->as.integer < least)
		dyn_invalid(INVALID "Requested %s for WarmThroughput for %s is lower than %s", member, target, reason);
	if (units->present && units->as.integer > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for %s is out of bounds", units->as.integer, member);
}

void
check_warm_throughput(const RequestValue *warm, const Throughput *throughput, bool creating,
					  const char *index)
{
	const char *target = index ? psprintf("index %s", index) : "table";
	const char *read_reason;
	const char *write_reason;

	if (!warm->present)
		return;
	if (index != NULL &&
		!request_member(warm, WarmThroughput_ReadUnitsPerSecond)->present &&
		!request_member(warm, WarmThroughput_WriteUnitsPerSecond)->present)
		dyn_invalid(INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond "
					"specified for index: %s", index);
	if (!creating)
		read_reason = write_reason = "current WarmThroughput, decreasing WarmThroughput is not supported";
	else if (throughput->on_demand)
		read_reason = write_reason = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/"
			"amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
	else
	{
		read_reason = "ReadCapacityUnits of ProvisionedThroughput";
		write_reason = "WriteCapacityUnits of ProvisionedThroughput";
	}
	check_warm_units(request_member(warm, WarmThroughput_ReadUnitsPerSecond), "ReadUnitsPerSecond",
					 throughput_warm_read_units(throughput), read_reason, target);
	check_warm_units(request_member(warm, WarmThroughput_WriteUnitsPerSecond), "WriteUnitsPerSecond",
					 throughput_warm_write_units(throughput), write_reason, target);
}

char *
table_time_text(double seconds)
{
	pg_time_t	whole = (pg_time_t) floor(seconds);
	const struct pg_tm *tm = pg_gmtime(&whole);

	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday,
					tm->tm_hour, tm->tm_min, tm->tm_sec, Min((int) rint((seconds - whole) * 1000), 999));
}

/* Drops what is longer ago than a number of seconds. */
static void
forget_changes(ChangeTimes *changes, double now, double seconds)
{
	int			old = 0;

	while (old < changes->count && changes->times[old] <= now - seconds)
		old++;
	changes->count -= old;
	memmove(changes->times, &changes->times[old], changes->count * sizeof(double));
}

void
check_class_changes(ChangeTimes *changes)
{
	forget_changes(changes, table_time(GetCurrentTimestamp()), CLASS_CHANGE_DAYS * SECS_PER_DAY);
	if (changes->count >= MAX_CLASS_CHANGES)
		dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: "
				  "Updates to TableClass are limited to %d times in %d day(s).",
				  MAX_CLASS_CHANGES, CLASS_CHANGE_DAYS);
}

void
check_encryption_changes(ChangeTimes *changes)
{
	double		now = table_time(GetCurrentTimestamp());
	double		last;
	double		window_end;

	forget_changes(changes, now, SECS_PER_DAY);
	if (changes->count < FREE_ENCRYPTION_CHANGES)
		return;
	last = changes->times[changes->count - 1];
	if (now >= last + ENCRYPTION_CHANGE_SECONDS && changes->count < MAX_CHANGE_TIMES)
		return;
	window_end = changes->times[0] + SECS_PER_DAY;
	dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: "
			  "Encryption mode changes are limited in the 24h window ending at %s. "
			  "After the first %d change, each subsequent change in the same window can be performed at most once "
			  "every %d seconds. Number of updates today: %d. Last change at %s. "
			  "Next changes can be made at %s.",
			  table_time_text(window_end), FREE_ENCRYPTION_CHANGES, ENCRYPTION_CHANGE_SECONDS, changes->count,
			  table_time_text(last), table_time_text(Min(last + ENCRYPTION_CHANGE_SECONDS, window_end)));
}

void
note_change(ChangeTimes *changes)
{
	Assert(changes->count < MAX_CHANGE_TIMES);
	changes->times[changes->count++] = table_time(GetCurrentTimestamp());
}

bool
check_encryption(const RequestValue *specification, const char **kms_key)
{
	const RequestValue *enabled = request_member(specification, SSESpecification_Enabled);
	const char *type = request_text(specification, SSESpecification_SSEType);
	const char *key = request_text(specification, SSESpecification_KMSMasterKeyId);

	*kms_key = NULL;
	if (enabled->present && !enabled->as.boolean)
	{
		if (type)
			dyn_invalid(INVALID "SSEType can not be specified if Enabled is false");
		if (key)
			dyn_invalid(INVALID "KMSMasterKeyId can not be specified if Enabled is false");
		return false;
	}
	if (type && strcmp(type, "AES256") == 0)
		dyn_invalid(INVALID "SSEType AES256 is not supported");
	if (key && !type)
		dyn_invalid(INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
	if (!enabled->present && !type)
		return false;

	if (key == NULL)
		key = "alias/aws/dynamodb";
	if (strncmp(key, "arn:", 4) == 0)
		*kms_key = key;
	else
		*kms_key = psprintf("arn:aws:kms:%s:%s:%s%s", dynapg_region, dynapg_account_id,
							strncmp(key, "alias/", 6) == 0 ? "" : "key/", key);
	return true;
}
