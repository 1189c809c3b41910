import type { Failure, FailureCode } from "./errors.ts";
import type {
  ClientDescription,
  Interruptible,
  Outcome,
  Principal,
  RequestContext,
  ToolRun,
} from "./request-context.ts";
import type { RequestTrace } from "./request-trace.ts";
import type { AskedDeployment, RoutingRecord } from "./attempt-summary.ts";
import type { RequestRegister } from "./request-register.ts";
import { addAmounts } from "./picodollars.ts";
import { subtractUsage, type TokenUsage, type UsageSource } from "./token-usage.ts";

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
  /** What is priced already: with tools each call of the model has a price of its own. */
  #priced: TokenUsage | undefined;
  toolRounds: number | undefined = undefined;
  toolCalls: number | undefined = undefined;
  toolRuns: ToolRun[] | undefined = undefined;
  readonly trace: RequestTrace | undefined;
  failure: FailureCode | undefined = undefined;
  cause: unknown = undefined;
  outcome: Outcome | undefined = undefined;
  call: Interruptible | undefined = undefined;
  hasCalled = false;
  previous: RequestContext | undefined = undefined;
  next: RequestContext | undefined = undefined;
  private openWaits = 0;
  private waitsSince = 0;
  private waitedMs = 0;

  constructor(register: RequestRegister, id: string, method: string, route: string, trace?: RequestTrace) {
    this.register = register;
    this.id = id;
    this.method = method;
    this.route = route;
    this.startedAt = register.now();
    this.trace = trace;
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

  called(): void {
    this.hasCalled = true;
  }

  responseHeader(): void {
    this.responseHeaderAt ??= this.register.now();
  }

  firstByte(): void {
    this.firstByteAt ??= this.register.now();
  }

  attemptFailed(isFurther?: boolean): void {
    this.failure = this.cause = undefined;
    if (!isFurther) this.responseHeaderAt = this.firstByteAt = this.usage = this.usageSource = undefined;
    if (!isFurther) this.cost = this.#priced = undefined;
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
    this.used(usage);
    this.usageSource = "estimated";
  }

  settle(): void {
    const wasAsked = this.model !== undefined && this.hasCalled;
    this.usageSource = wasAsked ? (this.usageSource ?? "none") : undefined;
    if (wasAsked) this.#price();
  }

  #price(): void {
    const { usage, register } = this;
    if (!register.price || !usage || usage === this.#priced) return;
    const cost = register.price(this, subtractUsage(usage, this.#priced));
    this.#priced = usage;
    this.cost = cost === null || this.cost === null ? null : addAmounts(this.cost ?? 0n, cost);
  }

  toolsOffered(): void {
    this.toolRounds = this.toolCalls = 0;
  }

  toolsCalled(count: number): void {
    this.toolCalls = (this.toolCalls ?? 0) + count;
  }

  toolStep(): void {
    this.toolRounds = (this.toolRounds ?? 0) + 1;
    this.#price();
  }

  toolRan(run: ToolRun): void {
    (this.toolRuns ??= []).push(run);
  }

  waits(at?: number): void {
    if (this.register.measuresWaits && this.openWaits++ === 0) this.waitsSince = at ?? this.register.now();
  }

  waited(at?: number): void {
    if (this.openWaits > 0 && --this.openWaits === 0) this.waitedMs += (at ?? this.register.now()) - this.waitsSince;
  }

  waitedUntil(time: number): number {
    return this.waitedMs + (this.openWaits > 0 ? time - this.waitsSince : 0);
  }

  failed({ code, details: { cause, asked } }: Failure): void {
    this.failure = code;
    this.cause = cause;
    this.provider ??= asked?.provider;
    this.model ??= asked?.model;
  }

  finish(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.settle();
    this.register.remove(this);
    this.call = undefined;
  }

  finishBody(failure: Failure | undefined): void {
    if (this.outcome !== undefined) return;
    if (failure) this.failed(failure);
    this.finish(failure === undefined ? "answered" : failure.code === "client_gone" ? "client_gone" : "cut");
  }
}
