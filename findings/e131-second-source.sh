#!/usr/bin/env bash
# e131 1.1.3 (npm): its server counts sequence numbers for each universe, and not for each source.
# Of two desks on one universe (a main and its backup, say) the one whose count is a little behind is
# never heard: each of its packets is "out of order" after one of the other's. Its first frame with
# sequence 0, where a client of the same package begins, is refused as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . e131@1.1.3 >/dev/null

cat >look.cjs <<'JS'
const { once } = require('node:events');
const { createSocket } = require('node:dgram');
const e131 = require('e131');
const free = createSocket('udp4').bind(0, async () => {
  const { port } = free.address();
  free.close();
  const server = new e131.Server([], port);
  server._lastSequenceNumber = { 1: 0 }; // as for universe 1, by unicast: no group is joined
  await once(server, 'listening');
  const socket = createSocket('udp4');
  const client = new e131.Client('127.0.0.1', port);
  const frame = (name, sequence) => {
    const packet = client.createPacket(512);
    packet.setSourceName(name);
    packet.setCID(Buffer.from(name.padEnd(16, name)));
    packet.setUniverse(1);
    packet.setSequenceNumber(sequence);
    return Buffer.from(packet.getBuffer());
  };
  const seen = { main: { heard: 0, refused: 0 }, backup: { heard: 0, refused: 0 } };
  const send = async (name, sequence) => {
    const answer = Promise.race([
      once(server, 'packet').then(() => 'heard'),
      once(server, 'packet-out-of-order').then(() => 'refused'),
    ]);
    socket.send(frame(name, sequence), port, '127.0.0.1');
    seen[name][await answer] += 1;
    return answer;
  };
  console.log(`first frame, sequence ${client.createPacket(1).getSequenceNumber()}: ${await send('main', 0)}`);
  for (let n = 1; n <= 50; n++) {
    await send('main', n + 100);
    await send('backup', n + 95);
  }
  console.log(`main: ${JSON.stringify(seen.main)}`);
  console.log(`backup: ${JSON.stringify(seen.backup)}`);
  socket.close();
  client._socket.close();
  server.close();
});
JS
node look.cjs >seen
cat >expected <<'TEXT'
first frame, sequence 0: refused
main: {"heard":50,"refused":1}
backup: {"heard":0,"refused":50}
TEXT
cat seen
diff -u expected seen
