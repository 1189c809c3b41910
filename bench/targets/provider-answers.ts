/** How the mock provider answers a chat request; the model's name in the request says which, see {@link modelOf}. */
export const ANSWERS = {
  json: "a small JSON completion",
  paced: "a stream of 64 events, one in 20 ms",
  burst: "a stream of 500 events as fast as the connection takes them",
  held: "a stream of one event in 500 ms that never ends",
  flood: "8 MB of events as fast as they are taken",
  refused: "429 with an error object and Retry-After",
  failed: "500 with an error object",
  reset: "the connection is cut instead of an answer",
  cut: "a stream that is cut within its fifth event",
  mute: "no answer at all",
  stalled: "a stream that falls silent after three events, and stays open",
} as const;
export type Answer = keyof typeof ANSWERS;

/** Events of a whole answer, without the closing `[DONE]`, of those that are a stream with an end of its own. */
export const EVENT_COUNTS: Readonly<Partial<Record<Answer, number>>> = { paced: 64, burst: 500 };
const MODEL = "gpt-4o-mini";

/** The model that asks the mock provider for this answer. */
export const modelOf = (answer: Answer): string => (answer === "json" ? MODEL : `${MODEL}-${answer}`);
const answers = new Map(Object.keys(ANSWERS).map((name) => [modelOf(name as Answer), name as Answer]));
/** The models that ask for them. */
export const MODELS = [...answers.keys()];
const SEARCHED_BYTES = 256;

/**
 * Which answer a request asks for; `undefined` if it names none of these models.
 * @param body JSON; only its beginning is looked at, or what follows its last `"model"`: a gateway that adds to a request may
 * have moved the model to behind the messages
 */
export function answerFor(body: Buffer): Answer | undefined {
  const inText = (text: string): string | undefined => /"model": ?"(?:[^"]*\/)?([^"/]+)"/.exec(text)?.[1];
  const first = inText(body.toString("latin1", 0, SEARCHED_BYTES));
  if (first !== undefined) return answers.get(first);
  const last = body.lastIndexOf('"model"');
  return last < 0 ? undefined : answers.get(inText(body.toString("latin1", last, last + SEARCHED_BYTES)) ?? "");
}
