import { pino } from "pino";
import { LineBuffer } from "./line-buffer.ts";

/** Lines on their way to standard output. */
export interface LineStream {
  /** What a line is written to, up to and with its line feed. */
  readonly buffer: LineBuffer;
  /** The line that was written to the buffer is whole. */
  end(): void;
}

/** Lines are held for so long, because one write for many costs far less than one for each. */
const HOLD_MS = 5;

/** What several processes write to one pipe is not mixed up to this size: POSIX asks for 512, Linux has 4096. */
const MAX_WRITE_BYTES = 4096;

/** Opens standard output for lines. What it holds when the process exits is written then. */
export function openLineStream(): LineStream {
  const output = pino.destination({ fd: 1, sync: true, contentMode: "buffer" });
  const buffer = new LineBuffer();
  /** Bytes of lines that are whole. */
  let held = 0;
  let timer: Timer | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === 0) return;
    const lines = buffer.take(held);
    held = 0;
    output.write(lines as unknown as string);
  };

  process.on("exit", flush);
  return {
    buffer,
    end() {
      if (buffer.length > MAX_WRITE_BYTES) flush();
      held = buffer.length;
      timer ??= setTimeout(flush, HOLD_MS);
    },
  };
}
