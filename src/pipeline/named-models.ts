import type { ClientRequest } from "../core/client-request.ts";
import { asBuffer } from "../core/json/bytes.ts";
import type { RequestContext } from "../core/request-context.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames, type ModelNames } from "../routing/model-names.ts";
import type { ModelPolicy } from "../routing/policy/model-policy.ts";
import type { RelayedQuery } from "../routing/resolve-target.ts";
import type { Target } from "../routing/target.ts";
import { requireSingleMember, watchDecisive } from "./body/prepare-body.ts";
import type { ReceivedBody } from "./body/received-body.ts";

// What the model policy judges of a request of `/v1`, in its body and its query. Those that wait for the search of a long
// body are functions of their own, because a closure costs whoever calls the function around it.

/** A request that may name models in its body and in its query. */
interface NamingRequest {
  readonly context: RequestContext;
  readonly request: ClientRequest;
  readonly query: RelayedQuery;
}

/**
 * Applies a model policy that is in force to a request of `/v1`: to its model, and to all others that the provider may
 * take for one of its models, such as fallbacks and tools with a model of their own.
 * @returns a promise only for a long body, which is searched in turns of the event loop
 * @throws Failure `model_not_allowed` or `model_disallowed`
 */
export function requireAllowedModels(
  policy: ModelPolicy,
  { context, request, query }: NamingRequest,
  { provider, model }: Target,
  body: ReceivedBody,
): Promise<void> | undefined {
  const refusal = policy.refusal(provider, model);
  if (refusal) throw refusal;
  const names = createModelNames();
  const options = { skipsData: true, watch: watchDecisive(body), stop: request };
  const search = findJsonModels(asBuffer(body.bytes), names, options);
  const asked = { policy, context, provider, query: query.rest, names };
  return search ? requireAllowedLater(search, asked) : requireAllowed(asked);
}

interface NamedModels {
  readonly policy: ModelPolicy;
  readonly context: RequestContext;
  readonly provider: Target["provider"];
  readonly query: string;
  readonly names: ModelNames;
}

const requireAllowedLater = (search: Promise<void>, asked: NamedModels): Promise<void> =>
  search.then(() => requireAllowed(asked));

function requireAllowed({ policy, context, provider, query, names }: NamedModels): undefined {
  findQueryModels(query, names);
  const refused = names.refused(policy, provider);
  if (!refused) return;
  context.selected(provider.id, refused.name);
  throw refused.failure;
}

/**
 * The other models that a request names: its own is the name that was judged, and its one place is left out.
 * @returns a promise only for a long body, which is searched in turns of the event loop
 */
export function otherModels(
  request: ClientRequest,
  body: ReceivedBody,
  query: string,
): ModelNames | Promise<ModelNames> {
  requireSingleMember(body, "model");
  const names = createModelNames();
  const options = { skipsData: true, skipsModel: true, watch: watchDecisive(body), stop: request };
  const search = findJsonModels(asBuffer(body.bytes), names, options);
  return search ? withQueryLater(search, query, names) : withQuery(query, names);
}

function withQuery(query: string, names: ModelNames): ModelNames {
  findQueryModels(query, names);
  return names;
}

const withQueryLater = (search: Promise<void>, query: string, names: ModelNames): Promise<ModelNames> =>
  search.then(() => withQuery(query, names));
