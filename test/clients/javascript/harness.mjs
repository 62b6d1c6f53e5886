// Names the tests of a client, counts them, and goes on after a failure.
import assert from "node:assert/strict";

let passed = 0;
let failed = 0;

export async function test(name, body) {
  try {
    await body();
    passed++;
    console.log(`ok: ${name}`);
  } catch (error) {
    failed++;
    console.log(error);
    console.log(`not ok: ${name}`);
  }
}

export const equal = assert.deepEqual;
export const rejects = assert.rejects;

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
