import { findValue } from "../../core/json/find.ts";
import { parseJson } from "../../core/json/parse.ts";
import type { KnownAnswers } from "../../routing/known-answers.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import type { Reply } from "../attempt.ts";
import type { Attempts } from "../attempts.ts";
import { memberOf } from "../received-body.ts";
import type { AdmittedRequest } from "../stage.ts";

/** Whether a response may be gone on from that only who gives it knows: the gateway does not keep it. */
export const isGoneOnFrom = ({ format, body, stored }: AdmittedRequest): boolean =>
  format.api === "responses" && format.subpath === undefined && !stored && memberOf(body, "store") !== false;

/** Remembers who gives a response, if that is one of its provider's own. */
export async function noteAnswer(
  answers: KnownAnswers,
  attempts: Pick<Attempts, "answerer" | "context">,
  asking: Reply | Promise<Reply>,
): Promise<Reply> {
  const reply = await asking;
  const { deployment, model } = attempts.context;
  if (attempts.answerer?.apis.responses === undefined) return reply;
  const { body } = reply.response;
  const id = body && deployment && (body.whole ? idOfWhole(body.whole) : await idOfStream(body));
  if (id !== undefined && id !== null && deployment && model !== undefined)
    answers.given(id, { key: deployment.key, model });
  return reply;
}

function idOfWhole(bytes: Uint8Array): string | undefined {
  const span = findValue(bytes, ["id"]);
  const id = span && parseJson(bytes.subarray(span.start, span.end));
  return typeof id === "string" ? id : undefined;
}

/** The first event has it, at its beginning. */
const MAX_BYTES = 4096;
const ID = /"response"\s*:\s*\{[^{}]*?"id"\s*:\s*"([\w.:-]{1,256})"/;

/** As far as what has come of it shows. Waits for nothing. */
async function idOfStream(body: ResponseBody): Promise<string | undefined> {
  const { keptBytes } = body;
  if (keptBytes === 0) return undefined;
  let text = "";
  await body.keepUntil((length, piece) => {
    if (text.length < MAX_BYTES) text += Buffer.from(piece).toString("latin1", 0, MAX_BYTES);
    return length >= keptBytes;
  });
  return ID.exec(text)?.[1];
}
