// A reporter for node:test: which tests and files took longest, where a run can be made shorter,
// and which tests could not run here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const shown = 10;
/** What node:test says of those that --test-name-pattern leaves out. */
const notAskedFor = 'test name does not match pattern';
const seconds = (ms) => `${(ms / 1000).toFixed(1).padStart(7)} s`;

function longest(title, entries) {
  const lines = entries
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([name, ms]) => `${seconds(ms)}  ${name}`);
  return [title, ...lines].join('\n');
}

function report(name, text) {
  const folder = process.env.ROOMWIRE_TEST_REPORTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}

export default async function* summary(events) {
  const tests = [];
  const skipped = [];
  const files = new Map();
  const name = (file) => relative(process.cwd(), file);
  for await (const { type, data } of events) {
    const isEnd = type === 'test:pass' || type === 'test:fail';
    const title = `${name(data?.file ?? '')}: ${data?.name}`;
    if (type === 'test:complete' && data.name === data.file)
      files.set(name(data.file), data.details.duration_ms);
    if (isEnd && data.details.type !== 'suite') tests.push([title, data.details.duration_ms]);
    if (isEnd && (data.skip ?? false) !== false && data.skip !== notAskedFor)
      skipped.push(`${title}${typeof data.skip === 'string' && data.skip ? `: ${data.skip}` : ''}\n`);
  }
  const text = `${longest('slowest tests', tests)}\n${longest('slowest files', [...files])}\n`;
  report('slowest.txt', text);
  report('skipped.txt', skipped.join(''));
  yield `\n${text}`;
}
