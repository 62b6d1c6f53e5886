// Throttling as the AWS SDK for JavaScript v3 sees it: what is refused, and that its standard and adaptive retries ride through.
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { equal, finish, test } from "./harness.mjs";

const UNITS = 2; // so few that a slow machine asks for more
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

async function untilRefused() {
  let refusal;
  for (let n = 0; n < 1000 && !refusal; n++) await put(plain, 0).catch((error) => (refusal = error));
  return refusal;
}

await test("a write that is throttled, without retries", async () => {
  const refusal = await untilRefused();
  equal(refusal instanceof ProvisionedThroughputExceededException, true);
  equal(refusal.$retryable?.throttling ?? true, true);
  equal(refusal.ThrottlingReasons?.[0]?.reason, "TableWriteProvisionedThroughputExceeded");
  equal(refusal.ThrottlingReasons[0].resource.endsWith(`:table/${TableName}`), true);
});

for (const retryMode of ["standard", "adaptive"]) {
  await test(`${retryMode} retries ride through`, async () => {
    const client = new DynamoDBClient({ retryMode, maxAttempts: 12 });
    // from a moment on at which there was nothing left
    const begin = Date.now();
    await untilRefused();
    let [puts, most] = [0, 0];
    for (; puts < 1000 && (puts < 5 * UNITS || most < 2); puts++) most = Math.max(most, (await put(client, puts)).$metadata.attempts);
    equal(most > 1, true);
    // one was on its way when the other one was refused
    equal(Date.now() - begin >= ((puts - UNITS) / UNITS) * 1000, true);
  });
}

await plain.send(new DeleteTableCommand({ TableName }));
finish();
