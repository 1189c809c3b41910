import { type AbuseCase, numbered, postJson, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { CHAT_PATH } from "./measured-gateway.ts";

const BODY = '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}';
const KIB = 1024;

/** A head may take 32 KiB: the larger size is just below it, and one of each kind far beyond it. */
const FITTING = 7 * KIB;
const BEYOND = 256 * KIB;

interface HeadShape {
  readonly name: string;
  readonly target?: (bytes: number) => string;
  readonly fields?: (bytes: number) => readonly string[];
}

const SHAPES: readonly HeadShape[] = [
  { name: "many fields", fields: (bytes) => Array.from({ length: bytes / 12 }, (_, index) => `x-${index}: v`) },
  { name: "many equal fields", fields: (bytes) => Array.from({ length: bytes / 8 }, () => "a: bcd") },
  {
    name: "many values that a provider may see",
    fields: (bytes) => Array.from({ length: bytes / 22 }, () => "openai-beta: feature"),
  },
  { name: "a long value", fields: (bytes) => [`x-long: ${"v".repeat(bytes)}`] },
  { name: "a long token", fields: (bytes) => [`authorization: Bearer ${"t".repeat(bytes)}`] },
  { name: "a long request id", fields: (bytes) => [`x-request-id: ${"r".repeat(bytes)}`] },
  { name: "many commas in a list", fields: (bytes) => [`connection: ${"a,".repeat(bytes / 2)}close`] },
  { name: "many media ranges", fields: (bytes) => [`accept: ${"a/b;q=0.1,".repeat(bytes / 10)}*/*`] },
  { name: "many encodings", fields: (bytes) => [`content-encoding: ${"gzip,".repeat(bytes / 5)}gzip`] },
  { name: "a long name of a field", fields: (bytes) => [`${"n".repeat(bytes)}: v`] },
  { name: "a long path", target: (bytes) => `/v1/${"p".repeat(bytes)}` },
  { name: "many segments", target: (bytes) => `/proxy/openai/${"s/".repeat(bytes / 2)}` },
  { name: "many dots", target: (bytes) => `/proxy/openai/${"../".repeat(bytes / 3)}` },
  { name: "many slashes", target: (bytes) => `/proxy/openai${"/".repeat(bytes)}` },
  { name: "many escapes", target: (bytes) => `/proxy/openai/${"%2e%25".repeat(bytes / 6)}` },
  { name: "many query parameters", target: (bytes) => `${CHAT_PATH}?${numbered(bytes / 8, (n) => `q${n}=1`, "&")}` },
  { name: "a provider said many times", target: (bytes) => `${CHAT_PATH}?${"provider=openai&".repeat(bytes / 16)}` },
  { name: "a long name of a provider", target: (bytes) => `${CHAT_PATH}?provider=${"p".repeat(bytes)}` },
  { name: "a long name of a provider to proxy to", target: (bytes) => `/proxy/${"p".repeat(bytes)}/x` },
  { name: "a long name of a model", target: (bytes) => `/v1/models/${"m/".repeat(bytes / 2)}` },
  { name: "many things to include", target: (bytes) => `/v1/models?include=${"pricing,".repeat(bytes / 8)}pricing` },
];

function caseOf({ name, target, fields }: HeadShape, size: number, suffix: string): AbuseCase {
  return {
    name: `${name}${suffix}`,
    size,
    build(bytes) {
      const path = target?.(bytes) ?? CHAT_PATH;
      const extra = fields?.(bytes) ?? [];
      const isPost = path.startsWith(CHAT_PATH);
      const request = isPost ? postJson(path, BODY, extra) : requestBytes("GET", path, undefined, extra);
      return { requests: Array<Uint8Array>(8).fill(request), bytes: request.length * 8 };
    },
    statuses: [0, 200, 400, 404, 413, 414, 415, 431],
  };
}

describeCases("the head of a request costs what it weighs", [
  ...SHAPES.map((shape) => caseOf(shape, FITTING, "")),
  ...SHAPES.map((shape) => caseOf(shape, BEYOND, ", too long")),
]);
