import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { Script } from "../fixtures/script.ts";
import { type AbuseCase, numbered, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { WIDE_SHAPES } from "./json-shapes.ts";
import { answerOf } from "./provider-answer.ts";

const MIB = 1024 * 1024;
const KIB = 1024;
/** As many providers as there are lists to be read: one that has been read is remembered. */
const LISTS = 40;
let listed = 0;

const asking = (provider: string): Uint8Array => requestBytes("GET", `/v1/models?provider=${provider}`);

const list = (before: string, entry: (index: number) => string, entryBytes: number, after: string) => (bytes: number) =>
  Buffer.concat([Buffer.from(before), numbered(bytes / entryBytes, entry), Buffer.from(after)]);
const model = (index: number): string => `{"id":"model-${index}"}`;

/** Lists of models that are odd in one way. */
const SHAPES: readonly (readonly [name: string, body: (bytes: number) => Uint8Array])[] = [
  ["many models", list('{"data":[', model, 20, "]}")],
  ["many equal models", list('{"data":[', () => '{"id":"m"}', 11, "]}")],
  ["many models without a name", list('{"data":[', () => "{}", 3, "]}")],
  ["a long name", (bytes) => Buffer.from(`{"data":[{"id":"${"n".repeat(bytes)}"}]}`)],
  ["many long names", list('{"data":[', (index) => `{"id":"${index}${"n".repeat(4000)}"}`, 4020, "]}")],
  ["a model of many keys", list('{"data":[{"id":"m",', (index) => `"key ${index}":0`, 16, "}]}")],
  [
    "a deep model",
    (bytes) => Buffer.from(`{"data":[{"id":"m","x":${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}}]}`),
  ],
  ["models that nothing ends", (bytes) => repeated('{"data":[', bytes)],
  ...WIDE_SHAPES.map(
    ({ name, members }) =>
      [
        name,
        (bytes: number) =>
          Buffer.concat([
            Buffer.from('{"data":['),
            repeated("0,", 2),
            Buffer.from("0],"),
            members(bytes),
            Buffer.from("}"),
          ]),
      ] as const,
  ),
];

describeCases(
  "a list of models costs what it weighs",
  SHAPES.map(([name, body]): AbuseCase => ({
    name,
    size: 1.5 * MIB,
    build(bytes) {
      const content = body(bytes);
      const script = answerOf(content);
      listed += 1;
      const requests = [asking(`list${listed % LISTS}`)];
      return { requests, answer: () => script, bytes: content.length };
    },
    statuses: [200, 502, 504],
  })),
  {
    settings: ({ url }) => ({
      CUSTOM_PROVIDERS: ["SIDE", ...Array.from({ length: LISTS }, (_, index) => `LIST${index}`)]
        .join(",")
        .toLowerCase(),
      ...Object.fromEntries(
        Array.from({ length: LISTS }, (_, index) => [`LIST${index}_API_URL`, `${url}/${index}/v1`]),
      ),
    }),
  },
);

/** A page that leads to the next, whatever was asked. */
function endlessPages(bytes: number): (request: ReceivedRequest) => Script {
  let pages = 0;
  const filler = numbered(bytes / 20, model).toString();
  return ({ target }) => {
    pages += 1;
    if (target.includes("page_size")) {
      return answerOf(Buffer.from(`{"models":[{"name":"m"}],"x":[${filler}],"next_page_token":"${pages}"}`));
    }
    return answerOf(Buffer.from(`{"data":[${filler}],"has_more":true,"last_id":"${pages}"}`));
  };
}

/** No provider has more than so many bytes of models; who sends more in pages is to be stopped there. */
const MOST_BYTES = 16 * MIB;
const MOST_PAGES = 50;

describeCases(
  "pages of models cost what they weigh",
  ["anthropic", "cohere"].map((provider) => ({
    name: `pages of ${provider} that never end`,
    size: 64 * KIB,
    build: (bytes) => ({
      requests: [asking(provider)],
      answer: endlessPages(bytes),
      bytes: Math.min(MOST_BYTES, bytes * MOST_PAGES),
    }),
    statuses: [200, 502, 504],
  })),
  { settings: ({ url }) => ({ COHERE_API_KEY: "sk-abuse", COHERE_API_URL: url }), isFresh: true },
);
