/*
 * throughput_rates.c
 *		What throttling may give of a table and of its indexes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "meter/bucket.h"
#include "op/table_definition.h"
#include "op/throughput.h"

#define PARTITION_BYTES		((double) 10 * 1024 * 1024 * 1024)
#define SIZE_LASTS_SECONDS	600

typedef struct TableRates
{
	TimestampTz size_lasts;		/* until then */
	MeterRates	table;
	MeterRates	indexes[FLEXIBLE_ARRAY_MEMBER]; /* parallel to the table's; of local ones nothing */
} TableRates;

/* The pages of a relation, as PostgreSQL knows them since it was last looked at; *toast: where its long values are. */
static double
relation_pages(Oid relation, Oid *toast)
{
	HeapTuple	row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	double		pages;

	*toast = InvalidOid;
	if (!HeapTupleIsValid(row))
		return 0;
	pages = Max(((Form_pg_class) GETSTRUCT(row))->relpages, 0);
	*toast = ((Form_pg_class) GETSTRUCT(row))->reltoastrelid;
	ReleaseSysCache(row);
	return pages;
}

/* How many partitions a relation's size takes. */
static int
partitions_of_size(Oid relation)
{
	Oid			toast;
	double		pages = relation_pages(relation, &toast);

	if (OidIsValid(toast))
		pages += relation_pages(toast, &toast);
	return 1 + (int) (pages * BLCKSZ / PARTITION_BYTES);
}

static void
read_rates(const Throughput *throughput, MeterRates *rates)
{
	rates->on_demand = throughput->on_demand;
	rates->units[METER_READ] = throughput->read_units;
	rates->units[METER_WRITE] = throughput->write_units;
	rates->ceilings[METER_READ] = Max(throughput->max_read_units, 0);
	rates->ceilings[METER_WRITE] = Max(throughput->max_write_units, 0);
	rates->warm[METER_READ] = throughput_warm_read_units(throughput);
	rates->warm[METER_WRITE] = throughput_warm_write_units(throughput);
}

static TableRates *
make_rates(const TableInfo *table, Size *size)
{
	TableRates *rates;
	TableDefinition definition;
	bool		has_local = false;

	*size = offsetof(TableRates, indexes) + table->n_indexes * sizeof(MeterRates);
	rates = (TableRates *) palloc0(*size);
	table_definition_read(table, &definition);
	read_rates(&definition.throughput, &rates->table);
	for (int i = 0; i < table->n_indexes; i++)
	{
		IndexDefinition index;

		has_local |= !table->indexes[i].global && !index_is_hidden(&table->indexes[i]);
		if (!table->indexes[i].global || table->indexes[i].expires)
			continue;
		index_definition_read(&table->indexes[i], definition.throughput.on_demand, &index);
		read_rates(&index.throughput, &rates->indexes[i]);
		rates->indexes[i].splits_collections = true;
	}
	rates->table.splits_collections = table->has_sort && !has_local;
	return rates;
}

static void
read_size(Oid relation, MeterRates *rates)
{
	rates->partitions = partitions_of_size(relation);
	rates->first_depth = bucket_first_depth(rates);
}

static void
read_sizes(const TableInfo *table, TableRates *rates, TimestampTz now)
{
	read_size(table->relation, &rates->table);
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].global)
			read_size(table->indexes[i].relation, &rates->indexes[i]);
	rates->size_lasts = now + SIZE_LASTS_SECONDS * USECS_PER_SEC;
}

/* Makes what is not known, and looks again at what is known for long. */
static pg_noinline TableRates *
renew_rates(const TableInfo *table, TimestampTz now)
{
	TableRates *rates = table->rates;
	Size		size;

	if (rates == NULL)
	{
		TableRates *made = make_rates(table, &size);

		/* the table is built in a context of its own */
		rates = (TableRates *) memcpy(MemoryContextAlloc(GetMemoryChunkContext(unconstify(TableInfo *, table)), size), made, size);
		pfree(made);
		unconstify(TableInfo *, table)->rates = rates;
	}
	read_sizes(table, rates, now);
	return rates;
}

const MeterRates *
throughput_rates(const TableInfo *table, const TableIndex *index)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	TableRates *rates = table->rates;

	if (rates == NULL || now >= rates->size_lasts)
		rates = renew_rates(table, now);
	Assert(index == meter_index(index));
	return index != NULL ? &rates->indexes[index - table->indexes] : &rates->table;
}
