import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { json } from "../fixtures/answers.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf, CALL, TEXT } from "../translation/provider-traffic.ts";
import { PROVIDERS, type TranslatingGateway } from "../translation/translating-gateway.ts";
import { KINDS, openPlace, startKeeping, type StorePlace } from "./stores.ts";

const parameters = { type: "object" as const, properties: { city: { type: "string" } } };
const TOOLS = [{ type: "function" as const, name: CALL.name, parameters, strict: false }];

describe.each(KINDS)("with %s", (kind) => {
  let place: StorePlace;
  let started: TranslatingGateway;
  let openai: OpenAI;
  beforeAll(async () => {
    place = await openPlace(kind);
    started = await startKeeping(place);
    openai = new OpenAI({ baseURL: `${started.gateway.url}/v1`, apiKey: "none", maxRetries: 0 });
  });
  afterAll(async () => {
    await started[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  /** What a provider was sent last. */
  function sent(): Record<string, unknown> {
    const call = started.takeCalls().at(-1);
    if (!call) throw new Error("nothing was sent");
    return JSON.parse(bodyText(call)) as Record<string, unknown>;
  }

  async function ask(
    request: Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, "stream">,
    streams: boolean,
  ): Promise<OpenAI.Responses.Response & { store?: boolean }> {
    const wire = request.model === `${PROVIDERS.chat}/m` ? "chat" : "messages";
    started.answerWith(() => answerOf(wire, streams));
    return streams ? openai.responses.stream(request).finalResponse() : openai.responses.create(request);
  }

  describe.each([
    ["chat", false],
    ["chat", true],
    ["messages", false],
    ["messages", true],
  ] as const)("over %s, streamed: %p", (wire, streams) => {
    const model = `${PROVIDERS[wire]}/m`;

    test("a conversation with a tool goes on from its previous response", async () => {
      const first = await ask(
        { model, input: "How is the weather?", tools: TOOLS, instructions: "Be brief." },
        streams,
      );
      expect([first.store, first.previous_response_id, first.id]).toEqual([
        true,
        null,
        expect.stringMatching(/^resp_gw[0-9a-f]{32}$/),
      ]);
      const result = { type: "function_call_output" as const, call_id: CALL.id, output: "sunny" };
      const second = await ask({ model, previous_response_id: first.id, input: [result], tools: TOOLS }, streams);
      expect(second.previous_response_id).toBe(first.id);
      started.takeCalls();
      const third = await ask({ model, previous_response_id: second.id, input: "And tomorrow?" }, streams);
      const body = sent();
      const said = JSON.stringify(body["messages"]);
      const places = ["How is the weather?", TEXT, CALL.name, "sunny", TEXT, "And tomorrow?"];
      let from = 0;
      for (const part of places) {
        const position = said.indexOf(JSON.stringify(part).slice(1, -1), from);
        expect([part, position >= 0]).toEqual([part, true]);
        from = position + 1;
      }
      // Instructions and tools are those of the last request alone; Messages wants to hear of tools that were called.
      expect(JSON.stringify(body)).not.toContain("Be brief.");
      const forgotten = [{ name: CALL.name, input_schema: { type: "object" } }];
      expect([body["tools"], body["tool_choice"]]).toEqual(
        wire === "chat" ? [undefined, undefined] : [forgotten, { type: "none" }],
      );
      expect(body["previous_response_id"]).toBeUndefined();
      // The same response can be gone on from again.
      await ask({ model, previous_response_id: first.id, input: "Another way" }, streams);
      expect(JSON.stringify(sent())).not.toContain("And tomorrow?");

      const again = await openai.responses.retrieve(third.id);
      expect([again.id, again.status, again.output_text, again.usage]).toEqual([
        third.id,
        "completed",
        TEXT,
        third.usage,
      ]);
      expect(again.output.map(({ id }) => id)).toEqual(third.output.map(({ id }) => id));
      const items = await openai.responses.inputItems.list(third.id, { order: "asc", limit: 2 });
      const all: OpenAI.Responses.ResponseItem[] = [];
      for await (const item of items) all.push(item);
      const types = all.map(({ type }) => type);
      expect(types).toEqual([
        ...["message", "message", "function_call", "function_call_output"],
        ...["message", "function_call", "message"],
      ] as typeof types);
      expect(new Set(all.map(({ id }) => id)).size).toBe(7);
      const latest = await openai.responses.inputItems.list(third.id, { limit: 1 });
      expect([latest.data[0]?.id, latest.has_more]).toEqual([all.at(-1)?.id, true]);
    });
  });

  const model = `${PROVIDERS.chat}/m`;

  test("what was deleted is gone, and so is what goes on from it", async () => {
    const first = await ask({ model, input: "one" }, false);
    const second = await ask({ model, input: "two", previous_response_id: first.id }, true);
    await openai.responses.delete(first.id);
    for (const call of [openai.responses.retrieve(first.id), openai.responses.delete(first.id)]) {
      expect(await rejectionOf(call)).toMatchObject({
        status: 404,
        code: "response_not_found",
        error: { message: `Response with id '${first.id}' not found.` },
      });
    }
    for (const { id } of [first, second]) {
      expect(await rejectionOf(ask({ model, input: "x", previous_response_id: id }, false))).toMatchObject({
        status: 400,
        code: "previous_response_not_found",
        param: "previous_response_id",
        error: { message: `Previous response with id '${first.id}' not found.` },
      });
    }
    expect((await openai.responses.retrieve(second.id)).id).toBe(second.id);
  });

  test("references to items stand for what they name", async () => {
    const first = await ask({ model, input: [{ role: "user", content: "one" }] }, true);
    const references = first.output.map(({ id }) => ({ type: "item_reference" as const, id: String(id) }));
    const result = { type: "function_call_output" as const, call_id: CALL.id, output: "sunny" };
    started.takeCalls();
    const second = await ask({ model, input: [...references, result] }, false);
    expect(JSON.stringify(sent()["messages"])).toContain(TEXT);
    const { data } = await openai.responses.inputItems.list(second.id, { order: "asc" });
    expect(data.map(({ type }) => type)).toEqual(["message", "function_call", "function_call_output"]);
    const unknown = ask({ model, input: [{ type: "item_reference", id: "msg_none" }] }, false);
    expect(await rejectionOf(unknown)).toMatchObject({ status: 404, code: "item_not_found", param: "input" });
  });

  test("store: false keeps nothing, and goes on all the same", async () => {
    const first = await ask({ model, input: "one" }, false);
    for (const streams of [false, true]) {
      const second = await ask({ model, input: "two", previous_response_id: first.id, store: false }, streams);
      expect([second.store, second.previous_response_id]).toEqual([false, first.id]);
      expect(JSON.stringify(sent())).toContain("one");
      expect(await rejectionOf(openai.responses.retrieve(second.id))).toMatchObject({ status: 404 });
    }
  });

  test("a cancellation and a second stream are refused", async () => {
    const { id } = await ask({ model, input: "one" }, false);
    expect(await rejectionOf(openai.responses.cancel(id))).toMatchObject({
      status: 400,
      error: { message: "Cannot cancel a synchronous response." },
    });
    const again = await fetch(`${started.gateway.url}/v1/responses/${id}?stream=true`);
    expect([again.status, ((await again.json()) as { error: unknown }).error]).toMatchObject([
      400,
      { param: "stream" },
    ]);
    const head = await fetch(`${started.gateway.url}/v1/responses/${id}`, { method: "HEAD" });
    expect(head.status).toBe(200);
  });

  test("what only a provider could do is refused, with what there is", async () => {
    for (const [member, value, words] of [
      ["conversation", "conv_1", "previous_response_id"],
      ["background", true, "background cannot be sent"],
      ["previous_response_id", "resp_of_a_provider", "not found"],
    ] as const) {
      const refused = await started.post("/v1/responses", { model, input: "x", [member]: value });
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(words)]);
    }
  });

  test("what was said before counts when tokens are counted", async () => {
    const first = await ask({ model, input: "x".repeat(4000) }, false);
    const request = { model, input: "two", previous_response_id: first.id };
    const counted = await (await started.post("/v1/responses/input_tokens", request)).json();
    expect((counted as { input_tokens: number }).input_tokens).toBeGreaterThan(1000);
  });

  test("a provider with the API gets what was said, and keeps what comes", async () => {
    const first = await ask({ model, input: "one" }, false);
    started.answerWith(json(200, { id: "resp_up", object: "response", output: [] }));
    started.takeCalls();
    const request = { model: `${PROVIDERS.responses}/m`, input: "two", previous_response_id: first.id };
    expect(await (await started.post("/v1/responses", request)).json()).toMatchObject({ id: "resp_up" });
    const body = sent();
    expect(body).toMatchObject({ model: "m" });
    expect(body["previous_response_id"]).toBeUndefined();
    const items = body["input"] as { id?: string }[];
    expect(items.length).toBe(4);
    // It knows none of them by its id.
    expect(items.map(({ id }) => id)).toEqual([undefined, undefined, undefined, undefined]);
    await started.post("/v1/responses", { ...request, previous_response_id: "resp_up" });
    expect(sent()).toMatchObject({ previous_response_id: "resp_up", input: "two" });
  });
});
