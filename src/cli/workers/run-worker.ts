import { changedFiles, createFileMemory, type FileContents, type FileMemory } from "../../core/read-files.ts";
import { type ConfigSource, loadSource, loadSourceAgain, sourceIn } from "../../config/config-source.ts";
import type { Config } from "../../config/load-config.ts";
import type { UntouchedProviders } from "../../config/providers/untouched-providers.ts";
import { nextConfig } from "../../config/next-config.ts";
import type { FromHub, SharingChannel } from "../../routing/sharing/channel.ts";
import type { WorkerCount } from "../../server/handlers/health.ts";
import { endProcess, EXIT, surviveFaults } from "../exit.ts";
import { openLog } from "../open-log.ts";
import { openSoleService, type Service, StartFailure } from "../service.ts";
import type { Log } from "../../telemetry/log.ts";
import type { FromWorker, ToWorker } from "./worker-process.ts";

type StartMessage = ToWorker & { readonly kind: "start" };

/**
 * Serves as one of several workers, as the supervising process says. Ends, after its requests, when that process is gone:
 * nobody else would ever end it.
 * @param number from 1, written to every log line.
 */
export function runWorker(number: number, version: string): void {
  let service: Service | undefined;
  let count: WorkerCount = { up: 0, of: 0 };
  let files: FileMemory | undefined;
  const untouched: UntouchedProviders = new Map();
  /** What the settings are to be read from, as the supervising process last said. */
  let source: ConfigSource = { environment: {} };
  let draining = false;
  let log: Log | undefined;
  const sharing = createSharingChannel();

  const build = async (message: StartMessage): Promise<void> => {
    source = message.reloaded ?? sourceIn(message);
    const config = configOf(message);
    log = await openLog(config.settings, number);
    files = createFileMemory(message.files);
    const { demo, fileProblem } = message;
    const given = { config, demo, fileProblem, version, log, file: source.file, readFile: files.read };
    service = await openSoleService({ ...given, worker: { number, count: () => count }, channel: sharing.channel });
    warnOfChanges(log, message.files);
    tell({ kind: "built", files: message.files ?? files.take() });
  };

  const listen = async (): Promise<void> => {
    if (!service) return;
    tell({ kind: "listening", serving: await service.listen() });
    if (log) surviveFaults(log);
  };

  const reloads = createQueue(async (given): Promise<void> => {
    if (!service || !files) return;
    source = given ?? source;
    // From now on files are read from disk, whatever was given.
    files.take();
    const { ok, problem } = await service.reload(await loadSourceAgain(source, untouched), source.file);
    if (ok) return tell({ kind: "reloaded", source, files: files.take() });
    tell({ kind: "not-reloaded", source, ...(problem !== undefined && { problem }) });
  });

  const drain = (): void => {
    if (draining) return;
    draining = true;
    const closed = (): void => tell({ kind: "draining" });
    const until = performance.now() + (service?.shutdownMs() ?? 0);
    const stopped = service?.drain(closed) ?? Promise.resolve(EXIT.ok);
    void stopped.then((code) => endWorker(service, log, code, until));
  };

  const obey = async (message: ToWorker): Promise<void> => {
    switch (message.kind) {
      case "start":
        return reloads.after(build(message));
      case "listen":
        return listen();
      case "reload":
        return reloads.ask(sourceIn(message));
      case "drain":
        return drain();
      case "sharing":
        return sharing.hear(message.messages);
      case "metrics":
        return tellMetrics(service);
      case "count":
        count = { up: message.up, of: message.of };
    }
  };

  process.on("message", (message: ToWorker) => {
    obey(message).catch((error: unknown) => {
      if (!(error instanceof StartFailure)) throw error;
      tell({ kind: "failed", problem: error.message, exitCode: error.exitCode });
    });
  });
  process.on("disconnect", drain);
  onSignals(drain, () => void reloads.ask());
  if (!process.connected) drain();
  tell({ kind: "ready" });
}

/** One reload after the other. What is asked for while one waits is one with it: however often, the last source counts. */
function createQueue(reload: (source: ConfigSource | undefined) => Promise<void>) {
  let busy: Promise<void> = Promise.resolve();
  let waiting: { source: ConfigSource | undefined } | undefined;
  return {
    /** Reloads wait until this is done. */
    after: (building: Promise<void>): Promise<void> => (busy = building),
    /** @param source absent if only files can have changed. */
    ask(source?: ConfigSource): Promise<void> {
      if (waiting) {
        waiting.source = source ?? waiting.source;
        return busy;
      }
      waiting = { source };
      busy = busy
        .catch(() => {})
        .then(() => {
          const asked = waiting?.source;
          waiting = undefined;
          return reload(asked);
        });
      return busy;
    },
  };
}

/**
 * A terminal and a service manager send their signals to every process of a service, so a worker gets them from two sides:
 * what they ask for is done once, and only the supervisor ends workers at once.
 */
function onSignals(drain: () => void, reload: () => void): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, drain);
  process.on("SIGHUP", reload);
}

function tellMetrics(service: Service | undefined): void {
  const copy = service?.copyMetrics();
  if (copy) tell({ kind: "metrics", copy });
}

/** What it has counted is told before it ends, because nobody can ask it any more. */
function endWorker(service: Service | undefined, log: Log | undefined, code: number, until: number): void {
  tellMetrics(service);
  if (log) void endProcess(log, code, { logMs: until - performance.now() });
  else process.exit(code);
}

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Joins what routing shares with other workers to the channel of this one. */
function createSharingChannel() {
  let listener: ((messages: readonly FromHub[]) => void) | undefined;
  const channel: SharingChannel = {
    send(messages) {
      try {
        tell({ kind: "sharing", messages });
      } catch {
        // The supervising process is gone, which ends this one, too.
      }
    },
    listen: (given) => void (listener = given),
  };
  return { channel, hear: (messages: readonly FromHub[]) => listener?.(messages) };
}

/** Those who were reloaded go on with what only a restart changes, and this one is to be like them. */
function configOf(message: StartMessage): Config {
  const first = loadOrFail(sourceIn(message));
  return message.reloaded ? nextConfig(first, loadOrFail(message.reloaded)).config : first;
}

function warnOfChanges(log: Log, given: FileContents = {}): void {
  const files = changedFiles(given);
  if (files.length === 0) return;
  log.warn({ files }, "started with what the other workers have of these files, which have changed: SIGHUP reads them");
}

function loadOrFail(source: ConfigSource): Config {
  const loaded = loadSource(source);
  if (!loaded.ok) throw new StartFailure(loaded.problems.join("\n"), EXIT.badSettings);
  return loaded.config;
}
