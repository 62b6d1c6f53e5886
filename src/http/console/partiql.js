// Statements of PartiQL.
import { call } from "/console/api.js";
import { button, el, failure, field, note, say } from "/console/dom.js";
import { itemsTable, openItem } from "/console/items.js";
import { parse } from "/console/values.js";

let last = "";

export function partiql({ session }) {
  const statement = el("textarea", { rows: "4", spellcheck: "false", required: true });
  const parameters = el("textarea", { rows: "2", spellcheck: "false" });
  const results = el("div", { class: "body" });
  statement.value = last;

  async function run(next) {
    last = statement.value;
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await call("ExecuteStatement", {
        Statement: statement.value,
        Limit: 100,
        ...(parameters.value.trim() && { Parameters: parse(parameters.value) }),
        ...(next && { NextToken: next }),
      });
      const items = answer.get("Items") ?? [];
      const token = answer.get("NextToken");
      results.replaceChildren(
        itemsTable("Results", items, [], (item) => openItem({ item })),
        el("div", { class: "pager" }, `${items.length} items`, token && button("Next page", () => run(token))),
      );
      say(`${items.length} items.`);
    } catch (error) {
      results.replaceChildren(failure(error));
    }
    results.removeAttribute("aria-busy");
  }

  const form = el(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        run();
      },
      keydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          form.requestSubmit();
        }
      },
    },
    field("Statement", statement, 'SELECT * FROM "Music" WHERE "Artist" = ?   Ctrl+Enter runs it.'),
    field("Parameters", parameters, 'A list in DynamoDB JSON: [{"S": "No One You Know"}]'),
    el("div", { class: "pager" }, el("button", { class: "first" }, "Run")),
  );
  return [
    el("section", {}, form, !session.Writes && note("The console only reads: INSERT, UPDATE and DELETE are refused until writing is switched on.")),
    el("section", {}, el("div", { class: "head" }, el("h2", {}, "Results")), results),
  ];
}
