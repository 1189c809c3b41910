/**
 * The least that Bun can do as a reverse proxy, as a process of its own: what any gateway on Bun pays before it does its work.
 * Environment: `UPSTREAM` (origin), `PORT`.
 */
const upstream = process.env["UPSTREAM"] ?? "";

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"]),
  development: false,
  idleTimeout: 255,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return new Response("OK");
    const body = request.method === "POST" ? await request.bytes() : null;
    const answer = await fetch(upstream + pathname, {
      method: request.method,
      headers: { "content-type": "application/json", "accept-encoding": "identity" },
      body,
      signal: request.signal,
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: { "content-type": answer.headers.get("content-type") ?? "application/octet-stream" },
    });
  },
});
