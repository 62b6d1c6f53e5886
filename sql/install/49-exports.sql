-- The API of exports.

CREATE FUNCTION @extschema@.dynamo_describe_export(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_export' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_export(jsonb) IS 'DescribeExport: describes an export';

CREATE FUNCTION @extschema@.dynamo_export_table_to_point_in_time(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_export_table_to_point_in_time' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_export_table_to_point_in_time(jsonb) IS
	'ExportTableToPointInTime: writes the items that a table had at a time, or what has changed in a period, to a bucket';

CREATE FUNCTION @extschema@.dynamo_list_exports(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_exports' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_exports(jsonb) IS 'ListExports: lists exports, in pages';
