// The basics that the manuals of ElectroDB, dynamodb-toolbox and Dynamoose begin with.
import { CreateTableCommand, DynamoDB, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import dynamoose from "dynamoose";
import {
  BatchPutRequest,
  BatchWriteCommand,
  DeleteItemCommand,
  Entity as ToolboxEntity,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  Table,
  UpdateItemCommand,
  $add,
  $append,
  executeBatchWrite,
} from "dynamodb-toolbox";
import { item } from "dynamodb-toolbox/schema/item";
import { list } from "dynamodb-toolbox/schema/list";
import { number } from "dynamodb-toolbox/schema/number";
import { string } from "dynamodb-toolbox/schema/string";
import { Entity, Service } from "electrodb";
import { equal, finish, rejects, test } from "./harness.mjs";

const client = new DynamoDBClient({ maxAttempts: 1 });
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

async function createTable(TableName) {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk", "gsi1pk", "gsi1sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "gsi1",
          KeySchema: [
            { AttributeName: "gsi1pk", KeyType: "HASH" },
            { AttributeName: "gsi1sk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    }),
  );
}

// ---------------------------------------------------------------- ElectroDB

const Task = new Entity(
  {
    model: { entity: "task", version: "1", service: "work" },
    attributes: {
      team: { type: "string", required: true },
      task: { type: "string", required: true },
      status: { type: ["open", "closed"], default: "open" },
      points: { type: "number" },
      tags: { type: "set", items: "string" },
      comments: { type: "list", items: { type: "map", properties: { user: { type: "string" }, body: { type: "string" } } } },
      updatedAt: { type: "number", watch: "*", set: () => 1 },
    },
    indexes: {
      tasks: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["task"] } },
      byStatus: { index: "gsi1", pk: { field: "gsi1pk", composite: ["status"] }, sk: { field: "gsi1sk", composite: ["team", "task"] } },
    },
  },
  { client: documents, table: "electro" },
);

await createTable("electro");

await test("ElectroDB: create, and create again", async () => {
  const { data } = await Task.create({ team: "blue", task: "one", points: 3, tags: ["a", "b"], comments: [{ user: "u", body: "b" }] }).go();
  equal([data.status, data.points], ["open", 3]);
  await rejects(Task.create({ team: "blue", task: "one" }).go(), /conditional request failed/);
});

await test("ElectroDB: get, put, upsert", async () => {
  const { data } = await Task.get({ team: "blue", task: "one" }).go({ consistent: true });
  equal([data.tags, data.comments], [["a", "b"], [{ user: "u", body: "b" }]]);
  await Task.put({ team: "blue", task: "two", points: 5 }).go();
  await Task.upsert({ team: "blue", task: "three", points: 8 }).go();
  equal((await Task.get({ team: "blue", task: "none" }).go()).data, null);
});

await test("ElectroDB: patch and update", async () => {
  const { data } = await Task.patch({ team: "blue", task: "one" })
    .set({ status: "closed" })
    .add({ points: 2, tags: ["c"] })
    .append({ comments: [{ user: "v", body: "c" }] })
    .where(({ points }, { lt }) => lt(points, 10))
    .go({ response: "all_new" });
  equal([data.status, data.points, data.tags.sort(), data.comments.length], ["closed", 5, ["a", "b", "c"], 2]);
  await rejects(Task.patch({ team: "blue", task: "none" }).set({ points: 1 }).go(), /conditional request failed/);
  await Task.update({ team: "blue", task: "one" }).data((attributes, { remove }) => remove(attributes.comments[0])).go();
});

await test("ElectroDB: query, filter, pages", async () => {
  const all = await Task.query.tasks({ team: "blue" }).go();
  equal(all.data.map(({ task }) => task), ["one", "three", "two"]);
  const some = await Task.query.tasks({ team: "blue" }).begins({ task: "t" }).where(({ points }, { gt }) => gt(points, 5)).go();
  equal(some.data.map(({ task }) => task), ["three"]);
  const page = await Task.query.tasks({ team: "blue" }).go({ limit: 2, order: "desc" });
  equal(page.data.map(({ task }) => task), ["two", "three"]);
  const next = await Task.query.tasks({ team: "blue" }).go({ limit: 2, order: "desc", cursor: page.cursor });
  equal(next.data.map(({ task }) => task), ["one"]);
  equal((await Task.scan.go()).data.length, 3);
});

await test("ElectroDB: batches and delete", async () => {
  const tasks = Array.from({ length: 40 }, (_, i) => ({ team: "batch", task: `${i}` }));
  equal((await Task.put(tasks).go()).unprocessed, []);
  equal((await Task.get(tasks).go()).data.length, 40);
  await Task.delete(tasks.slice(1)).go();
  await Task.delete({ team: "blue", task: "one" }).go();
  await rejects(Task.remove({ team: "blue", task: "one" }).go(), /conditional request failed/);
  equal((await Task.query.tasks({ team: "batch" }).go()).data.length, 1);
});

await test("ElectroDB: an index", async () => {
  await Task.put(["x", "y", "z"].map((task) => ({ team: "red", task, status: "closed" }))).go();
  const closed = await Task.query.byStatus({ status: "closed" }).begins({ team: "red" }).go();
  equal(closed.data.map(({ task }) => task), ["x", "y", "z"]);
  await Task.patch({ team: "red", task: "y" }).set({ status: "open" }).composite({}).go();
  equal((await Task.query.byStatus({ status: "closed", team: "red" }).go({ order: "desc" })).data.map(({ task }) => task), ["z", "x"]);
});

await test("ElectroDB: transactions", async () => {
  const work = new Service({ task: Task });
  const write = await work.transaction
    .write(({ task }) => [
      task.create({ team: "tx", task: "a", points: 1 }).commit(),
      task.patch({ team: "red", task: "x" }).add({ points: 1 }).commit(),
      task.check({ team: "red", task: "z" }).where(({ status }, { eq }) => eq(status, "closed")).commit(),
    ])
    .go();
  equal(write.canceled, false);
  const again = await work.transaction
    .write(({ task }) => [task.create({ team: "tx", task: "a" }).commit(), task.delete({ team: "red", task: "x" }).commit()])
    .go();
  equal([again.canceled, again.data.map(({ code }) => code)], [true, ["ConditionalCheckFailed", "None"]]);
  const read = await work.transaction
    .get(({ task }) => [task.get({ team: "tx", task: "a" }).commit(), task.get({ team: "red", task: "x" }).commit()])
    .go();
  equal(read.data.map(({ item }) => item.points), [1, 1]);
});

// ---------------------------------------------------------------- dynamodb-toolbox

const toolbox = new Table({
  documentClient: documents,
  name: "toolbox",
  partitionKey: { name: "pk", type: "string" },
  sortKey: { name: "sk", type: "string" },
});
const Pokemon = new ToolboxEntity({
  name: "POKEMON",
  table: toolbox,
  schema: item({
    id: string().key().savedAs("pk"),
    form: string().key().savedAs("sk"),
    name: string().optional(),
    level: number().default(1),
    moves: list(string()).optional(),
  }),
});

await createTable("toolbox");

await test("dynamodb-toolbox: put and get", async () => {
  await Pokemon.build(PutItemCommand).item({ id: "25", form: "plain", name: "Pikachu", level: 5, moves: ["shock"] }).send();
  const { Item } = await Pokemon.build(GetItemCommand).key({ id: "25", form: "plain" }).options({ consistent: true }).send();
  equal([Item.name, Item.level, Item.moves], ["Pikachu", 5, ["shock"]]);
});

await test("dynamodb-toolbox: conditions", async () => {
  const put = Pokemon.build(PutItemCommand).item({ id: "25", form: "plain" }).options({ condition: { attr: "id", exists: false } });
  await rejects(put.send(), { name: "ConditionalCheckFailedException" });
});

await test("dynamodb-toolbox: update", async () => {
  const { Attributes } = await Pokemon.build(UpdateItemCommand)
    .item({ id: "25", form: "plain", level: $add(1), moves: $append(["bolt"]) })
    .options({ returnValues: "ALL_NEW", condition: { attr: "level", lt: 100 } })
    .send();
  equal([Attributes.level, Attributes.moves], [6, ["shock", "bolt"]]);
});

await test("dynamodb-toolbox: query, scan, batch, delete", async () => {
  const requests = Array.from({ length: 20 }, (_, i) => Pokemon.build(BatchPutRequest).item({ id: "1", form: `f${i + 10}`, level: i }));
  await executeBatchWrite(toolbox.build(BatchWriteCommand).requests(...requests));
  const { Items } = await toolbox
    .build(QueryCommand)
    .entities(Pokemon)
    .query({ partition: "1", range: { beginsWith: "f1" } })
    .options({ reverse: true, filters: { POKEMON: { attr: "level", gte: 5 } } })
    .send();
  equal(Items.map(({ form }) => form), ["f19", "f18", "f17", "f16", "f15"]);
  equal((await toolbox.build(ScanCommand).entities(Pokemon).send()).Items.length, 21);
  await Pokemon.build(DeleteItemCommand).key({ id: "25", form: "plain" }).send();
  equal((await Pokemon.build(GetItemCommand).key({ id: "25", form: "plain" }).send()).Item, undefined);
});

// ---------------------------------------------------------------- Dynamoose

dynamoose.aws.ddb.set(new DynamoDB({ maxAttempts: 1 }));
const Cat = dynamoose.model(
  "Cat",
  new dynamoose.Schema(
    {
      home: { type: String, hashKey: true },
      name: { type: String, rangeKey: true },
      age: Number,
      born: Date,
      toys: { type: Set, schema: [String] },
      owner: { type: Object, schema: { city: String } },
    },
    { timestamps: true },
  ),
);

await test("Dynamoose: a model makes its table", async () => {
  const table = new dynamoose.Table("Cats", [Cat], { initialize: false, waitForActive: { enabled: true, check: { timeout: 20000, frequency: 500 } } });
  await table.initialize();
  equal(table.name, "Cats");
});

await test("Dynamoose: save, get, create again", async () => {
  const born = new Date(1600000000000);
  await new Cat({ home: "Berlin", name: "Tom", age: 3, born, toys: new Set(["ball"]), owner: { city: "Bonn" } }).save();
  const cat = await Cat.get({ home: "Berlin", name: "Tom" }, { consistent: true });
  equal([cat.age, cat.born, [...cat.toys], cat.owner.city], [3, born, ["ball"], "Bonn"]);
  await rejects(Cat.create({ home: "Berlin", name: "Tom" }), { name: "ConditionalCheckFailedException" });
});

await test("Dynamoose: update", async () => {
  const cat = await Cat.update({ home: "Berlin", name: "Tom" }, { $ADD: { age: 1 }, $REMOVE: ["toys"], $SET: { owner: { city: "Ulm" } } });
  equal([cat.age, cat.toys, cat.owner.city], [4, undefined, "Ulm"]);
  const condition = new dynamoose.Condition().where("age").gt(10);
  await rejects(Cat.update({ home: "Berlin", name: "Tom" }, { age: 0 }, { condition }), { name: "ConditionalCheckFailedException" });
});

await test("Dynamoose: batches, query, scan", async () => {
  await Cat.batchPut(Array.from({ length: 20 }, (_, i) => ({ home: "Rome", name: `c${i + 10}`, age: i })));
  equal((await Cat.batchGet([10, 11].map((i) => ({ home: "Rome", name: `c${i}` })))).length, 2);
  const cats = await Cat.query("home").eq("Rome").where("name").beginsWith("c1").filter("age").gt(6).sort("descending").exec();
  equal(cats.map(({ name }) => name), ["c19", "c18", "c17"]);
  const page = await Cat.query("home").eq("Rome").limit(15).exec();
  equal((await Cat.query("home").eq("Rome").startAt(page.lastKey).exec()).length, 5);
  equal((await Cat.scan("age").lt(4).exec()).length, 4);
  equal((await Cat.query("home").eq("Rome").count().exec()).count, 20);
});

await test("Dynamoose: delete", async () => {
  await Cat.delete({ home: "Berlin", name: "Tom" });
  equal(await Cat.get({ home: "Berlin", name: "Tom" }), undefined);
  await Cat.batchDelete([{ home: "Rome", name: "c10" }]);
  equal((await Cat.scan().all().count().exec()).count, 19);
});

finish();
