#!/usr/bin/env bash
# sacn 4.6.2 (npm): its merging receiver (exported as unstable_) never reports a level of universe 10 or above. The packets
# arrive (the event `packet` comes), `changed` does not: the universe's number is written in base 36
# and read back in base 10, so 10 becomes "a" and then NaN, and 46 becomes "1a" and then 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . sacn@4.6.2 >/dev/null

cat >look.cjs <<'JS'
const { once } = require('node:events');
const { Sender, unstable_MergingReceiver: MergingReceiver } = require('sacn');
const { createSocket } = require('node:dgram');
(async () => {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  for (const universe of [1, 9, 10, 46]) {
    const receiver = new MergingReceiver({ universes: [], port, reuseAddr: true, timeout: 50 });
    receiver.universes = [universe]; // by unicast: no group is joined
    let changed = 'no change';
    receiver.on('changed', ({ universe: of, payload }) => {
      changed = `universe ${of}, channel 1 at ${payload[1]} %`;
    });
    await once(receiver.socket, 'listening');
    const sender = new Sender({ universe, port, useUnicastDestination: '127.0.0.1' });
    const arrived = once(receiver, 'packet');
    await sender.send({ payload: { 1: 100 } });
    const [packet] = await arrived;
    console.log(`packet of universe ${packet.universe}: ${changed}`);
    sender.close();
    receiver.close();
  }
})();
JS
node look.cjs >seen
cat >expected <<'TEXT'
packet of universe 1: universe 1, channel 1 at 100 %
packet of universe 9: universe 9, channel 1 at 100 %
packet of universe 10: no change
packet of universe 46: no change
TEXT
cat seen
diff -u expected seen
