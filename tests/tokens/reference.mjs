// The proof: count the held-out documents with the real tokenizer, estimate them
// from their text, print the errors, write documents.tsv, and fail over the limits.
//
//	node reference.mjs CACHE PIECES
//
// With the documents' texts gone, documents.tsv keeps of each: kind, language,
// source, path, form, bytes, the first 12 digits of its SHA-1, o200k's count, and the
// estimator's histogram, from which tests/unit/test_tokens.c judges again.
import fs from 'fs';
import crypto from 'crypto';
import { execFileSync } from 'child_process';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';

const [cache, tool] = process.argv.slice(2), here = import.meta.dirname;
const docs = fs.readFileSync(`${cache}/docs.tsv`, 'utf8').trim().split('\n')
	.map((l) => l.split('\t'));
const errors = {};
const count = (text) => encode(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() }).length;
const look = (files) => execFileSync(tool, ['histogram', ...files], { maxBuffer: 1 << 28 })
	.toString().trim().split('\n');
const versions = {};
function version(source, name) {
	const [, type, pkg] = source.match(/^(\w+):(.*)$/);
	if (type === 'npm') {
		const p = name.match(/^(@[^/]*\/)?[^/]*/)[0];
		const json = fs.readFileSync(`${cache}/npm/node_modules/${p}/package.json`);
		return `npm:${p}@${JSON.parse(json).version}`;
	}
	return type === 'deb' ? versions[pkg] ??= `deb:${pkg}=` + execFileSync('sh', ['-c',
		`dpkg-deb -f $(ls ${cache}/deb/${pkg}_*.deb ${cache}/deb/${pkg}/*.deb 2>/dev/null) Version`])
		.toString().trim() : source;
}

const lines = [];
for (let at = 0; at < docs.length; at += 200) {
	const part = docs.slice(at, at + 200);
	const seen = look(part.map((d) => `${cache}/docs/${d[0]}`));
	part.forEach(([n, split, kind, lang, source, name, bytes, form], i) => {
		const text = fs.readFileSync(`${cache}/docs/${n}`);
		const [estimate, ...cells] = seen[i].split(' ');
		const tokens = count(text.toString());
		for (const row of ['all', kind, ...(kind === 'foreign' ? [`foreign ${lang}`] : [])])
			((errors[row] ??= {})[split] ??= []).push(Math.abs(estimate / tokens - 1));
		if (split === 'held')
			lines.push([kind, lang, version(source, name), name, form, bytes,
				crypto.createHash('sha1').update(text).digest('hex').slice(0, 12),
				tokens, cells.join(' ')].join('\t'));
	});
}
const at = (list, q) => list ? (100 * list.sort((a, b) => a - b)[Math.floor(list.length * q)])
	.toFixed(2) : '-';
console.log('kind\t\theld out: documents, median %, 95 of 100 %\ttrained on');
for (const row of Object.keys(errors).sort())
	console.log(row.padEnd(15), ...['held', 'train'].flatMap((s) => [errors[row][s]?.length ?? 0,
		at(errors[row][s], 0.5), at(errors[row][s], 0.95)].map((x) => String(x).padStart(8))));
fs.writeFileSync(`${here}/documents.tsv`, lines.sort().join('\n') + '\n');

// The texts that the project itself has.
const samples = fs.readdirSync(`${here}/samples`).sort();
const seen = look(samples.map((s) => `${here}/samples/${s}`));
fs.writeFileSync(`${here}/samples.tsv`, samples.map((s, i) => {
	const tokens = count(fs.readFileSync(`${here}/samples/${s}`, 'utf8'));
	console.log(`${s}: ${tokens}, estimated ${seen[i].split(' ')[0]}`);
	return `${s}\t${tokens}\n`;
}).join(''));

if (lines.length < 300 || at(errors.all.held, 0.5) > 3 || at(errors.all.held, 0.95) > 10) {
	console.error('the estimator is not good enough');
	process.exit(1);
}
