/*
 * model_data.h
 *		Indexes of operations and of structures' members.  Made by tools/gen_model.py from the model in
 *		botocore 1.44.5; not to be edited.
 */
#ifndef DYNAPG_MODEL_DATA_H
#define DYNAPG_MODEL_DATA_H

typedef enum OperationIndex
{
	OPERATION_BatchExecuteStatement,
	OPERATION_BatchGetItem,
	OPERATION_BatchWriteItem,
	OPERATION_CancelBulkOperation,
	OPERATION_CreateBackup,
	OPERATION_CreateGlobalTable,
	OPERATION_CreateTable,
	OPERATION_DeleteBackup,
	OPERATION_DeleteItem,
	OPERATION_DeleteResourcePolicy,
	OPERATION_DeleteTable,
	OPERATION_DescribeBackup,
	OPERATION_DescribeBulkOperation,
	OPERATION_DescribeContinuousBackups,
	OPERATION_DescribeContributorInsights,
	OPERATION_DescribeEndpoints,
	OPERATION_DescribeExport,
	OPERATION_DescribeGlobalTable,
	OPERATION_DescribeGlobalTableSettings,
	OPERATION_DescribeImport,
	OPERATION_DescribeKinesisStreamingDestination,
	OPERATION_DescribeLimits,
	OPERATION_DescribeStream,
	OPERATION_DescribeTable,
	OPERATION_DescribeTableReplicaAutoScaling,
	OPERATION_DescribeTimeToLive,
	OPERATION_DisableKinesisStreamingDestination,
	OPERATION_EnableKinesisStreamingDestination,
	OPERATION_ExecuteStatement,
	OPERATION_ExecuteTransaction,
	OPERATION_ExportTableToPointInTime,
	OPERATION_GetItem,
	OPERATION_GetRecords,
	OPERATION_GetResourcePolicy,
	OPERATION_GetShardIterator,
	OPERATION_ImportTable,
	OPERATION_ListBackups,
	OPERATION_ListBulkOperations,
	OPERATION_ListContributorInsights,
	OPERATION_ListExports,
	OPERATION_ListGlobalTables,
	OPERATION_ListImports,
	OPERATION_ListStreams,
	OPERATION_ListTables,
	OPERATION_ListTagsOfResource,
	OPERATION_PutItem,
	OPERATION_PutResourcePolicy,
	OPERATION_Query,
	OPERATION_RestoreTableFromBackup,
	OPERATION_RestoreTableToPointInTime,
	OPERATION_Scan,
	OPERATION_SearchVectors,
	OPERATION_StartBulkPutItems,
	OPERATION_TagResource,
	OPERATION_TransactGetItems,
	OPERATION_TransactWriteItems,
	OPERATION_UntagResource,
	OPERATION_UpdateContinuousBackups,
	OPERATION_UpdateContributorInsights,
	OPERATION_UpdateGlobalTable,
	OPERATION_UpdateGlobalTableSettings,
	OPERATION_UpdateItem,
	OPERATION_UpdateKinesisStreamingDestination,
	OPERATION_UpdateTable,
	OPERATION_UpdateTableReplicaAutoScaling,
	OPERATION_UpdateTimeToLive,
	OPERATION_COUNT
} OperationIndex;

enum
{
	AttributeDefinition_AttributeType,
	AttributeDefinition_AttributeName
};

enum
{
	AttributeValueUpdate_Value,
	AttributeValueUpdate_Action
};

enum
{
	AutoScalingPolicyUpdate_PolicyName,
	AutoScalingPolicyUpdate_TargetTrackingScalingPolicyConfiguration
};

enum
{
	AutoScalingSettingsUpdate_MinimumUnits,
	AutoScalingSettingsUpdate_MaximumUnits,
	AutoScalingSettingsUpdate_AutoScalingDisabled,
	AutoScalingSettingsUpdate_AutoScalingRoleArn,
	AutoScalingSettingsUpdate_ScalingPolicyUpdate
};

enum
{
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_DisableScaleIn,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_ScaleInCooldown,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_ScaleOutCooldown,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_TargetValue
};

enum
{
	BatchExecuteStatementInput_Statements,
	BatchExecuteStatementInput_ReturnConsumedCapacity
};

enum
{
	BatchGetItemInput_ReturnConsumedCapacity,
	BatchGetItemInput_RequestItems
};

enum
{
	BatchStatementRequest_Statement,
	BatchStatementRequest_Parameters,
	BatchStatementRequest_ConsistentRead,
	BatchStatementRequest_ReturnValuesOnConditionCheckFailure
};

enum
{
	BatchWriteItemInput_ReturnConsumedCapacity,
	BatchWriteItemInput_ReturnItemCollectionMetrics,
	BatchWriteItemInput_RequestItems
};

enum
{
	CancelBulkOperationInput_BulkOperationArn
};

enum
{
	Condition_AttributeValueList,
	Condition_ComparisonOperator
};

enum
{
	ConditionCheck_Key,
	ConditionCheck_TableName,
	ConditionCheck_ConditionExpression,
	ConditionCheck_ExpressionAttributeNames,
	ConditionCheck_ExpressionAttributeValues,
	ConditionCheck_ReturnValuesOnConditionCheckFailure
};

enum
{
	CreateBackupInput_TableName,
	CreateBackupInput_BackupName
};

enum
{
	CreateGlobalSecondaryIndexAction_Projection,
	CreateGlobalSecondaryIndexAction_IndexName,
	CreateGlobalSecondaryIndexAction_ProvisionedThroughput,
	CreateGlobalSecondaryIndexAction_KeySchema,
	CreateGlobalSecondaryIndexAction_OnDemandThroughput,
	CreateGlobalSecondaryIndexAction_WarmThroughput
};

enum
{
	CreateGlobalTableInput_GlobalTableName,
	CreateGlobalTableInput_ReplicationGroup
};

enum
{
	CreateGlobalTableWitnessGroupMemberAction_RegionName
};

enum
{
	CreateReplicaAction_RegionName
};

enum
{
	CreateReplicationGroupMemberAction_RegionName,
	CreateReplicationGroupMemberAction_KMSMasterKeyId,
	CreateReplicationGroupMemberAction_ProvisionedThroughputOverride,
	CreateReplicationGroupMemberAction_OnDemandThroughputOverride,
	CreateReplicationGroupMemberAction_GlobalSecondaryIndexes,
	CreateReplicationGroupMemberAction_TableClassOverride
};

enum
{
	CreateTableInput_AttributeDefinitions,
	CreateTableInput_TableName,
	CreateTableInput_BillingMode,
	CreateTableInput_ProvisionedThroughput,
	CreateTableInput_KeySchema,
	CreateTableInput_LocalSecondaryIndexes,
	CreateTableInput_GlobalSecondaryIndexes,
	CreateTableInput_StreamSpecification,
	CreateTableInput_SSESpecification,
	CreateTableInput_Tags,
	CreateTableInput_TableClass,
	CreateTableInput_DeletionProtectionEnabled,
	CreateTableInput_WarmThroughput,
	CreateTableInput_ResourcePolicy,
	CreateTableInput_OnDemandThroughput,
	CreateTableInput_GlobalTableSourceArn,
	CreateTableInput_GlobalTableSettingsReplicationMode,
	CreateTableInput_VectorIndexes,
	CreateTableInput_TableThroughputMode
};

enum
{
	CreateVectorIndexAction_IndexName,
	CreateVectorIndexAction_VectorAttribute,
	CreateVectorIndexAction_SearchSchema,
	CreateVectorIndexAction_Projection,
	CreateVectorIndexAction_Dimensions,
	CreateVectorIndexAction_DistanceFunction
};

enum
{
	CsvOptions_Delimiter,
	CsvOptions_HeaderList
};

enum
{
	Delete_Key,
	Delete_TableName,
	Delete_ConditionExpression,
	Delete_ExpressionAttributeNames,
	Delete_ExpressionAttributeValues,
	Delete_ReturnValuesOnConditionCheckFailure
};

enum
{
	DeleteBackupInput_BackupArn
};

enum
{
	DeleteGlobalSecondaryIndexAction_IndexName
};

enum
{
	DeleteGlobalTableWitnessGroupMemberAction_RegionName
};

enum
{
	DeleteItemInput_ReturnConsumedCapacity,
	DeleteItemInput_TableName,
	DeleteItemInput_ReturnValues,
	DeleteItemInput_ReturnItemCollectionMetrics,
	DeleteItemInput_Key,
	DeleteItemInput_ConditionalOperator,
	DeleteItemInput_Expected,
	DeleteItemInput_ConditionExpression,
	DeleteItemInput_ExpressionAttributeNames,
	DeleteItemInput_ExpressionAttributeValues,
	DeleteItemInput_ReturnValuesOnConditionCheckFailure
};

enum
{
	DeleteReplicaAction_RegionName
};

enum
{
	DeleteReplicationGroupMemberAction_RegionName
};

enum
{
	DeleteRequest_Key
};

enum
{
	DeleteResourcePolicyInput_ResourceArn,
	DeleteResourcePolicyInput_ExpectedRevisionId
};

enum
{
	DeleteTableInput_TableName
};

enum
{
	DeleteVectorIndexAction_IndexName
};

enum
{
	DescribeBackupInput_BackupArn
};

enum
{
	DescribeBulkOperationInput_BulkOperationArn
};

enum
{
	DescribeContinuousBackupsInput_TableName
};

enum
{
	DescribeContributorInsightsInput_TableName,
	DescribeContributorInsightsInput_IndexName
};

enum
{
	DescribeExportInput_ExportArn
};

enum
{
	DescribeGlobalTableInput_GlobalTableName
};

enum
{
	DescribeGlobalTableSettingsInput_GlobalTableName
};

enum
{
	DescribeImportInput_ImportArn
};

enum
{
	DescribeKinesisStreamingDestinationInput_TableName
};

enum
{
	DescribeStreamInput_StreamArn,
	DescribeStreamInput_Limit,
	DescribeStreamInput_ExclusiveStartShardId,
	DescribeStreamInput_ShardFilter
};

enum
{
	DescribeTableInput_TableName
};

enum
{
	DescribeTableReplicaAutoScalingInput_TableName
};

enum
{
	DescribeTimeToLiveInput_TableName
};

enum
{
	DisassociateReplicationGroupMemberAction_RegionName,
	DisassociateReplicationGroupMemberAction_DisassociationMode
};

enum
{
	EnableKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision
};

enum
{
	ExecuteStatementInput_Statement,
	ExecuteStatementInput_Parameters,
	ExecuteStatementInput_ConsistentRead,
	ExecuteStatementInput_NextToken,
	ExecuteStatementInput_ReturnConsumedCapacity,
	ExecuteStatementInput_Limit,
	ExecuteStatementInput_ReturnValuesOnConditionCheckFailure
};

enum
{
	ExecuteTransactionInput_TransactStatements,
	ExecuteTransactionInput_ClientRequestToken,
	ExecuteTransactionInput_ReturnConsumedCapacity
};

enum
{
	ExpectedAttributeValue_AttributeValueList,
	ExpectedAttributeValue_ComparisonOperator,
	ExpectedAttributeValue_Exists,
	ExpectedAttributeValue_Value
};

enum
{
	ExportTableToPointInTimeInput_TableArn,
	ExportTableToPointInTimeInput_ExportTime,
	ExportTableToPointInTimeInput_ClientToken,
	ExportTableToPointInTimeInput_S3Bucket,
	ExportTableToPointInTimeInput_S3BucketOwner,
	ExportTableToPointInTimeInput_S3Prefix,
	ExportTableToPointInTimeInput_S3SseAlgorithm,
	ExportTableToPointInTimeInput_S3SseKmsKeyId,
	ExportTableToPointInTimeInput_ExportFormat,
	ExportTableToPointInTimeInput_ExportType,
	ExportTableToPointInTimeInput_IncrementalExportSpecification,
	ExportTableToPointInTimeInput_FilterSpecification
};

enum
{
	FilterSpecification_FilterExpression,
	FilterSpecification_ProjectionExpression,
	FilterSpecification_KeyConditionExpression,
	FilterSpecification_ExpressionAttributeNames,
	FilterSpecification_ExpressionAttributeValues
};

enum
{
	Get_Key,
	Get_TableName,
	Get_ProjectionExpression,
	Get_ExpressionAttributeNames
};

enum
{
	GetItemInput_ReturnConsumedCapacity,
	GetItemInput_AttributesToGet,
	GetItemInput_TableName,
	GetItemInput_Key,
	GetItemInput_ConsistentRead,
	GetItemInput_ProjectionExpression,
	GetItemInput_ExpressionAttributeNames
};

enum
{
	GetRecordsInput_ShardIterator,
	GetRecordsInput_Limit
};

enum
{
	GetResourcePolicyInput_ResourceArn
};

enum
{
	GetShardIteratorInput_StreamArn,
	GetShardIteratorInput_ShardId,
	GetShardIteratorInput_ShardIteratorType,
	GetShardIteratorInput_SequenceNumber,
	GetShardIteratorInput_Timestamp
};

enum
{
	GlobalSecondaryIndex_IndexName,
	GlobalSecondaryIndex_KeySchema,
	GlobalSecondaryIndex_Projection,
	GlobalSecondaryIndex_ProvisionedThroughput,
	GlobalSecondaryIndex_OnDemandThroughput,
	GlobalSecondaryIndex_WarmThroughput
};

enum
{
	GlobalSecondaryIndexAutoScalingUpdate_IndexName,
	GlobalSecondaryIndexAutoScalingUpdate_ProvisionedWriteCapacityAutoScalingUpdate
};

enum
{
	GlobalSecondaryIndexUpdate_Update,
	GlobalSecondaryIndexUpdate_Create,
	GlobalSecondaryIndexUpdate_Delete
};

enum
{
	GlobalTableGlobalSecondaryIndexSettingsUpdate_IndexName,
	GlobalTableGlobalSecondaryIndexSettingsUpdate_ProvisionedWriteCapacityUnits,
	GlobalTableGlobalSecondaryIndexSettingsUpdate_ProvisionedWriteCapacityAutoScalingSettingsUpdate
};

enum
{
	GlobalTableWitnessGroupUpdate_Create,
	GlobalTableWitnessGroupUpdate_Delete
};

enum
{
	ImportTableInput_ClientToken,
	ImportTableInput_S3BucketSource,
	ImportTableInput_InputFormat,
	ImportTableInput_InputFormatOptions,
	ImportTableInput_InputCompressionType,
	ImportTableInput_TableCreationParameters
};

enum
{
	IncrementalExportSpecification_ExportFromTime,
	IncrementalExportSpecification_ExportToTime,
	IncrementalExportSpecification_ExportViewType
};

enum
{
	InputFormatOptions_Csv
};

enum
{
	InputS3Configuration_S3BucketOwner,
	InputS3Configuration_S3Bucket,
	InputS3Configuration_S3KeyPrefix,
	InputS3Configuration_InputFormat,
	InputS3Configuration_InputCompressionType
};

enum
{
	KeySchemaElement_AttributeName,
	KeySchemaElement_KeyType
};

enum
{
	KeysAndAttributes_Keys,
	KeysAndAttributes_AttributesToGet,
	KeysAndAttributes_ConsistentRead,
	KeysAndAttributes_ProjectionExpression,
	KeysAndAttributes_ExpressionAttributeNames
};

enum
{
	KinesisStreamingDestinationInput_TableName,
	KinesisStreamingDestinationInput_StreamArn,
	KinesisStreamingDestinationInput_EnableKinesisStreamingConfiguration
};

enum
{
	ListBackupsInput_TableName,
	ListBackupsInput_Limit,
	ListBackupsInput_TimeRangeLowerBound,
	ListBackupsInput_TimeRangeUpperBound,
	ListBackupsInput_ExclusiveStartBackupArn,
	ListBackupsInput_BackupType
};

enum
{
	ListBulkOperationsInput_MaxResults,
	ListBulkOperationsInput_NextToken
};

enum
{
	ListContributorInsightsInput_TableName,
	ListContributorInsightsInput_NextToken,
	ListContributorInsightsInput_MaxResults
};

enum
{
	ListExportsInput_TableArn,
	ListExportsInput_MaxResults,
	ListExportsInput_NextToken
};

enum
{
	ListGlobalTablesInput_ExclusiveStartGlobalTableName,
	ListGlobalTablesInput_Limit,
	ListGlobalTablesInput_RegionName
};

enum
{
	ListImportsInput_TableArn,
	ListImportsInput_PageSize,
	ListImportsInput_NextToken
};

enum
{
	ListStreamsInput_TableName,
	ListStreamsInput_Limit,
	ListStreamsInput_ExclusiveStartStreamArn
};

enum
{
	ListTablesInput_Limit,
	ListTablesInput_ExclusiveStartTableName
};

enum
{
	ListTagsOfResourceInput_ResourceArn,
	ListTagsOfResourceInput_NextToken
};

enum
{
	LocalSecondaryIndex_IndexName,
	LocalSecondaryIndex_KeySchema,
	LocalSecondaryIndex_Projection
};

enum
{
	OnDemandThroughput_MaxReadRequestUnits,
	OnDemandThroughput_MaxWriteRequestUnits
};

enum
{
	OnDemandThroughputOverride_MaxReadRequestUnits
};

enum
{
	OutputS3Configuration_S3BucketOwner,
	OutputS3Configuration_S3Bucket,
	OutputS3Configuration_S3KeyPrefix,
	OutputS3Configuration_S3SseAlgorithm,
	OutputS3Configuration_S3SseKmsKeyId,
	OutputS3Configuration_OutputType
};

enum
{
	ParameterizedStatement_Statement,
	ParameterizedStatement_Parameters,
	ParameterizedStatement_ReturnValuesOnConditionCheckFailure
};

enum
{
	PointInTimeRecoverySpecification_PointInTimeRecoveryEnabled,
	PointInTimeRecoverySpecification_RecoveryPeriodInDays
};

enum
{
	Projection_ProjectionType,
	Projection_NonKeyAttributes
};

enum
{
	ProvisionedThroughput_WriteCapacityUnits,
	ProvisionedThroughput_ReadCapacityUnits
};

enum
{
	ProvisionedThroughputOverride_ReadCapacityUnits
};

enum
{
	Put_Item,
	Put_TableName,
	Put_ConditionExpression,
	Put_ExpressionAttributeNames,
	Put_ExpressionAttributeValues,
	Put_ReturnValuesOnConditionCheckFailure
};

enum
{
	PutItemInput_ReturnConsumedCapacity,
	PutItemInput_TableName,
	PutItemInput_Item,
	PutItemInput_ConditionalOperator,
	PutItemInput_Expected,
	PutItemInput_ReturnValues,
	PutItemInput_ReturnItemCollectionMetrics,
	PutItemInput_ConditionExpression,
	PutItemInput_ExpressionAttributeNames,
	PutItemInput_ExpressionAttributeValues,
	PutItemInput_ReturnValuesOnConditionCheckFailure
};

enum
{
	PutRequest_Item
};

enum
{
	PutResourcePolicyInput_ResourceArn,
	PutResourcePolicyInput_Policy,
	PutResourcePolicyInput_ExpectedRevisionId,
	PutResourcePolicyInput_ConfirmRemoveSelfResourceAccess
};

enum
{
	QueryInput_Select,
	QueryInput_IndexName,
	QueryInput_ReturnConsumedCapacity,
	QueryInput_QueryFilter,
	QueryInput_TableName,
	QueryInput_ConditionalOperator,
	QueryInput_AttributesToGet,
	QueryInput_Limit,
	QueryInput_KeyConditions,
	QueryInput_ExclusiveStartKey,
	QueryInput_ConsistentRead,
	QueryInput_ScanIndexForward,
	QueryInput_ProjectionExpression,
	QueryInput_FilterExpression,
	QueryInput_KeyConditionExpression,
	QueryInput_ExpressionAttributeNames,
	QueryInput_ExpressionAttributeValues
};

enum
{
	Replica_RegionName
};

enum
{
	ReplicaAutoScalingUpdate_RegionName,
	ReplicaAutoScalingUpdate_ReplicaGlobalSecondaryIndexUpdates,
	ReplicaAutoScalingUpdate_ReplicaProvisionedReadCapacityAutoScalingUpdate
};

enum
{
	ReplicaGlobalSecondaryIndex_IndexName,
	ReplicaGlobalSecondaryIndex_ProvisionedThroughputOverride,
	ReplicaGlobalSecondaryIndex_OnDemandThroughputOverride
};

enum
{
	ReplicaGlobalSecondaryIndexAutoScalingUpdate_IndexName,
	ReplicaGlobalSecondaryIndexAutoScalingUpdate_ProvisionedReadCapacityAutoScalingUpdate
};

enum
{
	ReplicaGlobalSecondaryIndexSettingsUpdate_IndexName,
	ReplicaGlobalSecondaryIndexSettingsUpdate_ProvisionedReadCapacityUnits,
	ReplicaGlobalSecondaryIndexSettingsUpdate_ProvisionedReadCapacityAutoScalingSettingsUpdate
};

enum
{
	ReplicaSettingsUpdate_RegionName,
	ReplicaSettingsUpdate_ReplicaProvisionedReadCapacityUnits,
	ReplicaSettingsUpdate_ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate,
	ReplicaSettingsUpdate_ReplicaGlobalSecondaryIndexSettingsUpdate,
	ReplicaSettingsUpdate_ReplicaTableClass
};

enum
{
	ReplicaUpdate_Create,
	ReplicaUpdate_Delete
};

enum
{
	ReplicationGroupUpdate_Create,
	ReplicationGroupUpdate_Update,
	ReplicationGroupUpdate_Delete,
	ReplicationGroupUpdate_Disassociate
};

enum
{
	RestoreTableFromBackupInput_TargetTableName,
	RestoreTableFromBackupInput_BackupArn,
	RestoreTableFromBackupInput_BillingModeOverride,
	RestoreTableFromBackupInput_GlobalSecondaryIndexOverride,
	RestoreTableFromBackupInput_LocalSecondaryIndexOverride,
	RestoreTableFromBackupInput_ProvisionedThroughputOverride,
	RestoreTableFromBackupInput_OnDemandThroughputOverride,
	RestoreTableFromBackupInput_SSESpecificationOverride,
	RestoreTableFromBackupInput_VectorIndexOverride
};

enum
{
	RestoreTableToPointInTimeInput_SourceTableArn,
	RestoreTableToPointInTimeInput_SourceTableName,
	RestoreTableToPointInTimeInput_TargetTableName,
	RestoreTableToPointInTimeInput_UseLatestRestorableTime,
	RestoreTableToPointInTimeInput_RestoreDateTime,
	RestoreTableToPointInTimeInput_BillingModeOverride,
	RestoreTableToPointInTimeInput_GlobalSecondaryIndexOverride,
	RestoreTableToPointInTimeInput_LocalSecondaryIndexOverride,
	RestoreTableToPointInTimeInput_ProvisionedThroughputOverride,
	RestoreTableToPointInTimeInput_OnDemandThroughputOverride,
	RestoreTableToPointInTimeInput_SSESpecificationOverride,
	RestoreTableToPointInTimeInput_VectorIndexOverride
};

enum
{
	S3BucketSource_S3BucketOwner,
	S3BucketSource_S3Bucket,
	S3BucketSource_S3KeyPrefix
};

enum
{
	SSESpecification_Enabled,
	SSESpecification_SSEType,
	SSESpecification_KMSMasterKeyId
};

enum
{
	ScanInput_Select,
	ScanInput_IndexName,
	ScanInput_TotalSegments,
	ScanInput_ReturnConsumedCapacity,
	ScanInput_TableName,
	ScanInput_ConditionalOperator,
	ScanInput_ScanFilter,
	ScanInput_Segment,
	ScanInput_Limit,
	ScanInput_AttributesToGet,
	ScanInput_ExclusiveStartKey,
	ScanInput_ProjectionExpression,
	ScanInput_FilterExpression,
	ScanInput_ExpressionAttributeNames,
	ScanInput_ExpressionAttributeValues,
	ScanInput_ConsistentRead
};

enum
{
	SearchSchemaElement_AttributeName,
	SearchSchemaElement_SearchSchemaElementType
};

enum
{
	SearchVectorsInput_TableName,
	SearchVectorsInput_IndexName,
	SearchVectorsInput_ReturnConsumedCapacity,
	SearchVectorsInput_ExpressionAttributeNames,
	SearchVectorsInput_ExpressionAttributeValues,
	SearchVectorsInput_ProjectionExpression,
	SearchVectorsInput_SearchVector,
	SearchVectorsInput_SearchConditionExpression,
	SearchVectorsInput_TopK
};

enum
{
	ShardFilter_Type,
	ShardFilter_ShardId
};

enum
{
	StartBulkPutItemsInput_ClientToken,
	StartBulkPutItemsInput_InputS3Configuration,
	StartBulkPutItemsInput_OutputS3Configuration,
	StartBulkPutItemsInput_TableName,
	StartBulkPutItemsInput_MaxWriteRequestUnits,
	StartBulkPutItemsInput_PerformanceTier
};

enum
{
	StreamSpecification_StreamEnabled,
	StreamSpecification_StreamViewType
};

enum
{
	TableCreationParameters_TableName,
	TableCreationParameters_AttributeDefinitions,
	TableCreationParameters_KeySchema,
	TableCreationParameters_BillingMode,
	TableCreationParameters_ProvisionedThroughput,
	TableCreationParameters_OnDemandThroughput,
	TableCreationParameters_SSESpecification,
	TableCreationParameters_GlobalSecondaryIndexes,
	TableCreationParameters_VectorIndexes
};

enum
{
	Tag_Key,
	Tag_Value
};

enum
{
	TagResourceInput_ResourceArn,
	TagResourceInput_Tags
};

enum
{
	TimeToLiveSpecification_Enabled,
	TimeToLiveSpecification_AttributeName
};

enum
{
	TransactGetItem_Get
};

enum
{
	TransactGetItemsInput_TransactItems,
	TransactGetItemsInput_ReturnConsumedCapacity
};

enum
{
	TransactWriteItem_ConditionCheck,
	TransactWriteItem_Put,
	TransactWriteItem_Delete,
	TransactWriteItem_Update
};

enum
{
	TransactWriteItemsInput_ClientRequestToken,
	TransactWriteItemsInput_ReturnConsumedCapacity,
	TransactWriteItemsInput_ReturnItemCollectionMetrics,
	TransactWriteItemsInput_TransactItems
};

enum
{
	UntagResourceInput_ResourceArn,
	UntagResourceInput_TagKeys
};

enum
{
	Update_Key,
	Update_UpdateExpression,
	Update_TableName,
	Update_ConditionExpression,
	Update_ExpressionAttributeNames,
	Update_ExpressionAttributeValues,
	Update_ReturnValuesOnConditionCheckFailure
};

enum
{
	UpdateContinuousBackupsInput_TableName,
	UpdateContinuousBackupsInput_PointInTimeRecoverySpecification
};

enum
{
	UpdateContributorInsightsInput_TableName,
	UpdateContributorInsightsInput_IndexName,
	UpdateContributorInsightsInput_ContributorInsightsAction,
	UpdateContributorInsightsInput_ContributorInsightsMode
};

enum
{
	UpdateGlobalSecondaryIndexAction_IndexName,
	UpdateGlobalSecondaryIndexAction_ProvisionedThroughput,
	UpdateGlobalSecondaryIndexAction_OnDemandThroughput,
	UpdateGlobalSecondaryIndexAction_WarmThroughput
};

enum
{
	UpdateGlobalTableInput_GlobalTableName,
	UpdateGlobalTableInput_ReplicaUpdates
};

enum
{
	UpdateGlobalTableSettingsInput_GlobalTableName,
	UpdateGlobalTableSettingsInput_GlobalTableBillingMode,
	UpdateGlobalTableSettingsInput_GlobalTableProvisionedWriteCapacityUnits,
	UpdateGlobalTableSettingsInput_GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate,
	UpdateGlobalTableSettingsInput_GlobalTableGlobalSecondaryIndexSettingsUpdate,
	UpdateGlobalTableSettingsInput_ReplicaSettingsUpdate
};

enum
{
	UpdateItemInput_ReturnConsumedCapacity,
	UpdateItemInput_TableName,
	UpdateItemInput_ReturnItemCollectionMetrics,
	UpdateItemInput_ReturnValues,
	UpdateItemInput_Key,
	UpdateItemInput_ConditionalOperator,
	UpdateItemInput_Expected,
	UpdateItemInput_AttributeUpdates,
	UpdateItemInput_UpdateExpression,
	UpdateItemInput_ConditionExpression,
	UpdateItemInput_ExpressionAttributeNames,
	UpdateItemInput_ExpressionAttributeValues,
	UpdateItemInput_ReturnValuesOnConditionCheckFailure
};

enum
{
	UpdateKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision
};

enum
{
	UpdateKinesisStreamingDestinationInput_TableName,
	UpdateKinesisStreamingDestinationInput_StreamArn,
	UpdateKinesisStreamingDestinationInput_UpdateKinesisStreamingConfiguration
};

enum
{
	UpdateReplicationGroupMemberAction_RegionName,
	UpdateReplicationGroupMemberAction_KMSMasterKeyId,
	UpdateReplicationGroupMemberAction_ProvisionedThroughputOverride,
	UpdateReplicationGroupMemberAction_OnDemandThroughputOverride,
	UpdateReplicationGroupMemberAction_GlobalSecondaryIndexes,
	UpdateReplicationGroupMemberAction_TableClassOverride
};

enum
{
	UpdateTableInput_TableName,
	UpdateTableInput_ProvisionedThroughput,
	UpdateTableInput_BillingMode,
	UpdateTableInput_GlobalSecondaryIndexUpdates,
	UpdateTableInput_AttributeDefinitions,
	UpdateTableInput_StreamSpecification,
	UpdateTableInput_SSESpecification,
	UpdateTableInput_ReplicaUpdates,
	UpdateTableInput_TableClass,
	UpdateTableInput_DeletionProtectionEnabled,
	UpdateTableInput_MultiRegionConsistency,
	UpdateTableInput_GlobalTableWitnessUpdates,
	UpdateTableInput_OnDemandThroughput,
	UpdateTableInput_WarmThroughput,
	UpdateTableInput_GlobalTableSettingsReplicationMode,
	UpdateTableInput_DisassociationProtectionEnabled,
	UpdateTableInput_VectorIndexUpdates,
	UpdateTableInput_TableThroughputMode
};

enum
{
	UpdateTableReplicaAutoScalingInput_GlobalSecondaryIndexUpdates,
	UpdateTableReplicaAutoScalingInput_TableName,
	UpdateTableReplicaAutoScalingInput_ProvisionedWriteCapacityAutoScalingUpdate,
	UpdateTableReplicaAutoScalingInput_ReplicaUpdates
};

enum
{
	UpdateTimeToLiveInput_TableName,
	UpdateTimeToLiveInput_TimeToLiveSpecification
};

enum
{
	VectorAttributeDefinition_AttributeName
};

enum
{
	VectorIndex_IndexName,
	VectorIndex_VectorAttribute,
	VectorIndex_SearchSchema,
	VectorIndex_Projection,
	VectorIndex_Dimensions,
	VectorIndex_DistanceFunction
};

enum
{
	VectorIndexUpdate_Create,
	VectorIndexUpdate_Delete
};

enum
{
	WarmThroughput_ReadUnitsPerSecond,
	WarmThroughput_WriteUnitsPerSecond
};

enum
{
	WriteRequest_DeleteRequest,
	WriteRequest_PutRequest
};

#endif							/* DYNAPG_MODEL_DATA_H */
