import { createDeadlines, type Deadlines, type TimerSource } from "./deadlines.ts";
import { createInFlightRequests, type InFlightRequests, type InFlightRequestsOptions } from "./in-flight-requests.ts";
import { createMemoryBudget, type MemoryBudget } from "./memory/budget.ts";
import { createSlots, type Slots } from "./slots.ts";

export interface RequestsOptions extends Pick<InFlightRequestsOptions, "observers" | "newId"> {
  /** How many bytes all requests may hold together. */
  readonly maxBytes: number;
  readonly timers: TimerSource;
}

/** All requests in flight, with what they share. */
export interface Requests {
  readonly requests: InFlightRequests;
  readonly deadlines: Deadlines;
  readonly memory: MemoryBudget;
  /** Turns at decompressing the long body of one. */
  readonly decompressions: Slots;
}

/** So many long bodies are decompressed at once; the others wait for their turn. */
const MAX_DECOMPRESSIONS = 2;

/** Builds the register of requests. Whatever ends a request finishes it there, so its memory is given back there too. */
export function openRequests({ maxBytes, timers, observers, newId }: RequestsOptions): Requests {
  const { now } = timers;
  const deadlines = createDeadlines(timers);
  const memory = createMemoryBudget({ limit: maxBytes, deadlines, now, collect: () => Bun.gc(true) });
  const requests = createInFlightRequests({ observers: [...observers, memory.release], now, newId });
  return { requests, deadlines, memory, decompressions: createSlots(MAX_DECOMPRESSIONS) };
}
