import { expect, test } from "bun:test";
import { listeningProblem, type NameLookup } from "../../src/cli/listening-problem.ts";
import type { Settings } from "../../src/config/settings-table.ts";
import { ListenError } from "../../src/core/listen-error.ts";

const OF_METRICS = "TELEMETRY_METRICS_HOST, TELEMETRY_METRICS_PORT";

const settingsOf = (host: string, socket?: string): Settings =>
  ({ SERVER_HOST: host, SERVER_PORT: 80, SERVER_UNIX_SOCKET: socket }) as Partial<Settings> as Settings;

const errorOf = (code: string): Error => Object.assign(new Error("x"), { code });

/** Timers that never fire by themselves. */
function lookupOf(find: NameLookup["find"]) {
  const open = new Map<object, { readonly callback: () => void; readonly delayMs: number }>();
  const timers: NameLookup["timers"] = {
    setTimer(callback, delayMs) {
      const timer = {};
      open.set(timer, { callback, delayMs });
      return timer;
    },
    clearTimer: (timer) => void open.delete(timer as object),
  };
  return { lookup: { find, timers }, open };
}

const asksNobody: NameLookup["find"] = () => Promise.reject(new Error("an address was looked up"));

test.each([
  ["::1", "[::1]:80"],
  ["fe80::1%eth0", "[fe80::1%eth0]:80"],
  ["127.0.0.1", "127.0.0.1:80"],
])("an address that cannot be had is named as URLs have it, with the settings that say it: %s", async (host, shown) => {
  const { lookup } = lookupOf(asksNobody);
  const cause = errorOf("EADDRNOTAVAIL");
  const why = "no interface of this machine has that address";
  expect(await listeningProblem(cause, settingsOf(host), lookup)).toBe(
    `cannot listen on ${shown} (SERVER_HOST, SERVER_PORT): ${why}`,
  );
  const ofMetrics = new ListenError(host, 80, OF_METRICS, cause);
  expect(await listeningProblem(ofMetrics, settingsOf("localhost"), lookup)).toBe(
    `cannot listen on ${shown} (${OF_METRICS}): ${why}`,
  );
});

test.each<[what: string, find: NameLookup["find"]]>([
  ["is not known", () => Promise.reject(errorOf("ENOTFOUND"))],
  ["has no address", () => Promise.resolve([])],
])("a name that %s is to blame, whatever code the runtime's error has", async (_, find) => {
  const { lookup, open } = lookupOf(find);
  for (const code of ["EINVAL", "EADDRINUSE", "ENOTFOUND", "EEXIST"]) {
    const cause = errorOf(code);
    expect(await listeningProblem(cause, settingsOf("nothing.invalid"), lookup)).toBe(
      "cannot listen on nothing.invalid:80 (SERVER_HOST, SERVER_PORT): no address is known by that name",
    );
    const ofMetrics = new ListenError("metrics.invalid", 9464, OF_METRICS, cause);
    expect(await listeningProblem(ofMetrics, settingsOf("127.0.0.1"), lookup)).toBe(
      `cannot listen on metrics.invalid:9464 (${OF_METRICS}): no address is known by that name`,
    );
  }
  expect(open.size).toBe(0);
});

test("a name that has an address is not to blame", async () => {
  const { lookup, open } = lookupOf(() => Promise.resolve([{ address: "127.0.0.1" }]));
  expect(await listeningProblem(errorOf("EADDRINUSE"), settingsOf("localhost"), lookup)).toBe(
    "cannot listen on localhost:80 (SERVER_HOST, SERVER_PORT): it is in use",
  );
  expect(open.size).toBe(0);
});

test("a name is not looked up for longer than 5 seconds", async () => {
  const { lookup, open } = lookupOf(() => new Promise(() => {}));
  const problem = listeningProblem(errorOf("EINVAL"), settingsOf("slow.invalid"), lookup);
  const [waiting] = open.values();
  expect(waiting?.delayMs).toBe(5000);
  waiting?.callback();
  expect(await problem).toBe(
    "cannot listen on slow.invalid:80 (SERVER_HOST, SERVER_PORT): no address was found for that name in 5 seconds",
  );
});

test("of a unix socket no name is looked up", async () => {
  const { lookup } = lookupOf(asksNobody);
  expect(await listeningProblem(errorOf("ENOENT"), settingsOf("nothing.invalid", "/a/b.sock"), lookup)).toBe(
    "cannot listen on /a/b.sock (SERVER_UNIX_SOCKET): its folder is not there",
  );
});
