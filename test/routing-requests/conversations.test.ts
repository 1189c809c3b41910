import { describe, expect, test } from "bun:test";
import { answerOf, DIALOGUES } from "./dialogues.ts";
import { startTwoProviders, withModels } from "./routed-gateway.ts";

const STICKY = {
  name: "fast",
  strategy: "sticky",
  sticky: { by: "conversation", loadFactor: 1.25 },
  deployments: [{ provider: "left" }, { provider: "right" }],
} as const;

const said = (number: number): string => `What is ${number} plus ${number}?`;

/** The first two requests of a conversation, by the API of its client. */
const CONVERSATIONS = {
  chat: (number: number) => [
    { messages: [{ role: "user", content: said(number) }] },
    {
      messages: [
        { role: "user", content: said(number) },
        { role: "assistant", content: "No idea" },
        { role: "user", content: "Try" },
      ],
    },
  ],
  messages: (number: number) => {
    const system = "You calculate";
    const text = { type: "text", text: said(number) };
    return [
      // Clients move the mark of what is to be cached on with their last message.
      { system, messages: [{ role: "user", content: [{ ...text, cache_control: { type: "ephemeral" } }] }] },
      {
        system,
        messages: [
          { role: "user", content: [text] },
          { role: "assistant", content: "No idea" },
          { role: "user", content: [{ type: "text", text: "Try", cache_control: { type: "ephemeral" } }] },
        ],
      },
    ];
  },
  responses: (number: number) => [
    {
      input: [
        { role: "developer", content: "Calculate" },
        { role: "developer", content: "Be brief" },
        { role: "user", content: said(number) },
      ],
    },
    {
      input: [
        { role: "developer", content: "Calculate" },
        { role: "developer", content: "Be brief" },
        { role: "user", content: said(number) },
        { role: "assistant", content: "No idea" },
        { role: "user", content: "Try" },
      ],
    },
  ],
  generate: (number: number) => [
    { contents: [{ role: "user", parts: [{ text: said(number) }] }] },
    {
      contents: [
        { role: "user", parts: [{ text: said(number) }] },
        { role: "model", parts: [{ text: "No idea" }] },
        { role: "user", parts: [{ text: "Try" }] },
      ],
    },
  ],
} as const;

describe.each(["chat", "messages", "responses", "generate"] as const)("a conversation of %s", (api) => {
  test("goes to the deployment that it began with, and others to the other one", async () => {
    await using rig = await startTwoProviders(withModels([STICKY]), { left: api, right: api });
    const { path, ask } = DIALOGUES[api];
    for (const provider of [rig.left, rig.right]) provider.answerAlways(() => answerOf(api, false));
    const pairs: (readonly (string | null)[])[] = [];
    for (let number = 0; number < 16; number++) {
      const pair: (string | null)[] = [];
      for (const turns of CONVERSATIONS[api](number)) {
        const { messages: _, input: __, contents: ___, ...rest } = ask(false) as Record<string, unknown>;
        const response = await rig.post(path(false), { ...rest, ...turns });
        expect(response.status).toBe(200);
        await response.text();
        pair.push(response.headers.get("x-selected-provider"));
      }
      pairs.push(pair);
    }
    expect(pairs.filter(([first, second]) => first !== second)).toEqual([]);
    expect(new Set(pairs.flat()).size).toBe(2);
  });
});
