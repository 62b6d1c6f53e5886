/*
 * console_views.c
 *		What the console shows that no operation of the API tells: views of SQL, each by one statement that is written here.
 *
 * They are read as the session's role, and its privileges decide, as in psql.  Policies are the API's and say nothing about SQL; so a role is
 * asked for what the same would be by operations: ListTables for any view, and DescribeTable for the rows of each table.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/error.h"
#include "http/console.h"

#define MOST_ROWS 1000
#define OF_TABLE " WHERE ($1 IS NULL OR v.table_name = $1) ORDER BY v.table_name"

/* Of a table, or of all together, in the last hour: a row a minute. */
#define CONSUMPTION \
	"SELECT $1 AS table_name, v.at, extract(epoch FROM v.at)::bigint AS minute, " \
	"coalesce(sum(v.sum) FILTER (WHERE v.metric = 'ConsumedReadCapacityUnits'), 0) AS read_units, " \
	"coalesce(sum(v.sum) FILTER (WHERE v.metric = 'ConsumedWriteCapacityUnits'), 0) AS write_units " \
	"FROM dynapg.metrics v WHERE v.metric IN ('ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits') AND v.table_name <> '' " \
	"AND ($1 IS NULL OR v.table_name = $1) AND v.at > pg_catalog.now() - interval '1 hour' GROUP BY v.at ORDER BY v.at"

#define ALARMS \
	"SELECT v.* FROM (SELECT (SELECT min(d ->> 'Value') FROM jsonb_array_elements(a.definition -> 'Dimensions') d WHERE d ->> 'Name' = 'TableName') AS table_name, " \
	"a.name, a.state, a.transitioned_at, a.reason, a.destination_kind, a.definition ->> 'MetricName' AS metric, a.definition ->> 'ComparisonOperator' AS operator, " \
	"a.definition ->> 'Threshold' AS threshold FROM dynapg.alarms a) v WHERE ($1 IS NULL OR v.table_name = $1) ORDER BY v.table_name, v.name"

static const ConsoleView views[] = {
	{"Consumption", "dynapg.metrics", CONSUMPTION},
	{"IndexBuilds", "dynapg.index_progress", "SELECT v.* FROM dynapg.index_progress v" OF_TABLE ", v.index_name"},
	{"TimeToLive", "dynapg.stat_ttl",
		"SELECT v.*, extract(epoch FROM v.behind)::bigint AS behind_seconds FROM dynapg.stat_ttl v" OF_TABLE},
	{"Streams", "dynapg.stat_streams", "SELECT v.* FROM dynapg.stat_streams v" OF_TABLE ", v.created_at"},
	{"EventSourceMappings", "dynapg.stat_event_source_mappings",
		"SELECT v.* FROM dynapg.stat_event_source_mappings v" OF_TABLE ", v.uuid"},
	{"Slots", "dynapg.stat_slots",
		"SELECT NULL::text AS table_name, v.* FROM dynapg.stat_slots v WHERE $1 IS NULL ORDER BY v.slot_name"},
	{"Backups", "dynapg.stat_backups", "SELECT v.* FROM dynapg.stat_backups v" OF_TABLE},
	{"Restores", "dynapg.stat_restores", "SELECT v.* FROM dynapg.stat_restores v" OF_TABLE},
	{"Recovery", "dynapg.stat_recovery", "SELECT v.* FROM dynapg.stat_recovery v" OF_TABLE},
	{"Alarms", "dynapg.alarms", ALARMS},
	{"Transfers", "dynapg.stat_transfers", "SELECT v.* FROM dynapg.stat_transfers v"
		" WHERE ($1 IS NULL OR v.table_name = $1) ORDER BY v.started_at DESC"},
};

const ConsoleView *
console_find_view(const char *name)
{
	for (int i = 0; i < lengthof(views); i++)
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	return NULL;
}

/* Executes an operation whose answer is not wanted, only whether it may be asked for; raises its errors. */
static void
ask(const char *operation, const char *body)
{
	EndpointOutcome outcome;
	StringInfoData response;

	initStringInfo(&response);
	endpoint->execute(endpoint->find_operation(operation, strlen(operation), false), body, strlen(body), &response, &outcome);
	pfree(response.data);
}

/* Whether the role may describe a table; of one that is gone, what is left of it may be told.  Raises all but what DescribeTable says to that. */
static bool
may_describe(const char *table)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	StringInfoData body;
	volatile bool may = true;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"TableName\":");
	escape_json(&body, table);
	appendStringInfoChar(&body, '}');
	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		MemoryContextSwitchTo(context);
		ask("DescribeTable", body.data);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		may = error->sqlerrcode == endpoint->sqlstate(DYN_RESOURCE_NOT_FOUND);
		if (!may && error->sqlerrcode != endpoint->sqlstate(DYN_ACCESS_DENIED))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return may;
}

static bool
relation_exists(const char *name)
{
	Datum		values[] = {CStringGetTextDatum(name)};
	Oid			types[] = {TEXTOID};

	if (SPI_execute_with_args("SELECT 1 WHERE to_regclass($1) IS NOT NULL", 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a view");
	return SPI_processed > 0;
}

/* The table that a request's body names, {"TableName": "..."}; null if it names none. */
static Datum
table_of(const HttpRequest *request, bool *isnull)
{
	Datum		values[] = {CStringGetTextDatum(request->text.len > 0 ? request->text.data : "{}")};
	Oid			types[] = {TEXTOID};

	if (SPI_execute_with_args("SELECT $1::jsonb ->> 'TableName'", 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read a request");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
}

static void
write_rows(StringInfo out)
{
	SPITupleTable *rows = SPI_tuptable;
	uint64		count = SPI_processed;
	char	   *last = NULL;
	bool		may = true;
	bool		any = false;

	appendStringInfoString(out, "{\"Rows\":[");
	for (uint64 i = 0; i < Min(count, MOST_ROWS); i++)
	{
		char	   *table = SPI_getvalue(rows->vals[i], rows->tupdesc, 1);

		if (table != NULL && (last == NULL || strcmp(table, last) != 0))
			may = may_describe(table);
		last = table;
		if (table != NULL && !may)
			continue;
		appendStringInfo(out, "%s%s", any ? "," : "", SPI_getvalue(rows->vals[i], rows->tupdesc, 2));
		any = true;
	}
	appendStringInfo(out, "],\"More\":%s}", count > MOST_ROWS ? "true" : "false");
}

void
console_view(HttpRequest *request)
{
	char	   *query = psprintf("SELECT r.table_name, row_to_json(r)::text FROM (%s LIMIT %d) r", request->view->query, MOST_ROWS + 1);
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	bool		isnull;

	ask("ListTables", "{\"Limit\":1}");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (!relation_exists(request->view->relation))
		appendStringInfoString(&request->response, "{\"Missing\":true}");
	else
	{
		values[0] = table_of(request, &isnull);
		if (SPI_execute_with_args(query, 1, types, values, isnull ? "n" : " ", true, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not read a view");
		write_rows(&request->response);
	}
	SPI_finish();
	/* what a view shows of the moment waits for nothing, and a standby has it, too */
	request->outcome.eventual = true;
}
