const MAX_ECHO_WORDS = 20;
const MAX_ECHO_CHARACTERS = 160;
const MAX_RESULT_CHARACTERS = 1_000;

/** What a tool that was called gave back. */
export interface ToolOutcome {
  readonly name: string;
  readonly text: string;
}

/** Composes the answer to a message without a tool: says who answers, repeats the user's words in short, tells what to try next. */
export function composeAnswer(message: string): string {
  const echo = shorten(message);
  const said = echo === "" ? "You sent no text." : `You said: “${echo}”.`;
  return (
    `Hello, this is the gateway's demo provider. ${said} No language model is at work here, so the same question always gets the same answer. ` +
    "Next, send me a tool such as get_weather and ask “What is the weather in Paris?”, " +
    "or set a real provider's key, for example OPENAI_API_KEY, and ask one of its models."
  );
}

/** Composes the answer that follows tool calls: names each tool and gives its text, a long one cut. */
export function composeToolAnswer(outcomes: readonly ToolOutcome[]): string {
  return outcomes
    .map(({ name, text }) => {
      const shown = cut(text.trim(), MAX_RESULT_CHARACTERS);
      if (shown === "") return `The tool ${name} answered with no text.`;
      return shown.startsWith("Error: ") ? `The tool ${name} failed. ${shown}` : `The tool ${name} answered: ${shown}`;
    })
    .join("\n");
}

/** Composes the answer where the gateway offers tools and none of them fits the message. */
export function composeNoToolAnswer(message: string): string {
  return `I looked through the tools of the connected MCP servers and found none for this. ${composeAnswer(message)}`;
}

function shorten(message: string): string {
  const words = message.trim().split(/\s+/, MAX_ECHO_WORDS + 1);
  const short = words.slice(0, MAX_ECHO_WORDS).join(" ");
  return words.length > MAX_ECHO_WORDS ? `${cut(short, MAX_ECHO_CHARACTERS - 1)} …` : cut(short, MAX_ECHO_CHARACTERS);
}

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  // A cut between two surrogates would leave half a character.
  return `${text.slice(0, characters).replace(/[\uD800-\uDBFF]$/u, "")}…`;
}
