/*
 * settings.h
 *		Settings (dynapg.*) that more than one room reads.
 */
#ifndef DYNAPG_SETTINGS_H
#define DYNAPG_SETTINGS_H

extern char *dynapg_region;		/* dynapg.region, in ARNs: us-east-1 */
extern char *dynapg_account_id; /* dynapg.account_id, in ARNs: 12 digits */
extern int	dynapg_control_plane_delay; /* dynapg.control_plane_delay, milliseconds: how long CREATING and the like stay visible */
extern bool dynapg_consistent_gsi_reads;	/* dynapg.consistent_gsi_reads: ConsistentRead on a global index is taken */
extern int	dynapg_item_collection_limit;	/* dynapg.item_collection_limit, kB: of tables with local indexes; 0: none */

extern int	dynapg_lock_timeout;	/* dynapg.lock_timeout, milliseconds: of endpoint requests and of transactions */

extern int	dynapg_stream_retention;	/* dynapg.stream_retention, seconds: how long records of streams are kept */
extern int	dynapg_stream_shards;	/* dynapg.stream_shards: shards of new streams */
extern int	dynapg_stream_hold_warning; /* dynapg.stream_hold_warning, seconds: when the keeper warns of who holds streams back; 0: never */
extern char *dynapg_notify_channel; /* dynapg.notify_channel: where the keeper tells of new records; empty: nowhere */

extern int	dynapg_expire_interval; /* dynapg.expire_interval, seconds: how often the keeper removes expired items; 0: never */
extern int	dynapg_keeper_interval; /* dynapg.keeper_interval, seconds: how often the launcher starts keepers of databases with work; 0: never */
extern int	dynapg_transfer_workers;	/* dynapg.transfer_workers: processes of transfers at work at once, in a database */
extern int	dynapg_event_workers;	/* dynapg.event_workers: processes of mappings to destinations inside of a database, in each */
extern int	dynapg_event_connections;	/* dynapg.event_connections: requests of the courier to one place at once */
extern int	dynapg_event_memory;	/* dynapg.event_memory, kB: of what the courier has on its way */
extern char *dynapg_event_hosts;	/* dynapg.event_hosts: where the courier's requests may go (out/guard.h) */
extern char *dynapg_kinesis_endpoint;	/* dynapg.kinesis_endpoint: URL of the service of Kinesis streaming destinations; empty: there is none */
extern int	dynapg_event_timeout;	/* dynapg.event_timeout, milliseconds: how long a SQL function may take for a batch; 0: for ever */
extern int	dynapg_export_file_size;	/* dynapg.export_file_size, kB: of an export's data files, before compression, about */

extern int	dynapg_time_to_live_interval;	/* dynapg.time_to_live_interval, seconds: between two UpdateTimeToLive of a table */

/* Set by superusers only; empty: not set. */
extern char *dynapg_export_directory;	/* dynapg.export_directory, whose folders are buckets */
extern char *dynapg_s3_endpoint;	/* dynapg.s3_endpoint: where all other buckets are */
extern char *dynapg_s3_region;	/* dynapg.s3_region; empty: dynapg.region */
extern bool dynapg_s3_path_style;	/* dynapg.s3_path_style: the bucket stands in the path, not in the host */
extern char *dynapg_out_ca_file;	/* dynapg.out_ca_file: who vouches for servers; empty: the system's */
extern char *dynapg_copy_hosts; /* dynapg.copy_hosts: which endpoints copies may reach; empty: none */

typedef enum AuditLevel
{
	AUDIT_OFF,
	AUDIT_CONTROL,				/* management events, and requests that were refused */
	AUDIT_DATA					/* data events as well */
} AuditLevel;

/* Set by superusers only; see op/audit.h. */
extern int	dynapg_audit;		/* dynapg.audit, an AuditLevel: which events are written */
extern bool dynapg_audit_keys;	/* dynapg.audit_keys: with the values of keys */
extern bool dynapg_audit_to_table;	/* dynapg.audit_destination: to dynapg.audit_events; else to the server's log */
extern int	dynapg_audit_retention;	/* dynapg.audit_retention, seconds: how long they are kept there; 0: for ever */
extern char *dynapg_audit_marker;	/* dynapg.audit_marker: what stands before them in the log */

extern bool dynapg_metrics;		/* dynapg.metrics: requests are counted by table and operation */
extern int	dynapg_metrics_entries; /* dynapg.metrics_entries: tables, indexes and operations that are counted at once */
extern bool dynapg_metrics_by_table;	/* dynapg.metrics_by_table: /metrics tells of tables */
extern bool dynapg_metrics_history; /* dynapg.metrics_history: the keeper writes dynapg.metrics */
extern int	dynapg_metrics_retention;	/* dynapg.metrics_retention, seconds: how long it keeps them; 0: for ever */

extern void settings_init(void);

#endif							/* DYNAPG_SETTINGS_H */
