import { FinishReason, type GenerateContentResponse, GoogleGenAI, type Part } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { WIRES } from "../../src/formats/wires.ts";
import { json } from "../fixtures/answers.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf, CALL, TEXT, USAGE } from "../translation/provider-traffic.ts";
import { PROVIDERS, startTranslating, type TranslatingGateway } from "../translation/translating-gateway.ts";

/** The wires of other clients; the one of this API is relayed. */
const OTHERS = ["chat", "messages", "responses"] as const satisfies readonly (typeof WIRES)[number][];

let started: TranslatingGateway;
let google: GoogleGenAI;
beforeAll(async () => {
  started = await startTranslating({}, { dialects: DIALECTS });
  google = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: started.gateway.url } });
});
afterAll(() => started[Symbol.asyncDispose]());

const tools = [
  {
    functionDeclarations: [
      { name: CALL.name, parametersJsonSchema: { type: "object", properties: { city: { type: "string" } } } },
    ],
  },
];

const partsOf = ({ candidates }: GenerateContentResponse): Part[] => candidates?.[0]?.content?.parts ?? [];

/** What a client adds up from the parts of an answer, or of the chunks of one. */
function understand(answers: readonly GenerateContentResponse[]) {
  const parts = answers.flatMap(partsOf);
  const last = answers.at(-1);
  return {
    text: parts.map(({ text, thought }) => (thought ? "" : (text ?? ""))).join(""),
    calls: parts.flatMap(({ functionCall }) => functionCall ?? []),
    finish: answers.flatMap(({ candidates }) => candidates?.[0]?.finishReason ?? []),
    usage: last?.usageMetadata,
    model: last?.modelVersion,
  };
}

describe.each(OTHERS)("Google's client on a provider of %s", (wire) => {
  const request = { model: `${PROVIDERS[wire]}/m`, contents: "How is the weather?", config: { tools } };

  test.each([false, true])("understands an answer (stream: %p), and goes on with its call", async (streams) => {
    started.answerWith(answerOf(wire, streams));
    const answers: GenerateContentResponse[] = [];
    if (streams) for await (const chunk of await google.models.generateContentStream(request)) answers.push(chunk);
    else answers.push(await google.models.generateContent(request));
    expect(understand(answers)).toEqual({
      text: TEXT,
      calls: [{ id: CALL.id, name: CALL.name, args: CALL.input }],
      finish: [FinishReason.STOP],
      usage: expect.objectContaining({
        promptTokenCount: USAGE.input,
        candidatesTokenCount: USAGE.output,
        totalTokenCount: USAGE.input + USAGE.output,
        cachedContentTokenCount: USAGE.cached,
      }),
      model: request.model,
    });
    started.takeCalls();

    const contents = [
      { role: "user", parts: [{ text: "How is the weather?" }] },
      ...answers.map((answer) => ({ role: "model", parts: partsOf(answer) })),
      { role: "user", parts: [{ functionResponse: { id: CALL.id, name: CALL.name, response: { output: "sunny" } } }] },
    ];
    started.answerWith(answerOf(wire, false));
    await google.models.generateContent({ ...request, contents });
    const [call] = started.takeCalls();
    const sent = call ? bodyText(call) : "";
    for (const said of ["Hello", CALL.id, "sunny"]) expect(sent).toContain(said);
  });

  test("reads an error with its status", async () => {
    started.answerWith(
      json(429, { error: { message: "slow down", type: "rate_limit_error" } }, { "retry-after": "7" }),
    );
    const error = await google.models.generateContent(request).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ApiError", status: 429 });
    expect(String(error)).toContain("RESOURCE_EXHAUSTED");
    expect(String(error)).toContain('"retryDelay":"7s"');
  });
});
