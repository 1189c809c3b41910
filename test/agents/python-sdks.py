"""The official SDKs in Python: three rounds with tools, whole and streamed, which must add up to the same."""

import json
import re
import sys

import anthropic
import openai
from google import genai
from google.genai import types

GATEWAY, MODEL = sys.argv[1:]
SCHEMA = {"type": "object", "properties": {"file_path": {"type": "string"}}}
ROUNDS = 3


def comparable(value):
    """Without what differs from answer to answer: ids, seals, times, and tokens that the provider counts up."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    text = re.sub(r'"(created|created_at|completed_at|\w*(input|prompt|total)_?tok\w*|id|response_?id)": [^,}]+', "", text)
    text = re.sub(r'gw1\.[^"]*|b\'[^\']*\'|(SIGNATURE|ENCRYPTED)\d+==', "SEAL", text)
    return re.sub(r"(call|toolu|fc|rs|msg|resp|chatcmpl)_[0-9A-Za-z_]+", "ID", text)


def same(api, number, whole, streamed):
    if comparable(whole) != comparable(streamed):
        raise SystemExit(f"{api}, round {number}:\n{comparable(whole)}\n{comparable(streamed)}")


def chat():
    client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key="none", max_retries=0)
    messages = [{"role": "user", "content": "hi"}]
    tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("Read", "Bash", "Edit")]
    for number in range(ROUNDS):
        ask = {"model": MODEL, "messages": messages, "tools": tools, "reasoning_effort": "low"}
        whole = client.chat.completions.create(**ask).choices[0]
        with client.chat.completions.stream(**ask) as stream:
            for _ in stream:
                pass
            streamed = stream.get_final_completion().choices[0]
        # Thoughts are left out: the helper keeps only the last piece of members that it does not know.
        # A stream begins with an empty text, before anybody knows whether there will be one.
        shown = lambda choice: [choice.message.role, choice.message.content or "", choice.message.refusal]
        same("chat", number, shown(whole), shown(streamed))
        calls = [call.function.arguments for call in whole.message.tool_calls or []]
        same("chat", number, calls, [call.function.arguments for call in streamed.message.tool_calls or []])
        same("chat", number, whole.finish_reason, streamed.finish_reason)
        messages.append(whole.message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "ok"} for call in whole.message.tool_calls or []]
    return whole.message.content


def messages():
    client = anthropic.Anthropic(base_url=GATEWAY, api_key="none", max_retries=0)
    turns = [{"role": "user", "content": "hi"}]
    tools = [{"name": name, "input_schema": SCHEMA} for name in ("Read", "Bash", "Edit")]
    for number in range(ROUNDS):
        ask = {"model": MODEL, "max_tokens": 3000, "messages": turns, "tools": tools}
        ask["thinking"] = {"type": "enabled", "budget_tokens": 2000}
        whole = client.messages.create(**ask)
        with client.messages.stream(**ask) as stream:
            for _ in stream:
                pass
            streamed = stream.get_final_message()
        same("messages", number, whole.model_dump(exclude={"usage"}), streamed.model_dump(exclude={"usage"}))
        turns.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in streamed.content]})
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "ok"}
            for block in streamed.content
            if block.type == "tool_use"
        ]
        if results:
            turns.append({"role": "user", "content": results})
    return whole.content[-1].text


def responses():
    client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key="none", max_retries=0)
    items = [{"role": "user", "content": "hi"}]
    tools = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in ("Read", "Bash", "Edit")]
    for number in range(ROUNDS):
        ask = {"model": MODEL, "input": items, "tools": tools, "store": False}
        ask["reasoning"] = {"effort": "low", "summary": "auto"}
        whole = client.responses.create(**ask)
        with client.responses.stream(**ask) as stream:
            for _ in stream:
                pass
            streamed = stream.get_final_response()
        known = {"type", "content", "summary", "name", "arguments", "status"}
        shown = lambda response: [item.model_dump(mode="json", include=known) for item in response.output]
        for item in streamed.output:
            for part in getattr(item, "content", None) or []:
                part.__dict__.pop("parsed", None)
        same("responses", number, shown(whole), shown(streamed))
        same("responses", number, whole.output_text, streamed.output_text)
        items += [item.model_dump(exclude_none=True) for item in whole.output]
        items += [
            {"type": "function_call_output", "call_id": item.call_id, "output": "ok"}
            for item in whole.output
            if item.type == "function_call"
        ]
    return whole.output_text


def generate():
    options = types.HttpOptions(base_url=GATEWAY)
    client = genai.Client(api_key="none", http_options=options)
    declared = [{"name": name, "parameters_json_schema": SCHEMA} for name in ("Read", "Bash", "Edit")]
    contents = [{"role": "user", "parts": [{"text": "hi"}]}]
    for number in range(ROUNDS):
        config = {
            "tools": [{"function_declarations": declared}],
            "thinking_config": {"include_thoughts": True},
            "automatic_function_calling": {"disable": True},
        }
        ask = {"model": MODEL, "contents": contents, "config": config}
        whole = client.models.generate_content(**ask).candidates[0].content
        parts = []
        for chunk in client.models.generate_content_stream(**ask):
            parts += (chunk.candidates[0].content.parts or []) if chunk.candidates else []
        text = lambda found, thought: "".join(part.text for part in found if part.text and bool(part.thought) == thought)
        calls = lambda found: [(part.function_call.name, part.function_call.args) for part in found if part.function_call]
        for thought in (True, False):
            same("generate", number, text(whole.parts, thought), text(parts, thought))
        same("generate", number, calls(whole.parts), calls(parts))
        contents.append(whole.model_dump(mode="json", exclude_none=True))
        results = [
            {"function_response": {"id": part.function_call.id, "name": part.function_call.name, "response": {"output": "ok"}}}
            for part in whole.parts
            if part.function_call
        ]
        if results:
            contents.append({"role": "user", "parts": results})
    return text(whole.parts, False)


for api in (chat, messages, responses, generate):
    said = api()
    if said != "Done: the file says goodbye.":
        raise SystemExit(f"{api.__name__}: the model said at last: {said}")
    print(f"{api.__name__}: three rounds, whole and streamed alike")
