/*
 * model_data.h
 *		Indexes of operations, and of structures' members from 1 (0: no member).  Made by tools/gen_model.py from
 *		the model in botocore 1.44.5; not to be edited.
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
	AttributeDefinition_AttributeType = 1,
	AttributeDefinition_AttributeName
};

enum
{
	AttributeValueUpdate_Value = 1,
	AttributeValueUpdate_Action
};

enum
{
	AutoScalingPolicyUpdate_PolicyName = 1,
	AutoScalingPolicyUpdate_TargetTrackingScalingPolicyConfiguration
};

enum
{
	AutoScalingSettingsUpdate_MinimumUnits = 1,
	AutoScalingSettingsUpdate_MaximumUnits,
	AutoScalingSettingsUpdate_AutoScalingDisabled,
	AutoScalingSettingsUpdate_AutoScalingRoleArn,
	AutoScalingSettingsUpdate_ScalingPolicyUpdate
};

enum
{
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_DisableScaleIn = 1,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_ScaleInCooldown,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_ScaleOutCooldown,
	AutoScalingTargetTrackingScalingPolicyConfigurationUpdate_TargetValue
};

enum
{
	BatchExecuteStatementInput_Statements = 1,
	BatchExecuteStatementInput_ReturnConsumedCapacity
};

enum
{
	BatchGetItemInput_ReturnConsumedCapacity = 1,
	BatchGetItemInput_RequestItems
};

enum
{
	BatchStatementRequest_Statement = 1,
	BatchStatementRequest_Parameters,
	BatchStatementRequest_ConsistentRead,
	BatchStatementRequest_ReturnValuesOnConditionCheckFailure
};

enum
{
	BatchWriteItemInput_ReturnConsumedCapacity = 1,
	BatchWriteItemInput_ReturnItemCollectionMetrics,
	BatchWriteItemInput_RequestItems
};

enum
{
	CancelBulkOperationInput_BulkOperationArn = 1
};

enum
{
	Condition_AttributeValueList = 1,
	Condition_ComparisonOperator
};

enum
{
	ConditionCheck_Key = 1,
	ConditionCheck_TableName,
	ConditionCheck_ConditionExpression,
	ConditionCheck_ExpressionAttributeNames,
	ConditionCheck_ExpressionAttributeValues,
	ConditionCheck_ReturnValuesOnConditionCheckFailure
};

enum
{
	CreateBackupInput_TableName = 1,
	CreateBackupInput_BackupName
};

enum
{
	CreateGlobalSecondaryIndexAction_Projection = 1,
	CreateGlobalSecondaryIndexAction_IndexName,
	CreateGlobalSecondaryIndexAction_ProvisionedThroughput,
	CreateGlobalSecondaryIndexAction_KeySchema,
	CreateGlobalSecondaryIndexAction_OnDemandThroughput,
	CreateGlobalSecondaryIndexAction_WarmThroughput
};

enum
{
	CreateGlobalTableInput_GlobalTableName = 1,
	CreateGlobalTableInput_ReplicationGroup
};

enum
{
	CreateGlobalTableWitnessGroupMemberAction_RegionName = 1
};

enum
{
	CreateReplicaAction_RegionName = 1
};

enum
{
	CreateReplicationGroupMemberAction_RegionName = 1,
	CreateReplicationGroupMemberAction_KMSMasterKeyId,
	CreateReplicationGroupMemberAction_ProvisionedThroughputOverride,
	CreateReplicationGroupMemberAction_OnDemandThroughputOverride,
	CreateReplicationGroupMemberAction_GlobalSecondaryIndexes,
	CreateReplicationGroupMemberAction_TableClassOverride
};

enum
{
	CreateTableInput_AttributeDefinitions = 1,
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
	CreateVectorIndexAction_IndexName = 1,
	CreateVectorIndexAction_VectorAttribute,
	CreateVectorIndexAction_SearchSchema,
	CreateVectorIndexAction_Projection,
	CreateVectorIndexAction_Dimensions,
	CreateVectorIndexAction_DistanceFunction
};

enum
{
	CsvOptions_Delimiter = 1,
	CsvOptions_HeaderList
};

enum
{
	Delete_Key = 1,
	Delete_TableName,
	Delete_ConditionExpression,
	Delete_ExpressionAttributeNames,
	Delete_ExpressionAttributeValues,
	Delete_ReturnValuesOnConditionCheckFailure
};

enum
{
	DeleteBackupInput_BackupArn = 1
};

enum
{
	DeleteGlobalSecondaryIndexAction_IndexName = 1
};

enum
{
	DeleteGlobalTableWitnessGroupMemberAction_RegionName = 1
};

enum
{
	DeleteItemInput_ReturnConsumedCapacity = 1,
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
	DeleteReplicaAction_RegionName = 1
};

enum
{
	DeleteReplicationGroupMemberAction_RegionName = 1
};

enum
{
	DeleteRequest_Key = 1
};

enum
{
	DeleteResourcePolicyInput_ResourceArn = 1,
	DeleteResourcePolicyInput_ExpectedRevisionId
};

enum
{
	DeleteTableInput_TableName = 1
};

enum
{
	DeleteVectorIndexAction_IndexName = 1
};

enum
{
	DescribeBackupInput_BackupArn = 1
};

enum
{
	DescribeBulkOperationInput_BulkOperationArn = 1
};

enum
{
	DescribeContinuousBackupsInput_TableName = 1
};

enum
{
	DescribeContributorInsightsInput_TableName = 1,
	DescribeContributorInsightsInput_IndexName
};

enum
{
	DescribeExportInput_ExportArn = 1
};

enum
{
	DescribeGlobalTableInput_GlobalTableName = 1
};

enum
{
	DescribeGlobalTableSettingsInput_GlobalTableName = 1
};

enum
{
	DescribeImportInput_ImportArn = 1
};

enum
{
	DescribeKinesisStreamingDestinationInput_TableName = 1
};

enum
{
	DescribeStreamInput_StreamArn = 1,
	DescribeStreamInput_Limit,
	DescribeStreamInput_ExclusiveStartShardId,
	DescribeStreamInput_ShardFilter
};

enum
{
	DescribeTableInput_TableName = 1
};

enum
{
	DescribeTableReplicaAutoScalingInput_TableName = 1
};

enum
{
	DescribeTimeToLiveInput_TableName = 1
};

enum
{
	DisassociateReplicationGroupMemberAction_RegionName = 1,
	DisassociateReplicationGroupMemberAction_DisassociationMode
};

enum
{
	EnableKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision = 1
};

enum
{
	ExecuteStatementInput_Statement = 1,
	ExecuteStatementInput_Parameters,
	ExecuteStatementInput_ConsistentRead,
	ExecuteStatementInput_NextToken,
	ExecuteStatementInput_ReturnConsumedCapacity,
	ExecuteStatementInput_Limit,
	ExecuteStatementInput_ReturnValuesOnConditionCheckFailure
};

enum
{
	ExecuteTransactionInput_TransactStatements = 1,
	ExecuteTransactionInput_ClientRequestToken,
	ExecuteTransactionInput_ReturnConsumedCapacity
};

enum
{
	ExpectedAttributeValue_AttributeValueList = 1,
	ExpectedAttributeValue_ComparisonOperator,
	ExpectedAttributeValue_Exists,
	ExpectedAttributeValue_Value
};

enum
{
	ExportTableToPointInTimeInput_TableArn = 1,
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
	FilterSpecification_FilterExpression = 1,
	FilterSpecification_ProjectionExpression,
	FilterSpecification_KeyConditionExpression,
	FilterSpecification_ExpressionAttributeNames,
	FilterSpecification_ExpressionAttributeValues
};

enum
{
	Get_Key = 1,
	Get_TableName,
	Get_ProjectionExpression,
	Get_ExpressionAttributeNames
};

enum
{
	GetItemInput_ReturnConsumedCapacity = 1,
	GetItemInput_AttributesToGet,
	GetItemInput_TableName,
	GetItemInput_Key,
	GetItemInput_ConsistentRead,
	GetItemInput_ProjectionExpression,
	GetItemInput_ExpressionAttributeNames
};

enum
{
	GetRecordsInput_ShardIterator = 1,
	GetRecordsInput_Limit
};

enum
{
	GetResourcePolicyInput_ResourceArn = 1
};

enum
{
	GetShardIteratorInput_StreamArn = 1,
	GetShardIteratorInput_ShardId,
	GetShardIteratorInput_ShardIteratorType,
	GetShardIteratorInput_SequenceNumber,
	GetShardIteratorInput_Timestamp
};

enum
{
	GlobalSecondaryIndex_IndexName = 1,
	GlobalSecondaryIndex_KeySchema,
	GlobalSecondaryIndex_Projection,
	GlobalSecondaryIndex_ProvisionedThroughput,
	GlobalSecondaryIndex_OnDemandThroughput,
	GlobalSecondaryIndex_WarmThroughput
};

enum
{
	GlobalSecondaryIndexAutoScalingUpdate_IndexName = 1,
	GlobalSecondaryIndexAutoScalingUpdate_ProvisionedWriteCapacityAutoScalingUpdate
};

enum
{
	GlobalSecondaryIndexUpdate_Update = 1,
	GlobalSecondaryIndexUpdate_Create,
	GlobalSecondaryIndexUpdate_Delete
};

enum
{
	GlobalTableGlobalSecondaryIndexSettingsUpdate_IndexName = 1,
	GlobalTableGlobalSecondaryIndexSettingsUpdate_ProvisionedWriteCapacityUnits,
	GlobalTableGlobalSecondaryIndexSettingsUpdate_ProvisionedWriteCapacityAutoScalingSettingsUpdate
};

enum
{
	GlobalTableWitnessGroupUpdate_Create = 1,
	GlobalTableWitnessGroupUpdate_Delete
};

enum
{
	ImportTableInput_ClientToken = 1,
	ImportTableInput_S3BucketSource,
	ImportTableInput_InputFormat,
	ImportTableInput_InputFormatOptions,
	ImportTableInput_InputCompressionType,
	ImportTableInput_TableCreationParameters
};

enum
{
	IncrementalExportSpecification_ExportFromTime = 1,
	IncrementalExportSpecification_ExportToTime,
	IncrementalExportSpecification_ExportViewType
};

enum
{
	InputFormatOptions_Csv = 1
};

enum
{
	InputS3Configuration_S3BucketOwner = 1,
	InputS3Configuration_S3Bucket,
	InputS3Configuration_S3KeyPrefix,
	InputS3Configuration_InputFormat,
	InputS3Configuration_InputCompressionType
};

enum
{
	KeySchemaElement_AttributeName = 1,
	KeySchemaElement_KeyType
};

enum
{
	KeysAndAttributes_Keys = 1,
	KeysAndAttributes_AttributesToGet,
	KeysAndAttributes_ConsistentRead,
	KeysAndAttributes_ProjectionExpression,
	KeysAndAttributes_ExpressionAttributeNames
};

enum
{
	KinesisStreamingDestinationInput_TableName = 1,
	KinesisStreamingDestinationInput_StreamArn,
	KinesisStreamingDestinationInput_EnableKinesisStreamingConfiguration
};

enum
{
	ListBackupsInput_TableName = 1,
	ListBackupsInput_Limit,
	ListBackupsInput_TimeRangeLowerBound,
	ListBackupsInput_TimeRangeUpperBound,
	ListBackupsInput_ExclusiveStartBackupArn,
	ListBackupsInput_BackupType
};

enum
{
	ListBulkOperationsInput_MaxResults = 1,
	ListBulkOperationsInput_NextToken
};

enum
{
	ListContributorInsightsInput_TableName = 1,
	ListContributorInsightsInput_NextToken,
	ListContributorInsightsInput_MaxResults
};

enum
{
	ListExportsInput_TableArn = 1,
	ListExportsInput_MaxResults,
	ListExportsInput_NextToken
};

enum
{
	ListGlobalTablesInput_ExclusiveStartGlobalTableName = 1,
	ListGlobalTablesInput_Limit,
	ListGlobalTablesInput_RegionName
};

enum
{
	ListImportsInput_TableArn = 1,
	ListImportsInput_PageSize,
	ListImportsInput_NextToken
};

enum
{
	ListStreamsInput_TableName = 1,
	ListStreamsInput_Limit,
	ListStreamsInput_ExclusiveStartStreamArn
};

enum
{
	ListTablesInput_Limit = 1,
	ListTablesInput_ExclusiveStartTableName
};

enum
{
	ListTagsOfResourceInput_ResourceArn = 1,
	ListTagsOfResourceInput_NextToken
};

enum
{
	LocalSecondaryIndex_IndexName = 1,
	LocalSecondaryIndex_KeySchema,
	LocalSecondaryIndex_Projection
};

enum
{
	OnDemandThroughput_MaxReadRequestUnits = 1,
	OnDemandThroughput_MaxWriteRequestUnits
};

enum
{
	OnDemandThroughputOverride_MaxReadRequestUnits = 1
};

enum
{
	OutputS3Configuration_S3BucketOwner = 1,
	OutputS3Configuration_S3Bucket,
	OutputS3Configuration_S3KeyPrefix,
	OutputS3Configuration_S3SseAlgorithm,
	OutputS3Configuration_S3SseKmsKeyId,
	OutputS3Configuration_OutputType
};

enum
{
	ParameterizedStatement_Statement = 1,
	ParameterizedStatement_Parameters,
	ParameterizedStatement_ReturnValuesOnConditionCheckFailure
};

enum
{
	PointInTimeRecoverySpecification_PointInTimeRecoveryEnabled = 1,
	PointInTimeRecoverySpecification_RecoveryPeriodInDays
};

enum
{
	Projection_ProjectionType = 1,
	Projection_NonKeyAttributes
};

enum
{
	ProvisionedThroughput_WriteCapacityUnits = 1,
	ProvisionedThroughput_ReadCapacityUnits
};

enum
{
	ProvisionedThroughputOverride_ReadCapacityUnits = 1
};

enum
{
	Put_Item = 1,
	Put_TableName,
	Put_ConditionExpression,
	Put_ExpressionAttributeNames,
	Put_ExpressionAttributeValues,
	Put_ReturnValuesOnConditionCheckFailure
};

enum
{
	PutItemInput_ReturnConsumedCapacity = 1,
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
	PutRequest_Item = 1
};

enum
{
	PutResourcePolicyInput_ResourceArn = 1,
	PutResourcePolicyInput_Policy,
	PutResourcePolicyInput_ExpectedRevisionId,
	PutResourcePolicyInput_ConfirmRemoveSelfResourceAccess
};

enum
{
	QueryInput_Select = 1,
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
	Replica_RegionName = 1
};

enum
{
	ReplicaAutoScalingUpdate_RegionName = 1,
	ReplicaAutoScalingUpdate_ReplicaGlobalSecondaryIndexUpdates,
	ReplicaAutoScalingUpdate_ReplicaProvisionedReadCapacityAutoScalingUpdate
};

enum
{
	ReplicaGlobalSecondaryIndex_IndexName = 1,
	ReplicaGlobalSecondaryIndex_ProvisionedThroughputOverride,
	ReplicaGlobalSecondaryIndex_OnDemandThroughputOverride
};

enum
{
	ReplicaGlobalSecondaryIndexAutoScalingUpdate_IndexName = 1,
	ReplicaGlobalSecondaryIndexAutoScalingUpdate_ProvisionedReadCapacityAutoScalingUpdate
};

enum
{
	ReplicaGlobalSecondaryIndexSettingsUpdate_IndexName = 1,
	ReplicaGlobalSecondaryIndexSettingsUpdate_ProvisionedReadCapacityUnits,
	ReplicaGlobalSecondaryIndexSettingsUpdate_ProvisionedReadCapacityAutoScalingSettingsUpdate
};

enum
{
	ReplicaSettingsUpdate_RegionName = 1,
	ReplicaSettingsUpdate_ReplicaProvisionedReadCapacityUnits,
	ReplicaSettingsUpdate_ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate,
	ReplicaSettingsUpdate_ReplicaGlobalSecondaryIndexSettingsUpdate,
	ReplicaSettingsUpdate_ReplicaTableClass
};

enum
{
	ReplicaUpdate_Create = 1,
	ReplicaUpdate_Delete
};

enum
{
	ReplicationGroupUpdate_Create = 1,
	ReplicationGroupUpdate_Update,
	ReplicationGroupUpdate_Delete,
	ReplicationGroupUpdate_Disassociate
};

enum
{
	RestoreTableFromBackupInput_TargetTableName = 1,
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
	RestoreTableToPointInTimeInput_SourceTableArn = 1,
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
	S3BucketSource_S3BucketOwner = 1,
	S3BucketSource_S3Bucket,
	S3BucketSource_S3KeyPrefix
};

enum
{
	SSESpecification_Enabled = 1,
	SSESpecification_SSEType,
	SSESpecification_KMSMasterKeyId
};

enum
{
	ScanInput_Select = 1,
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
	SearchSchemaElement_AttributeName = 1,
	SearchSchemaElement_SearchSchemaElementType
};

enum
{
	SearchVectorsInput_TableName = 1,
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
	ShardFilter_Type = 1,
	ShardFilter_ShardId
};

enum
{
	StartBulkPutItemsInput_ClientToken = 1,
	StartBulkPutItemsInput_InputS3Configuration,
	StartBulkPutItemsInput_OutputS3Configuration,
	StartBulkPutItemsInput_TableName,
	StartBulkPutItemsInput_MaxWriteRequestUnits,
	StartBulkPutItemsInput_PerformanceTier
};

enum
{
	StreamSpecification_StreamEnabled = 1,
	StreamSpecification_StreamViewType
};

enum
{
	TableCreationParameters_TableName = 1,
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
	Tag_Key = 1,
	Tag_Value
};

enum
{
	TagResourceInput_ResourceArn = 1,
	TagResourceInput_Tags
};

enum
{
	TimeToLiveSpecification_Enabled = 1,
	TimeToLiveSpecification_AttributeName
};

enum
{
	TransactGetItem_Get = 1
};

enum
{
	TransactGetItemsInput_TransactItems = 1,
	TransactGetItemsInput_ReturnConsumedCapacity
};

enum
{
	TransactWriteItem_ConditionCheck = 1,
	TransactWriteItem_Put,
	TransactWriteItem_Delete,
	TransactWriteItem_Update
};

enum
{
	TransactWriteItemsInput_ClientRequestToken = 1,
	TransactWriteItemsInput_ReturnConsumedCapacity,
	TransactWriteItemsInput_ReturnItemCollectionMetrics,
	TransactWriteItemsInput_TransactItems
};

enum
{
	UntagResourceInput_ResourceArn = 1,
	UntagResourceInput_TagKeys
};

enum
{
	Update_Key = 1,
	Update_UpdateExpression,
	Update_TableName,
	Update_ConditionExpression,
	Update_ExpressionAttributeNames,
	Update_ExpressionAttributeValues,
	Update_ReturnValuesOnConditionCheckFailure
};

enum
{
	UpdateContinuousBackupsInput_TableName = 1,
	UpdateContinuousBackupsInput_PointInTimeRecoverySpecification
};

enum
{
	UpdateContributorInsightsInput_TableName = 1,
	UpdateContributorInsightsInput_IndexName,
	UpdateContributorInsightsInput_ContributorInsightsAction,
	UpdateContributorInsightsInput_ContributorInsightsMode
};

enum
{
	UpdateGlobalSecondaryIndexAction_IndexName = 1,
	UpdateGlobalSecondaryIndexAction_ProvisionedThroughput,
	UpdateGlobalSecondaryIndexAction_OnDemandThroughput,
	UpdateGlobalSecondaryIndexAction_WarmThroughput
};

enum
{
	UpdateGlobalTableInput_GlobalTableName = 1,
	UpdateGlobalTableInput_ReplicaUpdates
};

enum
{
	UpdateGlobalTableSettingsInput_GlobalTableName = 1,
	UpdateGlobalTableSettingsInput_GlobalTableBillingMode,
	UpdateGlobalTableSettingsInput_GlobalTableProvisionedWriteCapacityUnits,
	UpdateGlobalTableSettingsInput_GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate,
	UpdateGlobalTableSettingsInput_GlobalTableGlobalSecondaryIndexSettingsUpdate,
	UpdateGlobalTableSettingsInput_ReplicaSettingsUpdate
};

enum
{
	UpdateItemInput_ReturnConsumedCapacity = 1,
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
	UpdateKinesisStreamingConfiguration_ApproximateCreationDateTimePrecision = 1
};

enum
{
	UpdateKinesisStreamingDestinationInput_TableName = 1,
	UpdateKinesisStreamingDestinationInput_StreamArn,
	UpdateKinesisStreamingDestinationInput_UpdateKinesisStreamingConfiguration
};

enum
{
	UpdateReplicationGroupMemberAction_RegionName = 1,
	UpdateReplicationGroupMemberAction_KMSMasterKeyId,
	UpdateReplicationGroupMemberAction_ProvisionedThroughputOverride,
	UpdateReplicationGroupMemberAction_OnDemandThroughputOverride,
	UpdateReplicationGroupMemberAction_GlobalSecondaryIndexes,
	UpdateReplicationGroupMemberAction_TableClassOverride
};

enum
{
	UpdateTableInput_TableName = 1,
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
	UpdateTableReplicaAutoScalingInput_GlobalSecondaryIndexUpdates = 1,
	UpdateTableReplicaAutoScalingInput_TableName,
	UpdateTableReplicaAutoScalingInput_ProvisionedWriteCapacityAutoScalingUpdate,
	UpdateTableReplicaAutoScalingInput_ReplicaUpdates
};

enum
{
	UpdateTimeToLiveInput_TableName = 1,
	UpdateTimeToLiveInput_TimeToLiveSpecification
};

enum
{
	VectorAttributeDefinition_AttributeName = 1
};

enum
{
	VectorIndex_IndexName = 1,
	VectorIndex_VectorAttribute,
	VectorIndex_SearchSchema,
	VectorIndex_Projection,
	VectorIndex_Dimensions,
	VectorIndex_DistanceFunction
};

enum
{
	VectorIndexUpdate_Create = 1,
	VectorIndexUpdate_Delete
};

enum
{
	WarmThroughput_ReadUnitsPerSecond = 1,
	WarmThroughput_WriteUnitsPerSecond
};

enum
{
	WriteRequest_DeleteRequest = 1,
	WriteRequest_PutRequest
};

#endif							/* DYNAPG_MODEL_DATA_H */
