// Runs the tests with real peers:
//   node run.mjs [BINARY [NATIVE_PEER]] [-- ARGUMENTS OF node --test]
// BINARY is the roomwire program, NATIVE_PEER the program of native_peer.cpp; without them those of
// the dev preset. Needs `npm ci` here, Chromium as /usr/bin/chromium or ROOMWIRE_CHROMIUM, and Firefox
// as /usr/bin/firefox-esr or ROOMWIRE_FIREFOX.
// ROOMWIRE_TEST_REPORTS names a folder: slowest.txt in it is what took longest, and skipped.txt what
// could not run here.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endLeftovers, newMark } from './lib/leftovers.mjs';
import { nativePeerBinary, roomwireBinary } from './lib/native.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const own = process.argv.slice(2);
const extra = own.includes('--') ? own.splice(own.indexOf('--')).slice(1) : [];
const [binary, nativePeer] = own;
if (binary) process.env.ROOMWIRE_BIN = resolve(binary);
if (nativePeer) process.env.ROOMWIRE_NATIVE_PEER = resolve(nativePeer);

function complain(missing) {
  console.error(`interop: ${missing}`);
  process.exit(2);
}
if (!existsSync(roomwireBinary())) complain(`${roomwireBinary()} is not there; build it first`);
if (!existsSync(nativePeerBinary())) complain(`${nativePeerBinary()} is not there; build it first`);
if (!existsSync(join(here, 'node_modules'))) complain(`run npm ci in ${here} first`);

const files = [here, join(here, '../fault'), join(here, '../web')]
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.test.mjs'));
for (const file of files)
  if (/from 'node:test'/.test(readFileSync(file, 'utf8')))
    complain(`${file}: what it takes of node:test is in interop/lib/test.mjs, with sure clean-up`);

// Files have limits of their own, which say more (lib/test.mjs); this one is for those that fail.
// Four at once, as they wait for most of their time.
const limits = ['--test-concurrency=4', '--test-timeout=1200000'];
const reporters = ['spec', join(here, 'lib/summary.mjs')].flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
]);
const mark = newMark();
const args = ['--test', ...limits, ...reporters, ...extra, ...files];
const tests = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...mark } });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal));
tests.on('exit', async (code) => {
  const left = await endLeftovers(mark);
  for (const each of left) console.error(`interop: left running: ${each}`);
  process.exit(left.length > 0 ? 1 : (code ?? 1));
});
