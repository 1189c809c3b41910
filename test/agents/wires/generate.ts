import { objectsOf, halves, namesOf, type ScriptedWire, stream } from "./wire.ts";
import { isJsonObject } from "../../../src/core/json/parse.ts";

const partsOf = (content: Readonly<Record<string, unknown>>) => objectsOf(content["parts"]);

/** Google's generateContent, with a signature on the first call of a step. */
export const GENERATE_WIRE: ScriptedWire = {
  matches: (path) => /:(?:generateContent|streamGenerateContent)$/.test(path),
  read: (body) => ({
    tools: namesOf(
      objectsOf(body["tools"]).flatMap(({ functionDeclarations }) =>
        objectsOf(functionDeclarations).map(({ name }) => name),
      ),
    ),
    custom: [],
    callsBefore: objectsOf(body["contents"]).filter((content) =>
      partsOf(content).some((part) => isJsonObject(part["functionCall"])),
    ).length,
  }),
  play(step, { id, path }) {
    const texts = (text: string | undefined, more: object) =>
      halves(text ?? "").map((piece) => ({ text: piece, ...more }));
    const calls = (step.calls ?? []).map(({ name, args }, index) => ({
      functionCall: { id: `call_${id}_${index}`, name, args },
      ...(index === 0 && { thoughtSignature: Buffer.from(`SIGNATURE${id}`).toString("base64") }),
    }));
    const parts = [...texts(step.thinking, { thought: true }), ...texts(step.text, {}), ...calls];
    const chunk = (content: readonly object[], isLast: boolean) => ({
      candidates: [{ index: 0, content: { role: "model", parts: content }, ...(isLast && { finishReason: "STOP" }) }],
      usageMetadata: {
        ...{ promptTokenCount: 1000 + id, candidatesTokenCount: 50, thoughtsTokenCount: 10 },
        totalTokenCount: 1060 + id,
      },
      modelVersion: "m",
      responseId: `r${id}`,
    });
    if (!path.includes("stream")) return Response.json(chunk(parts, true));
    return stream([...parts.map((part) => ({ data: chunk([part], false) })), { data: chunk([{ text: "" }], true) }]);
  },
};
