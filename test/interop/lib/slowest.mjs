// A reporter for node:test: which tests and files took longest, where a run can be made shorter.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const shown = 10;
const seconds = (ms) => `${(ms / 1000).toFixed(1).padStart(7)} s`;

function longest(title, entries) {
  const lines = entries
    .sort(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([name, ms]) => `${seconds(ms)}  ${name}`);
  return [title, ...lines].join('\n');
}

export default async function* slowest(events) {
  const tests = [];
  const files = new Map();
  const name = (file) => relative(process.cwd(), file);
  for await (const { type, data } of events) {
    if (type === 'test:complete' && data.name === data.file)
      files.set(name(data.file), data.details.duration_ms);
    if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite')
      tests.push([`${name(data.file ?? '')}: ${data.name}`, data.details.duration_ms]);
  }
  const text = `${longest('slowest tests', tests)}\n${longest('slowest files', [...files])}\n`;
  if (process.env.ROOMWIRE_TEST_TIMES) writeFileSync(process.env.ROOMWIRE_TEST_TIMES, text);
  yield `\n${text}`;
}
