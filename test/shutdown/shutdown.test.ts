import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { gatewayCommand, type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const STREAM = JSON.stringify({
  model: "openai/gpt-4o",
  stream: true,
  messages: [{ role: "user", content: "hi" }],
});

function settingsFor(provider: MockProvider): Record<string, string> {
  return { OPENAI_API_KEY: "sk-test", OPENAI_API_URL: `${provider.url}/v1` };
}

/** Opens a stream of two events, of which the second waits for the gate, and reads up to the first. */
async function openStream(gateway: GatewayProcess, provider: MockProvider) {
  const gate = createGate();
  provider.answerAlways(({ target }) =>
    target === "/v1/models"
      ? json(200, { data: [] })
      : sse([dataEvent({ n: 1 }), dataEvent({ n: 2 })], { gaps: [undefined, gate], done: true }),
  );
  const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body: STREAM });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error("the stream has no body");
  const first = await reader.read();
  expect(first.value).toBe(dataEvent({ n: 1 }));
  const readRest = async (): Promise<string> => {
    let rest = "";
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) rest += chunk.value;
    return rest;
  };
  return { gate, readRest };
}

const exitOf = (gateway: GatewayProcess): Promise<number> => within(gateway.exited(), 5000, "the gateway's end");

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} lets an open stream finish, accepts nothing new, and exits with 0`, async () => {
    await using provider = await startMockProvider();
    await using gateway = await startGateway(settingsFor(provider));
    const { gate, readRest } = await openStream(gateway, provider);
    gateway.process.kill(signal);
    await gateway.logged((line) => line["msg"] === "draining");
    expect(await outcomeOf(fetch(`${gateway.url}/health`))).toThrow();
    gate.open();
    expect(await readRest()).toBe(`${dataEvent({ n: 2 })}data: [DONE]\n\n`);
    expect(await exitOf(gateway)).toBe(0);
  });
}

test("a stream that does not finish in time ends with an error event, and the exit code is 3", async () => {
  await using provider = await startMockProvider();
  await using gateway = await startGateway({ ...settingsFor(provider), SERVER_SHUTDOWN_TIMEOUT: "200ms" });
  const { readRest } = await openStream(gateway, provider);
  gateway.process.kill("SIGTERM");
  const rest = await within(readRest(), 5000, "the stream's end");
  expect(rest).toBe(
    'data: {"error":{"message":"The gateway is shutting down","type":"upstream_error","code":"shutting_down"}}\n\n',
  );
  expect(await exitOf(gateway)).toBe(3);
  const line = gateway.log.find(({ route }) => route === "/v1/chat/completions");
  expect(line).toMatchObject({ outcome: "cut", failure: "shutting_down" });
});

test("a second signal ends the process at once, with the signal's exit code", async () => {
  await using provider = await startMockProvider();
  await using gateway = await startGateway(settingsFor(provider));
  await openStream(gateway, provider);
  gateway.process.kill("SIGTERM");
  await gateway.logged((line) => line["msg"] === "draining");
  gateway.process.kill("SIGINT");
  expect(await exitOf(gateway)).toBe(130);
});

test("an idle gateway exits at once, also if a client keeps an idle connection", async () => {
  await using gateway = await startGateway();
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  gateway.process.kill("SIGTERM");
  expect(await exitOf(gateway)).toBe(0);
});

test("a busy port is one line on standard error and exit code 1", async () => {
  await using gateway = await startGateway();
  const second = Bun.spawn(gatewayCommand([]), {
    env: { PATH: process.env["PATH"] ?? "", SERVER_PORT: String(gateway.port), OPENAI_API_KEY: "sk-test" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await within(second.exited, 5000, "the second gateway's end")).toBe(1);
  expect(await second.stderr.text()).toBe(
    `cannot listen on 127.0.0.1:${gateway.port} (SERVER_HOST, SERVER_PORT): it is in use\n`,
  );
});

test("a name without an address is one line on standard error and exit code 1", async () => {
  const unknown = Bun.spawn(gatewayCommand([]), {
    env: { PATH: process.env["PATH"] ?? "", SERVER_HOST: "nothing.invalid", OPENAI_API_KEY: "sk-test" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await within(unknown.exited, 5000, "the gateway's end")).toBe(1);
  expect(await unknown.stderr.text()).toBe(
    "cannot listen on nothing.invalid:8080 (SERVER_HOST, SERVER_PORT): no address is known by that name\n",
  );
});

test("a unix socket that a killed gateway left behind is taken over; a file that is none is not", async () => {
  const folder = scratchFolder("gateway");
  const path = join(folder, "gateway.sock");
  const killed = await startGateway({ SERVER_UNIX_SOCKET: path });
  await killed.stop();
  expect(existsSync(path)).toBe(true);
  await using gateway = await startGateway({ SERVER_UNIX_SOCKET: path });
  const response = await fetch("http://localhost/health", { unix: path });
  expect(response.status).toBe(200);
  gateway.process.kill("SIGTERM");
  expect(await exitOf(gateway)).toBe(0);
  expect(existsSync(path)).toBe(false);

  const precious = join(folder, "precious.txt");
  writeFileSync(precious, "precious");
  expect(await outcomeOf(startGateway({ SERVER_UNIX_SOCKET: precious }))).toThrow(/ended with 1/);
  expect(await Bun.file(precious).text()).toBe("precious");
});

test.each([
  ["/dev/null", "another process listens there, or there is something that is no socket"],
  ["/dev/null/gateway.sock", "what is before the last / is no folder"],
  ["/nowhere/gateway.sock", "its folder is not there"],
  [`/tmp/${"a".repeat(120)}`, "its path is too long for a socket: some 100 characters are what systems take"],
])("a unix socket that cannot be at %s says why", async (path, why) => {
  const refused = Bun.spawn(gatewayCommand([]), {
    env: { PATH: process.env["PATH"] ?? "", SERVER_UNIX_SOCKET: path, OPENAI_API_KEY: "sk-test" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await within(refused.exited, 5000, "the gateway's end")).toBe(1);
  expect(await refused.stderr.text()).toBe(`cannot listen on ${path} (SERVER_UNIX_SOCKET): ${why}\n`);
});
