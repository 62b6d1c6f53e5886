/*
 * throughput.c
 *		The capacity of a table or of a global index: how it changes, and how answers show it.
 */
#include "postgres.h"

#include <math.h>

#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "op/table_definition.h"
#include "op/throughput.h"

#define ON_DEMAND_READ_UNITS	12000	/* what a new table or index takes at once */
#define ON_DEMAND_WRITE_UNITS	4000

#define FREE_DECREASES		4		/* a day, by UTC; then one in so many seconds: */
#define DECREASE_SECONDS	3600

int64
throughput_warm_read_units(const Throughput *throughput)
{
	return Max(throughput->warm_read_units, throughput->on_demand ? ON_DEMAND_READ_UNITS : throughput->read_units);
}

int64
throughput_warm_write_units(const Throughput *throughput)
{
	return Max(throughput->warm_write_units, throughput->on_demand ? ON_DEMAND_WRITE_UNITS : throughput->write_units);
}

/* Takes over what is given of a pair of members. */
static void
take_pair(const RequestValue *pair, int read_member, int write_member, int64 *read_units, int64 *write_units)
{
	const RequestValue *units;

	if (!pair->present)
		return;
	units = request_member(pair, read_member);
	if (units->present)
		*read_units = units->as.integer;
	units = request_member(pair, write_member);
	if (units->present)
		*write_units = units->as.integer;
}

void
throughput_take_units(Throughput *throughput, const RequestValue *provisioned)
{
	take_pair(provisioned, ProvisionedThroughput_ReadCapacityUnits, ProvisionedThroughput_WriteCapacityUnits,
			  &throughput->read_units, &throughput->write_units);
}

void
throughput_take_ceilings(Throughput *throughput, const RequestValue *ceilings)
{
	take_pair(ceilings, OnDemandThroughput_MaxReadRequestUnits, OnDemandThroughput_MaxWriteRequestUnits,
			  &throughput->max_read_units, &throughput->max_write_units);
}

void
throughput_take_warm(Throughput *throughput, const RequestValue *warm)
{
	take_pair(warm, WarmThroughput_ReadUnitsPerSecond, WarmThroughput_WriteUnitsPerSecond,
			  &throughput->warm_read_units, &throughput->warm_write_units);
}

/* How often the throughput was decreased today, by UTC. */
static int64
decreases_today(const Throughput *throughput)
{
	double		today = floor(table_time(meter_now()) / SECS_PER_DAY);

	return floor(throughput->decreased_at / SECS_PER_DAY) == today ? throughput->decreases : 0;
}

/* A time as the refusal of a decrease has it. */
static char *
long_time_text(double seconds)
{
	static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
	static const char *const months[] = {
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"
	};
	pg_time_t	whole = (pg_time_t) floor(seconds);
	const struct pg_tm *tm = pg_gmtime(&whole);

	return psprintf("%s, %s %d, %d at %d:%02d:%02d %s Coordinated Universal Time", days[tm->tm_wday], months[tm->tm_mon], tm->tm_mday,
					tm->tm_year + 1900, (tm->tm_hour + 11) % 12 + 1, tm->tm_min, tm->tm_sec, tm->tm_hour < 12 ? "AM" : "PM");
}

/* Refuses one more decrease today, if it is too many. */
static void
check_decrease(const Throughput *throughput)
{
	double		now = table_time(meter_now());
	double		tomorrow = (floor(now / SECS_PER_DAY) + 1) * SECS_PER_DAY;
	double		next = throughput->decreased_at + DECREASE_SECONDS;

	if (decreases_today(throughput) < FREE_DECREASES || now >= next)
		return;
	dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
			  "After the first %d decreases, each subsequent decrease in the same UTC day can be performed at most once every %d seconds. "
			  "Number of decreases today: " INT64_FORMAT ". Last decrease at %s. Next decrease can be made at %s",
			  FREE_DECREASES, DECREASE_SECONDS, throughput->decreases, long_time_text(throughput->decreased_at),
			  long_time_text(Min(next, tomorrow)));
}

/* Notes that the throughput is decreased now; counted: as one of the decreases of the day. */
static void
note_decrease(Throughput *throughput, bool counted)
{
	double		now = table_time(meter_now());

	if (floor(throughput->decreased_at / SECS_PER_DAY) != floor(now / SECS_PER_DAY))
		throughput->decreases = 0;
	throughput->decreased_at = now;
	if (counted)
		throughput->decreases++;
}

/* To be called before a change: what was warm stays so. */
static void
keep_warm(Throughput *throughput)
{
	throughput->warm_read_units = throughput_warm_read_units(throughput);
	throughput->warm_write_units = throughput_warm_write_units(throughput);
}

void
throughput_provision(Throughput *throughput, const RequestValue *provisioned)
{
	int64		read_units = request_member(provisioned, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	int64		write_units = request_member(provisioned, ProvisionedThroughput_WriteCapacityUnits)->as.integer;

	keep_warm(throughput);
	if (throughput->on_demand)
		throughput->max_read_units = throughput->max_write_units = 0;
	throughput->on_demand = false;
	if (read_units < throughput->read_units || write_units < throughput->write_units)
	{
		check_decrease(throughput);
		note_decrease(throughput, true);
	}
	if (read_units > throughput->read_units || write_units > throughput->write_units)
		throughput->increased_at = table_time(meter_now());
	throughput->read_units = read_units;
	throughput->write_units = write_units;
}

void
throughput_to_demand(Throughput *throughput, bool counted)
{
	keep_warm(throughput);
	throughput->on_demand = true;
	throughput->read_units = throughput->write_units = 0;
	note_decrease(throughput, counted);
}

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

void
throughput_describe_units(WireWriter *response, const Throughput *throughput)
{
	wire_member(response, "ProvisionedThroughput");
	wire_object_start(response);
	write_time(response, "LastIncreaseDateTime", throughput->increased_at);
	write_time(response, "LastDecreaseDateTime", throughput->decreased_at);
	write_integer(response, "NumberOfDecreasesToday", decreases_today(throughput));
	write_integer(response, "ReadCapacityUnits", throughput->read_units);
	write_integer(response, "WriteCapacityUnits", throughput->write_units);
	wire_object_end(response);
}

void
throughput_describe(WireWriter *response, const Throughput *throughput)
{
	throughput_describe_units(response, throughput);
	if (throughput->max_read_units == 0 && throughput->max_write_units == 0)
		return;
	wire_member(response, "OnDemandThroughput");
	wire_object_start(response);
	if (throughput->max_read_units != 0)
		write_integer(response, "MaxReadRequestUnits", throughput->max_read_units);
	if (throughput->max_write_units != 0)
		write_integer(response, "MaxWriteRequestUnits", throughput->max_write_units);
	wire_object_end(response);
}

void
throughput_describe_warm(WireWriter *response, const Throughput *throughput, TableStatus status)
{
	wire_member(response, "WarmThroughput");
	wire_object_start(response);
	write_integer(response, "ReadUnitsPerSecond", throughput_warm_read_units(throughput));
	write_integer(response, "WriteUnitsPerSecond", throughput_warm_write_units(throughput));
	wire_member(response, "Status");
	wire_cstring(response, catalog_status_name(status));
	wire_object_end(response);
}
