import type { Environment } from "../config/environment.ts";
import type { Config } from "../config/load-config.ts";
import { announce } from "../process/announce.ts";
import { endProcess } from "../process/end-process.ts";
import { EXIT, fail } from "../process/exit.ts";
import { listeningProblem } from "../process/listening-problem.ts";
import { onEndSignal } from "../process/on-end-signal.ts";
import { openLog } from "../process/open-log.ts";
import { type HeldPort, holdPort } from "../server/hold-port.ts";
import { spawnWorker } from "./spawn-worker.ts";
import { supervise } from "./supervise.ts";

export interface WorkersParts {
  readonly config: Config;
  /** What the config was read from. */
  readonly environment: Environment;
  readonly demo: boolean;
  readonly version: string;
  readonly count: number;
}

/** Serves with several worker processes, from their start to their end. This process carries no request itself. */
export async function serveWithWorkers({ config, environment, demo, version, count }: WorkersParts): Promise<never> {
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
    shutdownMs: settings.SERVER_SHUTDOWN_TIMEOUT,
  });
  onEndSignal(
    (signal) => void supervisor.drain().then(() => log.info({ signal }, "draining")),
    (exitCode) => {
      supervisor.kill();
      void endProcess(log, exitCode);
    },
  );
  process.on("SIGHUP", supervisor.reload);
  const { exitCode, problem } = await supervisor.ended;
  if (problem !== undefined) return endProcess(log, exitCode, problem);
  if (exitCode === EXIT.requestsCut) log.warn("stopped; requests were cut off");
  else log.info("stopped");
  return endProcess(log, exitCode);
}

function holdPortOrFail({ settings }: Config): HeldPort {
  try {
    return holdPort(settings);
  } catch (error) {
    return fail([listeningProblem(error, settings)], EXIT.notServing);
  }
}
