-- pgbench takes :name for a variable of its own, wherever it stands: hence chr(58).
\set p random(0, :partitions - 1)
SELECT dynamo_query(('{"TableName":"Bench","KeyConditionExpression":"pk = ' || chr(58) || 'p","ExpressionAttributeValues":{"' || chr(58) || 'p": {"S":"user#' || :p || '"}}}')::jsonb);
