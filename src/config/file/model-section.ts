import { type Static, Type } from "@sinclair/typebox";
import { LIMITS, QUEUED_LIMITS, TIMEOUTS } from "./limit-sections.ts";
import { PRICE } from "./price-section.ts";
import { accepting, jsonPlace, partOfFile } from "./typed-places.ts";
import { MODEL_NAME, amount, count, duration, durationOr, flag, oneOf, textLike } from "./value-kinds.ts";

const closed = { additionalProperties: false } as const;

const NAME = new RegExp(MODEL_NAME.pattern);

const STRATEGIES = ["round_robin", "priority", "least_busy", "fastest", "cheapest", "sticky"] as const;

/** What a failed attempt may be; `5xx` is all statuses from 500. */
export const RETRY_WORDS = [
  ...["connect", "send", "timeout", "first_token", "empty", "error_event", "invalid"],
  ...["408", "429", "5xx", "500", "502", "503", "504", "529"],
] as const;

/** How a server is made to go on with an answer that the last message begins. */
const PREFILLS = ["as_is", "prefix", "continue_final_message", "none"] as const;

const DEPLOYMENT = Type.Object(
  {
    provider: textLike("Id of a provider", "the id of a provider", NAME),
    model: textLike(
      "A model in the provider's own naming; * for what a request has in the place of the * of the name",
      "the name of a model, in the provider's own naming",
      NAME,
    ),
    key: Type.Optional(count("Number of one of the provider's api_keys, from 0; all of them if not said", 0, 9999)),
    weight: Type.Optional(amount("Its share of the requests", { exclusiveMinimum: 0, maximum: 1e6 })),
    priority: Type.Optional(
      count("For the strategy priority: the lowest goes first; its place in the list if not said", 0, 1e6),
    ),
    params: Type.Optional(jsonPlace("Members of the request that are sent unless the client's has them")),
    override_params: Type.Optional(jsonPlace("Members of the request that are sent whatever the client's has")),
    limits: Type.Optional({ ...LIMITS, description: "How much this one is asked, in place of the model's limits" }),
    timeouts: Type.Optional({ ...TIMEOUTS, description: "How long this one may take" }),
    price: Type.Optional(PRICE),
    prefill: Type.Optional(
      oneOf("How it goes on with an answer that another one has begun, for resume; as is known if not said", PREFILLS),
    ),
  },
  closed,
);

const names = (description: string) =>
  accepting(
    "a list of names of models",
    Type.Array(textLike("A name of this section", "the name of a model of this file", NAME), { description }),
  );

const STICKY = Type.Object(
  {
    by: Type.Optional(
      textLike(
        "What requests have in common that go to one deployment: conversation, identity, or header:<name>",
        "conversation, identity, or header: and the name of a header",
        /^(?:conversation|identity|header:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128})$/,
      ),
    ),
    load_factor: Type.Optional(
      amount("The owner is left while it has more than so many times the average in flight", {
        minimum: 1,
        maximum: 1000,
      }),
    ),
  },
  { ...closed, description: "For the strategy sticky" },
);

const RETRIES = Type.Object(
  {
    attempts: Type.Optional(count("How many attempts a request gets, fallbacks included; 1 for no further one", 1, 20)),
    on: Type.Optional(
      accepting(
        `a list of ${RETRY_WORDS.join(", ")}`,
        Type.Array(oneOf("What a failed attempt may be", RETRY_WORDS), {
          description: "After which failures a further attempt is made; all of them if not said",
        }),
      ),
    ),
    repeat_sent: Type.Optional(
      flag(
        "Ask again although a provider may have begun to process; if not said, with several deployments or fallbacks, or if attempts are said",
      ),
    ),
    backoff: Type.Optional(
      duration("Longest wait before the same deployment is asked again, doubled each time", "0ms"),
    ),
    max_backoff: Type.Optional(duration("Up to so long", "0ms")),
  },
  { ...closed, description: "Further attempts, before anything has gone to the client" },
);

const COOLDOWN = Type.Object(
  {
    failures: Type.Optional(count("So many failures in a row take a deployment out", 1, 1000)),
    rate: Type.Optional(amount("So does so large a part of the last requests", { exclusiveMinimum: 0, maximum: 1 })),
    for: Type.Optional(duration("For how long, the first time; twice as long each further time")),
    max: Type.Optional(duration("Up to so long")),
    slow_start: Type.Optional(duration("For how long its share grows after that", "0s")),
    all_cooling: Type.Optional(
      oneOf("When all are out: try the least bad one, or refuse with 503", ["try", "refuse"] as const),
    ),
  },
  { ...closed, description: "When deployments that fail are left alone" },
);

const HEALTH_CHECK = Type.Object(
  {
    interval: duration("How often each deployment is asked", "1s"),
    timeout: Type.Optional(duration("How long it may take")),
    request: Type.Optional(jsonPlace("The chat completion that is asked for; the list of models if not said")),
  },
  { ...closed, description: "Ask deployments whether they work, also while no request does" },
);

/** A name of the gateway's own. */
export const MODEL = accepting(
  "deployments, and what holds for them",
  Type.Object(
    {
      strategy: Type.Optional(oneOf("How the deployments take turns", STRATEGIES)),
      sticky: Type.Optional(accepting("by and load_factor", STICKY)),
      deployments: accepting(
        "a list of at least one deployment, each with provider and model",
        Type.Array(accepting("provider and model", DEPLOYMENT), {
          minItems: 1,
          maxItems: 1000,
          description: "What stands behind the name",
        }),
      ),
      fallbacks: Type.Optional(names("Models that are asked in this order if no deployment answers")),
      context_fallbacks: Type.Optional(names("The same if the conversation is too long")),
      content_fallbacks: Type.Optional(names("The same if a content filter refuses")),
      retries: Type.Optional(accepting("what holds for further attempts", RETRIES)),
      timeouts: Type.Optional({ ...TIMEOUTS, description: "How long requests may take" }),
      cooldown: Type.Optional(accepting("what takes deployments out", COOLDOWN)),
      limits: Type.Optional({ ...QUEUED_LIMITS, description: "How much each of the deployments is asked" }),
      hedge: Type.Optional(
        accepting(
          "after",
          Type.Object(
            { after: durationOr("After so long without a first token; p95: of the recent times to it", "p95") },
            { ...closed, description: "Ask a second deployment if the first one is late" },
          ),
        ),
      ),
      health_check: Type.Optional(accepting("interval, timeout and request", HEALTH_CHECK)),
      resume: Type.Optional(flag("Continue text streams that break off on another deployment")),
    },
    { ...closed, title: "name" },
  ),
);

/** A model as the file says it: durations in milliseconds, references filled in. */
export type FileModel = Static<typeof MODEL>;
export type FileDeployment = Static<typeof DEPLOYMENT>;
export type FileLimits = Static<typeof QUEUED_LIMITS>;
export type FileTimeouts = Static<typeof TIMEOUTS>;

export const MODELS = accepting(
  "names of models, each with its deployments",
  Type.Object(
    {},
    {
      additionalProperties: partOfFile(MODEL),
      propertyNames: MODEL_NAME,
      description: "Names of the gateway's own, each for one or more deployments; may hold one *",
    },
  ),
);
