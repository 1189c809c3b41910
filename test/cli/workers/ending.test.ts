import type { LogLine } from "../../fixtures/log-lines.ts";
import { afterEach, describe, expect, test } from "bun:test";
import { dataEvent } from "../../fixtures/answers.ts";
import { createGate, type Gate } from "../../fixtures/gate.ts";
import { outcomeOf } from "../../fixtures/rejection.ts";
import { chunk, end, head, wait } from "../../fixtures/script.ts";
import { type GatewayProcess, startGateway } from "../../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { within } from "../../fixtures/within.ts";
import { allEnded, connectToEach, lives, workerPids } from "./worker-processes.ts";

// Every test starts several processes on a machine that may be busy.

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const STREAM = JSON.stringify({ model: "openai/m", stream: true, messages: [{ role: "user", content: "hi" }] });
const FIRST = "data: 1\n\n";
const CUT = dataEvent({
  error: { message: "The gateway is shutting down", type: "upstream_error", code: "shutting_down" },
});

let rig: Rig<GatewayProcess>;
afterEach(() => rig[Symbol.asyncDispose]());

/** @param timeout so much unless given that nothing ends because it has run out */
async function start(timeout = "2h"): Promise<void> {
  // On a busy machine a stream is held so long that a comment would keep it alive.
  const settings = { SERVER_WORKERS: "2", SERVER_SHUTDOWN_TIMEOUT: timeout, STREAM_KEEPALIVE: "0s" };
  rig = await startRig(settings, startGateway);
}

/** Opens a stream on each worker, of which the rest waits for the gate, and reads its first event. */
async function openStreams(gate: Gate) {
  rig.provider.answerAlways(() => [
    head(200, EVENT_STREAM),
    chunk(FIRST),
    wait(gate),
    chunk("data: [DONE]\n\n"),
    end(),
  ]);
  const clients = (await connectToEach(rig.gateway)).map(({ client }) => client);
  for (const client of clients) {
    await client.request("POST", "/v1/chat/completions", { body: STREAM });
    expect((await client.head()).status).toBe(200);
    await client.nextChunk();
  }
  return {
    async bodies(): Promise<string[]> {
      const bodies = await Promise.all(clients.map((client) => client.body()));
      return bodies.map(({ text, complete }) => (complete ? text : `${text}(cut)`));
    },
  };
}

const DONE = `${FIRST}data: [DONE]\n\n`;
const exit = (): Promise<number> => within(rig.gateway.exited(), 5000, "the gateway's end");

function expectNoneLeft(): void {
  for (const pid of workerPids(rig.gateway).values()) expect(lives(pid)).toBe(false);
}

describe("streams on all workers", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("finish after %s, nothing new is accepted, exit code 0", async (signal) => {
    await start();
    const gate = createGate();
    const streams = await openStreams(gate);
    rig.gateway.process.kill(signal);
    await rig.gateway.logged(({ msg }) => msg === "draining");
    expect(await outcomeOf(rig.connect())).toThrow("Failed to connect");
    gate.open();
    expect(await streams.bodies()).toEqual([DONE, DONE]);
    expect(await exit()).toBe(0);
    expectNoneLeft();
    expect(rig.gateway.output().stderr).toBe("");
  });

  test("end with an error event if they take too long, exit code 3", async () => {
    await start("400ms");
    const streams = await openStreams(createGate());
    rig.gateway.process.kill("SIGTERM");
    expect(await streams.bodies()).toEqual([FIRST + CUT, FIRST + CUT]);
    expect(await exit()).toBe(3);
    expectNoneLeft();
    const cut = rig.gateway.log.filter(({ failure }) => failure === "shutting_down");
    expect(cut.map(({ worker }) => worker).toSorted()).toEqual([1, 2]);
  });

  test("finish if the signal reaches every process, as terminals and service managers send it", async () => {
    await start();
    const gate = createGate();
    const streams = await openStreams(gate);
    const pids = [...workerPids(rig.gateway).values()];
    for (const pid of [...pids, rig.gateway.process.pid, ...pids]) process.kill(pid, "SIGINT");
    await rig.gateway.logged(({ msg }) => msg === "draining");
    gate.open();
    expect(await streams.bodies()).toEqual([DONE, DONE]);
    expect(await exit()).toBe(0);
    expectNoneLeft();
    expect(rig.gateway.log.filter(({ msg }) => msg === "worker ended, starting it again")).toEqual([]);
  });

  test("end at once with a second signal", async () => {
    await start();
    const streams = await openStreams(createGate());
    rig.gateway.process.kill("SIGTERM");
    await rig.gateway.logged(({ msg }) => msg === "draining");
    rig.gateway.process.kill("SIGINT");
    expect(await exit()).toBe(130);
    expect(await streams.bodies()).toEqual([`${FIRST}(cut)`, `${FIRST}(cut)`]);
    await within(allEnded(workerPids(rig.gateway).values()), 2000, "the workers' end");
  });

  test("finish if the parent is killed, and no worker is left behind", async () => {
    await start();
    const gate = createGate();
    const streams = await openStreams(gate);
    rig.gateway.process.kill("SIGKILL");
    await rig.gateway.process.exited;
    const refused = async (): Promise<void> => {
      for (;;) {
        try {
          (await rig.connect()).leave();
        } catch {
          return;
        }
      }
    };
    await within(refused(), 2000, "the port to be free");
    gate.open();
    expect(await streams.bodies()).toEqual([DONE, DONE]);
    await within(allEnded(workerPids(rig.gateway).values()), 2000, "the workers' end");
  });
});

test("idle workers end at once", async () => {
  await start();
  const [first] = await connectToEach(rig.gateway);
  rig.gateway.process.kill("SIGTERM");
  expect(await exit()).toBe(0);
  expect((await first?.client.untilClosed())?.by).toBe("peer");
  expect(rig.gateway.log.at(-1)).toMatchObject({ msg: "stopped" });
});

test("/health/ready of a worker that drains is 503", async () => {
  await start();
  const gate = createGate();
  const streams = await openStreams(gate);
  const [asking] = await connectToEach(rig.gateway);
  await asking?.client.send("GET /health/ready HTTP/1.1\r\nhost: x\r\n");
  // The beginning of the request has to be there before the connection counts as idle.
  await (await connectToEach(rig.gateway)).at(0)?.client.request("GET", "/health");
  rig.gateway.process.kill("SIGTERM");
  await rig.gateway.logged(({ msg }) => msg === "draining");
  await asking?.client.send("\r\n");
  expect((await asking?.client.head())?.status).toBe(503);
  expect(JSON.parse((await asking?.client.body())?.text ?? "")).toMatchObject({ message: "draining", worker: 1 });
  gate.open();
  await streams.bodies();
});

describe("a worker that fails again and again", () => {
  const killed = new Set<unknown>();
  const ends = new Set<LogLine>();

  /** Kills a worker each time as soon as it serves, until `isEnough` accepts the line with which it ended. */
  async function killOften(worker: number, isEnough: (end: LogLine) => boolean): Promise<void> {
    for (;;) {
      const { pid } = await rig.gateway.logged(
        (line) => line["msg"] === "worker is up" && line["worker"] === worker && !killed.has(line["pid"]),
        10_000,
      );
      killed.add(pid);
      process.kill(Number(pid), "SIGKILL");
      const end = await rig.gateway.logged(
        (line) => line["worker"] === worker && "failed_starts" in line && !ends.has(line),
      );
      ends.add(end);
      if (isEnough(end)) return;
    }
  }

  test("takes none with it that serves; the gateway gives up if all of them do", async () => {
    await start();
    const gate = createGate();
    const streams = await openStreams(gate);
    // On a busy machine a kill may be late: then the worker has served long enough, and the count begins anew.
    await killOften(1, (end) => end["failed_starts"] === 6);
    gate.open();
    expect((await streams.bodies())[1]).toBe(DONE);
    expect((await fetch(`${rig.gateway.url}/health`)).status).toBe(200);
    expect(rig.gateway.process.exitCode).toBeNull();

    const givesUp = ({ msg }: LogLine): boolean => msg === "worker ended";
    await Promise.race([killOften(1, givesUp), killOften(2, givesUp)]);
    expect(await exit()).toBe(4);
    expect(rig.gateway.output().stderr).toMatch(/^no worker serves, and each failed 6 times or more .*: giving up\n$/);
    expectNoneLeft();
  });
});
