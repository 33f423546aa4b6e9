#!/usr/bin/env bash
# artnet 1.4.0 and dmxnet 0.9.0 (npm), sender and receiver: a lamp that nobody touched goes dark.
# artnet cuts each frame behind the highest channel that just changed, and dmxnet hands a short frame
# on as the whole universe. Channel 100 is set, then channel 1: the receiver is left with 2 channels,
# until the sender repeats all 512, four seconds later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . artnet@1.4.0 dmxnet@0.9.0 >/dev/null

cat >look.cjs <<'JS'
const { once } = require('node:events');
const free = require('node:dgram').createSocket('udp4').bind(0, async () => {
  const { port } = free.address();
  free.close();
  const { dmxnet } = require('dmxnet');
  // A host that this machine does not have: no reply is broadcast.
  const node = new dmxnet({ listen: port, hosts: ['192.0.2.1'], log: { silent: true } });
  const receiver = node.newReceiver({ universe: 0 });
  await once(node.listener4, 'listening');
  const sender = require('artnet')({ host: '127.0.0.1', port });
  for (const [channel, value] of [[100, 200], [1, 50]]) {
    const frame = once(receiver, 'data');
    sender.set(channel, value);
    const [levels] = await frame;
    console.log(`channel ${channel} at ${value}: ${levels.length} channels, the 100th ${levels[99]}`);
  }
  process.exit(0);
});
JS
node --no-deprecation look.cjs >seen
cat seen
diff -u - seen <<'TEXT'
channel 100 at 200: 100 channels, the 100th 200
channel 1 at 50: 2 channels, the 100th undefined
TEXT
