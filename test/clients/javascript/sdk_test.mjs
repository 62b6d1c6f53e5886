// The AWS SDK for JavaScript v3: the plain client, the document client, paginators and waiters.
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDB,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
  ResourceNotFoundException,
  paginateListTables,
  paginateScan,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
  paginateQuery,
} from "@aws-sdk/lib-dynamodb";
import { equal, finish, rejects, test } from "./harness.mjs";

const client = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
const TableName = "Songs";

await test("CreateTable and waitUntilTableExists", async () => {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
  const { state } = await waitUntilTableExists({ client, maxWaitTime: 180, minDelay: 1 }, { TableName });
  equal(state, "SUCCESS");
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  equal(Table.TableStatus, "ACTIVE");
  equal(Table.CreationDateTime instanceof Date, true);
});

await test("the document client: put and get of every type", async () => {
  const Item = {
    pk: "types",
    sk: -1.5,
    text: "ä€😀\u0000",
    yes: true,
    no: false,
    nothing: null,
    list: [1, "two", [null]],
    map: { a: { b: {} } },
    strings: new Set(["a", "b"]),
    numbers: new Set([1, 2]),
    bytes: new Uint8Array([0, 1, 255]),
    left: undefined,
  };
  await documents.send(new PutCommand({ TableName, Item }));
  const answer = await documents.send(new GetCommand({ TableName, Key: { pk: "types", sk: -1.5 }, ConsistentRead: true }));
  delete Item.left;
  equal({ ...answer.Item, bytes: [...answer.Item.bytes] }, { ...Item, bytes: [...Item.bytes] });
});

await test("numbers of 38 digits", async () => {
  const precise = DynamoDBDocumentClient.from(new DynamoDBClient({}), { unmarshallOptions: { wrapNumbers: true } });
  const n = NumberValue.from("12345678901234567890123456789012345678");
  await precise.send(new PutCommand({ TableName, Item: { pk: "n", sk: 1, n } }));
  const answer = await precise.send(new GetCommand({ TableName, Key: { pk: "n", sk: 1 } }));
  equal(answer.Item.n.toString(), n.toString());
});

await test("update with an expression", async () => {
  const answer = await documents.send(
    new UpdateCommand({
      TableName,
      Key: { pk: "counter", sk: 0 },
      UpdateExpression: "SET #list = list_append(if_not_exists(#list, :empty), :more) ADD visits :one",
      ExpressionAttributeNames: { "#list": "list" },
      ExpressionAttributeValues: { ":empty": [], ":more": ["x"], ":one": 1 },
      ReturnValues: "ALL_NEW",
    }),
  );
  equal(answer.Attributes, { pk: "counter", sk: 0, list: ["x"], visits: 1 });
});

await test("a failed condition, with its item", async () => {
  const put = new PutItemCommand({
    TableName,
    Item: { pk: { S: "counter" }, sk: { N: "0" } },
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  await rejects(client.send(put), (error) => {
    equal(error instanceof ConditionalCheckFailedException, true);
    equal(error.message, "The conditional request failed");
    equal(error.Item.visits, { N: "1" });
    equal(error.$metadata.httpStatusCode, 400);
    equal(error.$metadata.requestId.length, 52);
    return true;
  });
});

await test("other errors", async () => {
  await rejects(client.send(new DescribeTableCommand({ TableName: "nothing" })), (error) => {
    equal(error instanceof ResourceNotFoundException, true);
    equal(error.message, "Requested resource not found: Table: nothing not found");
    return true;
  });
  await rejects(documents.send(new GetCommand({ TableName, Key: { pk: 1 } })), { name: "ValidationException" });
});

await test("batches", async () => {
  for (let from = 0; from < 100; from += 25) {
    const requests = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { pk: "batch", sk: from + i, n: from + i } } }));
    const answer = await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
    equal(answer.UnprocessedItems, {});
  }
  const Keys = Array.from({ length: 100 }, (_, sk) => ({ pk: "batch", sk }));
  const answer = await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } }));
  equal(answer.Responses[TableName].map(({ sk }) => sk).sort((a, b) => a - b), Keys.map(({ sk }) => sk));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ DeleteRequest: { Key: { pk: { S: "batch" }, sk: { N: "99" } } } }] } }));
});

await test("query: sort key condition, filter, projection, order", async () => {
  const answer = await documents.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
      FilterExpression: "n <> :not",
      ProjectionExpression: "sk",
      ExpressionAttributeValues: { ":pk": "batch", ":from": 9, ":to": 12, ":not": 10 },
      ScanIndexForward: false,
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  equal(answer.Items, [{ sk: 12 }, { sk: 11 }, { sk: 9 }]);
  equal([answer.Count, answer.ScannedCount, answer.ConsumedCapacity.CapacityUnits], [3, 4, 0.5]);
});

await test("paginators", async () => {
  const sizes = [];
  const query = { TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "batch" } };
  for await (const page of paginateQuery({ client: documents, pageSize: 40 }, query)) sizes.push(page.Items.length);
  equal(sizes, [40, 40, 19]);
  let scanned = 0;
  for await (const page of paginateScan({ client, pageSize: 10 }, { TableName })) scanned += page.Count;
  equal(scanned, 102);
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 1 }, {})) names.push(...page.TableNames);
  equal(names.includes(TableName), true);
});

await test("scan in segments", async () => {
  const pages = await Promise.all(
    [0, 1, 2, 3].map((Segment) => documents.send(new ScanCommand({ TableName, Segment, TotalSegments: 4 }))),
  );
  equal(pages.reduce((sum, page) => sum + page.Count, 0), 102);
});

await test("many requests at once", async () => {
  const puts = Array.from({ length: 200 }, (_, sk) => documents.send(new PutCommand({ TableName, Item: { pk: "many", sk } })));
  await Promise.all(puts);
  const { Count } = await documents.send(
    new QueryCommand({ TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "many" }, Select: "COUNT", ConsistentRead: true }),
  );
  equal(Count, 200);
});

await test("a request that is aborted", async () => {
  const controller = new AbortController();
  const sent = client.send(new ListTablesCommand({}), { abortSignal: controller.signal });
  controller.abort();
  await rejects(sent, { name: "AbortError" });
  equal((await new DynamoDB({}).listTables({})).TableNames.includes(TableName), true);
});

await test("indexes and transactions with the document client", async () => {
  const Shop = TableName + "-shop";
  await client.send(
    new CreateTableCommand({
      TableName: Shop,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["id", "tenant", "region"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "ByTenant",
          KeySchema: [
            { AttributeName: "tenant", KeyType: "HASH" },
            { AttributeName: "region", KeyType: "HASH" },
          ],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["stock"] },
        },
      ],
    }),
  );
  await documents.send(
    new TransactWriteCommand({
      TransactItems: ["a", "b", "c"].map((id) => ({ Put: { TableName: Shop, Item: { id, tenant: "t", region: "eu", stock: 1, note: "n" } } })),
    }),
  );
  const { Items } = await documents.send(
    new QueryCommand({
      TableName: Shop,
      IndexName: "ByTenant",
      KeyConditionExpression: "tenant = :t AND #r = :r",
      ExpressionAttributeNames: { "#r": "region" },
      ExpressionAttributeValues: { ":t": "t", ":r": "eu" },
    }),
  );
  equal(Items.map(({ id }) => id).sort(), ["a", "b", "c"]);
  equal(Object.keys(Items[0]).sort(), ["id", "region", "stock", "tenant"]);
  const sell = (id) => ({
    Update: {
      TableName: Shop,
      Key: { id },
      UpdateExpression: "SET stock = stock - :one",
      ConditionExpression: "stock >= :one",
      ExpressionAttributeValues: { ":one": 1 },
    },
  });
  await documents.send(new TransactWriteCommand({ TransactItems: [sell("a"), sell("b")] }));
  const error = await documents.send(new TransactWriteCommand({ TransactItems: [sell("c"), sell("a")] })).catch((e) => e);
  equal(error.name, "TransactionCanceledException");
  equal(error.CancellationReasons.map(({ Code }) => Code), ["None", "ConditionalCheckFailed"]);
  const { Responses } = await documents.send(
    new TransactGetCommand({ TransactItems: ["a", "c"].map((id) => ({ Get: { TableName: Shop, Key: { id } } })) }),
  );
  equal(Responses.map(({ Item }) => Item.stock), [0, 1]);
  await client.send(new DeleteTableCommand({ TableName: Shop }));
});

await test("delete, DeleteTable and waitUntilTableNotExists", async () => {
  const answer = await documents.send(new DeleteCommand({ TableName, Key: { pk: "counter", sk: 0 }, ReturnValues: "ALL_OLD" }));
  equal(answer.Attributes.visits, 1);
  await client.send(new DeleteTableCommand({ TableName }));
  const { state } = await waitUntilTableNotExists({ client, maxWaitTime: 180, minDelay: 1 }, { TableName });
  equal(state, "SUCCESS");
});

finish();
