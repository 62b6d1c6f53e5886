/*
 * metrics_history.c
 *		The keeper's part of metrics.
 *
 * What is written of an entry is noted beside its sums when the transaction has committed; what is rolled back is left for the next time.  From reading to noting a lock
 * is held, until the end of the transaction: else the keeper and who calls record_metrics() would write the same twice.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/settings.h"
#include "keep/metrics_history.h"
#include "keep/step.h"
#include "meter/counters_table.h"
#include "meter/meter.h"

#define MINUTE			USECS_PER_MINUTE
#define GAUGES_MINUTES	5		/* how often the service tells of what is set, and not counted */
#define FORGOTTEN		(10 * USECS_PER_MINUTE)	/* what was counted while nobody looked for so long is of no minute */
#define MAX_EXPIRED		10000

/* The columns of rows that are written, in the order of the statements' parameters. */
enum
{
	ROW_METRIC,
	ROW_TABLE,
	ROW_TABLE_ID,
	ROW_INDEX,
	ROW_OPERATION,
	ROW_LABEL,
	ROW_COUNT,
	ROW_SUM,
	ROW_MINIMUM,
	ROW_MAXIMUM,
	ROW_DISTRIBUTION,
	ROW_COLUMNS
};

static const Oid row_types[ROW_COLUMNS] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID};

/* Rows that are to be written. */
typedef struct Rows
{
	int			n;
	int			max;
	Datum	   *columns[ROW_COLUMNS];
} Rows;

/* What is written as a minute's. */
typedef enum Scope
{
	SCOPE_LEFT,					/* what was counted in entries that are to be others' */
	SCOPE_COUNTED,				/* in all */
	SCOPE_MINUTE				/* and what is set, and not counted */
} Scope;

/* What has been read of an entry, and is to be noted when that is committed. */
typedef struct Reading
{
	CounterEntry *entry;
	uint32		generation;		/* and the last one that it has before it is another key's */
	uint32		last_generation;
	uint64		counts[COUNTER_MEASURES];
	uint64		sums[COUNTER_MEASURES];
	uint64		minima[COUNTER_MEASURES];	/* taken away, or PG_UINT64_MAX */
	uint64		maxima[COUNTER_MEASURES];
	uint64		counters[COUNTER_COUNTS];
	uint32		latencies[LATENCY_CLASSES];
} Reading;

typedef struct Readings
{
	int			n;
	Reading    *readings;
	TimestampTz read_at;
	SubTransactionId subtransaction;	/* that has read */
} Readings;

/* What this transaction has read, in its memory; NULL: nothing. */
static Readings *pending;

static TimestampTz running;		/* the keeper: the minute that is counted now; 0: none yet */

bool
metrics_history_has_work(void)
{
	return dynapg_metrics_history && counter_table != NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading entries
 * ------------------------------------------------------------------------------------------------------------ */

static void
add_row(Rows *rows, Datum *values)
{
	if (rows->n == rows->max)
	{
		rows->max = Max(64, rows->max * 2);
		for (int i = 0; i < ROW_COLUMNS; i++)
			rows->columns[i] = rows->columns[i] == NULL ? (Datum *) palloc(rows->max * sizeof(Datum)) :
				(Datum *) repalloc(rows->columns[i], rows->max * sizeof(Datum));
	}
	for (int i = 0; i < ROW_COLUMNS; i++)
		rows->columns[i][rows->n] = values[i];
	rows->n++;
}

static Datum
text_datum(const char *text)
{
	return PointerGetDatum(cstring_to_text(text));
}

/* A row of an entry's, of so many samples. */
static void
add_entry_row(Rows *rows, const CounterEntry *entry, const char *metric, double count, double sum, double minimum, double maximum,
			  const char *distribution)
{
	bool		is_stream = strcmp(entry->operation_name, "GetRecords") == 0;
	Datum		values[ROW_COLUMNS] = {
		text_datum(metric), text_datum(entry->table_name),
		text_datum(DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&entry->table_id)))),
		text_datum(is_stream ? "" : entry->index_name), text_datum(entry->operation_name), text_datum(is_stream ? entry->index_name : ""),
		Float8GetDatum(count), Float8GetDatum(sum), Float8GetDatum(minimum), Float8GetDatum(maximum), text_datum(distribution)
	};

	add_row(rows, values);
}

/* What came to an entry's latencies since it was written last, as an array's text. */
static char *
read_distribution(CounterEntry *entry, Reading *reading)
{
	StringInfoData text;
	int			last = 0;

	for (int i = 0; i < LATENCY_CLASSES; i++)
	{
		reading->latencies[i] = pg_atomic_read_u32(&entry->latencies[i]);
		if (reading->latencies[i] != entry->written_latencies[i])
			last = i;
	}
	initStringInfo(&text);
	for (int i = 0; i <= last; i++)
		appendStringInfo(&text, "%c%u", i == 0 ? '{' : ',', reading->latencies[i] - entry->written_latencies[i]);
	appendStringInfoChar(&text, '}');
	return text.data;
}

/* The smallest and the largest of a minute; where somebody has counted whose extremes are taken already, the average. */
static void
read_measure(Rows *rows, CounterEntry *entry, CounterMeasure measure, Reading *reading)
{
	CounterSum *sum = &entry->measures[measure];
	double		one = counter_measures[measure].one;
	uint64		count = reading->counts[measure] - sum->written_count;
	uint64		total = reading->sums[measure] - sum->written_sum;
	uint64		minimum;
	uint64		maximum;

	if (count == 0)
		return;
	minimum = reading->minima[measure] = pg_atomic_exchange_u64(&sum->minimum, PG_UINT64_MAX);
	maximum = reading->maxima[measure] = pg_atomic_exchange_u64(&sum->maximum, 0);
	if (minimum == PG_UINT64_MAX)
		minimum = maximum = total / count;
	add_entry_row(rows, entry, counter_measures[measure].name, count, total / one, minimum / one, maximum / one,
				  measure == MEASURE_LATENCY ? read_distribution(entry, reading) : "");
}

static void
read_entry(Rows *rows, CounterEntry *entry, Reading *reading)
{
	reading->entry = entry;
	/* to be left is one more, and to be free and begun again another one */
	reading->generation = pg_atomic_read_u32(&entry->generation);
	reading->last_generation = reading->generation + (entry->state == COUNTER_USED);
	for (int i = 0; i < COUNTER_MEASURES; i++)
		reading->minima[i] = PG_UINT64_MAX;
	memcpy(reading->latencies, entry->written_latencies, sizeof(reading->latencies));
	for (int i = 0; i < COUNTER_MEASURES; i++)
	{
		/* what is added between the two is counted the next time */
		reading->counts[i] = pg_atomic_read_u64(&entry->measures[i].count);
		reading->sums[i] = pg_atomic_read_u64(&entry->measures[i].sum);
		read_measure(rows, entry, (CounterMeasure) i, reading);
	}
	for (int i = 0; i < COUNTER_COUNTS; i++)
	{
		uint64		count;

		reading->counters[i] = pg_atomic_read_u64(&entry->counts[i]);
		count = reading->counters[i] - entry->written_counts[i];
		if (count > 0)
			add_entry_row(rows, entry, counter_counts[i].name, count, count, 1, 1, "");
	}
}

/* Whether an entry is still what was read; under the table's lock. */
static bool
is_still(const Reading *reading)
{
	uint32		generation = pg_atomic_read_u32(&reading->entry->generation);

	return generation == reading->generation || generation == reading->last_generation;
}

/* Notes what has been read as written. */
static void
note_readings(const Readings *readings)
{
	LWLockAcquire(&counter_table->lock, LW_SHARED);
	for (int i = 0; i < readings->n; i++)
	{
		const Reading *reading = &readings->readings[i];
		CounterEntry *entry = reading->entry;

		if (!is_still(reading))
			continue;
		for (int k = 0; k < COUNTER_MEASURES; k++)
		{
			entry->measures[k].written_count = reading->counts[k];
			entry->measures[k].written_sum = reading->sums[k];
		}
		memcpy(entry->written_counts, reading->counters, sizeof(entry->written_counts));
		memcpy(entry->written_latencies, reading->latencies, sizeof(entry->written_latencies));
		entry->written_at = readings->read_at;
	}
	LWLockRelease(&counter_table->lock);
}

/* What has been read was not written: gives back what was taken away. */
static void
give_back(const Readings *readings)
{
	LWLockAcquire(&counter_table->lock, LW_SHARED);
	for (int i = 0; i < readings->n; i++)
	{
		const Reading *reading = &readings->readings[i];

		for (int k = 0; is_still(reading) && k < COUNTER_MEASURES; k++)
			if (reading->minima[k] != PG_UINT64_MAX)
			{
				counter_take_extremes(&reading->entry->measures[k], reading->minima[k]);
				counter_take_extremes(&reading->entry->measures[k], reading->maxima[k]);
			}
	}
	LWLockRelease(&counter_table->lock);
}

/* The transaction's lock is released after this. */
static void
end_readings(XactEvent event, void *unused)
{
	if (pending == NULL)
		return;
	if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has recorded metrics")));
	if (event == XACT_EVENT_COMMIT)
		note_readings(pending);
	else if (event == XACT_EVENT_ABORT)
		give_back(pending);
	else
		return;
	pending = NULL;
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId own, SubTransactionId parent, void *unused)
{
	if (pending == NULL || pending->subtransaction != own)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		pending->subtransaction = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		give_back(pending);
		pending = NULL;
	}
}

/* Room for what this transaction reads, which is dealt with at its end. */
static Readings *
begin_readings(void)
{
	static bool has_callbacks = false;
	Readings   *readings = (Readings *) MemoryContextAllocZero(TopTransactionContext, sizeof(Readings));

	if (!has_callbacks)
	{
		RegisterXactCallback(end_readings, NULL);
		RegisterSubXactCallback(end_subtransaction, NULL);
		has_callbacks = true;
	}
	readings->readings = (Reading *) MemoryContextAllocHuge(TopTransactionContext, counter_table->size * sizeof(Reading));
	readings->read_at = meter_now();
	readings->subtransaction = GetCurrentSubTransactionId();
	pending = readings;
	return readings;
}

/*
 * Reads the entries of this database, only_left: those that are to be others'.  forgets: what nobody has looked at for long, since the history was off, is noted and not
 * written.
 */
static void
read_entries(Rows *rows, bool only_left, bool forgets)
{
	Readings   *readings = begin_readings();
	TimestampTz since = readings->read_at - Max(FORGOTTEN, 2 * dynapg_keeper_interval * USECS_PER_SEC);

	LWLockAcquire(&counter_table->lock, LW_SHARED);
	for (int i = 0; i < counter_table->size; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];
		Rows		forgotten = {0};

		if (entry->state == COUNTER_FREE || entry->key.database != MyDatabaseId || (only_left && entry->state != COUNTER_LEFT))
			continue;
		if (counter_has_news(entry))
			read_entry(forgets && entry->written_at < since ? &forgotten : rows, entry, &readings->readings[readings->n++]);
		else
			entry->written_at = readings->read_at;
	}
	LWLockRelease(&counter_table->lock);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing rows
 * ------------------------------------------------------------------------------------------------------------ */

/* What is not counted but set: a row of it is a sample. */
static const char gauges[] =
	"WITH settings AS ("
	"  SELECT name, id, '' AS index_name, definition FROM dynapg.tables"
	"  UNION ALL SELECT t.name, t.id, i.name, i.definition FROM dynapg.indexes i JOIN dynapg.tables t ON t.name = i.table_name"
	"    WHERE i.kind = 'GLOBAL' AND i.name !~ '~'), "
	"given AS (SELECT s.name, s.id, s.index_name, m.metric, (s.definition #>> m.path)::double precision AS value FROM settings s,"
	"  (VALUES ('ProvisionedReadCapacityUnits', '{ProvisionedThroughput,ReadCapacityUnits}'::text[]),"
	"    ('ProvisionedWriteCapacityUnits', '{ProvisionedThroughput,WriteCapacityUnits}'),"
	"    ('OnDemandMaxReadRequestUnits', '{OnDemandThroughput,MaxReadRequestUnits}'),"
	"    ('OnDemandMaxWriteRequestUnits', '{OnDemandThroughput,MaxWriteRequestUnits}')) AS m(metric, path)"
	"  WHERE (s.definition #>> m.path)::double precision > 0), "
	"account AS (SELECT replace(replace(metric, 'Provisioned', ''), 'CapacityUnits', '') AS kind, sum(value) AS all_units,"
	"    max(value) FILTER (WHERE index_name = '') AS most FROM given WHERE metric ~ '^Provisioned' GROUP BY 1) "
	"SELECT metric, name, id::text, index_name, value FROM given "
	"UNION ALL SELECT m.metric, '', '00000000-0000-0000-0000-000000000000', '', m.value FROM (VALUES"
	"  ('AccountMaxReads', 80000), ('AccountMaxWrites', 80000), ('AccountMaxTableLevelReads', 40000), ('AccountMaxTableLevelWrites', 40000))"
	"  AS m(metric, value) "
	"UNION ALL SELECT 'AccountProvisioned' || kind || 'CapacityUtilization', '', '00000000-0000-0000-0000-000000000000', '',"
	"  100 * all_units / 80000 FROM account "
	"UNION ALL SELECT 'MaxProvisionedTable' || kind || 'CapacityUtilization', '', '00000000-0000-0000-0000-000000000000', '',"
	"  100 * most / 40000 FROM account WHERE most IS NOT NULL";

/* How far indexes are that are being built, every minute. */
static const char builds[] =
	"SELECT 'OnlineIndexPercentageProgress', p.table_name, t.id::text, p.index_name,"
	"  least(100, 100.0 * p.items / greatest(p.items_estimated, 1))::double precision"
	" FROM dynapg.index_progress p JOIN dynapg.tables t ON t.name = p.table_name WHERE p.status = 'CREATING' AND p.backfilling AND p.items IS NOT NULL";

static const char add_series[] =
	"INSERT INTO dynapg.metric_series (metric, table_name, table_id, index_name, operation, stream_label)"
	" SELECT DISTINCT metric, table_name, table_id::uuid, index_name, operation, stream_label"
	" FROM unnest($1, $2, $3, $4, $5, $6) AS g(metric, table_name, table_id, index_name, operation, stream_label)"
	" WHERE NOT EXISTS (SELECT FROM dynapg.metric_series s WHERE s.table_name = g.table_name AND s.metric = g.metric AND s.index_name = g.index_name"
	"  AND s.operation = g.operation AND s.stream_label = g.stream_label AND s.table_id = g.table_id::uuid)"
	" ON CONFLICT DO NOTHING";

/* An entry that was left and those that came again after it are of one minute. */
static const char add_points[] =
	"WITH g AS (SELECT metric, table_name, table_id::uuid AS table_id, index_name, operation, stream_label, sum(sample_count) AS sample_count,"
	"   sum(sum) AS sum, min(minimum) AS minimum, max(maximum) AS maximum, array_agg(nullif(distribution, '')) AS distributions"
	"  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS g(metric, table_name, table_id, index_name, operation, stream_label,"
	"   sample_count, sum, minimum, maximum, distribution) GROUP BY 1, 2, 3, 4, 5, 6)"
	" INSERT INTO dynapg.metric_points AS p (series, at, sample_count, sum, minimum, maximum, distribution)"
	" SELECT s.id, $12, g.sample_count, g.sum, g.minimum, g.maximum,"
	"   (SELECT array_agg(c.count ORDER BY c.n) FROM (SELECT e.n, sum(e.count)::integer AS count FROM unnest(g.distributions) AS d(text),"
	"     unnest(d.text::integer[]) WITH ORDINALITY AS e(count, n) GROUP BY e.n) AS c)"
	"  FROM g JOIN dynapg.metric_series s"
	"  USING (table_name, metric, index_name, operation, stream_label, table_id)"
	" ON CONFLICT (series, at) DO UPDATE SET sample_count = p.sample_count + EXCLUDED.sample_count, sum = p.sum + EXCLUDED.sum,"
	"  minimum = least(p.minimum, EXCLUDED.minimum), maximum = greatest(p.maximum, EXCLUDED.maximum),"
	"  distribution = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY n)"
	"   FROM unnest(p.distribution, EXCLUDED.distribution) WITH ORDINALITY AS u(a, b, n))";

/* Whether a minute has what is set already: from a keeper that came before, or by record_metrics(). */
static bool
has_gauges(TimestampTz minute)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(minute)};

	if (SPI_execute_with_args("SELECT FROM dynapg.metric_series s JOIN dynapg.metric_points p ON p.series = s.id WHERE s.table_name = '' AND s.metric = 'AccountMaxReads' AND p.at = $1",
							  lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed");
	return SPI_processed > 0;
}

static void
add_gauges(Rows *rows, const char *query)
{
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	columns = SPI_tuptable->tupdesc;
		Datum		value = Float8GetDatum(atof(SPI_getvalue(row, columns, 5)));
		Datum		values[ROW_COLUMNS];

		for (int c = 0; c < 4; c++)
			values[c] = text_datum(SPI_getvalue(row, columns, c + 1));
		values[ROW_OPERATION] = values[ROW_LABEL] = values[ROW_DISTRIBUTION] = text_datum("");
		values[ROW_COUNT] = Float8GetDatum(1);
		values[ROW_SUM] = values[ROW_MINIMUM] = values[ROW_MAXIMUM] = value;
		add_row(rows, values);
	}
}

static void
execute(const char *statement, Rows *rows, int columns, TimestampTz minute)
{
	Oid			types[ROW_COLUMNS + 1];
	Datum		values[ROW_COLUMNS + 1];

	for (int i = 0; i < columns; i++)
	{
		bool		is_text = row_types[i] == TEXTOID;

		types[i] = is_text ? TEXTARRAYOID : FLOAT8ARRAYOID;
		values[i] = PointerGetDatum(construct_array(rows->columns[i], rows->n, row_types[i], is_text ? -1 : sizeof(float8), !is_text,
													is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE));
	}
	types[columns] = TIMESTAMPTZOID;
	values[columns] = TimestampTzGetDatum(minute);
	if (SPI_execute_with_args(statement, columns + (columns == ROW_COLUMNS), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "SPI_execute_with_args failed");
}

/*
 * The right to read and to write, until the end of the transaction; false: another has it, and it is not to be waited for.
 */
static bool
lock_history(bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("metric_points", get_namespace_oid("dynapg", false)), 0, 1);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/* Writes what has been counted as the minute's; the tables are ours alone, and have no triggers. */
static int
write_minute(TimestampTz minute, Scope scope, bool forgets)
{
	Rows		rows = {0};

	if (counter_table != NULL)
		read_entries(&rows, scope == SCOPE_LEFT, forgets);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (scope == SCOPE_MINUTE)
	{
		add_gauges(&rows, builds);
		if (minute / MINUTE % GAUGES_MINUTES == 0 && !has_gauges(minute))
			add_gauges(&rows, gauges);
	}
	if (rows.n > 0)
	{
		execute(add_series, &rows, ROW_COUNT, 0);
		execute(add_points, &rows, ROW_COLUMNS, minute);
	}
	SPI_finish();
	return rows.n;
}

int
metrics_history_write(TimestampTz minute)
{
	if (pending != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("this transaction has recorded metrics already"),
				 errhint("Commit it before.")));
	(void) lock_history(true);
	return write_minute(minute, SCOPE_MINUTE, false);
}

/* In a transaction of its own; false if somebody else is at it, who is not waited for. */
static bool
write_in_transaction(TimestampTz minute, Scope scope, bool forgets)
{
	bool		locked;

	if (!step_begin(false))
		return false;
	locked = lock_history(false);
	if (locked)
		(void) write_minute(minute, scope, forgets);
	step_commit();
	return locked;
}

static bool
any_left(void)
{
	bool		any = false;

	LWLockAcquire(&counter_table->lock, LW_SHARED);
	for (int i = 0; i < counter_table->size && !any; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];

		any = entry->state == COUNTER_LEFT && entry->key.database == MyDatabaseId && counter_has_news(entry);
	}
	LWLockRelease(&counter_table->lock);
	return any;
}

bool
metrics_history_round(TimestampTz now, TimestampTz *minute)
{
	TimestampTz current = now - now % MINUTE;
	bool		first = running == 0;

	if (!metrics_history_has_work())
	{
		running = 0;
		return false;
	}
	if (running == current)
	{
		if (any_left())
			(void) write_in_transaction(running, SCOPE_LEFT, false);
		return false;
	}
	/* what has been counted before this keeper came waits no longer: there may be none when the minute ends */
	*minute = first ? current - MINUTE : running;
	if (!write_in_transaction(*minute, SCOPE_MINUTE, first))
		return false;
	running = current;
	return true;
}

void
metrics_history_leave(void)
{
	if (running != 0 && metrics_history_has_work())
		(void) write_in_transaction(running, SCOPE_COUNTED, false);
}

bool
metrics_history_expire(TimestampTz now)
{
	uint64		count;
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(now - dynapg_metrics_retention * USECS_PER_SEC)};

	if (dynapg_metrics_retention == 0)
		return true;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("DELETE FROM dynapg.metric_points WHERE (series, at) IN (SELECT p.series, p.at FROM dynapg.metric_series s"
							  " CROSS JOIN LATERAL (SELECT q.series, q.at FROM dynapg.metric_points q WHERE q.series = s.id AND q.at < $1"
							  "  ORDER BY q.at LIMIT 10000) AS p LIMIT 10000)", 1, types, values, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "SPI_execute_with_args failed");
	count = SPI_processed;
	/* a series without points, of a table that is gone */
	if (count > 0 && count < MAX_EXPIRED &&
		SPI_execute("DELETE FROM dynapg.metric_series s WHERE NOT EXISTS (SELECT FROM dynapg.metric_points p WHERE p.series = s.id)"
					" AND NOT EXISTS (SELECT FROM dynapg.tables t WHERE t.id = s.table_id) AND s.table_name <> ''", false, 0) != SPI_OK_DELETE)
		elog(ERROR, "SPI_execute failed");
	SPI_finish();
	return count < MAX_EXPIRED;
}
