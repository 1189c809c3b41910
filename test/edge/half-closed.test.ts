import { expect, test } from "bun:test";
import { createGate } from "../fixtures/gate.ts";
import { json } from "../fixtures/answers.ts";
import { wait } from "../fixtures/script.ts";
import { startRig } from "../fixtures/start-rig.ts";

/** What a client sends that closes its side of the connection behind its request. */
const BODY = JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "hi" }] });

test("a client that closes its side behind its request gets an answer that is there at once", async () => {
  await using rig = await startRig();
  const client = await rig.connect();
  await client.request("GET", "/health");
  client.halfClose();
  expect((await client.head()).status).toBe(200);
  expect((await client.body()).text).toBe('{"message":"OK"}');
});

// A client that leaves does the same, and nobody is to pay for what it no longer wants.
test("a client that closes its side while the provider thinks has left: the gateway lets go of the provider at once", async () => {
  await using rig = await startRig();
  const gate = createGate();
  rig.provider.answer([wait(gate), ...json(200, "{}")]);
  const client = await rig.connect();
  await client.request("POST", "/v1/chat/completions", { headers: { "x-request-id": "half" }, body: BODY });
  await rig.provider.nextRequest();
  client.halfClose();
  expect(await rig.settled("half")).toMatchObject({ outcome: "client_gone" });
});
