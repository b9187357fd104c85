// Make common/base/tokens.def: learn what pairs and triples of characters weigh,
// then what a cell of the histogram costs. Only the documents of the training set
// are looked at; those by which reference.mjs judges come from other packages.
//
//	node calibrate.mjs CACHE PIECES OUT
//
// 1. Weights. The score of a piece is a constant plus the weights of its features;
//    stochastic gradient descent (AdaGrad) brings it near the number of tokens. A
//    score below 1 of a piece that is one token is no error: so common words may
//    become as certain as they like. Each document counts the same, whatever its
//    size; a piece that is ten times as frequent counts about six times as much, and
//    one of many tokens less than its square error would.
// 2. Prices. With the weights rounded to what the C code has, the pieces are put
//    into cells (of the rare ones, only those that were not learned from); a least-squares price for each cell, never negative, drawn a
//    little towards the mean over all scripts of its bucket.
//
// The dice are seeded: the same corpus gives the same table.
import fs from 'fs';
import { execFileSync } from 'child_process';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';

const [cache, tool, out] = process.argv.slice(2);
const BITS = 14, ZERO = 80, ONE = 12, LIMIT = 45, CELLS = 150, BUCKETS = 14;
const GROUPS = 9, EPOCHS = 14, RATE = 0.08, POWER = 0.75, RARE = 15;
const run = (args, input) => execFileSync(tool, args, { input, maxBuffer: 1 << 30 });
const words = (buf) => new Uint32Array(buf.buffer.slice(buf.byteOffset,
							 buf.byteOffset + buf.length));
let seed = 12345;
const dice = (n) => {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return Math.floor(seed / 4294967296 * n);
};

// The distinct pieces of the training set, and how much each of them matters.
const pieces = new Map();
const docs = fs.readFileSync(`${cache}/docs.tsv`, 'utf8').trim().split('\n')
	.map((l) => l.split('\t')).filter((d) => d[1] === 'train');
for (let at = 0; at < docs.length; at += 100) {
	const names = docs.slice(at, at + 100).map((d) => `${cache}/docs/${d[0]}`);
	const cut = words(run(['split', ...names]));
	let k = 0;
	for (const name of names) {
		const text = fs.readFileSync(name).toString('latin1');
		const n = cut[k++], share = 1000 / Math.max(400, text.length / 4);
		for (let i = 0, p = 0; i < n; i++, p += cut[k++]) {
			const s = text.substr(p, cut[k]);
			const e = pieces.get(s);
			if (e)
				e.weight += share;
			else
				pieces.set(s, { weight: share });
		}
	}
}

// Their reference counts, cells and features.
const list = [...pieces.entries()].map(([s, e]) => {
	const bytes = Buffer.from(s, 'latin1');
	return { bytes, weight: e.weight, tokens: encode(bytes.toString()).length };
});
const look = () => words(run(['features'], Buffer.concat(list.flatMap(({ bytes }) => {
	const n = Buffer.alloc(4);
	n.writeUInt32LE(bytes.length);
	return [n, bytes];
}))));
let found = look();
for (let i = 0, k = 0; i < list.length; i++) {
	const n = found[k++];
	list[i].group = Math.floor(found[k] / BUCKETS);
	k += 2 * n;
	const f = found[k++];
	list[i].features = found.subarray(k, k += f);
}
console.log(`${docs.length} documents, ${list.length} pieces`);

// 1. Weights
const weight = new Float64Array(1 << BITS);
const past = new Float64Array(1 << BITS).fill(1e-6);
// One in five of the rare pieces is not learned from: it stands for all that the
// table has never seen when the prices are made.
for (const e of list)
	e.unseen = e.features.length && e.weight < RARE && dice(5) === 0;
const order = list.filter((e) => e.features.length && e.bytes.length < 120 && !e.unseen);
let sum = 0;
for (const e of order)
	sum += e.w = e.weight ** POWER / e.tokens ** 0.7;
for (const e of order)
	e.w *= order.length / sum;
for (let epoch = 0; epoch < EPOCHS; epoch++) {
	for (let i = order.length - 1; i > 0; i--) {
		const j = dice(i + 1), e = order[i];
		order[i] = order[j];
		order[j] = e;
	}
	const rate = RATE / (1 + epoch * 0.35);
	let loss = 0;
	for (const { features, tokens, w, group } of order) {
		let score = group >= 7 ? 0.75 : 0.5;
		for (const f of features)
			score += weight[f];
		const d = tokens === 1 && score < 1 ? 0 : score - tokens;
		const g = Math.max(-3, Math.min(3, w * d / Math.sqrt(features.length)));
		loss += w * d * d;
		for (const f of features) {
			const slope = g + 3e-4 * weight[f];
			past[f] += slope * slope;
			weight[f] -= rate * slope / Math.sqrt(past[f]);
			weight[f] = Math.max(-LIMIT / ONE, Math.min(LIMIT / ONE, weight[f]));
		}
	}
	console.log(`epoch ${epoch}: ${(loss / order.length).toFixed(4)}`);
}
const rounded = Int32Array.from(weight, (x) => Math.round(x * ONE));

// 2. Prices. Scores are computed here as in C; what is not scored keeps its cell.
const bucketOf = [1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 10, 10, 10, 10,
	11, 11, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 12, 12, 12];
const matrix = Array.from({ length: CELLS }, () => new Float64Array(CELLS));
const right = new Float64Array(CELLS);
const total = {};
for (let i = 0, k = 0; i < list.length; i++) {
	const e = list[i], cells = [];
	for (let n = found[k++]; n; n--, k += 2)
		cells.push([found[k], found[k + 1]]);
	k += 1 + found[k];
	if (e.features.length && e.weight < RARE)
		e.weight = e.unseen ? e.weight * 5 : 0;
	if (e.features.length) {
		let score = e.group >= 7 ? 9 : 6;
		for (const f of e.features)
			score += rounded[f];
		score = Math.min(score, e.bytes.length * ONE);
		const b = score < 0 ? 0 : score < 8 * ONE ? bucketOf[Math.floor(score / 3)] : BUCKETS - 1;
		cells[0] = [e.group * BUCKETS + b,
			b === BUCKETS - 1 ? Math.floor(score / ONE) : 1];
		const t = total[b] ??= [0, 0];
		t[0] += e.weight * e.tokens / cells[0][1];
		t[1] += e.weight;
	}
	const most = Math.max(...cells.map((c) => c[1])) ** 2;
	for (const [a, n] of cells) {
		right[a] += e.weight * n * e.tokens / most;
		for (const [b, m] of cells)
			matrix[a][b] += e.weight * n * m / most;
	}
}
const price = new Float64Array(CELLS);
for (let round = 0; round < 200; round++)
	for (let a = 0; a < CELLS; a++) {
		const t = total[a % BUCKETS];
		const prior = a < GROUPS * BUCKETS ? (t ? t[0] / t[1] : 1) :
			a < CELLS - 12 ? 1 : 0.2;
		let rest = right[a] + 2 * prior;
		for (let b = 0; b < CELLS; b++)
			if (b !== a)
				rest -= matrix[a][b] * price[b];
		price[a] = Math.max(0, rest / (matrix[a][a] + 2));
	}

const quote = (v) => {
	const c = String.fromCharCode(v + ZERO);
	return c === '\\' || c === '?' ? `\\${c}` : c;
};
let text = `/*
 * Made by tests/tokens/calibrate.mjs; do not edit. Prices of the histogram's cells
 * in 1/256 token, one row for each group of cells; then the weights of hashed pairs
 * and triples of characters, each one character: '${String.fromCharCode(ZERO)}' is 0, a step is 1/12 token.
 */
#ifndef TOKENS_PRICE
#define TOKENS_PRICE(price)
#endif
#ifndef TOKENS_WEIGHTS
#define TOKENS_WEIGHTS(row)
#endif
`;
for (let a = 0; a < CELLS; a++)
	text += `TOKENS_PRICE(${Math.min(65535, Math.round(price[a] * 256))})` +
		((a + 1) % BUCKETS % 7 && a + 1 < CELLS ? ' ' : '\n');
for (let r = 0; r < rounded.length; r += 64)
	text += `TOKENS_WEIGHTS("${[...rounded.subarray(r, r + 64)].map(quote).join('')}")\n`;
text += '#undef TOKENS_PRICE\n#undef TOKENS_WEIGHTS\n';
fs.writeFileSync(out, text);
