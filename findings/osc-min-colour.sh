#!/usr/bin/env bash
# osc-min 2.1.2 (npm): a colour (OSC type r, four bytes) takes 16 bytes on the wire. The package's
# own reader takes four of them, so whatever comes behind a colour is read from its padding: the
# number 7 behind it arrives as 0, at osc-min and at every other reader.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . osc-min@2.1.2 >/dev/null

cat >look.mjs <<'JS'
import { fromBuffer, toBuffer } from 'osc-min';
const view = toBuffer({
  address: '/c',
  args: [
    { type: 'color', value: { red: 255, green: 128, blue: 64, alpha: 1 } },
    { type: 'integer', value: 7 },
  ],
});
console.log(Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex'));
console.log(JSON.stringify(fromBuffer(view).args));
JS
node look.mjs >seen
cat >expected <<'TEXT'
2f6300002c726900ff80400100000000000000000000000000000007
[{"type":"color","value":{"red":255,"green":128,"blue":64,"alpha":1}},{"type":"integer","value":0}]
TEXT
cat seen
diff -u expected seen
