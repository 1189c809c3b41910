import type { Relay } from "../../pipeline/relay.ts";
import type { Stage } from "../../pipeline/stage.ts";
import { openResponseStore, type ResponseStoreOptions, type ResponseStoreParts } from "./open-response-store.ts";
import { createResponseStoreStage, type ResponseStoreStageParts } from "./response-store-stage.ts";
import { withKeptResponses } from "./stored-responses.ts";

type KeepingParts = Omit<ResponseStoreStageParts, "store">;

/** Responses that the gateway keeps. It outlives configurations, which each make of it what they need. */
export interface ResponseKeeping {
  /** Keeps responses, and goes on from them. */
  stage(parts: KeepingParts): Stage;
  /** A relay that answers what is asked of the responses that are kept. */
  relay(relay: Relay, parts: KeepingParts): Relay;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** @throws SettingError if the file of the store cannot be used */
export async function openResponseKeeping(
  options: ResponseStoreOptions,
  parts: ResponseStoreParts,
): Promise<ResponseKeeping> {
  const store = await openResponseStore(options, parts);
  return {
    stage: (keeping) => createResponseStoreStage({ ...keeping, store }),
    relay: (relay, keeping) => withKeptResponses(relay, { ...keeping, store }),
    async close() {
      await store.close();
    },
  };
}
