/*
 * model_data.c
 *		The inputs of every API operation.  Made by tools/gen_model.py from the model in botocore 1.44.5;
 *		not to be edited.
 */
#include "postgres.h"

#include "op/model.h"
#include "op/model_data.h"

static const Shape shape_parti_ql_statement = {
	.name = "PartiQLStatement",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 8192,
};

static const Shape shape_attribute_value = {
	.name = "AttributeValue",
	.kind = SHAPE_ATTRIBUTE_VALUE,
};

static const Shape shape_prepared_statement_parameters = {
	.name = "PreparedStatementParameters",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_attribute_value,
};

static const Shape shape_consistent_read = {
	.name = "ConsistentRead",
	.kind = SHAPE_BOOLEAN,
};

static const char *const values_return_values_on_condition_check_failure[] = {
	"ALL_OLD",
	"NONE",
};

static const Shape shape_return_values_on_condition_check_failure = {
	.name = "ReturnValuesOnConditionCheckFailure",
	.kind = SHAPE_STRING,
	.enum_values = values_return_values_on_condition_check_failure,
	.n_enum_values = lengthof(values_return_values_on_condition_check_failure),
};

static const ShapeMember members_batch_statement_request[] = {
	{"Statement", "statement", &shape_parti_ql_statement, true},
	{"Parameters", "parameters", &shape_prepared_statement_parameters, false},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_batch_statement_request = {
	.name = "BatchStatementRequest",
	.kind = SHAPE_STRUCTURE,
	.members = members_batch_statement_request,
	.n_members = lengthof(members_batch_statement_request),
};

static const Shape shape_parti_ql_batch_request = {
	.name = "PartiQLBatchRequest",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 25,
	.element = &shape_batch_statement_request,
};

static const char *const values_return_consumed_capacity[] = {
	"INDEXES",
	"TOTAL",
	"NONE",
};

static const Shape shape_return_consumed_capacity = {
	.name = "ReturnConsumedCapacity",
	.kind = SHAPE_STRING,
	.enum_values = values_return_consumed_capacity,
	.n_enum_values = lengthof(values_return_consumed_capacity),
};

static const ShapeMember members_batch_execute_statement_input[] = {
	{"Statements", "statements", &shape_parti_ql_batch_request, true},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
};

static const Shape shape_batch_execute_statement_input = {
	.name = "BatchExecuteStatementInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_batch_execute_statement_input,
	.n_members = lengthof(members_batch_execute_statement_input),
};

static const Shape shape_table_name_or_arn = {
	.name = "TableNameOrArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
	.pattern = "[a-zA-Z0-9_.-]+",
};

static const Shape shape_key = {
	.name = "Key",
	.kind = SHAPE_ATTRIBUTE_MAP,
};

static const Shape shape_key_list = {
	.name = "KeyList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
	.element = &shape_key,
};

static const Shape shape_attribute_name = {
	.name = "AttributeName",
	.kind = SHAPE_STRING,
	.has_max = true,
	.max = 65535,
};

static const Shape shape_attribute_name_list = {
	.name = "AttributeNameList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_attribute_name,
};

static const Shape shape_projection_expression = {
	.name = "ProjectionExpression",
	.kind = SHAPE_STRING,
};

static const Shape shape_expression_attribute_name_variable = {
	.name = "ExpressionAttributeNameVariable",
	.kind = SHAPE_STRING,
};

static const Shape shape_expression_attribute_name_map = {
	.name = "ExpressionAttributeNameMap",
	.kind = SHAPE_MAP,
	.element = &shape_attribute_name,
	.key = &shape_expression_attribute_name_variable,
};

static const ShapeMember members_keys_and_attributes[] = {
	{"Keys", "Keys", &shape_key_list, true},
	{"AttributesToGet", "attributesToGet", &shape_attribute_name_list, false},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
};

static const Shape shape_keys_and_attributes = {
	.name = "KeysAndAttributes",
	.kind = SHAPE_STRUCTURE,
	.members = members_keys_and_attributes,
	.n_members = lengthof(members_keys_and_attributes),
};

static const Shape shape_batch_get_request_map = {
	.name = "BatchGetRequestMap",
	.kind = SHAPE_MAP,
	.has_min = true,
	.min = 1,
	.element = &shape_keys_and_attributes,
	.key = &shape_table_name_or_arn,
};

static const ShapeMember members_batch_get_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"RequestItems", "RequestItems", &shape_batch_get_request_map, true},
};

static const Shape shape_batch_get_item_input = {
	.name = "BatchGetItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_batch_get_item_input,
	.n_members = lengthof(members_batch_get_item_input),
};

static const char *const values_return_item_collection_metrics[] = {
	"SIZE",
	"NONE",
};

static const Shape shape_return_item_collection_metrics = {
	.name = "ReturnItemCollectionMetrics",
	.kind = SHAPE_STRING,
	.enum_values = values_return_item_collection_metrics,
	.n_enum_values = lengthof(values_return_item_collection_metrics),
};

static const ShapeMember members_delete_request[] = {
	{"Key", "key", &shape_key, true},
};

static const Shape shape_delete_request = {
	.name = "DeleteRequest",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_request,
	.n_members = lengthof(members_delete_request),
};

static const Shape shape_put_item_input_attribute_map = {
	.name = "PutItemInputAttributeMap",
	.kind = SHAPE_ATTRIBUTE_MAP,
};

static const ShapeMember members_put_request[] = {
	{"Item", "item", &shape_put_item_input_attribute_map, true},
};

static const Shape shape_put_request = {
	.name = "PutRequest",
	.kind = SHAPE_STRUCTURE,
	.members = members_put_request,
	.n_members = lengthof(members_put_request),
};

static const ShapeMember members_write_request[] = {
	{"DeleteRequest", "deleteRequest", &shape_delete_request, false},
	{"PutRequest", "putRequest", &shape_put_request, false},
};

static const Shape shape_write_request = {
	.name = "WriteRequest",
	.kind = SHAPE_STRUCTURE,
	.members = members_write_request,
	.n_members = lengthof(members_write_request),
};

static const Shape shape_write_requests = {
	.name = "WriteRequests",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 25,
	.element = &shape_write_request,
};

static const Shape shape_batch_write_item_request_map = {
	.name = "BatchWriteItemRequestMap",
	.kind = SHAPE_MAP,
	.element = &shape_write_requests,
	.key = &shape_table_name_or_arn,
};

static const ShapeMember members_batch_write_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"ReturnItemCollectionMetrics", "returnItemCollectionMetrics",
		&shape_return_item_collection_metrics, false},
	{"RequestItems", "requestItems", &shape_batch_write_item_request_map, true},
};

static const Shape shape_batch_write_item_input = {
	.name = "BatchWriteItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_batch_write_item_input,
	.n_members = lengthof(members_batch_write_item_input),
};

static const Shape shape_bulk_operation_arn = {
	.name = "BulkOperationArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 37,
	.has_max = true,
	.max = 1024,
};

static const ShapeMember members_cancel_bulk_operation_input[] = {
	{"BulkOperationArn", "bulkOperationArn", &shape_bulk_operation_arn, true},
};

static const Shape shape_cancel_bulk_operation_input = {
	.name = "CancelBulkOperationInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_cancel_bulk_operation_input,
	.n_members = lengthof(members_cancel_bulk_operation_input),
};

static const Shape shape_backup_name = {
	.name = "BackupName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 3,
	.has_max = true,
	.max = 255,
	.pattern = "[a-zA-Z0-9_.-]+",
};

static const ShapeMember members_create_backup_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"BackupName", "backupName", &shape_backup_name, true},
};

static const Shape shape_create_backup_input = {
	.name = "CreateBackupInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_backup_input,
	.n_members = lengthof(members_create_backup_input),
};

static const Shape shape_table_name = {
	.name = "TableName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 3,
	.has_max = true,
	.max = 255,
	.pattern = "[a-zA-Z0-9_.-]+",
};

static const Shape shape_region_name = {
	.name = "RegionName",
	.kind = SHAPE_STRING,
};

static const ShapeMember members_replica[] = {
	{"RegionName", "regionName", &shape_region_name, false},
};

static const Shape shape_replica = {
	.name = "Replica",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica,
	.n_members = lengthof(members_replica),
};

static const Shape shape_replica_list = {
	.name = "ReplicaList",
	.kind = SHAPE_LIST,
	.element = &shape_replica,
};

static const ShapeMember members_create_global_table_input[] = {
	{"GlobalTableName", "globalTableName", &shape_table_name, true},
	{"ReplicationGroup", "replicationGroup", &shape_replica_list, true},
};

static const Shape shape_create_global_table_input = {
	.name = "CreateGlobalTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_global_table_input,
	.n_members = lengthof(members_create_global_table_input),
};

static const char *const values_scalar_attribute_type[] = {
	"B",
	"N",
	"S",
};

static const Shape shape_scalar_attribute_type = {
	.name = "ScalarAttributeType",
	.kind = SHAPE_STRING,
	.enum_values = values_scalar_attribute_type,
	.n_enum_values = lengthof(values_scalar_attribute_type),
};

static const Shape shape_key_schema_attribute_name = {
	.name = "KeySchemaAttributeName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
};

static const ShapeMember members_attribute_definition[] = {
	{"AttributeType", "attributeType", &shape_scalar_attribute_type, true},
	{"AttributeName", "attributeName", &shape_key_schema_attribute_name, true},
};

static const Shape shape_attribute_definition = {
	.name = "AttributeDefinition",
	.kind = SHAPE_STRUCTURE,
	.members = members_attribute_definition,
	.n_members = lengthof(members_attribute_definition),
};

static const Shape shape_attribute_definitions = {
	.name = "AttributeDefinitions",
	.kind = SHAPE_LIST,
	.element = &shape_attribute_definition,
};

static const Shape shape_long_table_name_or_arn = {
	.name = "LongTableNameOrArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 3,
	.has_max = true,
	.max = 255,
	.pattern = "[a-zA-Z0-9_.-]+",
};

static const char *const values_billing_mode[] = {
	"PROVISIONED",
	"PAY_PER_REQUEST",
};

static const Shape shape_billing_mode = {
	.name = "BillingMode",
	.kind = SHAPE_STRING,
	.enum_values = values_billing_mode,
	.n_enum_values = lengthof(values_billing_mode),
};

static const Shape shape_positive_long_object = {
	.name = "PositiveLongObject",
	.kind = SHAPE_LONG,
	.has_min = true,
	.min = 1,
};

static const ShapeMember members_provisioned_throughput[] = {
	{"WriteCapacityUnits", "writeCapacityUnits", &shape_positive_long_object, true},
	{"ReadCapacityUnits", "readCapacityUnits", &shape_positive_long_object, true},
};

static const Shape shape_provisioned_throughput = {
	.name = "ProvisionedThroughput",
	.kind = SHAPE_STRUCTURE,
	.members = members_provisioned_throughput,
	.n_members = lengthof(members_provisioned_throughput),
};

static const char *const values_key_type[] = {
	"HASH",
	"RANGE",
};

static const Shape shape_key_type = {
	.name = "KeyType",
	.kind = SHAPE_STRING,
	.enum_values = values_key_type,
	.n_enum_values = lengthof(values_key_type),
};

static const ShapeMember members_key_schema_element[] = {
	{"AttributeName", "attributeName", &shape_key_schema_attribute_name, true},
	{"KeyType", "keyType", &shape_key_type, true},
};

static const Shape shape_key_schema_element = {
	.name = "KeySchemaElement",
	.kind = SHAPE_STRUCTURE,
	.members = members_key_schema_element,
	.n_members = lengthof(members_key_schema_element),
};

static const Shape shape_key_schema_of_table = {
	.name = "KeySchemaOfTable",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 2,
	.element = &shape_key_schema_element,
};

static const Shape shape_index_name = {
	.name = "IndexName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 3,
	.has_max = true,
	.max = 255,
	.pattern = "[a-zA-Z0-9_.-]+",
};

static const char *const values_projection_type[] = {
	"ALL",
	"INCLUDE",
	"KEYS_ONLY",
};

static const Shape shape_projection_type = {
	.name = "ProjectionType",
	.kind = SHAPE_STRING,
	.enum_values = values_projection_type,
	.n_enum_values = lengthof(values_projection_type),
};

static const Shape shape_non_key_attribute_name = {
	.name = "NonKeyAttributeName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
};

static const Shape shape_non_key_attribute_name_list = {
	.name = "NonKeyAttributeNameList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 20,
	.element = &shape_non_key_attribute_name,
};

static const ShapeMember members_projection[] = {
	{"ProjectionType", "projectionType", &shape_projection_type, false},
	{"NonKeyAttributes", "nonKeyAttributes", &shape_non_key_attribute_name_list, false},
};

static const Shape shape_projection = {
	.name = "Projection",
	.kind = SHAPE_STRUCTURE,
	.members = members_projection,
	.n_members = lengthof(members_projection),
};

static const ShapeMember members_local_secondary_index[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"KeySchema", "keySchema", &shape_key_schema_of_table, true},
	{"Projection", "projection", &shape_projection, true},
};

static const Shape shape_local_secondary_index = {
	.name = "LocalSecondaryIndex",
	.kind = SHAPE_STRUCTURE,
	.members = members_local_secondary_index,
	.n_members = lengthof(members_local_secondary_index),
};

static const Shape shape_local_secondary_index_list = {
	.name = "LocalSecondaryIndexList",
	.kind = SHAPE_LIST,
	.element = &shape_local_secondary_index,
};

static const Shape shape_key_schema_of_global_index = {
	.name = "KeySchemaOfGlobalIndex",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 8,
	.element = &shape_key_schema_element,
};

static const Shape shape_long_object = {
	.name = "LongObject",
	.kind = SHAPE_LONG,
};

static const ShapeMember members_on_demand_throughput[] = {
	{"MaxReadRequestUnits", "maxReadRequestUnits", &shape_long_object, false},
	{"MaxWriteRequestUnits", "maxWriteRequestUnits", &shape_long_object, false},
};

static const Shape shape_on_demand_throughput = {
	.name = "OnDemandThroughput",
	.kind = SHAPE_STRUCTURE,
	.members = members_on_demand_throughput,
	.n_members = lengthof(members_on_demand_throughput),
};

static const ShapeMember members_warm_throughput[] = {
	{"ReadUnitsPerSecond", "readUnitsPerSecond", &shape_long_object, false},
	{"WriteUnitsPerSecond", "writeUnitsPerSecond", &shape_long_object, false},
};

static const Shape shape_warm_throughput = {
	.name = "WarmThroughput",
	.kind = SHAPE_STRUCTURE,
	.members = members_warm_throughput,
	.n_members = lengthof(members_warm_throughput),
};

static const ShapeMember members_global_secondary_index[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"KeySchema", "keySchema", &shape_key_schema_of_global_index, true},
	{"Projection", "projection", &shape_projection, true},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"WarmThroughput", "warmThroughput", &shape_warm_throughput, false},
};

static const Shape shape_global_secondary_index = {
	.name = "GlobalSecondaryIndex",
	.kind = SHAPE_STRUCTURE,
	.members = members_global_secondary_index,
	.n_members = lengthof(members_global_secondary_index),
};

static const Shape shape_global_secondary_index_list = {
	.name = "GlobalSecondaryIndexList",
	.kind = SHAPE_LIST,
	.element = &shape_global_secondary_index,
};

static const Shape shape_stream_enabled = {
	.name = "StreamEnabled",
	.kind = SHAPE_BOOLEAN,
};

static const char *const values_stream_view_type[] = {
	"OLD_IMAGE",
	"KEYS_ONLY",
	"NEW_AND_OLD_IMAGES",
	"NEW_IMAGE",
};

static const Shape shape_stream_view_type = {
	.name = "StreamViewType",
	.kind = SHAPE_STRING,
	.enum_values = values_stream_view_type,
	.n_enum_values = lengthof(values_stream_view_type),
};

static const ShapeMember members_stream_specification[] = {
	{"StreamEnabled", "streamEnabled", &shape_stream_enabled, true},
	{"StreamViewType", "streamViewType", &shape_stream_view_type, false},
};

static const Shape shape_stream_specification = {
	.name = "StreamSpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_stream_specification,
	.n_members = lengthof(members_stream_specification),
};

static const Shape shape_sse_enabled = {
	.name = "SSEEnabled",
	.kind = SHAPE_BOOLEAN,
};

static const char *const values_sse_type[] = {
	"AES256",
	"KMS",
};

static const Shape shape_sse_type = {
	.name = "SSEType",
	.kind = SHAPE_STRING,
	.enum_values = values_sse_type,
	.n_enum_values = lengthof(values_sse_type),
};

static const Shape shape_kms_master_key_id = {
	.name = "KMSMasterKeyId",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
};

static const ShapeMember members_sse_specification[] = {
	{"Enabled", "enabled", &shape_sse_enabled, false},
	{"SSEType", "sSEType", &shape_sse_type, false},
	{"KMSMasterKeyId", "kMSMasterKeyId", &shape_kms_master_key_id, false},
};

static const Shape shape_sse_specification = {
	.name = "SSESpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_sse_specification,
	.n_members = lengthof(members_sse_specification),
};

static const Shape shape_tag_key_string = {
	.name = "TagKeyString",
	.kind = SHAPE_STRING,
};

static const Shape shape_tag_value_string = {
	.name = "TagValueString",
	.kind = SHAPE_STRING,
};

static const ShapeMember members_tag[] = {
	{"Key", "key", &shape_tag_key_string, false},
	{"Value", "value", &shape_tag_value_string, false},
};

static const Shape shape_tag = {
	.name = "Tag",
	.kind = SHAPE_STRUCTURE,
	.members = members_tag,
	.n_members = lengthof(members_tag),
};

static const Shape shape_tag_list = {
	.name = "TagList",
	.kind = SHAPE_LIST,
	.element = &shape_tag,
};

static const Shape shape_table_class = {
	.name = "TableClass",
	.kind = SHAPE_STRING,
};

static const Shape shape_deletion_protection_enabled = {
	.name = "DeletionProtectionEnabled",
	.kind = SHAPE_BOOLEAN,
};

static const Shape shape_resource_policy = {
	.name = "ResourcePolicy",
	.kind = SHAPE_STRING,
};

static const Shape shape_table_arn = {
	.name = "TableArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1024,
};

static const char *const values_global_table_settings_replication_mode[] = {
	"ENABLED",
	"DISABLED",
	"ENABLED_WITH_OVERRIDES",
};

static const Shape shape_global_table_settings_replication_mode = {
	.name = "GlobalTableSettingsReplicationMode",
	.kind = SHAPE_STRING,
	.enum_values = values_global_table_settings_replication_mode,
	.n_enum_values = lengthof(values_global_table_settings_replication_mode),
};

static const Shape shape_vector_attribute_name = {
	.name = "VectorAttributeName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
};

static const ShapeMember members_vector_attribute_definition[] = {
	{"AttributeName", "attributeName", &shape_vector_attribute_name, true},
};

static const Shape shape_vector_attribute_definition = {
	.name = "VectorAttributeDefinition",
	.kind = SHAPE_STRUCTURE,
	.members = members_vector_attribute_definition,
	.n_members = lengthof(members_vector_attribute_definition),
};

static const char *const values_search_schema_element_type[] = {
	"HASH",
	"INLINE_FILTER",
};

static const Shape shape_search_schema_element_type = {
	.name = "SearchSchemaElementType",
	.kind = SHAPE_STRING,
	.enum_values = values_search_schema_element_type,
	.n_enum_values = lengthof(values_search_schema_element_type),
};

static const ShapeMember members_search_schema_element[] = {
	{"AttributeName", "attributeName", &shape_attribute_name, true},
	{"SearchSchemaElementType", "searchSchemaElementType", &shape_search_schema_element_type, true},
};

static const Shape shape_search_schema_element = {
	.name = "SearchSchemaElement",
	.kind = SHAPE_STRUCTURE,
	.members = members_search_schema_element,
	.n_members = lengthof(members_search_schema_element),
};

static const Shape shape_search_schema = {
	.name = "SearchSchema",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_search_schema_element,
};

static const char *const values_vector_distance_function[] = {
	"COSINE",
	"DOT_PRODUCT",
	"EUCLIDEAN",
};

static const Shape shape_vector_distance_function = {
	.name = "VectorDistanceFunction",
	.kind = SHAPE_STRING,
	.enum_values = values_vector_distance_function,
	.n_enum_values = lengthof(values_vector_distance_function),
};

static const ShapeMember members_vector_index[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"VectorAttribute", "vectorAttribute", &shape_vector_attribute_definition, true},
	{"SearchSchema", "searchSchema", &shape_search_schema, false},
	{"Projection", "projection", &shape_projection, true},
	{"Dimensions", "dimensions", &shape_positive_long_object, true},
	{"DistanceFunction", "distanceFunction", &shape_vector_distance_function, true},
};

static const Shape shape_vector_index = {
	.name = "VectorIndex",
	.kind = SHAPE_STRUCTURE,
	.members = members_vector_index,
	.n_members = lengthof(members_vector_index),
};

static const Shape shape_vector_index_list = {
	.name = "VectorIndexList",
	.kind = SHAPE_LIST,
	.element = &shape_vector_index,
};

static const ShapeMember members_create_table_input[] = {
	{"AttributeDefinitions", "attributeDefinitions", &shape_attribute_definitions, true},
	{"TableName", "tableName", &shape_long_table_name_or_arn, false},
	{"BillingMode", "billingMode", &shape_billing_mode, false},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"KeySchema", "keySchema", &shape_key_schema_of_table, true},
	{"LocalSecondaryIndexes", "localSecondaryIndexes", &shape_local_secondary_index_list, false},
	{"GlobalSecondaryIndexes", "globalSecondaryIndexes", &shape_global_secondary_index_list, false},
	{"StreamSpecification", "streamSpecification", &shape_stream_specification, false},
	{"SSESpecification", "sSESpecification", &shape_sse_specification, false},
	{"Tags", "tags", &shape_tag_list, false},
	{"TableClass", "tableClass", &shape_table_class, false},
	{"DeletionProtectionEnabled", "deletionProtectionEnabled", &shape_deletion_protection_enabled, false},
	{"WarmThroughput", "warmThroughput", &shape_warm_throughput, false},
	{"ResourcePolicy", "resourcePolicy", &shape_resource_policy, false},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"GlobalTableSourceArn", "globalTableSourceArn", &shape_table_arn, false},
	{"GlobalTableSettingsReplicationMode", "globalTableSettingsReplicationMode",
		&shape_global_table_settings_replication_mode, false},
	{"VectorIndexes", "vectorIndexes", &shape_vector_index_list, false},
	{"TableThroughputMode", "tableThroughputMode", &shape_billing_mode, false},
};

static const Shape shape_create_table_input = {
	.name = "CreateTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_table_input,
	.n_members = lengthof(members_create_table_input),
};

static const Shape shape_backup_arn = {
	.name = "BackupArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 37,
	.has_max = true,
	.max = 1024,
};

static const ShapeMember members_delete_backup_input[] = {
	{"BackupArn", "backupArn", &shape_backup_arn, true},
};

static const Shape shape_delete_backup_input = {
	.name = "DeleteBackupInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_backup_input,
	.n_members = lengthof(members_delete_backup_input),
};

static const char *const values_return_value[] = {
	"ALL_NEW",
	"UPDATED_OLD",
	"ALL_OLD",
	"NONE",
	"UPDATED_NEW",
};

static const Shape shape_return_value = {
	.name = "ReturnValue",
	.kind = SHAPE_STRING,
	.enum_values = values_return_value,
	.n_enum_values = lengthof(values_return_value),
};

static const char *const values_conditional_operator[] = {
	"OR",
	"AND",
};

static const Shape shape_conditional_operator = {
	.name = "ConditionalOperator",
	.kind = SHAPE_STRING,
	.enum_values = values_conditional_operator,
	.n_enum_values = lengthof(values_conditional_operator),
};

static const Shape shape_attribute_value_list = {
	.name = "AttributeValueList",
	.kind = SHAPE_LIST,
	.element = &shape_attribute_value,
};

static const char *const values_comparison_operator[] = {
	"IN",
	"NULL",
	"BETWEEN",
	"LT",
	"NOT_CONTAINS",
	"EQ",
	"GT",
	"NOT_NULL",
	"NE",
	"LE",
	"BEGINS_WITH",
	"GE",
	"CONTAINS",
};

static const Shape shape_comparison_operator = {
	.name = "ComparisonOperator",
	.kind = SHAPE_STRING,
	.enum_values = values_comparison_operator,
	.n_enum_values = lengthof(values_comparison_operator),
};

static const Shape shape_boolean_object = {
	.name = "BooleanObject",
	.kind = SHAPE_BOOLEAN,
};

static const ShapeMember members_expected_attribute_value[] = {
	{"AttributeValueList", "attributeValueList", &shape_attribute_value_list, false},
	{"ComparisonOperator", "comparisonOperator", &shape_comparison_operator, false},
	{"Exists", "exists", &shape_boolean_object, false},
	{"Value", "value", &shape_attribute_value, false},
};

static const Shape shape_expected_attribute_value = {
	.name = "ExpectedAttributeValue",
	.kind = SHAPE_STRUCTURE,
	.members = members_expected_attribute_value,
	.n_members = lengthof(members_expected_attribute_value),
};

static const Shape shape_expected_attribute_map = {
	.name = "ExpectedAttributeMap",
	.kind = SHAPE_MAP,
	.element = &shape_expected_attribute_value,
	.key = &shape_attribute_name,
};

static const Shape shape_condition_expression = {
	.name = "ConditionExpression",
	.kind = SHAPE_STRING,
};

static const Shape shape_expression_attribute_value_map = {
	.name = "ExpressionAttributeValueMap",
	.kind = SHAPE_ATTRIBUTE_MAP,
};

static const ShapeMember members_delete_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ReturnValues", "returnValues", &shape_return_value, false},
	{"ReturnItemCollectionMetrics", "returnItemCollectionMetrics",
		&shape_return_item_collection_metrics, false},
	{"Key", "key", &shape_key, true},
	{"ConditionalOperator", "conditionalOperator", &shape_conditional_operator, false},
	{"Expected", "expected", &shape_expected_attribute_map, false},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_delete_item_input = {
	.name = "DeleteItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_item_input,
	.n_members = lengthof(members_delete_item_input),
};

static const Shape shape_resource_arn_string = {
	.name = "ResourceArnString",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1283,
};

static const Shape shape_policy_revision_id = {
	.name = "PolicyRevisionId",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
};

static const ShapeMember members_delete_resource_policy_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
	{"ExpectedRevisionId", "expectedRevisionId", &shape_policy_revision_id, false},
};

static const Shape shape_delete_resource_policy_input = {
	.name = "DeleteResourcePolicyInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_resource_policy_input,
	.n_members = lengthof(members_delete_resource_policy_input),
};

static const ShapeMember members_delete_table_input[] = {
	{"TableName", "tableName", &shape_long_table_name_or_arn, false},
};

static const Shape shape_delete_table_input = {
	.name = "DeleteTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_table_input,
	.n_members = lengthof(members_delete_table_input),
};

static const ShapeMember members_describe_backup_input[] = {
	{"BackupArn", "backupArn", &shape_backup_arn, true},
};

static const Shape shape_describe_backup_input = {
	.name = "DescribeBackupInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_backup_input,
	.n_members = lengthof(members_describe_backup_input),
};

static const ShapeMember members_describe_bulk_operation_input[] = {
	{"BulkOperationArn", "bulkOperationArn", &shape_bulk_operation_arn, true},
};

static const Shape shape_describe_bulk_operation_input = {
	.name = "DescribeBulkOperationInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_bulk_operation_input,
	.n_members = lengthof(members_describe_bulk_operation_input),
};

static const ShapeMember members_describe_continuous_backups_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
};

static const Shape shape_describe_continuous_backups_input = {
	.name = "DescribeContinuousBackupsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_continuous_backups_input,
	.n_members = lengthof(members_describe_continuous_backups_input),
};

static const ShapeMember members_describe_contributor_insights_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"IndexName", "indexName", &shape_index_name, false},
};

static const Shape shape_describe_contributor_insights_input = {
	.name = "DescribeContributorInsightsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_contributor_insights_input,
	.n_members = lengthof(members_describe_contributor_insights_input),
};

static const Shape shape_describe_endpoints_request = {
	.name = "DescribeEndpointsRequest",
	.kind = SHAPE_STRUCTURE,
};

static const Shape shape_export_arn = {
	.name = "ExportArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 37,
	.has_max = true,
	.max = 1024,
};

static const ShapeMember members_describe_export_input[] = {
	{"ExportArn", "exportArn", &shape_export_arn, true},
};

static const Shape shape_describe_export_input = {
	.name = "DescribeExportInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_export_input,
	.n_members = lengthof(members_describe_export_input),
};

static const ShapeMember members_describe_global_table_input[] = {
	{"GlobalTableName", "globalTableName", &shape_table_name, true},
};

static const Shape shape_describe_global_table_input = {
	.name = "DescribeGlobalTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_global_table_input,
	.n_members = lengthof(members_describe_global_table_input),
};

static const ShapeMember members_describe_global_table_settings_input[] = {
	{"GlobalTableName", "globalTableName", &shape_table_name, true},
};

static const Shape shape_describe_global_table_settings_input = {
	.name = "DescribeGlobalTableSettingsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_global_table_settings_input,
	.n_members = lengthof(members_describe_global_table_settings_input),
};

static const Shape shape_import_arn = {
	.name = "ImportArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 37,
	.has_max = true,
	.max = 1024,
};

static const ShapeMember members_describe_import_input[] = {
	{"ImportArn", "importArn", &shape_import_arn, true},
};

static const Shape shape_describe_import_input = {
	.name = "DescribeImportInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_import_input,
	.n_members = lengthof(members_describe_import_input),
};

static const ShapeMember members_describe_kinesis_streaming_destination_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
};

static const Shape shape_describe_kinesis_streaming_destination_input = {
	.name = "DescribeKinesisStreamingDestinationInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_kinesis_streaming_destination_input,
	.n_members = lengthof(members_describe_kinesis_streaming_destination_input),
};

static const Shape shape_describe_limits_input = {
	.name = "DescribeLimitsInput",
	.kind = SHAPE_STRUCTURE,
};

static const ShapeMember members_describe_table_input[] = {
	{"TableName", "tableName", &shape_long_table_name_or_arn, false},
};

static const Shape shape_describe_table_input = {
	.name = "DescribeTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_table_input,
	.n_members = lengthof(members_describe_table_input),
};

static const ShapeMember members_describe_table_replica_auto_scaling_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
};

static const Shape shape_describe_table_replica_auto_scaling_input = {
	.name = "DescribeTableReplicaAutoScalingInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_table_replica_auto_scaling_input,
	.n_members = lengthof(members_describe_table_replica_auto_scaling_input),
};

static const ShapeMember members_describe_time_to_live_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, false},
};

static const Shape shape_describe_time_to_live_input = {
	.name = "DescribeTimeToLiveInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_time_to_live_input,
	.n_members = lengthof(members_describe_time_to_live_input),
};

static const Shape shape_stream_arn = {
	.name = "StreamArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 37,
	.has_max = true,
	.max = 1024,
};

static const char *const values_approximate_creation_date_time_precision[] = {
	"MILLISECOND",
	"MICROSECOND",
};

static const Shape shape_approximate_creation_date_time_precision = {
	.name = "ApproximateCreationDateTimePrecision",
	.kind = SHAPE_STRING,
	.enum_values = values_approximate_creation_date_time_precision,
	.n_enum_values = lengthof(values_approximate_creation_date_time_precision),
};

static const ShapeMember members_enable_kinesis_streaming_configuration[] = {
	{"ApproximateCreationDateTimePrecision", "approximateCreationDateTimePrecision",
		&shape_approximate_creation_date_time_precision, false},
};

static const Shape shape_enable_kinesis_streaming_configuration = {
	.name = "EnableKinesisStreamingConfiguration",
	.kind = SHAPE_STRUCTURE,
	.members = members_enable_kinesis_streaming_configuration,
	.n_members = lengthof(members_enable_kinesis_streaming_configuration),
};

static const ShapeMember members_kinesis_streaming_destination_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"StreamArn", "streamArn", &shape_stream_arn, true},
	{"EnableKinesisStreamingConfiguration", "enableKinesisStreamingConfiguration",
		&shape_enable_kinesis_streaming_configuration, false},
};

static const Shape shape_kinesis_streaming_destination_input = {
	.name = "KinesisStreamingDestinationInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_kinesis_streaming_destination_input,
	.n_members = lengthof(members_kinesis_streaming_destination_input),
};

static const Shape shape_parti_ql_next_token = {
	.name = "PartiQLNextToken",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 32768,
};

static const Shape shape_positive_integer_object = {
	.name = "PositiveIntegerObject",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
};

static const ShapeMember members_execute_statement_input[] = {
	{"Statement", "statement", &shape_parti_ql_statement, true},
	{"Parameters", "parameters", &shape_prepared_statement_parameters, false},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
	{"NextToken", "nextToken", &shape_parti_ql_next_token, false},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"Limit", "limit", &shape_positive_integer_object, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_execute_statement_input = {
	.name = "ExecuteStatementInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_execute_statement_input,
	.n_members = lengthof(members_execute_statement_input),
};

static const ShapeMember members_parameterized_statement[] = {
	{"Statement", "statement", &shape_parti_ql_statement, true},
	{"Parameters", "parameters", &shape_prepared_statement_parameters, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_parameterized_statement = {
	.name = "ParameterizedStatement",
	.kind = SHAPE_STRUCTURE,
	.members = members_parameterized_statement,
	.n_members = lengthof(members_parameterized_statement),
};

static const Shape shape_parameterized_statements = {
	.name = "ParameterizedStatements",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
	.element = &shape_parameterized_statement,
};

static const Shape shape_client_request_token = {
	.name = "ClientRequestToken",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 36,
};

static const ShapeMember members_execute_transaction_input[] = {
	{"TransactStatements", "transactStatements", &shape_parameterized_statements, true},
	{"ClientRequestToken", "clientRequestToken", &shape_client_request_token, false},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
};

static const Shape shape_execute_transaction_input = {
	.name = "ExecuteTransactionInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_execute_transaction_input,
	.n_members = lengthof(members_execute_transaction_input),
};

static const Shape shape_table_arn_to_export = {
	.name = "TableArnToExport",
	.kind = SHAPE_STRING,
	.has_max = true,
	.max = 1024,
};

static const Shape shape_export_time = {
	.name = "ExportTime",
	.kind = SHAPE_TIMESTAMP,
};

static const Shape shape_client_token = {
	.name = "ClientToken",
	.kind = SHAPE_STRING,
	.pattern = "^[^\\$]+$",
};

static const Shape shape_s3_bucket = {
	.name = "S3Bucket",
	.kind = SHAPE_STRING,
	.has_max = true,
	.max = 255,
	.pattern = "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$",
};

static const Shape shape_s3_bucket_owner = {
	.name = "S3BucketOwner",
	.kind = SHAPE_STRING,
	.pattern = "[0-9]{12}",
};

static const Shape shape_s3_prefix = {
	.name = "S3Prefix",
	.kind = SHAPE_STRING,
	.has_max = true,
	.max = 1024,
};

static const char *const values_s3_sse_algorithm[] = {
	"AES256",
	"KMS",
};

static const Shape shape_s3_sse_algorithm = {
	.name = "S3SseAlgorithm",
	.kind = SHAPE_STRING,
	.enum_values = values_s3_sse_algorithm,
	.n_enum_values = lengthof(values_s3_sse_algorithm),
};

static const Shape shape_s3_sse_kms_key_id = {
	.name = "S3SseKmsKeyId",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 2048,
};

static const char *const values_export_format[] = {
	"DYNAMODB_JSON",
	"ION",
};

static const Shape shape_export_format = {
	.name = "ExportFormat",
	.kind = SHAPE_STRING,
	.enum_values = values_export_format,
	.n_enum_values = lengthof(values_export_format),
};

static const char *const values_export_type[] = {
	"FULL_EXPORT",
	"INCREMENTAL_EXPORT",
};

static const Shape shape_export_type = {
	.name = "ExportType",
	.kind = SHAPE_STRING,
	.enum_values = values_export_type,
	.n_enum_values = lengthof(values_export_type),
};

static const Shape shape_export_from_time = {
	.name = "ExportFromTime",
	.kind = SHAPE_TIMESTAMP,
};

static const Shape shape_export_to_time = {
	.name = "ExportToTime",
	.kind = SHAPE_TIMESTAMP,
};

static const char *const values_export_view_type[] = {
	"NEW_IMAGE",
	"NEW_AND_OLD_IMAGES",
};

static const Shape shape_export_view_type = {
	.name = "ExportViewType",
	.kind = SHAPE_STRING,
	.enum_values = values_export_view_type,
	.n_enum_values = lengthof(values_export_view_type),
};

static const ShapeMember members_incremental_export_specification[] = {
	{"ExportFromTime", "exportFromTime", &shape_export_from_time, false},
	{"ExportToTime", "exportToTime", &shape_export_to_time, false},
	{"ExportViewType", "exportViewType", &shape_export_view_type, false},
};

static const Shape shape_incremental_export_specification = {
	.name = "IncrementalExportSpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_incremental_export_specification,
	.n_members = lengthof(members_incremental_export_specification),
};

static const Shape shape_key_expression = {
	.name = "KeyExpression",
	.kind = SHAPE_STRING,
};

static const ShapeMember members_filter_specification[] = {
	{"FilterExpression", "filterExpression", &shape_condition_expression, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"KeyConditionExpression", "keyConditionExpression", &shape_key_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
};

static const Shape shape_filter_specification = {
	.name = "FilterSpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_filter_specification,
	.n_members = lengthof(members_filter_specification),
};

static const ShapeMember members_export_table_to_point_in_time_input[] = {
	{"TableArn", "tableArn", &shape_table_arn_to_export, true},
	{"ExportTime", "exportTime", &shape_export_time, false},
	{"ClientToken", "clientToken", &shape_client_token, false},
	{"S3Bucket", "s3Bucket", &shape_s3_bucket, true},
	{"S3BucketOwner", "s3BucketOwner", &shape_s3_bucket_owner, false},
	{"S3Prefix", "s3Prefix", &shape_s3_prefix, false},
	{"S3SseAlgorithm", "s3SseAlgorithm", &shape_s3_sse_algorithm, false},
	{"S3SseKmsKeyId", "s3SseKmsKeyId", &shape_s3_sse_kms_key_id, false},
	{"ExportFormat", "exportFormat", &shape_export_format, false},
	{"ExportType", "exportType", &shape_export_type, false},
	{"IncrementalExportSpecification", "incrementalExportSpecification",
		&shape_incremental_export_specification, false},
	{"FilterSpecification", "filterSpecification", &shape_filter_specification, false},
};

static const Shape shape_export_table_to_point_in_time_input = {
	.name = "ExportTableToPointInTimeInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_export_table_to_point_in_time_input,
	.n_members = lengthof(members_export_table_to_point_in_time_input),
};

static const ShapeMember members_get_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"AttributesToGet", "attributesToGet", &shape_attribute_name_list, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"Key", "key", &shape_key, true},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
};

static const Shape shape_get_item_input = {
	.name = "GetItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_get_item_input,
	.n_members = lengthof(members_get_item_input),
};

static const ShapeMember members_get_resource_policy_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
};

static const Shape shape_get_resource_policy_input = {
	.name = "GetResourcePolicyInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_get_resource_policy_input,
	.n_members = lengthof(members_get_resource_policy_input),
};

static const ShapeMember members_s3_bucket_source[] = {
	{"S3BucketOwner", "s3BucketOwner", &shape_s3_bucket_owner, false},
	{"S3Bucket", "s3Bucket", &shape_s3_bucket, true},
	{"S3KeyPrefix", "s3KeyPrefix", &shape_s3_prefix, false},
};

static const Shape shape_s3_bucket_source = {
	.name = "S3BucketSource",
	.kind = SHAPE_STRUCTURE,
	.members = members_s3_bucket_source,
	.n_members = lengthof(members_s3_bucket_source),
};

static const char *const values_input_format[] = {
	"DYNAMODB_JSON",
	"ION",
	"CSV",
};

static const Shape shape_input_format = {
	.name = "InputFormat",
	.kind = SHAPE_STRING,
	.enum_values = values_input_format,
	.n_enum_values = lengthof(values_input_format),
};

static const Shape shape_csv_delimiter = {
	.name = "CsvDelimiter",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1,
	.pattern = "[,;:|\\t ]",
};

static const Shape shape_csv_header = {
	.name = "CsvHeader",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 65536,
	.pattern = "[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*",
};

static const Shape shape_csv_header_list = {
	.name = "CsvHeaderList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
	.element = &shape_csv_header,
};

static const ShapeMember members_csv_options[] = {
	{"Delimiter", "delimiter", &shape_csv_delimiter, false},
	{"HeaderList", "headerList", &shape_csv_header_list, false},
};

static const Shape shape_csv_options = {
	.name = "CsvOptions",
	.kind = SHAPE_STRUCTURE,
	.members = members_csv_options,
	.n_members = lengthof(members_csv_options),
};

static const ShapeMember members_input_format_options[] = {
	{"Csv", "csv", &shape_csv_options, false},
};

static const Shape shape_input_format_options = {
	.name = "InputFormatOptions",
	.kind = SHAPE_STRUCTURE,
	.members = members_input_format_options,
	.n_members = lengthof(members_input_format_options),
};

static const char *const values_input_compression_type[] = {
	"ZSTD",
	"NONE",
	"GZIP",
};

static const Shape shape_input_compression_type = {
	.name = "InputCompressionType",
	.kind = SHAPE_STRING,
	.enum_values = values_input_compression_type,
	.n_enum_values = lengthof(values_input_compression_type),
};

static const ShapeMember members_table_creation_parameters[] = {
	{"TableName", "tableName", &shape_table_name, true},
	{"AttributeDefinitions", "attributeDefinitions", &shape_attribute_definitions, true},
	{"KeySchema", "keySchema", &shape_key_schema_of_table, true},
	{"BillingMode", "billingMode", &shape_billing_mode, false},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"SSESpecification", "sSESpecification", &shape_sse_specification, false},
	{"GlobalSecondaryIndexes", "globalSecondaryIndexes", &shape_global_secondary_index_list, false},
	{"VectorIndexes", "vectorIndexes", &shape_vector_index_list, false},
};

static const Shape shape_table_creation_parameters = {
	.name = "TableCreationParameters",
	.kind = SHAPE_STRUCTURE,
	.members = members_table_creation_parameters,
	.n_members = lengthof(members_table_creation_parameters),
};

static const ShapeMember members_import_table_input[] = {
	{"ClientToken", "clientToken", &shape_client_token, true},
	{"S3BucketSource", "s3BucketSource", &shape_s3_bucket_source, true},
	{"InputFormat", "inputFormat", &shape_input_format, true},
	{"InputFormatOptions", "inputFormatOptions", &shape_input_format_options, false},
	{"InputCompressionType", "inputCompressionType", &shape_input_compression_type, false},
	{"TableCreationParameters", "tableCreationParameters", &shape_table_creation_parameters, true},
};

static const Shape shape_import_table_input = {
	.name = "ImportTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_import_table_input,
	.n_members = lengthof(members_import_table_input),
};

static const Shape shape_backups_input_limit = {
	.name = "BackupsInputLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
};

static const Shape shape_time_range_lower_bound = {
	.name = "TimeRangeLowerBound",
	.kind = SHAPE_TIMESTAMP,
};

static const Shape shape_time_range_upper_bound = {
	.name = "TimeRangeUpperBound",
	.kind = SHAPE_TIMESTAMP,
};

static const char *const values_backup_type_filter[] = {
	"USER",
	"SYSTEM",
	"AWS_BACKUP",
	"ALL",
};

static const Shape shape_backup_type_filter = {
	.name = "BackupTypeFilter",
	.kind = SHAPE_STRING,
	.enum_values = values_backup_type_filter,
	.n_enum_values = lengthof(values_backup_type_filter),
};

static const ShapeMember members_list_backups_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, false},
	{"Limit", "limit", &shape_backups_input_limit, false},
	{"TimeRangeLowerBound", "timeRangeLowerBound", &shape_time_range_lower_bound, false},
	{"TimeRangeUpperBound", "timeRangeUpperBound", &shape_time_range_upper_bound, false},
	{"ExclusiveStartBackupArn", "exclusiveStartBackupArn", &shape_backup_arn, false},
	{"BackupType", "backupType", &shape_backup_type_filter, false},
};

static const Shape shape_list_backups_input = {
	.name = "ListBackupsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_backups_input,
	.n_members = lengthof(members_list_backups_input),
};

static const Shape shape_list_bulk_operations_max_limit = {
	.name = "ListBulkOperationsMaxLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 25,
};

static const Shape shape_bulk_operation_next_token = {
	.name = "BulkOperationNextToken",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1024,
	.pattern = "([0-9a-f]{16})+",
};

static const ShapeMember members_list_bulk_operations_input[] = {
	{"MaxResults", "maxResults", &shape_list_bulk_operations_max_limit, false},
	{"NextToken", "nextToken", &shape_bulk_operation_next_token, false},
};

static const Shape shape_list_bulk_operations_input = {
	.name = "ListBulkOperationsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_bulk_operations_input,
	.n_members = lengthof(members_list_bulk_operations_input),
};

static const Shape shape_next_token_string = {
	.name = "NextTokenString",
	.kind = SHAPE_STRING,
};

static const Shape shape_list_contributor_insights_limit = {
	.name = "ListContributorInsightsLimit",
	.kind = SHAPE_INTEGER,
	.has_max = true,
	.max = 100,
};

static const ShapeMember members_list_contributor_insights_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, false},
	{"NextToken", "nextToken", &shape_next_token_string, false},
	{"MaxResults", "maxResults", &shape_list_contributor_insights_limit, false},
};

static const Shape shape_list_contributor_insights_input = {
	.name = "ListContributorInsightsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_contributor_insights_input,
	.n_members = lengthof(members_list_contributor_insights_input),
};

static const Shape shape_list_exports_max_limit = {
	.name = "ListExportsMaxLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 25,
};

static const Shape shape_export_next_token = {
	.name = "ExportNextToken",
	.kind = SHAPE_STRING,
};

static const ShapeMember members_list_exports_input[] = {
	{"TableArn", "tableArn", &shape_table_arn, false},
	{"MaxResults", "maxResults", &shape_list_exports_max_limit, false},
	{"NextToken", "nextToken", &shape_export_next_token, false},
};

static const Shape shape_list_exports_input = {
	.name = "ListExportsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_exports_input,
	.n_members = lengthof(members_list_exports_input),
};

static const ShapeMember members_list_global_tables_input[] = {
	{"ExclusiveStartGlobalTableName", "exclusiveStartGlobalTableName", &shape_table_name, false},
	{"Limit", "limit", &shape_positive_integer_object, false},
	{"RegionName", "regionName", &shape_region_name, false},
};

static const Shape shape_list_global_tables_input = {
	.name = "ListGlobalTablesInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_global_tables_input,
	.n_members = lengthof(members_list_global_tables_input),
};

static const Shape shape_list_imports_max_limit = {
	.name = "ListImportsMaxLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 25,
};

static const Shape shape_import_next_token = {
	.name = "ImportNextToken",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 112,
	.has_max = true,
	.max = 1024,
	.pattern = "([0-9a-f]{16})+",
};

static const ShapeMember members_list_imports_input[] = {
	{"TableArn", "tableArn", &shape_table_arn, false},
	{"PageSize", "pageSize", &shape_list_imports_max_limit, false},
	{"NextToken", "nextToken", &shape_import_next_token, false},
};

static const Shape shape_list_imports_input = {
	.name = "ListImportsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_imports_input,
	.n_members = lengthof(members_list_imports_input),
};

static const Shape shape_list_tables_input_limit = {
	.name = "ListTablesInputLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
};

static const ShapeMember members_list_tables_input[] = {
	{"Limit", "limit", &shape_list_tables_input_limit, false},
	{"ExclusiveStartTableName", "exclusiveStartTableName", &shape_table_name, false},
};

static const Shape shape_list_tables_input = {
	.name = "ListTablesInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_tables_input,
	.n_members = lengthof(members_list_tables_input),
};

static const ShapeMember members_list_tags_of_resource_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
	{"NextToken", "nextToken", &shape_next_token_string, false},
};

static const Shape shape_list_tags_of_resource_input = {
	.name = "ListTagsOfResourceInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_tags_of_resource_input,
	.n_members = lengthof(members_list_tags_of_resource_input),
};

static const ShapeMember members_put_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"Item", "item", &shape_put_item_input_attribute_map, true},
	{"ConditionalOperator", "conditionalOperator", &shape_conditional_operator, false},
	{"Expected", "expected", &shape_expected_attribute_map, false},
	{"ReturnValues", "returnValues", &shape_return_value, false},
	{"ReturnItemCollectionMetrics", "returnItemCollectionMetrics",
		&shape_return_item_collection_metrics, false},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_put_item_input = {
	.name = "PutItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_put_item_input,
	.n_members = lengthof(members_put_item_input),
};

static const Shape shape_confirm_remove_self_resource_access = {
	.name = "ConfirmRemoveSelfResourceAccess",
	.kind = SHAPE_BOOLEAN,
};

static const ShapeMember members_put_resource_policy_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
	{"Policy", "policy", &shape_resource_policy, true},
	{"ExpectedRevisionId", "expectedRevisionId", &shape_policy_revision_id, false},
	{"ConfirmRemoveSelfResourceAccess", "confirmRemoveSelfResourceAccess",
		&shape_confirm_remove_self_resource_access, false},
};

static const Shape shape_put_resource_policy_input = {
	.name = "PutResourcePolicyInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_put_resource_policy_input,
	.n_members = lengthof(members_put_resource_policy_input),
};

static const char *const values_select[] = {
	"SPECIFIC_ATTRIBUTES",
	"COUNT",
	"ALL_ATTRIBUTES",
	"ALL_PROJECTED_ATTRIBUTES",
};

static const Shape shape_select = {
	.name = "Select",
	.kind = SHAPE_STRING,
	.enum_values = values_select,
	.n_enum_values = lengthof(values_select),
};

static const ShapeMember members_condition[] = {
	{"AttributeValueList", "attributeValueList", &shape_attribute_value_list, false},
	{"ComparisonOperator", "comparisonOperator", &shape_comparison_operator, true},
};

static const Shape shape_condition = {
	.name = "Condition",
	.kind = SHAPE_STRUCTURE,
	.members = members_condition,
	.n_members = lengthof(members_condition),
};

static const Shape shape_filter_condition_map = {
	.name = "FilterConditionMap",
	.kind = SHAPE_MAP,
	.element = &shape_condition,
	.key = &shape_attribute_name,
};

static const Shape shape_key_conditions = {
	.name = "KeyConditions",
	.kind = SHAPE_MAP,
	.element = &shape_condition,
	.key = &shape_attribute_name,
};

static const ShapeMember members_query_input[] = {
	{"Select", "select", &shape_select, false},
	{"IndexName", "indexName", &shape_index_name, false},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"QueryFilter", "queryFilter", &shape_filter_condition_map, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionalOperator", "conditionalOperator", &shape_conditional_operator, false},
	{"AttributesToGet", "attributesToGet", &shape_attribute_name_list, false},
	{"Limit", "Limit", &shape_positive_integer_object, false},
	{"KeyConditions", "keyConditions", &shape_key_conditions, false},
	{"ExclusiveStartKey", "exclusiveStartKey", &shape_key, false},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
	{"ScanIndexForward", "scanIndexForward", &shape_boolean_object, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"FilterExpression", "filterExpression", &shape_condition_expression, false},
	{"KeyConditionExpression", "keyConditionExpression", &shape_key_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
};

static const Shape shape_query_input = {
	.name = "QueryInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_query_input,
	.n_members = lengthof(members_query_input),
};

static const ShapeMember members_restore_table_from_backup_input[] = {
	{"TargetTableName", "targetTableName", &shape_table_name, true},
	{"BackupArn", "backupArn", &shape_backup_arn, true},
	{"BillingModeOverride", "billingModeOverride", &shape_billing_mode, false},
	{"GlobalSecondaryIndexOverride", "globalSecondaryIndexOverride",
		&shape_global_secondary_index_list, false},
	{"LocalSecondaryIndexOverride", "localSecondaryIndexOverride", &shape_local_secondary_index_list, false},
	{"ProvisionedThroughputOverride", "provisionedThroughputOverride", &shape_provisioned_throughput, false},
	{"OnDemandThroughputOverride", "onDemandThroughputOverride", &shape_on_demand_throughput, false},
	{"SSESpecificationOverride", "sSESpecificationOverride", &shape_sse_specification, false},
	{"VectorIndexOverride", "vectorIndexOverride", &shape_vector_index_list, false},
};

static const Shape shape_restore_table_from_backup_input = {
	.name = "RestoreTableFromBackupInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_restore_table_from_backup_input,
	.n_members = lengthof(members_restore_table_from_backup_input),
};

static const Shape shape_date = {
	.name = "Date",
	.kind = SHAPE_TIMESTAMP,
};

static const ShapeMember members_restore_table_to_point_in_time_input[] = {
	{"SourceTableArn", "sourceTableArn", &shape_table_arn, false},
	{"SourceTableName", "sourceTableName", &shape_table_name, false},
	{"TargetTableName", "targetTableName", &shape_table_name, true},
	{"UseLatestRestorableTime", "useLatestRestorableTime", &shape_boolean_object, false},
	{"RestoreDateTime", "restoreDateTime", &shape_date, false},
	{"BillingModeOverride", "billingModeOverride", &shape_billing_mode, false},
	{"GlobalSecondaryIndexOverride", "globalSecondaryIndexOverride",
		&shape_global_secondary_index_list, false},
	{"LocalSecondaryIndexOverride", "localSecondaryIndexOverride", &shape_local_secondary_index_list, false},
	{"ProvisionedThroughputOverride", "provisionedThroughputOverride", &shape_provisioned_throughput, false},
	{"OnDemandThroughputOverride", "onDemandThroughputOverride", &shape_on_demand_throughput, false},
	{"SSESpecificationOverride", "sSESpecificationOverride", &shape_sse_specification, false},
	{"VectorIndexOverride", "vectorIndexOverride", &shape_vector_index_list, false},
};

static const Shape shape_restore_table_to_point_in_time_input = {
	.name = "RestoreTableToPointInTimeInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_restore_table_to_point_in_time_input,
	.n_members = lengthof(members_restore_table_to_point_in_time_input),
};

static const Shape shape_scan_total_segments = {
	.name = "ScanTotalSegments",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1000000,
};

static const Shape shape_scan_segment = {
	.name = "ScanSegment",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 0,
	.has_max = true,
	.max = 999999,
};

static const ShapeMember members_scan_input[] = {
	{"Select", "select", &shape_select, false},
	{"IndexName", "indexName", &shape_index_name, false},
	{"TotalSegments", "totalSegments", &shape_scan_total_segments, false},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionalOperator", "conditionalOperator", &shape_conditional_operator, false},
	{"ScanFilter", "scanFilter", &shape_filter_condition_map, false},
	{"Segment", "segment", &shape_scan_segment, false},
	{"Limit", "limit", &shape_positive_integer_object, false},
	{"AttributesToGet", "attributesToGet", &shape_attribute_name_list, false},
	{"ExclusiveStartKey", "exclusiveStartKey", &shape_key, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"FilterExpression", "filterExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ConsistentRead", "consistentRead", &shape_consistent_read, false},
};

static const Shape shape_scan_input = {
	.name = "ScanInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_scan_input,
	.n_members = lengthof(members_scan_input),
};

static const Shape shape_search_vector_list = {
	.name = "SearchVectorList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 4096,
	.element = &shape_attribute_value,
};

static const Shape shape_string = {
	.name = "String",
	.kind = SHAPE_STRING,
};

static const Shape shape_top_k_integer = {
	.name = "TopKInteger",
	.kind = SHAPE_INTEGER,
};

static const ShapeMember members_search_vectors_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"IndexName", "IndexName", &shape_index_name, true},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"SearchVector", "SearchVector", &shape_search_vector_list, true},
	{"SearchConditionExpression", "searchConditionExpression", &shape_string, false},
	{"TopK", "topK", &shape_top_k_integer, true},
};

static const Shape shape_search_vectors_input = {
	.name = "SearchVectorsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_search_vectors_input,
	.n_members = lengthof(members_search_vectors_input),
};

static const char *const values_bulk_operation_input_format[] = {
	"DYNAMODB_JSON",
	"ION",
};

static const Shape shape_bulk_operation_input_format = {
	.name = "BulkOperationInputFormat",
	.kind = SHAPE_STRING,
	.enum_values = values_bulk_operation_input_format,
	.n_enum_values = lengthof(values_bulk_operation_input_format),
};

static const ShapeMember members_input_s3_configuration[] = {
	{"S3BucketOwner", "s3BucketOwner", &shape_s3_bucket_owner, false},
	{"S3Bucket", "s3Bucket", &shape_s3_bucket, true},
	{"S3KeyPrefix", "s3KeyPrefix", &shape_s3_prefix, false},
	{"InputFormat", "inputFormat", &shape_bulk_operation_input_format, true},
	{"InputCompressionType", "inputCompressionType", &shape_input_compression_type, false},
};

static const Shape shape_input_s3_configuration = {
	.name = "InputS3Configuration",
	.kind = SHAPE_STRUCTURE,
	.members = members_input_s3_configuration,
	.n_members = lengthof(members_input_s3_configuration),
};

static const char *const values_output_type_enum[] = {
	"ERROR",
	"CONDITION_CHECK_FAILURE",
};

static const Shape shape_output_type_enum = {
	.name = "OutputTypeEnum",
	.kind = SHAPE_STRING,
	.enum_values = values_output_type_enum,
	.n_enum_values = lengthof(values_output_type_enum),
};

static const Shape shape_output_type_list = {
	.name = "OutputTypeList",
	.kind = SHAPE_LIST,
	.element = &shape_output_type_enum,
};

static const ShapeMember members_output_s3_configuration[] = {
	{"S3BucketOwner", "s3BucketOwner", &shape_s3_bucket_owner, false},
	{"S3Bucket", "s3Bucket", &shape_s3_bucket, false},
	{"S3KeyPrefix", "s3KeyPrefix", &shape_s3_prefix, false},
	{"S3SseAlgorithm", "s3SseAlgorithm", &shape_s3_sse_algorithm, false},
	{"S3SseKmsKeyId", "s3SseKmsKeyId", &shape_s3_sse_kms_key_id, false},
	{"OutputType", "outputType", &shape_output_type_list, true},
};

static const Shape shape_output_s3_configuration = {
	.name = "OutputS3Configuration",
	.kind = SHAPE_STRUCTURE,
	.members = members_output_s3_configuration,
	.n_members = lengthof(members_output_s3_configuration),
};

static const Shape shape_bulk_operation_max_write_request_units = {
	.name = "BulkOperationMaxWriteRequestUnits",
	.kind = SHAPE_LONG,
	.has_min = true,
	.min = 1024,
};

static const char *const values_bulk_operation_performance_tier[] = {
	"STANDARD",
	"ACCELERATED",
};

static const Shape shape_bulk_operation_performance_tier = {
	.name = "BulkOperationPerformanceTier",
	.kind = SHAPE_STRING,
	.enum_values = values_bulk_operation_performance_tier,
	.n_enum_values = lengthof(values_bulk_operation_performance_tier),
};

static const ShapeMember members_start_bulk_put_items_input[] = {
	{"ClientToken", "clientToken", &shape_client_token, false},
	{"InputS3Configuration", "inputS3Configuration", &shape_input_s3_configuration, true},
	{"OutputS3Configuration", "outputS3Configuration", &shape_output_s3_configuration, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"MaxWriteRequestUnits", "maxWriteRequestUnits", &shape_bulk_operation_max_write_request_units, false},
	{"PerformanceTier", "performanceTier", &shape_bulk_operation_performance_tier, false},
};

static const Shape shape_start_bulk_put_items_input = {
	.name = "StartBulkPutItemsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_start_bulk_put_items_input,
	.n_members = lengthof(members_start_bulk_put_items_input),
};

static const ShapeMember members_tag_resource_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
	{"Tags", "tags", &shape_tag_list, true},
};

static const Shape shape_tag_resource_input = {
	.name = "TagResourceInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_tag_resource_input,
	.n_members = lengthof(members_tag_resource_input),
};

static const ShapeMember members_get[] = {
	{"Key", "key", &shape_key, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ProjectionExpression", "projectionExpression", &shape_projection_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
};

static const Shape shape_get = {
	.name = "Get",
	.kind = SHAPE_STRUCTURE,
	.members = members_get,
	.n_members = lengthof(members_get),
};

static const ShapeMember members_transact_get_item[] = {
	{"Get", "get", &shape_get, true},
};

static const Shape shape_transact_get_item = {
	.name = "TransactGetItem",
	.kind = SHAPE_STRUCTURE,
	.members = members_transact_get_item,
	.n_members = lengthof(members_transact_get_item),
};

static const Shape shape_transact_get_item_list = {
	.name = "TransactGetItemList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
	.element = &shape_transact_get_item,
};

static const ShapeMember members_transact_get_items_input[] = {
	{"TransactItems", "transactItems", &shape_transact_get_item_list, true},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
};

static const Shape shape_transact_get_items_input = {
	.name = "TransactGetItemsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_transact_get_items_input,
	.n_members = lengthof(members_transact_get_items_input),
};

static const ShapeMember members_condition_check[] = {
	{"Key", "key", &shape_key, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, true},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_condition_check = {
	.name = "ConditionCheck",
	.kind = SHAPE_STRUCTURE,
	.members = members_condition_check,
	.n_members = lengthof(members_condition_check),
};

static const ShapeMember members_put[] = {
	{"Item", "item", &shape_put_item_input_attribute_map, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_put = {
	.name = "Put",
	.kind = SHAPE_STRUCTURE,
	.members = members_put,
	.n_members = lengthof(members_put),
};

static const ShapeMember members_delete[] = {
	{"Key", "key", &shape_key, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_delete = {
	.name = "Delete",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete,
	.n_members = lengthof(members_delete),
};

static const Shape shape_update_expression = {
	.name = "UpdateExpression",
	.kind = SHAPE_STRING,
};

static const ShapeMember members_update[] = {
	{"Key", "key", &shape_key, true},
	{"UpdateExpression", "updateExpression", &shape_update_expression, true},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_update = {
	.name = "Update",
	.kind = SHAPE_STRUCTURE,
	.members = members_update,
	.n_members = lengthof(members_update),
};

static const ShapeMember members_transact_write_item[] = {
	{"ConditionCheck", "conditionCheck", &shape_condition_check, false},
	{"Put", "put", &shape_put, false},
	{"Delete", "delete", &shape_delete, false},
	{"Update", "update", &shape_update, false},
};

static const Shape shape_transact_write_item = {
	.name = "TransactWriteItem",
	.kind = SHAPE_STRUCTURE,
	.members = members_transact_write_item,
	.n_members = lengthof(members_transact_write_item),
};

static const Shape shape_transact_write_item_list = {
	.name = "TransactWriteItemList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
	.element = &shape_transact_write_item,
};

static const ShapeMember members_transact_write_items_input[] = {
	{"ClientRequestToken", "clientRequestToken", &shape_client_request_token, false},
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"ReturnItemCollectionMetrics", "returnItemCollectionMetrics",
		&shape_return_item_collection_metrics, false},
	{"TransactItems", "transactItems", &shape_transact_write_item_list, true},
};

static const Shape shape_transact_write_items_input = {
	.name = "TransactWriteItemsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_transact_write_items_input,
	.n_members = lengthof(members_transact_write_items_input),
};

static const Shape shape_tag_key_list = {
	.name = "TagKeyList",
	.kind = SHAPE_LIST,
	.element = &shape_tag_key_string,
};

static const ShapeMember members_untag_resource_input[] = {
	{"ResourceArn", "resourceArn", &shape_resource_arn_string, true},
	{"TagKeys", "tagKeys", &shape_tag_key_list, true},
};

static const Shape shape_untag_resource_input = {
	.name = "UntagResourceInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_untag_resource_input,
	.n_members = lengthof(members_untag_resource_input),
};

static const Shape shape_recovery_period_in_days = {
	.name = "RecoveryPeriodInDays",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 35,
};

static const ShapeMember members_point_in_time_recovery_specification[] = {
	{"PointInTimeRecoveryEnabled", "pointInTimeRecoveryEnabled", &shape_boolean_object, true},
	{"RecoveryPeriodInDays", "recoveryPeriodInDays", &shape_recovery_period_in_days, false},
};

static const Shape shape_point_in_time_recovery_specification = {
	.name = "PointInTimeRecoverySpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_point_in_time_recovery_specification,
	.n_members = lengthof(members_point_in_time_recovery_specification),
};

static const ShapeMember members_update_continuous_backups_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"PointInTimeRecoverySpecification", "pointInTimeRecoverySpecification",
		&shape_point_in_time_recovery_specification, true},
};

static const Shape shape_update_continuous_backups_input = {
	.name = "UpdateContinuousBackupsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_continuous_backups_input,
	.n_members = lengthof(members_update_continuous_backups_input),
};

static const char *const values_contributor_insights_action[] = {
	"ENABLE",
	"DISABLE",
};

static const Shape shape_contributor_insights_action = {
	.name = "ContributorInsightsAction",
	.kind = SHAPE_STRING,
	.enum_values = values_contributor_insights_action,
	.n_enum_values = lengthof(values_contributor_insights_action),
};

static const char *const values_contributor_insights_mode[] = {
	"THROTTLED_KEYS",
	"ACCESSED_AND_THROTTLED_KEYS",
};

static const Shape shape_contributor_insights_mode = {
	.name = "ContributorInsightsMode",
	.kind = SHAPE_STRING,
	.enum_values = values_contributor_insights_mode,
	.n_enum_values = lengthof(values_contributor_insights_mode),
};

static const ShapeMember members_update_contributor_insights_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"IndexName", "indexName", &shape_index_name, false},
	{"ContributorInsightsAction", "contributorInsightsAction", &shape_contributor_insights_action, true},
	{"ContributorInsightsMode", "contributorInsightsMode", &shape_contributor_insights_mode, false},
};

static const Shape shape_update_contributor_insights_input = {
	.name = "UpdateContributorInsightsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_contributor_insights_input,
	.n_members = lengthof(members_update_contributor_insights_input),
};

static const ShapeMember members_create_replica_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
};

static const Shape shape_create_replica_action = {
	.name = "CreateReplicaAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_replica_action,
	.n_members = lengthof(members_create_replica_action),
};

static const ShapeMember members_delete_replica_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
};

static const Shape shape_delete_replica_action = {
	.name = "DeleteReplicaAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_replica_action,
	.n_members = lengthof(members_delete_replica_action),
};

static const ShapeMember members_replica_update[] = {
	{"Create", "create", &shape_create_replica_action, false},
	{"Delete", "delete", &shape_delete_replica_action, false},
};

static const Shape shape_replica_update = {
	.name = "ReplicaUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_update,
	.n_members = lengthof(members_replica_update),
};

static const Shape shape_replica_update_list = {
	.name = "ReplicaUpdateList",
	.kind = SHAPE_LIST,
	.element = &shape_replica_update,
};

static const ShapeMember members_update_global_table_input[] = {
	{"GlobalTableName", "globalTableName", &shape_table_name, true},
	{"ReplicaUpdates", "replicaUpdates", &shape_replica_update_list, true},
};

static const Shape shape_update_global_table_input = {
	.name = "UpdateGlobalTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_global_table_input,
	.n_members = lengthof(members_update_global_table_input),
};

static const Shape shape_auto_scaling_role_arn = {
	.name = "AutoScalingRoleArn",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1600,
	.pattern = "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
};

static const Shape shape_auto_scaling_policy_name = {
	.name = "AutoScalingPolicyName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 256,
	.pattern = "\\p{Print}+",
};

static const Shape shape_integer_object = {
	.name = "IntegerObject",
	.kind = SHAPE_INTEGER,
};

static const Shape shape_double_object = {
	.name = "DoubleObject",
	.kind = SHAPE_DOUBLE,
};

static const ShapeMember members_auto_scaling_target_tracking_scaling_policy_configuration_update[] = {
	{"DisableScaleIn", "disableScaleIn", &shape_boolean_object, false},
	{"ScaleInCooldown", "scaleInCooldown", &shape_integer_object, false},
	{"ScaleOutCooldown", "scaleOutCooldown", &shape_integer_object, false},
	{"TargetValue", "targetValue", &shape_double_object, true},
};

static const Shape shape_auto_scaling_target_tracking_scaling_policy_configuration_update = {
	.name = "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_auto_scaling_target_tracking_scaling_policy_configuration_update,
	.n_members = lengthof(members_auto_scaling_target_tracking_scaling_policy_configuration_update),
};

static const ShapeMember members_auto_scaling_policy_update[] = {
	{"PolicyName", "policyName", &shape_auto_scaling_policy_name, false},
	{"TargetTrackingScalingPolicyConfiguration", "targetTrackingScalingPolicyConfiguration",
		&shape_auto_scaling_target_tracking_scaling_policy_configuration_update, true},
};

static const Shape shape_auto_scaling_policy_update = {
	.name = "AutoScalingPolicyUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_auto_scaling_policy_update,
	.n_members = lengthof(members_auto_scaling_policy_update),
};

static const ShapeMember members_auto_scaling_settings_update[] = {
	{"MinimumUnits", "minimumUnits", &shape_positive_long_object, false},
	{"MaximumUnits", "maximumUnits", &shape_positive_long_object, false},
	{"AutoScalingDisabled", "autoScalingDisabled", &shape_boolean_object, false},
	{"AutoScalingRoleArn", "autoScalingRoleArn", &shape_auto_scaling_role_arn, false},
	{"ScalingPolicyUpdate", "scalingPolicyUpdate", &shape_auto_scaling_policy_update, false},
};

static const Shape shape_auto_scaling_settings_update = {
	.name = "AutoScalingSettingsUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_auto_scaling_settings_update,
	.n_members = lengthof(members_auto_scaling_settings_update),
};

static const ShapeMember members_global_table_global_secondary_index_settings_update[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"ProvisionedWriteCapacityUnits", "provisionedWriteCapacityUnits", &shape_positive_long_object, false},
	{"ProvisionedWriteCapacityAutoScalingSettingsUpdate", "provisionedWriteCapacityAutoScalingSettingsUpdate",
		&shape_auto_scaling_settings_update, false},
};

static const Shape shape_global_table_global_secondary_index_settings_update = {
	.name = "GlobalTableGlobalSecondaryIndexSettingsUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_global_table_global_secondary_index_settings_update,
	.n_members = lengthof(members_global_table_global_secondary_index_settings_update),
};

static const Shape shape_global_table_global_secondary_index_settings_update_list = {
	.name = "GlobalTableGlobalSecondaryIndexSettingsUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 20,
	.element = &shape_global_table_global_secondary_index_settings_update,
};

static const ShapeMember members_replica_global_secondary_index_settings_update[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"ProvisionedReadCapacityUnits", "provisionedReadCapacityUnits", &shape_positive_long_object, false},
	{"ProvisionedReadCapacityAutoScalingSettingsUpdate", "provisionedReadCapacityAutoScalingSettingsUpdate",
		&shape_auto_scaling_settings_update, false},
};

static const Shape shape_replica_global_secondary_index_settings_update = {
	.name = "ReplicaGlobalSecondaryIndexSettingsUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_global_secondary_index_settings_update,
	.n_members = lengthof(members_replica_global_secondary_index_settings_update),
};

static const Shape shape_replica_global_secondary_index_settings_update_list = {
	.name = "ReplicaGlobalSecondaryIndexSettingsUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 20,
	.element = &shape_replica_global_secondary_index_settings_update,
};

static const ShapeMember members_replica_settings_update[] = {
	{"RegionName", "regionName", &shape_region_name, true},
	{"ReplicaProvisionedReadCapacityUnits", "replicaProvisionedReadCapacityUnits",
		&shape_positive_long_object, false},
	{"ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate", "replicaProvisionedReadCapacityAutoScalingSettingsUpdate",
		&shape_auto_scaling_settings_update, false},
	{"ReplicaGlobalSecondaryIndexSettingsUpdate", "replicaGlobalSecondaryIndexSettingsUpdate",
		&shape_replica_global_secondary_index_settings_update_list, false},
	{"ReplicaTableClass", "replicaTableClass", &shape_table_class, false},
};

static const Shape shape_replica_settings_update = {
	.name = "ReplicaSettingsUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_settings_update,
	.n_members = lengthof(members_replica_settings_update),
};

static const Shape shape_replica_settings_update_list = {
	.name = "ReplicaSettingsUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 50,
	.element = &shape_replica_settings_update,
};

static const ShapeMember members_update_global_table_settings_input[] = {
	{"GlobalTableName", "globalTableName", &shape_table_name, true},
	{"GlobalTableBillingMode", "globalTableBillingMode", &shape_billing_mode, false},
	{"GlobalTableProvisionedWriteCapacityUnits", "globalTableProvisionedWriteCapacityUnits",
		&shape_positive_long_object, false},
	{"GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate", "globalTableProvisionedWriteCapacityAutoScalingSettingsUpdate",
		&shape_auto_scaling_settings_update, false},
	{"GlobalTableGlobalSecondaryIndexSettingsUpdate", "globalTableGlobalSecondaryIndexSettingsUpdate",
		&shape_global_table_global_secondary_index_settings_update_list, false},
	{"ReplicaSettingsUpdate", "replicaSettingsUpdate", &shape_replica_settings_update_list, false},
};

static const Shape shape_update_global_table_settings_input = {
	.name = "UpdateGlobalTableSettingsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_global_table_settings_input,
	.n_members = lengthof(members_update_global_table_settings_input),
};

static const char *const values_attribute_action[] = {
	"ADD",
	"PUT",
	"DELETE",
};

static const Shape shape_attribute_action = {
	.name = "AttributeAction",
	.kind = SHAPE_STRING,
	.enum_values = values_attribute_action,
	.n_enum_values = lengthof(values_attribute_action),
};

static const ShapeMember members_attribute_value_update[] = {
	{"Value", "value", &shape_attribute_value, false},
	{"Action", "action", &shape_attribute_action, false},
};

static const Shape shape_attribute_value_update = {
	.name = "AttributeValueUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_attribute_value_update,
	.n_members = lengthof(members_attribute_value_update),
};

static const Shape shape_attribute_updates = {
	.name = "AttributeUpdates",
	.kind = SHAPE_MAP,
	.element = &shape_attribute_value_update,
	.key = &shape_attribute_name,
};

static const ShapeMember members_update_item_input[] = {
	{"ReturnConsumedCapacity", "returnConsumedCapacity", &shape_return_consumed_capacity, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ReturnItemCollectionMetrics", "returnItemCollectionMetrics",
		&shape_return_item_collection_metrics, false},
	{"ReturnValues", "returnValues", &shape_return_value, false},
	{"Key", "key", &shape_key, true},
	{"ConditionalOperator", "conditionalOperator", &shape_conditional_operator, false},
	{"Expected", "expected", &shape_expected_attribute_map, false},
	{"AttributeUpdates", "attributeUpdates", &shape_attribute_updates, false},
	{"UpdateExpression", "updateExpression", &shape_update_expression, false},
	{"ConditionExpression", "conditionExpression", &shape_condition_expression, false},
	{"ExpressionAttributeNames", "expressionAttributeNames", &shape_expression_attribute_name_map, false},
	{"ExpressionAttributeValues", "expressionAttributeValues", &shape_expression_attribute_value_map, false},
	{"ReturnValuesOnConditionCheckFailure", "returnValuesOnConditionCheckFailure",
		&shape_return_values_on_condition_check_failure, false},
};

static const Shape shape_update_item_input = {
	.name = "UpdateItemInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_item_input,
	.n_members = lengthof(members_update_item_input),
};

static const ShapeMember members_update_kinesis_streaming_configuration[] = {
	{"ApproximateCreationDateTimePrecision", "approximateCreationDateTimePrecision",
		&shape_approximate_creation_date_time_precision, false},
};

static const Shape shape_update_kinesis_streaming_configuration = {
	.name = "UpdateKinesisStreamingConfiguration",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_kinesis_streaming_configuration,
	.n_members = lengthof(members_update_kinesis_streaming_configuration),
};

static const ShapeMember members_update_kinesis_streaming_destination_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"StreamArn", "streamArn", &shape_stream_arn, true},
	{"UpdateKinesisStreamingConfiguration", "updateKinesisStreamingConfiguration",
		&shape_update_kinesis_streaming_configuration, false},
};

static const Shape shape_update_kinesis_streaming_destination_input = {
	.name = "UpdateKinesisStreamingDestinationInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_kinesis_streaming_destination_input,
	.n_members = lengthof(members_update_kinesis_streaming_destination_input),
};

static const ShapeMember members_update_global_secondary_index_action[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"WarmThroughput", "warmThroughput", &shape_warm_throughput, false},
};

static const Shape shape_update_global_secondary_index_action = {
	.name = "UpdateGlobalSecondaryIndexAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_global_secondary_index_action,
	.n_members = lengthof(members_update_global_secondary_index_action),
};

static const ShapeMember members_create_global_secondary_index_action[] = {
	{"Projection", "projection", &shape_projection, true},
	{"IndexName", "indexName", &shape_index_name, true},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"KeySchema", "keySchema", &shape_key_schema_of_global_index, true},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"WarmThroughput", "warmThroughput", &shape_warm_throughput, false},
};

static const Shape shape_create_global_secondary_index_action = {
	.name = "CreateGlobalSecondaryIndexAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_global_secondary_index_action,
	.n_members = lengthof(members_create_global_secondary_index_action),
};

static const ShapeMember members_delete_global_secondary_index_action[] = {
	{"IndexName", "indexName", &shape_index_name, true},
};

static const Shape shape_delete_global_secondary_index_action = {
	.name = "DeleteGlobalSecondaryIndexAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_global_secondary_index_action,
	.n_members = lengthof(members_delete_global_secondary_index_action),
};

static const ShapeMember members_global_secondary_index_update[] = {
	{"Update", "update", &shape_update_global_secondary_index_action, false},
	{"Create", "create", &shape_create_global_secondary_index_action, false},
	{"Delete", "delete", &shape_delete_global_secondary_index_action, false},
};

static const Shape shape_global_secondary_index_update = {
	.name = "GlobalSecondaryIndexUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_global_secondary_index_update,
	.n_members = lengthof(members_global_secondary_index_update),
};

static const Shape shape_global_secondary_index_update_list = {
	.name = "GlobalSecondaryIndexUpdateList",
	.kind = SHAPE_LIST,
	.element = &shape_global_secondary_index_update,
};

static const ShapeMember members_provisioned_throughput_override[] = {
	{"ReadCapacityUnits", "readCapacityUnits", &shape_positive_long_object, false},
};

static const Shape shape_provisioned_throughput_override = {
	.name = "ProvisionedThroughputOverride",
	.kind = SHAPE_STRUCTURE,
	.members = members_provisioned_throughput_override,
	.n_members = lengthof(members_provisioned_throughput_override),
};

static const ShapeMember members_on_demand_throughput_override[] = {
	{"MaxReadRequestUnits", "maxReadRequestUnits", &shape_long_object, false},
};

static const Shape shape_on_demand_throughput_override = {
	.name = "OnDemandThroughputOverride",
	.kind = SHAPE_STRUCTURE,
	.members = members_on_demand_throughput_override,
	.n_members = lengthof(members_on_demand_throughput_override),
};

static const ShapeMember members_replica_global_secondary_index[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"ProvisionedThroughputOverride", "provisionedThroughputOverride",
		&shape_provisioned_throughput_override, false},
	{"OnDemandThroughputOverride", "onDemandThroughputOverride",
		&shape_on_demand_throughput_override, false},
};

static const Shape shape_replica_global_secondary_index = {
	.name = "ReplicaGlobalSecondaryIndex",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_global_secondary_index,
	.n_members = lengthof(members_replica_global_secondary_index),
};

static const Shape shape_replica_global_secondary_index_list = {
	.name = "ReplicaGlobalSecondaryIndexList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_replica_global_secondary_index,
};

static const ShapeMember members_create_replication_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
	{"KMSMasterKeyId", "kMSMasterKeyId", &shape_kms_master_key_id, false},
	{"ProvisionedThroughputOverride", "provisionedThroughputOverride",
		&shape_provisioned_throughput_override, false},
	{"OnDemandThroughputOverride", "onDemandThroughputOverride",
		&shape_on_demand_throughput_override, false},
	{"GlobalSecondaryIndexes", "globalSecondaryIndexes", &shape_replica_global_secondary_index_list, false},
	{"TableClassOverride", "tableClassOverride", &shape_table_class, false},
};

static const Shape shape_create_replication_group_member_action = {
	.name = "CreateReplicationGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_replication_group_member_action,
	.n_members = lengthof(members_create_replication_group_member_action),
};

static const ShapeMember members_update_replication_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
	{"KMSMasterKeyId", "kMSMasterKeyId", &shape_kms_master_key_id, false},
	{"ProvisionedThroughputOverride", "provisionedThroughputOverride",
		&shape_provisioned_throughput_override, false},
	{"OnDemandThroughputOverride", "onDemandThroughputOverride",
		&shape_on_demand_throughput_override, false},
	{"GlobalSecondaryIndexes", "globalSecondaryIndexes", &shape_replica_global_secondary_index_list, false},
	{"TableClassOverride", "tableClassOverride", &shape_table_class, false},
};

static const Shape shape_update_replication_group_member_action = {
	.name = "UpdateReplicationGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_replication_group_member_action,
	.n_members = lengthof(members_update_replication_group_member_action),
};

static const ShapeMember members_delete_replication_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
};

static const Shape shape_delete_replication_group_member_action = {
	.name = "DeleteReplicationGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_replication_group_member_action,
	.n_members = lengthof(members_delete_replication_group_member_action),
};

static const char *const values_disassociation_mode[] = {
	"WAIT_FOR_REPLICATION",
};

static const Shape shape_disassociation_mode = {
	.name = "DisassociationMode",
	.kind = SHAPE_STRING,
	.enum_values = values_disassociation_mode,
	.n_enum_values = lengthof(values_disassociation_mode),
};

static const ShapeMember members_disassociate_replication_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
	{"DisassociationMode", "disassociationMode", &shape_disassociation_mode, true},
};

static const Shape shape_disassociate_replication_group_member_action = {
	.name = "DisassociateReplicationGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_disassociate_replication_group_member_action,
	.n_members = lengthof(members_disassociate_replication_group_member_action),
};

static const ShapeMember members_replication_group_update[] = {
	{"Create", "create", &shape_create_replication_group_member_action, false},
	{"Update", "update", &shape_update_replication_group_member_action, false},
	{"Delete", "delete", &shape_delete_replication_group_member_action, false},
	{"Disassociate", "disassociate", &shape_disassociate_replication_group_member_action, false},
};

static const Shape shape_replication_group_update = {
	.name = "ReplicationGroupUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replication_group_update,
	.n_members = lengthof(members_replication_group_update),
};

static const Shape shape_replication_group_update_list = {
	.name = "ReplicationGroupUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_replication_group_update,
};

static const char *const values_multi_region_consistency[] = {
	"EVENTUAL",
	"STRONG",
};

static const Shape shape_multi_region_consistency = {
	.name = "MultiRegionConsistency",
	.kind = SHAPE_STRING,
	.enum_values = values_multi_region_consistency,
	.n_enum_values = lengthof(values_multi_region_consistency),
};

static const ShapeMember members_create_global_table_witness_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
};

static const Shape shape_create_global_table_witness_group_member_action = {
	.name = "CreateGlobalTableWitnessGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_global_table_witness_group_member_action,
	.n_members = lengthof(members_create_global_table_witness_group_member_action),
};

static const ShapeMember members_delete_global_table_witness_group_member_action[] = {
	{"RegionName", "regionName", &shape_region_name, true},
};

static const Shape shape_delete_global_table_witness_group_member_action = {
	.name = "DeleteGlobalTableWitnessGroupMemberAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_global_table_witness_group_member_action,
	.n_members = lengthof(members_delete_global_table_witness_group_member_action),
};

static const ShapeMember members_global_table_witness_group_update[] = {
	{"Create", "create", &shape_create_global_table_witness_group_member_action, false},
	{"Delete", "delete", &shape_delete_global_table_witness_group_member_action, false},
};

static const Shape shape_global_table_witness_group_update = {
	.name = "GlobalTableWitnessGroupUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_global_table_witness_group_update,
	.n_members = lengthof(members_global_table_witness_group_update),
};

static const Shape shape_global_table_witness_group_update_list = {
	.name = "GlobalTableWitnessGroupUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1,
	.element = &shape_global_table_witness_group_update,
};

static const Shape shape_disassociation_protection_enabled = {
	.name = "DisassociationProtectionEnabled",
	.kind = SHAPE_BOOLEAN,
};

static const ShapeMember members_create_vector_index_action[] = {
	{"IndexName", "indexName", &shape_index_name, true},
	{"VectorAttribute", "vectorAttribute", &shape_vector_attribute_definition, true},
	{"SearchSchema", "searchSchema", &shape_search_schema, false},
	{"Projection", "projection", &shape_projection, true},
	{"Dimensions", "dimensions", &shape_positive_long_object, true},
	{"DistanceFunction", "distanceFunction", &shape_vector_distance_function, true},
};

static const Shape shape_create_vector_index_action = {
	.name = "CreateVectorIndexAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_create_vector_index_action,
	.n_members = lengthof(members_create_vector_index_action),
};

static const ShapeMember members_delete_vector_index_action[] = {
	{"IndexName", "indexName", &shape_index_name, true},
};

static const Shape shape_delete_vector_index_action = {
	.name = "DeleteVectorIndexAction",
	.kind = SHAPE_STRUCTURE,
	.members = members_delete_vector_index_action,
	.n_members = lengthof(members_delete_vector_index_action),
};

static const ShapeMember members_vector_index_update[] = {
	{"Create", "create", &shape_create_vector_index_action, false},
	{"Delete", "delete", &shape_delete_vector_index_action, false},
};

static const Shape shape_vector_index_update = {
	.name = "VectorIndexUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_vector_index_update,
	.n_members = lengthof(members_vector_index_update),
};

static const Shape shape_vector_index_update_list = {
	.name = "VectorIndexUpdateList",
	.kind = SHAPE_LIST,
	.element = &shape_vector_index_update,
};

static const ShapeMember members_update_table_input[] = {
	{"TableName", "tableName", &shape_long_table_name_or_arn, false},
	{"ProvisionedThroughput", "provisionedThroughput", &shape_provisioned_throughput, false},
	{"BillingMode", "billingMode", &shape_billing_mode, false},
	{"GlobalSecondaryIndexUpdates", "globalSecondaryIndexUpdates",
		&shape_global_secondary_index_update_list, false},
	{"AttributeDefinitions", "attributeDefinitions", &shape_attribute_definitions, false},
	{"StreamSpecification", "streamSpecification", &shape_stream_specification, false},
	{"SSESpecification", "sSESpecification", &shape_sse_specification, false},
	{"ReplicaUpdates", "replicaUpdates", &shape_replication_group_update_list, false},
	{"TableClass", "tableClass", &shape_table_class, false},
	{"DeletionProtectionEnabled", "deletionProtectionEnabled", &shape_deletion_protection_enabled, false},
	{"MultiRegionConsistency", "multiRegionConsistency", &shape_multi_region_consistency, false},
	{"GlobalTableWitnessUpdates", "globalTableWitnessUpdates",
		&shape_global_table_witness_group_update_list, false},
	{"OnDemandThroughput", "onDemandThroughput", &shape_on_demand_throughput, false},
	{"WarmThroughput", "warmThroughput", &shape_warm_throughput, false},
	{"GlobalTableSettingsReplicationMode", "globalTableSettingsReplicationMode",
		&shape_global_table_settings_replication_mode, false},
	{"DisassociationProtectionEnabled", "disassociationProtectionEnabled",
		&shape_disassociation_protection_enabled, false},
	{"VectorIndexUpdates", "vectorIndexUpdates", &shape_vector_index_update_list, false},
	{"TableThroughputMode", "tableThroughputMode", &shape_billing_mode, false},
};

static const Shape shape_update_table_input = {
	.name = "UpdateTableInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_table_input,
	.n_members = lengthof(members_update_table_input),
};

static const ShapeMember members_global_secondary_index_auto_scaling_update[] = {
	{"IndexName", "indexName", &shape_index_name, false},
	{"ProvisionedWriteCapacityAutoScalingUpdate", "provisionedWriteCapacityAutoScalingUpdate",
		&shape_auto_scaling_settings_update, false},
};

static const Shape shape_global_secondary_index_auto_scaling_update = {
	.name = "GlobalSecondaryIndexAutoScalingUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_global_secondary_index_auto_scaling_update,
	.n_members = lengthof(members_global_secondary_index_auto_scaling_update),
};

static const Shape shape_global_secondary_index_auto_scaling_update_list = {
	.name = "GlobalSecondaryIndexAutoScalingUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_global_secondary_index_auto_scaling_update,
};

static const ShapeMember members_replica_global_secondary_index_auto_scaling_update[] = {
	{"IndexName", "indexName", &shape_index_name, false},
	{"ProvisionedReadCapacityAutoScalingUpdate", "provisionedReadCapacityAutoScalingUpdate",
		&shape_auto_scaling_settings_update, false},
};

static const Shape shape_replica_global_secondary_index_auto_scaling_update = {
	.name = "ReplicaGlobalSecondaryIndexAutoScalingUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_global_secondary_index_auto_scaling_update,
	.n_members = lengthof(members_replica_global_secondary_index_auto_scaling_update),
};

static const Shape shape_replica_global_secondary_index_auto_scaling_update_list = {
	.name = "ReplicaGlobalSecondaryIndexAutoScalingUpdateList",
	.kind = SHAPE_LIST,
	.element = &shape_replica_global_secondary_index_auto_scaling_update,
};

static const ShapeMember members_replica_auto_scaling_update[] = {
	{"RegionName", "regionName", &shape_region_name, true},
	{"ReplicaGlobalSecondaryIndexUpdates", "replicaGlobalSecondaryIndexUpdates",
		&shape_replica_global_secondary_index_auto_scaling_update_list, false},
	{"ReplicaProvisionedReadCapacityAutoScalingUpdate", "replicaProvisionedReadCapacityAutoScalingUpdate",
		&shape_auto_scaling_settings_update, false},
};

static const Shape shape_replica_auto_scaling_update = {
	.name = "ReplicaAutoScalingUpdate",
	.kind = SHAPE_STRUCTURE,
	.members = members_replica_auto_scaling_update,
	.n_members = lengthof(members_replica_auto_scaling_update),
};

static const Shape shape_replica_auto_scaling_update_list = {
	.name = "ReplicaAutoScalingUpdateList",
	.kind = SHAPE_LIST,
	.has_min = true,
	.min = 1,
	.element = &shape_replica_auto_scaling_update,
};

static const ShapeMember members_update_table_replica_auto_scaling_input[] = {
	{"GlobalSecondaryIndexUpdates", "globalSecondaryIndexUpdates",
		&shape_global_secondary_index_auto_scaling_update_list, false},
	{"TableName", "tableName", &shape_table_name_or_arn, true},
	{"ProvisionedWriteCapacityAutoScalingUpdate", "provisionedWriteCapacityAutoScalingUpdate",
		&shape_auto_scaling_settings_update, false},
	{"ReplicaUpdates", "replicaUpdates", &shape_replica_auto_scaling_update_list, false},
};

static const Shape shape_update_table_replica_auto_scaling_input = {
	.name = "UpdateTableReplicaAutoScalingInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_table_replica_auto_scaling_input,
	.n_members = lengthof(members_update_table_replica_auto_scaling_input),
};

static const Shape shape_time_to_live_enabled = {
	.name = "TimeToLiveEnabled",
	.kind = SHAPE_BOOLEAN,
};

static const Shape shape_time_to_live_attribute_name = {
	.name = "TimeToLiveAttributeName",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 255,
};

static const ShapeMember members_time_to_live_specification[] = {
	{"Enabled", "enabled", &shape_time_to_live_enabled, true},
	{"AttributeName", "attributeName", &shape_time_to_live_attribute_name, true},
};

static const Shape shape_time_to_live_specification = {
	.name = "TimeToLiveSpecification",
	.kind = SHAPE_STRUCTURE,
	.members = members_time_to_live_specification,
	.n_members = lengthof(members_time_to_live_specification),
};

static const ShapeMember members_update_time_to_live_input[] = {
	{"TableName", "tableName", &shape_table_name_or_arn, false},
	{"TimeToLiveSpecification", "timeToLiveSpecification", &shape_time_to_live_specification, true},
};

static const Shape shape_update_time_to_live_input = {
	.name = "UpdateTimeToLiveInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_update_time_to_live_input,
	.n_members = lengthof(members_update_time_to_live_input),
};

static const Shape shape_streams_limit = {
	.name = "StreamsLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 100,
};

static const Shape shape_shard_id = {
	.name = "ShardId",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 28,
	.has_max = true,
	.max = 65,
};

static const char *const values_shard_filter_type[] = {
	"CHILD_SHARDS",
};

static const Shape shape_shard_filter_type = {
	.name = "ShardFilterType",
	.kind = SHAPE_STRING,
	.enum_values = values_shard_filter_type,
	.n_enum_values = lengthof(values_shard_filter_type),
};

static const ShapeMember members_shard_filter[] = {
	{"Type", "type", &shape_shard_filter_type, false},
	{"ShardId", "shardId", &shape_shard_id, false},
};

static const Shape shape_shard_filter = {
	.name = "ShardFilter",
	.kind = SHAPE_STRUCTURE,
	.members = members_shard_filter,
	.n_members = lengthof(members_shard_filter),
};

static const ShapeMember members_describe_stream_input[] = {
	{"StreamArn", "streamArn", &shape_stream_arn, true},
	{"Limit", "limit", &shape_streams_limit, false},
	{"ExclusiveStartShardId", "exclusiveStartShardId", &shape_shard_id, false},
	{"ShardFilter", "shardFilter", &shape_shard_filter, false},
};

static const Shape shape_describe_stream_input = {
	.name = "DescribeStreamInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_describe_stream_input,
	.n_members = lengthof(members_describe_stream_input),
};

static const Shape shape_shard_iterator = {
	.name = "ShardIterator",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 2048,
};

static const Shape shape_records_limit = {
	.name = "RecordsLimit",
	.kind = SHAPE_INTEGER,
	.has_min = true,
	.min = 1,
	.has_max = true,
	.max = 1000,
};

static const ShapeMember members_get_records_input[] = {
	{"ShardIterator", "shardIterator", &shape_shard_iterator, true},
	{"Limit", "limit", &shape_records_limit, false},
};

static const Shape shape_get_records_input = {
	.name = "GetRecordsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_get_records_input,
	.n_members = lengthof(members_get_records_input),
};

static const char *const values_shard_iterator_type[] = {
	"TRIM_HORIZON",
	"LATEST",
	"AT_SEQUENCE_NUMBER",
	"AFTER_SEQUENCE_NUMBER",
	"AT_TIMESTAMP",
};

static const Shape shape_shard_iterator_type = {
	.name = "ShardIteratorType",
	.kind = SHAPE_STRING,
	.enum_values = values_shard_iterator_type,
	.n_enum_values = lengthof(values_shard_iterator_type),
};

static const Shape shape_sequence_number = {
	.name = "SequenceNumber",
	.kind = SHAPE_STRING,
	.has_min = true,
	.min = 21,
	.has_max = true,
	.max = 40,
};

static const Shape shape_timestamp = {
	.name = "Timestamp",
	.kind = SHAPE_TIMESTAMP,
};

static const ShapeMember members_get_shard_iterator_input[] = {
	{"StreamArn", "streamArn", &shape_stream_arn, true},
	{"ShardId", "shardId", &shape_shard_id, true},
	{"ShardIteratorType", "shardIteratorType", &shape_shard_iterator_type, true},
	{"SequenceNumber", "sequenceNumber", &shape_sequence_number, false},
	{"Timestamp", "timestamp", &shape_timestamp, false},
};

static const Shape shape_get_shard_iterator_input = {
	.name = "GetShardIteratorInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_get_shard_iterator_input,
	.n_members = lengthof(members_get_shard_iterator_input),
};

static const ShapeMember members_list_streams_input[] = {
	{"TableName", "tableName", &shape_table_name, false},
	{"Limit", "limit", &shape_streams_limit, false},
	{"ExclusiveStartStreamArn", "exclusiveStartStreamArn", &shape_stream_arn, false},
};

static const Shape shape_list_streams_input = {
	.name = "ListStreamsInput",
	.kind = SHAPE_STRUCTURE,
	.members = members_list_streams_input,
	.n_members = lengthof(members_list_streams_input),
};

/* In the order of their names, and of OperationIndex. */
const Operation model_operations[] = {
	{"BatchExecuteStatement", &shape_batch_execute_statement_input, false},
	{"BatchGetItem", &shape_batch_get_item_input, false},
	{"BatchWriteItem", &shape_batch_write_item_input, false},
	{"CancelBulkOperation", &shape_cancel_bulk_operation_input, false},
	{"CreateBackup", &shape_create_backup_input, false},
	{"CreateGlobalTable", &shape_create_global_table_input, false},
	{"CreateTable", &shape_create_table_input, false},
	{"DeleteBackup", &shape_delete_backup_input, false},
	{"DeleteItem", &shape_delete_item_input, false},
	{"DeleteResourcePolicy", &shape_delete_resource_policy_input, false},
	{"DeleteTable", &shape_delete_table_input, false},
	{"DescribeBackup", &shape_describe_backup_input, false},
	{"DescribeBulkOperation", &shape_describe_bulk_operation_input, false},
	{"DescribeContinuousBackups", &shape_describe_continuous_backups_input, false},
	{"DescribeContributorInsights", &shape_describe_contributor_insights_input, false},
	{"DescribeEndpoints", &shape_describe_endpoints_request, false},
	{"DescribeExport", &shape_describe_export_input, false},
	{"DescribeGlobalTable", &shape_describe_global_table_input, false},
	{"DescribeGlobalTableSettings", &shape_describe_global_table_settings_input, false},
	{"DescribeImport", &shape_describe_import_input, false},
	{"DescribeKinesisStreamingDestination", &shape_describe_kinesis_streaming_destination_input, false},
	{"DescribeLimits", &shape_describe_limits_input, false},
	{"DescribeStream", &shape_describe_stream_input, true},
	{"DescribeTable", &shape_describe_table_input, false},
	{"DescribeTableReplicaAutoScaling", &shape_describe_table_replica_auto_scaling_input, false},
	{"DescribeTimeToLive", &shape_describe_time_to_live_input, false},
	{"DisableKinesisStreamingDestination", &shape_kinesis_streaming_destination_input, false},
	{"EnableKinesisStreamingDestination", &shape_kinesis_streaming_destination_input, false},
	{"ExecuteStatement", &shape_execute_statement_input, false},
	{"ExecuteTransaction", &shape_execute_transaction_input, false},
	{"ExportTableToPointInTime", &shape_export_table_to_point_in_time_input, false},
	{"GetItem", &shape_get_item_input, false},
	{"GetRecords", &shape_get_records_input, true},
	{"GetResourcePolicy", &shape_get_resource_policy_input, false},
	{"GetShardIterator", &shape_get_shard_iterator_input, true},
	{"ImportTable", &shape_import_table_input, false},
	{"ListBackups", &shape_list_backups_input, false},
	{"ListBulkOperations", &shape_list_bulk_operations_input, false},
	{"ListContributorInsights", &shape_list_contributor_insights_input, false},
	{"ListExports", &shape_list_exports_input, false},
	{"ListGlobalTables", &shape_list_global_tables_input, false},
	{"ListImports", &shape_list_imports_input, false},
	{"ListStreams", &shape_list_streams_input, true},
	{"ListTables", &shape_list_tables_input, false},
	{"ListTagsOfResource", &shape_list_tags_of_resource_input, false},
	{"PutItem", &shape_put_item_input, false},
	{"PutResourcePolicy", &shape_put_resource_policy_input, false},
	{"Query", &shape_query_input, false},
	{"RestoreTableFromBackup", &shape_restore_table_from_backup_input, false},
	{"RestoreTableToPointInTime", &shape_restore_table_to_point_in_time_input, false},
	{"Scan", &shape_scan_input, false},
	{"SearchVectors", &shape_search_vectors_input, false},
	{"StartBulkPutItems", &shape_start_bulk_put_items_input, false},
	{"TagResource", &shape_tag_resource_input, false},
	{"TransactGetItems", &shape_transact_get_items_input, false},
	{"TransactWriteItems", &shape_transact_write_items_input, false},
	{"UntagResource", &shape_untag_resource_input, false},
	{"UpdateContinuousBackups", &shape_update_continuous_backups_input, false},
	{"UpdateContributorInsights", &shape_update_contributor_insights_input, false},
	{"UpdateGlobalTable", &shape_update_global_table_input, false},
	{"UpdateGlobalTableSettings", &shape_update_global_table_settings_input, false},
	{"UpdateItem", &shape_update_item_input, false},
	{"UpdateKinesisStreamingDestination", &shape_update_kinesis_streaming_destination_input, false},
	{"UpdateTable", &shape_update_table_input, false},
	{"UpdateTableReplicaAutoScaling", &shape_update_table_replica_auto_scaling_input, false},
	{"UpdateTimeToLive", &shape_update_time_to_live_input, false},
};

const int model_operation_count = lengthof(model_operations);
