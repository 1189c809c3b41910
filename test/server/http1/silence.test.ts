import { describe, expect, test } from "bun:test";
import type { ClientRequest } from "../../../src/core/client-request.ts";
import { createGate } from "../../fixtures/gate.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { answer, echo, HOST, openServed, withoutDate } from "./served.ts";

/** A silent connection lasts so long. What has to be in time is there at once. */
const IDLE_MS = 300;

describe("a connection that is silent ends without an answer", () => {
  test.each([
    ["before a request", ""],
    ["within a head", `GET /a HTTP/1.1\r\n${HOST}`],
    ["within a body", `POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nab`],
    ["within a chunk", `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nab`],
  ])("%s", async (_, bytes) => {
    await using served = openServed(echo, { idleMs: IDLE_MS });
    expect(await served.exchange(bytes)).toBe("");
  });

  test("while it drips a head: only whole ones count", async () => {
    await using served = openServed(echo, { idleMs: IDLE_MS });
    const client = await served.connect();
    const dripping = (async () => {
      // Time itself is under test: how slowly a head comes.
      while (await client.send("a")) await Bun.sleep(10);
    })();
    expect((await client.untilClosed()).wire).toHaveLength(0);
    await dripping;
  });
});

test("it ends behind the last answer, too", async () => {
  await using served = openServed(echo, { idleMs: IDLE_MS });
  const wire = await served.exchange(`GET /a HTTP/1.1\r\n${HOST}\r\n`);
  expect(withoutDate(wire)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nGET /a ");
});

test("it may be silent for as long as the longest setting says, a day", async () => {
  const loaded = loadConfig({ SERVER_IDLE_TIMEOUT: "24h" });
  const { SERVER_IDLE_TIMEOUT: idleMs } = loaded.ok ? loaded.config.settings : expect.unreachable();
  const timers = createManualClock();
  await using served = openServed(echo, { idleMs, timers });
  const client = await served.connect();
  for (let day = 0; day < 2; day++) {
    await client.request("GET", "/a");
    await client.head();
    expect((await client.body()).text).toBe("GET /a ");
    await timers.advance(24 * 3_600_000 - 1);
  }
  await timers.advance(1);
  await client.untilClosed();
});

test("whoever answers may let it be silent, and have it be silent no longer", async () => {
  const outlived = createGate();
  const asked = Promise.withResolvers<ClientRequest>();
  await using served = openServed(
    async (request) => {
      served.server.mayBeSilent(request, Number.POSITIVE_INFINITY);
      asked.resolve(request);
      await outlived.opened;
      return answer("late");
    },
    { idleMs: IDLE_MS },
  );
  const suspended = await served.connect();
  await suspended.send(`GET /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  await asked.promise;
  // One that opened later has been silent for too long, so that this one would have been as well.
  await served.exchange("");
  outlived.open();
  const wire = Buffer.from((await suspended.untilClosed()).wire).toString();
  expect(withoutDate(wire)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate");
});

test("one that has not been let be silent is cut, and its request hears that the client has left", async () => {
  const left = createGate();
  await using served = openServed(
    ({ signal }) => {
      signal.addEventListener("abort", left.open);
      return new Promise<Response>(() => {});
    },
    { idleMs: IDLE_MS },
  );
  expect(await served.exchange(`GET /a HTTP/1.1\r\n${HOST}\r\n`)).toBe("");
  await left.opened;
});

test("an address is told while the connection stands", async () => {
  await using served = openServed((request) => answer(String(served.server.addressOf(request))));
  const wire = await served.exchange(`GET /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  expect(wire).toEndWith("\r\n\r\n127.0.0.1");
});

describe("a server that stops", () => {
  test("ends silent connections, and those of requests behind their answers", async () => {
    const gate = createGate();
    const begun = createGate();
    await using served = openServed(async ({ url }) => {
      if (url.endsWith("/early")) return answer("early");
      begun.open();
      await gate.opened;
      return answer("late");
    });
    const silent = await served.connect();
    await silent.request("GET", "/early");
    expect((await silent.body()).text).toBe("early");
    const asking = await served.connect();
    await asking.send(`GET /a HTTP/1.1\r\n${HOST}\r\n`);
    await begun.opened;
    const stopped = served.server.stop(false);
    await silent.untilClosed();
    gate.open();
    const wire = Buffer.from((await asking.untilClosed()).wire).toString();
    expect(withoutDate(wire)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate");
    await stopped;
  });

  test("lets those that have just opened ask once", async () => {
    const timers = createManualClock();
    await using served = openServed(echo, { timers });
    const old = await served.connect();
    // Connections are accepted in the order in which they open.
    const ask = () => served.exchange(`GET /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    await ask();
    await timers.advance(2000);
    const [asking, slow, silent] = [await served.connect(), await served.connect(), await served.connect()];
    await ask();
    await timers.advance(1000);
    const stopped = served.server.stop(false);
    expect((await old.untilClosed()).wire).toHaveLength(0);
    await timers.advance(999);
    // What is sent first is read first.
    await slow.send("GET /b HTTP/1.1\r\n");
    await asking.request("GET", "/a");
    const wire = Buffer.from((await asking.untilClosed()).wire).toString();
    expect(withoutDate(wire)).toBe("HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nGET /a ");
    await timers.advance(1);
    expect((await silent.untilClosed()).wire).toHaveLength(0);
    await slow.send(`${HOST}\r\n`);
    expect(Buffer.from((await slow.untilClosed()).wire).toString()).toEndWith("\r\n\r\nGET /b ");
    await stopped;
  });

  test("or cuts them all", async () => {
    const begun = createGate();
    await using served = openServed(() => {
      begun.open();
      return new Promise<Response>(() => {});
    });
    const asking = await served.connect();
    await asking.send(`GET /a HTTP/1.1\r\n${HOST}\r\n`);
    await begun.opened;
    await served.server.stop(true);
    expect((await asking.untilClosed()).wire).toHaveLength(0);
  });
});
