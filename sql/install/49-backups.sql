-- The API of backups.

CREATE FUNCTION @extschema@.dynamo_create_backup(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_create_backup' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_create_backup(jsonb) IS 'CreateBackup: backs a table up, at one instant';

CREATE FUNCTION @extschema@.dynamo_delete_backup(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_delete_backup' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_delete_backup(jsonb) IS 'DeleteBackup: deletes a backup';

CREATE FUNCTION @extschema@.dynamo_describe_backup(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_backup' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_backup(jsonb) IS 'DescribeBackup: describes a backup and the table that it is of';

CREATE FUNCTION @extschema@.dynamo_list_backups(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_backups' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_backups(jsonb) IS 'ListBackups: lists backups, in pages';

CREATE FUNCTION @extschema@.dynamo_restore_table_from_backup(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_restore_table_from_backup' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_restore_table_from_backup(jsonb) IS 'RestoreTableFromBackup: creates a table with the items of a backup';
