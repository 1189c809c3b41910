import { COMPLETIONS, LOCAL_PATHS, OLLAMA_PATHS, OPENAI_PATHS, SGLANG_ROOT, TGI_ROOT } from "../api-paths.ts";
import type { ProviderRow } from "../provider-row.ts";

/** Inference servers that operators run themselves, at the ports that they listen on unless told otherwise. */
export const COMPATIBLE_SERVERS = {
  // https://lmstudio.ai/docs/developer/openai-compat, /developer/anthropic-compat, /api/rest-api
  lmstudio: {
    url: "http://localhost:1234/v1",
    auth: "bearer",
    keyOptional: true,
    listing: "openai",
    paths: OLLAMA_PATHS,
    rootPaths: ["api"],
  },
  // https://docs.sglang.io/docs/basic_usage/send_request, /basic_usage/anthropic_api
  sglang: {
    url: "http://localhost:30000/v1",
    auth: "bearer",
    keyOptional: true,
    listing: "openai",
    paths: LOCAL_PATHS,
    rootPaths: SGLANG_ROOT,
  },
  // https://huggingface.co/docs/text-generation-inference/en/reference/launcher, /reference/api_reference
  tgi: {
    url: "http://localhost:3000/v1",
    auth: "bearer",
    keyOptional: true,
    listing: "openai",
    paths: { models: OPENAI_PATHS.models, chat: OPENAI_PATHS.chat, ...COMPLETIONS },
    rootPaths: TGI_ROOT,
  },
} as const satisfies Record<string, ProviderRow>;
