import { ERROR_ENVELOPES } from "../error-body.ts";
import { judgeGenerateContent } from "./first-content.ts";
import type { Format, InPath } from "../format.ts";
import { readGeminiImage } from "../images.ts";
import { checkObject } from "../required-members.ts";
import { readUsageMetadata } from "./usage.ts";
import { SEALS } from "./remove-seals.ts";
import { GenerateArray, GenerateStream } from "./stream.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";

/**
 * How the path of a method looks. All that is before the model is the gateway's own; some clients name the collection
 * of the model twice, and some encode the colon.
 */
const inPath = (method: string, streams: boolean): InPath => ({
  model: new RegExp(`/models/(?:models(?:/|%2f))?(.+)(?::|%3a)${method}/?$`, "i"),
  streams,
});

/** Nothing at all: official clients in Python take a comment for an answer. */
const KEEP_ALIVE = "\n\n";

/** Gemini's generateContent. https://ai.google.dev/api/generate-content */
export const GENERATE: Format = {
  api: "generate",
  inPath: inPath("generateContent", false),
  notSupported: "generate_not_supported",
  checkRequired: checkObject,
  loadCheck: async () => (await import("./check-request.ts")).checkGenerateRequest,
  images: { member: "contents", read: readGeminiImage },
  seals: SEALS,
  hasStreamOptions: false,
  usageAtStart: false,
  errors: ERROR_ENVELOPES.google,
  watchStream: () => new GenerateStream(),
  readUsage: readUsageMetadata,
  contentOf: judgeGenerateContent,
  keepAlive: KEEP_ALIVE,
  opening: KEEP_ALIVE,
  documentation: async () => (await import("./documentation.ts")).GENERATE_DOCUMENTATION,
};

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent */
export const STREAM_GENERATE: Format = {
  ...GENERATE,
  inPath: inPath("streamGenerateContent", true),
  array: {
    isAsked: (query) => !/[?&](?:\$|%24)?alt=sse(?:&|$)/i.test(query),
    watch: () => new GenerateArray(),
  },
  documentation: async () => (await import("./documentation.ts")).STREAM_DOCUMENTATION,
};

/** https://ai.google.dev/api/tokens */
export const COUNT_GENERATE_TOKENS: Format = {
  ...GENERATE,
  api: "countGenerateTokens",
  inPath: { ...inPath("countTokens", false), requests: ["generateContentRequest", "generate_content_request"] },
  counts: { api: "generate", request: countedRequest, write: (tokens) => ({ totalTokens: tokens }) },
  loadCheck: async () => (await import("./check-request.ts")).checkCountRequest,
  documentation: async () => (await import("./documentation.ts")).COUNT_DOCUMENTATION,
};

/**
 * The request whose tokens are to be counted: contents alone, or a whole request, whose model is that of the path all the
 * same. https://ai.google.dev/api/tokens
 */
function countedRequest({ model, ...body }: JsonObject): JsonObject {
  const whole = objectOf(body["generateContentRequest"] ?? body["generate_content_request"]);
  return { ...(whole ?? body), model };
}
