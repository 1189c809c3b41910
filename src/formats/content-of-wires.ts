import type { JudgeContent } from "./first-content.ts";
import { judgeGenerateContent } from "./gemini/first-content.ts";
import { judgeMessagesContent } from "./messages/first-content.ts";
import { judgeOpenAiContent } from "./openai-content.ts";
import { judgeResponsesContent } from "./responses/first-content.ts";

/** What finds the first event with content in a provider's stream, by its API; in streams of other APIs every event counts. */
const JUDGES: ReadonlyMap<string, JudgeContent> = new Map([
  ["chat", judgeOpenAiContent],
  ["messages", judgeMessagesContent],
  ["responses", judgeResponsesContent],
  ["generate", judgeGenerateContent],
]);

/** @param api a provider's */
export const contentOfWire = (api: string): JudgeContent | undefined => JUDGES.get(api);
