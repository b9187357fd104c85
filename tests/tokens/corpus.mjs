// Fetch and collect the documents of sources.tsv: CACHE/docs/<n> and CACHE/docs.tsv
// (number, split, kind, language, source, path, bytes, form). None of it is kept in
// the project: the texts belong to others.
//
//	node corpus.mjs CACHE
//
// Sources: deb:PACKAGE (apt-get download), npm:PACKAGE|... (packages.txt and what
// they need; for training, * is all but the held-out ones), own: (this tree), loop:
// and agents: (../shared/data), file:FOLDER, made: (logs.sh). Forms: plain; gz; html
// (text without tags); mo (the translations, in documents of 12 KB); verses.
// Which documents are taken is decided by the hash of their path, so by no one; the
// held-out ones are taken first, from packages of their own.
import fs from 'fs';
import zlib from 'zlib';
import crypto from 'crypto';
import path from 'path';
import { execFileSync } from 'child_process';

const here = import.meta.dirname, top = path.resolve(here, '../..');
const cache = path.resolve(process.argv[2]);
const shared = path.resolve(top, '../shared/data');
const modules = `${cache}/npm/node_modules`;
const sha = (s) => crypto.createHash('sha1').update(s).digest('hex');
const rules = fs.readFileSync(`${here}/sources.tsv`, 'utf8').split('\n')
	.filter((l) => l && l[0] !== '#').map((l) => l.split('\t'));

function walk(dir, out = []) {
	for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
		const p = `${dir}/${e.name}`;
		if (e.isDirectory())
			walk(p, out);
		else if (e.isFile())
			out.push(p);
	}
	return out;
}

function deb(name) {
	const dir = `${cache}/x/${name}`;
	if (fs.existsSync(dir))
		return dir;
	fs.mkdirSync(`${cache}/deb/${name}`, { recursive: true });
	execFileSync('apt-get', ['-qq', 'download', name],
		{ cwd: `${cache}/deb/${name}`, stdio: 'inherit' });
	const [file] = walk(`${cache}/deb/${name}`);
	execFileSync('dpkg', ['-x', file, dir]);
	return dir;
}

if (!fs.existsSync(modules)) {
	fs.mkdirSync(`${cache}/npm`, { recursive: true });
	fs.writeFileSync(`${cache}/npm/package.json`, '{ "private": true }');
	execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund',
		...fs.readFileSync(`${here}/packages.txt`, 'utf8').trim().split('\n')],
		{ cwd: `${cache}/npm`, stdio: 'inherit' });
}
const packages = fs.readdirSync(modules).filter((e) => e[0] !== '.').flatMap((e) =>
	e[0] === '@' ? fs.readdirSync(`${modules}/${e}`).map((f) => `${e}/${f}`) : [e]);
const pattern = (s) => new RegExp(`^(${s.replace(/[.+]/g, '\\$&').replace(/\*/g, '.*')})$`);
const heldOut = rules.filter((r) => r[0] === 'held' && r[3].startsWith('npm:'))
	.map((r) => pattern(r[3].slice(4)));

for (const split of ['train', 'held'])
	if (!fs.existsSync(`${cache}/made-${split}`))
		execFileSync('sh', [`${here}/logs.sh`, split, `${cache}/made-${split}`, top],
			{ stdio: 'inherit' });
if (!fs.existsSync(`${cache}/loop`) && fs.existsSync(shared))
	execFileSync('git', ['clone', '-q', '-b', 'main', `${shared}/loop-history.bundle`,
		`${cache}/loop`]);

const known = {};
function files(split, source) {
	const [, type, name] = source.match(/^(\w+):(.*)$/);
	const inTree = (dir) => fs.existsSync(dir) ?
		walk(dir).filter((f) => !/\/(\.git|build[^/]*|node_modules)\//.test(f)) : [];

	return known[split + source] ??= type === 'deb' ? walk(deb(name)) :
		type === 'npm' ? packages.filter((p) => pattern(name).test(p) &&
			(split === 'held' || !heldOut.some((h) => h.test(p))))
			.flatMap((p) => walk(`${modules}/${p}`).filter((f) =>
				!f.slice(`${modules}/${p}`.length).includes('/node_modules/'))) :
		type === 'file' ? walk(name).filter((f) => !/c\+\+|clang/.test(f)) :
		type === 'own' ? inTree(top).filter((f) => !/\/tests\/tokens\//.test(f)) :
		type === 'loop' ? inTree(`${cache}/loop`) :
		type === 'agents' ? inTree(`${shared}/agents`) :
		walk(`${cache}/made-${split}`);
}

const entities = { lt: '<', gt: '>', amp: '&', quot: '"', nbsp: '\u00a0', apos: "'" };
const html = (t) => t.replace(/<(script|style|head)\b[^]*?<\/\1>/gi, '')
	.replace(/<!--[^]*?-->/g, '').replace(/<[^>]*>/g, '')
	.replace(/&(\w+);/g, (m, e) => entities[e] ?? m)
	.replace(/&#(x?)([0-9a-f]+);/gi, (m, x, n) => {
		const code = parseInt(n, x ? 16 : 10);
		return code < 0x110000 ? String.fromCodePoint(code) : m;
	}).replace(/\n\s*\n\s*\n+/g, '\n\n').trim() + '\n';

function translations(b) {
	const n = b.readUInt32LE(8), table = b.readUInt32LE(16);
	const docs = [''];
	for (let i = 1; i < n; i++) {
		const at = b.readUInt32LE(table + 8 * i + 4);
		const s = b.toString('utf8', at, at + b.readUInt32LE(table + 8 * i));
		docs[docs.length - 1] += s.replace(/\0/g, '\n') + '\n';
		if (Buffer.byteLength(docs.at(-1)) > 12000)
			docs.push('');
	}
	return docs.sort((a, b) => sha(a) < sha(b) ? -1 : 1);
}

function documents(file, form) {
	let b = fs.readFileSync(file);
	if (form === 'gz') {
		try {
			b = zlib.gunzipSync(b);
		} catch {
			return [];
		}
	}
	if (form === 'mo')
		return translations(b);
	if (b.includes(0))
		return [];
	const text = b.subarray(0, 120000).toString().replace(/\ufffd+$/, '');
	return [form === 'html' ? html(b.toString()).slice(0, 60000) :
		form === 'json-ar' ? (JSON.parse(b).verses ?? []).map((v) => v.text).join('\n') :
		text];
}

fs.rmSync(`${cache}/docs`, { recursive: true, force: true });
fs.mkdirSync(`${cache}/docs`, { recursive: true });
const seen = new Set(), lines = [];
for (const half of ['held', 'train'])
	for (const [split, kind, lang, source, most, form, match] of rules) {
		if (split !== half)
			continue;
		const name = (f) => f.replace(`${top}/`, '').replace(`${cache}/loop/`, '')
			.replace(`${modules}/`, '').replace(new RegExp(`^${cache}/(x/[^/]*|made-\\w+)/`), '');
		const list = files(split, source).map((f) => [name(f), f])
			.filter(([n]) => new RegExp(match).test(n))
			.sort(([a], [b]) => sha(a) < sha(b) ? -1 : 1);
		const per = {};
		let taken = 0;
		for (const [n, f] of list) {
			const pkg = source.startsWith('npm:') && n.match(/^(@[^/]*\/)?[^/]*/)[0];
			for (const text of taken < most ? documents(f, form) : []) {
				const bytes = Buffer.byteLength(text), id = sha(text);
				if (taken >= most || bytes < 1000 || text.includes('\ufffd') ||
				    seen.has(id) || (pkg && (per[pkg] ??= 0) >= 12))
					continue;
				seen.add(id);
				per[pkg]++;
				taken++;
				fs.writeFileSync(`${cache}/docs/${lines.length}`, text);
				lines.push([lines.length, split, kind, lang, source, n, bytes,
					form].join('\t'));
			}
		}
		if (!taken)
			console.error(`nothing from ${source} ${match}`);
	}
fs.writeFileSync(`${cache}/docs.tsv`, lines.join('\n') + '\n');
console.log(`${lines.length} documents`);
