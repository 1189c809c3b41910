import { Failure } from "../../core/errors.ts";
import type { QueueOptions } from "../models/model-options.ts";
import type { GateStates } from "./gate-states.ts";
import type { Gate, GateChain, GateRule } from "./gate.ts";
import type { Gated, GateRefusal, GateView, ModelGates, Permit, QueueView } from "./gates.ts";
import { UNKNOWN_MS } from "./minute-lease.ts";
import type { Passage } from "./passage.ts";

/** Without a queue, so many wait for a moment for a slot that another process may give back. */
const BRIEF_WAIT: QueueOptions = { length: 64, timeoutMs: 50 };
/** So many wait for what others say of the minute: all that come meanwhile, which are many in a burst. */
const MAX_ASKING = 4096;

/** Of a deployment without gates. */
const UNBOUNDED: Permit = { release() {} };

/** A class, because an object with a function of its own costs twice as much for each attempt. */
class HeldPermit implements Permit {
  private readonly passage: Passage;
  private chain: GateChain | undefined;
  private readonly tokens: number;
  private readonly minute: number;

  constructor(passage: Passage, chain: GateChain, tokens: number, minute: number) {
    this.passage = passage;
    this.chain = chain;
    this.tokens = tokens;
    this.minute = minute;
  }

  release(usedTokens: number = this.tokens): void {
    const { chain } = this;
    if (!chain) return;
    this.chain = undefined;
    this.passage.leave(chain, this.minute, usedTokens - this.tokens);
  }
}

/**
 * The gates of a configuration. Making them changes nothing, see {@link ModelGates.use}.
 * @param rules what each gate that a deployment names is bounded by, by its key
 * @param queues by the names of the models that have one
 */
export function createGates(
  states: GateStates,
  rules: ReadonlyMap<string, GateRule>,
  queues: ReadonlyMap<string, QueueOptions>,
): ModelGates {
  const { room, turns, passage } = states;
  const chainOf = createChains(states, rules);

  const tryEnter = ({ gates }: Gated, estimatedTokens: number): Permit | GateRefusal => {
    if (gates.length === 0) return UNBOUNDED;
    const chain = chainOf(gates);
    for (const gate of chain) if (!mayPass(gate, estimatedTokens)) return refusal(chain, gate, estimatedTokens);
    let tokens = estimatedTokens;
    for (const gate of chain) tokens = Math.min(tokens, gate.tokensPerMinute);
    return new HeldPermit(passage, chain, tokens, passage.enter(chain, tokens));
  };

  /** @param first the first gate that it may not pass */
  const refusal = (chain: GateChain, first: Gate, tokens: number): GateRefusal => {
    if (!first.lease) return room.refusal(first, tokens);
    for (const gate of chain) if (room.msUntil(gate, tokens) === UNKNOWN_MS) states.ask(gate, tokens);
    // Nobody is to wait for an answer if there is a gate that says no without.
    const refused = chain.find(
      (gate) => gate.inFlight >= room.capacity(gate) || room.msUntil(gate, tokens) > UNKNOWN_MS,
    );
    const answer = room.refusal(refused ?? first, tokens);
    return answer.isAsking && turns.asking()?.isLate ? { ...answer, isAsking: false } : answer;
  };

  const mayPass = (gate: Gate, tokens: number): boolean => {
    if (gate.inFlight >= room.capacity(gate)) return false;
    const asking = gate.waiting > 0 ? turns.asking() : undefined;
    if (gate.heldFor && gate.heldFor !== asking) return false;
    const wait = room.msUntil(gate, tokens);
    const isQueued = asking !== undefined && asking.queue.kind !== "minute";
    if (wait > UNKNOWN_MS && isQueued && states.now() + wait <= asking.until) {
      // It is first: nobody may pass it, unless it could not have this room anyway.
      gate.heldFor = asking;
      gate.heldTokens = tokens;
    }
    return wait === 0;
  };

  const viewGate = ([key, { label, limits }]: [string, GateRule]): GateView => {
    const gate = states.gate(key, { label, limits });
    room.msUntil(gate, 0);
    const { inFlight, own, others, isRated } = gate;
    const capacity = room.capacity(gate);
    return {
      key,
      label,
      limits,
      inFlight,
      waiting: gate.waiting,
      granted: capacity < gate.maxInFlight ? capacity : undefined,
      requests: isRated ? own.requests + others.requests : undefined,
      tokens: isRated ? own.tokens + others.tokens : undefined,
    };
  };

  const viewQueue = ([model, options]: [string, QueueOptions]): QueueView => {
    const waiters = states.queue(model)?.waiters;
    const [first] = waiters?.members(1) ?? [];
    return { model, options, waiting: waiters?.size() ?? 0, longestWaitMs: first ? states.now() - first.since : 0 };
  };

  return {
    tryEnter,
    wait: createWait(states, queues, chainOf),
    use: () => states.use(rules, queues),
    wake: (deployments) => turns.wake(deployments.map(({ key }) => key)),
    view: () => ({ gates: [...rules].map(viewGate), queues: [...queues].map(viewQueue) }),
  };
}

/** The gates of deployments, each list of keys looked up once: a deployment keeps its own, and nobody changes it. */
function createChains(states: GateStates, rules: ReadonlyMap<string, GateRule>) {
  let chains = new WeakMap<readonly string[], GateChain>();
  let generation = states.generation();

  // Apart, because the lists are frozen: code that goes through such a one is not compiled well, 0.4 µs for each request.
  const chainFor = (keys: readonly string[]): GateChain => {
    const chain = keys.flatMap((key) => {
      const rule = rules.get(key);
      return rule ? [states.gate(key, rule)] : [];
    });
    chains.set(keys, chain);
    return chain;
  };

  return (keys: readonly string[]): GateChain => {
    if (generation !== states.generation()) {
      generation = states.generation();
      chains = new WeakMap();
    }
    return chains.get(keys) ?? chainFor(keys);
  };
}

/** See `Gates.wait`. */
function createWait(
  { room, waiting, queue, queueOptions, minuteWaitMs, answerNow }: GateStates,
  queues: ReadonlyMap<string, QueueOptions>,
  chainOf: (keys: readonly string[]) => GateChain,
): ModelGates["wait"] {
  return (model, deployments, signal, tryAgain, onWait, answers = { waitedMs: 0 }) => {
    const chains = deployments.map(({ gates }) => chainOf(gates));
    const keys = deployments.map(({ key }) => key);
    const wanted = { model, deployments: keys, chains, signal, tryAgain, onWait };
    const options = queueOptions(model) ?? queues.get(model);
    const inQueue = options && ((): Promise<void> => waiting.wait({ ...wanted, kind: "queue", ...options }));
    // Nobody overtakes those who are in the queue, and a queue is for those for whom there is known to be no room.
    if (inQueue && (queue(model) || !room.isAsked(chains))) return inQueue();
    if (room.isAsked(chains)) {
      const timeoutMs = Math.max(0, minuteWaitMs - answers.waitedMs);
      const since = answerNow();
      const asked = waiting.wait({ ...wanted, kind: "minute", length: MAX_ASKING, timeoutMs }).finally(() => {
        answers.waitedMs += answerNow() - since;
      });
      return inQueue ? asked.catch((error: unknown) => afterLimit(error, inQueue)) : asked;
    }
    if (room.mayBeGranted(chains)) return waiting.wait({ ...wanted, kind: "slot", ...BRIEF_WAIT });
    return Promise.reject(waiting.failure("at_limit", chains));
  };
}

const afterLimit = (error: unknown, goOn: () => Promise<void>): Promise<void> =>
  error instanceof Failure && error.code === "at_limit" ? goOn() : Promise.reject(error);
