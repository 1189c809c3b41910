import type { StoredAnswer } from "../formats/form/dialect.ts";
import type { Format } from "../formats/format.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import type { Way } from "../routing/choose-way.ts";
import type { Answering } from "../routing/engine/route.ts";
import type { Route } from "../routing/models/routed-model.ts";
import type { Deployment } from "../routing/models/deployment.ts";
import type { Reply } from "./attempt/attempt.ts";
import type { Attempts } from "./attempt/attempts.ts";
import type { ReceivedBody } from "./body/received-body.ts";
import type { JudgedAs } from "./route/judge-reply.ts";

/** What a request's name means if several deployments could answer. */
export interface RequestRoute {
  /** Those of its deployments that may be asked, and can be: at least one. */
  readonly route: Route;
  /** One of these deployments, which the way of the request leads to. */
  readonly likely: Deployment;
  /** The name of the gateway's own that was asked for; undefined if it is a provider's. */
  readonly alias: string | undefined;
  /** What belongs together, for deployments that are chosen by that. */
  readonly stickyKey: string | undefined;
  /** Who has given what it goes on from, and is asked first. */
  readonly giver: Answering | undefined;
  /** What of another route may be asked, such as one that the name falls back to; undefined if nothing. */
  narrow(route: Route): Route | undefined;
  /** How a deployment is asked, over that wire if one is named. @throws Failure if its provider cannot be, in this request's API */
  wayOf(deployment: Deployment, model: string, wire?: ProviderApiName): Way;
}

/**
 * A request that its form, its credential and the model policy let pass, and where it goes: if several deployments could
 * answer, where it is likely to.
 */
export interface AdmittedRequest extends Way {
  readonly format: Format;
  readonly body: ReceivedBody;
  /** Absent if there is one provider, with one key, to be asked once. */
  readonly route?: RequestRoute | undefined;
  /** Asks for the further answers that it takes, as its model allows; absent if there is one provider to be asked once. */
  readonly again?: AskAgain | undefined;
  /** It is a further request of its client's one, with another body: the client's key of that is not this one's. */
  readonly isFurther?: boolean;
  /** As what the answer is kept, if the gateway keeps answers like it. */
  readonly stored?: StoredAnswer | undefined;
  /** Bytes that stages go on holding in the budget until the answer is there; 0 unless given. */
  readonly keptBytes?: number | undefined;
  /** The client wants its stream as one JSON array. */
  readonly isArray?: boolean;
  /** Call providers through these; they hold the client's request and its context. */
  readonly attempts: Attempts;
}

/** One answer of several that a request takes. Whoever has it closes it when it is over. */
export interface StepReply extends Pick<Reply, "response" | "call"> {
  readonly isClosed: boolean;
  close(): void;
}

/** What a deployment has answered a further request with. */
export interface FurtherAnswer {
  readonly reply: Reply;
  readonly as: JudgedAs;
  /** It is good: nobody else is asked. */
  readonly taken: () => void;
}

/**
 * Asks once.
 * @param attempts of whoever is asked
 * @param other how another deployment is asked than the one that has answered last; its body is the client's
 */
export type AskOnce = (attempts: Attempts, other: AdmittedRequest | undefined) => Promise<FurtherAnswer>;

/** What asks for the further answers that a request takes. */
export interface AskAgain {
  /** @param once called for each attempt */
  ask(once: AskOnce): Promise<StepReply>;
}

/** Answers an admitted request. @throws Failure if there is no answer */
export type Answer = (admitted: AdmittedRequest) => Promise<Reply>;

/**
 * One feature between an admitted request and the provider. It may refuse the request (throw a `Failure`), answer it
 * without `next`, change it on the way to `next`, call `next` more than once, and look at or replace the answer that
 * comes back, whose body is still to be read. Whatever calls it opened are closed with `admitted.attempts`.
 *
 * One that only checks should not be `async`, and one that is should not use `admitted` after `next`: while a provider
 * thinks, an `async` function keeps what it uses later, which would be the body and its parsed value.
 */
export type Stage = (admitted: AdmittedRequest, next: Answer) => Promise<Reply>;

/** What is between an admitted request and its provider. */
export interface RelayStages {
  /** The first one first; what is off is not in it. */
  readonly stages: readonly Stage[];
  /** Whether one of them may read the body of a request again after it has handed it on. */
  readonly readsAgain: boolean;
}
