#!/usr/bin/env bash
# osc-js 2.4.1 (npm): addresses without any pattern match as soon as one of the two ends with the
# other. A handler of /gain hears /ch/1/gain, and a message to /gain reaches the handlers of
# /ch/1/gain and /other/gain too: matching is anchored at the end alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . osc-js@2.4.1 >/dev/null

cat >look.cjs <<'JS'
const OSC = require('osc-js');
const quiet = { registerNotify() {}, open() {}, status() {}, send() {}, close() {} };
const osc = new OSC({ plugin: quiet });
let heard = [];
for (const address of ['/gain', '/1/gain', '/ch/1/gain', '/ch', '/ch/1', '/other/gain']) {
  osc.on(address, () => heard.push(address));
}
for (const address of ['/ch/1/gain', '/gain']) {
  heard = [];
  osc.eventHandler.notify(new OSC.Message(address, 1).pack());
  console.log(`${address} is heard by ${heard.join(' ')}`);
}
JS
node look.cjs >seen
cat >expected <<'TEXT'
/ch/1/gain is heard by /gain /1/gain /ch/1/gain
/gain is heard by /gain /1/gain /ch/1/gain /other/gain
TEXT
cat seen
diff -u expected seen
