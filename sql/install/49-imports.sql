-- ImportTable, StartBulkPutItems and their sisters.

CREATE FUNCTION @extschema@.dynamo_import_table(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_import_table' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_import_table(jsonb) IS 'ImportTable: makes a table of the objects of a bucket';

CREATE FUNCTION @extschema@.dynamo_describe_import(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_import' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_import(jsonb) IS 'DescribeImport: describes an import';

CREATE FUNCTION @extschema@.dynamo_list_imports(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_imports' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_imports(jsonb) IS 'ListImports: lists imports, in pages';

CREATE FUNCTION @extschema@.dynamo_start_bulk_put_items(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_start_bulk_put_items' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_start_bulk_put_items(jsonb) IS 'StartBulkPutItems: puts the items of a bucket''s objects into a table';

CREATE FUNCTION @extschema@.dynamo_describe_bulk_operation(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_bulk_operation' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_bulk_operation(jsonb) IS 'DescribeBulkOperation: describes a bulk operation';

CREATE FUNCTION @extschema@.dynamo_list_bulk_operations(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_bulk_operations' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_bulk_operations(jsonb) IS 'ListBulkOperations: lists bulk operations, in pages';

CREATE FUNCTION @extschema@.dynamo_cancel_bulk_operation(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_cancel_bulk_operation' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_cancel_bulk_operation(jsonb) IS 'CancelBulkOperation: ends a bulk operation; what it has put stays';
