import { afterAll, expect, test } from "bun:test";
import type { RequestsResponse } from "../../../src/server/history-schema.ts";
import { configOf } from "../../config/file/load-file.ts";
import { json } from "../../fixtures/answers.ts";
import { startMockProvider } from "../../fixtures/mock-provider.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { CHAT } from "../../routes/requests.ts";
import { endPostgres, KINDS, openPlace } from "./places.ts";

afterAll(endPostgres);

const file = (url: string): string => `
providers:
  openai: { base_url: "${url}/v1", api_key: sk-openai-0123456789, apis: [chat] }
models:
  fast: { deployments: [{ provider: openai, model: gpt-4o-mini }] }
  team/best: { deployments: [{ provider: openai, model: gpt-4o }] }
`;

test.each(KINDS)("rows in %s are found by the name that was asked for, and by that of the provider", async (kind) => {
  await using place = await openPlace(kind);
  const provider = await startMockProvider();
  provider.answerAlways(({ method }) => json(200, method === "GET" ? { data: [] } : { choices: [] }));
  const config = await configOf(file(provider.url), { SERVER_PORT: "0", ...place.settings });
  const gateway = await startGateway({}, { change: () => config });
  for (const model of ["fast", "team/best", "openai/gpt-4o"]) {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "x-request-id": model },
      body: JSON.stringify({ ...CHAT, model }),
    });
    await response.arrayBuffer();
  }
  const found = async (query: string): Promise<string[]> => {
    const { data } = (await (await fetch(`${gateway.url}/v1/requests?${query}`)).json()) as RequestsResponse;
    return data.map(({ request_id: id }) => id);
  };
  expect(await found("model=fast")).toEqual(["fast"]);
  expect(await found("model=team/best")).toEqual(["team/best"]);
  expect(await found("model=gpt-4o-mini")).toEqual(["fast"]);
  expect(await found("model=openai/gpt-4o")).toEqual(["openai/gpt-4o", "team/best"]);
  expect(await found("alias=team/best")).toEqual(["team/best"]);
  expect(await found("model=fast&alias=team/best")).toEqual([]);
  await gateway.stop();
  await provider.stop();
});
