// The list of tables, and a table.
import { call, view } from "/console/api.js";
import { button, bytes, el, failure, field, figure, name, note, part, say, show, status, table, time } from "/console/dom.js";
import { browse } from "/console/items.js";
import { alarmList, backupSchedules, indexBuilds, mappings, restores, streamLag, timeToLive } from "/console/lists.js";
import { consumption } from "/console/overview.js";
import { format } from "/console/values.js";

const PAGE = 25;
const AT_ONCE = 4; // descriptions
const number = (label) => ({ label, number: true });

// ---------------------------------------------------------------- the list

// Runs a function of each, some at once.
async function forEach(list, run, goesOn) {
  const rest = [...list];
  const work = async () => {
    while (rest.length > 0 && goesOn()) await run(rest.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

export function tables({ session, onLeave }) {
  let names = [];
  let complete = false;
  let page = 0;
  let turn = 0;
  let gone = false;
  let history = true; // whether this server keeps any of metrics
  const descriptions = new Map();
  const wanted = el("input", { type: "search", spellcheck: "false", autocomplete: "off", input: () => draw(0) });
  const list = el("div", { class: "body" });
  const count = el("span", {});
  const previous = button("Previous page", () => draw(page - 1));
  const next = button("Next page", () => draw(page + 1));
  const problem = el("div", {});
  onLeave(() => (gone = true));

  function draw(toPage) {
    const own = ++turn;
    const text = wanted.value.toLowerCase();
    const found = text ? names.filter((tableName) => tableName.toLowerCase().includes(text)) : names;
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(0, toPage), pages - 1);
    const shown = found.slice(page * PAGE, (page + 1) * PAGE);
    const rows = new Map(shown.map((tableName) => [tableName, Array.from({ length: 6 }, () => el("span", {}, "…"))]));
    count.textContent = `${figure(found.length)} ${found.length === 1 ? "table" : "tables"}${complete ? "" : ", and more are coming"}; page ${page + 1} of ${pages}`;
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
    list.replaceChildren(
      table(
        "Tables",
        ["Table", "Status", number("Items"), number("Size"), "Billing", number("Indexes"), "Consumed in the last hour"],
        shown.map((tableName) => [el("a", { href: `#/tables/${encodeURIComponent(tableName)}/items` }, name(tableName)), ...rows.get(tableName)]),
        complete ? "No table has such a name." : "Wait for the list.",
      ),
    );
    forEach(
      shown,
      async (tableName) => {
        const cells = rows.get(tableName);
        try {
          if (!descriptions.has(tableName)) descriptions.set(tableName, (await call("DescribeTable", { TableName: tableName })).get("Table"));
          const description = descriptions.get(tableName);
          const indexes = (description.get("GlobalSecondaryIndexes")?.length ?? 0) + (description.get("LocalSecondaryIndexes")?.length ?? 0);
          [status(description.get("TableStatus")), figure(description.get("ItemCount")), bytes(description.get("TableSizeBytes")), billing(description), figure(indexes)].forEach((content, i) =>
            cells[i].replaceChildren(content),
          );
          const answer = history ? await view("Consumption", tableName) : null;
          history &&= answer !== null;
          cells[5].replaceChildren(answer === null ? "—" : consumption(answer, session, false));
        } catch (error) {
          cells[0].replaceChildren(el("span", { class: "status bad", title: error.message }, error.type === "AccessDeniedException" ? "not for this role" : "unknown"));
          for (const cell of cells.slice(1)) cell.replaceChildren("—");
        }
      },
      () => own === turn && !gone,
    );
  }

  // A page of the API's has a hundred names.  The first is shown at once; the others come while one looks at it.
  async function load() {
    let start;
    names = [];
    complete = false;
    descriptions.clear();
    problem.replaceChildren();
    list.setAttribute("aria-busy", "true");
    try {
      do {
        const answer = await call("ListTables", start === undefined ? {} : { ExclusiveStartTableName: start });
        if (gone) return;
        const isFirst = names.length === 0;
        names = names.concat(answer.get("TableNames"));
        start = answer.get("LastEvaluatedTableName");
        if (isFirst && start !== undefined) draw(0);
        else count.textContent = `${figure(names.length)} tables, and more are coming`;
      } while (start !== undefined);
      complete = true;
      draw(page);
      say(`${names.length} tables.`);
    } catch (error) {
      problem.replaceChildren(failure(error));
    }
    list.removeAttribute("aria-busy");
  }

  load();
  return el(
    "section",
    {},
    el("div", { class: "head" }, field("Names with", wanted), button("Refresh", load)),
    problem,
    list,
    el("div", { class: "pager" }, previous, next, count),
  );
}

function billing(description) {
  if (description.get("BillingModeSummary")?.get("BillingMode") === "PAY_PER_REQUEST") return "on demand";
  const throughput = description.get("ProvisionedThroughput");
  return throughput ? `${throughput.get("ReadCapacityUnits")} read, ${throughput.get("WriteCapacityUnits")} write` : "—";
}

// ---------------------------------------------------------------- a table

const keySchemaOf = (schema) => schema.map((key) => ({ name: key.get("AttributeName"), kind: key.get("KeyType") }));

function indexesOf(table) {
  const of = (member, kind) =>
    (table.get(member) ?? []).map((index) => ({
      name: index.get("IndexName"),
      kind,
      keySchema: keySchemaOf(index.get("KeySchema")),
      status: index.get("IndexStatus") ?? "ACTIVE",
      projection: index.get("Projection")?.get("ProjectionType"),
      items: index.get("ItemCount"),
      size: index.get("IndexSizeBytes"),
    }));
  return [...of("GlobalSecondaryIndexes", "global"), ...of("LocalSecondaryIndexes", "local")];
}

async function describe(tableName) {
  const table = (await call("DescribeTable", { TableName: tableName })).get("Table");
  const keySchema = keySchemaOf(table.get("KeySchema"));
  return {
    TableName: tableName,
    table,
    keySchema,
    keys: keySchema.map((key) => key.name),
    types: Object.fromEntries(table.get("AttributeDefinitions").map((attribute) => [attribute.get("AttributeName"), attribute.get("AttributeType")])),
    indexes: indexesOf(table),
  };
}

const figures = (pairs) => el("dl", { class: "figures" }, pairs.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value ?? "—"))));
const keyText = (keySchema) => keySchema.flatMap(({ name: attribute, kind }, i) => [i > 0 ? ", " : "", name(attribute), kind === "HASH" ? "" : " (sort)"]);

function settings({ TableName, table }, session) {
  return [
    el("section", {}, figures([
      ["Status", status(table.get("TableStatus"))],
      ["Items", figure(table.get("ItemCount"))],
      ["Size", bytes(table.get("TableSizeBytes"))],
      ["Billing", billing(table)],
      ["Made", time(table.get("CreationDateTime"))],
      ["Deletion protection", table.get("DeletionProtectionEnabled") ? "on" : "off"],
    ])),
    part("Alarms", () => alarmList(TableName)),
    part("Consumption in the last hour", async () => consumption(await view("Consumption", TableName), session)),
    part("Description", () => el("pre", { tabindex: "0", role: "region", "aria-label": "The table's description" }, format(table))),
  ];
}

const indexTab = ({ TableName, indexes }) => [
  el("section", {}, el("div", { class: "head" }, el("h2", {}, "Secondary indexes")), table(
    "Secondary indexes",
    ["Index", "Kind", "Key", "Projection", "Status", number("Items"), number("Size")],
    indexes.map((index) => [name(index.name), index.kind, el("span", {}, ...keyText(index.keySchema)), index.projection, status(index.status), figure(index.items), bytes(index.size)]),
    "There are none.",
  )),
  part("Being built or dropped", () => indexBuilds(TableName)),
  part("Time to live", () => timeToLive(TableName)),
];

async function shards(arn) {
  const rows = [];
  let start;
  do {
    const answer = (await call("DescribeStream", { StreamArn: arn, ...(start && { ExclusiveStartShardId: start }) })).get("StreamDescription");
    for (const shard of answer.get("Shards")) {
      const range = shard.get("SequenceNumberRange");
      rows.push([name(shard.get("ShardId")), name(range.get("StartingSequenceNumber") ?? "—"), range.has("EndingSequenceNumber") ? "closed" : "open"]);
    }
    start = answer.get("LastEvaluatedShardId");
  } while (start && rows.length < 1000);
  return table("Shards", ["Shard", "From", "Status"], rows);
}

async function destinations(TableName) {
  const answer = await call("DescribeKinesisStreamingDestination", { TableName });
  return table(
    "Kinesis streaming destinations",
    ["Stream", "Status"],
    (answer.get("KinesisDataStreamDestinations") ?? []).map((one) => [name(one.get("StreamArn")), status(one.get("DestinationStatus"))]),
    "There are none.",
  );
}

const streamTab = ({ TableName, table: described }) => [
  part("Stream", () => (described.get("LatestStreamArn") ? shards(described.get("LatestStreamArn")) : note("The table has had no stream."))),
  part("How far it can be read", () => streamLag(TableName)),
  part("Event source mappings", () => mappings(TableName)),
  part("Kinesis streaming destinations", () => destinations(TableName)),
];

async function window(TableName) {
  const recovery = (await call("DescribeContinuousBackups", { TableName })).get("ContinuousBackupsDescription").get("PointInTimeRecoveryDescription");
  return figures([
    ["Point-in-time recovery", status(recovery.get("PointInTimeRecoveryStatus"))],
    ["Days", figure(recovery.get("RecoveryPeriodInDays"))],
    ["Earliest moment", time(recovery.get("EarliestRestorableDateTime"))],
    ["Latest moment", time(recovery.get("LatestRestorableDateTime"))],
  ]);
}

const backupTab = ({ TableName }) => [
  part("Restorable window", () => window(TableName)),
  part("Backups", async () => {
    const answer = await call("ListBackups", { TableName, Limit: 100 });
    return table(
      "Backups of the table",
      ["Backup", "Status", "Made", number("Size")],
      (answer.get("BackupSummaries") ?? []).map((backup) => [name(backup.get("BackupName")), status(backup.get("BackupStatus")), time(backup.get("BackupCreationDateTime")), bytes(backup.get("BackupSizeBytes"))]),
      "There are no backups of it.",
    );
  }),
  part("Schedule", () => backupSchedules(TableName)),
  part("Restore", () => restores(TableName)),
];

const TABS = [
  ["items", "Items", browse],
  ["indexes", "Indexes and TTL", indexTab],
  ["stream", "Stream", streamTab],
  ["backups", "Backups", backupTab],
  ["settings", "Settings", settings],
];

export function tableView({ rest, session }) {
  const [tableName, tab = "items"] = rest;
  const content = el("div", {});
  const [, label, make] = TABS.find(([path]) => path === tab) ?? TABS[0];
  show(content, async () => make(await describe(tableName), session));
  return [
    el(
      "nav",
      { class: "tabs", "aria-label": "Of this table" },
      TABS.map(([path, text]) => el("a", { href: `#/tables/${encodeURIComponent(tableName)}/${path}`, "aria-current": text === label ? "page" : undefined }, text)),
    ),
    content,
  ];
}
