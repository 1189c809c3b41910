import { type Completion, CREATED_SECONDS } from "./completion.ts";

const describe = ({ id, model }: Completion, choices: readonly object[]) => ({
  id: id.replace("chatcmpl", "cmpl"),
  object: "text_completion",
  created: CREATED_SECONDS,
  model,
  choices,
});

const choice = (text: string, finishReason: string | null) => ({
  index: 0,
  text,
  logprobs: null,
  finish_reason: finishReason,
});

/** A completion as the answer of OpenAI's older API. https://platform.openai.com/docs/api-reference/completions/object */
export function toTextCompletion(completion: Completion): object {
  const { words, finishReason, usage } = completion;
  return { ...describe(completion, [choice(words.join(""), finishReason)]), usage };
}

/** The same as the events of a stream. */
export function toTextEvents(completion: Completion, includesUsage: boolean): string[] {
  const { words, finishReason, usage } = completion;
  const chunks = [
    ...words.map((word) => describe(completion, [choice(word, null)])),
    describe(completion, [choice("", finishReason)]),
    ...(includesUsage ? [{ ...describe(completion, []), usage }] : []),
  ];
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"];
}
