import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import { openSeal } from "../../../src/formats/form/seal-envelope.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { accumulateOfficially, addUp, readAll, streamOf, writeAll } from "./accumulate.ts";
import { ask, eventsOf, target } from "./samples.ts";

const answer = (...blocks: ModelAnswer["blocks"]): ModelAnswer => ({
  id: "provider-1",
  model: "m",
  blocks,
  stop: { reason: "end" },
  usage: { input: 7, output: 5, cacheRead: 3, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: 2 },
});

const SEAL = { origin: "anthropic/messages", kind: "signature", value: "s" } as const;

/** The response of a stream, after it was found to be what the official client and the whole answer say. */
function writeBothWays(given: ModelAnswer, body: JsonObject = {}, pieceLength = 3): JsonObject {
  const events = writeAll(streamOf(given, pieceLength), ask(body));
  const whole = RESPONSES_DIALECT.writeAnswer(given, ask(body));
  expect(events.at(-1)?.data["response"]).toEqual(whole);
  expect(accumulateOfficially(events)).toEqual(whole);
  expect(events.map(({ data }) => data["sequence_number"])).toEqual([...events.keys()]);
  expect(events.every(({ name, data }) => name === data["type"])).toBe(true);
  return whole;
}

describe("writing a stream", () => {
  test("has every event of every item in its order", () => {
    const events = writeAll(
      streamOf(
        answer(
          { type: "thinking", text: "Hm.", seal: SEAL },
          { type: "text", text: "Hi", annotations: [{ url: "https://e.com", title: "E", start: 0, end: 2 }] },
          { type: "text", text: "No", isRefusal: true },
          { type: "call", id: "a", name: "f", input: "{}", kind: "function" },
        ),
        9,
      ),
      ask(),
    );
    expect(events.map(({ name }) => name.replace("response.", ""))).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.annotation.added",
      "output_text.done",
      "content_part.done",
      "content_part.added",
      "refusal.delta",
      "refusal.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]);
    const added = events.filter(({ name }) => name === "response.output_item.added").map(({ data }) => data);
    expect(added.map(({ output_index }) => output_index)).toEqual([0, 1, 2]);
    expect(added.map(({ item }) => String((item as JsonObject)["id"]).split("_")[0])).toEqual(["rs", "msg", "fc"]);
  });

  test("has sources that come behind the end of their text, in the whole response as well", () => {
    const events = writeAll(
      [
        { type: "start", id: "x", model: "m" },
        { type: "open", block: 0, opened: { type: "text", isRefusal: false } },
        { type: "piece", block: 0, text: "Hi" },
        { type: "close", block: 0 },
        { type: "open", block: 1, opened: { type: "call", id: "a", name: "f", kind: "function" } },
        { type: "close", block: 1 },
        { type: "annotation", block: 0, annotation: { url: "https://e.com", title: "E", start: 0, end: 2 } },
        { type: "stop", stop: { reason: "tool" } },
      ],
      ask(),
    );
    const annotation = { type: "url_citation", url: "https://e.com", title: "E", start_index: 0, end_index: 2 };
    const added = events.find(({ name }) => name === "response.output_text.annotation.added")?.data;
    expect(added).toMatchObject({ output_index: 0, content_index: 0, annotation_index: 0, annotation });
    const output = [{ content: [{ text: "Hi", annotations: [annotation] }] }, { type: "function_call" }];
    expect(events.at(-1)?.data["response"]).toMatchObject({ output });
    expect(accumulateOfficially(events)).toMatchObject({ output });
  });

  test("starts with the first event, and writes each piece at once", () => {
    const writer = RESPONSES_DIALECT.writeStream(ask());
    const names = (event: AnswerEvent): string[] => eventsOf(writer.write(event)).map(({ name }) => name);
    expect(names({ type: "start", id: undefined, model: undefined })).toEqual([
      "response.created",
      "response.in_progress",
    ]);
    expect(names({ type: "open", block: 0, opened: { type: "text", isRefusal: false } })).toHaveLength(2);
    expect(names({ type: "piece", block: 0, text: "A" })).toEqual(["response.output_text.delta"]);
    // Its seal may come next, and goes before it.
    expect(names({ type: "open", block: 1, opened: { type: "call", id: "a", name: "f", kind: "function" } })).toEqual(
      [],
    );
    expect(names({ type: "piece", block: 0, text: "B" })).toEqual(["response.output_text.delta"]);
    expect(names({ type: "piece", block: 1, text: "{}" })).toEqual([
      "response.output_item.added",
      "response.function_call_arguments.delta",
    ]);
    expect(names({ type: "close", block: 0 }).at(-1)).toBe("response.output_item.done");
    expect(names({ type: "close", block: 1 }).at(-1)).toBe("response.output_item.done");
    expect(names({ type: "stop", stop: { reason: "tool" } })).toEqual([]);
    const [last] = eventsOf(writer.end());
    expect(last?.name).toBe("response.completed");
    expect((last?.data["response"] as JsonObject)["output"]).toMatchObject([
      { content: [{ text: "AB" }] },
      { arguments: "{}" },
    ]);
  });

  test("repeats the request and has all members", () => {
    const whole = writeBothWays(answer({ type: "text", text: "Hello" }), {
      instructions: "Be brief.",
      temperature: 0.5,
      tools: [{ type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: true }],
      tool_choice: "required",
      text: { format: { type: "json_schema", name: "x", schema: { type: "object" } } },
      reasoning: { effort: "low", summary: "auto" },
      metadata: { a: "b" },
      safety_identifier: "me",
    });
    expect(whole).toMatchObject({
      object: "response",
      status: "completed",
      model: "provider/model",
      created_at: 1_700_000_000,
      error: null,
      incomplete_details: null,
      instructions: "Be brief.",
      temperature: 0.5,
      top_p: 1,
      store: false,
      tool_choice: "required",
      tools: [{ type: "function", name: "f", description: null, strict: true }],
      text: { format: { type: "json_schema", name: "x" } },
      reasoning: { effort: "low", summary: "auto" },
      metadata: { a: "b" },
      usage: {
        input_tokens: 7,
        input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 12,
      },
    });
    expect(Object.keys(whole).toSorted()).toEqual(
      (
        "access_programs background completed_at conversation created_at error frequency_penalty id incomplete_details " +
        "instructions max_output_tokens max_tool_calls metadata model moderation object output parallel_tool_calls " +
        "presence_penalty previous_response_id prompt prompt_cache_key prompt_cache_retention reasoning " +
        "safety_identifier service_tier status store temperature text tool_choice tools top_logprobs top_p truncation " +
        "usage user"
      ).split(" "),
    );
  });

  test.each<[ModelAnswer["stop"], JsonObject]>([
    [{ reason: "end" }, { status: "completed", incomplete_details: null, completed_at: 1_700_000_000 }],
    [{ reason: "stop_sequence", sequence: "x" }, { status: "completed" }],
    [{ reason: "tool" }, { status: "completed" }],
    [{ reason: "pause" }, { status: "completed" }],
    [
      { reason: "length" },
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, completed_at: null },
    ],
    [{ reason: "context" }, { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }],
    [{ reason: "filter" }, { status: "incomplete", incomplete_details: { reason: "content_filter" } }],
    [{ reason: "error" }, { status: "failed", error: { code: "server_error" } }],
    [
      { reason: "refusal", explanation: "I can't." },
      { status: "completed", output: [{ content: [{ text: "A" }, { type: "refusal", refusal: "I can't." }] }] },
    ],
  ])("tells that it stopped by %p", (stop, members) => {
    expect(writeBothWays({ ...answer({ type: "text", text: "A" }), stop })).toMatchObject(members);
  });

  test("puts thoughts of other wires into an envelope, and gives its own as they are", () => {
    const encryptedOf = (seal: typeof SEAL | { origin: string; kind: "encrypted"; value: string }): unknown =>
      (writeBothWays(answer({ type: "thinking", text: "", seal }))["output"] as JsonObject[])[0]?.["encrypted_content"];
    expect(openSeal(String(encryptedOf(SEAL)))).toEqual(SEAL);
    expect(encryptedOf({ origin: "openai/responses", kind: "encrypted", value: "gAAA" })).toBe("gAAA");
  });

  test.each([1, 2, 3, 7, 1000])("gives a custom tool its text, in pieces of %p", (pieceLength) => {
    const patch = '*** Begin Patch\n+"quoted" \\ back\t\u00e9\u{1f600}\r\n*** End Patch';
    const body = { tools: [{ type: "custom", name: "apply_patch", format: { type: "text" } }] };
    const escaped = JSON.stringify({ input: patch }).replace("é", "\\u00e9").replace("\u{1f600}", "\\ud83d\\ude00");
    const inputs = [JSON.stringify({ input: patch }), escaped, ` {\n "input" : ${JSON.stringify(patch)} }`];
    for (const input of [...inputs, patch, JSON.stringify({ reason: "x", input: patch }), escaped.slice(0, -2)]) {
      const given = answer({ type: "call", id: "a", name: "apply_patch", input, kind: "function" });
      expect(writeBothWays(given, body, pieceLength)["output"]).toMatchObject([
        { type: "custom_tool_call", call_id: "a", name: "apply_patch", input: patch },
      ]);
    }
    const own = answer({ type: "call", id: "a", name: "apply_patch", input: patch, kind: "custom" });
    expect(writeBothWays(own, body, pieceLength)["output"]).toMatchObject([{ input: patch }]);
  });

  test("says the text of a custom tool as it comes", () => {
    const events = writeAll(
      streamOf(answer({ type: "call", id: "a", name: "p", input: '{"input":"abcdef"}', kind: "function" }), 4),
      ask({ tools: [{ type: "custom", name: "p" }] }),
    );
    const deltas = events.filter(({ name }) => name === "response.custom_tool_call_input.delta");
    expect(deltas.map(({ data }) => data["delta"])).toEqual(["ab", "cdef"]);
  });

  test("gives calls of namespaces and of the local shell in their own spelling", () => {
    const body = {
      tools: [
        { type: "local_shell" },
        { type: "namespace", name: "files", description: "", tools: [{ type: "function", name: "read" }] },
      ],
    };
    const given = answer(
      { type: "call", id: "a", name: "local_shell", input: '{"command":["ls","-l"],"timeout_ms":5}', kind: "function" },
      { type: "call", id: "b", name: "local_shell", input: '{"command":"ls -l"}', kind: "function" },
      { type: "call", id: "c", name: "files__read", input: "", kind: "function" },
      { type: "call", id: "d", name: "other", input: "{}", kind: "function" },
    );
    expect(writeBothWays(given, body)["output"]).toMatchObject([
      {
        type: "local_shell_call",
        call_id: "a",
        action: { type: "exec", command: ["ls", "-l"], timeout_ms: 5, env: {} },
      },
      { type: "local_shell_call", call_id: "b", action: { type: "exec", command: ["bash", "-lc", "ls -l"] } },
      { type: "function_call", call_id: "c", namespace: "files", name: "read", arguments: "{}" },
      { type: "function_call", call_id: "d", name: "other" },
    ] as never);
  });

  test("leaves out what only other wires have", () => {
    const opaque = { type: "opaque", format: "messages", name: "server_tool_use", value: {} } as const;
    expect(writeBothWays(answer(opaque, { type: "text", text: "A" }))["output"]).toHaveLength(1);
    expect(writeBothWays(answer())["output"]).toEqual([]);
  });

  test("fails once, with what was said so far", () => {
    const fail: AnswerEvent = { type: "fail", error: { message: "Busy", type: "overloaded_error", code: undefined } };
    const said = streamOf(answer({ type: "text", text: "Hello" }), 2).slice(0, 4);
    const events = writeAll([...said, fail, fail], ask());
    expect(events.at(-1)).toMatchObject({
      name: "response.failed",
      data: {
        response: {
          status: "failed",
          error: { code: "server_is_overloaded", message: "Busy" },
          output: [{ type: "message", status: "incomplete", content: [{ text: "Hell" }] }],
        },
      },
    });
    expect(events.filter(({ name }) => name === "response.failed")).toHaveLength(1);
    expect(accumulateOfficially(events)["status"]).toBe("failed");
    expect(writeAll([fail], ask())).toEqual([
      {
        name: "error",
        data: { type: "error", sequence_number: 0, code: "server_is_overloaded", message: "Busy", param: null },
      },
    ]);
    expect(writeAll(said, ask()).at(-1)?.name).toBe("response.failed");
  });

  test("holds no more than it has to", () => {
    const writer = RESPONSES_DIALECT.writeStream(ask());
    writer.write({ type: "start", id: undefined, model: undefined });
    writer.write({ type: "open", block: 0, opened: { type: "text", isRefusal: false } });
    const text = "x".repeat(4 * 1024 * 1024);
    const written = [1, 2, 3, 4, 5].map(() => writer.write({ type: "piece", block: 0, text }).slice(0, 40));
    expect(written[3]).toStartWith("event: response.output_text.delta");
    expect(written[4]).toStartWith("event: response.failed");
  });
});

describe("reading an answer", () => {
  const response = (members: JsonObject): JsonObject => ({
    id: "r",
    model: "m",
    status: "completed",
    output: [],
    ...members,
  });
  const stopOf = (members: JsonObject): unknown => {
    const read = RESPONSES_DIALECT.readAnswer(response(members), target());
    return "error" in read ? read.error : read.stop.reason;
  };
  const call = { type: "function_call", call_id: "a", name: "f", arguments: "{}" };
  const refused = { type: "message", content: [{ type: "refusal", refusal: "No" }] };

  test.each<[JsonObject, unknown]>([
    [{}, "end"],
    [{ output: [call] }, "tool"],
    [{ output: [refused] }, "refusal"],
    [{ output: [refused, call] }, "tool"],
    [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [call] }, "length"],
    [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "filter"],
    [
      { status: "failed", error: { code: "server_error", message: "Oh" } },
      { message: "Oh", type: undefined, code: "server_error" },
    ],
    [{ status: "cancelled" }, { message: "the response is cancelled", type: undefined, code: undefined }],
    [{ status: "queued" }, { message: "the response is queued", type: undefined, code: undefined }],
    [
      { output: undefined, status: undefined, error: { message: "Bad", type: "invalid_request_error", code: null } },
      { message: "Bad", type: "invalid_request_error", code: undefined },
    ],
  ])("understands how %p ended", (members, ended) => expect(stopOf(members)).toEqual(ended));
});

describe("reading a stream", () => {
  const read = (...events: JsonObject[]): AnswerEvent[] =>
    readAll(
      RESPONSES_DIALECT.readStream(target()),
      events.map((event) => JSON.stringify(event)),
    );
  const created = { type: "response.created", response: { id: "r", model: "m" } };
  const completed = (output: JsonObject[] = []): JsonObject => ({
    type: "response.completed",
    response: { id: "r", status: "completed", output },
  });

  test("takes items that come only in the last event", () => {
    const item = { type: "function_call", id: "fc", call_id: "a", name: "f", arguments: '{"x":1}' };
    expect(addUp(read(created, completed([item])))).toMatchObject({
      blocks: [{ type: "call", id: "a", name: "f", input: '{"x":1}' }],
      stop: { reason: "tool" },
    });
  });

  test("does not mind ids that change, nor events that it does not know", () => {
    const at = (id: string, members: JsonObject): JsonObject => ({
      output_index: 0,
      content_index: 0,
      item_id: id,
      ...members,
    });
    const message = (id: string): JsonObject => ({
      type: "message",
      id,
      content: [{ type: "output_text", text: "AB" }],
    });
    const events = read(
      created,
      { type: "response.output_item.added", output_index: 0, item: { type: "message", id: "1", content: [] } },
      { type: "keepalive" },
      at("2", { type: "response.output_text.delta", delta: "A" }),
      at("2", { type: "response.something.new" }),
      at("3", { type: "response.output_text.delta", delta: "B" }),
      { type: "response.output_item.done", output_index: 0, item: message("4") },
      completed([message("5")]),
    );
    expect(addUp(events).blocks).toEqual([{ type: "text", text: "AB" }]);
  });

  test("keeps items apart whose place is used twice", () => {
    const item = (id: string): JsonObject => ({ type: "function_call", id, call_id: id, name: "f", arguments: "" });
    const events = read(
      created,
      { type: "response.output_item.added", output_index: 0, item: item("a") },
      { type: "response.function_call_arguments.delta", output_index: 0, item_id: "a", delta: "1" },
      { type: "response.output_item.added", output_index: 0, item: item("b") },
      { type: "response.function_call_arguments.delta", output_index: 0, item_id: "b", delta: "2" },
      completed([
        { ...item("a"), arguments: "1" },
        { ...item("b"), arguments: "2" },
      ]),
    );
    expect(addUp(events).blocks).toMatchObject([
      { id: "a", input: "1" },
      { id: "b", input: "2" },
    ]);
  });

  test("puts parts of a summary a blank line apart, as the whole answer does", () => {
    const delta = (summary_index: number, text: string): JsonObject => ({
      type: "response.reasoning_summary_text.delta",
      output_index: 0,
      item_id: "rs",
      summary_index,
      delta: text,
    });
    const item = { type: "reasoning", id: "rs", summary: [{ text: "AB" }, { text: "C" }], encrypted_content: "x" };
    const last = completed([item]);
    const from = RESPONSES_DIALECT.readAnswer(last["response"] as JsonObject, target());
    const events = read(
      created,
      { type: "response.output_item.added", output_index: 0, item: { type: "reasoning", id: "rs", summary: [] } },
      delta(0, "A"),
      delta(0, "B"),
      delta(1, "C"),
      { type: "response.output_item.done", output_index: 0, item },
      last,
    );
    expect(addUp(events).blocks).toEqual("blocks" in from ? [...from.blocks] : []);
    expect(addUp(events).blocks).toMatchObject([{ text: "AB\n\nC", seal: { value: "x", id: "rs" } }]);
  });

  test.each<[string, JsonObject | string, unknown]>([
    [
      "failed",
      {
        type: "response.failed",
        response: { status: "failed", error: { code: "rate_limit_exceeded", message: "Slow" } },
      },
      { message: "Slow", type: undefined, code: "rate_limit_exceeded" },
    ],
    ["error", { type: "error", code: "x", message: "Oh", param: null }, { message: "Oh", type: undefined, code: "x" }],
    [
      "a chat provider's error",
      { error: { message: "Oh", type: "server_error", code: null } },
      { message: "Oh", type: "server_error", code: undefined },
    ],
    ["cancelled", { type: "response.completed", response: { status: "cancelled" } }, expect.anything()],
    ["no JSON", "{", expect.anything()],
  ])("fails by an event that tells of it: %s", (_, event, error) => {
    const data = typeof event === "string" ? event : JSON.stringify(event);
    const events = readAll(RESPONSES_DIALECT.readStream(target()), [
      JSON.stringify(created),
      data,
      JSON.stringify(completed()),
    ]);
    expect(events.slice(1)).toEqual([{ type: "fail", error }] as AnswerEvent[]);
  });
});
