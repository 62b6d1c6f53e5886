/*
 * endpoint_settings.c
 *		The settings of the HTTP endpoint.
 */
#include "postgres.h"

#include <limits.h>

#include "datatype/timestamp.h"
#include "utils/guc.h"

#include "api/endpoint_settings.h"
#include "base/settings.h"

static EndpointSettings settings;

static const struct config_enum_entry tls_versions[] = {
	{"TLSv1.2", ENDPOINT_TLS_1_2, false},
	{"TLSv1.3", ENDPOINT_TLS_1_3, false},
	{NULL, 0, false}
};

const EndpointSettings *
endpoint_define_settings(void)
{
	settings.lock_timeout = &dynapg_lock_timeout;
	DefineCustomStringVariable("dynapg.listen_addresses",
							   "Addresses that the HTTP endpoint listens on, separated by commas.", NULL,
							   &settings.listen_addresses, "localhost", PGC_POSTMASTER, GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.port",
							"TCP port of the HTTP endpoint, where dynapg.databases gives none.", NULL,
							&settings.port, 8000, 1, 65535, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.workers",
							"Processes that serve each database's endpoint.", NULL,
							&settings.workers, 2, 1, 32, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.databases",
							   "Databases with an HTTP endpoint, separated by commas: database or database:port.",
							   "Empty: there is no endpoint.",
							   &settings.databases, "", PGC_SIGHUP, GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.statement_timeout",
							"How long a request of the HTTP endpoint may take; 0 means for ever.", NULL,
							&settings.statement_timeout, 30000, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.max_body_size",
							"Largest body of a request, before and after decompression.", NULL,
							&settings.max_body_size, 16 * 1024 * 1024, 1024, 1024 * 1024 * 1024 - 1, PGC_SIGHUP,
							GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.max_connections",
							"Open connections that each worker of the HTTP endpoint accepts.", NULL,
							&settings.max_connections, 1000, 1, 100000, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.idle_timeout",
							"How long a connection of the HTTP endpoint may be silent.", NULL,
							&settings.idle_timeout, 60, 1, 3600, PGC_POSTMASTER, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.receive_timeout",
							"How long a client of the HTTP endpoint may take to send a request; 0 means for ever.", NULL,
							&settings.receive_timeout, 60, 0, 3600, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.worker_memory",
							"Memory at which a worker of the HTTP endpoint finishes what it has and is replaced.", NULL,
							&settings.worker_memory, 1024 * 1024, 64 * 1024, MAX_KILOBYTES, PGC_SIGHUP, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.receive_memory",
							"Memory of a worker of the HTTP endpoint for large bodies of requests that are not answered yet.",
							"0: a quarter of dynapg.worker_memory.",
							&settings.receive_memory, 0, 0, MAX_KILOBYTES, PGC_SIGHUP, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.log_min_duration",
							"Requests of the HTTP endpoint that take at least so long are logged; -1: none.", NULL,
							&settings.log_min_duration, -1, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.developer_mode",
							 "The HTTP endpoint accepts any access key, from this machine only.",
							 "Requests with a key that dynapg does not know run as the database's owner.",
							 &settings.developer_mode, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.console",
							 "The HTTP endpoint has a console for people, at /console.", NULL,
							 &settings.console, false, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.console_hosts",
							   "Hosts, or host:port, by which browsers ask for the console through a proxy that speaks TLS.",
							   "Without TLS, the console is for requests to localhost and to these only.",
							   &settings.console_hosts, "", PGC_SIGHUP, GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.console_timeout",
							"How long a session of the console may rest before it ends.", NULL,
							&settings.console_timeout, 1800, 1, 12 * SECS_PER_HOUR, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.ssl_cert_file",
							   "Certificate file of the HTTP endpoint; with it, the endpoint speaks TLS only.", NULL,
							   &settings.ssl_cert_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.ssl_key_file",
							   "Key file of the HTTP endpoint's certificate.", NULL,
							   &settings.ssl_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	DefineCustomEnumVariable("dynapg.ssl_min_protocol_version",
							 "Oldest version of TLS that the HTTP endpoint speaks.", NULL,
							 &settings.ssl_min_protocol_version, ENDPOINT_TLS_1_2, tls_versions, PGC_SIGHUP,
							 GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
	return &settings;
}
