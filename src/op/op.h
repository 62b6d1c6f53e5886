/*
 * op.h
 *		The operations: request in, response out.
 *
 * An operation is one function of a request (read and constraint-checked by request_read) and a writer.  The
 * doors find it by the operation's index in the model (OPERATION_PutItem).
 */
#ifndef DYNAPG_OP_H
#define DYNAPG_OP_H

#include "catalog/tables.h"
#include "op/audit.h"
#include "op/request.h"

/*
 * Executes an operation and writes its response, a JSON object; nothing at all if its answer has
 * an empty body.
 */
typedef void (*OperationFunction) (const RequestValue *request, WireWriter *response);

/*
 * Set by reads that were not asked to be consistent: their answers may show what is not durable yet.  Whoever runs
 * operations sets it to false before.
 */
extern bool op_eventual_read;

/*
 * Set by who runs operations and keeps their answers until all that they may show is durable, but for eventual reads.  Else operations whose
 * answers must be (stream_make_answer_durable) wait themselves.
 */
extern bool op_answer_waits;

/*
 * Capacity units that the operation which ran last has consumed, whether its caller asked or not.  Whoever runs operations sets them to
 * 0 before.
 */
extern double op_read_units;
extern double op_write_units;

/* Set meanwhile by who looks at them afterwards: of functions that return rows they are made for him, the meter and traces only. */
extern bool op_units_are_wanted;

/*
 * The role that called the operation that runs.  The current user is another one, the owner of what it is about, where only a policy allows it
 * (op/authorize.h).  InvalidOid: none runs.
 */
extern Oid	op_role;

/* The function of an operation, NULL if dynapg has none (UnknownOperationException). */
extern OperationFunction op_function(int operation);

/*
 * Calls a function as an operation: audited, metered (so that it is throttled and counted), with dyn_operation (base/error.h) and op_role set
 * meanwhile.  carry() asks itself whether the caller may do what it does.  response: audit_begin()'s.
 */
typedef void (*OperationCarrier) (AuditCall *audit, void *argument);
extern void op_call(int operation, WireWriter *response, OperationCarrier carry, void *argument);

/*
 * The same for what such a function does later, when more of its rows are asked for: metered as another request, as the service's next page is, but the audit
 * has had its event (audit: NULL).
 */
extern void op_call_again(int operation, OperationCarrier carry, void *argument);

/*
 * Runs an operation, which dynapg has: reads the request, asks whether the current user may (op/authorize.h), executes it, in his name or in that of
 * whoever's it is, writes the response; sets dyn_operation (base/error.h) meanwhile.
 */
extern void op_run(int operation, WireReader *reader, WireWriter *response);

extern void op_put_item(const RequestValue *request, WireWriter *response);
extern void op_get_item(const RequestValue *request, WireWriter *response);
extern void op_delete_item(const RequestValue *request, WireWriter *response);
extern void op_update_item(const RequestValue *request, WireWriter *response);
extern void op_query(const RequestValue *request, WireWriter *response);
extern void op_scan(const RequestValue *request, WireWriter *response);
extern void op_batch_get_item(const RequestValue *request, WireWriter *response);
extern void op_batch_write_item(const RequestValue *request, WireWriter *response);
extern void op_transact_write_items(const RequestValue *request, WireWriter *response);
extern void op_transact_get_items(const RequestValue *request, WireWriter *response);
extern void op_execute_statement(const RequestValue *request, WireWriter *response);
extern void op_batch_execute_statement(const RequestValue *request, WireWriter *response);
extern void op_execute_transaction(const RequestValue *request, WireWriter *response);
extern void op_create_table(const RequestValue *request, WireWriter *response);
extern void op_describe_table(const RequestValue *request, WireWriter *response);
extern void op_list_tables(const RequestValue *request, WireWriter *response);
extern void op_update_table(const RequestValue *request, WireWriter *response);
extern void op_delete_table(const RequestValue *request, WireWriter *response);
extern void op_list_streams(const RequestValue *request, WireWriter *response);
extern void op_describe_stream(const RequestValue *request, WireWriter *response);
extern void op_get_shard_iterator(const RequestValue *request, WireWriter *response);
extern void op_get_records(const RequestValue *request, WireWriter *response);
extern void op_tag_resource(const RequestValue *request, WireWriter *response);
extern void op_untag_resource(const RequestValue *request, WireWriter *response);
extern void op_list_tags_of_resource(const RequestValue *request, WireWriter *response);
extern void op_describe_time_to_live(const RequestValue *request, WireWriter *response);
extern void op_update_time_to_live(const RequestValue *request, WireWriter *response);
extern void op_put_resource_policy(const RequestValue *request, WireWriter *response);
extern void op_get_resource_policy(const RequestValue *request, WireWriter *response);
extern void op_delete_resource_policy(const RequestValue *request, WireWriter *response);
extern void op_create_backup(const RequestValue *request, WireWriter *response);
extern void op_describe_backup(const RequestValue *request, WireWriter *response);
extern void op_list_backups(const RequestValue *request, WireWriter *response);
extern void op_restore_table_from_backup(const RequestValue *request, WireWriter *response);
extern void op_delete_backup(const RequestValue *request, WireWriter *response);
extern void op_describe_continuous_backups(const RequestValue *request, WireWriter *response);
extern void op_update_continuous_backups(const RequestValue *request, WireWriter *response);
extern void op_restore_table_to_point_in_time(const RequestValue *request, WireWriter *response);
extern void op_import_table(const RequestValue *request, WireWriter *response);
extern void op_describe_import(const RequestValue *request, WireWriter *response);
extern void op_list_imports(const RequestValue *request, WireWriter *response);
extern void op_start_bulk_put_items(const RequestValue *request, WireWriter *response);
extern void op_describe_bulk_operation(const RequestValue *request, WireWriter *response);
extern void op_list_bulk_operations(const RequestValue *request, WireWriter *response);
extern void op_cancel_bulk_operation(const RequestValue *request, WireWriter *response);
extern void op_export_table_to_point_in_time(const RequestValue *request, WireWriter *response);
extern void op_describe_export(const RequestValue *request, WireWriter *response);
extern void op_list_exports(const RequestValue *request, WireWriter *response);
extern void op_enable_kinesis_streaming_destination(const RequestValue *request, WireWriter *response);
extern void op_disable_kinesis_streaming_destination(const RequestValue *request, WireWriter *response);
extern void op_update_kinesis_streaming_destination(const RequestValue *request, WireWriter *response);
extern void op_describe_kinesis_streaming_destination(const RequestValue *request, WireWriter *response);
extern void op_update_contributor_insights(const RequestValue *request, WireWriter *response);
extern void op_describe_contributor_insights(const RequestValue *request, WireWriter *response);
extern void op_list_contributor_insights(const RequestValue *request, WireWriter *response);
extern void op_describe_table_replica_auto_scaling(const RequestValue *request, WireWriter *response);
extern void op_update_table_replica_auto_scaling(const RequestValue *request, WireWriter *response);
extern void op_describe_limits(const RequestValue *request, WireWriter *response);
extern void op_describe_endpoints(const RequestValue *request, WireWriter *response);

/*
 * The name of a table from a TableName member: the name itself, or the name in an ARN
 * (arn:aws:dynamodb:<region>:<account>:table/<name>).  *name_len gets its length.
 */
extern const char *op_table_name(const RequestValue *value, int *name_len);

/* The same for a name that stands elsewhere (a key of RequestItems). */
extern const char *op_table_name_of_text(const char *text, int len, int *name_len);
extern const TableInfo *op_data_table_of_text(const char *text, int len);

/* The same; NULL if there is no such table, or not now. */
extern const TableInfo *op_find_data_table(const char *text, int len);

/* The table of a data-plane request; ResourceNotFoundException while it is CREATING or DELETING, or missing. */
extern const TableInfo *op_data_table(const RequestValue *table_name);

#endif							/* DYNAPG_OP_H */
