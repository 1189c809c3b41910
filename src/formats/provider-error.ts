import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { parseJson } from "../core/json/parse-bytes.ts";

/** What a provider said about its own error; members that it did not say are absent. */
export interface ProviderError {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | number;
  readonly param?: string;
}

const MAX_MESSAGE_CHARACTERS = 4000;

/**
 * Takes the message out of whatever shape the provider used: OpenAI's and Anthropic's `{error: {…}}`, Mistral's and
 * Cohere's flat `{message}`, Google's `[{error: {…}}]`, Cloudflare's `{errors: [{…}]}`, FastAPI's `{detail}`, plain text.
 * An HTML page says nothing that a client could use.
 */
export const readProviderError = (body: string): ProviderError => {
  const value = parseJson(body);
  return value === undefined ? readText(body) : readValue(value);
};

const readText = (body: string): ProviderError => {
  const text = body.trim();
  return text === "" || text.startsWith("<") ? {} : { message: shorten(text) };
};

const readValue = (value: unknown): ProviderError => {
  if (typeof value === "string") return value === "" ? {} : { message: shorten(value) };
  if (Array.isArray(value)) return value.length > 0 ? readValue(value[0]) : {};
  if (!isJsonObject(value)) return {};
  if (typeof value["error"] === "string") return { ...readObject(value), message: shorten(value["error"]) };
  if (isJsonObject(value["error"])) return readObject(value["error"]);
  if (Array.isArray(value["errors"]) && value["errors"].length > 0) return readValue(value["errors"]);
  return readObject(value);
};

const readObject = (error: JsonObject): ProviderError => {
  const message = readMessage(error);
  const type = firstString(error["type"], error["status"]);
  const code = error["code"];
  const param = firstString(error["param"]);
  return {
    ...(message !== undefined && { message: shorten(message) }),
    ...(type !== undefined && { type }),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(param !== undefined && { param }),
  };
};

const readMessage = (error: JsonObject): string | undefined => {
  const message = error["message"];
  // Mistral puts its validation errors, in FastAPI's shape, into the message.
  if (isJsonObject(message)) return readMessage(message);
  return firstString(message, error["msg"], error["error_message"]) ?? readDetail(error["detail"]);
};

/** FastAPI: a sentence, or a list of `{loc, msg}`. */
const readDetail = (detail: unknown): string | undefined => {
  if (typeof detail === "string") return detail;
  if (isJsonObject(detail)) return readMessage(detail);
  if (!Array.isArray(detail)) return undefined;
  const problems = detail.filter(isJsonObject).map(({ loc, msg }) => {
    const place = Array.isArray(loc) ? `${loc.join(".")}: ` : "";
    return place + String(msg ?? "");
  });
  return problems.length > 0 ? problems.join("; ") : undefined;
};

const firstString = (...values: unknown[]): string | undefined =>
  values.find((value): value is string => typeof value === "string" && value !== "");

const shorten = (text: string): string =>
  text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…` : text;
