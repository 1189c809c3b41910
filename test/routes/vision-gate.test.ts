import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { bodyText, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";
import type { PostRoute } from "./requests.ts";

const DISABLED = "Vision support is disabled. Set ENABLE_VISION=true to accept image content.";
const PNG = "data:image/png;base64,iVBORw0KGgo=";

let blind: StartedGateway;
let seeing: StartedGateway;

beforeAll(async () => {
  [blind, seeing] = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({ ...threeProviders(url), ENABLE_VISION: "true" })),
  ]);
});
beforeEach(() => {
  blind.takeCalls();
  seeing.takeCalls();
});
afterAll(async () => {
  await Promise.all([blind[Symbol.asyncDispose](), seeing[Symbol.asyncDispose]()]);
});

const chat = (...messages: object[]) => ({
  model: "openai/m",
  messages: [{ role: "user", content: "x" }, ...messages],
});
const messages = (...content: object[]) => ({
  model: "anthropic/m",
  max_tokens: 8,
  messages: [
    { role: "user", content: "x" },
    { role: "user", content },
  ],
});
const responses = (...input: object[]) => ({ model: "openai/m", input: [{ role: "user", content: "x" }, ...input] });

const text = { type: "text", text: "x" };
const imageUrl = (url: string) => ({ type: "image_url", image_url: { url } });
const base64 = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const inputImage = { type: "input_image", image_url: PNG };

/** A request with an image in every place where one can stand. */
const PLACES: readonly (readonly [place: string, route: PostRoute, body: object])[] = [
  ["a user's part", "/v1/chat/completions", chat({ role: "user", content: [text, imageUrl(PNG)] })],
  [
    "a part behind many",
    "/v1/chat/completions",
    chat({ role: "user", content: [...Array(50).fill(text), imageUrl(PNG)] }),
  ],
  ["a system message", "/v1/chat/completions", chat({ role: "system", content: [imageUrl("https://h/x.png")] })],
  ["an assistant's part", "/v1/chat/completions", chat({ role: "assistant", content: [text, imageUrl(PNG)] })],
  ["a tool's result", "/v1/chat/completions", chat({ role: "tool", tool_call_id: "1", content: [imageUrl(PNG)] })],
  ["a bare url", "/v1/chat/completions", chat({ role: "user", content: [{ type: "x", image_url: PNG }] })],
  ["Anthropic's block in chat", "/v1/chat/completions", chat({ role: "user", content: [base64] })],
  ["Responses' item in chat", "/v1/chat/completions", chat({ role: "user", content: [inputImage] })],
  ["a base64 block", "/v1/messages", messages(text, base64)],
  ["a url block", "/v1/messages", messages({ type: "image", source: { type: "url", url: "https://h/x.png" } })],
  ["a file block", "/v1/messages", messages({ type: "image", source: { type: "file", file_id: "f" } })],
  ["a tool's result", "/v1/messages", messages({ type: "tool_result", tool_use_id: "t", content: [text, base64] })],
  ["a block to be counted", "/v1/messages/count_tokens", messages(base64)],
  ["a message's part", "/v1/responses", responses({ role: "user", content: [inputImage] })],
  ["a stored file", "/v1/responses", responses({ role: "user", content: [{ type: "input_image", file_id: "f" }] })],
  ["an item of its own", "/v1/responses", responses(inputImage)],
  ["a tool's result", "/v1/responses", responses({ type: "function_call_output", call_id: "c", output: [inputImage] })],
  [
    "a screenshot",
    "/v1/responses",
    responses({ type: "computer_call_output", call_id: "c", output: { type: "computer_screenshot", image_url: PNG } }),
  ],
];

const file = { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERg==" } };
const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERg==" } };
const inlineData = { mime_type: "image/png", data: "iVBORw0KGgo=" };
const part = (...content: object[]) => chat({ role: "user", content: [text, ...content] });
const turn = (message: object) => chat({ role: "user", content: "x", ...message });
const item = (...content: object[]) => responses({ role: "user", content });
const CHAT = "/v1/chat/completions";
const MESSAGES = "/v1/messages";
const RESPONSES = "/v1/responses";

/** What a model may look at in other words than those of the three APIs, by the path at which it is found. */
const OTHER_WORDS: readonly (readonly [path: string, route: PostRoute, body: object])[] = [
  ["messages[1].content[1]", CHAT, part(file)],
  ["messages[1].content[1]", CHAT, part({ type: "file", file: { file_id: "file-1" } })],
  ["messages[1].content[1].file", CHAT, part({ type: "new", file: { file_id: "file-1" } })],
  ["messages[1].content[1]", CHAT, part({ type: "video_url", video_url: { url: "https://h/x.mp4" } })],
  ["messages[1].content[1].video_url", CHAT, part({ type: "text", text: "x", video_url: "https://h/x.mp4" })],
  ["messages[1].content[1]", CHAT, part({ type: "input_video", data: "AAAA" })],
  ["messages[1].content[1]", CHAT, part({ type: "document_url", document_url: "https://h/x.pdf" })],
  ["messages[1].content[1].inline_data", CHAT, part({ type: "new", inline_data: inlineData })],
  ["messages[1].content[1].inlineData", CHAT, part({ type: "new", inlineData: { data: "iVBORw0KGgo=" } })],
  ["messages[1].content[1].fileData", CHAT, part({ type: "new", fileData: { fileUri: "gs://b/x.png" } })],
  ["messages[1].content[1].mimeType", CHAT, part({ type: "media", mimeType: "image/png", data: "iVBORw0KGgo=" })],
  ["messages[1].content[1].url", CHAT, part({ type: "new", url: PNG })],
  ["messages[1].content[1].urls[1]", CHAT, part({ type: "new", urls: ["x", " DATA:IMAGE/png;base64,iVBORw0KGgo="] })],
  ["messages[1].content[1].resource.mimeType", CHAT, part({ type: "resource", resource: { mimeType: "image/png" } })],
  ["messages[1].content[1].content[0]", CHAT, part({ type: "tool_result", content: [base64] })],
  ["messages[1].content[1].parts[0][0]", CHAT, part({ type: "new", parts: [[base64]] })],
  ["messages[1].images", CHAT, turn({ images: ["iVBORw0KGgo="] })],
  ["messages[1].Images", CHAT, turn({ Images: ["iVBORw0KGgo="] })],
  ["messages[1].CONTENT[0]", CHAT, turn({ CONTENT: [imageUrl(PNG)] })],
  ["messages[1].attachments[0].file_id", CHAT, turn({ attachments: [{ file_id: "file-1" }] })],
  ["images", CHAT, { ...chat(), images: ["iVBORw0KGgo="] }],
  ["image_data", CHAT, { ...chat(), image_data: "iVBORw0KGgo=" }],
  ["Messages[0].images", CHAT, { ...chat(), Messages: [{ images: ["iVBORw0KGgo="] }] }],
  ["messages[1].content[0]", MESSAGES, messages(pdf)],
  [
    "messages[1].content[0].source",
    MESSAGES,
    messages({ type: "document", source: { type: "url", url: "https://h" } }),
  ],
  ["messages[1].content[0].source", MESSAGES, messages({ type: "document", source: { type: "file", file_id: "f" } })],
  [
    "messages[1].content[0].source.content[0]",
    MESSAGES,
    messages({ type: "document", source: { type: "content", content: [base64] } }),
  ],
  ["messages[1].content[0]", MESSAGES, messages({ type: "container_upload", file_id: "f" })],
  ["system[1]", MESSAGES, { ...messages(text), system: [text, base64] }],
  ["system[0].source", "/v1/messages/count_tokens", { ...messages(text), system: [pdf] }],
  [
    "messages[1].content[0].content.content.source",
    MESSAGES,
    messages({ type: "web_fetch_tool_result", content: { type: "web_fetch_result", content: pdf } }),
  ],
  ["input[1].content[0]", RESPONSES, item({ type: "input_file", file_id: "f" })],
  ["input[1].content[0]", RESPONSES, item({ type: "input_file", filename: "a.pdf", file_data: "JVBERg==" })],
  ["input[1].output[0]", RESPONSES, responses({ type: "custom_tool_call_output", call_id: "c", output: [inputImage] })],
  ["input[1].output.image_url", RESPONSES, responses({ type: "new_output", output: { type: "new", image_url: PNG } })],
  [
    "input[1].outputs[0]",
    RESPONSES,
    responses({ type: "code_interpreter_call", outputs: [{ type: "image", url: PNG }] }),
  ],
  ["input[1]", RESPONSES, responses({ type: "image_generation_call", id: "ig", result: "iVBORw0KGgo=" })],
  [
    "instructions[0].content[0]",
    RESPONSES,
    { ...responses(), instructions: [{ role: "user", content: [inputImage] }] },
  ],
  ["prompt.variables.photo", RESPONSES, { ...responses(), prompt: { id: "p", variables: { photo: inputImage } } }],
  [
    "tools[0].input_image_mask",
    RESPONSES,
    { ...responses(), tools: [{ type: "image_generation", input_image_mask: { file_id: "f" } }] },
  ],
  // Shapes that no schema has, and that a provider may take all the same.
  ["messages[1].content[1]", CHAT, part({ type: "image_url", image_url: "https://h/x.png" })],
  ["messages[1].content[1]", CHAT, part({ type: "image_url" })],
  ["messages[1].content[1].image_url", CHAT, part({ image_url: "https://h/x.png" })],
  ["messages[1].content[1].image_url", CHAT, part({ type: ["image_url"], image_url: { url: 5 } })],
  ["messages[1].content", CHAT, chat({ role: "user", content: { type: "image_url", image_url: "gs://b/x.png" } })],
  ["messages[1].content[0]", CHAT, chat({ role: "user", content: [PNG] })],
  ["messages[1].content[0][1]", CHAT, chat({ role: "user", content: [["x", PNG]] })],
  ["messages[0]", CHAT, { model: "openai/m", messages: [PNG] }],
  ["messages", CHAT, { model: "openai/m", messages: { type: "image_url", image_url: PNG } }],
  ["messages.0.content[0]", CHAT, { model: "openai/m", messages: { "0": { role: "user", content: [base64] } } }],
  ["messages[1].reasoning_content[0]", CHAT, turn({ reasoning_content: [imageUrl(PNG)] })],
  ["messages[1].role[0].image_url", CHAT, chat({ role: [{ image_url: PNG }], content: "x" })],
  ["messages[1].name.content[0]", CHAT, turn({ name: { content: [base64] } })],
  ["messages[1].content[0].text", CHAT, chat({ role: "user", content: [{ type: "text", text: imageUrl(PNG) }] })],
  ["messages[0]", MESSAGES, { ...messages(text), messages: [base64] }],
  ["input[0].image", "/v1/embeddings", { model: "openai/m", input: [{ image: "https://h/x.png" }] }],
  ["input[1]", "/v1/embeddings", { model: "openai/m", input: ["x", PNG] }],
  ["input[0][0]", "/v1/embeddings", { model: "openai/m", input: [[{ type: "image_url", image_url: PNG }]] }],
  ["messages[1].content[1]", "/v1/embeddings", { ...part(imageUrl(PNG)), input: "x" }],
];

describe("with ENABLE_VISION=false", () => {
  test.each(PLACES)("an image in %s of %s is 400", async (_, route, body) => {
    const response = await blind.post(route, body);
    const error = /messages|responses/.test(route)
      ? expect.objectContaining({ message: DISABLED, type: "invalid_request_error" })
      : DISABLED;
    expect([response.status, await response.json()]).toMatchObject([400, { error }]);
    expect(blind.takeCalls()).toEqual([]);
  });

  test.each(OTHER_WORDS)("%s of %s is 400, too", async (path, route, body) => {
    for (const text of [JSON.stringify(body), escaped(JSON.stringify(body))]) {
      const response = await blind.post(route, text);
      const error = route.startsWith("/v1/messages")
        ? { type: "error", error: { message: DISABLED, type: "invalid_request_error" } }
        : route === RESPONSES
          ? { error: { message: DISABLED, code: "vision_disabled", param: path } }
          : { error: DISABLED, code: "vision_disabled", param: path };
      expect([response.status, await response.json()]).toMatchObject([400, error]);
    }
    expect(blind.takeCalls()).toEqual([]);
  });

  /** The same JSON, with an escape in every name and value that could tell of an image. */
  function escaped(json: string): string {
    return json.replaceAll("im", "\\u0069m").replaceAll("fil", "f\\u0069l").replaceAll("vid", "v\\u0069d");
  }

  test.each([
    ["\u017fystem", "/v1/messages", '"max_tokens":8,"messages":[{"role":"user","content":"x"}]'],
    ["\u017fystem", "/v1/chat/completions", '"messages":[{"role":"user","content":"x"}]'],
  ])("%s, which servers written in Go read as system, hides no image", async (key, route, rest) => {
    const body = `{"model":"anthropic/m",${rest},"${key}":[${JSON.stringify(base64)}]}`;
    expect((await blind.post(route as PostRoute, body)).status).toBe(400);
    expect(blind.takeCalls()).toEqual([]);
  });

  test("an input that stands twice hides no image, however its names are written", async () => {
    const hidden = JSON.stringify([{ role: "user", content: [{ type: "input_image", image_url: PNG }] }]);
    for (const key of ["input", "\\u0069nput", "INPUT", "\\u0049nput"]) {
      const body = `{"model":"openai/m","${key}":${hidden},"input":"x"}`;
      expect((await blind.post("/v1/responses", body)).status).toBe(400);
    }
    expect(blind.takeCalls()).toEqual([]);
  });

  test.each(["messages", "system"])("a second %s hides no image", async (name) => {
    const hidden = JSON.stringify([{ role: "user", type: "text", text: "x", content: [base64] }]);
    const plain = '[{"role":"user","type":"text","text":"x","content":"x"}]';
    const rest = name === "messages" ? "" : `,"messages":${plain}`;
    for (const key of [name, name.replace("s", "\\u0073")]) {
      const body = `{"model":"anthropic/m","max_tokens":8,"${key}":${hidden},"${name}":${plain}${rest}}`;
      expect((await blind.post("/v1/messages", body)).status).toBe(400);
    }
    expect(blind.takeCalls()).toEqual([]);
  });

  test("a conversation too deep to be searched is 400", async () => {
    const deep = `${'{"content":['.repeat(500)}${"]}".repeat(500)}`;
    const body = `{"model":"openai/m","messages":[{"role":"user","content":[{"type":"new","x":${deep}}]}]}`;
    expect((await blind.post("/v1/chat/completions", body)).status).toBe(400);
  });

  test.each(["messages", "mess\\u0061ges", "Messages"])("a second list under %j hides no image", async (key) => {
    const hidden = JSON.stringify([{ role: "user", content: [imageUrl(PNG)] }]);
    const plain = '[{"role":"user","content":"x"}]';
    for (const [first, second] of [
      [hidden, plain],
      [plain, hidden],
    ]) {
      const body = `{"model":"openai/m","messages":${first},"${key}":${second}}`;
      expect((await blind.post("/v1/chat/completions", body)).status).toBe(400);
    }
    expect(blind.takeCalls()).toEqual([]);
  });

  test.each([
    ["/v1/chat/completions", chat({ role: "user", content: `what is ${PNG} and "type":"image_url"?` })],
    ["/v1/chat/completions", { ...chat(), metadata: { image_url: PNG }, tools: [] }],
    [
      "/v1/messages",
      messages(text, { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } }),
    ],
    ["/v1/responses", { model: "openai/m", input: `{"type":"input_image"}` }],
    [
      CHAT,
      part({ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }, { type: "new", image_url: null }),
    ],
    [CHAT, part({ type: "text", text: PNG, images: [], file_id: "", cache_control: { type: "ephemeral" } })],
    [
      CHAT,
      part(
        { type: "new", inline_data: { mime_type: "audio/wav", data: "AAAA" } },
        { type: "new", url: "https://h/x.png" },
      ),
    ],
    [CHAT, part({ type: "thinking", thinking: [text] }, { type: "reference", reference_ids: [1] })],
    [
      CHAT,
      chat(
        {
          role: "assistant",
          content: null,
          reasoning_details: [{ type: "reasoning.encrypted", data: "AAAA" }],
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: '{"image_url":"x"}' } }],
        },
        { role: "tool", tool_call_id: "c", content: `{"image_url":"${PNG}"}` },
      ),
    ],
    [
      CHAT,
      {
        ...chat(),
        image_config: { aspect_ratio: "1:1" },
        modalities: ["image", "text"],
        tools: [
          {
            type: "function",
            function: { name: "f", parameters: { type: "object", properties: { image_url: { type: "string" } } } },
          },
        ],
      },
    ],
    [
      MESSAGES,
      messages(
        { type: "tool_use", id: "t", name: "f", input: { image_url: PNG, file: "a", type: "image" } },
        { type: "search_result", source: "https://h/x.png", title: "x", content: [text] },
        {
          type: "web_search_tool_result",
          tool_use_id: "t",
          content: [{ type: "web_search_result", url: "https://h/x.png", encrypted_content: "AAAA" }],
        },
        {
          type: "code_execution_tool_result",
          content: { type: "code_execution_result", content: [{ type: "code_execution_output", file_id: "f" }] },
        },
        { type: "document", source: { type: "content", content: [text] }, citations: { enabled: true } },
        { type: "redacted_thinking", data: "AAAA" },
      ),
    ],
    [
      RESPONSES,
      {
        ...responses(
          { type: "function_call", call_id: "c", name: "f", arguments: '{"file":"x"}' },
          { type: "function_call_output", call_id: "c", output: PNG },
          { type: "file_search_call", queries: ["x"], results: [{ file_id: "f", filename: "a.pdf", text: "x" }] },
          { type: "computer_call", action: { type: "screenshot" } },
          { type: "apply_patch_call", operation: { type: "update_file", path: "a.png", diff: "x" } },
          { type: "reasoning", summary: [{ type: "summary_text", text: "x" }], encrypted_content: "AAAA" },
          {
            role: "assistant",
            content: [{ type: "output_text", text: "x", annotations: [{ type: "file_citation", file_id: "f" }] }],
          },
        ),
        include: ["message.input_image.image_url"],
        tools: [{ type: "image_generation", input_image_mask: null, partial_images: 2 }],
        prompt: { id: "p", variables: { image: "the words for an image" } },
      },
    ],
    ["/v1/embeddings", { model: "openai/m", input: ["an image", "a file"] }],
  ] as const)("%s: what only talks of images passes", async (route, body) => {
    expect((await blind.post(route, body)).status).toBe(200);
    expect(blind.takeCalls()).toHaveLength(1);
  });
});

describe("with ENABLE_VISION=true", () => {
  test.each(PLACES)("an image in %s of %s passes byte for byte", async (_, route, body) => {
    expect((await seeing.post(route, body)).status).toBe(200);
    expect(bodyText(seeing.takeCall())).toBe(JSON.stringify(body).replace(/"(openai|anthropic)\/m"/, '"m"'));
  });

  test.each(["", "x.png", "gs://bucket/a.png", "file:///d/a.png", "iVBORw0KGgo=", "data:;base64,AAAA"])(
    "%j is for the provider to judge",
    async (url) => {
      for (const image of [
        imageUrl(url),
        { type: "image_url", image_url: url },
        { type: "image_url", image_url: { url, detail: "" } },
      ]) {
        const body = chat({ role: "user", content: [text, image] });
        expect((await seeing.post("/v1/chat/completions", body)).status).toBe(200);
        expect(bodyText(seeing.takeCall())).toBe(JSON.stringify(body).replace("openai/m", "m"));
      }
    },
  );
});

describe("with ENABLE_VISION=true and VALIDATION=strict", () => {
  let strict: StartedGateway;
  beforeAll(async () => {
    strict = await startBesideProvider((url) => ({
      ...threeProviders(url),
      ENABLE_VISION: "true",
      VALIDATION: "strict",
    }));
  });
  afterAll(() => strict[Symbol.asyncDispose]());

  test.each(["https://h/x", "http://h/x", "HTTPS://h/x", PNG, "data:image/svg+xml;charset=utf-8;base64,PHN2Zz4="])(
    "%s is an image's url",
    async (url) => {
      const body = chat({ role: "user", content: [imageUrl(url)] });
      expect((await strict.post("/v1/chat/completions", body)).status).toBe(200);
      strict.takeCalls();
    },
  );

  test.each([
    "",
    "x.png",
    "//h/x.png",
    "file:///etc/passwd",
    "ftp://h/x",
    "javascript:alert(1)",
    "data:image/png,raw",
    "data:text",
    " https://h/x",
  ])("%j is none", async (url) => {
    const response = await strict.post("/v1/chat/completions", chat({ role: "user", content: [text, imageUrl(url)] }));
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: "messages[1].content[1].image_url.url must be an https: or http: URL or a base64 data: URI",
        param: "messages[1].content[1].image_url.url",
      },
    ]);
    expect(strict.takeCalls()).toEqual([]);
  });

  test("the same holds for messages and responses", async () => {
    const block = { type: "image", source: { type: "url", url: "file:///x" } };
    expect((await strict.post("/v1/messages", messages(block))).status).toBe(400);
    const item = { role: "user", content: [{ type: "input_image", image_url: "file:///x" }] };
    expect((await strict.post("/v1/responses", responses(item))).status).toBe(400);
    expect(strict.takeCalls()).toEqual([]);
  });
});

describe("a long request, which is searched in turns", () => {
  // Many of them together are longer than what is searched at once.
  const long = Array.from({ length: 7000 }, (_, index) => ({ role: "user", content: `${index} ${"x".repeat(80)}` }));

  test.each([
    [
      "in its last message",
      chat(...long, { role: "user", content: [text, imageUrl(PNG)] }),
      "messages[7001].content[1]",
    ],
    ["beside its messages", { ...chat(...long), images: ["iVBORw0KGgo="] }, "images"],
    ["in a member that is no list", { ...chat(...long), system: { type: "image" } }, "system"],
  ])("is refused with an image %s", async (_, body, path) => {
    const response = await blind.post("/v1/chat/completions", body);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        error: DISABLED,
        code: "vision_disabled",
        param: path,
      }),
    ]);
    expect(blind.takeCalls()).toEqual([]);
  });

  test("is sent as it is without one", async () => {
    const body = chat(...long);
    expect((await blind.post("/v1/chat/completions", body)).status).toBe(200);
    const [call] = blind.takeCalls();
    expect(call && JSON.parse(bodyText(call))).toEqual({ ...body, model: "m" });
  });
});
