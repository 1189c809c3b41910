import type { Failure, FailureCode } from "./errors.ts";
import type {
  AskedDeployment,
  ClientDescription,
  Interruptible,
  Outcome,
  Principal,
  RequestContext,
  RequestRecord,
  TokenUsage,
  UsageSource,
} from "./request-context.ts";
import type { RoutingRecord } from "./attempt-summary.ts";
import { subtractUsage } from "./subtract-usage.ts";

/**
 * What one call of the model costs that a request is for, in picodollars; null if its price is not known. Must not throw.
 */
export type PriceCall = (request: RequestRecord, usage: TokenUsage) => bigint | null;

/** What all requests share: the clock, and the register that they leave when they are over. */
export interface RequestRegister {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly remove: (request: RequestContext) => void;
  /** Absent if costs are not computed. */
  readonly price?: PriceCall | undefined;
}

/** A class with plain fields: one is made for every request, and closures for its methods would cost as much as the rest. */
export class Recorder implements RequestContext {
  readonly register: RequestRegister;
  readonly id: string;
  readonly method: string;
  readonly route: string;
  readonly startedAt: number;
  principal: Principal | undefined = undefined;
  client: ClientDescription | undefined = undefined;
  provider: string | undefined = undefined;
  model: string | undefined = undefined;
  deployment: AskedDeployment | undefined = undefined;
  routing: RoutingRecord | undefined = undefined;
  status = 0;
  streaming = false;
  bytesIn = 0;
  mediaBytesIn = 0;
  bytesOut = 0;
  heldBytes = 0;
  responseHeaderAt: number | undefined = undefined;
  firstByteAt: number | undefined = undefined;
  usage: TokenUsage | undefined = undefined;
  usageSource: UsageSource | undefined = undefined;
  cost: bigint | null | undefined = undefined;
  /** What is priced already: with tools the model is called several times, each for a price of its own. */
  #priced: TokenUsage | undefined;
  toolRounds: number | undefined = undefined;
  toolCalls: number | undefined = undefined;
  failure: FailureCode | undefined = undefined;
  cause: unknown = undefined;
  outcome: Outcome | undefined = undefined;
  call: Interruptible | undefined = undefined;
  previous: RequestContext | undefined = undefined;
  next: RequestContext | undefined = undefined;

  constructor(register: RequestRegister, id: string, method: string, route: string) {
    this.register = register;
    this.id = id;
    this.method = method;
    this.route = route;
    this.startedAt = register.now();
  }

  cameFrom(client: ClientDescription): void {
    this.client = client;
  }

  admitted(principal: Principal | undefined): void {
    this.principal = principal;
  }

  selected(provider: string, model?: string | undefined, deployment?: AskedDeployment): void {
    this.provider = provider;
    this.model = model;
    this.deployment = deployment;
  }

  routed(routing: RoutingRecord): void {
    this.routing = routing;
  }

  received(bytes: number): void {
    this.bytesIn += bytes;
  }

  carriesMedia(bytes: number): void {
    this.mediaBytesIn = bytes;
  }

  interruptibleBy(call: Interruptible): void {
    if (this.outcome === undefined) this.call = call;
  }

  responseHeader(): void {
    this.responseHeaderAt ??= this.register.now();
  }

  firstByte(): void {
    this.firstByteAt ??= this.register.now();
  }

  attemptFailed(): void {
    this.responseHeaderAt = undefined;
    this.firstByteAt = undefined;
    this.usage = undefined;
    this.cost = undefined;
    this.#priced = undefined;
    this.usageSource = undefined;
    this.failure = undefined;
    this.cause = undefined;
  }

  answered(status: number): void {
    this.status = status;
  }

  streamed(): void {
    this.streaming = true;
  }

  sent(bytes: number): void {
    this.bytesOut += bytes;
  }

  used(usage: TokenUsage | undefined): void {
    if (!usage) return;
    this.usage = this.usage ? { ...this.usage, ...usage } : usage;
    this.usageSource = "provider";
  }

  seemsToHaveUsed(usage: TokenUsage): void {
    this.usage = this.usage ? { ...this.usage, ...usage } : usage;
    this.usageSource = "estimated";
  }

  settle(): void {
    // What was refused before anybody could be asked has nothing to end it early.
    if (this.model === undefined || this.call === undefined) return void (this.usageSource = undefined);
    this.usageSource ??= "none";
    this.#price();
  }

  #price(): void {
    const { usage } = this;
    const { price } = this.register;
    if (!price || !usage || usage === this.#priced) return;
    const cost = price(this, subtractUsage(usage, this.#priced));
    this.#priced = usage;
    this.cost = cost === null || this.cost === null ? null : (this.cost ?? 0n) + cost;
  }

  toolsOffered(): void {
    this.toolRounds = 0;
    this.toolCalls = 0;
  }

  toolsCalled(count: number): void {
    this.toolCalls = (this.toolCalls ?? 0) + count;
  }

  toolStep(): void {
    this.toolRounds = (this.toolRounds ?? 0) + 1;
    this.#price();
  }

  failed(failure: Failure): void {
    this.failure = failure.code;
    const { cause, asked } = failure.details;
    this.cause = cause;
    this.provider ??= asked?.provider;
    this.model ??= asked?.model;
  }

  finish(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.settle();
    this.call = undefined;
    this.register.remove(this);
  }

  finishBody(failure: Failure | undefined): void {
    if (this.outcome !== undefined) return;
    if (failure) this.failed(failure);
    this.finish(failure === undefined ? "answered" : failure.code === "client_gone" ? "client_gone" : "cut");
  }
}
