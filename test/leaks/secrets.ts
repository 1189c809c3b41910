import { SPELLING_NAMES, SPELLINGS } from "./spellings.ts";

/** In every secret of these tests, so that a part of one is found too. */
const MARK = "LEAK";

/** What must stay where it is, each unlike the others, with characters that software likes to escape. */
export const SECRETS = {
  openAiKey: 'sk-LEAK-one/a+b=c"d&e',
  anthropicKey: "sk-ant-LEAK-two_77e1-0451",
  staticKey: "client-LEAK-three/9+8=7",
  wrongToken: "LEAK-four-0123456789.wrong.token",
  cookie: "LEAK-five-session-0123",
  queryKey: "LEAK-six-key-in-a-query",
  prompt: 'LEAK seven: the launch code is "0451" & nobody else knows',
  toolArguments: '{"password":"LEAK-eight-hunter2"}',
  proxyPassword: "LEAK-nine/pr0xy+pass",
  mcpToken: "LEAK-ten-mcp/token+1=",
  urlPassword: "LEAK-eleven-url-pass",
  clientSecret: "LEAK-twelve-client-secret",
} as const;

/** Every three bytes are four characters, so a secret within a longer text has one of three spellings. */
function base64Spellings(secret: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.from("x".repeat(shift) + secret).toString("base64");
    const whole = encoded.slice(shift === 0 ? 0 : 4, Math.floor((shift + secret.length) / 3) * 4);
    return [whole, whole.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

const NEEDLES = Object.entries(SECRETS).flatMap(([name, secret]) =>
  [...SPELLING_NAMES.map((spelling) => SPELLINGS[spelling](secret)), ...base64Spellings(secret)].map(
    (needle) => [name, needle.toLowerCase()] as const,
  ),
);

/** The names of the secrets that stand in a text, whole in any spelling, or in part. */
export function findSecrets(text: string): string[] {
  const lower = text.toLowerCase();
  const found = new Set(NEEDLES.flatMap(([name, needle]) => (lower.includes(needle) ? [name] : [])));
  const place = text.indexOf(MARK);
  if (found.size === 0 && place >= 0) found.add(`part of one: ${text.slice(place - 40, place + 40)}`);
  return [...found];
}
