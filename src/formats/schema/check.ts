import type { Static, TObject } from "@sinclair/typebox";
import { Message } from "../chat/message-schema.ts";
import type { Problem } from "./building-blocks.ts";
import { TypeCompiler, type TypeCheck } from "@sinclair/typebox/compiler";
import { CreateChatCompletionRequest } from "../chat/request-schema.ts";
import { CreateEmbeddingRequest } from "../embeddings/schemas.ts";
import { explain, type Rules } from "./explain.ts";
import { CountMessageTokensRequest, CreateMessageRequest } from "../messages/request-schema.ts";
import { CreateResponseRequest } from "../responses/request-schema.ts";

/** Says whether an assistant message stands for itself without `content`. */
function standsWithoutContent(message: Static<typeof Message>): boolean {
  return (
    (message.tool_calls?.length ?? 0) > 0 ||
    (message.function_call ?? undefined) !== undefined ||
    typeof message.refusal === "string" ||
    (message.audio ?? undefined) !== undefined
  );
}

/**
 * The rules of a message that its schema does not tell: `content` may be null or absent only on an assistant message
 * that carries something else (and null on a `function` message, as OpenAI has it), and a `tool` message names the
 * call that it answers.
 * @param message a message that its schema accepts
 * @param path its path in the request; asked for only where there is a problem, as every message of every request
 * comes by here
 */
export function checkMessage(message: Static<typeof Message>, path: () => string): Problem | undefined {
  if (message.content === null || message.content === undefined) {
    if (message.role === "assistant" && !standsWithoutContent(message)) {
      const field = `${path()}.content`;
      return {
        path: field,
        message: `${field} must be a string or an array where no tool_calls, function_call, refusal or audio stand`,
      };
    }
    if (message.role !== "assistant" && !(message.role === "function" && message.content === null)) {
      const field = `${path()}.content`;
      const wanted = message.content === null ? "must be a string or an array" : "is required";
      return { path: field, message: `${field} ${wanted}` };
    }
  }
  if (message.role === "tool" && typeof message.tool_call_id !== "string") {
    const field = `${path()}.tool_call_id`;
    const wanted = message.tool_call_id === null ? "must be a string" : "is required";
    return { path: field, message: `${field} ${wanted}` };
  }
  return undefined;
}

export type { Problem } from "./building-blocks.ts";

/** What `JSON.parse` made of a request body, and what is wrong with it: undefined where nothing is. */
export type CheckRequest = (value: unknown) => Problem | undefined;

const NO_RULES: Rules = new Map();

const MESSAGE_RULES: Rules = new Map([[Message, (value, path) => checkMessage(value as Static<typeof Message>, path)]]);

/**
 * Compiled once, with the first request of its kind: checking one takes a few microseconds then, but compiling takes
 * milliseconds, and megabytes that a gateway would hold for routes that nobody calls.
 */
function compiledAtFirst<Schema extends TObject>(schema: Schema): Pick<TypeCheck<Schema>, "Check"> {
  let compiled: TypeCheck<Schema> | undefined;
  return { Check: (value): value is Static<Schema> => (compiled ??= TypeCompiler.Compile(schema)).Check(value) };
}

const CHAT = compiledAtFirst(CreateChatCompletionRequest);
const MESSAGES = compiledAtFirst(CreateMessageRequest);
const COUNT_TOKENS = compiledAtFirst(CountMessageTokensRequest);
const RESPONSES = compiledAtFirst(CreateResponseRequest);
const EMBEDDINGS = compiledAtFirst(CreateEmbeddingRequest);

/** Explains a refusal. The last resort is for a schema that the explainer does not understand, so that none gets by. */
function refuse(schema: TObject, value: unknown, rules: Rules): Problem {
  return explain(schema, value, "", rules) ?? { path: "", message: "request body is not accepted" };
}

function check(compiled: Pick<TypeCheck<TObject>, "Check">, schema: TObject, value: unknown): Problem | undefined {
  return compiled.Check(value) ? undefined : refuse(schema, value, NO_RULES);
}

/** Says whether every message keeps the rules that the schema does not tell. */
function keepsMessageRules(messages: readonly Static<typeof Message>[]): boolean {
  for (const message of messages) if (checkMessage(message, () => "") !== undefined) return false;
  return true;
}

/** Checks a body of `POST /v1/chat/completions`. */
export const checkChatRequest: CheckRequest = (value) =>
  CHAT.Check(value) && keepsMessageRules(value.messages)
    ? undefined
    : refuse(CreateChatCompletionRequest, value, MESSAGE_RULES);

/** Checks a body of `POST /v1/messages`. */
export const checkMessageRequest: CheckRequest = (value) => check(MESSAGES, CreateMessageRequest, value);

/** Checks a body of `POST /v1/messages/count_tokens`. */
export const checkCountTokensRequest: CheckRequest = (value) => check(COUNT_TOKENS, CountMessageTokensRequest, value);

/** Checks a body of `POST /v1/responses`. */
export const checkResponseRequest: CheckRequest = (value) => check(RESPONSES, CreateResponseRequest, value);

/** Checks a body of `POST /v1/embeddings`. */
export const checkEmbeddingRequest: CheckRequest = (value) => check(EMBEDDINGS, CreateEmbeddingRequest, value);
