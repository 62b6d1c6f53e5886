/*
 * quota.c
 *		How much capacity may be asked for.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/settings.h"
#include "meter/bucket.h"
#include "op/create_table.h"
#include "op/quota.h"
#include "op/table_definition.h"

#define REFER "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

static const char *const unit_names[2] = {"ReadCapacityUnits", "WriteCapacityUnits"};

/* Refuses provisioned units of a table or an index that are too many. */
static void
check_provisioned(const char *index, int access, int64 before, int64 after)
{
	if (after <= before || after <= TABLE_MAX_UNITS)
		return;
	if (index != NULL)
		dyn_error(DYN_LIMIT_EXCEEDED, "The requested %s for index %s, " INT64_FORMAT ", is above the per index maximum for the account in %s. "
				  "Per index maximum: %d. " REFER, unit_names[access], index, after, dynapg_region, TABLE_MAX_UNITS);
	dyn_error(DYN_LIMIT_EXCEEDED, "The requested %s, " INT64_FORMAT ", is above the per table maximum for the account in %s. "
			  "Per table maximum: %d. " REFER, unit_names[access], after, dynapg_region, TABLE_MAX_UNITS);
}

/* The same of a member of OnDemandThroughput or WarmThroughput. */
static void
check_member(const char *member, const char *of, const char *target, int access, int64 before, int64 after)
{
	if (after > before && after > TABLE_MAX_UNITS)
		dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: Requested %s for %s for %s exceeds TableMax%s of the account in region %s",
				  member, of, target, unit_names[access], dynapg_region);
}

void
quota_add(QuotaChange *change, const char *index, const Throughput *before, const Throughput *after)
{
	static const Throughput nothing;
	const char *of_ceiling;
	const char *of_warm;

	if (!dynapg_throttling)
		return;
	of_ceiling = index != NULL ? psprintf("index : %s", index) : "table";
	of_warm = index != NULL ? psprintf("index %s", index) : "table";
	if (before == NULL)
		before = &nothing;
	change->before[METER_READ] += before->read_units;
	change->before[METER_WRITE] += before->write_units;
	change->after[METER_READ] += after->read_units;
	change->after[METER_WRITE] += after->write_units;
	check_provisioned(index, METER_READ, before->read_units, after->read_units);
	check_provisioned(index, METER_WRITE, before->write_units, after->write_units);
	check_member("MaxReadRequestUnits", "OnDemandThroughput", of_ceiling, METER_READ, before->max_read_units, after->max_read_units);
	check_member("MaxWriteRequestUnits", "OnDemandThroughput", of_ceiling, METER_WRITE, before->max_write_units, after->max_write_units);
	check_member("ReadUnitsPerSecond", "WarmThroughput", of_warm, METER_READ, throughput_warm_read_units(before), after->warm_read_units);
	check_member("WriteUnitsPerSecond", "WarmThroughput", of_warm, METER_WRITE, throughput_warm_write_units(before), after->warm_write_units);
}

static void
add_units(const Throughput *throughput, int64 *units)
{
	units[METER_READ] += throughput->read_units;
	units[METER_WRITE] += throughput->write_units;
}

/* A PlanVisitor. */
static void
add_planned(const char *index, const Throughput *throughput, void *units)
{
	add_units(throughput, (int64 *) units);
}

/* Adds what imports will make.  One whose table is there has made it since it was looked at, and is counted as a table. */
static void
add_plans(List *imports, int64 *units)
{
	ListCell   *cell;

	foreach(cell, imports)
	{
		const Transfer *import = (const Transfer *) lfirst(cell);
		const TableInfo *table = catalog_table(import->table_name, strlen(import->table_name));
		Jsonb	   *plan = create_table_plan_of(import);

		if (plan != NULL && (table == NULL || memcmp(&table->id, &import->table_id, UUID_LEN) != 0))
			create_table_visit_plan(plan, add_planned, units);
	}
}

/* What all tables have, and those that imports under way will make: these are looked at first, so that none is made in between. */
static void
sum_units(int64 *units)
{
	List	   *imports = catalog_running_transfers_of_kind(TRANSFER_IMPORT);
	List	   *names = catalog_table_names(NULL, PG_INT32_MAX);
	ListCell   *cell;

	units[METER_READ] = units[METER_WRITE] = 0;
	foreach(cell, names)
	{
		const char *name = (const char *) lfirst(cell);
		const TableInfo *table = catalog_table(name, strlen(name));
		TableDefinition definition;

		if (table == NULL)
			continue;
		table_definition_read(table, &definition);
		add_units(&definition.throughput, units);
		for (int i = 0; i < table->n_indexes; i++)
		{
			IndexDefinition index;

			if (!table->indexes[i].global || index_is_hidden(&table->indexes[i]))
				continue;
			index_definition_read(&table->indexes[i], definition.throughput.on_demand, &index);
			add_units(&index.throughput, units);
		}
	}
	add_plans(imports, units);
}

void
quota_check(const QuotaChange *change)
{
	int64		reserved[2];

	if (change->after[METER_READ] <= change->before[METER_READ] && change->after[METER_WRITE] <= change->before[METER_WRITE])
		return;
	catalog_lock_total(CATALOG_TOTAL_UNITS);
	sum_units(reserved);
	for (int access = 0; access < 2; access++)
		if (change->after[access] > change->before[access] &&
			reserved[access] - change->before[access] + change->after[access] > ACCOUNT_MAX_UNITS)
			dyn_error(DYN_LIMIT_EXCEEDED, "This request would have caused the %s limit to be exceeded for the account in %s. "
					  "Current %s reserved by the account: " INT64_FORMAT ". Limit: %d. Requested: " INT64_FORMAT ". " REFER,
					  unit_names[access], dynapg_region, unit_names[access], reserved[access], ACCOUNT_MAX_UNITS, change->after[access]);
}
