import { toFailure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { findValue } from "../../core/json/find.ts";
import { parseJson } from "../../core/json/parse.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { KnownAnswers } from "../../routing/known-answers.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { readWholeResponse } from "../attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { memberOf } from "../body/received-body.ts";
import { transformBody } from "../body/transform-body.ts";
import { withBody } from "./judge-reply.ts";
import { withTried } from "./routed-failure.ts";
import type { AdmittedRequest } from "../stage.ts";

/** Whether a response may be continued that only its giver knows: the gateway does not keep it. */
export const mayBeContinued = ({ format, body, stored }: AdmittedRequest): boolean =>
  format.api === "responses" && format.subpath === undefined && !stored && memberOf(body, "store") !== false;

/** What noting an answer needs of the rest of the gateway. */
export interface NoteParts {
  readonly answers: KnownAnswers;
  readonly memory: MemoryBudget;
}

/**
 * Remembers who gives a response, if that is one of its provider's own.
 * @param streams a stream was asked for
 * @throws Failure if a whole answer that nobody has looked at yet cannot be read
 */
export async function noteAnswer(
  { answers, memory }: NoteParts,
  attempts: Attempts,
  streams: boolean,
  asking: Promise<Reply>,
): Promise<Reply> {
  const reply = await asking;
  const { deployment, model, toolRounds } = attempts.context;
  const { body } = reply.response;
  if (attempts.answerer?.apis.responses === undefined || !body || !deployment || model === undefined) return reply;
  const note = (id: string | undefined): void => {
    if (id !== undefined) answers.given(id, { key: deployment.key, model });
  };
  if (body.whole) note(idOfWhole(body.whole));
  else if (body.keptBytes > 0) note(await idOfStream(body));
  // The id changes with each step.
  else if (toolRounds !== undefined) return reply;
  else if (streams || isEventStream(reply.response)) return withIdNoted(reply, body, note);
  else {
    const bytes = await readWhole(memory, attempts, reply);
    if (!(bytes instanceof Uint8Array)) return withBody(reply, bytes.tooMuch);
    note(idOfWhole(bytes));
    return withBody(reply, bodyOfBytes(bytes));
  }
  return reply;
}

/** If it breaks off, its deployment is to blame, and the client is told who that is. */
async function readWhole(memory: MemoryBudget, attempts: Attempts, { response, call, headers = {} }: Reply) {
  try {
    return await readWholeResponse(response, call, memory, attempts.context, attempts.keptBytes);
  } catch (error) {
    const failure = withTried(toFailure(error), headers, undefined);
    attempts.close(failure);
    throw failure;
  }
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
  let text = "";
  await body.keepUntil((length, piece) => {
    if (text.length < MAX_BYTES) text += beginningOf(piece);
    return length >= keptBytes;
  });
  return ID.exec(text)?.[1];
}

/** The same answer, of which nothing has come yet. */
function withIdNoted(reply: Reply, body: ResponseBody, note: (id: string | undefined) => void): Reply {
  let text = "";
  let id: string | undefined;
  const look = (bytes: Uint8Array): void => {
    text += beginningOf(bytes);
    id = ID.exec(text)?.[1];
    note(id);
  };
  const push = (bytes: Uint8Array, write: (bytes: Uint8Array) => void): void => {
    if (id === undefined && text.length < MAX_BYTES) look(bytes);
    write(bytes);
  };
  const noted = withBody(reply, transformBody(body, { isOver: false, push, end() {} }));
  return {
    ...noted,
    // Of a stream that somebody else has gone on with, it is another one at the end.
    get usage() {
      return reply.usage;
    },
  };
}

const beginningOf = (bytes: Uint8Array): string => asBuffer(bytes).toString("latin1", 0, MAX_BYTES);
