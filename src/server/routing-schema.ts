import { type Static, Type } from "@sinclair/typebox";
import { nullish, openObject } from "../formats/schema/building-blocks.ts";
import { Provider } from "../routing/model-schemas.ts";

/** A limit of a deployment, and what of it is used. */
export const DeploymentLimit = openObject(
  {
    limit: Type.Union([
      Type.Literal("max_in_flight"),
      Type.Literal("requests_per_minute"),
      Type.Literal("tokens_per_minute"),
    ]),
    of: Type.String({ description: "What it bounds: a provider, or a deployment." }),
    max: Type.Number(),
    used: Type.Number(),
  },
  "A limit of a deployment, and what of it is used.",
);
export type DeploymentLimit = Static<typeof DeploymentLimit>;

/** A deployment, and how it is. */
export const DeploymentState = openObject(
  {
    label: Type.String({ description: "<provider>/<model at the provider>, with #2 behind it for the second key." }),
    provider: Provider,
    model: Type.String({ description: "In the provider's naming." }),
    weight: Type.Number(),
    priority: Type.Number({ description: "The lowest goes first." }),
    state: Type.Union([
      Type.Literal("closed"),
      Type.Literal("open"),
      Type.Literal("half_open"),
      Type.Literal("slow_start"),
    ]),
    cooling_until: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description: "Until when it is not asked; null if it is.",
    }),
    why: Type.Union([Type.String(), Type.Null()], { description: "Why it cools; null if it does not." }),
    in_flight: Type.Integer({ minimum: 0 }),
    consecutive_failures: Type.Integer({ minimum: 0, description: "Since its last good answer." }),
    time_to_first_token_ms: Type.Union([Type.Number(), Type.Null()], {
      description: "Recent average; null if there was none.",
    }),
    requests: Type.Integer({ minimum: 0, description: "That it has answered since the gateway has started." }),
    attempts: Type.Integer({ minimum: 0, description: "All that were made, good or bad." }),
    limits: Type.Array(DeploymentLimit),
  },
  "A deployment of a model, and how it is.",
);
export type DeploymentState = Static<typeof DeploymentState>;

/** A name of the gateway's own, and what stands behind it. */
export const RoutedModelState = openObject(
  {
    name: Type.String({ description: "What clients ask for; may hold one *." }),
    strategy: Type.String(),
    fallbacks: Type.Array(Type.String()),
    deployments: Type.Array(DeploymentState),
    queue: Type.Union(
      [
        openObject({
          length: Type.Integer({ description: "Most requests that may wait." }),
          waiting: Type.Integer({ minimum: 0 }),
          longest_wait_ms: Type.Number({ minimum: 0 }),
        }),
        Type.Null(),
      ],
      { description: "Requests that wait for a deployment; null if none may." },
    ),
  },
  "A name of the gateway's own, and what stands behind it.",
);
export type RoutedModelState = Static<typeof RoutedModelState>;

/** Answer of `GET /v1/routing`. */
export const RoutingResponse = openObject(
  {
    object: Type.Literal("list"),
    data: Type.Array(RoutedModelState),
    worker: nullish(Type.Integer({ description: "Which of several workers answers; all of this is what it knows." })),
  },
  "Models of the gateway's own, as they are now.",
);
export type RoutingResponse = Static<typeof RoutingResponse>;
