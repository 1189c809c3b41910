import { changedFiles, createFileMemory, type FileMemory } from "../../core/read-files.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { WorkerCount } from "../../server/handlers/health.ts";
import { endProcess, EXIT } from "../exit.ts";
import { openLog } from "../open-log.ts";
import { openService, type Service, StartFailure } from "../service.ts";
import type { Log } from "../../telemetry/log.ts";
import type { FromWorker, ToWorker } from "./worker-process.ts";

/**
 * Serves as one of several workers, as the supervising process says. Ends, after its requests, when that process is gone:
 * nobody else would ever end it.
 * @param number from 1, written to every log line.
 */
export function runWorker(number: number, version: string): void {
  let service: Service | undefined;
  let count: WorkerCount = { up: 0, of: 0 };
  let files: FileMemory | undefined;
  let draining = false;
  let log: Log | undefined;

  const tell = (message: FromWorker): void => {
    if (process.connected) process.send?.(message);
  };

  const build = async ({ environment, demo, files: given }: ToWorker & { kind: "start" }): Promise<void> => {
    const loaded = loadConfig(environment);
    if (!loaded.ok) throw new StartFailure(loaded.problems.join("\n"), EXIT.badSettings);
    const { config } = loaded;
    log = await openLog(config.settings, number);
    files = createFileMemory(given);
    const worker = { number, count: () => count };
    service = await openService({ config, demo, version, log, worker, readFile: files.read });
    const changed = changedFiles(given ?? {});
    if (changed.length > 0) {
      log.warn(
        { files: changed },
        "started with what the other workers have of these files, which have changed: SIGHUP reads them",
      );
    }
    tell({ kind: "built", files: given ?? files.take() });
  };

  const listen = async (): Promise<void> => {
    const serving = await service?.listen();
    // From now on files are read from disk.
    files?.take();
    if (serving) tell({ kind: "listening", serving });
  };

  const reload = async (): Promise<void> => {
    if ((await service?.reload()) && files) tell({ kind: "reloaded", files: files.take() });
  };

  const drain = (): void => {
    if (draining) return;
    draining = true;
    const closed = (): void => tell({ kind: "draining" });
    const stopped = service?.drain(closed) ?? Promise.resolve(EXIT.ok);
    void stopped.then((code) => (log ? endProcess(log, code) : process.exit(code)));
  };

  const obey = async (message: ToWorker): Promise<void> => {
    switch (message.kind) {
      case "start":
        return build(message);
      case "listen":
        return listen();
      case "reload":
        return reload();
      case "drain":
        return drain();
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
  // A terminal and a service manager send their signals to every process of a service, so a worker gets them from two
  // sides: what they ask for is done once, and only the supervisor ends workers at once.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, drain);
  process.on("SIGHUP", () => void reload());
  if (!process.connected) drain();
  tell({ kind: "ready" });
}
