import type { JsonObject } from "../../core/json/parse.ts";
import { always, byMember, known, type KnownMembers, unknownMembers } from "../form/known-members.ts";

/** What whole answers have: clients send it back, and it says nothing more. */
const ECHOES = [
  ...["id", "type", "model", "usage", "container", "diagnostics", "context_management"],
  ...["stop_reason", "stop_sequence", "stop_details"],
];

const block = (...names: string[]): KnownMembers => known(["type", "cache_control", ...names]);

const TEXT = block("text", "citations", "parsed_output");

const SOURCE = known(["type", "data", "media_type", "url", "file_id", "content"]);

/** What of these is not read is told where they are. */
const MEDIA = known(["type", "cache_control", "title", "context", "citations"], { source: always(SOURCE) });

const RESULT_PARTS = byMember("type", {
  text: TEXT,
  image: MEDIA,
  document: MEDIA,
  tool_reference: block("tool_name"),
});

/** Blocks of other types are told as a whole. */
const BLOCKS = byMember("type", {
  text: TEXT,
  image: MEDIA,
  document: MEDIA,
  thinking: block("thinking", "signature"),
  redacted_thinking: block("data"),
  tool_use: block("id", "name", "input", "caller", "toolset_name"),
  tool_result: known(["type", "cache_control", "tool_use_id", "is_error"], { content: RESULT_PARTS }),
});

const MESSAGE = known(["role", ...ECHOES], { content: BLOCKS });

/** Members of messages and of their blocks that nobody reads. */
export const unreadOfTurns = (body: JsonObject): readonly string[] => [
  ...unknownMembers(body["system"], "system", BLOCKS),
  ...unknownMembers(body["messages"], "messages", always(MESSAGE)),
];
