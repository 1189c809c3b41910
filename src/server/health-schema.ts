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
