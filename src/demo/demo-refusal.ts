/** Why the demo provider refuses a request: everything that OpenAI's error envelope says. */
export interface DemoRefusal {
  readonly status: 400 | 404 | 405;
  readonly message: string;
  /** Path of the offending field, such as `messages[2].role`. */
  readonly param: string | null;
  readonly code: string | null;
}

/** A value that was read, or the reason why it was refused. */
export type Reading<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: DemoRefusal };

/** Makes the refusal of a wrong field: 400, with the field's path. */
export function refuseField(
  param: string | null,
  message: string,
): { readonly ok: false; readonly refusal: DemoRefusal } {
  return { ok: false, refusal: { status: 400, message, param, code: null } };
}

/** Makes the refusal of a model that does not exist, or not for this endpoint: 404, as OpenAI answers it. */
export function refuseModel(model: string): { readonly ok: false; readonly refusal: DemoRefusal } {
  const message = `The model \`${model}\` does not exist or cannot be used at this endpoint.`;
  return { ok: false, refusal: { status: 404, message, param: "model", code: "model_not_found" } };
}

/** Makes the HTTP answer that carries a refusal in OpenAI's envelope. */
export function respondRefusal(refusal: DemoRefusal, headers: Readonly<Record<string, string>> = {}): Response {
  const { status, message, param, code } = refusal;
  return Response.json({ error: { message, type: "invalid_request_error", param, code } }, { status, headers });
}
