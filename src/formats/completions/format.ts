import type { Format } from "../format.ts";
import { judgeOpenAiContent } from "../openai-content.ts";
import { checkModelAndStream } from "../required-members.ts";
import { OpenAiStream } from "../openai-stream.ts";
import { KEEP_ALIVE_COMMENT } from "../stream-watch.ts";

/**
 * OpenAI's Completions, which editors use to fill in code: `prompt`, and `suffix` for what follows.
 * https://platform.openai.com/docs/api-reference/completions
 */
export const COMPLETIONS: Format = {
  api: "completions",
  notSupported: "completions_not_supported",
  checkRequired: checkModelAndStream,
  loadCheck: async () => (await import("./check-request.ts")).checkCompletionRequest,
  hasStreamOptions: true,
  usageAtStart: false,
  watchStream: () => new OpenAiStream(),
  contentOf: judgeOpenAiContent,
  keepAlive: KEEP_ALIVE_COMMENT,
  documentation: async () => (await import("./documentation.ts")).COMPLETIONS_DOCUMENTATION,
};
