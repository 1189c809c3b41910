import { expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { wait } from "../fixtures/script.ts";
import { openReloadable } from "./reloadable.ts";

const ANSWER = json(200, {
  choices: [{ message: { content: "hi" } }],
  usage: { prompt_tokens: 1000, completion_tokens: 100 },
});

test("costs are on from one reload to the next; a request is as it began", async () => {
  await using provider = await startMockProvider();
  const gate = createGate();
  let isHeld = false;
  provider.answerAlways(({ method }) => {
    if (method === "GET") return json(200, { data: [] });
    return isHeld ? [wait(gate), ...ANSWER] : ANSWER;
  });
  const base = { OPENAI_API_URL: `${provider.url}/v1`, OPENAI_API_KEY: "k" };
  await using gateway = await openReloadable(base);
  const cost = async (): Promise<string | null> => {
    const response = await gateway.chat("openai/gpt-4o-mini");
    await response.arrayBuffer();
    return response.headers.get("x-cost-usd");
  };
  expect(await cost()).toBeNull();
  expect(await gateway.apply({ ...base, COST_HEADER: "true" })).toMatchObject({ changed: ["COST_HEADER"] });
  expect(await cost()).toBe("0.00021");
  isHeld = true;
  const held = cost();
  await provider.nextRequest();
  while (provider.requests.filter(({ method }) => method === "POST").length < 3) await provider.nextRequest();
  await gateway.apply(base);
  isHeld = false;
  expect(await cost()).toBeNull();
  gate.open();
  expect(await held).toBe("0.00021");
});
