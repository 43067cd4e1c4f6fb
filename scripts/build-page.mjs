// Bundles the page (client-demo/) into dist/page/, which the server serves: `node scripts/build-page.mjs [--watch]`.
// Files in assets/ have their content's hash in their names and may be kept for ever; each file has its compressed copies beside it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'client-demo');
const target = join(root, 'dist/page');
const require = createRequire(import.meta.url);

const shared = {
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  // The first that have popovers, and tell letters from halves of them (Intl.Segmenter).
  target: ['chrome114', 'firefox125', 'safari17'],
  legalComments: 'none',
  tsconfig: join(source, 'tsconfig.json'),
  logLevel: 'warning',
};

/** The page's; the names of the emoji come in the same, where there are such. */
const languages = readdirSync(join(source, 'words'));

const namesOfEmoji = language => {
  try {
    return require(`emojibase-data/${language}/compact.json`);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    console.warn(`Nobody has named the emoji in the language ${language}: they are found by their English names.`);
    return require('emojibase-data/en/compact.json');
  }
};

/** As many entries a language's emoji, without skin tones, in the order of keyboards: [emoji, label, tags, group]. */
const emojiOf = language =>
  namesOfEmoji(language)
    // The parts that emoji are made of (group 2) and letters of flags (none) are no choice of their own.
    .filter(({ group }) => group !== undefined && group !== 2)
    .sort((a, b) => a.order - b.order)
    .map(({ unicode, label, tags = [], group }) => [unicode, label, tags.join(' '), group]);

const hashOf = contents => createHash('sha256').update(contents).digest('base64url').slice(0, 10);
/** The HTML is not: the server has something to add to it. */
const compressible = /\.(?:js|css|svg|json|webmanifest)$/;

/** Everything that is served, by its path below dist/page. */
const assemble = async outputs => {
  const files = new Map();
  for (const { path, contents } of outputs) files.set(relative(target, path).replaceAll('\\', '/'), contents);
  const named = pattern => [...files.keys()].find(path => pattern.test(path));
  for (const language of languages) files.set(`emoji/${language}.json`, Buffer.from(JSON.stringify(emojiOf(language))));
  for (const name of readdirSync(join(source, 'public'))) files.set(name, readFileSync(join(source, 'public', name)));
  // What main.js imports is fetched along with it rather than after it.
  const chunks = [...files.keys()].filter(path => /^assets\/chunk-.*\.js$/.test(path));
  const html = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('main.css', named(/^assets\/main-.*\.css$/))
    .replace('main.js', named(/^assets\/main-.*\.js$/))
    .replace('  </head>', `${chunks.map(path => `    <link rel="modulepreload" href="${path}">\n`).join('')}  </head>`);
  files.set('index.html', Buffer.from(html));

  // The worker keeps what the page is made of, under a name of that content.
  const kept = [...files.keys()].filter(path => path !== 'index.html');
  const version = hashOf(kept.map(path => `${path} ${hashOf(files.get(path))}`).join('\n') + html);
  const worker = await build({
    ...shared,
    entryPoints: [join(source, 'worker/worker.ts')],
    define: { VERSION: JSON.stringify(version), FILES: JSON.stringify(kept) },
  });
  files.set('worker.js', worker.outputFiles[0].contents);
  return files;
};

/** Only what changed is written, so that whoever serves or reads it meanwhile is not disturbed. */
const save = files => {
  const all = new Map(files);
  for (const [path, contents] of files) {
    if (!compressible.test(path)) continue;
    all.set(`${path}.gz`, gzipSync(contents, { level: 9 }));
    all.set(`${path}.br`, brotliCompressSync(contents));
  }
  for (const [path, contents] of all) {
    const file = join(target, path);
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file) || !readFileSync(file).equals(contents)) writeFileSync(file, contents);
  }
  for (const path of readdirSync(target, { recursive: true, withFileTypes: true })) {
    const file = join(path.parentPath, path.name);
    if (path.isFile() && !all.has(relative(target, file).replaceAll('\\', '/'))) rmSync(file);
  }
};

const finish = {
  name: 'finish',
  setup: ({ onEnd }) =>
    onEnd(async ({ errors, outputFiles }) => {
      if (errors.length === 0) save(await assemble(outputFiles));
    }),
};

const options = {
  ...shared,
  entryPoints: [{ in: join(source, 'main.tsx'), out: 'assets/main' }],
  outdir: target,
  entryNames: '[dir]/[name]-[hash]',
  chunkNames: 'assets/[name]-[hash]',
  splitting: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  plugins: [finish],
};

if (process.argv.includes('--watch')) await (await context(options)).watch();
else await build(options);
