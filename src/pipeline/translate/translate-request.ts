import { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { nextTurn } from "../../core/event-loop.ts";
import type { Conversation } from "../../formats/form/conversation.ts";
import { estimateInput } from "../../formats/form/estimate-input.ts";
import {
  CannotTranslate,
  type ClientDialect,
  type Note,
  type WireDialect,
  type WireTarget,
} from "../../formats/form/dialect.ts";
import type { Provider } from "../../providers/provider.ts";
import { listOf } from "./note-headers.ts";

/** A request as it goes to a provider, and what could not be said in it. */
export interface TranslatedRequest {
  readonly body: JsonObject;
  readonly notes: readonly Note[];
  /** What was asked, without what was said: only the instructions are left of its turns. */
  readonly asked: Conversation;
  /** About how many tokens the request has, if it is for a stream. */
  readonly estimatedInput: number | undefined;
}

export interface RequestTranslation {
  readonly client: ClientDialect;
  readonly wire: WireDialect;
  readonly target: WireTarget;
  readonly provider: Pick<Provider, "refusesStreamOptions">;
  /** Refuse members for which the wire has no place, rather than leave them out. */
  readonly refusesUnsupported: boolean;
}

/** A longer body gets a turn of the event loop for each part of the work: a megabyte takes 5 to 10 ms. */
const MAX_BYTES_IN_TURN = 256 * 1024;

/**
 * Translates a request from its client's API to that of a provider.
 * @param bytes length of the client's body
 * @throws Failure `unsupported_parameter` for what would mean something else, or nothing, to the provider
 */
export async function translateRequest(
  body: JsonObject,
  bytes: number,
  { client, wire, target, provider, refusesUnsupported }: RequestTranslation,
): Promise<TranslatedRequest> {
  const isLong = bytes > MAX_BYTES_IN_TURN;
  const conversation = orRefuse(target, () => client.readRequest(body));
  const essential = conversation.foreign.find(({ isEssential }) => isEssential);
  if (essential) throw refuse(essential.path, target, "its API has no place for it");
  if (isLong) await nextTurn();
  const written = orRefuse(target, () => wire.writeRequest(conversation, target));
  const notes = [
    ...conversation.foreign.map(({ path }): Note => ({ kind: "dropped", member: path })),
    ...written.notes,
  ];
  const dropped = refusesUnsupported ? listOf(notes, "dropped") : "";
  if (dropped !== "") throw refuse(dropped, target, "its API has no place for it (UNSUPPORTED_FIELDS=refuse)");
  if (isLong) await nextTurn();
  return {
    body: provider.refusesStreamOptions ? withoutStreamOptions(written.body) : written.body,
    notes,
    asked: withoutTalk(conversation),
    estimatedInput: conversation.stream ? estimateInput(conversation) : undefined,
  };
}

function orRefuse<Result>(target: WireTarget, translate: () => Result): Result {
  try {
    return translate();
  } catch (error) {
    if (error instanceof CannotTranslate) throw refuse(error.member, target, error.message);
    throw error;
  }
}

function refuse(member: string, { provider }: WireTarget, reason: string): Failure {
  return new Failure("unsupported_parameter", {
    message: `${member} cannot be sent to ${provider}: ${reason}`,
    param: member,
    provider,
  });
}

function withoutStreamOptions({ stream_options: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** Kept for as long as the answer lasts, which must not keep a whole conversation. */
function withoutTalk(conversation: Conversation): Conversation {
  const { turns } = conversation;
  const end = turns.findIndex(({ role }) => role !== "system" && role !== "developer");
  return { ...conversation, turns: end < 0 ? turns : turns.slice(0, end), foreign: [] };
}
