-- The API: one function for each DynamoDB operation, request and response as DynamoDB JSON.
-- Every error is an exception of the service (docs/errors.md).

CREATE FUNCTION @extschema@.dynamo_create_table(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_create_table' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_create_table(jsonb) IS 'CreateTable: creates a table';

CREATE FUNCTION @extschema@.dynamo_delete_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_delete_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_delete_item(jsonb) IS 'DeleteItem: deletes the item under a key';

CREATE FUNCTION @extschema@.dynamo_delete_table(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_delete_table' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_delete_table(jsonb) IS 'DeleteTable: drops a table and its items';

CREATE FUNCTION @extschema@.dynamo_describe_continuous_backups(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_continuous_backups' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_continuous_backups(jsonb) IS 'DescribeContinuousBackups: tells whether a table can be restored to points in time';

CREATE FUNCTION @extschema@.dynamo_describe_endpoints(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_endpoints' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_endpoints(jsonb) IS 'DescribeEndpoints: tells the endpoint';

CREATE FUNCTION @extschema@.dynamo_describe_limits(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_limits' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_limits(jsonb) IS 'DescribeLimits: tells the account limits';

CREATE FUNCTION @extschema@.dynamo_describe_table(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_table' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_table(jsonb) IS 'DescribeTable: describes a table';

CREATE FUNCTION @extschema@.dynamo_describe_time_to_live(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_time_to_live' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_time_to_live(jsonb) IS 'DescribeTimeToLive: tells whether items of a table expire';

CREATE FUNCTION @extschema@.dynamo_get_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_get_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_get_item(jsonb) IS 'GetItem: reads the item under a key';

CREATE FUNCTION @extschema@.dynamo_list_tables(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_tables' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_tables(jsonb) IS 'ListTables: lists the names of tables, in pages';

CREATE FUNCTION @extschema@.dynamo_put_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_put_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_put_item(jsonb) IS 'PutItem: puts an item in the place of the one with its key, if any';

CREATE FUNCTION @extschema@.dynamo_update_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_item(jsonb) IS 'UpdateItem: changes attributes of an item, and creates it if there is none';

CREATE FUNCTION @extschema@.dynamo_update_table(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_table' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_table(jsonb) IS 'UpdateTable: changes the settings of a table';

CREATE FUNCTION @extschema@.dynamo_update_time_to_live(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_time_to_live' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_time_to_live(jsonb) IS 'UpdateTimeToLive: has items of a table expire, or no longer';

CREATE FUNCTION @extschema@.dynamo_batch_get_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_batch_get_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_batch_get_item(jsonb) IS 'BatchGetItem: reads items of several tables by their keys';

CREATE FUNCTION @extschema@.dynamo_batch_write_item(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_batch_write_item' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_batch_write_item(jsonb) IS 'BatchWriteItem: puts and deletes items of several tables';

CREATE FUNCTION @extschema@.dynamo_query(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_query' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_query(jsonb) IS 'Query: reads a page of the items of one partition';

CREATE FUNCTION @extschema@.dynamo_scan(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_scan' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_scan(jsonb) IS 'Scan: reads a page of the items of a table or of one segment of it';
