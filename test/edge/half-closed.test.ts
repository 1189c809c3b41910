import { expect, test } from "bun:test";
import { createGate } from "../fixtures/gate.ts";
import { json } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
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

// A known limit of the runtime: its HTTP server takes the end of what a client sends for the end of the connection, and has no
// option for it. Where this fails, the gateway can answer such clients, and its README is to say so no more.
test("a bare server of the runtime gives up a request whose client has closed its side", async () => {
  const gate = createGate();
  const aborted = Promise.withResolvers<void>();
  await using server = Bun.serve({
    port: 0,
    async fetch(request) {
      await request.text();
      if (request.signal.aborted) aborted.resolve();
      request.signal.addEventListener("abort", () => aborted.resolve());
      await gate.opened;
      return new Response("late");
    },
  });
  await using client = await openRawClient(server.port ?? 0);
  await client.request("POST", "/", { body: "x" });
  client.halfClose();
  await aborted.promise;
  gate.open();
  expect((await client.untilClosed()).wire).toHaveLength(0);
});

test("and so the gateway lets go of the provider at once", async () => {
  await using rig = await startRig();
  const gate = createGate();
  rig.provider.answer([wait(gate), ...json(200, "{}")]);
  const client = await rig.connect();
  await client.request("POST", "/v1/chat/completions", { headers: { "x-request-id": "half" }, body: BODY });
  await rig.provider.nextRequest();
  client.halfClose();
  expect(await rig.settled("half")).toMatchObject({ outcome: "client_gone" });
});
