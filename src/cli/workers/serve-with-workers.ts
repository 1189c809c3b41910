import { type Environment, readEnvironment } from "../../config/environment.ts";
import type { Config } from "../../config/load-config.ts";
import { announce, announceDrainDelay } from "../announce.ts";
import { endProcess, EXIT, fail, listeningProblem } from "../exit.ts";
import { onEndSignal } from "../signals.ts";
import { openLog } from "../open-log.ts";
import { type HeldPort, holdPort } from "../../server/hold-port.ts";
import { spawnWorker } from "./worker-process.ts";
import { supervise } from "./supervisor.ts";

export interface WorkersParts {
  readonly config: Config;
  /** What the config was read from. */
  readonly environment: Environment;
  /** Path of the file that a part of it came from. */
  readonly envFile: string | undefined;
  readonly demo: boolean;
  readonly version: string;
  readonly count: number;
}

/** Serves with several worker processes, from their start to their end. This process serves no requests itself. */
export async function serveWithWorkers(parts: WorkersParts): Promise<never> {
  const { config, environment, envFile, demo, version, count } = parts;
  const { settings } = config;
  const log = await openLog(settings);
  const held = holdPortOrFail(config);
  const supervisor = supervise({
    count,
    spawn: spawnWorker,
    // All workers listen on the port that was chosen here.
    start: { kind: "start", environment: { ...environment, SERVER_PORT: String(held.port) }, demo },
    releasePort: held.release,
    onListening: (serving) => announce(log, settings, { ...serving, version, workers: count }),
    timers: {
      now: () => performance.now(),
      setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimer: (timer) => clearTimeout(timer as Timer | undefined),
    },
    log,
    shutdownMs: settings.SERVER_DRAIN_DELAY + settings.SERVER_SHUTDOWN_TIMEOUT,
  });
  onEndSignal({
    begin(signal) {
      announceDrainDelay(log, settings, signal);
      void supervisor.drain().then(() => log.info({ signal }, "draining"));
    },
    atOnce(exitCode) {
      supervisor.kill();
      void endProcess(log, exitCode);
    },
  });
  process.on("SIGHUP", () => {
    const read = readEnvironment(process.env, envFile);
    if (!read.ok) return log.error({ reason: read.problem }, "not reloaded; what was loaded before stays");
    const { SERVER_PORT: port } = read.environment;
    // As long as it is asked for, the port that was chosen here is the one.
    const isSamePort = port === environment["SERVER_PORT"];
    supervisor.reload(isSamePort ? { ...read.environment, SERVER_PORT: String(held.port) } : read.environment);
  });
  const { exitCode, problem } = await supervisor.ended;
  if (problem !== undefined) return endProcess(log, exitCode, problem);
  if (exitCode === EXIT.requestsCut) log.warn("stopped; requests were cut off");
  else log.info("stopped");
  return endProcess(log, exitCode);
}

function holdPortOrFail({ settings }: Config): HeldPort {
  try {
    return holdPort({ hostname: settings.SERVER_HOST, port: settings.SERVER_PORT });
  } catch (error) {
    return fail([listeningProblem(error, settings)], EXIT.notServing);
  }
}
