/*
 * throttle.c
 *		Whether the capacity of a table and its indexes lets a request go on, and what is said if not.
 */
#include "postgres.h"

#include "meter/bucket.h"
#include "op/arn.h"
#include "op/throttle.h"
#include "op/throughput.h"
#include "storage/index_entry.h"
#include "value/wire.h"

static const char *const limit_names[METER_LIMITS] = {
	[METER_PROVISIONED] = "ProvisionedThroughputExceeded",
	[METER_ACCOUNT] = "AccountLimitExceeded",
	[METER_KEY_RANGE] = "KeyRangeThroughputExceeded",
	[METER_CEILING] = "MaxOnDemandThroughputExceeded"
};

/* ------------------------------------------------------------------------------------------------------------
 * Asking
 * ------------------------------------------------------------------------------------------------------------ */

/* Asks for one use, and notes and tells of a refusal. */
static void
ask(const MeterUse *use, Throttle *throttle)
{
	MeterLimit	limit;

	if (throttle->count == THROTTLE_MAX_REASONS || !bucket_refuses(use, &limit))
		return;
	throttle->reasons[throttle->count++] = (ThrottleReason) {
		.table = use->table,
		.index = use->index,
		.is_write = use->is_write,
		.on_demand = use->rates->on_demand,
		.limit = limit
	};
	meter_throttled(use, limit);
}

bool
throttle_refuses_read(const TableInfo *table, const TableIndex *index, const pg_uuid_t *hash, const bytea *sort,
					  const JsonbValue *key, Throttle *throttle)
{
	MeterUse	use;

	if (!(meter_wants & METER_BUCKETS))
		return false;
	index = meter_index(index);
	use = (MeterUse) {
		.table = table, .index = index, .hash = hash, .sort = sort, .base = index != NULL ? hash : NULL,
		.rates = throughput_rates(table, index), .key = key
	};
	meter_table(table);
	throttle->count = 0;
	ask(&use, throttle);
	return throttle->count > 0;
}

/*
 * Asks for a write's entry in a global index, as far as it is known: what an update makes of its item is not.  Which key it is is found out only where
 * that matters: to a partition, or to who counts keys.
 */
static void
ask_for_entry(const ItemWrite *write, const TableIndex *index, Throttle *throttle)
{
	IndexEntry	entry;
	IndexMisfit misfit;
	MeterUse	use = {
		.table = write->info, .index = index, .is_write = true, .rates = throughput_rates(write->info, index),
		.key = &write->attributes->object
	};

	if (write->kind == ITEM_PUT && (bucket_has_hot_partition(&use) || index->insights.number != 0) &&
		index_fit(index, &write->attributes->object, &entry, &misfit) == INDEX_FITS)
	{
		use.hash = &entry.hash;
		use.sort = write->key.sort;
		use.base = &write->key.hash;
	}
	ask(&use, throttle);
}

bool
throttle_refuses_write(const ItemWrite *write, Throttle *throttle)
{
	const TableInfo *info = write->info;
	MeterUse	use;

	if (!(meter_wants & METER_BUCKETS))
		return false;
	use = (MeterUse) {
		.table = info, .is_write = true, .hash = &write->key.hash, .sort = write->key.sort,
		.rates = throughput_rates(info, NULL), .key = &write->attributes->object
	};
	meter_table(info);
	throttle->count = 0;
	ask(&use, throttle);

	/* a check of a condition leaves the indexes alone */
	for (int i = 0; i < info->n_indexes && write->kind != ITEM_CHECK; i++)
	{
		const TableIndex *index = &info->indexes[i];

		if (index->global && index_is_kept(index) && !index_is_hidden(index))
			ask_for_entry(write, index, throttle);
	}
	return throttle->count > 0;
}

void
throttle_read(const TableInfo *table, const TableIndex *index, const pg_uuid_t *hash, const bytea *sort, const JsonbValue *key)
{
	Throttle	throttle;

	if ((meter_wants & METER_BUCKETS) && throttle_refuses_read(table, index, hash, sort, key, &throttle))
		throttle_raise(&throttle);
}

void
throttle_write(const ItemWrite *write)
{
	Throttle	throttle;

	if ((meter_wants & METER_BUCKETS) && throttle_refuses_write(write, &throttle))
		throttle_raise(&throttle);
}

/* ------------------------------------------------------------------------------------------------------------
 * What is said
 * ------------------------------------------------------------------------------------------------------------ */

DynException
throttle_exception(const Throttle *throttle)
{
	const ThrottleReason *first = &throttle->reasons[0];

	if (first->limit == METER_ACCOUNT)
		return DYN_REQUEST_LIMIT_EXCEEDED;
	return first->on_demand ? DYN_THROTTLING : DYN_PROVISIONED_THROUGHPUT_EXCEEDED;
}

const char *
throttle_message(const Throttle *throttle)
{
	const ThrottleReason *first = &throttle->reasons[0];

	if (first->limit == METER_ACCOUNT)
		return "Throughput exceeds the current throughput limit for your account. "
			"Please contact AWS Support at https://aws.amazon.com/support request a limit increase";
	if (first->limit == METER_CEILING)
		return "Throughput exceeds the maximum OnDemandThroughput configured on table or index";
	if (first->on_demand && first->index != NULL && first->is_write)
		return "Throughput exceeds the current capacity for one or more global secondary indexes. "
			"DynamoDB is automatically scaling your index so please try again shortly.";
	if (first->on_demand)
		return "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index "
			"so please try again shortly. If exceptions persist, check if you have a hot key: "
			"https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";
	if (first->index != NULL)
		return "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. "
			"Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API";
	return "The level of configured provisioned throughput for the table was exceeded. "
		"Consider increasing your provisioning level with the UpdateTable API.";
}

static void
write_reason(WireWriter *writer, const ThrottleReason *reason)
{
	const char *arn = arn_of_table(reason->table->name);

	wire_object_start(writer);
	wire_member(writer, "reason");
	wire_cstring(writer, psprintf("%s%s%s", reason->index != NULL ? "Index" : "Table", reason->is_write ? "Write" : "Read",
								  limit_names[reason->limit]));
	wire_member(writer, "resource");
	wire_cstring(writer, reason->index != NULL ? psprintf("%s/index/%s", arn, reason->index->name) : arn);
	wire_object_end(writer);
}

void
throttle_raise(const Throttle *throttle)
{
	DynException exception = throttle_exception(throttle);
	StringInfoData members;
	WireWriter	writer;

	initStringInfo(&members);
	wire_write_text(&writer, &members);
	wire_object_start(&writer);
	wire_member(&writer, exception == DYN_THROTTLING ? "throttlingReasons" : "ThrottlingReasons");
	wire_array_start(&writer);
	for (int i = 0; i < throttle->count; i++)
		write_reason(&writer, &throttle->reasons[i]);
	wire_array_end(&writer);
	wire_object_end(&writer);
	dyn_error_detail(exception, members.data, "%s", throttle_message(throttle));
}
