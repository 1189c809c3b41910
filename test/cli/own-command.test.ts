import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { RUNTIME_ENVIRONMENT } from "../../src/cli/own-command.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";

const CAN_LOOK = process.platform === "linux";
if (!CAN_LOOK) console.log("skipped: only Linux shows the environment of another process");

let gateway: GatewayProcess | undefined;
afterEach(() => gateway?.stop());

/** The environment with which a gateway's process serves. */
async function environmentOf(given: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  gateway = await startGateway(given);
  const text = readFileSync(`/proc/${gateway.process.pid}/environ`, "utf8");
  return Object.fromEntries(
    text.split("\0").map((entry) => [entry.split("=", 1)[0], entry.slice(entry.indexOf("=") + 1)]),
  );
}

test.skipIf(!CAN_LOOK)("the process has what the runtime reads when it starts", async () => {
  expect(await environmentOf({})).toMatchObject(RUNTIME_ENVIRONMENT);
});

test.skipIf(!CAN_LOOK).each(Object.keys(RUNTIME_ENVIRONMENT))(
  "what the operator sets stays, and the rest is there all the same: %s",
  async (name) => {
    expect(await environmentOf({ [name]: "300" })).toMatchObject({ ...RUNTIME_ENVIRONMENT, [name]: "300" });
  },
);
