import { expect, test } from "bun:test";
import { join } from "node:path";

const SUITE = join(import.meta.dir, "../../../node_modules/@modelcontextprotocol/conformance/dist/index.js");
const PROBE = join(import.meta.dir, "conformance-probe.ts");

test.each(["initialize", "tools_call", "sse-retry", "auth/client-credentials-basic"])(
  "the client passes the protocol's own scenario %s",
  async (scenario) => {
    const suite = Bun.spawn(
      [process.execPath, SUITE, "client", "--command", `${process.execPath} ${PROBE}`, "--scenario", scenario],
      { env: { PATH: process.env["PATH"] ?? "" }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    );
    const [stdout, stderr, code] = await Promise.all([suite.stdout.text(), suite.stderr.text(), suite.exited]);
    expect({ code, output: stdout + stderr }).toEqual({
      code: 0,
      output: expect.stringMatching(/Passed: ([1-9]\d*)\/\1\b/),
    });
  },
  20_000,
);
