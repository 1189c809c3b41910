import type { Effort } from "./conversation.ts";

const LOW_TO_HIGH: readonly Effort[] = ["low", "medium", "high"];

/** The efforts of DeepSeek V4, GLM from 5.3 and Kimi from K3 on. */
const LOW_HIGH_MAX: readonly Effort[] = ["low", "high", "max"];

/** It is told whether to think, not how much. */
const SWITCH = { thinking: "switch" } as const;

/** It thinks, and nobody can tell it whether or how much. */
const FIXED = { ...SWITCH, alwaysThinks: true } as const;

const NONE = { thinking: "none" } as const;

/**
 * What is known of the models of other vendors by their names, spelled as `factsOf` does, family by family, as most requests
 * are for a model of another one; the first that matches counts.
 * DeepSeek: https://api-docs.deepseek.com/guides/thinking_mode · GLM: https://docs.z.ai/guides/capabilities/thinking ·
 * Grok: https://docs.x.ai/guides/reasoning · Kimi: https://platform.kimi.ai/docs/api/models-overview ·
 * MiniMax: https://platform.minimax.io/docs/api-reference/text-chat-openai ·
 * Mistral: https://docs.mistral.ai/capabilities/reasoning · Qwen: https://help.aliyun.com/en/model-studio/deep-thinking ·
 * Cohere: https://docs.cohere.com/v2/docs/reasoning · open weights: https://docs.vllm.ai/en/latest/features/reasoning_outputs
 */
export const OPEN_FAMILIES = [
  {
    family: /grok/,
    models: [
      { pattern: /grok-3-mini/, thinking: "effort", alwaysThinks: true, efforts: ["low", "high"] },
      { pattern: /grok-(?:[123](?!\d)|beta|vision)|grok.*non-reasoning/, ...NONE },
      { pattern: /grok-4-3(?!\d)/, thinking: "effort", efforts: LOW_TO_HIGH },
      { pattern: /grok-4-5(?!\d)/, thinking: "effort", alwaysThinks: true, efforts: LOW_TO_HIGH },
      { pattern: /grok-(?:4(?!-[6-9](?!\d))|code)/, ...FIXED },
      { pattern: /grok/, thinking: "effort", alwaysThinks: true, efforts: [...LOW_TO_HIGH, "xhigh"] },
    ],
  },
  {
    family: /deepseek/,
    models: [
      { pattern: /deepseek-(?:r\d|reasoner)|deepseek.*speciale/, ...FIXED },
      { pattern: /deepseek-(?:coder|llm|math|moe|ocr|prover|v2|vl|v3(?!-\d(?!\d)))/, ...NONE },
      { pattern: /deepseek-(?:chat|v3)/, ...SWITCH },
      { pattern: /deepseek/, thinking: "effort", efforts: LOW_HIGH_MAX },
    ],
  },
  {
    family: /qw|qvq/,
    models: [
      { pattern: /qwq|qvq|qwen-?3.*thinking/, ...FIXED },
      { pattern: /qwen-?[12](?!\d)|qwen-?3.*(?:coder|instruct)|qwen-(?:coder|long|math|max|vl)/, ...NONE },
      { pattern: /qwen/, ...SWITCH },
    ],
  },
  {
    family: /kimi|moonshot/,
    models: [
      { pattern: /kimi-k2-(?:thinking|7(?!\d))/, ...FIXED },
      { pattern: /kimi-k2-[56](?!\d)/, ...SWITCH },
      { pattern: /kimi-(?:dev|k2|latest|linear|vl)|moonshot-v1/, ...NONE },
      { pattern: /kimi/, thinking: "effort", alwaysThinks: true, efforts: LOW_HIGH_MAX },
    ],
  },
  {
    family: /glm/,
    models: [
      { pattern: /glm-(?:z1|4-1v)/, ...FIXED },
      { pattern: /glm-(?:[123]|4(?!-[5-9](?!\d)))(?!\d)/, ...NONE },
      { pattern: /glm-(?:4|5(?!-[2-9](?!\d)))/, ...SWITCH },
      { pattern: /glm-5-2(?!\d)/, thinking: "effort" },
      { pattern: /glm/, thinking: "effort", alwaysThinks: true, efforts: LOW_HIGH_MAX },
    ],
  },
  {
    family: /minimax/,
    models: [
      { pattern: /minimax-m[12](?!\d)/, ...FIXED },
      { pattern: /minimax-m3(?!-\d)/, ...SWITCH },
      { pattern: /minimax-m/, thinking: "effort", alwaysThinks: true, efforts: [...LOW_TO_HIGH, "max"] },
    ],
  },
  {
    family: /tral/,
    models: [
      { pattern: /magistral|ministral.*reasoning/, ...FIXED },
      { pattern: /(?:codes|devs|minis|mix|pix|vox)tral/, ...NONE },
      { pattern: /mistral-(?:7b|large|nemo|saba|tiny|medium-(?:2[345]|3(?!-5))|small-(?:2[45]|3|instruct))/, ...NONE },
      { pattern: /mistral-(?:medium|small)/, thinking: "effort", efforts: ["high"] },
    ],
  },
  {
    family: /command|c4ai|aya/,
    models: [
      { pattern: /command-a-(?:plus|reasoning)/, ...SWITCH },
      { pattern: /command-[ar]|c4ai|aya-/, ...NONE },
    ],
  },
  {
    family: /phi|llama|nemotron|granite|nova|seed|sonar/,
    models: [
      { pattern: /phi-4.*reasoning/, ...FIXED },
      { pattern: /llama-?[34](?!\d)(?!.*nemotron-(?:nano|super|ultra))|phi-?[1-4](?!\d)/, ...NONE },
      { pattern: /nemotron-(?:3|nano)|granite-3-[23]/, ...SWITCH },
      { pattern: /(?:amazon[-/]|^)nova-(?!2)/, ...NONE },
      { pattern: /nova-2/, thinking: "effort", restsUnlessAsked: true, efforts: LOW_TO_HIGH },
      { pattern: /doubao-seed|seed-[12]/, thinking: "effort", efforts: ["minimal", ...LOW_TO_HIGH] },
      { pattern: /sonar-(?:deep-research|reasoning)/, thinking: "effort", alwaysThinks: true, efforts: LOW_TO_HIGH },
      { pattern: /(?:^|\/)sonar/, ...NONE },
    ],
  },
] as const;
