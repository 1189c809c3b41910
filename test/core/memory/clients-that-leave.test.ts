import { afterAll, beforeAll, expect, test } from "bun:test";
import { showFigures } from "../../fixtures/figures.ts";
import { json } from "../../fixtures/answers.ts";
import { CHAT_PATH, chatOf, type InProcess, openInProcess } from "./gateway-in-process.ts";

let rig: InProcess;
beforeAll(async () => {
  rig = await openInProcess({ SERVER_MAX_BUFFERED_BYTES: "512MiB" });
  rig.provider.answerAlways(() => json(200, '{"ok":1}'));
});
afterAll(() => rig[Symbol.asyncDispose]());

const GZIP = { "content-encoding": "gzip" };

/** Milliseconds of processor time that this process takes until the gateway is at rest. */
async function costOf(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  await rig.untilReleased();
  // The gateway answers this when it has done what came before.
  await using client = await rig.send(CHAT_PATH, chatOf(10));
  await client.body(15_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test("thirty compressed bodies whose clients have left cost a fraction of thirty whose clients wait, and reach no provider", async () => {
  // Within the limits of one body, and costly to parse: 1 MB of values.
  const bomb = Bun.gzipSync(Buffer.from(`{"model":"openai/m","messages":[${'{"a":[1]},'.repeat(100_000)}0]}`));
  const count = 30;
  const asked = rig.provider.requests.length;
  const leaving = await costOf(async () => {
    const clients = await Promise.all(Array.from({ length: count }, () => rig.send(CHAT_PATH, bomb, GZIP)));
    for (const client of clients) client.leave();
  });
  // The last one is the client's that waits.
  const reached = rig.provider.requests.length - asked - 1;
  const waiting = await costOf(async () => {
    const clients = await Promise.all(Array.from({ length: count }, () => rig.send(CHAT_PATH, bomb, GZIP)));
    await Promise.all(clients.map((client) => client.body(30_000)));
    for (const client of clients) client.leave();
  });
  showFigures("%d left: %d ms, waited: %d ms, reached the provider: %d", count, leaving, waiting, reached);
  expect(leaving).toBeLessThan(waiting / 2);
  expect(reached).toBeLessThan(4);
});
