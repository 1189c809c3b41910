import { createLog } from "../../../src/telemetry/log.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { createGateway, type Gateway } from "../../../src/gateway.ts";
import { json } from "../../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { openRawClient, type RawClient } from "../../fixtures/raw-http-client.ts";
import { patient } from "../../fixtures/within.ts";

/** A gateway in this process, whose budget can be looked at, before a mock provider that is its `openai` and `anthropic`. */
export interface InProcess extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly provider: MockProvider;
  connect(): Promise<RawClient>;
  /** A connection on which a request was sent. */
  send(target: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<RawClient>;
  /** Resolves when requests hold nothing any more. */
  untilReleased(): Promise<void>;
  /** Resolves when requests hold at least so many bytes. */
  untilHeld(bytes: number): Promise<void>;
}

const DEADLINE_MS = 10_000;

export const CHAT_PATH = "/v1/chat/completions";

/** A chat request with a text of so many bytes. */
export const chatOf = (bytes: number): string =>
  JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "x".repeat(bytes) }] });

export async function openInProcess(settings: Readonly<Record<string, string>> = {}): Promise<InProcess> {
  const provider = await startMockProvider();
  provider.answerAlways(() => json(200, { data: [] }));
  const loaded = loadConfig({
    SERVER_PORT: "0",
    OPENAI_API_KEY: "sk-openai",
    OPENAI_API_URL: `${provider.url}/v1`,
    ANTHROPIC_API_KEY: "sk-anthropic",
    ANTHROPIC_API_URL: `${provider.url}/v1`,
    ...settings,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const gateway = await createGateway(loaded.config, {
    log: createLog({ level: "silent", environment: "test" }, { write() {} }),
    version: "test",
  });
  const { url } = await gateway.listen();
  const port = Number(new URL(url).port);
  await provider.nextRequest(DEADLINE_MS);
  await provider.nextRequest(DEADLINE_MS);
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadline = performance.now() + patient(DEADLINE_MS);
    while (!isSo()) {
      if (performance.now() > deadline) throw new Error(`${what}: ${gateway.bufferedBytes()} bytes are held`);
      await Bun.sleep(2);
    }
  };
  return {
    gateway,
    url,
    provider,
    connect: () => openRawClient(port),
    async send(target, body, headers = {}) {
      const client = await openRawClient(port);
      await client.request("POST", target, { headers, body });
      return client;
    },
    untilReleased: () => until("nothing is held", () => gateway.bufferedBytes() === 0),
    untilHeld: (bytes) => until(`${bytes} bytes are held`, () => gateway.bufferedBytes() >= bytes),
    async [Symbol.asyncDispose]() {
      await gateway.drain(() => {});
      await provider.stop();
    },
  };
}
