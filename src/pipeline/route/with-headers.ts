import type { Reply } from "../attempt.ts";

/** The same answer, of which the gateway says more. */
export const withHeaders = (
  { response, call, usageInjected, usage, headers: told }: Reply,
  headers: Readonly<Record<string, string>>,
): Reply => ({ response, call, usageInjected, usage, headers: told ? { ...told, ...headers } : headers });
