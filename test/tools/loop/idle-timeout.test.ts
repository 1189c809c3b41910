import { expect, test } from "bun:test";
import { text } from "../mcp/mcp-server.ts";
import { call, calling, CHAT, completion, delta, messagesOf, startAgentRig, STREAM, stream } from "./loop-rig.ts";

/** The server looks at its connections every four seconds, so "1s" closes a silent one within eight. */
const CLOSED_BY_MS = 8500;

test("a client may wait for tools for longer than its connection may be silent", async () => {
  // Time itself is under test.
  const run = async () => {
    await Bun.sleep(CLOSED_BY_MS);
    return text("slept");
  };
  await using agent = await startAgentRig({ SERVER_IDLE_TIMEOUT: "1s" }, [{ name: "sleep", run }]);
  const item = call("c", "mcp_sleep");
  agent.rig.provider.answerAlways((request) => {
    const isStream = Buffer.from(request.body).includes('"stream":true');
    const content = String(messagesOf(request).at(-1)?.["content"]);
    if (content !== "slept") {
      return isStream ? stream([delta({ tool_calls: [item] }, "tool_calls")]) : calling(item);
    }
    return isStream ? stream([delta({ content }, "stop")]) : completion({ content });
  });
  const answers = [CHAT, STREAM].map(async (body) => {
    const { client } = await agent.rig.call({ target: "/v1/chat/completions", body });
    const answer = await client.body(CLOSED_BY_MS + 3000);
    expect(answer.text).toContain("slept");
    expect(answer.complete).toBe(true);
  });
  await Promise.all(answers);
  await agent.finish();
});
