#!/usr/bin/env bash
# osc-js 2.4.1 (npm): three surprises in how it keeps the time of a bundle.
#  1. A time is rounded to whole seconds when it is read, so a bundle for 0.6 s from now plays up to
#     half a second early or late.
#  2. `discardLateMessages: true` discards nothing: a late message still reaches its handler.
#  3. A bundle within a bundle may, by OSC 1.0, not be earlier than the outer one. osc-js has it the
#     other way round: it refuses the valid order (with an error event), and plays the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . osc-js@2.4.1 >/dev/null

cat >look.cjs <<'JS'
const OSC = require('osc-js');
const quiet = { registerNotify() {}, open() {}, status() {}, send() {}, close() {} };
const reader = (options) => new OSC({ plugin: quiet, ...options });
const packed = (elements, time) => {
  const bundle = new OSC.Bundle(elements);
  bundle.timestamp(time);
  return bundle.pack();
};
const late = new Date(2020, 0, 1).getTime();

const read = new OSC.Bundle();
read.unpack(new DataView(packed([new OSC.Message('/a', 1)], 1600000000400).buffer));
console.log('1600000000400 ms is read as', read.timetag.value.timestamp(), 'ms');

const strict = reader({ discardLateMessages: true });
strict.on('/late', () => console.log('a message of 2020 is played though late ones are discarded'));
strict.eventHandler.notify(packed([new OSC.Message('/late', 1)], late));

for (const [name, inner] of [['valid (inner later)', late + 5000], ['wrong (inner earlier)', late - 5000]]) {
  const osc = reader();
  let heard = 'lost';
  osc.on('/x', () => (heard = 'played'));
  osc.on('error', (error) => (heard = `refused: ${error.message}`));
  const bundle = new OSC.Bundle([new OSC.Message('/x', 1)]);
  bundle.timestamp(inner);
  osc.eventHandler.notify(packed([bundle], late));
  console.log(`${name}: ${heard}`);
}
JS
node look.cjs >seen
cat >expected <<'TEXT'
1600000000400 ms is read as 1600000000000 ms
valid (inner later): refused: OSC Bundle timestamp is older than the timestamp of enclosed Bundles
wrong (inner earlier): played
a message of 2020 is played though late ones are discarded
TEXT
cat seen
diff -u expected seen
