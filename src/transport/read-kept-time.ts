import type { AnswerHeaders } from "./transport.ts";

const SECONDS = /(?:^|[\s,])timeout *= *"?(\d+)/i;

/**
 * For how long a server keeps a connection that carries nothing, in milliseconds; Infinity where it does not tell.
 * https://www.rfc-editor.org/rfc/rfc2068#section-19.7.1.1
 */
export function readKeptTime(headers: AnswerHeaders): number {
  const told = headers.get("keep-alive");
  const seconds = told && SECONDS.exec(told)?.[1];
  return seconds ? Number(seconds) * 1000 : Number.POSITIVE_INFINITY;
}
