/*
 * metrics.c
 *		What is counted of requests, and how Prometheus reads it.
 *
 * Each worker counts in its own place in shared memory; a reader adds up the places of its database, also those whose workers
 * have ended: counts never fall.
 */
#include "postgres.h"

#include <math.h>

#include "http/http.h"

void
metrics_count(const HttpRequest *request, int64 microseconds)
{
	EndpointOperationStats *stats;
	int			bucket = 0;

	if (request->operation < 0)
		return;
	stats = &endpoint_worker->operations[request->operation];
	pg_atomic_fetch_add_u64(&stats->calls, 1);
	if (request->status >= 500)
		pg_atomic_fetch_add_u64(&stats->faults, 1);
	else if (request->status >= 400)
		pg_atomic_fetch_add_u64(&stats->errors, 1);
	pg_atomic_fetch_add_u64(&stats->microseconds, microseconds);
	pg_atomic_fetch_add_u64(&stats->bytes_in, request->body.len);
	pg_atomic_fetch_add_u64(&stats->bytes_out, request->response.len);
	if (request->outcome.conflict)
		pg_atomic_fetch_add_u64(&stats->conflicts, 1);
	pg_atomic_fetch_add_u64(&stats->read_microunits, (int64) rint(request->outcome.read_units * 1e6));
	pg_atomic_fetch_add_u64(&stats->write_microunits, (int64) rint(request->outcome.write_units * 1e6));
	while (microseconds > endpoint->latency_bounds[bucket])
		bucket++;
	pg_atomic_fetch_add_u64(&stats->latency[bucket], 1);
}

/* The sum of one counter over the workers of this database; offset is that of the counter in EndpointWorker. */
static uint64
sum_of(size_t offset)
{
	uint64		sum = 0;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &endpoint->shared->workers[i];

		if (strcmp(worker->database, endpoint_worker->database) == 0)
			sum += pg_atomic_read_u64((pg_atomic_uint64 *) ((char *) worker + offset));
	}
	return sum;
}

#define OPERATION_OFFSET(operation, counter) \
	(offsetof(EndpointWorker, operations) + (operation) * sizeof(EndpointOperationStats) + \
	 offsetof(EndpointOperationStats, counter))

/* A counter of each operation that was called; one is so many of what is counted in shared memory. */
static void
write_counter(StringInfo out, const char *name, const char *help, size_t offset_in_stats, double one)
{
	appendStringInfo(out, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
	for (int i = 0; i < endpoint->operation_count(); i++)
	{
		uint64		calls = sum_of(OPERATION_OFFSET(i, calls));

		if (calls > 0)
			appendStringInfo(out, "%s{operation=\"%s\"} %.15g\n", name, endpoint->operation_name(i),
							 sum_of(OPERATION_OFFSET(i, calls) - offsetof(EndpointOperationStats, calls) +
									offset_in_stats) / one);
	}
}

static void
write_latency(StringInfo out, int operation)
{
	const char *name = endpoint->operation_name(operation);
	uint64		count = 0;

	for (int i = 0; i < ENDPOINT_LATENCY_BUCKETS; i++)
	{
		count += sum_of(OPERATION_OFFSET(operation, latency) + i * sizeof(pg_atomic_uint64));
		if (i < ENDPOINT_LATENCY_BUCKETS - 1)
			appendStringInfo(out, "dynapg_request_duration_seconds_bucket{operation=\"%s\",le=\"%g\"} " UINT64_FORMAT "\n",
							 name, endpoint->latency_bounds[i] / 1e6, count);
	}
	appendStringInfo(out, "dynapg_request_duration_seconds_bucket{operation=\"%s\",le=\"+Inf\"} " UINT64_FORMAT "\n",
					 name, count);
	appendStringInfo(out, "dynapg_request_duration_seconds_sum{operation=\"%s\"} %g\n",
					 name, sum_of(OPERATION_OFFSET(operation, microseconds)) / 1e6);
	appendStringInfo(out, "dynapg_request_duration_seconds_count{operation=\"%s\"} " UINT64_FORMAT "\n", name, count);
}

void
metrics_write(StringInfo out)
{
	int			workers = 0;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		workers += endpoint->shared->workers[i].used && endpoint->shared->workers[i].pid != 0 &&
			strcmp(endpoint->shared->workers[i].database, endpoint_worker->database) == 0;
	appendStringInfo(out, "# HELP dynapg_workers Workers that serve this database.\n"
					 "# TYPE dynapg_workers gauge\ndynapg_workers %d\n", workers);
	appendStringInfo(out, "# HELP dynapg_connections Open connections.\n"
					 "# TYPE dynapg_connections gauge\ndynapg_connections " UINT64_FORMAT "\n",
					 sum_of(offsetof(EndpointWorker, connections)));
	appendStringInfo(out, "# HELP dynapg_connections_total Connections accepted.\n"
					 "# TYPE dynapg_connections_total counter\ndynapg_connections_total " UINT64_FORMAT "\n",
					 sum_of(offsetof(EndpointWorker, accepted)));
	appendStringInfo(out, "# HELP dynapg_requests_waiting_for_locks Requests that somebody else's lock is in the way of.\n"
					 "# TYPE dynapg_requests_waiting_for_locks gauge\ndynapg_requests_waiting_for_locks " UINT64_FORMAT "\n",
					 sum_of(offsetof(EndpointWorker, aside)));
	write_counter(out, "dynapg_requests_total", "Requests.", offsetof(EndpointOperationStats, calls), 1);
	write_counter(out, "dynapg_request_errors_total", "Requests answered with a client's error.",
				  offsetof(EndpointOperationStats, errors), 1);
	write_counter(out, "dynapg_request_faults_total", "Requests answered with a server's error.",
				  offsetof(EndpointOperationStats, faults), 1);
	write_counter(out, "dynapg_transaction_conflicts_total", "Requests that another transaction was in the way of.",
				  offsetof(EndpointOperationStats, conflicts), 1);
	write_counter(out, "dynapg_request_bytes_total", "Bytes of request bodies.",
				  offsetof(EndpointOperationStats, bytes_in), 1);
	write_counter(out, "dynapg_response_bytes_total", "Bytes of response bodies.",
				  offsetof(EndpointOperationStats, bytes_out), 1);
	write_counter(out, "dynapg_consumed_read_capacity_units_total", "Read capacity units consumed.",
				  offsetof(EndpointOperationStats, read_microunits), 1e6);
	write_counter(out, "dynapg_consumed_write_capacity_units_total", "Write capacity units consumed.",
				  offsetof(EndpointOperationStats, write_microunits), 1e6);
	appendStringInfoString(out, "# HELP dynapg_request_duration_seconds Time from a request's first byte to its answer.\n"
						   "# TYPE dynapg_request_duration_seconds histogram\n");
	for (int i = 0; i < endpoint->operation_count(); i++)
		if (sum_of(OPERATION_OFFSET(i, calls)) > 0)
			write_latency(out, i);
	endpoint->write_metrics(out);
	endpoint->write_event_metrics(out);
	endpoint->write_trace_metrics(out);
}
