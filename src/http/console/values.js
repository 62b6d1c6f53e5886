// Values: JSON whose numbers keep their digits, and items as DynamoDB JSON and as plain JSON.
//
// A number of DynamoDB's has up to 38 digits, of which JavaScript's keep 15.  So no number is ever made a JavaScript number on its way: JSON's are
// read as Digits, and an item's stay the texts that they are.

// A number as it was written.
export class Digits {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
  valueOf() {
    return Number(this.text);
  }
}

// ---------------------------------------------------------------- JSON

const DEEPEST = 500;

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  fail(what = "This is no JSON") {
    const lines = this.text.slice(0, this.at).split("\n");
    throw new SyntaxError(`${what}: line ${lines.length}, column ${lines.at(-1).length + 1}`);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at += found[0].length;
    return found?.[0];
  }

  blanks() {
    this.match(/[ \t\r\n]*/y);
  }

  expect(character) {
    this.blanks();
    if (this.text[this.at] !== character) this.fail();
    this.at++;
  }

  string() {
    const begin = this.at;
    if (!this.match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)) this.fail("A string does not end, or has what no string may have");
    return JSON.parse(this.text.slice(begin, this.at));
  }

  // The members of an object or array, each read by a function, up to its last bracket.
  members(last, read) {
    this.at++;
    this.blanks();
    if (this.text[this.at] === last) {
      this.at++;
      return;
    }
    for (;;) {
      read();
      this.blanks();
      const next = this.text[this.at];
      if (next !== "," && next !== last) this.fail();
      this.at++;
      if (next === last) return;
      this.blanks();
    }
  }

  value(depth = 0) {
    if (depth > DEEPEST) this.fail("This is nested too deeply");
    this.blanks();
    const first = this.text[this.at];
    if (first === "{") {
      const object = new Map();
      this.members("}", () => {
        const key = this.string();
        if (object.has(key)) this.fail("A member is there twice");
        this.expect(":");
        object.set(key, this.value(depth + 1));
      });
      return object;
    }
    if (first === "[") {
      const array = [];
      this.members("]", () => array.push(this.value(depth + 1)));
      return array;
    }
    if (first === '"') return this.string();
    const number = this.match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
    if (number) return new Digits(number);
    const word = this.match(/true|false|null/y);
    if (!word) this.fail();
    return word === "null" ? null : word === "true";
  }
}

// JSON as Map, Array, string, Digits, boolean and null.  Objects are maps, whose members may have any name (__proto__).
export function parse(text) {
  const reader = new Reader(text);
  const value = reader.value();
  reader.blanks();
  if (reader.at < text.length) reader.fail();
  return value;
}

// What reads in another order than it is written, or not at all, is written as an escape.
const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const escapeOne = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
const quote = (text) => JSON.stringify(text).replace(INVISIBLE, escapeOne);

// A text for the page: the same, with line ends and control characters as escapes.
export const visible = (text) => String(text).replace(/[\u0000-\u001f]/g, escapeOne).replace(INVISIBLE, escapeOne);

export function format(value, indent = 2, depth = 0) {
  const inner = indent ? `\n${" ".repeat(indent * (depth + 1))}` : "";
  const outer = indent ? `\n${" ".repeat(indent * depth)}` : "";
  const list = (parts, begin, end) => (parts.length === 0 ? begin + end : begin + inner + parts.join(`,${inner}`) + outer + end);
  if (value instanceof Map) {
    return list([...value].map(([key, member]) => `${quote(key)}:${indent ? " " : ""}${format(member, indent, depth + 1)}`), "{", "}");
  }
  if (Array.isArray(value)) return list(value.map((element) => format(element, indent, depth + 1)), "[", "]");
  if (typeof value === "string") return quote(value);
  return String(value);
}

// An object of JavaScript's as JSON: what requests are made of.  Maps may be in it.
export function stringify(value) {
  return JSON.stringify(value, (key, member) => {
    if (member instanceof Digits) throw new TypeError("a number of a request is no JavaScript number");
    return member instanceof Map ? Object.fromEntries([...member].map(([name, inner]) => [name, inner])) : member;
  });
}

// ---------------------------------------------------------------- items

export const type = (value) => (value instanceof Map ? value.keys().next().value : undefined);
const content = (value) => value.values().next().value;

// Whether a plain value says all that the typed one does.
export function isPlain(value) {
  switch (type(value)) {
    case "M":
      return [...content(value).values()].every(isPlain);
    case "L":
      return content(value).every(isPlain);
    case "S":
    case "N":
    case "BOOL":
    case "NULL":
      return true;
    default:
      return false;
  }
}

// An attribute value as plain JSON.  Sets become arrays, and binary its base64.
export function toPlain(value) {
  const inner = content(value);
  switch (type(value)) {
    case "N":
      return new Digits(inner);
    case "NULL":
      return null;
    case "NS":
      return inner.map((digits) => new Digits(digits));
    case "L":
      return inner.map(toPlain);
    case "M":
      return itemToPlain(inner);
    default:
      return inner;
  }
}

export const itemToPlain = (item) => new Map([...item].map(([name, value]) => [name, toPlain(value)]));

const typed = (kind, value) => new Map([[kind, value]]);

export function fromPlain(value) {
  if (value === null) return typed("NULL", true);
  if (value instanceof Digits) return typed("N", value.text);
  if (typeof value === "string") return typed("S", value);
  if (typeof value === "boolean") return typed("BOOL", value);
  if (Array.isArray(value)) return typed("L", value.map(fromPlain));
  return typed("M", itemFromPlain(value));
}

export const itemFromPlain = (object) => new Map([...object].map(([name, value]) => [name, fromPlain(value)]));

// A value in a cell: short, and told apart by type.
export function brief(value, most = 80) {
  const kind = type(value);
  let text;
  if (kind === "S") text = content(value).slice(0, most + 1);
  else if (kind === "N") text = content(value);
  else if (kind === "NULL") text = "null";
  else if (kind === "BOOL") text = String(content(value));
  else if (kind === "B") text = content(value).slice(0, most + 1);
  else {
    // the first elements are enough, however many there are
    const elements = kind === "M" ? [...content(value)].slice(0, 20) : content(value).slice(0, 20);
    const parts = elements.map((element) =>
      kind === "M" ? `${element[0].slice(0, most)}: ${brief(element[1], 40)}` : kind === "L" ? brief(element, 40) : element.slice(0, most),
    );
    text = (kind === "M" ? "{" : "[") + parts.join(", ") + (kind === "M" ? "}" : "]");
  }
  return visible(text.length > most ? `${text.slice(0, most)}…` : text);
}

// What a person types as a value of a type, as an attribute value.
export function typedInput(kind, text) {
  if (kind === "N") return { N: text.trim() };
  if (kind === "BOOL") return { BOOL: text.trim().toLowerCase() === "true" };
  if (kind === "NULL") return { NULL: true };
  if (kind === "B") return { B: text.trim() };
  return { S: text };
}
