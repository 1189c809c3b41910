import type { Conversation } from "../../../formats/form/conversation.ts";
import { CannotTranslate, type ClientDialect, type WireDialect } from "../../../formats/form/dialect.ts";
import { isOff } from "../../../formats/form/efforts.ts";
import type { ProviderApiName } from "../../../providers/api-paths.ts";
import { parsed } from "../../body/received-body.ts";
import type { AdmittedRequest } from "../../stage.ts";
import { Continuation, type ContinuationParts } from "./continuation.ts";
import type { SaidSoFar } from "./said-so-far.ts";

/** The wires on which an answer can be gone on with, the one that says more first. */
const WIRES = ["messages", "chat"] as const satisfies readonly ProviderApiName[];

/**
 * Prepares to go on with an answer.
 * @returns undefined if the request asks for something that cannot be gone on with: more than one answer, a form of
 * its text, probabilities, thoughts, or anything that is not understood
 */
export async function prepareContinuation(
  parts: ContinuationParts,
  admitted: AdmittedRequest,
  said: SaidSoFar,
): Promise<Continuation | undefined> {
  const { api } = admitted.format;
  const client = await parts.load.client(api);
  const wires = new Map<ProviderApiName, WireDialect>();
  for (const wire of api === "chat" ? WIRES.toReversed() : WIRES) wires.set(wire, await parts.load.wire(wire));
  await parsed(admitted.body, admitted.attempts.request);
  const conversation = readAsked(client, admitted);
  return conversation && new Continuation(parts, admitted, said, client, wires, conversation);
}

function readAsked(client: ClientDialect, { body }: AdmittedRequest): Conversation | undefined {
  try {
    const conversation = client.readRequest(body.value);
    return isPlain(conversation) ? conversation : undefined;
  } catch (error) {
    if (error instanceof CannotTranslate) return undefined;
    throw error;
  }
}

function isPlain({ limits, sampling, output, reasoning, foreign, turns }: Conversation): boolean {
  if (foreign.length > 0 || output || sampling.logprobs !== undefined || (limits.answers ?? 1) > 1) return false;
  const last = turns.at(-1);
  const isText = last?.role !== "assistant" || last.blocks.every(({ type }) => type === "text");
  return isText && (!reasoning || isOff(reasoning));
}
