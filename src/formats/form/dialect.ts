import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError, ModelAnswer } from "./answer.ts";
import type { AnswerEvent } from "./answer-events.ts";
import type { MediaBlock } from "./blocks.ts";
import type { Conversation, ForeignMember, Tool } from "./conversation.ts";
import type { Framing } from "./framing.ts";
import type { ModelFacts } from "./model-facts.ts";

/**
 * What a writer did with something that its wire cannot say as it was asked for.
 * `dropped`: left out, which does not change what the answer means; `adjusted`: sent as near as the wire can say it.
 */
export interface Note {
  readonly kind: "dropped" | "adjusted";
  /** In the client's words: `top_k`, `messages[3].content[1]`. */
  readonly member: string;
}

/** A request that a wire cannot carry without a change of meaning; it becomes 400 `unsupported_parameter`. */
export class CannotTranslate extends Error {
  readonly member: string;

  /**
   * @param member the path in the client's words
   * @param reason goes on from "`member` cannot be sent to PROVIDER: ", in a few words
   */
  constructor(member: string, reason: string) {
    super(reason);
    this.name = "CannotTranslate";
    this.member = member;
  }
}

/** What helps with something at a URL of which a wire needs the bytes, to go on from a reason. */
export const SEND_BYTES = "send the bytes, or let the gateway fetch them with IMAGE_FETCH=true";

/** A body for a provider, and what could not be said in it. */
export interface WrittenRequest {
  readonly body: JsonObject;
  readonly notes: readonly Note[];
}

/**
 * How a provider is made to go on with an answer whose beginning is the last turn of the request: by that turn alone, by
 * its member `prefix`, or by members of the request that vLLM has.
 */
export type Prefill = "as_is" | "prefix" | "continue_final_message";

/** Who is asked, as far as writers of requests and readers of answers must know. */
export interface WireTarget {
  /** Provider id. */
  readonly provider: string;
  /** As the provider is asked for it. */
  readonly model: string;
  readonly facts: ModelFacts;
  /** Those of the request, for readers of answers: names that a wire cannot say come back as they were. */
  readonly tools?: readonly Tool[] | undefined;
  /** What the operator says of this; undefined: what is known of the provider and the model. */
  readonly prefill?: Prefill | "none" | undefined;
}

/** What the writer of an answer for a client must know beyond the answer. */
export interface ClientAsk {
  /** The model as the client named it, which the answer repeats. */
  readonly model: string;
  /** What was asked; of its turns only the instructions at their beginning are left. */
  readonly request: Conversation;
  /** Makes the random part of ids, of 24 characters. */
  readonly newId: () => string;
  /** Seconds since the epoch, when the answer began. */
  readonly createdAt: number;
  /** What the client knows the answer by already, as another provider has begun it; absent for a new id. */
  readonly id?: string | undefined;
  /** The same of its items, in a format whose answers have some with ids of their own. */
  readonly itemIds?: readonly string[] | undefined;
  /** The provider has the client's API and keeps the answer: it has the provider's id, the last one that is said. */
  readonly keepsId?: boolean;
  /** The stream is one JSON array, in a format that has such streams. */
  readonly isArray?: boolean;
  /** About how many tokens the request has, for wires that tell it at the beginning of a stream. */
  readonly estimatedInput?: number | undefined;
  /** If the gateway keeps answers: as what this one is kept. Only the Responses API has a place for it. */
  readonly stored?: StoredAnswer | undefined;
}

/** An answer that the gateway may keep. */
export interface StoredAnswer {
  readonly id: string;
  /** That which it goes on from. */
  readonly previousId: string | null;
  /** The client wants it kept. */
  readonly isKept: boolean;
}

/** Reads a provider's stream. Pure: the same bytes in any pieces give the same events. */
export interface AnswerStreamReader {
  /** How much of texts it holds back, in UTF-16 units; absent if it holds nothing back. */
  readonly held?: number;
  /** Whether the provider has said, by its wire's own sign, that nothing more comes; absent if only its end shows that. */
  readonly isComplete?: boolean;
  /** Whether nothing is missing if the connection breaks now, though more may come; absent if `isComplete` says it. */
  readonly isWhole?: boolean;
  /** Events of one SSE event of the provider: the name of its `event:` line if it has one, and its data. */
  read(event: { readonly name: string | undefined; readonly data: string }): readonly AnswerEvent[];
  /**
   * What is left when the provider has ended its stream: missing `close` and `stop` events of a stream that came to its
   * end by the wire's own rules, or a `fail` if it broke off.
   */
  end(): readonly AnswerEvent[];
}

/** Writes a client's stream, as the text of its SSE events. It owns all ids and indexes of its wire. */
export interface AnswerStreamWriter {
  /** The number of the next event; absent in formats that do not number them. May be set where somebody else has begun. */
  sequence?: number;
  /** How much of texts it holds back, in UTF-16 units; absent if it holds nothing back. */
  readonly held?: number;
  /** The client's bytes for one event of the form; often none. */
  write(event: AnswerEvent): string;
  /** Everything that ends the stream, after the last event. */
  end(): string;
}

/**
 * A client's API on the way to and from the form. Whole answers and streams agree: what the official client adds up from
 * the stream is what the whole answer says.
 */
export interface ClientDialect {
  /**
   * For a request that goes to a provider of the same API, several times, each with more turns at its end and tools of
   * the gateway behind `tools`: whether it can have this member, which stays in it, and its answers go through the form
   * all the same. Absent if requests of this API do not grow so.
   */
  readonly mayRepeat?: (member: ForeignMember) => boolean;
  /** What is called otherwise in this API than by writers of wires, which say `stop`, `n` and the like as chat does. */
  readonly memberNames?: ReadonlyMap<string, string>;
  /** @throws CannotTranslate for what has no place in the form and changes the meaning */
  readRequest(body: JsonObject): Conversation;
  writeAnswer(answer: ModelAnswer, ask: ClientAsk): JsonObject;
  writeStream(ask: ClientAsk): AnswerStreamWriter;
}

/** A provider's wire on the way from and to the form. Whole answers and streams agree, as they do for clients. */
export interface WireDialect {
  /**
   * Whether something at a URL can be said on this wire only as its bytes, which the gateway then fetches if it may;
   * absent if the wire takes URLs.
   */
  needsBytes?(block: MediaBlock, target: WireTarget): boolean;
  /** Whether it is known to go on with an answer that the last turn of a request begins; absent if it never does. */
  continues?(target: WireTarget): boolean;
  /** Its requests can say where what was said before comes from, if it is on the web; absent if they have no place for it. */
  readonly takesCitations?: boolean;
  /** @throws CannotTranslate */
  writeRequest(conversation: Conversation, target: WireTarget): WrittenRequest;
  /** @returns the answer, or the error that a body with a good status told instead of one */
  readAnswer(body: JsonObject, target: WireTarget): ModelAnswer | { readonly error: AnswerError };
  readStream(target: WireTarget): AnswerStreamReader;
  /** How its streams are framed if they are no server-sent events; absent if they always are. */
  readonly framing?: Framing;
}

/** A format that clients and providers speak. */
export type Dialect = ClientDialect & WireDialect;
