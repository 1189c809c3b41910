import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";

/** The members that the API knows, by the kind of object. Any other is refused: `Unknown name "x": Cannot find field`. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  request: [
    ...["contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"],
    ...["cachedContent", "serviceTier", "store"],
  ],
  content: ["role", "parts"],
  part: [
    ...["text", "thought", "thoughtSignature", "inlineData", "fileData", "functionCall", "functionResponse"],
    ...["executableCode", "codeExecutionResult", "toolCall", "toolResponse", "mediaResolution", "videoMetadata"],
  ],
  inlineData: ["mimeType", "data"],
  fileData: ["mimeType", "fileUri"],
  functionCall: ["id", "name", "args"],
  functionResponse: ["id", "name", "response", "parts"],
  tool: ["functionDeclarations", "googleSearch", "urlContext", "codeExecution"],
  declaration: ["name", "description", "parameters", "parametersJsonSchema"],
  toolConfig: ["functionCallingConfig"],
  functionCallingConfig: ["mode", "allowedFunctionNames"],
  generationConfig: [
    ...["temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "candidateCount", "seed"],
    ...["presencePenalty", "frequencyPenalty", "responseLogprobs", "logprobs", "responseMimeType", "responseSchema"],
    ...["responseJsonSchema", "responseModalities", "mediaResolution", "thinkingConfig"],
  ],
  thinkingConfig: ["includeThoughts", "thinkingBudget", "thinkingLevel"],
  schema: [
    ...["type", "format", "title", "description", "nullable", "enum", "items", "minItems", "maxItems", "properties"],
    ...["required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "anyOf", "minimum"],
    ...["maximum", "propertyOrdering"],
  ],
};

const NAME = /^[a-zA-Z_][\w.:-]{0,63}$/;

/**
 * What Google's API refuses in a request, as far as its documentation and its error messages tell.
 * @param model Gemini 3 has rules of its own
 * @returns the rules that a body breaks, in words
 */
export function brokenRules(body: unknown, model: string): readonly string[] {
  const broken: string[] = [];
  const rule = (isKept: boolean, name: string): void => {
    if (!isKept) broken.push(name);
  };
  const known = (value: unknown, kind: string): JsonObject => {
    const object = isJsonObject(value) ? value : {};
    for (const name of Object.keys(object)) rule(MEMBERS[kind]?.includes(name) === true, `Unknown name "${name}"`);
    return object;
  };
  const request = known(body, "request");
  checkContents(request, model, rule, known);
  for (const tool of listOf(request["tools"])) {
    const declarations = listOf(known(tool, "tool")["functionDeclarations"]).map((each) => known(each, "declaration"));
    const names = declarations.map(({ name }) => String(name));
    rule(names.every((name) => NAME.test(name)) && new Set(names).size === names.length, "names of functions");
    for (const { parameters } of declarations) if (parameters !== undefined) checkSchema(parameters, rule, known);
  }
  rule(listOf(request["tools"]).length < 2, "all functions in one tool");
  const config = known(known(request["toolConfig"], "toolConfig")["functionCallingConfig"], "functionCallingConfig");
  rule(
    config["allowedFunctionNames"] === undefined || config["mode"] === "ANY" || config["mode"] === "VALIDATED",
    "allowed_function_names only with ANY or VALIDATED",
  );
  const generation = known(request["generationConfig"], "generationConfig");
  rule(listOf(generation["stopSequences"]).length <= 5, "at most five stop sequences");
  const thinking = known(generation["thinkingConfig"], "thinkingConfig");
  rule(
    thinking["thinkingBudget"] === undefined || thinking["thinkingLevel"] === undefined,
    "a budget or a level, not both",
  );
  if (generation["responseSchema"] !== undefined) checkSchema(generation["responseSchema"], rule, known);
  return broken;
}

type Rule = (isKept: boolean, name: string) => void;
type Known = (value: unknown, kind: string) => JsonObject;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function checkContents(request: JsonObject, model: string, rule: Rule, known: Known): void {
  for (const part of listOf(known(request["systemInstruction"], "content")["parts"])) known(part, "part");
  const contents = listOf(request["contents"]).map((content) => known(content, "content"));
  rule(contents.length > 0, "contents are not specified");
  rule(contents[0]?.["role"] === "user", "the user speaks first");
  contents.forEach((content, at) => {
    const parts = listOf(content["parts"]).map((part) => known(part, "part"));
    rule(parts.length > 0, "contents.parts must not be empty");
    for (const part of parts) checkPart(part, rule, known);
    const responses = parts.filter(({ functionResponse }) => functionResponse !== undefined);
    const before = listOf(contents[at - 1]?.["parts"]).filter(isJsonObject);
    const calls = before.filter(({ functionCall }) => functionCall !== undefined);
    if (responses.length > 0 || (calls.length > 0 && content["role"] === "user")) {
      rule(responses.length === calls.length, "as many function response parts as function call parts");
      const names = (list: readonly JsonObject[], kind: string): string =>
        JSON.stringify(list.map((part) => (isJsonObject(part[kind]) ? part[kind]["name"] : undefined)));
      rule(names(responses, "functionResponse") === names(calls, "functionCall"), "responses name their calls");
    }
    const first = parts.find(({ functionCall }) => functionCall !== undefined);
    rule(
      !/gemini-3/.test(model) || !first || typeof first["thoughtSignature"] === "string",
      "Function call is missing a thought_signature",
    );
  });
}

function checkPart(part: JsonObject, rule: Rule, known: Known): void {
  const kinds = Object.keys(part).filter(
    (name) => !["thought", "thoughtSignature", "mediaResolution", "videoMetadata"].includes(name),
  );
  rule(kinds.length === 1, "a part has one kind of data");
  rule(part["thoughtSignature"] !== "", "a signature is not empty");
  rule(!/^gw1\./.test(String(part["thoughtSignature"])), "a signature is the provider's own");
  rule(part["text"] !== "" || part["thoughtSignature"] !== undefined, "text must say something");
  known(part["inlineData"], "inlineData");
  known(part["fileData"], "fileData");
  const call = known(part["functionCall"], "functionCall");
  const response = known(part["functionResponse"], "functionResponse");
  if (part["functionCall"] !== undefined) {
    rule(NAME.test(String(call["name"])) && isJsonObject(call["args"]), "a call has a name and an object");
  }
  if (part["functionResponse"] !== undefined) rule(isJsonObject(response["response"]), "a response is an object");
  for (const inner of listOf(response["parts"])) known(inner, "part");
}

function checkSchema(value: unknown, rule: Rule, known: Known): void {
  const schema = known(value, "schema");
  rule(
    listOf(schema["enum"]).every((item) => typeof item === "string"),
    "enum has texts",
  );
  rule(schema["type"] === undefined || typeof schema["type"] === "string", "one type");
  rule(schema["type"] !== "array" || isJsonObject(schema["items"]), "items: missing field");
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  rule(
    listOf(schema["required"]).every((name) => String(name) in properties),
    "required properties are described",
  );
  for (const member of Object.values(properties)) checkSchema(member, rule, known);
  for (const variant of listOf(schema["anyOf"])) checkSchema(variant, rule, known);
  if (schema["items"] !== undefined) checkSchema(schema["items"], rule, known);
}
