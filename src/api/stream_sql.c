/*
 * stream_sql.c
 *		Streams for those who use SQL: dynapg.stream_records(), dynapg.set_stream_shards().
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/error.h"
#include "log/log_keeper.h"
#include "meter/meter.h"
#include "op/access_begin.h"
#include "op/arn.h"
#include "op/op.h"
#include "op/stream.h"

PG_FUNCTION_INFO_V1(dynapg_stream_records);
PG_FUNCTION_INFO_V1(dynapg_set_stream_shards);

#define MAX_SHARDS 16

static _Noreturn void
raise_no_stream(const TableInfo *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" has no stream", table->name),
			 errhint("UpdateTable with a StreamSpecification enables one.")));
}

/* ------------------------------------------------------------------------------------------------------------
 * Records
 * ------------------------------------------------------------------------------------------------------------ */

/* The latest stream of a table, given by its name or ARN, or a stream by its ARN; the caller may read it. */
static const TableLog *
stream_of_name(text *name)
{
	const char *text = text_to_cstring(name);
	const TableInfo *table;
	const TableLog *log;
	ResourceArn arn;

	arn_parse_resource(text, strlen(text), &arn);
	if (arn.kind == ARN_STREAM)
		log = stream_of_arn(text, strlen(text));
	else
	{
		table = op_data_table_of_text(text, strlen(text));
		log = catalog_latest_stream(table);
		if (log == NULL)
			raise_no_stream(table);
	}
	access_limit_stream(POLICY_GetRecords, stream_arn(log));
	stream_require_reader(log);
	return log;
}

/* Behind which number records are wanted. */
static int64
position_of_argument(FunctionCallInfo fcinfo, const TableLog *log)
{
	char	   *text;

	if (PG_ARGISNULL(1))
		return Max(log_trim_horizon(log), log->first_seq);
	text = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(1)));
	return Max(stream_number_of_text(text, strlen(text)), log->first_seq);
}

/* Begins to read where the caller wants to; what is there then stays there. */
static LogReader *
begin_to_read(FunctionCallInfo fcinfo, const TableLog *log, int64 horizon)
{
	for (;;)
	{
		int64		after = position_of_argument(fcinfo, log);
		LogReader  *reader = log_read_begin(log->kind, log->id, after, horizon, GetActiveSnapshot());

		if (after >= log_trim_horizon(log))
			return reader;
		log_read_end(reader);
		if (!PG_ARGISNULL(1))
			dyn_error(DYN_TRIMMED_DATA_ACCESS, "The data you are trying to access has been trimmed");
	}
}

static Datum
numeric_datum(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static void
put_row(ReturnSetInfo *result, const TableLog *log, const LogRow *row)
{
	Datum		values[] = {
		numeric_datum(stream_sequence_number(row->seq)), CStringGetTextDatum(stream_event_name(row->action)),
		JsonbPGetDatum(stream_record_keys(log, row)), JsonbPGetDatum(row->old), JsonbPGetDatum(row->item),
		TimestampTzGetDatum(row->written_at), BoolGetDatum(row->action == LOG_EXPIRE)
	};
	bool		nulls[lengthof(values)] = {[3] = row->old == NULL, [4] = row->item == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_rows(FunctionCallInfo fcinfo, const TableLog *log, int64 horizon, int64 limit)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext of_row = AllocSetContextCreate(caller, "dynapg stream record", ALLOCSET_DEFAULT_SIZES);
	LogReader  *reader;
	pg_uuid_t	first;
	pg_uuid_t	last;
	LogRow		row;
	int64		count = 0;
	int64		bytes = 0;

	memset(&first, 0, sizeof(first));
	memset(&last, 0xFF, sizeof(last));
	/* after the horizon was taken */
	PushActiveSnapshot(GetLatestSnapshot());
	reader = begin_to_read(fcinfo, log, horizon);
	MemoryContextSwitchTo(of_row);
	while (count < limit && log_read_next(reader, &first, &last, &row))
	{
		count++;
		if (meter_is_on())
			bytes += stream_measure_record(log, &row);
		put_row(result, log, &row);
		MemoryContextReset(of_row);
	}
	MemoryContextSwitchTo(caller);
	log_read_end(reader);
	PopActiveSnapshot();
	MemoryContextDelete(of_row);
	stream_tell_read(log, count, bytes);
}

static void
carry_records(AuditCall *audit, void *argument)
{
	FunctionCallInfo fcinfo = (FunctionCallInfo) argument;
	text	   *name = PG_GETARG_TEXT_PP(0);
	const TableLog *log;
	int32		id;
	int64		horizon;

	audit_table(audit, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	log = stream_of_name(name);
	id = log->id;
	horizon = log_horizon(id);
	log = catalog_log(id);
	if (log != NULL && log->first_seq != PG_INT64_MAX)
		put_rows(fcinfo, log, Min(horizon, log->last_seq), PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT32(2));
}

/*
 * stream_records(table_name text, after numeric, "limit" integer) returns setof (sequence_number, event_name, keys, old_image, new_image,
 * created_at, expired)
 */
Datum
dynapg_stream_records(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	log_want_keeper(GetCurrentTimestamp());
	op_call(OPERATION_GetRecords, NULL, carry_records, fcinfo);
	stream_flush_what_was_read();
	return (Datum) 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Shards
 * ------------------------------------------------------------------------------------------------------------ */

/* The table that is to be altered, locked by its name. */
static const TableInfo *
table_to_alter(text *table_name)
{
	int			len;
	const char *name = op_table_name_of_text(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name), &len);
	const TableInfo *table;

	access_limit(POLICY_UpdateTable, name, len);
	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL)
		catalog_raise_not_found(name, len);
	return table;
}

static void
set_shards(text *table_name, int shards)
{
	const TableInfo *table = table_to_alter(table_name);
	const TableLog *log = catalog_latest_stream(table);

	if (log == NULL || !log->kept)
		raise_no_stream(table);
	if (log->status != LOG_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the stream of table \"%s\" is being enabled", table->name)));
	if (log_shard_count(log) != shards)
		log_begin_generation(log, shards);
}

/* set_stream_shards(table_name text, shards integer) returns void */
Datum
dynapg_set_stream_shards(PG_FUNCTION_ARGS)
{
	const char *outer = dyn_operation;
	int			shards = PG_GETARG_INT32(1);

	if (shards < 1 || shards > MAX_SHARDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a stream has 1 to %d shards", MAX_SHARDS)));
	dyn_operation = "UpdateTable";
	PG_TRY();
	{
		set_shards(PG_GETARG_TEXT_PP(0), shards);
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
