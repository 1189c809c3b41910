import { type ConfigSource, type ReadSource, sourceIn } from "../../config/config-source.ts";
import { readVariable } from "../../config/environment.ts";
import type { Config } from "../../config/load-config.ts";
import { drainOptions } from "../../config/module-options.ts";
import { metricsOptions } from "../../config/telemetry-options.ts";
import { FOREGROUND_TIMERS, type TimerSource } from "../../core/deadlines.ts";
import { announce, announceDrainDelay } from "../announce.ts";
import { endProcess, EXIT, fail, surviveFaults } from "../exit.ts";
import { listeningProblem } from "../listening-problem.ts";
import { onEndSignal, type OnReloadSignal } from "../signals.ts";
import { openLog } from "../open-log.ts";
import { reloadOnChange } from "../reload-on-change.ts";
import { type HeldPort, holdPort } from "../../server/hold-port.ts";
import { createSharingHub } from "../../routing/sharing/sharing-hub.ts";
import { spawnWorker } from "./worker-process.ts";
import { supervise } from "./supervisor.ts";

export interface WorkersParts {
  readonly config: Config;
  /** What the config was read from. */
  readonly source: ConfigSource;
  /** Reads it anew. */
  readonly readSource: () => Promise<ReadSource>;
  readonly onReloadSignal: OnReloadSignal;
  readonly demo: boolean;
  readonly version: string;
  readonly count: number;
}

/** Serves with several worker processes, from their start to their end. This process serves no requests itself. */
export async function serveWithWorkers(parts: WorkersParts): Promise<never> {
  const { config, source, demo, version, count } = parts;
  const { settings } = config;
  const { wholeMs: shutdownMs } = drainOptions(settings);
  const log = await openLog(settings);
  const held = await holdPortOrFail(config);
  const timers = FOREGROUND_TIMERS;
  const metrics = await openMetricsOrFail(config, timers);
  // As long as the same is asked for, the port that was chosen here is the one.
  const forWorkers = (given: ConfigSource): ConfigSource => {
    const port = portIn(given) === portIn(source) ? { SERVER_PORT: String(held.port) } : {};
    return sourceIn({ ...given, environment: { ...given.environment, ...port } });
  };
  const supervisor = supervise({
    count,
    spawn: spawnWorker,
    // All workers listen on the port that was chosen here.
    start: { kind: "start", ...forWorkers(source), demo },
    releasePort: held.release,
    onListening(serving) {
      announce(log, settings, { ...serving, ...metrics?.serving, version, workers: count });
      surviveFaults(log);
    },
    timers,
    log,
    shutdownMs,
    metrics: metrics?.hub,
    sharing: createSharingHub({ workers: count, clock: Date.now, timers, gateway: crypto.randomUUID() }),
  });
  let until = 0;
  onEndSignal({
    begin(signal) {
      until = performance.now() + shutdownMs;
      announceDrainDelay(log, settings, signal);
      void supervisor.drain().then(() => log.info({ signal }, "draining"));
    },
    atOnce(exitCode) {
      supervisor.kill();
      void endProcess(log, exitCode);
    },
  });
  reloadOnChange(parts.onReloadSignal, {
    source,
    read: parts.readSource,
    async apply(loaded, from) {
      // What is wrong with what could be read is told by every worker, which knows it for its health.
      if (from) supervisor.reload(forWorkers(from));
      else if (!loaded.ok)
        log.error({ reason: loaded.problems.join("; ") }, "not reloaded; what was loaded before stays");
    },
    watch: { timers },
  });
  const { exitCode, problem } = await supervisor.ended;
  await metrics?.hub.close();
  const logMs = until - performance.now();
  if (problem !== undefined) return endProcess(log, exitCode, { problem, logMs });
  if (exitCode === EXIT.requestsCut) log.warn("stopped; requests were cut off");
  else log.info("stopped");
  return endProcess(log, exitCode, { logMs });
}

/** The port that is asked for, if one is. */
const portIn = ({ environment, file }: ConfigSource): string | undefined =>
  readVariable(environment, "SERVER_PORT") ?? file?.values["SERVER_PORT"]?.text;

/** Serves the metrics of all workers, if they are to be served; its code is not loaded otherwise. */
async function openMetricsOrFail({ settings }: Config, timers: TimerSource) {
  const address = metricsOptions(settings)?.address;
  if (!address) return undefined;
  const { createMetricsHub } = await import("../../telemetry/metrics/metrics-hub.ts");
  const hub = createMetricsHub(address, timers);
  try {
    return { hub, serving: { metrics: hub.listen() } };
  } catch (error) {
    return fail([await listeningProblem(error, settings)], EXIT.notServing);
  }
}

async function holdPortOrFail({ settings }: Config): Promise<HeldPort> {
  try {
    return holdPort({ hostname: settings.SERVER_HOST, port: settings.SERVER_PORT });
  } catch (error) {
    return fail([await listeningProblem(error, settings)], EXIT.notServing);
  }
}
