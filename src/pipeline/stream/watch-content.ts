import type { JudgeContent } from "../../formats/first-content.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import { createContentSearch } from "./await-content.ts";

/**
 * Watches over a stream whose first content has a deadline, and tells its call when it has come: with an event that says
 * something of the answer, or that it has failed. Comments, pings, and events that only name a role, say nothing.
 * @param format if it cannot tell, whatever comes says something
 * @param isArray the stream is one JSON array
 * @returns takes the bytes of the stream as they come; undefined if the call has no such deadline, so that no stream pays for it
 */
export function watchContent(
  call: Pick<UpstreamCall, "awaitsContent" | "contentBegan">,
  format: { readonly contentOf?: JudgeContent | undefined },
  isArray: boolean,
): ((bytes: Uint8Array) => void) | undefined {
  if (!call.awaitsContent) return undefined;
  const search = createContentSearch(format, isArray);
  return (bytes) => {
    if (call.awaitsContent && search(bytes) !== undefined) call.contentBegan();
  };
}
