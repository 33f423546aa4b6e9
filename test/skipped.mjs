// What the tests of a build could not run here, one line each: node skipped.mjs FOLDER…, each of
// which has the reports of GoogleTest (*.xml) and of interop/lib/summary.mjs (skipped.txt).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const attribute = (tag, name) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
const plain = (text) =>
  text
    .replace(/&#x0A;/g, '\n')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');

function* skippedIn(report) {
  const tests = readFileSync(report, 'utf8').matchAll(
    /(<testcase [^>]*>)\s*<skipped message="([^"]*)"/g,
  );
  for (const [, test, message] of tests) {
    const name = `${basename(report, '.xml')}: ${attribute(test, 'classname')}.${attribute(test, 'name')}`;
    // The first line says where in the source.
    yield `${plain(name)}: ${plain(message).split('\n').slice(1).join(' ').trim()}`;
  }
}

for (const folder of process.argv.slice(2).filter((each) => existsSync(each))) {
  for (const file of readdirSync(folder).sort()) {
    if (file.endsWith('.xml')) for (const line of skippedIn(join(folder, file))) console.log(line);
    if (file === 'skipped.txt') process.stdout.write(readFileSync(join(folder, file)));
  }
}
