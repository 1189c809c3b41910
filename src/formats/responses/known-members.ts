import type { JsonObject } from "../../core/json/parse.ts";
import { textOf } from "../../core/json/values.ts";
import { always, byMember, type ChooseKnown, known, type KnownMembers, unknownMembers } from "../form/known-members.ts";

/** What items of answers have, and what libraries add to them: clients send it back, and it says nothing more. */
const ECHOES = ["type", "id", "status", "created_by", "parsed", "parsed_arguments", "logprobs"];

const TEXT = known(["text", "annotations", "prompt_cache_breakpoint", ...ECHOES]);

const PARTS = byMember("type", {
  input_text: TEXT,
  text: TEXT,
  summary_text: TEXT,
  output_text: TEXT,
  refusal: known(["refusal", ...ECHOES]),
  input_image: known(["detail", "file_id", "prompt_cache_breakpoint", ...ECHOES], {
    image_url: always(known(["url", "detail"])),
  }),
  input_file: known(["filename", "file_data", "file_url", "file_id", "prompt_cache_breakpoint", ...ECHOES]),
  input_audio: known(["prompt_cache_breakpoint", ...ECHOES], { input_audio: always(known(["data", "format"])) }),
});

/** Who calls: the model itself unless more is said. */
const CALLER = always(known(["type"]));

const RESULT = known(["call_id", "name", "namespace", ...ECHOES], { output: PARTS, caller: CALLER });

/** Items of other types are told as a whole. */
const ITEMS: ReadonlyMap<string, KnownMembers> = new Map(
  Object.entries({
    // What it says of its phase is told where it is read.
    message: known(["role", "phase", ...ECHOES], { content: PARTS }),
    reasoning: known(["summary", "content", "encrypted_content", ...ECHOES]),
    function_call: known(["call_id", "name", "namespace", "arguments", ...ECHOES], { caller: CALLER }),
    custom_tool_call: known(["call_id", "name", "namespace", "input", ...ECHOES], { caller: CALLER }),
    local_shell_call: known(["call_id", "action", ...ECHOES]),
    function_call_output: RESULT,
    custom_tool_call_output: RESULT,
    local_shell_call_output: RESULT,
  }),
);

const itemOf: ChooseKnown = (item) => ITEMS.get(textOf(item["type"]) ?? ("role" in item ? "message" : ""));

const CHOSEN = known(["type", "name", "namespace"], {
  function: always(known(["name"])),
  custom: always(known(["name"])),
});

const CHOICE = known([...CHOSEN.names, "mode"], { ...Object.fromEntries(CHOSEN.within), tools: always(CHOSEN) });

/** Members of items, of their parts, and of the choice of a tool, that nobody reads. */
export const unreadOfTurns = (body: JsonObject): readonly string[] => [
  ...unknownMembers(body["instructions"], "instructions", itemOf),
  ...unknownMembers(body["input"], "input", itemOf),
  ...unknownMembers(body["tool_choice"], "tool_choice", always(CHOICE)),
];
