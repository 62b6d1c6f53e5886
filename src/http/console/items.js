// Items: as rows, one in a dialog, and the form that asks for them.
import { call } from "/console/api.js";
import { button, el, failure, field, name, note, say, select, table } from "/console/dom.js";
import { brief, format, isPlain, itemFromPlain, itemToPlain, parse, stringify, type, typedInput } from "/console/values.js";

const MOST_COLUMNS = 8;
const OPERATORS = ["=", "<", "<=", ">", ">=", "between", "begins_with"];
const FILTERS = ["=", "<>", "<", "<=", ">", ">=", "between", "begins_with", "contains", "attribute_exists", "attribute_not_exists"];
const TYPES = [["S", "String"], ["N", "Number"], ["B", "Binary, base64"], ["BOOL", "Boolean"], ["NULL", "Null"]];

// ---------------------------------------------------------------- rows

// Columns: the key's attributes, and then others by how many items have them.
function columnsOf(items, keys) {
  const counts = new Map();
  for (const item of items) for (const attribute of item.keys()) counts.set(attribute, (counts.get(attribute) ?? 0) + 1);
  const others = [...counts].filter(([attribute]) => !keys.includes(attribute)).sort((a, b) => b[1] - a[1]);
  return [...keys, ...others.slice(0, Math.max(0, MOST_COLUMNS - keys.length)).map(([attribute]) => attribute)];
}

const cell = (value) => (value === undefined ? "" : el("span", { class: "value" }, el("bdi", {}, brief(value)), el("span", { class: "kind" }, ` ${type(value)}`)));

export function itemsTable(caption, items, keys, open) {
  const columns = columnsOf(items, keys);
  if (columns.length === 0) return note(items.length === 0 ? "No items." : `${items.length} items without attributes.`);
  const short = (attribute) => name(attribute.length > 60 ? `${attribute.slice(0, 60)}…` : attribute);
  return table(
    caption,
    ["", ...columns.map(short), ""].map((column, i) => (i === 0 ? el("span", { class: "unseen" }, "Open") : i > columns.length ? el("span", { class: "unseen" }, "More") : column)),
    items.map((item, i) => {
      const more = item.size - columns.filter((column) => item.has(column)).length;
      const key = columns.slice(0, Math.max(1, keys.length)).filter((column) => item.has(column)).map((column) => brief(item.get(column), 40)).join(", ");
      return [
        button("Open", () => open(item), { class: "plain", "aria-label": `Open item ${i + 1}: ${key}` }),
        ...columns.map((column) => cell(item.get(column))),
        more > 0 ? `+ ${more}` : "",
      ];
    }),
    "No items.",
  );
}

// ---------------------------------------------------------------- one item

const same = (one, other) => one !== undefined && other !== undefined && stringify(one) === stringify(other);

// An UpdateItem that changes what differs, if it is still what was shown: nobody's change is lost.
function difference(description, before, after) {
  const { TableName, keys } = description;
  const names = {};
  const values = {};
  const set = [];
  const remove = [];
  const conditions = keys.map((key, i) => {
    names[`#k${i}`] = key;
    return `attribute_exists(#k${i})`;
  });
  for (const key of keys) if (!same(before.get(key), after.get(key))) throw new SyntaxError("The key of an item cannot be changed. Make a new item, and delete this one.");
  let count = 0;
  for (const attribute of new Set([...before.keys(), ...after.keys()])) {
    if (same(before.get(attribute), after.get(attribute))) continue;
    const at = count++;
    names[`#a${at}`] = attribute;
    if (before.has(attribute)) {
      values[`:b${at}`] = before.get(attribute);
      conditions.push(`#a${at} = :b${at}`);
    } else conditions.push(`attribute_not_exists(#a${at})`);
    if (after.has(attribute)) {
      values[`:n${at}`] = after.get(attribute);
      set.push(`#a${at} = :n${at}`);
    } else remove.push(`#a${at}`);
  }
  if (count === 0) return null;
  return {
    TableName,
    Key: Object.fromEntries(keys.map((key) => [key, before.get(key)])),
    UpdateExpression: [set.length && `SET ${set.join(", ")}`, remove.length && `REMOVE ${remove.join(", ")}`].filter(Boolean).join(" "),
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length && { ExpressionAttributeValues: values }),
  };
}

// description: {TableName, keys} of where it is to be changed.  No item: a new one.
export function openItem({ item, description, writes = false, changed = () => {} }) {
  const isNew = item === undefined;
  const original = item ?? new Map((description?.keys ?? []).map((key) => [key, new Map([[description.types[key], description.types[key] === "N" ? "0" : ""]])]));
  const losesNothing = [...original.values()].every(isPlain);
  let plain = losesNothing;
  const problem = el("div", {});
  const content = el("div", {});
  const editable = writes && description !== undefined;
  const opener = document.activeElement;
  let editor;

  function draw() {
    const shown = format(plain ? itemToPlain(original) : original);
    if (editable && (!plain || losesNothing)) {
      editor = el("textarea", { rows: "18", spellcheck: "false", "aria-label": plain ? "The item as JSON" : "The item as DynamoDB JSON" });
      editor.value = shown;
      content.replaceChildren(editor);
    } else {
      editor = undefined;
      content.replaceChildren(
        el("pre", { tabindex: "0", role: "region", "aria-label": plain ? "The item as JSON" : "The item as DynamoDB JSON" }, shown),
        editable ? note("It has sets or binary values, which JSON cannot tell from lists and strings: it is changed as DynamoDB JSON.") : "",
      );
    }
  }

  const edited = () => {
    const value = parse(editor.value);
    if (!(value instanceof Map)) throw new SyntaxError("An item is a JSON object");
    return plain ? itemFromPlain(value) : value;
  };

  async function attempt(action, done) {
    problem.replaceChildren();
    try {
      await action();
      dialog.close();
      say(done);
      changed();
    } catch (error) {
      problem.replaceChildren(failure(error));
    }
  }

  const save = () =>
    attempt(async () => {
      if (!editor) throw new SyntaxError("Choose DynamoDB JSON to change this item.");
      const after = edited();
      if (isNew) {
        await call("PutItem", {
          TableName: description.TableName,
          Item: after,
          ConditionExpression: "attribute_not_exists(#k)",
          ExpressionAttributeNames: { "#k": description.keys[0] },
        });
      } else {
        const update = difference(description, original, after);
        if (update) await call("UpdateItem", update);
      }
    }, "The item is saved.");

  let sure = false;
  const remove = button("Delete item", () => {
    if (!sure) {
      sure = true;
      remove.textContent = "Really delete it";
      return;
    }
    attempt(() => call("DeleteItem", { TableName: description.TableName, Key: Object.fromEntries(description.keys.map((key) => [key, original.get(key)])) }), "The item is deleted.");
  }, { class: "danger" });

  const form = select([["plain", "JSON"], ["typed", "DynamoDB JSON"]], plain ? "plain" : "typed", () => {
    const wanted = form.value === "plain";
    problem.replaceChildren();
    if (editor) {
      try {
        const value = edited();
        if (wanted && ![...value.values()].every(isPlain)) throw new SyntaxError("It has sets or binary values, which plain JSON cannot tell.");
        plain = wanted;
        editor.value = format(plain ? itemToPlain(value) : value);
        editor.setAttribute("aria-label", plain ? "The item as JSON" : "The item as DynamoDB JSON");
      } catch (error) {
        form.value = plain ? "plain" : "typed";
        problem.replaceChildren(failure(error));
      }
      return;
    }
    plain = wanted;
    draw();
  });

  draw();
  const title = el("h2", { id: "item-title" }, isNew ? "New item" : "Item");
  const dialog = el(
    "dialog",
    {
      "aria-labelledby": "item-title",
      close: () => {
        dialog.remove();
        if (opener?.isConnected) opener.focus();
      },
    },
    el("div", { class: "head" }, title, field("Show as", form)),
    content,
    problem,
    el(
      "div",
      { class: "pager" },
      editable && button(isNew ? "Put item" : "Save changes", save, { class: "first" }),
      editable && !isNew && remove,
      button("Close", () => dialog.close()),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

// ---------------------------------------------------------------- looking for items

// An expression's condition on an attribute.
function condition(operator, nameOf, valueOf, inputs) {
  if (operator === "between") return `${nameOf} BETWEEN ${valueOf(inputs[0])} AND ${valueOf(inputs[1])}`;
  if (operator.startsWith("attribute_")) return `${operator}(${nameOf})`;
  if (/^[a-z]/.test(operator)) return `${operator}(${nameOf}, ${valueOf(inputs[0])})`;
  return `${nameOf} ${operator} ${valueOf(inputs[0])}`;
}

// Inputs for an operator's values, which show as many as it has.
function operands(label) {
  const first = el("input", { spellcheck: "false" });
  const second = el("input", { spellcheck: "false" });
  const firstField = field(label, first);
  const secondField = field(`${label}, to`, second);
  function adapt(chosen) {
    firstField.hidden = chosen.startsWith("attribute_");
    secondField.hidden = chosen !== "between";
  }
  adapt("=");
  return {
    fields: [firstField, secondField],
    values: () => [first.value, second.value],
    operator(list) {
      const operator = select(list, "=", () => adapt(operator.value));
      return operator;
    },
  };
}

// The form and its results. description: what tables.js knows of the table.
export function browse(description, session) {
  const results = el("div", { class: "body" });
  const sources = [["", description.TableName], ...description.indexes.map((index) => [index.name, `index ${index.name}`])];
  const how = select([["Scan", "Scan: all items"], ["Query", "Query: by key"], ["GetItem", "Get: one item"]], "Scan", adapt);
  const source = select(sources, "", adapt);
  const keys = el("fieldset", {});
  const filterName = el("input", { spellcheck: "false" });
  const filterType = select(TYPES, "S");
  const filter = operands("Value");
  const filterOperator = filter.operator(FILTERS);
  const limit = select(["25", "100", "500"], "25");
  const order = select([["1", "Ascending"], ["", "Descending"]], "1");
  let keyInputs = [];
  let pages = []; // where the pages before this one begin

  const schema = () => description.indexes.find((index) => index.name === source.value)?.keySchema ?? description.keySchema;

  function adapt() {
    const indexed = how.value !== "GetItem";
    source.parentElement.hidden = !indexed;
    if (!indexed) source.value = "";
    filterFields.hidden = !indexed;
    order.parentElement.hidden = how.value !== "Query";
    keys.replaceChildren(el("legend", { class: "unseen" }, "Key"));
    keyInputs = [];
    keys.hidden = how.value === "Scan";
    if (keys.hidden) return;
    for (const { name: attribute, kind } of schema()) {
      const label = `${attribute.length > 40 ? `${attribute.slice(0, 40)}…` : attribute} (${description.types[attribute]})`;
      const one = operands(label);
      const isSort = kind === "RANGE" && how.value === "Query";
      const operator = isSort ? one.operator(OPERATORS) : undefined;
      if (operator) keys.append(field("is", operator));
      keys.append(...one.fields);
      keyInputs.push({ attribute, kind, operator, one });
    }
  }

  function request(start) {
    const names = {};
    const values = {};
    const nameOf = (attribute) => {
      const placeholder = `#n${Object.keys(names).length}`;
      names[placeholder] = attribute;
      return placeholder;
    };
    const valueOf = (kind) => (text) => {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = typedInput(kind, text);
      return placeholder;
    };
    const body = { TableName: description.TableName, Limit: Number(limit.value), ReturnConsumedCapacity: "TOTAL", ...(start && { ExclusiveStartKey: start }) };
    if (source.value) body.IndexName = source.value;
    if (how.value === "Query") {
      const conditions = keyInputs
        .filter(({ kind, one }) => kind === "HASH" || one.values()[0] !== "")
        .map(({ attribute, operator, one }) => condition(operator?.value ?? "=", nameOf(attribute), valueOf(description.types[attribute]), one.values()));
      body.KeyConditionExpression = conditions.join(" AND ");
      body.ScanIndexForward = order.value !== "";
    }
    if (filterName.value !== "") body.FilterExpression = condition(filterOperator.value, nameOf(filterName.value), valueOf(filterType.value), filter.values());
    if (Object.keys(names).length) body.ExpressionAttributeNames = names;
    if (Object.keys(values).length) body.ExpressionAttributeValues = values;
    return body;
  }

  async function run(start) {
    results.setAttribute("aria-busy", "true");
    try {
      let answer;
      if (how.value === "GetItem") {
        const Key = Object.fromEntries(keyInputs.map(({ attribute, one }) => [attribute, typedInput(description.types[attribute], one.values()[0])]));
        answer = await call("GetItem", { TableName: description.TableName, Key, ReturnConsumedCapacity: "TOTAL" });
      } else answer = await call(how.value, request(start));
      draw(answer, start);
    } catch (error) {
      results.replaceChildren(failure(error));
    }
    results.removeAttribute("aria-busy");
  }

  function draw(answer, start) {
    const items = answer.get("Items") ?? (answer.has("Item") ? [answer.get("Item")] : []);
    const next = answer.get("LastEvaluatedKey");
    const units = answer.get("ConsumedCapacity")?.get("CapacityUnits");
    const again = () => run(start);
    const open = async (item) => {
      // an index may have a part of it
      const whole = source.value && description.keys.every((key) => item.has(key))
        ? await call("GetItem", { TableName: description.TableName, Key: Object.fromEntries(description.keys.map((key) => [key, item.get(key)])) }).then((found) => found.get("Item"), () => undefined)
        : item;
      openItem({ item: whole ?? item, description: whole ? description : undefined, writes: session.Writes, changed: again });
    };
    results.replaceChildren(
      itemsTable(`Items of ${description.TableName}`, items, schema().map(({ name: attribute }) => attribute), open),
      el(
        "div",
        { class: "pager" },
        pages.length > 0 && button("Previous page", () => run(pages.pop())),
        next && button("Next page", () => {
          pages.push(start);
          run(next);
        }),
        el("span", {}, `${items.length} ${items.length === 1 ? "item" : "items"}${answer.has("ScannedCount") ? ` of ${answer.get("ScannedCount")} read` : ""}${units === undefined ? "" : `, ${units} capacity units`}`),
      ),
    );
    say(`${items.length} items.`);
  }

  const filterFields = el("fieldset", {}, el("legend", { class: "unseen" }, "Filter"), field("Filter: attribute", filterName), field("is", filterOperator), field("of type", filterType), ...filter.fields);
  const form = el(
    "form",
    {
      class: "row",
      submit: (event) => {
        event.preventDefault();
        pages = [];
        run();
      },
    },
    field("Operation", how),
    field("Of", source),
    keys,
    filterFields,
    field("Order", order),
    field("At a time", limit),
    el("button", { class: "first" }, "Run"),
  );
  adapt();
  run();
  return [
    el("section", {}, form),
    el(
      "section",
      {},
      el("div", { class: "head" }, el("h2", {}, "Items"), session.Writes && button("New item", () => openItem({ description, writes: true, changed: () => run() }))),
      results,
    ),
  ];
}
