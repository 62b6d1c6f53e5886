-- The Streams API.

CREATE FUNCTION @extschema@.dynamo_describe_stream(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_stream' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_stream(jsonb) IS 'DescribeStream: describes a stream and its shards';

CREATE FUNCTION @extschema@.dynamo_get_records(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_get_records' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_get_records(jsonb) IS 'GetRecords: reads records of a shard behind an iterator';

CREATE FUNCTION @extschema@.dynamo_get_shard_iterator(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_get_shard_iterator' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_get_shard_iterator(jsonb) IS 'GetShardIterator: gives an iterator for a position in a shard';

CREATE FUNCTION @extschema@.dynamo_list_streams(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_streams' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_streams(jsonb) IS 'ListStreams: lists streams, in pages';
