import { type Static, Type } from "@sinclair/typebox";
import { nullish, openObject } from "../formats/schema/building-blocks.ts";

const Count = Type.Integer({ minimum: 0 });
const orNull = <Schema extends typeof Count>(schema: Schema) => Type.Union([schema, Type.Null()]);
const Text = Type.Union([Type.String(), Type.Null()]);
const Milliseconds = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);
const Dollars = Type.Union([Type.String(), Type.Null()], {
  description: "In US dollars, exact, in digits: a text. Null if it is not known.",
});

/** A request that is over, as the history has it. */
export const RequestRow = openObject(
  {
    id: Type.String({ description: "Of the row." }),
    time: Type.String({ format: "date-time", description: "When it was over." }),
    request_id: Type.String({ description: "X-Request-Id of its answer." }),
    route: Type.String(),
    format: Type.String({ description: "The API that the client speaks." }),
    identity: Text,
    provider: Text,
    model: Text,
    alias: Text,
    attempts: Count,
    status: Count,
    outcome: Text,
    failure: Text,
    streaming: Type.Boolean(),
    input_tokens: orNull(Count),
    output_tokens: orNull(Count),
    cached_input_tokens: orNull(Count),
    cache_creation_tokens: orNull(Count),
    reasoning_tokens: orNull(Count),
    usage_source: Text,
    cost_usd: Dollars,
    total_ms: Milliseconds,
    response_header_ms: Milliseconds,
    first_byte_ms: Milliseconds,
    queue_ms: Milliseconds,
    bytes_in: Count,
    bytes_out: Count,
    client_address: Text,
  },
  "A request that is over.",
);
export type RequestRow = Static<typeof RequestRow>;

const Content = openObject(
  {
    request: Type.String({ description: "What the provider was asked, in its API." }),
    response: Type.String({ description: "What it answered; of a stream, its events." }),
    request_is_cut: Type.Boolean({ description: "Whether this is only the beginning." }),
    response_is_cut: Type.Boolean(),
  },
  "What was asked and answered, with HISTORY_CONTENT=true, without the keys of providers.",
);

/** Answer of `GET /v1/requests/{id}`. */
export const RequestDetails = openObject(
  {
    ...RequestRow.properties,
    content: Type.Union([Content, Type.Null()], {
      description: "Null if it is not kept, or not any more, or another client's.",
    }),
  },
  "A request that is over, and what it was about.",
);
export type RequestDetails = Static<typeof RequestDetails>;

/** Answer of `GET /v1/requests`. */
export const RequestsResponse = openObject(
  {
    object: Type.Literal("list"),
    data: Type.Array(RequestRow),
    next_after: Type.Union([Type.String(), Type.Null()], {
      description: "What after is to be for the next page; null on the last one.",
    }),
  },
  "Requests that are over, the latest first.",
);
export type RequestsResponse = Static<typeof RequestsResponse>;

/** What was used by the requests of a group. */
export const UsageGroup = openObject(
  {
    model: nullish(Type.String()),
    provider: nullish(Type.String()),
    identity: nullish(Type.String()),
    hour: Type.Optional(Type.String({ format: "date-time" })),
    day: Type.Optional(Type.String({ format: "date" })),
    requests: Count,
    failed: Count,
    input_tokens: Count,
    output_tokens: Count,
    cached_input_tokens: Count,
    cache_creation_tokens: Count,
    reasoning_tokens: Count,
    total_ms: Type.Number({ minimum: 0 }),
    cost_usd: Dollars,
    unpriced_requests: Type.Integer({ minimum: 0, description: "That used tokens whose price is not known." }),
  },
  "What was used by the requests of a group.",
);
export type UsageGroup = Static<typeof UsageGroup>;

/** Answer of `GET /v1/usage`. */
export const UsageResponse = openObject(
  {
    object: Type.Literal("list"),
    from: Type.String({ format: "date-time" }),
    to: Type.String({ format: "date-time" }),
    group_by: Type.Array(Type.String()),
    data: Type.Array(UsageGroup),
    is_cut: Type.Boolean({ description: "Whether there are more groups than an answer holds." }),
  },
  "What was used in a period.",
);
export type UsageResponse = Static<typeof UsageResponse>;
