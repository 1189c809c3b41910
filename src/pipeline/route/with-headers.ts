import type { JudgedAnswer, Reply } from "../attempt/attempt.ts";

/** The same answer, of which the gateway says more. */
export const withHeaders = (
  { response, call, usageInjected, usage, headers: told, judged: before }: Reply,
  headers: Readonly<Record<string, string>>,
  judged: JudgedAnswer | undefined = before,
): Reply => ({ response, call, usageInjected, usage, headers: told ? { ...told, ...headers } : headers, judged });
