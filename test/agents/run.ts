/**
 * Runs real coding agents against the gateway, each without a terminal and with a scripted model behind it, over a provider of
 * each API. They come from the package registry, into a directory of their own; what cannot be installed is skipped, and said so.
 * `bun run agents [names]`, all of them by default. About a gigabyte, so that CI leaves it out.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startGateway } from "../fixtures/start-in-process.ts";
import { type Agent, AGENTS, WIRES, type WireName } from "./agents.ts";
import { startScriptedProvider } from "./scripted-provider.ts";

const INSTALLED = join(tmpdir(), "inference-gateway-agents");
const INSTALL_MS = 300_000;
const RUN_MS = 60_000;
const SHOWN_CHARACTERS = 3000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function execute(
  commandLine: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly timeout: number },
): Promise<Ended> {
  const child = Bun.spawn([...commandLine], {
    ...{ cwd: options.cwd, timeout: options.timeout, killSignal: "SIGKILL" },
    env: options.env ?? process.env,
    ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, output: output + errors };
}

const INSTALLERS: Readonly<Record<Agent["installer"], (directory: string, packages: readonly string[]) => string[][]>> =
  {
    npm: (directory, packages) => [["npm", "install", "--no-audit", "--no-fund", "--prefix", directory, ...packages]],
    pip: (directory, packages) => [
      ["python3", "-m", "venv", directory],
      [join(directory, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", ...packages],
    ],
  };

const PROGRAMS = { npm: "node_modules/.bin", pip: "bin" } as const;

/** @returns the path of the program, or why there is none */
async function install(
  name: string,
  { installer, packages, program }: Agent,
): Promise<{ readonly path: string } | string> {
  const directory = join(INSTALLED, name);
  mkdirSync(directory, { recursive: true });
  for (const commandLine of INSTALLERS[installer](directory, packages)) {
    const { code, output } = await execute(commandLine, { cwd: directory, timeout: INSTALL_MS }).catch(
      (error: unknown) => ({ code: 1, output: String(error) }),
    );
    if (code !== 0) return output.trim().split("\n").slice(-3).join(" ");
  }
  return { path: join(directory, PROGRAMS[installer], program) };
}

/** @returns undefined if the agent did its work, else what it said */
async function runAgent(agent: Agent, program: string, wire: WireName): Promise<string | undefined> {
  const home = mkdtempSync(join(tmpdir(), "agent-home-"));
  const project = mkdtempSync(join(tmpdir(), "agent-project-"));
  const file = join(project, "hello.txt");
  writeFileSync(file, "hello\n");
  await using provider = startScriptedProvider(file);
  const gateway = await startGateway(settingsOf(provider.url));
  try {
    const run = agent.run({ gateway: gateway.url, model: `${wire}/m`, home, project }, program);
    for (const [path, text] of Object.entries(run.files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    // Nothing of whoever runs this: no keys, no proxies.
    const env = { PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir(), HOME: home, ...run.environment };
    const { code, output } = await execute(run.commandLine, { cwd: project, env, timeout: RUN_MS });
    const isDone = !agent.editsFile || readFileSync(file, "utf8") === "goodbye\n";
    if (code === 0 && isDone) return undefined;
    return [`exit code ${code}`, ...provider.takeLog(), output.slice(-SHOWN_CHARACTERS)].join("\n");
  } finally {
    await gateway.stop();
    for (const directory of [home, project]) rmSync(directory, { recursive: true, force: true });
  }
}

function settingsOf(url: string): Record<string, string> {
  const settings: Record<string, string> = { CUSTOM_PROVIDERS: Object.keys(WIRES).join(",") };
  for (const [id, apis] of Object.entries(WIRES)) {
    Object.assign(settings, {
      [`${id.toUpperCase()}_API_URL`]: `${url}/v1`,
      [`${id.toUpperCase()}_API_KEY`]: "sk-scripted",
      [`${id.toUpperCase()}_APIS`]: apis,
    });
  }
  return settings;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !(name in AGENTS));
  if (unknown !== undefined) {
    console.error(`There is no agent ${unknown}. There are ${Object.keys(AGENTS).join(", ")}.`);
    return 1;
  }
  let failed = 0;
  for (const [name, agent] of Object.entries(AGENTS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const installed = await install(name, agent);
    if (typeof installed === "string") {
      console.log(`skipped  ${name}: it cannot be installed here: ${installed}`);
      continue;
    }
    for (const wire of agent.wires) {
      const problem = await runAgent(agent, installed.path, wire);
      console.log(`${problem === undefined ? "passed " : "FAILED "}  ${name} on ${WIRES[wire].split("=", 1)[0]}`);
      if (problem !== undefined) console.log(problem);
      failed += problem === undefined ? 0 : 1;
    }
  }
  return failed === 0 ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
