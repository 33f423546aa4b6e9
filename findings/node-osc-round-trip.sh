#!/usr/bin/env bash
# node-osc 11.7.1 (npm): what its decode() gives, its encode() refuses, since the arguments come
# without their types; so a message cannot be read, looked at and passed on. And an argument given as
# {type: 'd'} leaves as a float of 32 bits, without a word: 0.1 arrives as 0.10000000149.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-osc@11.7.1 >/dev/null

cat >look.mjs <<'JS'
import { decode, encode, Message } from 'node-osc';

const message = new Message('/x');
message.append({ type: 'd', value: 0.1 });
const packet = encode(message);
console.log(Buffer.from(packet).toString('hex'));
const read = decode(packet);
console.log(JSON.stringify(read.args));
try {
  encode(read);
  console.log('written again');
} catch (error) {
  console.log(`refused: ${error.message}`);
}
JS
node look.mjs >seen
cat >expected <<'TEXT'
2f7800002c6600003dcccccd
[{"value":0.10000000149011612}]
refused: Don't know how to encode argument: [object Object]
TEXT
cat seen
diff -u expected seen
