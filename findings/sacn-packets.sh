#!/usr/bin/env bash
# sacn 4.6.2 (npm) and the fields around the levels of an E1.31 packet:
#  1. A sender told to use priority 0 (the lowest: a backup that must never win) sends 100, the
#     default, and so wins as much as the main desk.
#  2. A source that takes its leave (Stream_Terminated, 0x40) and a preview (0x80) reach the event
#     `packet` as live levels. Nothing but the raw `options` byte tells them apart.
#  3. A packet of start code 0xDD, which ETC desks send for each universe to give a priority to each
#     slot, is reported as PacketCorruption.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . sacn@4.6.2 >/dev/null

cat >look.cjs <<'JS'
const { once } = require('node:events');
const { createSocket } = require('node:dgram');
const { Packet, Receiver } = require('sacn');
(async () => {
  const frame = (priority, sequence) =>
    new Packet({ universe: 1, sequence, priority, payload: { 1: 100 } }).buffer;
  console.log(`priority 0 leaves as ${frame(0, 1)[108]}, priority 1 as ${frame(1, 1)[108]}`);

  const receiver = new Receiver({ universes: [], port: 0 });
  receiver.universes = [1];
  await once(receiver.socket, 'listening');
  const { port } = receiver.socket.address();
  const socket = createSocket('udp4');
  const says = async (name, bytes) => {
    const seen = Promise.race([
      once(receiver, 'packet').then(([p]) => `packet, channel 1 at ${p.payload[1]} %`),
      once(receiver, 'PacketCorruption').then(() => 'PacketCorruption'),
    ]);
    socket.send(bytes, port, '127.0.0.1');
    console.log(`${name}: ${await seen}`);
  };
  const changed = (sequence, offset, value) => {
    const bytes = frame(100, sequence);
    bytes[offset] = value;
    return bytes;
  };
  await says('terminated', changed(1, 112, 0x40));
  await says('preview', changed(2, 112, 0x80));
  await says('priorities of slots', changed(3, 125, 0xdd));
  socket.close();
  receiver.close();
})();
JS
node look.cjs >seen
cat >expected <<'TEXT'
priority 0 leaves as 100, priority 1 as 1
terminated: packet, channel 1 at 100 %
preview: packet, channel 1 at 100 %
priorities of slots: PacketCorruption
TEXT
cat seen
diff -u expected seen
