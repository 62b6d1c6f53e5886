// What the endpoint does: requests, capacity and connections over time, and slow requests by operation.
import { call, metrics, view } from "/console/api.js";
import { el, figure, note, part, plot, show, table } from "/console/dom.js";

const EVERY = 5000;
const KEPT = 60; // samples of each line
const SLOW = [0.1, 0.5, 2.5]; // seconds that the endpoint's histogram has classes for

function sum(lines, wanted) {
  return lines.reduce((all, [name, , value]) => all + (name === wanted ? value : 0), 0);
}

// Each operation's calls, errors, faults, seconds, and calls that took longer than each of SLOW.
function byOperation(lines) {
  const found = new Map();
  const of = (operation) => {
    if (!found.has(operation)) found.set(operation, { calls: 0, errors: 0, faults: 0, seconds: 0, below: new Map() });
    return found.get(operation);
  };
  for (const [name, labels, value] of lines) {
    if (!labels.operation) continue;
    if (name === "dynapg_requests_total") of(labels.operation).calls = value;
    else if (name === "dynapg_request_errors_total") of(labels.operation).errors = value;
    else if (name === "dynapg_request_faults_total") of(labels.operation).faults = value;
    else if (name === "dynapg_request_duration_seconds_sum") of(labels.operation).seconds = value;
    else if (name === "dynapg_request_duration_seconds_bucket") of(labels.operation).below.set(Number(labels.le), value);
  }
  return found;
}

export function overview({ session, onLeave }) {
  const lines = { requests: [], errors: [], read: [], write: [] };
  let before;
  const now = el("div", {});
  const slow = el("div", {});

  async function sample() {
    const counted = await metrics();
    const at = performance.now();
    const totals = {
      requests: sum(counted, "dynapg_requests_total"),
      errors: sum(counted, "dynapg_request_errors_total") + sum(counted, "dynapg_request_faults_total"),
      read: sum(counted, "dynapg_consumed_read_capacity_units_total"),
      write: sum(counted, "dynapg_consumed_write_capacity_units_total"),
    };
    for (const name of Object.keys(lines)) {
      // a server that was restarted counts from 0 again
      lines[name].push(before ? Math.max(0, totals[name] - before.totals[name]) / ((at - before.at) / 1000) : 0);
      if (lines[name].length > KEPT) lines[name].shift();
    }
    before = { at, totals };
    const picture = (label, series) => el("figure", {}, plot(label, series, { wide: true }), el("figcaption", {}, label));
    await show(now, () => [
      el(
        "dl",
        { class: "figures" },
        ...[
          ["Workers", sum(counted, "dynapg_workers")],
          ["Open connections", sum(counted, "dynapg_connections")],
          ["Requests since the start", totals.requests],
          ["Waiting for locks", sum(counted, "dynapg_requests_waiting_for_locks")],
          ["Transaction conflicts", sum(counted, "dynapg_transaction_conflicts_total")],
        ].map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, figure(value)))),
      ),
      el(
        "div",
        { class: "plots" },
        picture("Requests a second, and those that failed (dashed)", [
          { label: "requests", values: lines.requests },
          { label: "failed", values: lines.errors },
        ]),
        picture("Capacity units a second: read, and written (dashed)", [
          { label: "read", values: lines.read },
          { label: "written", values: lines.write },
        ]),
      ),
    ]);
    return counted;
  }

  const drawSlow = (counted) =>
    show(slow, () =>
      table(
        "Requests by operation",
        ["Operation", ...["Requests", "Client's errors", "Server's errors", "Mean, ms", ...SLOW.map((limit) => `Over ${limit} s`)].map((label) => ({ label, number: true }))],
        [...byOperation(counted)]
          .map(([operation, one]) => ({ operation, ...one, slow: SLOW.map((limit) => one.calls - (one.below.get(limit) ?? one.calls)) }))
          .sort((a, b) => b.slow[0] - a.slow[0] || b.calls - a.calls)
          .map((one) => [one.operation, figure(one.calls), figure(one.errors), figure(one.faults), one.calls ? ((one.seconds / one.calls) * 1000).toFixed(2) : "—", ...one.slow.map(figure)]),
        "The endpoint has answered nothing yet.",
      ),
    );

  const tick = async (first) => {
    if (!first && document.hidden) return;
    try {
      const counted = await sample();
      if (first) await drawSlow(counted);
    } catch (error) {
      if (first) throw error;
    }
  };
  const timer = setInterval(() => tick(false), EVERY);
  const soon = setTimeout(() => tick(false), 1000);
  onLeave(() => {
    clearInterval(timer);
    clearTimeout(soon);
  });

  return [
    part("Now", async () => {
      await tick(true);
      return now;
    }),
    part("Slow requests", () => [slow, note("Since the server's start, by all workers of this database. dynapg.log_min_duration logs each one that is slow.")]),
    part("Limits", async () => {
      const limits = await call("DescribeLimits");
      return el("dl", { class: "figures" }, ...[...limits].map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, figure(value)))));
    }),
    part("Consumption of all tables in the last hour", async () => consumption(await view("Consumption"), session)),
  ];
}

// A plot of what the view Consumption has of an hour; minutes without a row had none.
export function consumption(answer, session, wide = true) {
  if (answer === null) return note("This server keeps no history of metrics.");
  if (answer.rows.length === 0) return wide ? note("There is no history of the last hour: dynapg.metrics_history may be off, or nothing was consumed.") : "—";
  const minutes = new Map(answer.rows.map((row) => [Math.floor(Number(row.get("minute")) / 60), row]));
  const last = Math.max(...minutes.keys());
  const values = (column) => Array.from({ length: 60 }, (_, i) => Number(minutes.get(last - 59 + i)?.get(column) ?? 0));
  const picture = plot("Capacity units a minute", [
    { label: "read", values: values("read_units") },
    { label: "written", values: values("write_units") },
  ], { wide });
  return wide ? el("figure", {}, picture, el("figcaption", {}, "Capacity units a minute: read, and written (dashed)")) : picture;
}
