// Throttling as the AWS SDK for JavaScript v3 sees it: what is refused, and that its standard and adaptive retries ride through.
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { equal, finish, test } from "./harness.mjs";

const UNITS = 8;
const TableName = "ThrottledJavaScript";
const plain = new DynamoDBClient({ maxAttempts: 1 });

await plain.send(
  new CreateTableCommand({
    TableName,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    ProvisionedThroughput: { ReadCapacityUnits: UNITS, WriteCapacityUnits: UNITS },
  }),
);

const put = (client, number) => client.send(new PutItemCommand({ TableName, Item: { pk: { S: String(number) } } }));

await test("a write that is throttled, without retries", async () => {
  let refusal;
  for (let n = 0; n < 1000 && !refusal; n++) await put(plain, 0).catch((error) => (refusal = error));
  equal(refusal instanceof ProvisionedThroughputExceededException, true);
  equal(refusal.$retryable?.throttling ?? true, true);
  equal(refusal.ThrottlingReasons?.[0]?.reason, "TableWriteProvisionedThroughputExceeded");
  equal(refusal.ThrottlingReasons[0].resource.endsWith(`:table/${TableName}`), true);
});

for (const retryMode of ["standard", "adaptive"]) {
  await test(`${retryMode} retries ride through`, async () => {
    const client = new DynamoDBClient({ retryMode, maxAttempts: 12 });
    const begin = Date.now();
    let most = 0;
    for (let n = 0; n < 5 * UNITS; n++) most = Math.max(most, (await put(client, n)).$metadata.attempts);
    equal(most > 1, true);
    equal(Date.now() - begin >= 3000, true);
  });
}

await plain.send(new DeleteTableCommand({ TableName }));
finish();
