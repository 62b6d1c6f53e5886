// The console: who is signed in, which view the address names, and the views' frame.
import * as api from "/console/api.js";
import { button, el, failure, field, name, note, say } from "/console/dom.js";
import { overview } from "/console/overview.js";
import { partiql } from "/console/partiql.js";
import { alarms, backups, events, indexes, streams, transfers } from "/console/lists.js";
import { tables, tableView } from "/console/tables.js";

const SECTIONS = [
  ["overview", "Overview", overview],
  ["tables", "Tables", tables],
  ["partiql", "PartiQL", partiql],
  ["indexes", "Indexes and TTL", indexes],
  ["streams", "Streams", streams],
  ["events", "Events", events],
  ["backups", "Backups", backups],
  ["transfers", "Transfers", transfers],
  ["alarms", "Alarms", alarms],
];

const main = document.querySelector("#main");
let session = {};
let leave; // what the view on the page wants to be told when it goes

// ---------------------------------------------------------------- signing in

function drawSignIn(why) {
  const id = el("input", { name: "username", autocomplete: "username", required: true, spellcheck: "false", autocapitalize: "off" });
  const secret = el("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const token = el("input", { name: "token", autocomplete: "off", spellcheck: "false" });
  const problem = el("div", {});
  const submit = el("button", { class: "first" }, "Sign in");

  async function attempt(credentials) {
    submit.disabled = true;
    problem.replaceChildren();
    try {
      await api.signIn(credentials, session.Region);
      await begin();
    } catch (error) {
      problem.replaceChildren(failure(error));
      submit.disabled = false;
    }
  }

  document.title = "Sign in · dynapg console";
  const form = el(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        attempt({ id: id.value.trim(), secret: secret.value.trim(), token: token.value.trim() });
      },
    },
    field("Access key ID", id),
    field("Secret access key", secret, "It stays in this page, which signs one request with it."),
    el("details", {}, el("summary", {}, "Temporary credentials"), field("Session token", token)),
    submit,
  );
  // browsers have no WebCrypto where the connection can be read by others
  const content = globalThis.crypto?.subtle
    ? form
    : note("A browser signs in over HTTPS, or on the server's own machine by localhost. Nothing of a secret should be typed into this page.");
  main.replaceChildren(
    el(
      "div",
      { class: "sign-in panel" },
      el("h1", { tabindex: "-1" }, "Sign in"),
      why && el("p", { class: "failure", role: "alert" }, why),
      problem,
      content,
      session.DeveloperMode && el("div", {}, note("The endpoint is in developer mode."), button("Go on as the database's owner", () => attempt(null))),
    ),
  );
  if (form.isConnected) id.focus();
}

function drawBar() {
  const signedIn = session.Role !== undefined;
  document.body.classList.toggle("writes", Boolean(session.Writes));
  document.querySelector("#sections").replaceChildren(
    ...(signedIn ? SECTIONS.map(([path, label]) => el("a", { href: `#/${path}`, "data-section": path }, label)) : []),
  );
  document.querySelector("#who").replaceChildren(
    ...(signedIn
      ? [
          el("span", {}, name(session.Role), " in ", name(session.Database)),
          session.Standby === true ? "standby" : button(session.Writes ? "Writing is on: switch off" : "Read only: switch writing on", switchWriting, session.Writes ? { class: "writing" } : {}),
          button("Sign out", signOut),
        ]
      : []),
  );
}

async function switchWriting() {
  try {
    await api.allowWrites(!session.Writes);
    session.Writes = !session.Writes;
    drawBar();
    document.querySelector("#who button").focus();
    say(session.Writes ? "Writing is on." : "The console only reads.");
    draw({ keepFocus: true });
  } catch (error) {
    say(error.message);
  }
}

async function signOut() {
  try {
    await api.signOut();
    end();
  } catch (error) {
    end(error.isSignedOut ? undefined : `Signing out has failed: ${error.message}`);
  }
}

function end(why) {
  leave?.();
  leave = undefined;
  session = { Region: session.Region, DeveloperMode: session.DeveloperMode };
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  drawBar();
  drawSignIn(why);
}

// ---------------------------------------------------------------- views

// #/tables/Name/items: parts are encoded.
function place() {
  const [section, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map((text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  });
  return { section: SECTIONS.some(([path]) => path === section) ? section : "overview", rest };
}

function draw({ keepFocus = false } = {}) {
  if (session.Role === undefined) return;
  const { section, rest } = place();
  const [, label, view] = SECTIONS.find(([path]) => path === section);
  for (const link of document.querySelectorAll("#sections a")) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leave?.();
  leave = undefined;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  const context = { session, rest, onLeave: (listener) => (leave = listener) };
  const title = section === "tables" && rest[0] ? rest[0] : label;
  document.title = `${title.slice(0, 80)} · dynapg console`;
  const heading = el("h1", { tabindex: "-1" }, section === "tables" && rest[0] ? name(rest[0]) : label);
  let content;
  try {
    content = section === "tables" && rest[0] ? tableView(context) : view(context);
  } catch (error) {
    content = failure(error);
  }
  main.replaceChildren(heading, ...[content].flat(Infinity).filter(Boolean));
  if (!keepFocus) heading.focus();
}

async function begin() {
  session = await api.session();
  drawBar();
  if (session.Role === undefined) drawSignIn();
  else draw();
}

// Nothing of one role's is on a page of another's.
async function beginAnew() {
  end("Another session has begun in this browser.");
  await begin();
  if (session.Role !== undefined) say("Another session has begun in this browser.");
}

const showFailure = (error) => main.replaceChildren(el("h1", {}, "dynapg console"), failure(error));

api.onSignedOut((error) => {
  if (session.Role === undefined) return;
  if (error.isOfAnotherSession) beginAnew().catch(showFailure);
  else end(error.status === 401 ? "The session is over. Please sign in again." : error.message);
});
addEventListener("hashchange", () => draw());
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
begin().catch(showFailure);
