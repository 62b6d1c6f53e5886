// Requests to the endpoint that this page is from: signing in, operations, views.
import { parse, stringify } from "/console/values.js";

const URL_OF_API = "/console/api";
const DYNAMODB = "DynamoDB_20120810.";
const STREAMS = "DynamoDBStreams_20120810.";
const CONSOLE = "DynapgConsole.";
const OF_STREAMS = new Set(["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"]);

export class ApiError extends Error {
  constructor(status, type, message) {
    super(message || type || `The server has answered ${status}.`);
    this.status = status;
    this.type = type;
  }
  get isSignedOut() {
    return this.status === 401 || this.type === "UnrecognizedClientException" || this.type === "ExpiredTokenException";
  }
  // The cookie is another session's than the one this page knows: somebody has signed in in another tab.
  get isOfAnotherSession() {
    return this.status === 403 && this.type === "";
  }
}

let proof = "";
let clockOffset = 0; // milliseconds that the server's clock is ahead of this one
let signedOut = () => {};

// Called when the server no longer takes requests of this session, or has another one's cookie.
export function onSignedOut(listener) {
  signedOut = listener;
}

async function send(target, body, headers = {}) {
  let response;
  try {
    response = await fetch(URL_OF_API, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Amz-Target": target, "X-Dynapg-Proof": proof, ...headers },
      body,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new ApiError(0, "", "The server does not answer.");
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (!Number.isNaN(date)) clockOffset = date - Date.now();
  return { response, text: await response.text() };
}

function read({ response, text }) {
  if (response.ok) return text === "" ? new Map() : parse(text);
  let type = "";
  let message = text.trim();
  try {
    const error = parse(text);
    type = String(error.get("__type") ?? "").split("#").at(-1);
    message = error.get("message") ?? error.get("Message") ?? "";
  } catch {
    // a text
  }
  return Promise.reject(new ApiError(response.status, type, type ? `${type}${message ? `: ${message}` : ""}` : message));
}

async function request(target, body) {
  try {
    return await read(await send(target, stringify(body)));
  } catch (error) {
    if (error instanceof ApiError && (error.isSignedOut || error.isOfAnotherSession)) signedOut(error);
    throw error;
  }
}

// An operation of the API.
export const call = (operation, body = {}) => request((OF_STREAMS.has(operation) ? STREAMS : DYNAMODB) + operation, body);

// A view: its rows as maps; null where this version or server has none.
export async function view(name, table) {
  const answer = await request(CONSOLE + name, table === undefined ? {} : { TableName: table });
  return answer.get("Missing") ? null : { rows: answer.get("Rows"), more: answer.get("More") };
}

// ---------------------------------------------------------------- signing in

// Who is signed in: {Region, DeveloperMode}, and Role, AccessKeyId, Database, Writes, Standby if somebody is.
export async function session() {
  const answer = Object.fromEntries(await read(await send(`${CONSOLE}Session`, "{}")));
  proof = answer.Proof ?? "";
  return answer;
}

const encoder = new TextEncoder();
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));

async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, encoder.encode(text));
}

// Signature Version 4 of a request to sign in: the secret stays here.
async function signature({ id, secret, token }, region, target, body) {
  const time = new Date(Date.now() + clockOffset).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  const headers = { host: location.host, "x-amz-date": time, ...(token && { "x-amz-security-token": token }), "x-amz-target": target };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", URL_OF_API, "", lines.join(""), names, await sha256(body)].join("\n");
  let key = encoder.encode(`AWS4${secret}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signed = hex(await hmac(key, ["AWS4-HMAC-SHA256", time, scope, await sha256(canonical)].join("\n")));
  return {
    "X-Amz-Date": time,
    ...(token && { "X-Amz-Security-Token": token }),
    Authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signed}`,
  };
}

// credentials: {id, secret, token}; null in developer mode.
export async function signIn(credentials, region) {
  const target = `${CONSOLE}SignIn`;
  await read(await send(target, "{}", credentials ? await signature(credentials, region, target, "{}") : {}));
}

// Whoever signs out is signed out, whichever tab has signed in last.
export async function signOut() {
  const target = `${CONSOLE}SignOut`;
  try {
    await read(await send(target, "{}"));
  } catch (error) {
    if (!error.isOfAnotherSession) throw error;
    await session();
    await read(await send(target, "{}"));
  }
}

export const allowWrites = (allow) => request(CONSOLE + (allow ? "AllowWrites" : "RefuseWrites"), {});

// What the endpoint counts: [name, labels, value] of each line that is of all tables together.
export async function metrics() {
  const response = await fetch("/metrics", { cache: "no-store", credentials: "omit", redirect: "error" });
  const lines = (await response.text()).matchAll(/^(\w+)(?:\{(operation="[^}\n]*)\})? (\S+)$/gm);
  return [...lines].map(([, name, labels, value]) => [
    name,
    Object.fromEntries([...(labels ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
    Number(value),
  ]);
}
