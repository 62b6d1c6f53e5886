CREATE FUNCTION @extschema@.dynamo_list_tags_of_resource(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_tags_of_resource' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_tags_of_resource(jsonb) IS 'ListTagsOfResource: lists the tags of a table';

CREATE FUNCTION @extschema@.dynamo_tag_resource(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_tag_resource' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_tag_resource(jsonb) IS 'TagResource: gives a table tags, or tags that it has other values';

CREATE FUNCTION @extschema@.dynamo_untag_resource(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_untag_resource' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_untag_resource(jsonb) IS 'UntagResource: takes tags away from a table';
