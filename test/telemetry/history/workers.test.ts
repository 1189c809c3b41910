import { expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { startMockProvider } from "../../fixtures/mock-provider.ts";
import { processTree } from "../../fixtures/process-tree.ts";
import { startGateway } from "../../fixtures/start-gateway.ts";
import { within } from "../../fixtures/within.ts";
import { CHAT } from "../../routes/requests.ts";
import { threeProviders } from "../../routes/started-gateway.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

test("workers write one history, and one that is killed costs no row", async () => {
  const folder = scratchFolder("history");
  await using provider = await startMockProvider();
  provider.answerAlways(({ method }) =>
    json(200, method === "GET" ? { data: [] } : { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
  );
  const settings = { HISTORY_ENABLED: "true", DATA_DIR: folder, SERVER_WORKERS: "2" };
  {
    await using gateway = await startGateway({ ...threeProviders(provider.url), ...settings });
    const ids: string[] = [];
    /** Its id, if it was answered. */
    const ask = async (): Promise<void> => {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify(CHAT),
        headers: { connection: "close" },
      }).catch(() => undefined);
      if (response?.status !== 200) return;
      const id = response.headers.get("x-request-id") ?? "";
      if (await response.text().catch(() => undefined)) ids.push(id);
    };
    const some = () => Promise.all(Array.from({ length: 60 }, ask));
    await some();
    const worker = processTree(gateway.process.pid).find((pid) => pid !== gateway.process.pid);
    const asked = some();
    process.kill(Number(worker), "SIGKILL");
    await asked;
    await some();
    expect(ids.length).toBeGreaterThan(100);
    const missing = async (): Promise<string[]> => {
      const response = await fetch(`${gateway.url}/v1/requests?limit=1000`).catch(() => undefined);
      if (response?.status !== 200) return ids;
      const { data } = (await response.json()) as { data: { request_id: string }[] };
      const counts = new Map<string, number>();
      for (const { request_id: id } of data) counts.set(id, (counts.get(id) ?? 0) + 1);
      expect([...counts.values()].every((count) => count === 1)).toBe(true);
      return ids.filter((id) => !counts.has(id));
    };
    const arrive = async (): Promise<void> => {
      while ((await missing()).length > 0) await Bun.sleep(50);
    };
    await within(arrive(), 10_000, "all rows in the table");
  }
});
