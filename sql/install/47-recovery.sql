-- Point-in-time recovery.

CREATE FUNCTION @extschema@.dynamo_update_continuous_backups(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_continuous_backups' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_continuous_backups(jsonb) IS 'UpdateContinuousBackups: switches point-in-time recovery of a table on or off';

CREATE FUNCTION @extschema@.dynamo_restore_table_to_point_in_time(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_restore_table_to_point_in_time' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_restore_table_to_point_in_time(jsonb) IS
	'RestoreTableToPointInTime: makes a table with the items that another one had at a time';
