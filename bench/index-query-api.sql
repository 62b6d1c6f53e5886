-- pgbench takes :name for a variable of its own, wherever it stands: hence chr(58).
\set g random(0, :partitions - 1)
SELECT dynamo_query(('{"TableName":"Bench@table@","IndexName":"by_g1","KeyConditionExpression":"g = ' || chr(58) || 'g","ExpressionAttributeValues":{"' || chr(58) || 'g": {"S":"group#' || :g || '"}}}')::jsonb);
