// dynamodb-streams-readable, which nobody here wrote: a stream read to its end from its checkpoints, with a restart of the server in the
// middle.
import { execFileSync } from "node:child_process";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreams } from "@aws-sdk/client-dynamodb-streams";
import DynamoDBStreamReadable from "dynamodb-streams-readable";
import { equal, finish, test } from "./harness.mjs";

const dynamodb = new DynamoDB({ maxAttempts: 10 });
const streams = new DynamoDBStreams({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB_STREAMS });
const TableName = "Events";
const expected = [];
const got = [];
let arn;
let checkpoint;
let restarted = false;

async function write(first) {
  for (let i = first; i < first + 150; i++) {
    await dynamodb.putItem({ TableName, Item: { id: { S: `e${i}` }, n: { N: String(i) } } });
    expected.push(`INSERT e${i} ${i}`);
  }
  await dynamodb.deleteItem({ TableName, Key: { id: { S: `e${first}` } } });
  expected.push(`REMOVE e${first} `);
}

// One reader, from the checkpoint to the shard's end, or to an error, after which another one goes on.
function read() {
  return new Promise((resolve) => {
    const options = { limit: 40, readInterval: 20, ...(checkpoint ? { startAfter: checkpoint } : { iterator: "TRIM_HORIZON" }) };
    const reader = DynamoDBStreamReadable(streams, arn, options);
    reader.on("checkpoint", (number) => {
      checkpoint = number;
    });
    reader.on("data", (records) => {
      for (const { eventName, dynamodb: change } of records) got.push(`${eventName} ${change.Keys.id.S} ${change.NewImage?.n.N ?? ""}`);
      if (got.length >= 80 && !restarted) {
        restarted = true;
        execFileSync(process.env.DYNAPG_RESTART);
        // what is written now is read, too; then the stream ends
        write(1000).then(() => dynamodb.updateTable({ TableName, StreamSpecification: { StreamEnabled: false } }));
      }
    });
    reader.on("error", (error) => resolve(error));
    reader.on("end", () => resolve(undefined));
  });
}

await test("dynamodb-streams-readable reads a stream to its end, with a restart in the middle", async () => {
  const { TableDescription } = await dynamodb.createTable({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  });
  arn = TableDescription.LatestStreamArn;
  await write(0);
  const errors = [];
  for (let error; errors.length < 20 && (error = await read()); ) {
    errors.push(error);
    console.log(`(after ${got.length} records: ${error.name} ${error.message})`);
  }
  equal(errors.length < 20, true);
  equal(got, expected);
  await dynamodb.deleteTable({ TableName });
});

finish();
