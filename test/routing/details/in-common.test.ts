import { expect, test } from "bun:test";
import { inCommon, type ModelDetails } from "../../../src/routing/details/model-details.ts";

const OLD = "2026-01-01T00:00:00Z";
const NEW = "2026-02-01T00:00:00Z";
const listed = { source: "provider", updated_at: NEW } as const;
const ran = { source: "runtime", updated_at: OLD } as const;

test.each<[string, readonly ModelDetails[], ModelDetails]>([
  ["of none nothing", [], {}],
  ["of one all", [{ context_window: { tokens: 1, ...ran } }], { context_window: { tokens: 1, ...ran } }],
  [
    "the smallest context window, with who says it",
    [{ context_window: { tokens: 9, ...listed } }, { context_window: { tokens: 8, ...ran } }],
    { context_window: { tokens: 8, ...ran } },
  ],
  ["no context window if one is not known", [{ context_window: { tokens: 9, ...listed } }, {}], {}],
  [
    "prices that are the same, whoever says them: the older date, and the less certain source",
    [
      { pricing: { currency: "USD", input_per_token: "1", ...listed } },
      { pricing: { currency: "USD", input_per_token: "1", source: "community", updated_at: OLD } },
    ],
    { pricing: { currency: "USD", input_per_token: "1", source: "community", updated_at: OLD } },
  ],
  [
    "no prices that differ, in currency or in what is told",
    [
      { pricing: { currency: "USD", input_per_token: "1", ...listed } },
      { pricing: { currency: "USD", input_per_token: "1", output_per_token: "2", ...listed } },
    ],
    {},
  ],
  [
    "the modalities that all have",
    [
      { modalities: { input: ["text", "image"], output: ["text"], ...listed } },
      { modalities: { input: ["text", "audio"], output: ["text"], ...ran } },
      { modalities: { input: ["text", "image", "audio"], output: ["text", "audio"], ...listed } },
    ],
    { modalities: { input: ["text"], output: ["text"], source: "runtime", updated_at: OLD } },
  ],
  [
    "no modalities if there are none that all have",
    [
      { modalities: { input: ["text"], output: ["text"], ...listed } },
      { modalities: { input: ["audio"], output: ["audio"], ...listed } },
    ],
    {},
  ],
])("several models have in common: %s", (_, details, common) => {
  expect(inCommon(details)).toEqual(common);
});
