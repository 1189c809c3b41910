import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { json } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig<GatewayProcess>;
beforeAll(async () => {
  rig = await startRig({ SERVER_MAX_REQUEST_BODY_SIZE: "2MiB" }, startGateway);
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

const MIB = 1024 * 1024;

/** Memory of the gateway's process, in bytes. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${rig.gateway.process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Each connection takes a descriptor in this process and one in the gateway's, which has the same limit. */
function affordableConnections(wanted: number): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const affordable = Math.min(wanted, Number(/Max open files\s+(\d+)/.exec(limits)?.[1]) - 200);
  if (affordable < wanted) console.warn(`Only ${affordable} connections: so many files may be open.`);
  return affordable;
}

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };

test.skipIf(process.platform !== "linux")(
  "a thousand idle connections cost little, and a side request is answered at once",
  async () => {
    rig.provider.answerAlways(() => json(200, "{}"));
    const count = affordableConnections(1000);
    const warm = await rig.call({ target: "/v1/chat/completions", body: CHAT });
    await warm.client.body();
    warm.client.leave();

    const before = residentBytes();
    const silent = await Promise.all(Array.from({ length: count / 2 }, () => rig.connect()));
    const kept = await Promise.all(
      Array.from({ length: count / 2 }, async () => {
        const { client } = await rig.call({ method: "GET", target: "/health" });
        expect((await client.head(10_000)).status).toBe(200);
        return client;
      }),
    );
    const each = (residentBytes() - before) / count;

    // Answered beside all of them; the time that it took is shown, and bounded as every wait is.
    const sideAt = performance.now();
    const side = await rig.call({ target: "/v1/chat/completions", body: CHAT });
    expect((await side.client.head(10_000)).status).toBe(200);
    const sideTook = performance.now() - sideAt;
    side.client.leave();
    showFigures(
      "%d idle connections: %s KiB each, side request %s ms",
      count,
      (each / 1024).toFixed(1),
      sideTook.toFixed(1),
    );
    expect(each).toBeLessThan(32 * 1024);

    // None was given up for another, and each still serves.
    const [first, last] = [silent[0], kept.at(-1)];
    for (const client of [first, last]) {
      await client?.request("GET", "/health");
      expect((await client?.head())?.status).toBe(200);
    }
    for (const client of [...silent, ...kept]) client.leave();
  },
  20_000,
);

test.skipIf(process.platform !== "linux")(
  "a body in chunks of one byte takes no more than its size asks for",
  async () => {
    rig.provider.answerAlways(() => json(200, "{}"));
    const [head, tail] = ['{"model":"openai/m","messages":[{"role":"user","content":"', '"}]}'];
    const body = `${head}${"x".repeat(1.5 * MIB)}${tail}`;
    await using client = await rig.connect();
    const before = residentBytes();
    await client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunks = [...body].map((byte) => `1\r\n${byte}\r\n`).join("");
    // All but its end, so that what is held is seen before it is given up.
    await client.send(chunks);
    await rig.call({ method: "GET", target: "/health" }).then(({ client: side }) => side.body(15_000));
    const held = residentBytes() - before;
    await client.send("0\r\n\r\n");
    expect((await client.head(10_000)).status).toBe(200);
    showFigures("%s MiB held for a body of %s MiB", (held / MIB).toFixed(1), (body.length / MIB).toFixed(1));
    expect(held).toBeLessThan(100 * MIB);
  },
  20_000,
);
