/*
 * copy_sql.c
 *		Live copies for callers of SQL: they are begun, looked after and ended by these functions; the work is done by a process
 *		(transfer/copy.h).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "api/secret_statement.h"
#include "base/error.h"
#include "base/library.h"
#include "base/limits.h"
#include "base/settings.h"
#include "base/url.h"
#include "catalog/copy_credentials.h"
#include "keep/transfer_job.h"
#include "op/access_begin.h"
#include "op/op.h"
#include "storage/storage.h"
#include "transfer/copy.h"

PG_FUNCTION_INFO_V1(dynapg_copy_from);
PG_FUNCTION_INFO_V1(dynapg_copy_to);
PG_FUNCTION_INFO_V1(dynapg_copy_verify);
PG_FUNCTION_INFO_V1(dynapg_copy_cut_over);
PG_FUNCTION_INFO_V1(dynapg_pause_copy);
PG_FUNCTION_INFO_V1(dynapg_resume_copy);
PG_FUNCTION_INFO_V1(dynapg_await_copy);
PG_FUNCTION_INFO_V1(dynapg_put_copy_credentials);
PG_FUNCTION_INFO_V1(dynapg_drop_copy_credentials);

#define LOOK_MS 200

/* ------------------------------------------------------------------------------------------------------------
 * Beginning one
 * ------------------------------------------------------------------------------------------------------------ */

static char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static _Noreturn void
raise_bad_argument(const char *name, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"%s\"", name),
			 errhint("%s", hint)));
}

static char *
table_argument(FunctionCallInfo fcinfo, int number, const char *name, const char *other)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	char	   *table = text_argument(fcinfo, number);

	if (table == NULL)
		table = other ? pstrdup(other) : NULL;
	if (table == NULL || strlen(table) < 3 || strlen(table) > TABLE_NAME_MAX_SIZE || strspn(table, letters) != strlen(table))
		raise_bad_argument(name, "It is the name of a table: 3 to 255 letters, digits, underscores, hyphens and points.");
	return table;
}

static char *
endpoint_argument(FunctionCallInfo fcinfo, int number, const char *name, bool is_required)
{
	char	   *endpoint = text_argument(fcinfo, number);

	if (endpoint == NULL ? is_required : !url_is_server(endpoint))
		raise_bad_argument(name, "It is a URL of http or https, a host and perhaps a port, without a path.");
	return endpoint;
}

static double
units_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	double		units = PG_ARGISNULL(number) ? 0 : PG_GETARG_FLOAT8(number);

	if (!(units >= 0 && units < 1e9))
		raise_bad_argument(name, "It is a number of capacity units a second; null: there is no limit.");
	return units;
}

static int
settle_argument(FunctionCallInfo fcinfo, int number)
{
	const Interval *settle = PG_ARGISNULL(number) ? NULL : PG_GETARG_INTERVAL_P(number);

	if (settle == NULL || settle->month != 0 || settle->day != 0 || settle->time < 0 || settle->time > INT64CONST(3600) * USECS_PER_SEC)
		raise_bad_argument("settle", "It is at most an hour.");
	return (int) (settle->time / USECS_PER_SEC);
}

static const char *
quoted_or_null(const char *text)
{
	return text ? copy_quoted(text) : "null";
}

static bool
boolean_argument(FunctionCallInfo fcinfo, int number)
{
	return !PG_ARGISNULL(number) && PG_GETARG_BOOL(number);
}

static const char *
json_boolean(FunctionCallInfo fcinfo, int number)
{
	return boolean_argument(fcinfo, number) ? "true" : "false";
}

/* What the arguments behind the endpoint and the tables are, by their place. */
typedef enum CopyArgument
{
	ARGUMENT_CREDENTIALS = 3,
	ARGUMENT_REGION,
	ARGUMENT_SEGMENTS,
	ARGUMENT_READ_UNITS,
	ARGUMENT_WRITE_UNITS,
	ARGUMENT_STREAM,
	ARGUMENT_ENABLE_STREAM,
	ARGUMENT_CREATE_TABLE,
	ARGUMENT_INDEXES,
	ARGUMENT_TIME_TO_LIVE,
	ARGUMENT_TAGS,
	ARGUMENT_STREAMS_ENDPOINT,
	ARGUMENT_SETTLE
} CopyArgument;

/* The request that the row has: no secrets. */
static Jsonb *
read_request(FunctionCallInfo fcinfo, const char *endpoint, const char *source, const char *target)
{
	char	   *credentials = text_argument(fcinfo, ARGUMENT_CREDENTIALS);
	char	   *region = text_argument(fcinfo, ARGUMENT_REGION);
	char	   *streams_endpoint = endpoint_argument(fcinfo, ARGUMENT_STREAMS_ENDPOINT, "streams_endpoint", false);
	int			segments = PG_ARGISNULL(ARGUMENT_SEGMENTS) ? 1 : PG_GETARG_INT32(ARGUMENT_SEGMENTS);
	double		reads = units_argument(fcinfo, ARGUMENT_READ_UNITS, "read_units");
	double		writes = units_argument(fcinfo, ARGUMENT_WRITE_UNITS, "write_units");

	if (segments < 1 || segments > COPY_MAX_SEGMENTS)
		raise_bad_argument("segments", psprintf("It is from 1 to %d.", COPY_MAX_SEGMENTS));
	if (credentials != NULL && catalog_copy_credentials(GetUserId(), credentials) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there are no credentials \"%s\" of role \"%s\"", credentials, GetUserNameFromId(GetUserId(), false)),
				 errhint("dynapg.put_copy_credentials() puts them there.")));
	return copy_members("\"Endpoint\": %s, \"StreamsEndpoint\": %s, \"Region\": %s, \"Credentials\": %s, \"SourceTable\": %s, "
						"\"TargetTable\": %s, \"Segments\": %d, \"ReadUnits\": %.17g, \"WriteUnits\": %.17g, \"Settle\": %d, "
						"\"Stream\": %s, \"EnableStream\": %s, \"CreateTable\": %s, \"Indexes\": %s, \"TimeToLive\": %s, \"Tags\": %s",
						copy_quoted(endpoint), quoted_or_null(streams_endpoint), copy_quoted(region ? region : dynapg_region),
						quoted_or_null(credentials), copy_quoted(source), copy_quoted(target), segments, reads, writes,
						settle_argument(fcinfo, ARGUMENT_SETTLE), json_boolean(fcinfo, ARGUMENT_STREAM),
						json_boolean(fcinfo, ARGUMENT_ENABLE_STREAM), json_boolean(fcinfo, ARGUMENT_CREATE_TABLE),
						json_boolean(fcinfo, ARGUMENT_INDEXES), json_boolean(fcinfo, ARGUMENT_TIME_TO_LIVE),
						json_boolean(fcinfo, ARGUMENT_TAGS));
}

/* Begins the transfer, and returns its id. */
static Datum
begin(TransferKind kind, const char *table_name, const pg_uuid_t *table_id, Jsonb *request)
{
	Transfer   *transfer;

	library_want(ERROR, OUT_LIBRARY);
	if (catalog_table_is_in_transfer(TRANSFER_COPY_FROM, table_name))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("table \"%s\" is being copied into already", table_name)));
	transfer = catalog_begin_transfer(kind, table_name, table_id, NULL, request, copy_members("%s", ""));
	transfer_job_start(transfer->id);
	return PointerGetDatum(cstring_to_text(transfer->id));
}

/* copy_from(endpoint, source_table, target_table, ...) returns text */
Datum
dynapg_copy_from(PG_FUNCTION_ARGS)
{
	char	   *endpoint;
	char	   *source;
	char	   *target;
	const TableInfo *table;

	PreventCommandIfReadOnly("dynapg.copy_from()");
	endpoint = endpoint_argument(fcinfo, 0, "endpoint", true);
	source = table_argument(fcinfo, 1, "source_table", NULL);
	target = table_argument(fcinfo, 2, "target_table", source);
	access_limit(boolean_argument(fcinfo, ARGUMENT_CREATE_TABLE) ? POLICY_ImportTable : POLICY_BatchWriteItem, target, strlen(target));
	table = catalog_table(target, strlen(target));
	if (boolean_argument(fcinfo, ARGUMENT_CREATE_TABLE))
	{
		if (table != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("table \"%s\" is there already", target),
					 errhint("With create_table => false it is copied into.")));
	}
	else if (table == NULL)
		catalog_raise_not_found(target, strlen(target));
	return begin(TRANSFER_COPY_FROM, target, NULL, read_request(fcinfo, endpoint, source, target));
}

/* copy_to(table_name, endpoint, target_table, ...) returns text */
Datum
dynapg_copy_to(PG_FUNCTION_ARGS)
{
	char	   *endpoint;
	char	   *source;
	char	   *target;
	const TableInfo *table;

	PreventCommandIfReadOnly("dynapg.copy_to()");
	source = table_argument(fcinfo, 0, "table_name", NULL);
	endpoint = endpoint_argument(fcinfo, 1, "endpoint", true);
	target = table_argument(fcinfo, 2, "target_table", source);
	access_limit(POLICY_ExportTableToPointInTime, source, strlen(source));
	table = catalog_lock_table(source, strlen(source), AccessShareLock, false);
	if (table == NULL)
		catalog_raise_not_found(source, strlen(source));
	/* the process reads as its owner: row-level security would leave items out, and say nothing */
	storage_require_reader(table, GetUserId());
	return begin(TRANSFER_COPY_TO, source, &table->id, read_request(fcinfo, endpoint, source, target));
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking after it
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_copy(const Transfer *transfer)
{
	return transfer->kind == TRANSFER_COPY_FROM || transfer->kind == TRANSFER_COPY_TO;
}

/* A copy that the caller may look after. */
static Transfer *
find_copy(const char *id, bool for_update)
{
	Transfer   *transfer = catalog_transfer(id);

	if (transfer == NULL || !is_copy(transfer))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no copy \"%s\"", id),
				 errhint("dynapg.stat_copies tells which there are.")));
	if (!has_privs_of_role(GetUserId(), transfer->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must have the privileges of who has begun a copy to look after it")));
	return for_update ? catalog_transfer_for_update(id) : transfer;
}

/* One that goes on, with its row locked. */
static Transfer *
running_copy(FunctionCallInfo fcinfo, const char *function)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Transfer   *transfer;

	PreventCommandIfReadOnly(function);
	transfer = find_copy(id, true);
	if (transfer == NULL || transfer->status != TRANSFER_IN_PROGRESS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("copy \"%s\" has ended", id)));
	return transfer;
}

static Datum
order(const Transfer *transfer, Jsonb *members)
{
	catalog_set_transfer_state(transfer->id, transfer->phase, copy_merged(transfer->state, members));
	transfer_job_start(transfer->id);
	return (Datum) 0;
}

/* copy_verify(id) */
Datum
dynapg_copy_verify(PG_FUNCTION_ARGS)
{
	Transfer   *transfer = running_copy(fcinfo, "dynapg.copy_verify()");

	return order(transfer, copy_members("\"Verify\": %d", (int) copy_number_member(transfer->state, "Verified") + 1));
}

/* copy_cut_over(id) */
Datum
dynapg_copy_cut_over(PG_FUNCTION_ARGS)
{
	return order(running_copy(fcinfo, "dynapg.copy_cut_over()"), copy_members("\"CutOver\": true"));
}

/* pause_copy(id), resume_copy(id) */
Datum
dynapg_pause_copy(PG_FUNCTION_ARGS)
{
	return order(running_copy(fcinfo, "dynapg.pause_copy()"), copy_members("\"Paused\": true"));
}

Datum
dynapg_resume_copy(PG_FUNCTION_ARGS)
{
	return order(running_copy(fcinfo, "dynapg.resume_copy()"), copy_members("\"Paused\": false"));
}

/* Whether a copy is as it is waited for. */
static bool
has_come(const Transfer *transfer, const char *until)
{
	if (transfer->status == TRANSFER_COMPLETED || transfer->status == TRANSFER_COMPLETED_WITH_ERRORS)
		return true;
	if (transfer->status == TRANSFER_FAILED || transfer->status == TRANSFER_CANCELLED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 transfer->status == TRANSFER_CANCELLED ? errmsg("copy \"%s\" has been cancelled", transfer->id) :
				 errmsg("copy \"%s\" has failed: %s", transfer->id, transfer->failure_message),
				 transfer->failure_code ? errdetail("FailureCode: %s", transfer->failure_code) : 0));
	if (strcmp(until, "VERIFIED") == 0)
		return copy_number_member(transfer->state, "Verify") > 0 &&
			copy_number_member(transfer->state, "Verify") <= copy_number_member(transfer->state, "Verified");
	return strcmp(until, "FOLLOWING") == 0 && strcmp(transfer->phase, "FOLLOWING") == 0 &&
		copy_boolean_member(transfer->state, "CaughtUp");
}

/* await_copy(id, until, timeout) returns text */
Datum
dynapg_await_copy(PG_FUNCTION_ARGS)
{
	char	   *id = text_argument(fcinfo, 0);
	char	   *until = text_argument(fcinfo, 1);
	TimestampTz end = DT_NOEND;

	if (id == NULL)
		PG_RETURN_NULL();
	if (until == NULL || (strcmp(until, "FOLLOWING") != 0 && strcmp(until, "VERIFIED") != 0 && strcmp(until, "COMPLETED") != 0))
		raise_bad_argument("until", "It is FOLLOWING, VERIFIED or COMPLETED.");
	if (!PG_ARGISNULL(2))
		end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(GetCurrentTimestamp()),
													  PG_GETARG_DATUM(2)));
	for (;;)
	{
		Transfer   *transfer = find_copy(id, false);

		if (has_come(transfer, until))
			PG_RETURN_TEXT_P(cstring_to_text(transfer->status == TRANSFER_IN_PROGRESS ? until :
											 catalog_transfer_status_name(transfer->status)));
		if (GetCurrentTimestamp() >= end)
			ereport(ERROR,
					(errcode(ERRCODE_QUERY_CANCELED),
					 errmsg("copy \"%s\" is not %s in time", id, until)));
		copy_sleep(LOOK_MS);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Credentials
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_token(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char) *p <= ' ' || (unsigned char) *p >= 0x7F)
			return false;
	return text[0] != '\0';
}

/* put_copy_credentials(name, access_key_id, secret_access_key, session_token) */
Datum
dynapg_put_copy_credentials(PG_FUNCTION_ARGS)
{
	char	   *name = text_argument(fcinfo, 0);
	CopyCredentials credentials = {text_argument(fcinfo, 1), text_argument(fcinfo, 2), text_argument(fcinfo, 3)};
	ErrorContextCallback hiding;

	secret_statement_begin(&hiding, "SELECT dynapg.put_copy_credentials(...)");
	if (name == NULL || name[0] == '\0')
		raise_bad_argument("name", "It is a name of your choice.");
	if (credentials.access_key_id == NULL || !is_token(credentials.access_key_id) || strchr(credentials.access_key_id, '/') != NULL)
		raise_bad_argument("access_key_id", "It has letters and digits.");
	if (credentials.secret_access_key == NULL || !is_token(credentials.secret_access_key))
		raise_bad_argument("secret_access_key", "It has no blanks.");
	if (credentials.session_token != NULL && !is_token(credentials.session_token))
		raise_bad_argument("session_token", "It has no blanks.");
	catalog_put_copy_credentials(GetUserId(), name, &credentials);
	secret_statement_end(&hiding);
	PG_RETURN_VOID();
}

/* drop_copy_credentials(name) returns boolean */
Datum
dynapg_drop_copy_credentials(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(catalog_drop_copy_credentials(GetUserId(), text_to_cstring(PG_GETARG_TEXT_PP(0))));
}
