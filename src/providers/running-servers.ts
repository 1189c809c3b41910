import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { listOf, objectOf, textOf } from "../core/json/values.ts";
import { type ModelExtras, readTokens } from "./model-extras.ts";
import { type Modality, textAnd } from "./model-modalities.ts";
import type { ProviderRow } from "./provider-row.ts";
import { PROVIDER_TABLE } from "./table.ts";

/** Servers that say of a model what they were started with. */
export type RunningServer = NonNullable<ProviderRow["runs"]>;

/** How such a server is asked, and what it answers. */
export interface RunningServerApi {
  /** @param model as it lists it */
  request(model: string): {
    readonly method: string;
    /** Below the server's root. */
    readonly path: string;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: object;
  };
  read(answer: JsonObject): ModelExtras;
}

export const RUNNING_SERVERS: Readonly<Record<RunningServer, RunningServerApi>> = {
  // https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
  llamacpp: {
    // A server of one model does not look at the query. One of several must not load a model to tell of it.
    request: (model) => ({ method: "GET", path: "/props", query: { model, autoload: "false" } }),
    read(answer) {
      const { default_generation_settings: settings, modalities } = answer;
      const window = readTokens(objectOf(settings)?.["n_ctx"]);
      return {
        ...(window !== undefined && { context_window: window }),
        ...(isJsonObject(modalities) && { modalities: textAnd(flagged(modalities)) }),
      };
    },
  },
  // https://github.com/ollama/ollama/blob/main/docs/api.md#show-model-information
  ollama: {
    request: (model) => ({ method: "POST", path: "/api/show", body: { model } }),
    read(answer) {
      const capabilities = listOf(answer["capabilities"]);
      const window = readParameter(answer) ?? readArchitecture(answer);
      return {
        ...(window !== undefined && { context_window: window }),
        // Others do not write text.
        ...(capabilities.includes("completion") && { modalities: textAnd(capabilities.flatMap(capableOf)) }),
      };
    },
  },
};

/** The modalities of `{"vision": true, "audio": false}`. */
function flagged(modalities: JsonObject): readonly Modality[] {
  return [
    ...(modalities["vision"] === true ? (["image"] as const) : []),
    ...(modalities["audio"] === true ? (["audio"] as const) : []),
  ];
}

function capableOf(capability: unknown): readonly Modality[] {
  if (capability === "vision") return ["image"];
  return capability === "audio" ? ["audio"] : [];
}

const NUM_CTX = /^num_ctx[ \t]+"?(\d{1,15})"?[ \t]*$/m;

/** What its Modelfile sets: lines of names and values. */
function readParameter({ parameters }: JsonObject): number | undefined {
  return readTokens(NUM_CTX.exec(textOf(parameters) ?? "")?.[1]);
}

/** What the model was made for: `{"general.architecture": "llama", "llama.context_length": 131072}`. */
function readArchitecture({ model_info: info }: JsonObject): number | undefined {
  if (!isJsonObject(info)) return undefined;
  return readTokens(info[`${textOf(info["general.architecture"]) ?? ""}.context_length`]);
}

/** Whom these servers name as the owner of their models, which shows what an added provider runs. */
const BY_OWNER: ReadonlyMap<string | undefined, RunningServer> = new Map([
  ["llamacpp", "llamacpp"],
  ["library", "ollama"],
]);

const BY_PROVIDER: ReadonlyMap<string, ProviderRow> = new Map(Object.entries(PROVIDER_TABLE));

/**
 * Which of these servers serves a model, if it is one: of a provider of the table its row says that.
 * @param owner of the model, as its list has it
 */
export function runningServerOf(
  provider: { readonly id: string },
  owner: string | undefined,
): RunningServer | undefined {
  const row = BY_PROVIDER.get(provider.id);
  return row ? row.runs : BY_OWNER.get(owner);
}
