// Runs the tests with real peers:
//   node run.mjs [BINARY [NATIVE_PEER]] [-- ARGUMENTS OF node --test]
// BINARY is the roomwire program, NATIVE_PEER the program of native_peer.cpp; without them those of
// the dev preset. Needs `npm ci` here, and Chromium as /usr/bin/chromium or ROOMWIRE_CHROMIUM.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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

// The longest first, so that the two halves end together.
const files = [here, join(here, '../fault'), join(here, '../web')]
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.test.mjs'))
  .sort((a, b) => Number(/meet|peers/.test(b)) - Number(/meet|peers/.test(a)));
// A file that hangs is named and ended long before the whole run is.
const limits = ['--test-concurrency=2', '--test-timeout=300000'];
const args = ['--test', ...limits, '--test-reporter=spec', ...extra, ...files];
const tests = spawn(process.execPath, args, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal));
tests.on('exit', (code) => process.exit(code ?? 1));
