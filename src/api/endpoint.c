/*
 * endpoint.c
 *		The HTTP endpoint, as far as the extension's own library knows it: the launcher's registration, and the table of functions that
 *		src/http/ works with.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "utils/timestamp.h"

#include "api/access_key.h"
#include "api/cloudwatch.h"
#include "api/endpoint.h"
#include "api/endpoint_error.h"
#include "api/endpoint_events.h"
#include "api/endpoint_metrics.h"
#include "api/endpoint_traces.h"
#include "api/session.h"
#include "base/audit_spool.h"
#include "base/library.h"
#include "catalog/backups.h"
#include "catalog/transfers.h"
#include "meter/counters.h"
#include "op/audit.h"
#include "op/op.h"
#include "keep/auto_scaling.h"
#include "keep/metrics_history.h"
#include "keep/table_job.h"
#include "keep/transfer_job.h"
#include "log/log_keeper.h"
#include "log/log_segment.h"

/* ------------------------------------------------------------------------------------------------------------
 * What src/http/ calls
 * ------------------------------------------------------------------------------------------------------------ */

static int
find_operation(const char *name, int len, bool is_stream)
{
	int			operation = model_operation(name, len);

	return operation >= 0 && model_operations[operation].is_stream == is_stream ? operation : -1;
}

/* What a crash, or the primary of a standby that was promoted, may have left behind is taken up again. */
static void
begin_worker(void)
{
	if (RecoveryInProgress() || !catalog_try_lock_extension())
		return;
	(void) table_job_resume_all();
	transfer_job_resume_all();
	(void) log_follow_timeline();
	if (log_segments(LOG_STREAM) != NIL || log_segments(LOG_UNDO) != NIL || catalog_backup_schedules() != NIL || auto_scaling_has_targets() ||
		catalog_running_transfers() != NIL || audit_spool_has_events() || metrics_history_has_work())
		log_want_keeper(GetCurrentTimestamp());
	if (catalog_expiring_relations() != NIL)
		log_want_sweeper(GetCurrentTimestamp());
}

static bool
has_operation(int operation)
{
	return op_function(operation) != NULL;
}

static const char *
operation_name(int operation)
{
	return model_operations[operation].name;
}

static int
operation_count(void)
{
	return model_operation_count;
}

/* Descriptions are eventually consistent at the service, too: a read replica gives them. */
static bool
is_description(int operation)
{
	const OperationFunction function = op_function(operation);

	return function == op_describe_table || function == op_list_tables || function == op_describe_limits ||
		function == op_describe_endpoints;
}

static void
execute_operation(int operation, const char *body, int len, StringInfo response, EndpointOutcome *outcome)
{
	WireReader	reader;
	WireWriter	writer;

	wire_read_text(&reader, body, len);
	wire_write_text(&writer, response);

	/* of a stream a read replica gives what it has; from a primary nothing leaves before it is durable */
	op_eventual_read = is_description(operation) || (model_operations[operation].is_stream && RecoveryInProgress());
	op_answer_waits = true;
	op_units_are_wanted = true;
	audit_hold();
	counters_hold();
	op_read_units = 0;
	op_write_units = 0;
	PG_TRY();
	{
		op_run(operation, &reader, &writer);
	}
	PG_FINALLY();
	{
		op_answer_waits = false;
		op_units_are_wanted = false;
		outcome->eventual = op_eventual_read;
		outcome->read_units = op_read_units;
		outcome->write_units = op_write_units;
	}
	PG_END_TRY();
}

/* What only reads may be answered by a standby, and need not wait for anything to be durable. */
static void
execute_cloudwatch(int protocol, const char *operation, const char *body, int len, const char *request_id, StringInfo response,
				   EndpointOutcome *outcome)
{
	outcome->eventual = !cloudwatch_execute((CloudwatchProtocol) protocol, operation, body, len, request_id, response);
}

static int
write_cloudwatch_error(int protocol, const ErrorData *error, const char *request_id, StringInfo body, const char **query_error,
					   EndpointOutcome *outcome)
{
	return cloudwatch_write_error((CloudwatchProtocol) protocol, error, request_id, body, query_error, &outcome->defect);
}

static bool
find_key(const char *id, EndpointKey *key)
{
	const SessionKey *session = strncmp(id, SESSION_KEY_KIND, strlen(SESSION_KEY_KIND)) == 0 ? session_find(id) : NULL;

	key->session = NULL;
	key->token_digest = NULL;
	if (session == NULL)
		return access_key_find(id, &key->secret, &key->role);
	key->secret = pstrdup(session->secret);
	key->role = session->caller.role;
	key->session = &session->caller;
	key->token_digest = session->token_digest;
	return true;
}

static bool
is_token(const EndpointKey *key, const char *token)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	uint8		difference = 0;

	session_digest(token, digest);
	for (int i = 0; i < sizeof(digest); i++)
		difference |= digest[i] ^ key->token_digest[i];
	return difference == 0;
}

static void
tell_answer(int operation, const ErrorData *error, const char *claimed_key)
{
	counters_answer(error);
	if (!audit_release(error) && error != NULL)
		audit_refusal(operation, error, claimed_key);
}

static void
tell_refusal(const ErrorData *error, const char *claimed_key)
{
	audit_refusal(-1, error, claimed_key);
}

static void
drop_answer(void)
{
	audit_drop();
	counters_drop();
}

/* What is told of an answer that may become certain without another attempt. */
typedef struct KeptAnswer
{
	void	   *event;
	void	   *counts;
} KeptAnswer;

static void *
keep_answer(const ErrorData *error)
{
	KeptAnswer *kept = (KeptAnswer *) palloc(sizeof(KeptAnswer));

	kept->event = audit_keep(error);
	kept->counts = counters_keep(error);
	return kept;
}

static void
give_up_answer(const void *kept)
{
	counters_give_up(((const KeptAnswer *) kept)->counts);
	audit_give_up(((const KeptAnswer *) kept)->event);
}

static EndpointApi api = {
	.version = ENDPOINT_API_VERSION,
	.latency_bounds = endpoint_latency_bounds,
	.find_operation = find_operation,
	.begin = begin_worker,
	.has_operation = has_operation,
	.operation_name = operation_name,
	.operation_count = operation_count,
	.write_metrics = endpoint_write_metrics,
	.is_json = wire_text_is_json,
	.begin_caller = caller_begin,
	.execute = execute_operation,
	.tell_answer = tell_answer,
	.tell_refusal = tell_refusal,
	.drop_answer = drop_answer,
	.keep_answer = keep_answer,
	.give_up_answer = give_up_answer,
	.write_error = endpoint_write_error,
	.cloudwatch_operation = cloudwatch_operation,
	.cloudwatch_action = cloudwatch_query_action,
	.execute_cloudwatch = execute_cloudwatch,
	.write_cloudwatch_error = write_cloudwatch_error,
	.write_event_metrics = endpoint_write_event_metrics,
	.traces = &trace_is_enabled,
	.read_traceparent = trace_read_parent,
	.read_amazon_trace = trace_read_amazon,
	.is_tracestate = trace_state_is_valid,
	.begin_trace = trace_begin,
	.run_trace = trace_run,
	.end_wait = trace_end_wait,
	.end_trace = trace_end,
	.write_trace_metrics = endpoint_write_trace_metrics,
	.raise = endpoint_raise,
	.sqlstate = endpoint_sqlstate,
	.find_key = find_key,
	.is_token = is_token,
};

/* ------------------------------------------------------------------------------------------------------------
 * The launcher
 * ------------------------------------------------------------------------------------------------------------ */

static void
register_launcher(void)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, BGW_MAXLEN, "dynapg launcher");
	snprintf(worker.bgw_type, BGW_MAXLEN, "dynapg launcher");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = 5;
	snprintf(worker.bgw_library_name, MAXPGPATH, ENDPOINT_LIBRARY);
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "dynapg_launcher_main");
	RegisterBackgroundWorker(&worker);
}

void
endpoint_init(void)
{
	/* without shared_preload_libraries there is no endpoint, and its settings would be for nothing */
	if (!process_shared_preload_libraries_in_progress)
		return;
	api.settings = endpoint_define_settings();
	*find_rendezvous_variable(ENDPOINT_API_VARIABLE) = &api;
	endpoint_request_shared(&api.shared);
	if (library_is_installed(ENDPOINT_LIBRARY))
		register_launcher();
	else if (api.settings->databases[0] != '\0')
		/* the server starts all the same: its SQL wants nothing of it */
		ereport(WARNING,
				(errmsg("dynapg.databases asks for an HTTP endpoint, but the library %s is not installed", ENDPOINT_LIBRARY),
				 library_hint()));
}
