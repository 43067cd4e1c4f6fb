// `npm test`: the light suites two at a time, then the heavy ones; the last line is the sum.
// `npm test -- test/accounts` runs what is named. PARLEY_TEST_REQUIRE=all: a missing real part is a failure.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heavySuites, realParts } from './real-parts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'parley-test-'));
const named = process.argv.slice(2);
const requireAll = process.env.PARLEY_TEST_REQUIRE === 'all';

const found = realParts.map(part => ({ ...part, program: part.find() }));
const missing = found.filter(part => !part.program);
const leftOut = missing.flatMap(part => part.suites);
const env = {
  ...process.env,
  ...Object.fromEntries(found.filter(part => part.program).map(part => [part.env, part.program])),
};

const testFilesBelow = folder =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true }).filter(file => file.endsWith('.test.ts')).length
    : 0;

const exitOf = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 1 : code));
  });

const none = { passed: 0, failed: 0, skipped: 0 };

/** What failed and why, told once more before the last line: of a long log, often only the end is kept. */
const failures = [];
const failuresIn = result =>
  (result?.testResults ?? [])
    .filter(file => file.status === 'failed')
    .flatMap(file => {
      const where = relative(root, file.name);
      const tests = file.assertionResults.filter(test => test.status === 'failed');
      if (tests.length === 0) return [`${where}\n${file.message}`];
      return tests.map(test => `${where} > ${test.fullName}\n${test.failureMessages.join('\n')}`);
    });

/** Runs one vitest; a file that could not be loaded, or an error outside any test, counts as one failed test. */
const runVitest = async (name, args) => {
  const report = join(reports, `${name}.json`);
  const code = await exitOf(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    '--passWithNoTests',
    ...args,
  ]);
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  const broken = (result?.testResults ?? []).filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  ).length;
  const failed = (result?.numFailedTests ?? 0) + broken;
  failures.push(
    ...failuresIn(result),
    ...(code !== 0 && failed === 0 ? [`${name}: ended with ${code}, see above`] : []),
  );
  return {
    passed: result?.numPassedTests ?? 0,
    failed: code === 0 ? failed : Math.max(failed, 1),
    skipped: (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0),
  };
};

const sum = parts =>
  parts.reduce(
    (total, part) => ({
      passed: total.passed + part.passed,
      failed: total.failed + part.failed,
      skipped: total.skipped + part.skipped,
    }),
    none,
  );

const inFolders = (file, folders) => folders.some(folder => file === folder || file.startsWith(`${folder}/`));
const options = named.filter(argument => argument.startsWith('-'));
const filters = named.filter(argument => !argument.startsWith('-'));
const heavy = heavySuites.filter(folder => !leftOut.includes(folder));
const heavyFilters = filters.length === 0 ? heavy : filters.filter(filter => inFolders(filter, heavy));
const lightFilters = filters.filter(filter => !inFolders(filter, heavySuites));
const totals = [];

try {
  if (filters.length === 0 || lightFilters.length > 0) {
    const exclude = [...heavySuites, ...leftOut].flatMap(folder => ['--exclude', `${folder}/**`]);
    totals.push(await runVitest('light', ['--maxWorkers=2', ...exclude, ...options, ...lightFilters]));
  }
  if (heavyFilters.length > 0) {
    totals.push(await runVitest('heavy', ['--maxWorkers=1', '--no-file-parallelism', ...options, ...heavyFilters]));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}

for (const part of missing) {
  const files = part.suites.reduce((count, folder) => count + testFilesBelow(folder), 0);
  console.error(
    `\n${requireAll ? 'FAILED' : 'LEFT OUT'}: ${part.suites.join(', ')} (${files} test files): ${part.name} is not installed.` +
      `\n  Get it with scripts/install-test-servers${part.env ? `, or name it in ${part.env}` : ''}.`,
  );
  totals.push(requireAll ? { ...none, failed: 1 } : { ...none, skipped: files });
}

const { passed, failed, skipped } = sum(totals);
for (const failure of failures) console.log(`\nFAILED ${failure.slice(0, 4_000)}`);
// Set rather than called, so that the last line is written before the process ends.
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
