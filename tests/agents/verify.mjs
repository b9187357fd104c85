// Does a provider's request carry a prompt whole, and once?
//
//	node verify.mjs claude|codex REQUEST.json PROMPT STATIC_BYTES
//
// Prints the text that held the static part, so that two turns can be compared.
import { readFileSync } from "node:fs";

const [kind, request, promptFile, staticBytes] = process.argv.slice(2);
const prompt = readFileSync(promptFile);
const cut = kind === "claude" ? Number(staticBytes) : 0;
// Both programs drop white space at the ends of what they are given.
const parts = [prompt.subarray(0, cut), prompt.subarray(cut)]
	.map((b) => b.toString().trim()).filter((s) => s);
const texts = [];

function collect(value) {
	if (typeof value === "string") texts.push(value);
	else if (value && typeof value === "object") Object.values(value).forEach(collect);
}
collect(JSON.parse(readFileSync(request)));
for (const part of parts) {
	const found = texts.reduce((n, t) => n + t.split(part).length - 1, 0);

	if (found !== 1) {
		console.error(`${request}: ${found} copies of the ${part.length} characters of the prompt that begin "${part.slice(0, 60)}"`);
		process.exit(1);
	}
}
process.stdout.write(cut ? texts.find((t) => t.includes(parts[0])) : "");
