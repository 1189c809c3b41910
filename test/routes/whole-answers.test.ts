import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chunk, end, head } from "../fixtures/script.ts";
import { CHAT, POST_ROUTES, SMALLEST } from "./requests.ts";
import { KEY, type StartedGateway, startBesideProvider } from "./started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider();
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const COMPLETION = {
  id: "c",
  object: "chat.completion",
  choices: [
    { index: 0, message: { role: "assistant", content: '"error": {"code": 1}, "base_resp"' }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const WHOLE = JSON.stringify(COMPLETION);

async function ask(body: string | Uint8Array, type = "application/json", path: string = "/v1/chat/completions") {
  const { length } = Buffer.from(body);
  started.answerWith([head(200, { "content-type": type, "content-length": String(length) }), chunk(body), end()]);
  const response = await started.post(path, path in SMALLEST ? SMALLEST[path as keyof typeof SMALLEST] : CHAT);
  // A mark of the byte order stays.
  const text = Buffer.from(await response.arrayBuffer()).toString();
  const id = response.headers.get("x-request-id");
  const line = await started.gateway.logged((each) => each["request_id"] === id);
  return { status: response.status, text, line };
}

/** The message and the code of an error, in whichever envelope. */
function errorOf(text: string): { message: string; code?: string } {
  const value = JSON.parse(text) as { error: string | { message: string; code?: string }; code: string };
  return typeof value.error === "string" ? { message: value.error, code: value.code } : value.error;
}

/** What is no JSON object, with what is said of it. */
const NO_ANSWERS = [
  ["an HTML page", "<!doctype html><html><head><title>Sign in</title></head></html>", "a page (Sign in)"],
  ["white space", " \r\n\t ", "nothing but white space"],
  ["an array", ' [{"choices":[]}]', "a JSON array"],
  ["text", "upstream busy", "text"],
  ["a JSON text", '"done"', "text"],
  ["null", "null", "text"],
  ["a cut object", WHOLE.slice(0, 60), "not valid or not complete"],
  ["an object that is cut behind a brace", '{"choices":[{"message":{"content":"hi"}}', "not valid or not complete"],
  ["two objects", '{"a":1}\n{"b":2}', "not valid or not complete"],
  ["no JSON between braces", "{choices: 1}", "not valid or not complete"],
] as const;

describe("what is no JSON object is 502", () => {
  test.each(NO_ANSWERS)("%s", async (_, body, said) => {
    for (const path of POST_ROUTES) {
      const { status, text, line } = await ask(body, "application/json", path);
      expect([path, status]).toEqual([path, 502]);
      expect(errorOf(text).message).toContain(said);
      if (!path.startsWith("/v1/messages")) expect(errorOf(text).code).toBe("upstream_invalid_response");
      expect(line).toMatchObject({ status: 502, outcome: "failed", failure: "upstream_invalid_response" });
    }
  });

  test("whatever it is called", async () => {
    expect((await ask("<html>", "text/html")).status).toBe(502);
    expect((await ask(WHOLE, "text/plain")).text).toBe(WHOLE);
  });

  test("a page that repeats the provider's key does not carry it out", async () => {
    const { status, text } = await ask(`<html><title>denied ${KEY}</title>`);
    expect([status, text.includes(KEY)]).toEqual([502, false]);
  });
});

/** Errors that came with status 200, with their messages. */
const ERRORS = [
  ['{"error":{"code":429}}', "code 429"],
  ['{"error": {"message":"no", "type":"t"}}', "no"],
  ['{"error":"overloaded"}', "overloaded"],
  ['{"error":["a"]}', "a"],
  ['{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"},"choices":null}', "insufficient balance"],
  [
    '{"choices":[],"usage":{"prompt_tokens":3,"total_tokens":3},"base_resp":{"status_code":1004,"status_msg":"key"}}',
    "key",
  ],
  ['{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded"],
  ['{"object":"error","message":"too long","code":40303}', "too long"],
  ['{"code":500,"msg":"404 NOT_FOUND","success":false}', "404 NOT_FOUND"],
  ['{"success":false,"errors":[{"code":7000,"message":"No route"}],"result":null}', "No route"],
  ['{"code":20012,"message":"Model does not exist","data":null}', "Model does not exist"],
  ['{"error_code":336003,"error_msg":"role"}', "role"],
  ['{"detail":"Not Found"}', "Not Found"],
  ['{"choices":[{"index":0,"error":{"code":502,"message":"provider died"},"finish_reason":"error"}]}', "provider died"],
  ['{"Error":{"Message":"cap"}}', "cap"],
  ['{"ErrorCode":5,"ErrorMsg":"em"}', "em"],
  ['{"statusCode":500,"message":"boom","data":null}', "boom"],
  ['{"ok":false,"reason":"quota"}', "quota"],
  ['{"status":"failed","description":"gone"}', "gone"],
  ['{"message":"Unauthorized"}', "Unauthorized"],
  ['{"choices":[],"err":"late"}', "late"],
  ['{"detail":[{"loc":["body",{"toString":1}],"msg":"m"}]}', "body: m"],
  ['{"Response":{"Error":{"Code":"A","Message":"tencent"}}}', "tencent"],
  [
    '{"id":"r","object":"response","status":"failed","error":{"code":"server_error","message":"sorry"},"output":[],"usage":null}',
    "sorry",
  ],
] as const;

describe("an error with status 200 passes byte for byte and is recorded as failed", () => {
  test.each(ERRORS)("%s", async (body, message) => {
    for (const path of POST_ROUTES) {
      const { status, text, line } = await ask(body, "application/json", path);
      expect([path, status, text]).toEqual([path, 200, body]);
      expect(line).toMatchObject({ status: 200, outcome: "failed", failure: "provider_error", cause: message });
    }
  });

  test("but for the provider's key", async () => {
    const { status, text, line } = await ask(`{"error":{"message":"bad key ${KEY}"}}`);
    expect([status, text]).toEqual([200, '{"error":{"message":"bad key ***"}}']);
    expect(JSON.stringify(line)).not.toContain(KEY);
  });
});

describe("an answer stays one", () => {
  test.each([
    WHOLE,
    ` \n${WHOLE}\r\n`,
    `\ufeff${WHOLE}`,
    JSON.stringify({ ...COMPLETION, error: null, base_resp: { status_code: 0, status_msg: "success" } }),
    JSON.stringify({ ...COMPLETION, usage: undefined, error: {}, errors: [], code: 0, message: "Success" }),
    JSON.stringify({ ...COMPLETION, usage: undefined, success: true, detail: null }),
    '{"id":"r","object":"response","error":null,"status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1}}',
    '{"id":"r","object":"response","error": null,"status":"queued","output":[]}',
    '{"type":"message","content":[{"type":"tool_use","input":{"error":{"code":1}}}],"usage":{"input_tokens":1,"output_tokens":1}}',
    '{"input_tokens":0}',
    '{"id":"r","object":"response.deleted","deleted":true}',
    '{"id":"r","object":"response","status":"incomplete","incomplete_details":{"reason":"x"},"output":[]}',
    '{"message":{"role":"assistant","content":"hi"},"done":true}',
    '{"response":"hi","statusCode":200,"ok":true,"code":0}',
    '{"object":"list","data":[{"embedding":[1.0]}]}',
    "{}",
    `{"choices":[${'{"message":{"content":"x"}},'.repeat(4000)}null]}`,
  ])("%#", async (body) => {
    const { status, text, line } = await ask(body);
    expect([status, text === body]).toEqual([200, true]);
    expect(line).toMatchObject({ outcome: "answered" });
    expect(line).not.toHaveProperty("failure");
  });
});
