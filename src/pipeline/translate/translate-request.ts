import { Failure } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf } from "../../core/json/values.ts";
import type { Conversation } from "../../formats/form/conversation.ts";
import {
  CannotTranslate,
  type ClientDialect,
  type Note,
  type WireDialect,
  type WireTarget,
  type WrittenRequest,
} from "../../formats/form/dialect.ts";
import { type BodyVariant, inVariant } from "../../providers/model-family.ts";
import type { Provider } from "../../providers/provider.ts";
import { listOf as membersOf } from "./note-headers.ts";

export interface RequestTranslation {
  readonly wire: WireDialect;
  readonly target: WireTarget;
  readonly provider: Pick<Provider, "refusesStreamOptions">;
  /** How the provider wants bodies for this model to differ from what the wire says. */
  readonly variant: BodyVariant | undefined;
  /** Refuse members for which the wire has no place, rather than leave them out. */
  readonly refusesUnsupported: boolean;
  /** See {@link ClientDialect.memberNames}. */
  readonly memberNames?: ClientDialect["memberNames"] | undefined;
}

const NO_PLACE = "its API has no place for it";

/**
 * Reads a client's request.
 * @throws Failure `unsupported_parameter` for what has no place in the form and changes the meaning
 */
export function readConversation(body: JsonObject, client: ClientDialect, provider: string): Conversation {
  requireFewParts(body);
  return orRefuse(provider, () => client.readRequest(body));
}

/** Where the APIs have what was said, and the parts of it. */
const TURNS = ["messages", "input", "contents"] as const;
const PARTS = ["content", "parts"] as const;

/** A million tokens are a few thousand. Each costs about 0.8 µs, all of them in one turn of the event loop. */
const MAX_PARTS = 30_000;

function requireFewParts(body: JsonObject): void {
  let count = 0;
  for (const turns of TURNS) {
    const said = listOf(body[turns]);
    count += said.length;
    for (let index = 0; count <= MAX_PARTS && index < said.length; index++) {
      const turn = said[index];
      if (isJsonObject(turn)) for (const parts of PARTS) count += listOf(turn[parts]).length;
    }
  }
  if (count <= MAX_PARTS) return;
  throw new Failure("body_too_complex", {
    message: `The conversation has more than ${MAX_PARTS} messages and parts: it cannot be translated to the provider's API`,
  });
}

/** @throws Failure `unsupported_parameter` if something was not understood that the provider would have to be told */
export function requireTranslatable({ foreign }: Conversation, provider: string): void {
  const essential = foreign.find(({ isEssential }) => isEssential);
  if (essential) throw refuse(essential.path, provider, essential.reason ?? NO_PLACE);
}

/**
 * Writes a request in the API of its provider.
 * @throws Failure `unsupported_parameter` for what would mean something else, or nothing, to the provider
 */
export function writeConversation(
  conversation: Conversation,
  { wire, target, provider, variant, refusesUnsupported, memberNames }: RequestTranslation,
): WrittenRequest {
  const written = orRefuse(target.provider, () => wire.writeRequest(conversation, target), memberNames);
  const notes = [
    ...conversation.foreign.map(({ path }): Note => ({ kind: "dropped", member: path })),
    ...[...written.notes, ...(losesCitations(conversation, wire) ? [CITATIONS] : [])].map(({ kind, member }): Note => ({
      kind,
      member: memberNames?.get(member) ?? member,
    })),
  ];
  const dropped = refusesUnsupported ? membersOf(notes, "dropped") : "";
  if (dropped !== "") throw refuse(dropped, target.provider, `${NO_PLACE} (UNSUPPORTED_FIELDS=refuse)`);
  const body = provider.refusesStreamOptions ? withoutStreamOptions(written.body) : written.body;
  return { body: inVariant(body, variant), notes };
}

/** What most APIs call sources of what was said before. */
const CITATIONS: Note = { kind: "dropped", member: "annotations" };

/** Whether it is said of what was said before where it comes from, and the wire cannot repeat it. */
const losesCitations = ({ turns }: Conversation, { takesCitations = false }: WireDialect): boolean =>
  turns.some(
    ({ role, blocks }) =>
      role === "assistant" &&
      blocks.some(
        (block) => block.type === "text" && block.annotations?.some(({ url }) => !takesCitations || url === undefined),
      ),
  );

function orRefuse<Result>(
  provider: string,
  translate: () => Result,
  names?: RequestTranslation["memberNames"],
): Result {
  try {
    return translate();
  } catch (error) {
    if (error instanceof CannotTranslate)
      throw refuse(names?.get(error.member) ?? error.member, provider, error.message);
    throw error;
  }
}

function refuse(member: string, provider: string, reason: string): Failure {
  return new Failure("unsupported_parameter", {
    message: `${member} cannot be sent to ${provider}: ${reason}`,
    param: member,
    provider,
  });
}

function withoutStreamOptions({ stream_options: _, ...rest }: JsonObject): JsonObject {
  return rest;
}
