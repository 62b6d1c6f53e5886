/*
 * endpoint.c
 *		The HTTP endpoint, as far as the extension's own library knows it: settings, shared memory, the launcher's
 *		registration, and the table of functions that src/http/ works with.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/guc.h"

#include "api/access_key.h"
#include "api/endpoint.h"
#include "base/error.h"
#include "base/settings.h"
#include "op/op.h"
#include "storage/index_build.h"

/* Settings. */
static char *listen_addresses;
static int	port;
static int	workers;
static char *databases;
static int	statement_timeout;
static int	max_body_size;
static int	max_connections;
static int	idle_timeout;
static int	receive_timeout;
static int	worker_memory;
static int	log_min_duration;
static bool developer_mode;
static char *ssl_cert_file;
static char *ssl_key_file;

static const int64 latency_bounds[ENDPOINT_LATENCY_BUCKETS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000, PG_INT64_MAX
};

static EndpointShared *shared;
static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

/* ------------------------------------------------------------------------------------------------------------
 * What src/http/ calls
 * ------------------------------------------------------------------------------------------------------------ */

static int
find_operation(const char *name, int len, bool is_stream)
{
	const Operation *operation = model_operation(name, len);

	if (operation == NULL || operation->is_stream != is_stream)
		return -1;
	return operation - model_operations;
}

/* What a crash, or the primary of a standby that was promoted, may have left behind is taken up again. */
static void
begin_worker(void)
{
	if (!RecoveryInProgress() && OidIsValid(get_extension_oid("dynapg", true)))
		index_build_resume_all();
}

static bool
has_operation(int operation)
{
	return op_function(&model_operations[operation]) != NULL;
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
	const OperationFunction function = op_function(&model_operations[operation]);

	return function == op_describe_table || function == op_list_tables || function == op_describe_limits ||
		function == op_describe_endpoints;
}

static void
execute(int operation, const char *body, int len, StringInfo response, EndpointOutcome *outcome)
{
	WireReader	reader;
	WireWriter	writer;

	wire_read_text(&reader, body, len);
	wire_write_text(&writer, response);
	op_eventual_read = is_description(operation);
	op_read_units = 0;
	op_write_units = 0;
	PG_TRY();
	{
		op_run(model_operations[operation].name, &reader, &writer);
	}
	PG_FINALLY();
	{
		outcome->eventual = op_eventual_read;
		outcome->read_units = op_read_units;
		outcome->write_units = op_write_units;
	}
	PG_END_TRY();
}

/* Operations on tables wait for tables, the others for items. */
static bool
is_table_operation(int operation)
{
	const OperationFunction function = op_function(&model_operations[operation]);

	return function == op_create_table || function == op_update_table || function == op_delete_table;
}

/* The service's message of an error: ours as it is, PostgreSQL's as what it means to an API caller. */
static const char *
wire_message(const ErrorData *error, DynException exception)
{
	const DynExceptionInfo *info = dyn_exception_info(exception);

	if (error->datatype_name != NULL && strcmp(error->datatype_name, info->name) == 0)
		return error->message;
	switch (exception)
	{
		case DYN_TRANSACTION_CONFLICT:
			return "Transaction is ongoing for the item";
		case DYN_RESOURCE_IN_USE:
			return "Attempt to change a resource which is still in use";
		case DYN_INTERNAL_SERVER_ERROR:
			return "Internal server error";
		default:
			break;
	}
	if (error->sqlerrcode == ERRCODE_READ_ONLY_SQL_TRANSACTION)
		return "This endpoint is a read replica: it answers eventually consistent reads only";
	return error->message;
}

/* Whether an error is a transaction conflict, or a cancellation that has one among its reasons. */
static bool
is_conflict(const ErrorData *error, DynException exception)
{
	return exception == DYN_TRANSACTION_CONFLICT ||
		(exception == DYN_TRANSACTION_CANCELED && error->detail != NULL &&
		 strstr(error->detail, "{\"Code\":\"TransactionConflict\"") != NULL);
}

static int
write_error(ErrorData *error, int operation, StringInfo body, EndpointOutcome *outcome)
{
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);
	const DynExceptionInfo *info;
	const char *message;
	char	   *type;
	WireWriter	writer;

	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && operation >= 0 && is_table_operation(operation))
		exception = DYN_RESOURCE_IN_USE;
	info = dyn_exception_info(exception);
	outcome->conflict = is_conflict(error, exception);
	message = wire_message(error, exception);
	type = psprintf("%s%s", info->type_prefix, info->name);

	wire_write_text(&writer, body);
	wire_object_start(&writer);
	wire_member(&writer, "__type");
	wire_cstring(&writer, type);
	if (message[0] != '\0')
	{
		wire_member(&writer, info->message_member);
		wire_cstring(&writer, message);
	}
	/* the detail of these exceptions is the object of their further members (error.h) */
	if ((exception == DYN_CONDITIONAL_CHECK_FAILED || exception == DYN_TRANSACTION_CANCELED) &&
		error->detail != NULL && error->detail[0] == '{' && error->detail[1] != '}')
	{
		appendStringInfoChar(body, ',');
		appendBinaryStringInfo(body, error->detail + 1, strlen(error->detail) - 2);
	}
	wire_object_end(&writer);
	return info->http_status;
}

static void
raise_exception(int exception, const char *message)
{
	dyn_error((DynException) exception, "%s", message);
}

static EndpointApi api = {
	.version = ENDPOINT_API_VERSION,
	.latency_bounds = latency_bounds,
	.listen_addresses = &listen_addresses,
	.port = &port,
	.workers = &workers,
	.databases = &databases,
	.lock_timeout = &dynapg_lock_timeout,
	.statement_timeout = &statement_timeout,
	.max_body_size = &max_body_size,
	.max_connections = &max_connections,
	.idle_timeout = &idle_timeout,
	.receive_timeout = &receive_timeout,
	.worker_memory = &worker_memory,
	.log_min_duration = &log_min_duration,
	.developer_mode = &developer_mode,
	.ssl_cert_file = &ssl_cert_file,
	.ssl_key_file = &ssl_key_file,
	.find_operation = find_operation,
	.begin = begin_worker,
	.has_operation = has_operation,
	.operation_name = operation_name,
	.operation_count = operation_count,
	.is_json = wire_text_is_json,
	.execute = execute,
	.write_error = write_error,
	.raise = raise_exception,
	.access_key = access_key_find,
};

/* ------------------------------------------------------------------------------------------------------------
 * Shared memory and the launcher
 * ------------------------------------------------------------------------------------------------------------ */

static void
request_shared_memory(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(EndpointShared)));
	RequestNamedLWLockTranche("dynapg", 1);
}

static void
init_shared_memory(void)
{
	bool		found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = (EndpointShared *) ShmemInitStruct("dynapg endpoint", sizeof(EndpointShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(EndpointShared));
		shared->lock = &(GetNamedLWLockTranche("dynapg"))->lock;
		pg_atomic_init_u32(&shared->launcher_pid, 0);
		for (int i = 0; i < ENDPOINT_COMPANIONS; i++)
			pg_atomic_init_u64(&shared->companions[i].confirmed, 0);
		for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		{
			EndpointWorker *worker = &shared->workers[i];

			pg_atomic_init_u64(&worker->connections, 0);
			pg_atomic_init_u64(&worker->accepted, 0);
			pg_atomic_init_u64(&worker->unflushed, 0);
			pg_atomic_init_u64(&worker->awaited, 0);
			for (int k = 0; k < ENDPOINT_MAX_OPERATIONS; k++)
			{
				EndpointOperationStats *stats = &worker->operations[k];

				pg_atomic_init_u64(&stats->calls, 0);
				pg_atomic_init_u64(&stats->errors, 0);
				pg_atomic_init_u64(&stats->faults, 0);
				pg_atomic_init_u64(&stats->microseconds, 0);
				pg_atomic_init_u64(&stats->bytes_in, 0);
				pg_atomic_init_u64(&stats->bytes_out, 0);
				pg_atomic_init_u64(&stats->conflicts, 0);
				pg_atomic_init_u64(&stats->read_microunits, 0);
				pg_atomic_init_u64(&stats->write_microunits, 0);
				for (int b = 0; b < ENDPOINT_LATENCY_BUCKETS; b++)
					pg_atomic_init_u64(&stats->latency[b], 0);
			}
		}
	}
	LWLockRelease(AddinShmemInitLock);
	api.shared = shared;
}

static void
register_launcher(void)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, BGW_MAXLEN, "dynapg launcher");
	snprintf(worker.bgw_type, BGW_MAXLEN, "dynapg launcher");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = 5;
	snprintf(worker.bgw_library_name, MAXPGPATH, "dynapg_http");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "dynapg_launcher_main");
	RegisterBackgroundWorker(&worker);
}

static void
define_settings(void)
{
	DefineCustomStringVariable("dynapg.listen_addresses",
							   "Addresses that the HTTP endpoint listens on, separated by commas.", NULL,
							   &listen_addresses, "localhost", PGC_POSTMASTER, GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.port",
							"TCP port of the HTTP endpoint, where dynapg.databases gives none.", NULL,
							&port, 8000, 1, 65535, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.workers",
							"Processes that serve each database's endpoint.", NULL,
							&workers, 2, 1, 32, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.databases",
							   "Databases with an HTTP endpoint, separated by commas: database or database:port.",
							   "Empty: there is no endpoint.",
							   &databases, "", PGC_SIGHUP, GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.statement_timeout",
							"How long a request of the HTTP endpoint may take; 0 means for ever.", NULL,
							&statement_timeout, 30000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.max_body_size",
							"Largest body of a request, before and after decompression.", NULL,
							&max_body_size, 16 * 1024 * 1024, 1024, 1024 * 1024 * 1024 - 1, PGC_SIGHUP,
							GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.max_connections",
							"Open connections that each worker of the HTTP endpoint accepts.", NULL,
							&max_connections, 1000, 1, 100000, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.idle_timeout",
							"How long a connection of the HTTP endpoint may be silent.", NULL,
							&idle_timeout, 60, 1, 3600, PGC_POSTMASTER, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.receive_timeout",
							"How long a client of the HTTP endpoint may take to send a request; 0 means for ever.", NULL,
							&receive_timeout, 60, 0, 3600, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.worker_memory",
							"Memory at which a worker of the HTTP endpoint finishes what it has and is replaced.", NULL,
							&worker_memory, 1024 * 1024, 64 * 1024, MAX_KILOBYTES, PGC_SIGHUP, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.log_min_duration",
							"Requests of the HTTP endpoint that take at least so long are logged; -1: none.", NULL,
							&log_min_duration, -1, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.developer_mode",
							 "The HTTP endpoint accepts any access key, from this machine only.",
							 "Requests with a key that dynapg does not know run as the database's owner.",
							 &developer_mode, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.ssl_cert_file",
							   "Certificate file of the HTTP endpoint; with it, the endpoint speaks TLS only.", NULL,
							   &ssl_cert_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.ssl_key_file",
							   "Key file of the HTTP endpoint's certificate.", NULL,
							   &ssl_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
}

void
endpoint_init(void)
{
	/* without shared_preload_libraries there is no endpoint, and its settings would be for nothing */
	if (!process_shared_preload_libraries_in_progress)
		return;
	define_settings();
	*find_rendezvous_variable(ENDPOINT_API_VARIABLE) = &api;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_shared_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = init_shared_memory;
	register_launcher();
}
