// The page's elements.  Texts come into it as texts only.
import { ApiError } from "/console/api.js";
import { Digits, visible } from "/console/values.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

// el("a", { href: "#/" }, "text", element...): functions are listeners.
export const el = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

// A text of somebody's, whose direction and control characters are its own affair.
export const name = (text) => el("bdi", {}, visible(text));

export function button(label, action, properties = {}) {
  return el("button", { type: "button", click: action, ...properties }, label);
}

export function say(text) {
  document.querySelector("#said").textContent = text;
}

// What went wrong, where it went wrong.
export function failure(error) {
  if (!(error instanceof ApiError) && !(error instanceof SyntaxError)) console.error(error);
  return el("p", { class: "failure", role: "alert" }, visible(error.message));
}

export const note = (...children) => el("p", { class: "note" }, ...children);

// Fills an element by a function that may take its time; what it raises is shown there.  A second call takes the place of the first.
export async function show(element, make) {
  const turn = (element.turn = (element.turn ?? 0) + 1);
  element.setAttribute("aria-busy", "true");
  let content;
  try {
    content = await make();
  } catch (error) {
    content = failure(error);
  }
  if (element.turn !== turn) return;
  element.replaceChildren(...[content].flat(Infinity).filter(Boolean));
  element.removeAttribute("aria-busy");
}

// A part of the page with a heading, filled by show().
export function part(title, make, ...tools) {
  const body = el("div", { class: "body" });
  const refresh = () => show(body, make);
  refresh();
  return el("section", {}, el("div", { class: "head" }, el("h2", {}, title), ...tools, button("Refresh", refresh, { "aria-label": `Refresh: ${title}` })), body);
}

let labels = 0;

// A labelled control.
export function field(label, control, help) {
  control.id ||= `field-${++labels}`;
  if (help) control.setAttribute("aria-describedby", `${control.id}-help`);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, help && el("small", { id: `${control.id}-help` }, help));
}

export function select(options, chosen, change) {
  return el(
    "select",
    { change: change ?? undefined },
    options.map((option) => {
      const [value, label] = Array.isArray(option) ? option : [option, option];
      return el("option", { value, selected: value === chosen }, visible(label));
    }),
  );
}

// rows: arrays of cells.  columns: texts, or {label, number: true}.  It may be scrolled by keys.
export function table(caption, columns, rows, empty = "There are none.") {
  if (rows.length === 0) return note(empty);
  const heads = columns.map((column) => (column.label === undefined ? { label: column } : column));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col", class: head.number ? "number" : undefined }, head.label)))),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el("tr", {}, row.map((cell, i) => el(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : undefined, class: heads[i]?.number ? "number" : undefined }, cell ?? "—"))),
        ),
      ),
    ),
  );
}

// ---------------------------------------------------------------- figures

const grouped = new Intl.NumberFormat("en");

export function figure(value) {
  if (value === undefined || value === null) return "—";
  const text = value instanceof Digits ? value.text : String(value);
  return /^\d{1,15}$/.test(text) ? grouped.format(Number(text)) : text;
}

export function bytes(value) {
  if (value === undefined || value === null) return "—";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = Number(value);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

// Of seconds since 1970, or of what PostgreSQL writes for a time.
export function time(value) {
  if (value === undefined || value === null) return "—";
  const date = value instanceof Digits ? new Date(Number(value) * 1000) : new Date(value);
  if (Number.isNaN(date.getTime())) return visible(value);
  return el("time", { datetime: date.toISOString() }, date.toISOString().slice(0, 19).replace("T", " "));
}

export function seconds(value) {
  if (value === undefined || value === null) return "—";
  const count = Number(value);
  if (count < 90) return `${Math.round(count)} s`;
  if (count < 5400) return `${Math.round(count / 60)} min`;
  return count < 172800 ? `${(count / 3600).toFixed(1)} h` : `${Math.round(count / 86400)} days`;
}

export function status(text) {
  if (text === undefined || text === null) return "—";
  const good = ["ACTIVE", "ENABLED", "Enabled", "AVAILABLE", "COMPLETED", "OK"].includes(text);
  const bad = /FAIL|ERROR|ALARM|DISABLED|Disabled|INACCESSIBLE/.test(text);
  return el("span", { class: `status ${good ? "good" : bad ? "bad" : ""}` }, visible(text));
}

export function progress(done, all, label) {
  if (!Number(all)) return "—";
  const share = Math.min(1, Number(done) / Number(all));
  return el("span", {}, el("progress", { max: "1", value: String(share), "aria-label": label }), ` ${Math.round(share * 100)} %`);
}

// Lines over time.  series: [{label, values}], of equal lengths; what they say is said in words, too.
export function plot(label, series, { wide = false } = {}) {
  const width = wide ? 320 : 110;
  const height = wide ? 64 : 26;
  const most = Math.max(1e-9, ...series.flatMap((one) => one.values));
  const short = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));
  const words = series.map((one) => `${one.label}: now ${short(one.values.at(-1) ?? 0)}, at most ${short(Math.max(0, ...one.values))}`).join("; ");
  return svg(
    "svg",
    { class: "plot", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${label}. ${words}` },
    svg("path", { class: "floor", d: `M0 ${height - 1}H${width}` }),
    series.map((one, number) => {
      const step = width / Math.max(1, one.values.length - 1);
      const points = one.values.map((value, i) => `${(i * step).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`);
      return svg("polyline", { class: `line line-${number}`, points: points.join(" ") });
    }),
  );
}
