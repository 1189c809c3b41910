import { Type, type Static } from "@sinclair/typebox";
import { loose } from "./loose.ts";

/** Answer of `GET /health` and `GET /health/ready`. */
export const HealthResponse = loose({ message: Type.String() }, "State of the gateway.");
export type HealthResponse = Static<typeof HealthResponse>;
