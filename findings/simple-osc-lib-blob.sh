#!/usr/bin/env bash
# simple-osc-lib 1.1.3 (npm, made for the X32): a blob whose length is a multiple of four takes four
# bytes more on the wire than OSC has, and is read so as well. Among its own kind nothing shows; met by
# another library (osc 2.4.5 here) whatever follows the blob is read from those zeros, and a blob with a
# number behind it, by the book, makes its reader throw.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . simple-osc-lib@1.1.3 osc@2.4.5 >/dev/null

cat >look.cjs <<'JS'
const SimpleOsc = require('simple-osc-lib');
const osc = require('osc');
const simple = new SimpleOsc.simpleOscLib();
const args = [
  { type: 'blob', value: Buffer.from([1, 2, 3, 4]) },
  { type: 'integer', value: 7 },
];
const written = simple.buildMessage({ address: '/x', args });
console.log('it writes      ', written.toString('hex'));
console.log('it reads that  ', simple.readMessage(written).args[1].value);
console.log('osc reads that ', osc.readPacket(written, {}).args[1]);
const byTheBook = osc.writePacket({ address: '/x', args: [new Uint8Array([1, 2, 3, 4]), 7] });
console.log('osc writes     ', Buffer.from(byTheBook).toString('hex'));
try {
  console.log('it reads that  ', simple.readMessage(Buffer.from(byTheBook)).args[1].value);
} catch (error) {
  console.log('it throws      ', error.message);
}
JS
node look.cjs >seen
cat seen
diff -u - seen <<'TEXT'
it writes       2f7800002c62690000000004010203040000000000000007
it reads that   7
osc reads that  0
osc writes      2f7800002c626600000000040102030440e00000
it throws       buffer too small for float type
TEXT
