import { join } from "node:path";
import { TASK } from "./step.ts";

/** Where a run of an agent takes place. */
export interface Place {
  /** Of the gateway, without a trailing slash. */
  readonly gateway: string;
  /** `provider/model`, as the gateway knows it. */
  readonly model: string;
  /** A home directory of its own, and the project in which it works. */
  readonly home: string;
  readonly project: string;
}

export interface Run {
  readonly commandLine: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Settings of the agent, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A program that people use with the gateway. */
export interface Agent {
  /** What installs it from its registry. */
  readonly installer: "npm" | "pip";
  /** With their versions. */
  readonly packages: readonly string[];
  readonly program: string;
  /** It is done when the file is changed, and not when it says so. */
  readonly editsFile: boolean;
  /** The providers of the gateway to try, by the API that they have alone. */
  readonly wires: readonly WireName[];
  run(place: Place, program: string): Run;
}

/** Providers of the gateway, and the API that each of them has. */
export const WIRES = {
  chatty: "chat",
  messaging: "messages",
  responding: "responses",
  generating: "generate=/v1beta/models/{model}:{generateContent|streamGenerateContent?alt=sse}",
} as const;
export type WireName = keyof typeof WIRES;

const codexSettings = ({ gateway, model }: Place): string => `model = "${model}"
model_provider = "gateway"
model_reasoning_effort = "high"
model_reasoning_summary = "auto"
[model_providers.gateway]
name = "gateway"
base_url = "${gateway}/v1"
wire_api = "responses"
env_key = "GATEWAY_KEY"
`;

const opencodeSettings = ({ gateway, model }: Place) => ({
  ...{ autoupdate: false, share: "disabled", model: `gateway/${model}`, small_model: `gateway/${model}` },
  provider: {
    gateway: {
      ...{ npm: "@ai-sdk/openai-compatible", name: "gateway" },
      options: { baseURL: `${gateway}/v1`, apiKey: "none" },
      models: {
        [model]: { name: "m", reasoning: true, tool_call: true, limit: { context: 200_000, output: 8000 } },
      },
    },
  },
});

/** Every agent, run without a terminal: each is to change a word in a file. */
export const AGENTS: Readonly<Record<string, Agent>> = {
  "claude-code": {
    installer: "npm",
    editsFile: true,
    packages: ["@anthropic-ai/claude-code@2.1.197"],
    program: "claude",
    wires: ["chatty", "responding", "messaging", "generating"],
    run: ({ gateway, model }, program) => ({
      commandLine: [
        program,
        "-p",
        TASK,
        "--model",
        model,
        "--allowedTools",
        "Read,Edit,Bash",
        "--output-format",
        "json",
      ],
      environment: {
        ANTHROPIC_BASE_URL: gateway,
        ANTHROPIC_API_KEY: "none",
        ...{ ANTHROPIC_MODEL: model, ANTHROPIC_SMALL_FAST_MODEL: model, ANTHROPIC_DEFAULT_HAIKU_MODEL: model },
        ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", DISABLE_AUTOUPDATER: "1", IS_SANDBOX: "1" },
        MAX_THINKING_TOKENS: "4000",
      },
      files: {},
    }),
  },
  codex: {
    installer: "npm",
    editsFile: true,
    packages: ["@openai/codex@0.171.0"],
    program: "codex",
    wires: ["chatty", "messaging", "responding", "generating"],
    run: (place, program) => ({
      commandLine: [
        ...[program, "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--json"],
        ...["-C", place.project, TASK],
      ],
      environment: { GATEWAY_KEY: "none", CODEX_HOME: join(place.home, ".codex") },
      files: { [join(place.home, ".codex/config.toml")]: codexSettings(place) },
    }),
  },
  opencode: {
    installer: "npm",
    editsFile: true,
    packages: ["opencode-ai@1.18.33"],
    program: "opencode",
    wires: ["messaging", "chatty", "responding", "generating"],
    run: (place, program) => ({
      commandLine: [program, "run", "--print-logs", "--log-level", "ERROR", "--format", "json", TASK],
      environment: {},
      files: { [join(place.project, "opencode.json")]: JSON.stringify(opencodeSettings(place)) },
    }),
  },
  "gemini-cli": {
    installer: "npm",
    editsFile: true,
    packages: ["@google/gemini-cli@0.61.0"],
    program: "gemini",
    wires: ["chatty", "messaging", "responding", "generating"],
    run: ({ gateway, model, home }, program) => ({
      commandLine: [program, "-p", TASK, "-m", model, "--approval-mode", "yolo", "--output-format", "json"],
      environment: {
        ...{ GEMINI_API_KEY: "none", GOOGLE_GEMINI_BASE_URL: gateway, GEMINI_CLI_TRUST_WORKSPACE: "true" },
      },
      files: {
        [join(home, ".gemini/settings.json")]: JSON.stringify({
          security: { auth: { selectedType: "gemini-api-key" } },
          privacy: { usageStatisticsEnabled: false },
          general: { disableAutoUpdate: true },
        }),
      },
    }),
  },
  "python-sdks": {
    installer: "pip",
    editsFile: false,
    packages: ["openai==3.57.0", "anthropic==2.14.0", "google-genai==3.6.1"],
    program: "python",
    wires: ["chatty", "messaging", "responding", "generating"],
    run: ({ gateway, model }, program) => ({
      commandLine: [program, join(import.meta.dir, "python-sdks.py"), gateway, model],
      environment: {},
      files: {},
    }),
  },
};
