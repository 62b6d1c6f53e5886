package DynapgStream;

# SQL that tests of streams share.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(create_stream stream_functions);

# Makes a table (id N) with a stream.
sub create_stream
{
	my ($table, $view) = @_;

	$view //= 'NEW_IMAGE';
	return qq{SELECT dynamo_create_table('{"TableName": "$table", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "$view"}}');};
}

# Functions for a database: put(table, id); stream(table), the description of its latest one; iterator(table, type, members), of the last
# shard; ids(iterator), the ids of its records, and what follows them.
sub stream_functions
{
	return q{
CREATE FUNCTION put(name text, id int) RETURNS void LANGUAGE sql AS $$ SELECT FROM dynapg.put(name, jsonb_build_object('id', id)) $$;
CREATE FUNCTION stream(name text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', dynamo_list_streams(jsonb_build_object('TableName', name)) #> '{Streams,-1,StreamArn}')) -> 'StreamDescription'
$$;
CREATE FUNCTION iterator(name text, type text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', s -> 'StreamArn', 'ShardId', s #> '{Shards,-1,ShardId}', 'ShardIteratorType', type) || members) ->> 'ShardIterator' FROM stream(name) s
$$;
CREATE FUNCTION ids(iterator text, OUT ids text, OUT next text) LANGUAGE sql AS $$
	SELECT array_to_string(ARRAY(SELECT r #>> '{dynamodb,Keys,id,N}' FROM jsonb_array_elements(page -> 'Records') r), ','), page ->> 'NextShardIterator'
	FROM dynamo_get_records(jsonb_build_object('ShardIterator', iterator)) page
$$;
};
}

1;
