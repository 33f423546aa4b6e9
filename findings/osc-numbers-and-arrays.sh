#!/usr/bin/env bash
# osc 2.4.5 (npm, osc.js): two things that it writes without complaint and that do not arrive.
#  1. A 64-bit integer given as a number leaves as 0 (only {high, low} keeps its value).
#  2. An array within an array is written by the book, and its own reader throws on it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . osc@2.4.5 >/dev/null

cat >look.cjs <<'JS'
const osc = require('osc');
const write = (...args) => osc.writePacket({ address: '/x', args }, { metadata: true });
const hex = (bytes) => Buffer.from(bytes).toString('hex');
console.log('h of 5          ', hex(write({ type: 'h', value: 5 })));
console.log('h of {0, 5}     ', hex(write({ type: 'h', value: { high: 0, low: 5 } })));
const i = (value) => ({ type: 'i', value });
const nested = write([i(1), [i(2)]]);
console.log('array in array  ', hex(nested));
try {
  console.log('read as', JSON.stringify(osc.readPacket(nested, {})));
} catch (error) {
  console.log('read: throws', error.message.slice(0, 28));
}
JS
node look.cjs >seen
cat >expected <<'TEXT'
h of 5           2f7800002c6800000000000000000000
h of {0, 5}      2f7800002c6800000000000000000005
array in array   2f7800002c5b695b695d5d000000000100000002
read: throws Invalid argument type tag: a
TEXT
cat seen
diff -u expected seen
