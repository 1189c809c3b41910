import { type EndSignal, SIGNAL_EXIT } from "./exit.ts";

/**
 * The same signal within this time counts as one. A terminal sends Ctrl+C to every process in the foreground, and a wrapper
 * such as npm, which gets it too, passes it on: then one press arrives twice, within milliseconds unless the machine is
 * busy. SIGTERM comes twice only from whoever ends a process group and is passed on by one of its members as well.
 */
const SAME_REQUEST_MS = { SIGINT: 1000, SIGTERM: 50 } as const satisfies Record<EndSignal, number>;

export interface EndSignalActions {
  /** Called with the first signal that asks the process to end. */
  readonly begin: (signal: EndSignal) => void;
  /** Called with a later one, and ends the process with this exit code without waiting for requests. */
  readonly atOnce: (exitCode: number) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/** Makes what takes each signal that asks the process to end. */
export function createEndSignalHandler({
  begin,
  atOnce,
  now = () => performance.now(),
}: EndSignalActions): (signal: EndSignal) => void {
  let first: { readonly signal: EndSignal; readonly at: number } | undefined;
  return (signal) => {
    if (first === undefined) {
      first = { signal, at: now() };
      begin(signal);
    } else if (signal !== first.signal || now() - first.at >= SAME_REQUEST_MS[signal]) {
      atOnce(SIGNAL_EXIT[signal]);
    }
  };
}

/** Says what SIGHUP does from now on; does it at once if the signal came before. */
export type OnReloadSignal = (reload: () => void) => void;

/** To be called as soon as a gateway starts: until somebody takes SIGHUP, it ends the process. */
export function holdReloadSignal(): OnReloadSignal {
  let wasAsked = false;
  let act = (): void => void (wasAsked = true);
  process.on("SIGHUP", () => act());
  return (reload) => {
    act = reload;
    if (wasAsked) reload();
  };
}

/** Calls an action with each signal that asks this process to end. */
export function onEndSignal(actions: EndSignalActions): void {
  const handle = createEndSignalHandler(actions);
  for (const signal of Object.keys(SIGNAL_EXIT) as EndSignal[]) process.on(signal, () => handle(signal));
}
