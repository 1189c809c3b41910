import { asBuffer } from "../../../core/json/bytes.ts";
import { openTurns } from "../../../core/event-loop.ts";
import { Failure } from "../../../core/errors.ts";
import type { JsonObject } from "../../../core/json/parse.ts";
import { writeJson } from "../../otlp/json.ts";
import { METRICS_ANSWER } from "../../otlp/messages.ts";
import { writeProtobuf } from "../../otlp/protobuf.ts";
import { ProtobufProblem } from "../../otlp/protobuf-cursor.ts";
import { FAMILY_ROWS } from "../families.ts";
import { createMetricStore, type MetricStore } from "../metric-store.ts";
import { createPushedNames } from "./pushed-names.ts";
import { JsonProblem, readJsonPush } from "./read-json.ts";
import { readProtobufPush } from "./read-protobuf.ts";
import { Reasons } from "./reasons.ts";
import { TakePoints } from "./take-points.ts";

/** The body of a request: a message of protobuf, or a parsed text of JSON. */
export type PushedBody = { readonly protobuf: Uint8Array } | { readonly json: JsonObject };

/** Who pushes. */
export interface Pusher {
  /** As the issuer says it. */
  readonly team: string | undefined;
  /** Aborted when nobody waits for the answer any more: then nothing is counted. */
  readonly signal: { readonly aborted: boolean };
}

/**
 * Counts what is pushed: all of a request at once, or nothing if it cannot be read.
 * @returns the body of the answer, in the encoding of the request. Rejects with a Failure `malformed_body` or `client_gone`
 */
export type TakePush = (body: PushedBody, pusher: Pusher) => Promise<Uint8Array<ArrayBuffer>>;

/** @param store to which it is added */
export function createTakePush(store: MetricStore): TakePush {
  const names = createPushedNames();
  return async (body, { team, signal }) => {
    const pushed = createMetricStore();
    const reasons = new Reasons();
    const sink = new TakePoints({ store: pushed, names, team, reasons });
    const turns = openTurns();
    try {
      const steps = "json" in body ? readJsonPush(body.json, sink) : readProtobufPush(asBuffer(body.protobuf), sink);
      for (let step = steps.next(); !step.done; step = steps.next()) {
        if (!turns.isOver()) continue;
        await turns.next();
        if (signal.aborted) throw new Failure("client_gone");
      }
    } catch (error) {
      if (!(error instanceof ProtobufProblem) && !(error instanceof JsonProblem)) throw error;
      throw new Failure("malformed_body", { message: `Failed to decode OTLP payload: ${error.message}` });
    }
    for (const [name] of FAMILY_ROWS) {
      store[name].merge(pushed[name].copy());
      if (turns.isOver()) await turns.next();
    }
    return writeAnswer(reasons, "json" in body);
  };
}

/** https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
function writeAnswer(reasons: Reasons, isJson: boolean): Uint8Array<ArrayBuffer> {
  const { refused } = reasons;
  const partialSuccess = refused === 0 ? undefined : { rejectedDataPoints: refused, errorMessage: String(reasons) };
  return isJson
    ? new TextEncoder().encode(writeJson(METRICS_ANSWER, { partialSuccess }))
    : writeProtobuf(METRICS_ANSWER, { partialSuccess });
}
