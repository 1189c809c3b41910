import { type AbuseCase, GROWTH, postGzip, postJson, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { JSON_SHAPES, type JsonShape, SOME_SHAPES, WIDE_SHAPES } from "./json-shapes.ts";

const TARGET = "/proxy/openai/v1/chat/completions";
const MIB = 1024 * 1024;
const MODEL = Buffer.from(',"model":"gpt-4o"}');

/** Shapes through the proxy: as they are, or read where a policy has to find the model in them. */
function shapes(given: readonly JsonShape[], isRead: boolean, isGzip: boolean): AbuseCase[] {
  return given.map(({ name, members }) => ({
    name: isGzip ? `${name}, gzipped` : name,
    size: MIB / 4,
    build(bytes) {
      const body = Buffer.concat([Buffer.from("{"), members(bytes), MODEL]);
      const request = isGzip ? postGzip(TARGET, body) : postJson(TARGET, body);
      return { requests: [request], bytes: body.length };
    },
    // What a policy cannot read it refuses; without one nothing of a body is looked at.
    statuses: isRead ? [200, 400, 403] : [200],
  }));
}

const BOUNDARY = "content-type: multipart/form-data; boundary=b";

/** A form whose parts are many, or have many fields, or are long. */
const FORMS = [
  ["many parts", '--b\r\ncontent-disposition: form-data; name="f"\r\n\r\nv\r\n'],
  ["many models in a form", '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ngpt-4o\r\n'],
  ["many fields of a part", "x: y\r\n"],
  ["many boundaries", "--b\r\n"],
  ["many beginnings of a boundary", "\r\n--"],
] as const;

const LAST_PART = '\r\n--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ngpt-4o\r\n--b--\r\n';

function forms(isRead: boolean): AbuseCase[] {
  return FORMS.map(([name, part]) => ({
    name,
    size: MIB / 2,
    build(bytes) {
      const body = Buffer.concat([Buffer.from("--b\r\n"), repeated(part, bytes), Buffer.from(LAST_PART)]);
      return { requests: [requestBytes("POST", TARGET, body, [BOUNDARY])], bytes: body.length };
    },
    statuses: isRead ? [200, 400, 403] : [200],
  }));
}

/** The runtime takes up to 5.8 MB from a socket before it returns to the loop, at 45 to 110 ns for each chunk, and no more. */
const CHUNKS_TURN_MS = 150;

/** A body in chunks as small as can be. */
const chunks: AbuseCase = {
  name: "a body in chunks of one byte",
  size: MIB / GROWTH,
  build(bytes) {
    const fields = ["content-type: application/octet-stream", "transfer-encoding: chunked"];
    const head = requestBytes("POST", TARGET, undefined, fields);
    const request = Buffer.concat([head, repeated("1\r\nx\r\n", bytes * 6), Buffer.from("0\r\n\r\n")]);
    return { requests: [request], bytes: request.length, turnMs: CHUNKS_TURN_MS };
  },
  statuses: [200, 400, 403],
};

/** JSON of which the beginning has to be looked for. */
const space: AbuseCase = {
  name: "white space before an object",
  size: MIB,
  build(bytes) {
    const body = Buffer.concat([repeated(" \n", bytes), Buffer.from('{"model":"gpt-4o"}')]);
    return { requests: [requestBytes("POST", TARGET, body, ["content-type: text/plain"])], bytes: body.length };
  },
  statuses: [200],
};

describeCases("a body that is proxied costs what it weighs", [
  ...shapes(SOME_SHAPES, false, false),
  ...forms(false),
  chunks,
]);

describeCases(
  "a body that is proxied under a policy costs what it weighs",
  [
    ...shapes([...JSON_SHAPES, ...WIDE_SHAPES], true, false),
    ...shapes(SOME_SHAPES, true, true),
    ...forms(true),
    chunks,
    space,
  ],
  { settings: () => ({ ALLOWED_MODELS: "openai/gpt-4o,side/m" }) },
);
