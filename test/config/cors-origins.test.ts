import { expect, test } from "bun:test";
import { loadConfig } from "../fixtures/load-config.ts";

const PROBLEM =
  "SERVER_CORS_ORIGINS must list origins as browsers send them, such as https://app.example.com, or *: a scheme, a host, and a port if it is not the usual one";

test.each([
  "*",
  "https://app.example.com",
  "https://app.example.com/",
  "HTTPS://App.Example.com",
  "http://localhost:5173, http://127.0.0.1:3000",
  "http://[::1]:3000",
  "tauri://localhost",
  "chrome-extension://abcdefghijklmnop",
])("%s is taken", (SERVER_CORS_ORIGINS) => {
  expect(loadConfig({ SERVER_CORS_ORIGINS })).toMatchObject({ ok: true, warnings: [] });
});

// Each of these would be no origin that any browser sends, and the page that was meant would be refused.
test.each([
  "app.example.com",
  "https://app.example.com/app",
  "https://app.example.com?x=1",
  "https://app.example.com:443",
  "http://app.example.com:80",
  "https://*.example.com",
  "https://user@app.example.com",
  "https://münchen.example",
  "https://",
  "null",
  "https://app.example.com, localhost:3000",
])("%s is refused", (SERVER_CORS_ORIGINS) => {
  expect(loadConfig({ SERVER_CORS_ORIGINS })).toMatchObject({ ok: false, problems: [PROBLEM] });
});
