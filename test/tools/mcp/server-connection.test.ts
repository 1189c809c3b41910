import { expect, test } from "bun:test";
import { openServerConnection } from "../../../src/tools/mcp/server-connection.ts";
import { McpError } from "../../../src/tools/mcp/errors.ts";
import type { McpSession, RemoteTool, SessionEvents } from "../../../src/tools/mcp/session.ts";
import { DEFAULT_JSON_LIMITS } from "../../../src/core/json/limits.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";
import { outcomeOf } from "../../fixtures/rejection.ts";

const TOOL: RemoteTool = { name: "echo", description: "", inputSchema: {} };
const DOWN = new McpError("unreachable", "cannot be reached (TEST)");
const SLOW = new McpError("timeout", "did not answer");

/** A connection on a clock of the test's own, to a server that does what the test says. */
function createRig() {
  let time = 0;
  const timers = new Map<object, { at: number; callback: () => void }>();
  const rig = {
    opened: 0,
    closed: 0,
    lists: 0,
    told: [] as string[],
    events: undefined as SessionEvents | undefined,
    open: (): void => {},
    list: (): readonly RemoteTool[] => [TOOL],
    call: (): Promise<object> => Promise.resolve({}),
    timers,
    /** Lets time pass, one timer after the other. */
    async pass(milliseconds: number): Promise<void> {
      const end = time + milliseconds;
      await settle();
      for (;;) {
        const next = [...timers].filter(([, { at }]) => at <= end).sort(([, left], [, right]) => left.at - right.at)[0];
        if (!next) break;
        const [timer, { at, callback }] = next;
        timers.delete(timer);
        time = at;
        callback();
        await settle();
      }
      time = end;
    },
  };
  const session: McpSession = {
    listTools: async () => ((rig.lists += 1), rig.list()),
    callTool: async () => (await rig.call()) as never,
    close: async () => void (rig.closed += 1),
  };
  const connection = openServerConnection(
    { name: "s", url: "http://s/", shownUrl: "http://s/", token: undefined },
    {
      client: { name: "test", version: "1" },
      fetch,
      memory: createTestBudget(),
      jsonLimits: DEFAULT_JSON_LIMITS,
      reducesSchemas: false,
      onToolFaults() {},
      timers: {
        now: () => time,
        setTimer(callback, delayMs) {
          const timer = {};
          timers.set(timer, { at: time + delayMs, callback });
          return timer;
        },
        clearTimer: (timer) => void timers.delete(timer as object),
      },
      openSession: async ({ events }) => {
        rig.opened += 1;
        rig.open();
        rig.events = events;
        return session;
      },
      limits: { callMs: 30_000, connectMs: 5_000, reconnectMs: 30_000, pollMs: 30_000 },
      onChange: (changed, problem) =>
        rig.told.push(`${changed.status()} ${changed.tools().length} ${problem?.kind ?? ""}`),
    },
  );
  return Object.assign(rig, { connection });
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

const fail = (problem: McpError) => (): never => {
  throw problem;
};

const never = new AbortController().signal;

test("a server that is late is tried after 1, 2, 4 s and so on, down to a limit, and told of once", async () => {
  const rig = createRig();
  rig.open = fail(DOWN);
  rig.connection.start();
  const attempts: number[] = [];
  for (let second = 0; second < 130; second += 1) {
    const before = rig.opened;
    await rig.pass(1_000);
    if (rig.opened > before) attempts.push(second);
  }
  expect(attempts).toEqual([0, 2, 6, 14, 30, 60, 90, 120]);
  expect(rig.told).toEqual(["disconnected 0 unreachable"]);
  rig.open = () => {};
  await rig.pass(30_000);
  expect(rig.told.at(-1)).toBe("connected 1 ");
  await rig.connection.close();
});

test("a server that was there a moment ago is tried again soon", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  rig.list = fail(DOWN);
  await rig.pass(30_000);
  expect(rig.told).toEqual(["connected 1 ", "disconnected 1 unreachable"]);
  rig.list = () => [TOOL];
  await rig.pass(1_000);
  expect(rig.told.at(-1)).toBe("connected 1 ");
  await rig.connection.close();
});

test("one slow look does not make a server count as away, two do", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  rig.list = fail(SLOW);
  await rig.pass(30_000);
  expect(rig.connection.status()).toBe("connected");
  await rig.pass(1_000);
  expect(rig.connection.status()).toBe("disconnected");
  await rig.connection.close();
});

test("a server that is slow because it runs a tool is not away", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  const result = Promise.withResolvers<object>();
  rig.call = () => result.promise;
  rig.list = fail(SLOW);
  const call = rig.connection.call(TOOL, {}, never);
  call.catch(() => {});
  await rig.pass(20_000);
  rig.events?.onDoubt();
  await rig.pass(9_000);
  expect(rig.lists).toBeGreaterThan(3);
  expect(rig.connection.status()).toBe("connected");
  result.resolve({ done: true });
  expect(await call).toEqual({ done: true });
  await rig.connection.close();
});

test("a flood of notifications causes a few looks", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  for (let count = 0; count < 100; count += 1) {
    rig.events?.onToolsChanged();
    await rig.pass(10);
  }
  expect(rig.lists).toBeLessThanOrEqual(6);
  expect(rig.told).toEqual(["connected 1 "]);
  await rig.connection.close();
});

test("a change that is announced during a look is looked at again", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  rig.list = () => {
    rig.list = () => [];
    rig.events?.onToolsChanged();
    return [TOOL];
  };
  rig.events?.onToolsChanged();
  await rig.pass(1_000);
  expect(rig.connection.tools()).toEqual([]);
  await rig.connection.close();
});

test("an expired session with calls in it is closed after them", async () => {
  const rig = createRig();
  rig.connection.start();
  await rig.pass(0);
  const running = Promise.withResolvers<object>();
  rig.call = () => running.promise;
  const first = rig.connection.call(TOOL, {}, never);
  await settle();
  let refusals = 0;
  rig.call = () =>
    refusals++ === 0 ? Promise.reject(new McpError("expired", "gone")) : Promise.resolve({ again: true });
  const second = rig.connection.call(TOOL, {}, never);
  await rig.pass(10);
  expect(await second).toEqual({ again: true });
  expect([rig.opened, rig.closed]).toEqual([2, 0]);
  running.resolve({ first: true });
  expect(await first).toEqual({ first: true });
  await settle();
  expect(rig.closed).toBe(1);
  expect(rig.told).toEqual(["connected 1 "]);
  await rig.connection.close();
});

test("closing leaves no timer behind, whatever is under way", async () => {
  const connected = createRig();
  connected.connection.start();
  await connected.pass(0);
  expect(connected.timers.size).toBe(1);
  await connected.connection.close();
  expect([connected.timers.size, connected.closed]).toEqual([0, 1]);
  expect(await outcomeOf(connected.connection.call(TOOL, {}, never))).toThrow("is not connected");

  const away = createRig();
  away.open = fail(DOWN);
  away.connection.start();
  await away.pass(0);
  expect(away.timers.size).toBe(1);
  await away.connection.close();
  expect(away.timers.size).toBe(0);
});
