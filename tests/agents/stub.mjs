// A provider of our own on 127.0.0.1: answers "done" to every request of
// claude (/v1/messages) and codex (/v1/responses) with fixed token figures,
// and keeps each request's body in a directory.
//
//	node stub.mjs DIRECTORY      prints its port, serves until killed
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const dir = process.argv[2];
let count = 0;

function events(res, list) {
	res.writeHead(200, { "content-type": "text/event-stream" });
	for (const e of list)
		res.write(`event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`);
	res.end();
}

// claude: input_tokens excludes what the cache wrote and read.
function anthropic(res, body, n) {
	const usage = { input_tokens: 12, cache_creation_input_tokens: 100,
		cache_read_input_tokens: 50, output_tokens: 5 };
	const message = { id: `msg_${n}`, type: "message", role: "assistant",
		model: body.model, content: [], stop_reason: null, stop_sequence: null };

	if (!body.stream) {
		res.writeHead(200, { "content-type": "application/json" });
		res.end(JSON.stringify({ ...message, usage, stop_reason: "end_turn",
			content: [{ type: "text", text: "done" }] }));
		return;
	}
	events(res, [
		{ type: "message_start", message: { ...message, usage: { ...usage, output_tokens: 1 } } },
		{ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
		{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "done" } },
		{ type: "content_block_stop", index: 0 },
		{ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null },
		  usage: { output_tokens: 5 } },
		{ type: "message_stop" },
	]);
}

// codex: input_tokens includes what the cache read.
function openai(res, n) {
	const item = { type: "message", id: `item_${n}`, role: "assistant", status: "completed",
		content: [{ type: "output_text", text: "done", annotations: [] }] };

	events(res, [
		{ type: "response.created", response: { id: `resp_${n}` } },
		{ type: "response.output_item.done", output_index: 0, item },
		{ type: "response.completed", response: { id: `resp_${n}`, usage: {
			input_tokens: 1000, input_tokens_details: { cached_tokens: 600 },
			output_tokens: 5, output_tokens_details: { reasoning_tokens: 0 },
			total_tokens: 1005 } } },
	]);
}

createServer((req, res) => {
	const chunks = [];

	req.on("data", (c) => chunks.push(c));
	req.on("end", () => {
		const path = req.url.replace(/\?.*/, "");
		const known = { "/v1/messages": "claude", "/v1/responses": "codex" }[path];

		if (req.method !== "POST" || !known) {
			res.writeHead(404, { "content-type": "application/json" });
			res.end('{"error":{"type":"not_found_error","message":"stub"}}');
			return;
		}
		const text = Buffer.concat(chunks).toString();
		const n = ++count;

		writeFileSync(join(dir, `${String(n).padStart(3, "0")}-${known}.json`), text);
		if (known === "claude")
			anthropic(res, JSON.parse(text), n);
		else
			openai(res, n);
	});
}).listen(0, "127.0.0.1", function () {
	console.log(this.address().port);
});
