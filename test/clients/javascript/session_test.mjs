// connect-dynamodb as the session store of an Express application.
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import connect from "connect-dynamodb";
import express from "express";
import session from "express-session";
import { promisify } from "node:util";
import { equal, finish, test } from "./harness.mjs";

const client = new DynamoDBClient({ maxAttempts: 1 });
const store = new (connect(session))({ client, table: "sessions" });
const application = express();

application.use(session({ store, secret: "keyboard cat", resave: false, saveUninitialized: false }));
application.get("/", (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1;
  response.json({ views: request.session.views });
});
application.get("/end", (request, response) => request.session.destroy(() => response.json({})));

const server = application.listen(0);
const site = `http://localhost:${server.address().port}`;

async function visit(path, cookie) {
  const response = await fetch(site + path, { headers: cookie ? { cookie } : {} });
  return { ...(await response.json()), cookie: response.headers.get("set-cookie")?.split(";")[0] };
}

await test("connect-dynamodb: makes its table", async () => {
  await store.initialize();
  const { Table } = await client.send(new DescribeTableCommand({ TableName: "sessions" }));
  equal([Table.TableStatus, Table.KeySchema[0].AttributeName], ["ACTIVE", "id"]);
});

let cookie;

await test("connect-dynamodb: a session keeps what is put into it", async () => {
  const first = await visit("/");
  cookie = first.cookie;
  equal([first.views, (await visit("/", cookie)).views, (await visit("/", cookie)).views], [1, 2, 3]);
  equal((await visit("/")).views, 1);
});

await test("connect-dynamodb: a session that ends is gone", async () => {
  await visit("/end", cookie);
  equal((await visit("/", cookie)).views, 1);
});

await test("connect-dynamodb: get, touch, destroy", async () => {
  const [get, set, touch, destroy] = ["get", "set", "touch", "destroy"].map((name) => promisify(store[name].bind(store)));
  const value = { cookie: { maxAge: 60000 }, name: "ä" };
  await set("direct", value);
  equal(await get("direct"), value);
  equal(Number((await touch("direct", { cookie: { maxAge: 600000 } })).expires) > Date.now() / 1000 + 500, true);
  await destroy("direct");
  equal(await get("direct"), null);
});

await test("connect-dynamodb: expired sessions are reaped", async () => {
  const [get, set, reap] = ["get", "set", "reap"].map((name) => promisify(store[name].bind(store)));
  await set("old", { cookie: { maxAge: -60000 } });
  await set("new", { cookie: { maxAge: 60000 } });
  equal(await get("old"), null);
  await reap();
  equal((await get("new")).cookie.maxAge, 60000);
});

finish();
