import { expect, test } from "bun:test";
import { splitProxyUrl } from "../../src/providers/proxy-url.ts";

const OPENAI_FILES = { providerId: "openai", path: "files", search: "" };

test.each([
  ["http://x/proxy/openai/files", OPENAI_FILES],
  ["http://x/v1/proxy/openai/files", OPENAI_FILES],
  // Hosts that a search for the mount could take for it; https is a letter longer than http.
  ["http://proxy/proxy/openai/files", OPENAI_FILES],
  ["https://proxy/proxy/openai/files", OPENAI_FILES],
  ["https://proxy/v1/proxy/openai/files", OPENAI_FILES],
  ["https://v1:8080/v1/proxy/openai/files", OPENAI_FILES],
  ["http://x/proxy/openai/proxy/groq/files", { providerId: "openai", path: "proxy/groq/files", search: "" }],
  ["http://x/proxy/proxy/files", { providerId: "proxy", path: "files", search: "" }],
  ["http://x/proxy/v1/proxy/files", { providerId: "v1", path: "proxy/files", search: "" }],
  ["http://x/v1/proxy/openai?x=/proxy/groq/y", { providerId: "openai", path: "", search: "?x=/proxy/groq/y" }],
  ["http://x/proxy/openai/a%2fb//c?d?e=f", { providerId: "openai", path: "a%2fb//c", search: "?d?e=f" }],
  ["http://x/proxy/openai/", { providerId: "openai", path: "", search: "" }],
  ["http://x/proxy//files", { providerId: "", path: "files", search: "" }],
  ["http://x/proxy/", { providerId: "", path: "", search: "" }],
])("%s", (url, parts) => {
  expect(splitProxyUrl(url)).toEqual(parts);
});

test.each([
  "http://x/",
  "http://x",
  "/proxy/openai/files",
  "http://x/a/proxy/openai/files",
  "http://x//proxy/openai/files",
])("%s is no URL of a proxied request", (url) => {
  expect(() => splitProxyUrl(url)).toThrow("Requested route is not found");
});
