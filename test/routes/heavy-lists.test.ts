import { afterAll, beforeAll, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ MODELS_CACHE_TTL: "0s" });
});
afterAll(() => rig[Symbol.asyncDispose]());

test.each([
  ["nested too deeply", `{"data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "depth"],
  ["of too many values", `{"data":[${"[],".repeat(3_000_000)}0]}`, "values"],
])("a list of models that is %s is none", async (_, list, limit) => {
  rig.provider.answerAlways(() => json(200, list));
  // The list of before is served while another is asked for.
  expect((await fetch(`${rig.gateway.url}/v1/models?provider=openai`)).status).toBeOneOf([200, 502]);
  const line = await rig.gateway.logged(({ cause }) =>
    String(cause).includes(`SERVER_MAX_JSON_${limit.toUpperCase()}`),
  );
  expect(line).toMatchObject({ provider: "openai", failure: "upstream_invalid_response" });
});

test("a list of 100,000 models is read", async () => {
  const entry = (_: unknown, index: number): string => `{"id":"m${index}","object":"model"}`;
  const list = `\ufeff{"data":[${Array.from({ length: 100_000 }, entry).join(",")}]}`;
  await using other = await startRig({ MODELS_CACHE_TTL: "0s" });
  other.provider.answerAlways(() => json(200, list));
  // The empty list of before is served while this one is asked for.
  let data: readonly { readonly id: string }[] = [];
  for (let asked = 0; asked < 100 && data.length === 0; asked++) {
    const response = await fetch(`${other.gateway.url}/v1/models?provider=openai`);
    ({ data } = (await response.json()) as { data: typeof data });
  }
  expect(data.length).toBe(100_000);
  expect(data.at(-1)?.id).toBe("openai/m99999");
});
