import { expect, test } from "bun:test";
import { join } from "node:path";
import { gatewayCommand } from "../fixtures/start-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

test.each(["1", "2"])("SIGHUP while the gateway starts does not end it, and is obeyed: %s workers", async (count) => {
  const folder = scratchFolder("gateway-early");
  const pipe = join(folder, "env");
  Bun.spawnSync(["mkfifo", pipe]);
  const gateway = Bun.spawn(gatewayCommand(["--env-file", pipe]), {
    env: { PATH: process.env["PATH"] ?? "", SERVER_PORT: "0", SERVER_WORKERS: count },
    stdout: "pipe",
    stderr: "ignore",
  });
  // The pipe opens when the gateway reads it, and is at its end when this script ends.
  const script = `exec 3> "${pipe}" && kill -HUP ${gateway.pid} && echo OPENAI_API_KEY=sk-x >&3`;
  const writer = Bun.spawn(["sh", "-c", script], { stderr: "inherit" });
  let told = "";
  for await (const text of gateway.stdout.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (told.includes('"msg":"reloaded"')) break;
  }
  expect(told).toContain('"msg":"reloaded"');
  gateway.kill("SIGTERM");
  expect([await writer.exited, await gateway.exited]).toEqual([0, 0]);
});
