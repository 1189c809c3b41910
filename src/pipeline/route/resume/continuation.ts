import { toJson } from "../../../core/json/bytes.ts";
import { Failure } from "../../../core/errors.ts";
import type { Usage } from "../../../formats/form/answer.ts";
import type { Conversation } from "../../../formats/form/conversation.ts";
import type { ClientDialect, WireDialect, WireTarget } from "../../../formats/form/dialect.ts";
import { factsOf } from "../../../formats/form/model-facts.ts";
import type { ProviderApiName } from "../../../providers/api-paths.ts";
import { withoutIdempotencyKey } from "../../../providers/api-request.ts";
import type { Deployment } from "../../../routing/models/deployment.ts";
import type { ResponseBody } from "../../../upstream/transport.ts";
import type { Attempt } from "../../attempt/attempt.ts";
import type { Attempts } from "../../attempt/attempts.ts";
import { maxTokensOf, variantFor } from "../../body/body-variant.ts";
import { isEventStream } from "../../../upstream/response-headers.ts";
import type { Way } from "../../../routing/choose-way.ts";
import type { AdmittedRequest, RequestRoute } from "../../stage.ts";
import { transformBody } from "../../body/transform-body.ts";
import { answerFailure, clientsError } from "../../translate/answer-failure.ts";
import { clientAsk } from "../../translate/client-ask.ts";
import { completeConversation } from "../../translate/complete-conversation.ts";
import type { DialectLoader } from "../../translate/load-dialects.ts";
import { StreamTranslation } from "../../translate/stream-translation.ts";
import type { TranslationParts } from "../../translate/translate.ts";
import { writeConversation } from "../../translate/translate-request.ts";
import { framingOf } from "../../translate/translated-answer.ts";
import { ContinuedWriter } from "./continued-writer.ts";
import type { SaidSoFar } from "./said-so-far.ts";

/** What going on with an answer needs of the rest of the gateway. */
export type ContinuationParts = Pick<
  TranslationParts,
  "requestHeaders" | "memory" | "defaultMaxTokens" | "clock" | "fetchMedia" | "replays"
> & { readonly load: DialectLoader };

/** The rest of an answer, as the client is to read it. */
export interface ContinuedAnswer {
  readonly attempt: Attempt;
  readonly body: ResponseBody;
  /** What its provider told. */
  readonly usage: () => Usage | undefined;
}

/** What is asked of whoever goes on. A class: what it is made of is needed for each that is asked. */
export class Continuation {
  readonly #parts: ContinuationParts;
  readonly #admitted: AdmittedRequest;
  readonly #said: SaidSoFar;
  readonly #client: ClientDialect;
  /** Those of the client's own API first. */
  readonly #wires: ReadonlyMap<ProviderApiName, WireDialect>;
  readonly #conversation: Conversation;
  /** What the client has been told of usage, or is to be. */
  told: Usage | undefined;

  constructor(
    parts: ContinuationParts,
    admitted: AdmittedRequest,
    said: SaidSoFar,
    client: ClientDialect,
    wires: ReadonlyMap<ProviderApiName, WireDialect>,
    conversation: Conversation,
  ) {
    this.#parts = parts;
    this.#admitted = admitted;
    this.#said = said;
    this.#client = client;
    this.#wires = wires;
    this.#conversation = conversation;
  }

  /**
   * How that deployment is asked to go on, over the first of the wires on which it is known to: nobody does over some, such
   * as the Responses API, over which it may be asked otherwise.
   * @returns undefined if it is not known to go on with answers
   */
  wayOf(route: Pick<RequestRoute, "wayOf">, deployment: Deployment, model: string): Way | undefined {
    for (const [name, wire] of this.#wires) {
      const way = wayOver(name, route, deployment, model);
      if (way && wire.continues?.(this.#targetOf(deployment, model, way))) return way;
    }
    return undefined;
  }

  /** @throws Failure if it does not answer with a stream, or cannot be asked so */
  async ask(
    route: Pick<RequestRoute, "wayOf">,
    deployment: Deployment,
    model: string,
    attempts: Attempts,
  ): Promise<ContinuedAnswer> {
    const { requestHeaders } = this.#parts;
    const { provider } = deployment;
    const way = this.wayOf(route, deployment, model);
    const wire = way && this.#wires.get(way.wire);
    if (!wire) throw new Failure("internal", { cause: new Error(`nothing goes on at ${provider.id}`) });
    const target = this.#targetOf(deployment, model, way);
    const asked = withBeginning(this.#conversation, this.#said);
    const conversation = await completeConversation(asked, wire, target, this.#parts, attempts);
    const variant = variantFor(way.target, way.wire);
    const { body } = writeConversation(conversation, { wire, target, provider, variant, refusesUnsupported: false });
    const headers = withoutIdempotencyKey(requestHeaders(provider, attempts.request.headers, way.wire));
    const request = { url: way.url, method: "POST", headers, body: toJson(body) };
    const attempt = await attempts.begin(provider, request).answered();
    return this.#read(attempt, wire, { ...target, tools: conversation.tools }, deployment, attempts);
  }

  #targetOf({ provider, prefill }: Deployment, model: string, { target }: Way): WireTarget {
    const facts = factsOf(model, maxTokensOf(target) ?? this.#parts.defaultMaxTokens);
    return { provider: provider.id, model, facts, prefill };
  }

  #read(
    attempt: Attempt,
    wire: WireDialect,
    target: WireTarget,
    { provider }: Deployment,
    attempts: Attempts,
  ): ContinuedAnswer {
    const { memory, clock } = this.#parts;
    const { response } = attempt;
    const { format } = this.#admitted;
    const said = this.#said;
    const framing = framingOf(wire, response);
    if (!response.body || (!isEventStream(response) && !framing)) {
      throw new Failure("upstream_invalid_response", { provider: provider.id });
    }
    const base = clientAsk(this.#conversation, this.#admitted, clock);
    const { id, model = base.model, createdAt = base.createdAt, itemIds } = said;
    const writer = new ContinuedWriter(
      this.#client.writeStream({ ...base, id, model, createdAt, itemIds }),
      said,
      (rest) => (this.told = usageOfAll(rest, said, tokens)),
    );
    const tokens = said.tokens;
    const translation = new StreamTranslation({
      reader: wire.readStream(target),
      writer,
      frames: framing?.open(),
      hasBegun: true,
      mayHold: (bytes) => memory.tryHold(attempts.context, attempts.keptBytes + bytes),
      clientsError: (error) => clientsError(error, provider, format),
      onError() {},
      failureOf: (error) => answerFailure(error, { provider, format }),
    });
    return { attempt, body: transformBody(response.body, translation), usage: () => writer.usage };
  }
}

function wayOver(
  name: ProviderApiName,
  route: Pick<RequestRoute, "wayOf">,
  deployment: Deployment,
  model: string,
): Way | undefined {
  try {
    return route.wayOf(deployment, model, name);
  } catch (error) {
    // Its provider does not have that API.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/**
 * The usage of an answer that was gone on with, from what the provider of its rest says: the beginning, which was a part
 * of that one's prompt, is output. How much it was is estimated, as no provider says that.
 */
function usageOfAll(rest: Usage, { promptTokens }: SaidSoFar, begun: number): Usage {
  const input = promptTokens ?? Math.max(0, rest.input - begun);
  return { ...rest, input, output: begun + rest.output };
}

/** The request for the rest: its last turn is what the client has, and its limit is less by that. */
function withBeginning(conversation: Conversation, said: SaidSoFar): Conversation {
  const { limits, turns } = conversation;
  const { maxOutputTokens: most } = limits;
  const last = turns.at(-1);
  const isBegun = last?.role === "assistant";
  // What the client itself has begun is a part of the same text.
  const begun = isBegun ? last.blocks.map((block) => (block.type === "text" ? block.text : "")).join("") : "";
  const text = (begun + said.text).trimEnd();
  return {
    ...conversation,
    turns: [...(isBegun ? turns.slice(0, -1) : turns), { role: "assistant", blocks: [{ type: "text", text }] }],
    limits: { ...limits, maxOutputTokens: most === undefined ? undefined : Math.max(1, most - said.tokens) },
  };
}
