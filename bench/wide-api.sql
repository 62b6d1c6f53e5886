\set p random(0, 99)
SELECT dynamo_query(('{"TableName":"Wide","KeyConditionExpression":"pk = ' || chr(58) || 'p","ExpressionAttributeValues":{"' || chr(58) || 'p": {"S":"user#' || :p || '"}}}')::jsonb);
