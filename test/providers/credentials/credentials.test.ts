import { describe, expect, test } from "bun:test";
import { type Credential, credentialOf } from "../../../src/providers/credentials/credential.ts";
import { createCredentials } from "../../../src/providers/credentials/credentials.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { startTokenServer } from "../../fixtures/token-server.ts";

const NETWORK = {
  fetch: (url: string, init: BunFetchRequestInit) => fetch(url, init),
  fetchDirect: (url: string, init: BunFetchRequestInit) => fetch(url, init),
};
const REQUEST = { url: "https://h.example/", method: "POST", body: null };

function open() {
  const clock = createManualClock(Date.parse("2026-03-01T12:00:00Z"));
  const changes: string[] = [];
  const credentials = createCredentials({
    readFile: () => Promise.reject(new Error("no file")),
    clock: clock.now,
    timers: clock,
    onChange: (kind, problem) => changes.push(`${kind}: ${problem?.detail}`),
  });
  return { credentials, changes, clock };
}

/** One that is renewed by a metadata server on this machine. */
const google = (metadataUrl: string): Credential =>
  credentialOf({ kind: "google", source: { from: "machine", path: undefined, metadataUrl } });

describe("what was issued", () => {
  test("is kept by the settings, across configurations, until none has them", async () => {
    let count = 0;
    await using server = startTokenServer(() =>
      Response.json({ access_token: `token-number-${++count}`, expires_in: 3600 }),
    );
    const { credentials } = open();
    const [first, second] = [google(server.url), google(server.url)];
    const one = credentials.lease([first, second], NETWORK);
    const two = credentials.lease([google(server.url)], NETWORK);
    const tokens = await Promise.all(
      [first, second, first].map(async (credential) => (await one.find(credential))(REQUEST)),
    );
    expect(tokens).toEqual(Array(3).fill({ authorization: "Bearer token-number-1" }));
    expect([server.calls.length, credentials.size]).toEqual([1, 1]);
    one.release();
    one.release();
    expect(credentials.size).toBe(1);
    two.release();
    expect(credentials.size).toBe(0);
    const three = credentials.lease([first], NETWORK);
    expect(await (await three.find(first))(REQUEST)).toEqual({ authorization: "Bearer token-number-2" });
  });

  test("is secret for every provider that has it", async () => {
    await using server = startTokenServer(() => Response.json({ access_token: "token-to-hide", expires_in: 3600 }));
    const { credentials } = open();
    const [first, second] = [google(server.url), google(server.url)];
    const lease = credentials.lease([first, second], NETWORK);
    expect(second.issued.patterns).toEqual([]);
    await lease.find(first);
    expect([first, second].map(({ issued }) => issued.patterns.map(({ texts: [text] }) => text))).toEqual([
      ["token-to-hide"],
      ["token-to-hide"],
    ]);
    // Providers are compared with those of before, and a token is no difference.
    expect(Bun.deepEquals(first, google(server.url))).toBeTrue();
  });

  test("with other settings is another one", async () => {
    const { credentials } = open();
    credentials.lease([google("http://127.0.0.1:1"), google("http://127.0.0.1:2")], NETWORK);
    expect(credentials.size).toBe(2);
  });
});

test("a credential of no configuration is found by nobody", () => {
  const { credentials } = open();
  const lease = credentials.lease([], NETWORK);
  expect(() => lease.find(google("http://127.0.0.1:1"))).toThrow("another configuration");
});

test("that one cannot be had is said once, and that it can again", async () => {
  let status = 403;
  await using server = startTokenServer(() =>
    status === 200
      ? Response.json({ access_token: "token-number-1", expires_in: 3600 })
      : new Response("no account", { status }),
  );
  const { credentials, changes, clock } = open();
  const credential = google(server.url);
  const lease = credentials.lease([credential], NETWORK);
  const ask = () =>
    Promise.resolve(lease.find(credential)).then(
      () => "found",
      () => "none",
    );
  expect(await Promise.all([ask(), ask()])).toEqual(["none", "none"]);
  await clock.advance(2000);
  expect(await ask()).toBe("none");
  status = 200;
  await clock.advance(2000);
  expect(await ask()).toBe("found");
  expect(changes).toEqual([
    "google: the metadata server of Google Cloud answered with status 403: no account",
    "google: undefined",
  ]);
});
