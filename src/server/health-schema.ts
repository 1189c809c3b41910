import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../formats/schema/building-blocks.ts";

/** Answer of `GET /health` and `GET /health/ready`. */
export const HealthResponse = openObject(
  {
    message: Type.String(),
    worker: nullish(
      Type.Integer({
        description: "Which of several workers answers; only in /health/ready, and of that worker itself.",
      }),
    ),
    workers: nullish(
      openObject({ up: Type.Integer(), of: Type.Integer() }, "How many workers serve at the moment, of how many."),
    ),
    config: nullish(
      openObject(
        {
          loaded_at: Type.String({ description: "When what is in use was loaded." }),
          version: Type.String({ description: "The first 12 digits of the SHA-256 of what is in use." }),
          problem: nullish(Type.String({ description: "Why what the file holds now is not in use; null if it is." })),
        },
        "The configuration file; only in /health/ready, and only if there is one.",
      ),
    ),
    mcp: nullish(
      Type.Array(
        openObject({
          name: Type.String(),
          status: Type.Union([Type.Literal("connecting"), Type.Literal("connected"), Type.Literal("disconnected")]),
          tools: Type.Integer({ description: "How many tools it offers now." }),
        }),
        { description: "The MCP servers; only in /health/ready, whose status does not depend on them." },
      ),
    ),
  },
  "State of the gateway.",
);
export type HealthResponse = Static<typeof HealthResponse>;
