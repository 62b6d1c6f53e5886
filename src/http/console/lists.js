// What is there of the whole database besides tables: indexes being built, streams, mappings, backups, transfers, alarms.
import { call, view } from "/console/api.js";
import { bytes, el, figure, name, note, part, progress, seconds, status, table, time } from "/console/dom.js";

const number = (label) => ({ label, number: true });
export const tableLink = (tableName, tab = "items") => el("a", { href: `#/tables/${encodeURIComponent(tableName)}/${tab}` }, name(tableName));

// A view's rows as a table; columns: [head, function of a row].
export async function rowsOf(viewName, tableName, caption, columns, empty) {
  const answer = await view(viewName, tableName);
  if (answer === null) return note("This server has none: its dynapg is older than this view, or newer.");
  const rows = answer.rows.map((row) => columns.map(([, cell]) => cell((column) => row.get(column))));
  return [table(caption, columns.map(([head]) => head), rows, empty), answer.more && note("There are more; these are the first 1,000.")];
}

const ofTable = ["Table", (get) => (get("table_name") ? tableLink(get("table_name")) : "—")];
const shown = (value) => (value === undefined || value === null ? "—" : name(value));

export const indexBuilds = (tableName) =>
  rowsOf("IndexBuilds", tableName, "Indexes that are being built or dropped", [
    ofTable,
    ["Index", (get) => name(get("index_name"))],
    ["Status", (get) => status(get("status"))],
    ["Progress", (get) => progress(get("items"), get("items_estimated"), "items read")],
    [number("Items read"), (get) => figure(get("items"))],
    [number("Entries"), (get) => figure(get("entries"))],
    ["Since", (get) => time(get("started_at"))],
  ], "No index is being built or dropped.");

export const timeToLive = (tableName) =>
  rowsOf("TimeToLive", tableName, "Time to live", [
    ofTable,
    ["Attribute", (get) => shown(get("attribute_name"))],
    ["Status", (get) => status(get("status"))],
    [number("Items removed"), (get) => figure(get("items_deleted"))],
    ["Last removed", (get) => time(get("last_deleted_at"))],
    [number("Behind"), (get) => seconds(get("behind_seconds"))],
  ], "No table's items expire.");

export const streamLag = (tableName) =>
  rowsOf("Streams", tableName, "How far streams can be read", [
    ofTable,
    ["Stream", (get) => shown(get("stream_label"))],
    ["Status", (get) => status(get("status"))],
    ["Images", (get) => shown(get("view_type"))],
    [number("Shards"), (get) => figure(get("shards"))],
    [number("Changes behind"), (get) => figure(get("behind"))],
    ["Held back by", (get) => (get("held_by_pid") ? `process ${get("held_by_pid")}` : shown(get("held_by_gid")))],
    ["Since", (get) => time(get("held_since"))],
  ], "There are no streams.");

export const mappings = (tableName) =>
  rowsOf("EventSourceMappings", tableName, "Event source mappings", [
    ofTable,
    ["UUID", (get) => shown(get("uuid"))],
    ["To", (get) => shown(get("destination_kind"))],
    ["State", (get) => status(get("state"))],
    [number("Records waiting"), (get) => figure(get("lag_records"))],
    [number("Behind"), (get) => seconds(get("lag_seconds"))],
    [number("Sent"), (get) => figure(get("sent"))],
    [number("Retried"), (get) => figure(get("retried"))],
    [number("Failed"), (get) => figure(get("failed"))],
    ["Last problem", (get) => shown(get("problem") ?? get("last_error"))],
  ], "There are none of yours.");

export const backupSchedules = (tableName) =>
  rowsOf("Backups", tableName, "Backups by table", [
    ofTable,
    [number("Backups"), (get) => figure(get("backups"))],
    [number("Being made"), (get) => figure(get("creating"))],
    [number("Size"), (get) => bytes(get("size"))],
    ["Last", (get) => time(get("last_backup"))],
    ["Every", (get) => shown(get("every"))],
    [number("Keep"), (get) => shown(get("keep"))],
    ["Next", (get) => time(get("next_run"))],
    ["Last problem", (get) => shown(get("last_error"))],
  ], "There are no backups and no schedules.");

export const recovery = (tableName) =>
  rowsOf("Recovery", tableName, "Point-in-time recovery", [
    ofTable,
    [number("Days"), (get) => figure(get("days"))],
    ["Since", (get) => time(get("enabled_at"))],
    [number("Size"), (get) => bytes(get("size"))],
    [number("A day"), (get) => bytes(get("bytes_a_day"))],
    [number("Expected"), (get) => bytes(get("size_expected"))],
    ["Warning", (get) => shown(get("warning"))],
  ], "Point-in-time recovery is off for all tables.");

export const restores = (tableName) =>
  rowsOf("Restores", tableName, "Tables that are being restored", [
    ofTable,
    ["Of", (get) => shown(get("source_table") ?? get("backup_arn"))],
    ["As of", (get) => time(get("restore_time"))],
    ["Phase", (get) => status(get("phase"))],
    [number("Items"), (get) => figure(get("items"))],
    ["Progress", (get) => progress(get("items"), get("items_estimated"), "items restored")],
    ["Problem", (get) => shown(get("failure"))],
  ], "No table is being restored.");

// ---------------------------------------------------------------- sections

export const indexes = () => [
  part("Indexes being built", () => indexBuilds()),
  part("Time to live", () => timeToLive()),
];

async function listStreams() {
  const rows = [];
  let start;
  do {
    const answer = await call("ListStreams", { Limit: 100, ...(start && { ExclusiveStartStreamArn: start }) });
    for (const stream of answer.get("Streams") ?? []) rows.push([tableLink(stream.get("TableName"), "stream"), name(stream.get("StreamLabel")), name(stream.get("StreamArn"))]);
    start = answer.get("LastEvaluatedStreamArn");
  } while (start && rows.length < 1000);
  return table("Streams", ["Table", "Label", "ARN"], rows, "There are no streams.");
}

export const streams = () => [
  part("Streams", listStreams),
  part("How far they can be read", () => streamLag()),
  part("Consumers: event source mappings", () => mappings()),
  part("Consumers: replication slots", () =>
    rowsOf("Slots", undefined, "Logical replication slots", [
      ["Slot", (get) => shown(get("slot_name"))],
      ["Plugin", (get) => shown(get("plugin"))],
      ["Process", (get) => shown(get("active_pid"))],
      [number("Behind"), (get) => bytes(get("lag_bytes"))],
      [number("WAL kept"), (get) => bytes(get("retained_bytes"))],
      ["WAL", (get) => shown(get("wal_status"))],
    ], "There are none."),
  ),
];

export const events = () => [part("Event source mappings", () => mappings())];

async function listBackups() {
  const answer = await call("ListBackups", { Limit: 100 });
  return table(
    "Backups",
    ["Backup", "Table", "Status", "Made", number("Size")],
    (answer.get("BackupSummaries") ?? []).map((backup) => [
      name(backup.get("BackupName")),
      name(backup.get("TableName")),
      status(backup.get("BackupStatus")),
      time(backup.get("BackupCreationDateTime")),
      bytes(backup.get("BackupSizeBytes")),
    ]),
    "There are no backups.",
  );
}

export const backups = () => [
  part("Backups", listBackups),
  part("By table", () => backupSchedules()),
  part("Point-in-time recovery", () => recovery()),
  part("Restores", () => restores()),
];

export const transfers = () => [
  part("Exports, imports, bulk puts and copies", () =>
    rowsOf("Transfers", undefined, "Transfers", [
      ofTable,
      ["Kind", (get) => shown(get("kind"))],
      ["Status", (get) => status(get("status"))],
      ["Phase", (get) => shown(get("phase"))],
      [number("Items"), (get) => figure(get("items"))],
      [number("Errors"), (get) => figure(get("errors"))],
      ["Parts", (get) => progress(get("parts_done"), get("parts"), "parts done")],
      ["Began", (get) => time(get("started_at"))],
      ["Ended", (get) => time(get("ended_at"))],
      ["Problem", (get) => shown(get("failure_message") ?? get("last_error"))],
    ], "There are none."),
  ),
];

const COMPARED = { GreaterThanThreshold: ">", GreaterThanOrEqualToThreshold: "≥", LessThanThreshold: "<", LessThanOrEqualToThreshold: "≤" };

export const alarmList = (tableName) =>
  rowsOf("Alarms", tableName, "Alarms", [
    ["Alarm", (get) => name(get("name"))],
    ["State", (get) => status(get("state"))],
    ["Since", (get) => time(get("transitioned_at"))],
    ofTable,
    ["Metric", (get) => shown(get("metric"))],
    ["Condition", (get) => (get("threshold") ? name(`${COMPARED[get("operator")] ?? get("operator")} ${get("threshold")}`) : shown(get("operator")))],
    ["Told to", (get) => shown(get("destination_kind"))],
    ["Reason", (get) => shown(get("reason"))],
  ], "There are no alarms of yours.");

export const alarms = () => [part("Alarms", () => alarmList())];
