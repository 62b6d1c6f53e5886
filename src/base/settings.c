/*
 * settings.c
 *		Settings (dynapg.*) that more than one room reads.  A setting of one room lives in that room.
 */
#include "postgres.h"

#include <ctype.h>
#include <limits.h>

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "base/settings.h"
#include "base/url.h"

char	   *dynapg_region;
char	   *dynapg_account_id;
int			dynapg_control_plane_delay;
int			dynapg_lock_timeout;
bool		dynapg_consistent_gsi_reads;
int			dynapg_item_collection_limit;
int			dynapg_stream_retention;
int			dynapg_stream_shards;
int			dynapg_stream_hold_warning;
char	   *dynapg_notify_channel;
int			dynapg_expire_interval;
int			dynapg_time_to_live_interval;
int			dynapg_keeper_interval;
int			dynapg_transfer_workers;
int			dynapg_event_workers;
int			dynapg_event_timeout;
int			dynapg_event_connections;
int			dynapg_event_memory;
char	   *dynapg_event_hosts;
char	   *dynapg_kinesis_endpoint;
int			dynapg_export_file_size;
char	   *dynapg_export_directory;
char	   *dynapg_s3_endpoint;
char	   *dynapg_s3_region;
bool		dynapg_s3_path_style;
char	   *dynapg_out_ca_file;
char	   *dynapg_copy_hosts;
int			dynapg_audit;
bool		dynapg_audit_keys;
bool		dynapg_audit_to_table;
int			dynapg_audit_retention;
char	   *dynapg_audit_marker;
bool		dynapg_metrics;
int			dynapg_metrics_entries;
bool		dynapg_metrics_by_table;
bool		dynapg_metrics_history;
int			dynapg_metrics_retention;

static int	audit_destination;

static const struct config_enum_entry audit_levels[] = {
	{"off", AUDIT_OFF, false},
	{"control", AUDIT_CONTROL, false},
	{"data", AUDIT_DATA, false},
	{NULL, 0, false}
};

static const struct config_enum_entry audit_destinations[] = {
	{"log", false, false},
	{"table", true, false},
	{NULL, 0, false}
};

/* What NOTIFY would refuse. */
static bool
check_channel(char **value, void **extra, GucSource source)
{
	if (strlen(*value) < NAMEDATALEN)
		return true;
	GUC_check_errdetail("A channel's name has less than %d bytes.", NAMEDATALEN);
	return false;
}

/* Regions and account numbers stand in ARNs, where colons and slashes separate. */
static bool
check_region(char **value, void **extra, GucSource source)
{
	int			len = strlen(*value);

	if (len == 0 || len > 63 || strspn(*value, "abcdefghijklmnopqrstuvwxyz0123456789-") != (size_t) len)
	{
		GUC_check_errdetail("A region has lower-case letters, digits and hyphens.");
		return false;
	}
	return true;
}

static bool
check_account_id(char **value, void **extra, GucSource source)
{
	if (strlen(*value) != 12 || strspn(*value, "0123456789") != 12)
	{
		GUC_check_errdetail("An account number has 12 digits.");
		return false;
	}
	return true;
}

/* Empty, or a path from the root. */
static bool
check_absolute_path(char **value, void **extra, GucSource source)
{
	if ((*value)[0] == '\0' || is_absolute_path(*value))
		return true;
	GUC_check_errdetail("It is a path that begins with a slash.");
	return false;
}

static bool
check_s3_region(char **value, void **extra, GucSource source)
{
	return (*value)[0] == '\0' || check_region(value, extra, source);
}

/* Empty, or the URL of a server. */
static bool
check_s3_endpoint(char **value, void **extra, GucSource source)
{
	if ((*value)[0] == '\0' || url_is_server(*value))
		return true;
	GUC_check_errdetail("It is a URL of http or https, a host and perhaps a port, without a path.");
	return false;
}

/* Where exports, imports and bulk puts find their buckets. */
static void
define_bucket_settings(void)
{
	DefineCustomStringVariable("dynapg.export_directory",
							   "Folder whose folders are buckets for exports, imports and bulk puts.",
							   "Empty: there are none.",
							   &dynapg_export_directory,
							   "",
							   PGC_SUSET, 0,
							   check_absolute_path, NULL, NULL);
	DefineCustomStringVariable("dynapg.s3_endpoint",
							   "URL of the S3 service that has all other buckets.",
							   "Empty: there are none.",
							   &dynapg_s3_endpoint,
							   "",
							   PGC_SUSET, 0,
							   check_s3_endpoint, NULL, NULL);
	DefineCustomStringVariable("dynapg.s3_region",
							   "Region of the S3 service, which requests are signed for.",
							   "Empty: dynapg.region.",
							   &dynapg_s3_region,
							   "",
							   PGC_SUSET, 0,
							   check_s3_region, NULL, NULL);
	DefineCustomBoolVariable("dynapg.s3_path_style",
							 "Whether a bucket stands in the path of a request to S3, and not in its host.",
							 NULL,
							 &dynapg_s3_path_style,
							 true,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.out_ca_file",
							   "File with the certificate authorities that servers of HTTPS requests are verified by.",
							   "Empty: those of the system.",
							   &dynapg_out_ca_file,
							   "",
							   PGC_SUSET, 0,
							   check_absolute_path, NULL, NULL);
}

/* One line of printable ASCII: it stands before events in the log. */
static bool
check_marker(char **value, void **extra, GucSource source)
{
	for (const char *c = *value; *c; c++)
		if (*c < ' ' || *c > '~')
		{
			GUC_check_errdetail("A marker has printable characters of ASCII.");
			return false;
		}
	return true;
}

static void
assign_destination(int value, void *extra)
{
	dynapg_audit_to_table = value != 0;
}

/* Which events of the audit there are, and where to. */
static void
define_audit_settings(void)
{
	DefineCustomEnumVariable("dynapg.audit",
							 "Which requests are audited.",
							 "off: none. control: management events and requests that were refused. data: data events as well.",
							 &dynapg_audit,
							 AUDIT_OFF, audit_levels,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.audit_keys",
							 "Whether events of the audit have the values of keys; else their names only.",
							 NULL,
							 &dynapg_audit_keys,
							 true,
							 PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomEnumVariable("dynapg.audit_destination",
							 "Where events of the audit go: the server's log, or the table dynapg.audit_events.",
							 NULL,
							 &audit_destination,
							 false, audit_destinations,
							 PGC_SIGHUP, 0,
							 NULL, assign_destination, NULL);
	DefineCustomIntVariable("dynapg.audit_retention",
							"How long events of the audit are kept in dynapg.audit_events.",
							"0: for ever.",
							&dynapg_audit_retention,
							90 * SECS_PER_DAY, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.audit_marker",
							   "What stands before an event of the audit in the server's log.",
							   "Whoever may run SQL can write to the log, too; but not what only its readers know.",
							   &dynapg_audit_marker,
							   "dynapg audit: ",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_marker, NULL, NULL);
}

/* What is counted, and its history. */
static void
define_metrics_settings(void)
{
	DefineCustomBoolVariable("dynapg.metrics",
							 "Whether requests and what they consume are counted by table, index and operation.",
							 "In shared memory, where dynapg is in shared_preload_libraries.",
							 &dynapg_metrics,
							 true,
							 PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress)
		DefineCustomIntVariable("dynapg.metrics_entries",
								"For how many tables, indexes, and operations of tables there is room in shared memory.",
								"Those that have not been used for the longest time make room for others. Each takes about 1.5 kB.",
								&dynapg_metrics_entries,
								2000, 100, 1000000,
								PGC_POSTMASTER, 0,
								NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.metrics_by_table",
							 "Whether /metrics of the endpoint tells of tables, indexes and their operations.",
							 "Whoever reaches the port may read it, and learns their names.",
							 &dynapg_metrics_by_table,
							 false,
							 PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.metrics_history",
							 "Whether metrics are kept by the minute in dynapg.metrics.",
							 "They are counted in shared memory, where dynapg is in shared_preload_libraries.",
							 &dynapg_metrics_history,
							 false,
							 PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.metrics_retention",
							"How long metrics are kept in dynapg.metrics.",
							"0: for ever.",
							&dynapg_metrics_retention,
							15 * SECS_PER_DAY, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
}

/* What the courier sends, and where it may go. */
static void
define_courier_settings(void)
{
	DefineCustomStringVariable("dynapg.event_hosts",
							   "Hosts that events may be sent to: host or host:port, separated by commas.",
							   "A host may begin with *. for all names below one. Addresses of this machine and of private networks are reached by "
							   "names that are given whole. Empty: none may be reached.",
							   &dynapg_event_hosts,
							   "",
							   PGC_SIGHUP, 0,
							   NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.event_connections",
							"How many requests with events are on their way at once to one host and port.",
							NULL,
							&dynapg_event_connections,
							10, 1, 1000,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.event_memory",
							"How much of events is on its way at once from a database, about.",
							"A quarter of it to one host and port; one request always may be.",
							&dynapg_event_memory,
							64 * 1024, 1024, 4 * 1024 * 1024,
							PGC_SIGHUP, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.kinesis_endpoint",
							   "URL of the service that has the streams of Kinesis streaming destinations.",
							   "Empty: no stream is found.",
							   &dynapg_kinesis_endpoint,
							   "",
							   PGC_SIGHUP, 0,
							   check_s3_endpoint, NULL, NULL);
}

void
settings_init(void)
{
	/* Access policies name resources by these two: who could set them would be denied nothing. */
	DefineCustomStringVariable("dynapg.region",
							   "Region in the ARNs that dynapg gives and takes.",
							   NULL,
							   &dynapg_region,
							   "us-east-1",
							   PGC_SUSET, 0,
							   check_region, NULL, NULL);
	DefineCustomStringVariable("dynapg.account_id",
							   "Account number in the ARNs that dynapg gives and takes.",
							   NULL,
							   &dynapg_account_id,
							   "000000000000",
							   PGC_SUSET, 0,
							   check_account_id, NULL, NULL);
	DefineCustomIntVariable("dynapg.control_plane_delay",
							"How long the statuses CREATING, UPDATING and DELETING stay visible.",
							"0: a table is ACTIVE, changed or gone at once.",
							&dynapg_control_plane_delay,
							0, 0, 3600 * 1000,
							PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomBoolVariable("dynapg.consistent_gsi_reads",
							 "Whether a Query or Scan of a global secondary index may ask for ConsistentRead.",
							 "The service refuses it. dynapg's indexes are exact at every commit.",
							 &dynapg_consistent_gsi_reads,
							 false,
							 PGC_USERSET, 0,
							 NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.item_collection_limit",
							"Largest item collection of a table with local secondary indexes.",
							"0: no limit.",
							&dynapg_item_collection_limit,
							10 * 1024 * 1024, 0, PG_INT32_MAX,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.lock_timeout",
							"How long a request of the HTTP endpoint, or a transaction, waits for a lock.",
							"It is a TransactionConflict then, and of tables ResourceInUseException.",
							&dynapg_lock_timeout,
							1000, 1, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.stream_retention",
							"How long records of streams are kept.",
							"Read by the keeper; the service keeps them for 24 hours.",
							&dynapg_stream_retention,
							SECS_PER_DAY, 1, 365 * SECS_PER_DAY,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.stream_shards",
							"Number of shards of streams that are enabled from now on.",
							"dynapg.set_stream_shards() changes it for a table.",
							&dynapg_stream_shards,
							1, 1, 16,
							PGC_USERSET, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.stream_hold_warning",
							"The keeper warns of transactions that have held back a stream for so long.",
							"0: never.",
							&dynapg_stream_hold_warning,
							SECS_PER_HOUR, 0, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.notify_channel",
							   "Channel on which the keeper notifies of streams that have new records.",
							   "The payload is the stream's ARN. Empty: it does not.",
							   &dynapg_notify_channel,
							   "",
							   PGC_SIGHUP, 0,
							   check_channel, NULL, NULL);
	DefineCustomIntVariable("dynapg.expire_interval",
							"How often the keeper looks for items that have expired.",
							"0: never; dynapg.expire_items() removes them.",
							&dynapg_expire_interval,
							10, 0, 24 * 3600,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.time_to_live_interval",
							"How long after UpdateTimeToLive has changed a table another change is refused.",
							"0: it is not. The service refuses it for about half an hour.",
							&dynapg_time_to_live_interval,
							0, 0, 24 * 3600,
							PGC_USERSET, GUC_UNIT_S,
							NULL, NULL, NULL);
	define_bucket_settings();
	define_courier_settings();
	DefineCustomIntVariable("dynapg.transfer_workers",
							"How many exports, imports, bulk puts and copies work at once in a database; others wait.",
							"Each is a background worker, of which max_worker_processes are for all purposes.",
							&dynapg_transfer_workers,
							4, 1, 1000,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.keeper_interval",
							"How often work is looked after in a database that nobody is connected to.",
							"0: only while somebody is. Needs dynapg in shared_preload_libraries.",
							&dynapg_keeper_interval,
							60, 0, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.event_workers",
							"How many processes of a database call SQL functions and other destinations inside of it for event source mappings.",
							"Each is a background worker, of which max_worker_processes are for all purposes, and there while a mapping is enabled.",
							&dynapg_event_workers,
							2, 1, 100,
							PGC_SIGHUP, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.event_timeout",
							"How long a SQL function of an event source mapping may take for a batch.",
							"0: for ever. One that takes longer is canceled, which is a failure of the batch.",
							&dynapg_event_timeout,
							60 * 1000, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomIntVariable("dynapg.export_file_size",
							"The size of an export's data files before compression, about.",
							"It decides how many there are, at most 4096.",
							&dynapg_export_file_size,
							64 * 1024, 64, 4 * 1024 * 1024,
							PGC_SUSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.copy_hosts",
							   "Endpoints that copies may reach: host or host:port, separated by commas.",
							   "A host may begin with *. for all names below one. Addresses of this machine and of private networks are reached by "
							   "names that are given whole. Empty: none may be reached.",
							   &dynapg_copy_hosts,
							   "",
							   PGC_SIGHUP, 0,
							   NULL, NULL, NULL);
	define_audit_settings();
	define_metrics_settings();
}
