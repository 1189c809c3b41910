import { isJsonObject } from "../../src/core/json/parse.ts";
import { stepOf } from "./step.ts";
import { CHAT_WIRE } from "./wires/chat.ts";
import { GENERATE_WIRE } from "./wires/generate.ts";
import { MESSAGES_WIRE } from "./wires/messages.ts";
import { RESPONSES_WIRE } from "./wires/responses.ts";

const WIRES = [CHAT_WIRE, MESSAGES_WIRE, RESPONSES_WIRE, GENERATE_WIRE];

export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  /** What it was asked for since this was last called, a line each. */
  takeLog(): readonly string[];
}

/**
 * A provider of every API whose model edits a file, one step in each round.
 * @param file the path of the file
 */
export function startScriptedProvider(file: string): ScriptedProvider {
  let count = 0;
  let log: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 120,
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      if (request.method === "GET") return Response.json({ object: "list", data: [{ id: "m", object: "model" }] });
      const wire = WIRES.find(({ matches }) => matches(path));
      const body: unknown = await request.json();
      if (!wire || !isJsonObject(body)) {
        log.push(`${path}: 404`);
        return Response.json({ error: { message: "there is no such API" } }, { status: 404 });
      }
      const round = wire.read(body);
      log.push(`${path}: ${round.tools.length} tools, round ${round.callsBefore + 1}`);
      return wire.play(stepOf(round, file), { body, path, round, id: ++count });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    takeLog() {
      const taken = log;
      log = [];
      return taken;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
