import type { Failure } from "../core/errors.ts";

const ANTHROPIC_OVERLOADED = 529;

/** The names of Google's statuses, by the HTTP status. https://cloud.google.com/apis/design/errors#handling_errors */
const GOOGLE_STATUSES: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** @param code HTTP status of an error */
export const googleStatusName = (code: number): string =>
  GOOGLE_STATUSES[code] ?? (code < 500 ? "INVALID_ARGUMENT" : "INTERNAL");

/** All their names, which a provider of their API says itself. */
const GOOGLE_WORDS: ReadonlySet<string | undefined> = new Set([
  ...Object.values(GOOGLE_STATUSES),
  ...["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "ALREADY_EXISTS", "INTERNAL", "DATA_LOSS", "UNKNOWN"],
]);

const GOOGLE_TYPES = "type.googleapis.com/google.rpc.";

/** An error in Google's envelope: official clients read it in streams too. https://cloud.google.com/apis/design/errors */
export function googleError(failure: Failure, requestId: string): object {
  const code = googleStatus(failure);
  const { wireType } = failure.details;
  const status = wireType !== undefined && GOOGLE_WORDS.has(wireType) ? wireType : googleStatusName(code);
  return { error: { code, message: failure.message, status, details: googleDetails(failure, requestId) } };
}

/** Their clients ask again after 503, and know nothing of Anthropic's status of a server that has too much to do. */
export const googleStatus = ({ status }: Failure): number => (status === ANTHROPIC_OVERLOADED ? 503 : status);

function googleDetails({ code, message, details }: Failure, requestId: string): readonly object[] {
  const { param, provider, wireCode, providerError, headers, attempts } = details;
  const { details: told, ...left } = providerError ?? {};
  // Google's details are a list, and go out as one.
  const rest = Array.isArray(told) || told === undefined ? left : { ...left, details: told };
  const retryAfter = /^\d+(?:\.\d+)?$/.exec(headers?.["retry-after"] ?? "")?.[0];
  return [
    // What Google itself says, which comes through as it is.
    ...(Array.isArray(told) ? (told as readonly object[]) : []),
    {
      // Its reason is a word, so not a status that a provider has as the code. https://google.aip.dev/193#errorinfo
      "@type": `${GOOGLE_TYPES}ErrorInfo`,
      reason: (typeof wireCode === "string" && /^[a-z]/i.test(wireCode) ? wireCode : code).toUpperCase(),
      domain: "inference-gateway",
      // Its values are texts.
      metadata: {
        requestId,
        ...(provider !== undefined && { provider }),
        ...(attempts !== undefined && { attempts: JSON.stringify(attempts) }),
        ...(Object.keys(rest).length > 0 && { providerError: JSON.stringify(rest) }),
      },
    },
    ...(param == null
      ? []
      : [
          {
            "@type": `${GOOGLE_TYPES}BadRequest`,
            fieldViolations: [{ field: param, description: message }],
          },
        ]),
    ...(retryAfter === undefined || Array.isArray(told)
      ? []
      : [{ "@type": `${GOOGLE_TYPES}RetryInfo`, retryDelay: `${retryAfter}s` }]),
  ];
}
