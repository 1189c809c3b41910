import { expect, test } from "bun:test";
import fc from "fast-check";
import { writeRequest } from "../../../src/formats/cohere/write-request.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import { anyConversation } from "../conversations.ts";
import { conversation, target, user } from "../messages/conversations.ts";
import { brokenRules } from "./provider-rules.ts";

const MODELS = ["command-a-03-2025", "command-a-reasoning-08-2025", "new-model"];

/** An answer that the request has begun is refused, which is told elsewhere. */
const askedByUser = (members: Partial<Conversation>): Partial<Conversation> => ({
  ...members,
  turns: [...(members.turns ?? []), user("Go on")],
});

test("any conversation is written so that the provider takes it", () => {
  fc.assert(
    fc.property(anyConversation("cohere/cohere"), fc.constantFrom(...MODELS), (members, model) => {
      const asked = askedByUser(members);
      const { body } = writeRequest(conversation(asked), target(model, "cohere"));
      expect(brokenRules(body)).toEqual([]);
    }),
    { numRuns: 1500 },
  );
});
