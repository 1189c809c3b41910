import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { json } from "../fixtures/answers.ts";
import { answerOf } from "./dialogues.ts";
import { startRouted } from "./routed-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const FAST = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };
const PATH = "/v1/responses";
const folder = scratchFolder("routed");
let files = 0;
const store = () => ({ RESPONSES_STORE: "sqlite", RESPONSES_STORE_PATH: join(folder, `${files++}.db`) });

describe("responses that the gateway keeps", () => {
  test("go on by a name, whoever answers", async () => {
    await using rig = await startRouted([FAST], { left: "chat", right: "messages" }, store());
    rig.left.answer(json(500, {}));
    rig.right.answer(answerOf("messages", false));
    const first = await rig.post(PATH, { model: "fast", input: "hi" });
    const { id } = (await first.json()) as { id: string };
    expect([first.status, first.headers.get("x-selected-provider")]).toEqual([200, "right"]);
    rig.left.answer(answerOf("chat", true));
    const second = await rig.post(PATH, { model: "fast", input: "and?", previous_response_id: id, stream: true });
    expect([second.status, (await second.text()).includes("response.completed")]).toEqual([200, true]);
    const { messages } = JSON.parse(Buffer.from(rig.left.requests.at(-1)?.body ?? []).toString());
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant", "user"]);
  });

  test("are not asked of a provider that would keep them itself", async () => {
    await using rig = await startRouted([FAST], { left: "chat", right: "responses" }, store());
    rig.left.answerAlways(() => json(500, { error: { message: "down" } }));
    const response = await rig.post(PATH, { model: "fast", input: "hi" });
    expect(response.status).toBe(500);
    expect(rig.right.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });
});
