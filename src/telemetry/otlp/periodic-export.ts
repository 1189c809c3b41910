import type { TimerSource } from "../../core/deadlines.ts";
import type { BatchSender, Sent } from "./send-batch.ts";

/** What is to be sent now. */
export interface Export {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Called when the collector has it. */
  taken(): void;
}

/** Writes what is to be sent. */
export type WriteExport = () => Promise<Export>;

/** Sends the state of something now and then. Of what was not sent nothing is kept: the next time says it as well. */
export interface PeriodicExport {
  /** Begins, unless it has begun. */
  start(): void;
  /** Sends it a last time. All ends after so many milliseconds. */
  close(milliseconds: number): Promise<void>;
}

export interface PeriodicExportParts {
  readonly sender: BatchSender;
  readonly write: WriteExport;
  readonly timers: TimerSource;
  /** From one beginning to the next; one that takes longer is followed at once. */
  readonly intervalMs: number;
  /** The collector does not take it, for another reason than before; or takes it again, if `problem` is undefined. */
  readonly onChange: (problem: string | undefined) => void;
}

export function openPeriodicExport(parts: PeriodicExportParts): PeriodicExport {
  const { sender, write, timers, intervalMs, onChange } = parts;
  let timer: unknown;
  let running: Promise<void> | undefined;
  let hasStarted = false;
  let isClosed = false;
  let problem: string | undefined;

  const exportOnce = async (): Promise<void> => {
    const sent = await send(write, sender);
    const now = sent.problem ?? (sent.rejected > 0 ? `it rejects ${sent.rejected} of what is sent to it` : undefined);
    if (now === problem) return;
    problem = now;
    onChange(now);
  };

  const run = (): void => {
    const startedAt = timers.now();
    running = exportOnce().finally(() => {
      running = undefined;
      arm(startedAt + intervalMs - timers.now());
    });
  };

  const arm = (milliseconds: number): void => {
    if (!isClosed) timer = timers.setTimer(run, Math.max(0, milliseconds));
  };

  return {
    start() {
      if (hasStarted || isClosed) return;
      hasStarted = true;
      arm(intervalMs);
    },
    async close(milliseconds) {
      isClosed = true;
      timers.clearTimer(timer);
      if (!hasStarted) return;
      const last = timers.setTimer(sender.end, milliseconds);
      sender.hurry(milliseconds);
      await running;
      await exportOnce();
      timers.clearTimer(last);
    },
  };
}

/** Never throws. */
async function send(write: WriteExport, sender: BatchSender): Promise<Sent> {
  let written: Export;
  try {
    written = await write();
  } catch {
    return { rejected: 0, problem: "what is to be sent cannot be written" };
  }
  const sent = await sender.send(written.body);
  if (sent.problem === undefined) written.taken();
  return sent;
}
