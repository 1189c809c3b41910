import type { JsonObject } from "../../core/json/parse.ts";
import { always, known, unknownMembers } from "../form/known-members.ts";

/** Where a cached prompt ends, as Anthropic and OpenAI say it. */
const CACHE = ["cache_control", "prompt_cache_breakpoint"];

/** What answers have, and what libraries add to them: clients send it back, and it says nothing more. */
const ECHOES = ["id", "index", "status", "parsed", "parsed_arguments", "logprobs", "finish_reason"];

const PART = known(
  [
    ...["type", "text", "refusal", "thinking", "annotations", "detail", "document_url", "document_name"],
    // Mistral says so whether a thought is over.
    "closed",
    ...CACHE,
    ...ECHOES,
  ],
  {
    image_url: always(known(["url", "detail"])),
    video_url: always(known(["url", "detail"])),
    input_audio: always(known(["data", "format"])),
    file: always(known(["file_data", "file_id", "filename"])),
  },
);

const FUNCTION = known(["name", "arguments", ...ECHOES]);

/** Google's signature, in its own member or in that of LiteLLM, which repeats other members there. */
const EXTRA = known([], { google: always(known(["thought_signature"])) });
const EXTRA_OF_CALL = known(["thought_signature"]);
const EXTRA_OF_MESSAGE = known(["reasoning_content", "thinking_blocks", "refusal"]);

const CALL = known(["type", ...ECHOES], {
  function: always(FUNCTION),
  custom: always(known(["name", "input"])),
  extra_content: always(EXTRA),
  provider_specific_fields: always(EXTRA_OF_CALL),
});

const MESSAGE = known(
  [
    ...["role", "name", "type", "refusal", "audio", "annotations", "tool_call_id"],
    ...["reasoning", "reasoning_content", "reasoning_details", "thinking_blocks"],
    // The last message of the assistant is gone on with anyway.
    ...["prefix", "partial"],
    ...CACHE,
    ...ECHOES,
  ],
  {
    content: always(PART),
    tool_calls: always(CALL),
    function_call: always(FUNCTION),
    extra_content: always(known([], { google: always(known(["thought"])) })),
    provider_specific_fields: always(EXTRA_OF_MESSAGE),
  },
);

const CHOSEN = known(["type", "name"], {
  function: always(known(["name"])),
  custom: always(known(["name"])),
});

const CHOICE = known(["type", "name"], {
  function: always(known(["name"])),
  custom: always(known(["name"])),
  allowed_tools: always(known(["mode"], { tools: always(CHOSEN) })),
});

/** Members of messages, of their parts and calls, and of the choice of a tool, that nobody reads. */
export const unreadOfTurns = (body: JsonObject): readonly string[] => [
  ...unknownMembers(body["messages"], "messages", always(MESSAGE)),
  ...unknownMembers(body["tool_choice"], "tool_choice", always(CHOICE)),
];
