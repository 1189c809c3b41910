import type { ForeignMember } from "../form/conversation.ts";
import type { Dialect, WireTarget } from "../form/dialect.ts";
import { readAnswer } from "./read-answer.ts";
import { readRequest } from "./read-request.ts";
import { readStream } from "./read-stream.ts";
import { writeAnswer } from "./write-answer.ts";
import { writeRequest } from "./write-request.ts";
import { writeStream } from "./write-stream.ts";

/** Of other essential members the provider keeps a state, or the answer has blocks of theirs. Citations get lost. */
const mayRepeat = ({ path, isEssential }: ForeignMember): boolean =>
  path === "inference_geo" || !(isEssential || path.endsWith(".citations"));

/** Models of other vendors on this wire are not known to, and it has no member that would ask for it. https://docs.anthropic.com/en/docs/about-claude/models/migration-guide */
const continues = ({ facts, prefill }: WireTarget): boolean =>
  prefill === undefined ? facts.takesPrefill === true : prefill === "as_is";

/** What it calls otherwise than chat does. */
const MEMBER_NAMES = new Map([
  ["annotations", "citations"],
  ["stop", "stop_sequences"],
  ["response_format", "output_config.format"],
  ["reasoning", "thinking"],
  ["parallel_tool_calls", "tool_choice.disable_parallel_tool_use"],
]);

/** Anthropic's Messages, on the way to and from the form between all formats. */
export const MESSAGES_DIALECT: Dialect = {
  memberNames: MEMBER_NAMES,
  readRequest,
  writeRequest,
  readAnswer,
  writeAnswer,
  readStream,
  writeStream,
  mayRepeat,
  continues,
};
