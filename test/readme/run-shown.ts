import { expect } from "bun:test";
import { within } from "../fixtures/within.ts";
import { PROJECT } from "./markdown.ts";

export const hasCurl = Bun.which("curl") !== null;

/** Runs a command in the project and gives what it printed. */
export async function run(command: string[], input = ""): Promise<string> {
  const child = Bun.spawn(command, {
    cwd: PROJECT,
    env: { PATH: process.env["PATH"] ?? "" },
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  try {
    const reading = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    const [output, errors, code] = await within(reading, 15_000, command.join(" "));
    if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${errors}`);
    return output;
  } finally {
    child.kill();
  }
}

/** Runs a block with a call of curl; one that is answered with an error fails. */
export function runCurl(code: string): Promise<string> {
  return run(["sh", "-c", code.replace("curl ", "curl --silent --show-error --fail ")]);
}

/** Expects the lines that are shown in this order, with nothing but what "..." replaces between them. */
export function expectShown(output: string, shown: string): void {
  const wanted = shown.split("\n").filter((line) => line !== "" && line !== "...");
  expect(wanted.length).toBeGreaterThan(0);
  let rest = output;
  for (const line of wanted) {
    expect(rest).toContain(line);
    rest = rest.slice(rest.indexOf(line) + line.length);
  }
}

/** The settings and arguments of a command that starts the gateway; undefined for any other text. */
export function startLine(
  text: string,
): { readonly environment: Readonly<Record<string, string>>; readonly args: readonly string[] } | undefined {
  const [, settings = "", args] = /^((?:[A-Z_]+=\S+ )*)npm start -- (.+)$/m.exec(text) ?? [];
  if (args === undefined) return undefined;
  const environment = Object.fromEntries(
    [...settings.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  return { environment, args: args.split(" ") };
}
