import type { BodyConsumer } from "../../src/upstream/transport.ts";

/** A consumer of a body that keeps a journal, and does something at one of its entries. */
export function createSink(at?: string, act?: () => void) {
  const told: string[] = [];
  const tell = (entry: string): void => {
    told.push(entry);
    if (entry === at) act?.();
  };
  const consumer: BodyConsumer = {
    write: (bytes) => tell(Buffer.from(bytes).toString()),
    flush: () => tell("flush"),
    end: () => tell("end"),
    fail: (error) => tell(`fail ${error instanceof Error ? error.message : String(error)}`),
  };
  return { told, sink: consumer };
}
