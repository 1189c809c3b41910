import { Type } from "@sinclair/typebox";
import { accepting, partOfFile } from "./typed-places.ts";
import { count, duration } from "./value-kinds.ts";

const closed = { additionalProperties: false } as const;
const MAX_COUNT = 1_000_000;

const limits = {
  max_in_flight: Type.Optional(count("How many requests may be in flight at once", 1, MAX_COUNT)),
  requests_per_minute: Type.Optional(count("How many requests may begin within a minute, with each key", 1, 1e9)),
  tokens_per_minute: Type.Optional(
    count("How many tokens may be used within a minute, with each key: estimated before, settled after", 1, 1e12),
  ),
};

const queue = Type.Object(
  {
    length: count("How many requests may wait; one more is refused with 429", 1, MAX_COUNT),
    timeout: Type.Optional(duration("How long one may wait")),
  },
  { ...closed, description: "Where requests wait while what could answer them is at its limits" },
);

/** How much one may be asked. */
export const LIMITS = accepting("limits", Type.Object(limits, closed));

/** The same, with a queue in front. */
export const QUEUED_LIMITS = accepting(
  "limits",
  Type.Object({ ...limits, queue: Type.Optional(accepting("length and timeout", queue)) }, closed),
);

/** How long parts of a call may take; what is not said is as a wider rule says, and last as CLIENT_* do. */
export const TIMEOUTS = accepting(
  "times",
  Type.Object(
    {
      connect: Type.Optional(duration("How long a connection may take")),
      header: Type.Optional(duration("How long the head of a response may take")),
      first_token: Type.Optional(
        duration("How long the first event with content may take; of a whole answer, the head of the response"),
      ),
      idle: Type.Optional(duration("How long a stream may be silent")),
      total: Type.Optional(duration("How long a request may take, with all of its attempts and waits")),
    },
    closed,
  ),
);

/** What a provider says beside its variables. */
export const PROVIDER_PARTS = {
  timeouts: Type.Optional(
    partOfFile({ ...TIMEOUTS, description: "How long requests to it may take, unless their model says otherwise" }),
  ),
  limits: Type.Optional(
    partOfFile({
      ...QUEUED_LIMITS,
      description: "How much it is asked: in flight for the whole server, a minute for each of its keys",
    }),
  ),
};
