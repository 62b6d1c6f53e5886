/*
 * throughput.h
 *		The capacity of a table or of a global index: what may be asked of it a second.
 */
#ifndef DYNAPG_THROUGHPUT_H
#define DYNAPG_THROUGHPUT_H

#include "catalog/tables.h"
#include "meter/meter.h"
#include "op/request.h"
#include "value/wire.h"

/* Times are epoch seconds; 0 is never. */
typedef struct Throughput
{
	bool		on_demand;		/* an index is as its table is */
	int64		read_units;		/* ProvisionedThroughput; 0 on demand */
	int64		write_units;
	double		increased_at;
	double		decreased_at;
	int64		decreases;		/* on the day of decreased_at */
	int64		max_read_units; /* OnDemandThroughput; 0: no ceiling; -1: it is taken away */
	int64		max_write_units;
	int64		warm_read_units;	/* WarmThroughput as asked for, or reached by units before; 0: neither */
	int64		warm_write_units;
} Throughput;

/* What it takes at once: as asked for, or what the capacity gives anyhow. */
extern int64 throughput_warm_read_units(const Throughput *throughput);
extern int64 throughput_warm_write_units(const Throughput *throughput);

/* Takes over what a request gives of ProvisionedThroughput, OnDemandThroughput, WarmThroughput; nothing if it is absent. */
extern void throughput_take_units(Throughput *throughput, const RequestValue *provisioned);
extern void throughput_take_ceilings(Throughput *throughput, const RequestValue *ceilings);
extern void throughput_take_warm(Throughput *throughput, const RequestValue *warm);

/*
 * Changes the provisioned units, and on_demand to false.  LimitExceededException for the fifth decrease of a day (UTC), and for one within an
 * hour of the last one then.  WarmThroughput never falls, and ceilings end with a change of the
 * mode.
 */
extern void throughput_provision(Throughput *throughput, const RequestValue *provisioned);

/* Changes to on demand; counted: as one of the decreases of the day. */
extern void throughput_to_demand(Throughput *throughput, bool counted);

/*
 * What throttling may give of a table, or of a global index (meter_index()), made when it is first asked for and now and then anew, as the table grows; lives
 * as long as the table.
 */
extern const MeterRates *throughput_rates(const TableInfo *table, const TableIndex *index);

/* Writes the member ProvisionedThroughput. */
extern void throughput_describe_units(WireWriter *response, const Throughput *throughput);

/* The same and, if there is a ceiling or one is taken away, OnDemandThroughput. */
extern void throughput_describe(WireWriter *response, const Throughput *throughput);

/* Writes the member WarmThroughput. */
extern void throughput_describe_warm(WireWriter *response, const Throughput *throughput, TableStatus status);

#endif							/* DYNAPG_THROUGHPUT_H */
