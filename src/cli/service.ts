import { BACKGROUND_TIMERS } from "../core/deadlines.ts";
import { SettingError } from "../core/errors.ts";
import { nextTurn } from "../core/event-loop.ts";
import { collectWhenQuiet } from "../core/memory/collect-when-quiet.ts";
import { freeAfterStart } from "../core/memory/free-after-start.ts";
import type { ConfigFile } from "../config/file/config-file.ts";
import { keepFileState } from "../config/file/file-state.ts";
import type { Config, LoadedConfig } from "../config/load-config.ts";
import { EXIT } from "./exit.ts";
import { listeningProblem } from "./listening-problem.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import type { GatewayDependencies } from "../shared-parts.ts";

/** What a listening gateway says about itself. */
export interface Serving {
  readonly url: string;
  /** Ids of the configured providers. */
  readonly providers: readonly string[];
  /** Where its metrics are; absent if they are not served, or not by this process. */
  readonly metrics?: string;
}

/** Why a gateway cannot serve, in one line, and the code with which its process is to end. */
export class StartFailure extends Error {
  readonly exitCode: number;

  constructor(problem: string, exitCode: number) {
    super(problem);
    this.exitCode = exitCode;
  }
}

/** How a reload went. */
export interface Reloaded {
  /** Whether what was read is in use now, but for what needs a restart. */
  readonly ok: boolean;
  /** What is wrong with what the configuration file holds, if there is one and something is. */
  readonly problem?: string | undefined;
}

/** A gateway as its process uses it. */
export interface Service {
  /** @throws StartFailure if the address cannot be listened on. */
  listen(): Promise<Serving>;
  /**
   * Serves another configuration from now on, with the files that it names read again, and logs how that went: with the
   * names of what changed, or with the reason why nothing did.
   * One that has problems or is not accepted changes nothing.
   * @param file the configuration file that it comes from, if there is one
   */
  reload(loaded: LoadedConfig, file: ConfigFile | undefined): Promise<Reloaded>;
  /**
   * Stops accepting, and lets requests in flight end; logs the end.
   * @param onClosed called when nothing is accepted any more; that of the first call counts.
   * @returns the exit code. Another call returns the same.
   */
  drain(onClosed: () => void): Promise<number>;
  /** See {@link Gateway}. */
  readonly copyMetrics: Gateway["copyMetrics"];
  readonly shutdownMs: Gateway["shutdownMs"];
}

export interface ServiceParts extends Omit<GatewayDependencies, "configFile"> {
  readonly config: Config;
  /** The configuration file that it comes from, if there is one. */
  readonly file?: ConfigFile | undefined;
  /** What is known to be wrong with what that file holds by now. */
  readonly fileProblem?: string | undefined;
  /** Whether the demo provider is added. */
  readonly demo: boolean;
}

/**
 * Builds the gateway of this process; it does not listen yet.
 * Rejects with {@link StartFailure} if a setting turns out to be bad only now.
 */
export async function openService({ config, demo, file, fileProblem, ...given }: ServiceParts): Promise<Service> {
  const { log, clock = Date.now } = given;
  const fileState = file && keepFileState(file, clock, fileProblem);
  const dependencies = { ...given, configFile: fileState?.current };
  const complete = demo ? (await import("../demo/demo-provider.ts")).openDemo() : (given: Config) => given;
  const first = complete(config);
  const { settings, providers } = first;
  const gateway = await build(first, dependencies);
  let drained: Promise<number> | undefined;

  const drain = async (onClosed: () => void): Promise<number> => {
    const cut = await gateway.drain(onClosed).catch((error: unknown) => {
      log.onFault(error);
      return undefined;
    });
    if (cut === undefined) return EXIT.requestsCut;
    if (cut > 0) log.warn({ cut }, "stopped; requests were cut off");
    else log.info("stopped");
    return cut > 0 ? EXIT.requestsCut : EXIT.ok;
  };

  return {
    async listen() {
      try {
        const listening = await gateway.listen();
        return { ...listening, providers: providers.filter(({ configured }) => configured).map(({ id }) => id) };
      } catch (error) {
        throw new StartFailure(await listeningProblem(error, settings), EXIT.notServing);
      }
    },
    async reload(loaded, loadedFile) {
      let problems: readonly string[] | undefined;
      try {
        if (!loaded.ok) {
          problems = loaded.problems;
          throw new Error(problems.join("; "));
        }
        // To load it took milliseconds, and so will this.
        await nextTurn();
        const { changed, needRestart } = await gateway.apply(complete(loaded.config));
        const warnings = loaded.warnings.length > 0 ? { warnings: loaded.warnings } : {};
        const line = { changed, ...(needRestart.length > 0 && { needs_restart: needRestart }), ...warnings };
        log[needRestart.length > 0 ? "warn" : "info"](line, "reloaded");
        log.level = loaded.config.settings.LOG_LEVEL;
        if (loadedFile) fileState?.loaded(loadedFile);
        return { ok: true };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, "not reloaded; what was loaded before stays");
        fileState?.refused(problems ?? [reason]);
        return { ok: false, problem: fileState?.current().problem };
      }
    },
    drain(onClosed) {
      drained ??= drain(onClosed);
      return drained;
    },
    copyMetrics: gateway.copyMetrics,
    shutdownMs: gateway.shutdownMs,
  };
}

/**
 * Builds the gateway of a process that does nothing else, as {@link openService} does. Once it listens, it gives back what only
 * the start needed, code of modules above all, if it is idle: 2 MiB.
 */
export async function openSoleService(parts: ServiceParts): Promise<Service> {
  const service = await openService(parts);
  return {
    ...service,
    async listen() {
      const serving = await service.listen();
      freeAfterStart({ timers: BACKGROUND_TIMERS, usedCpu, free: Bun.shrink });
      collectWhenQuiet({ timers: BACKGROUND_TIMERS, usedCpu, collect: () => Bun.gc(true) });
      return serving;
    },
  };
}

function usedCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function build(config: Config, dependencies: GatewayDependencies): Promise<Gateway> {
  try {
    return await createGateway(config, dependencies);
  } catch (error) {
    if (error instanceof SettingError) throw new StartFailure(error.message, EXIT.badSettings);
    throw error;
  }
}
