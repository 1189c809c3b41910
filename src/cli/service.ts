import { SettingError } from "../core/errors.ts";
import type { Config, LoadedConfig } from "../config/load-config.ts";
import { openDemo } from "../demo/demo-provider.ts";
import { EXIT, listeningProblem } from "./exit.ts";
import { createGateway, type Gateway } from "../gateway.ts";
import type { GatewayDependencies } from "../shared-parts.ts";

/** What a listening gateway says about itself. */
export interface Serving {
  readonly url: string;
  /** Ids of the configured providers. */
  readonly providers: readonly string[];
}

/** Why a gateway cannot serve, in one line, and the code with which its process is to end. */
export class StartFailure extends Error {
  readonly exitCode: number;

  constructor(problem: string, exitCode: number) {
    super(problem);
    this.exitCode = exitCode;
  }
}

/** A gateway as its process uses it. */
export interface Service {
  /** @throws StartFailure if the address cannot be listened on. */
  listen(): Promise<Serving>;
  /**
   * Serves another configuration from now on, with the files that it names read again, and logs how that went: with the
   * names of what changed, or with the reason why nothing did.
   * @returns whether it is in use now, but for what needs a restart.
   */
  reload(loaded: LoadedConfig): Promise<boolean>;
  /**
   * Stops accepting, and lets requests in flight end; logs the end.
   * @param onClosed called when nothing is accepted any more; that of the first call counts.
   * @returns the exit code. Another call returns the same.
   */
  drain(onClosed: () => void): Promise<number>;
}

export interface ServiceParts extends GatewayDependencies {
  readonly config: Config;
  /** Whether the demo provider is added. */
  readonly demo: boolean;
}

/**
 * Builds the gateway of this process; it does not listen yet.
 * Rejects with {@link StartFailure} if a setting turns out to be bad only now.
 */
export async function openService({ config, demo, ...dependencies }: ServiceParts): Promise<Service> {
  const { log } = dependencies;
  const complete = demo ? openDemo() : (given: Config) => given;
  const first = complete(config);
  const { settings, providers } = first;
  const gateway = await build(first, dependencies);
  giveBackMemory();
  let drained: Promise<number> | undefined;

  const drain = async (onClosed: () => void): Promise<number> => {
    const cut = await gateway.drain(onClosed);
    if (cut > 0) log.warn({ cut }, "stopped; requests were cut off");
    else log.info("stopped");
    return cut > 0 ? EXIT.requestsCut : EXIT.ok;
  };

  return {
    async listen() {
      try {
        const { url } = await gateway.listen();
        return { url, providers: providers.filter(({ configured }) => configured).map(({ id }) => id) };
      } catch (error) {
        throw new StartFailure(listeningProblem(error, settings), EXIT.notServing);
      }
    },
    async reload(loaded) {
      try {
        if (!loaded.ok) throw new Error(loaded.problems.join("; "));
        const { changed, needRestart } = await gateway.apply(complete(loaded.config));
        const warnings = loaded.warnings.length > 0 ? { warnings: loaded.warnings } : {};
        const line = { changed, ...(needRestart.length > 0 && { needs_restart: needRestart }), ...warnings };
        log[needRestart.length > 0 ? "warn" : "info"](line, "reloaded");
        log.level = loaded.config.settings.LOG_LEVEL;
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, "not reloaded; what was loaded before stays");
        return false;
      }
    },
    drain(onClosed) {
      drained ??= drain(onClosed);
      return drained;
    },
  };
}

/** What only the start needed, code of modules above all, is a large part of what an idle gateway would hold. */
function giveBackMemory(): void {
  Bun.gc(true);
  Bun.shrink();
}

async function build(config: Config, dependencies: GatewayDependencies): Promise<Gateway> {
  try {
    return await createGateway(config, dependencies);
  } catch (error) {
    if (error instanceof SettingError) throw new StartFailure(error.message, EXIT.badSettings);
    throw error;
  }
}
