// Both ends of the DMX bridge in tests: a room with a real Trystero peer, and lights and desks as
// bytes.
import { createSocket } from 'node:dgram';
import { Log } from './log.mjs';
import { roomwire } from './native.mjs';
import { spawnNodePeer } from './peer.mjs';

/** What arrives on a UDP port, as it is on the wire. */
export async function openNode(t, { port = 0, address = '127.0.0.1' } = {}) {
  const socket = createSocket({ type: 'udp4', reuseAddr: address !== '127.0.0.1' });
  const log = new Log('node');
  socket.on('message', (packet) => log.push(packet, packet.toString('hex').slice(0, 300)));
  await new Promise((resolve) => socket.bind(port, address, resolve));
  t.after(() => {
    socket.close();
    log.close();
  });
  return { socket, log, port: socket.address().port };
}

export const levels = (values) => {
  const slots = Buffer.alloc(512);
  for (const [slot, value] of Object.entries(values)) slots[slot] = value;
  return slots;
};

/** Art-Net 4, ArtDmx. */
export function artDmx(sequence, net, subUni, slots) {
  const head = Buffer.from([0, 0x50, 0, 14, sequence, 0, subUni, net, 0x02, 0x00]);
  return Buffer.concat([Buffer.from('Art-Net\0'), head, slots]);
}

/** E1.31 data packet: root, framing and DMP layer. */
export function sacnData({ cid, name, priority = 100, sequence, options = 0, universe, slots }) {
  const packet = Buffer.alloc(638);
  packet.writeUInt16BE(0x0010, 0);
  packet.write('ASC-E1.17', 4, 'latin1');
  packet.writeUInt16BE(0x7000 | 622, 16);
  packet.writeUInt32BE(4, 18);
  cid.copy(packet, 22);
  packet.writeUInt16BE(0x7000 | 600, 38);
  packet.writeUInt32BE(2, 40);
  packet.write(name, 44, 'utf8');
  packet[108] = priority;
  packet[111] = sequence;
  packet[112] = options;
  packet.writeUInt16BE(universe, 113);
  packet.writeUInt16BE(0x7000 | 523, 115);
  packet[117] = 2;
  packet[118] = 0xa1;
  packet.writeUInt16BE(1, 121);
  packet.writeUInt16BE(513, 123);
  slots.copy(packet, 126);
  return packet;
}

/** E1.31 universe discovery packet. */
export function sacnDiscovery(name, universes) {
  const packet = Buffer.alloc(120 + 2 * universes.length);
  packet.writeUInt16BE(0x0010, 0);
  packet.write('ASC-E1.17', 4, 'latin1');
  packet.writeUInt32BE(8, 18);
  packet.fill(0x22, 22, 38);
  packet.writeUInt32BE(2, 40);
  packet.write(name, 44, 'utf8');
  packet.writeUInt32BE(1, 114);
  for (const at of [16, 38, 112]) packet.writeUInt16BE(0x7000 | (packet.length - at), at);
  universes.forEach((universe, i) => packet.writeUInt16BE(universe, 120 + 2 * i));
  return packet;
}

let rooms = 0;
/** A bridge in a room of its own, and Trystero peers that meet it. */
export async function stageOn(relay, t, ...args) {
  const room = `dmx-${process.pid}-${++rooms}`;
  const bridge = roomwire(['dmx', '--room', room, '--relay', relay.url, ...args]);
  t.after(() => bridge.stop());
  const line = await said(bridge, /you are z/);
  const bridgeId = /you are (z\w+)/.exec(line)[1];
  const join = async (channel = 'dmx') => {
    const peer = spawnNodePeer({ mend: true });
    t.after(() => peer.stop());
    await peer.open({ appId: 'patchies', relays: relay.of('nostr') });
    await peer.join(room);
    await peer.action(room, channel);
    await peer.event('join', { roomId: room, peer: bridgeId });
    return {
      peer,
      send: (value) => peer.send(room, channel, { jsonText: JSON.stringify(value) }),
      sendBytes: (hex) => peer.send(room, channel, { hex }),
      hears: async () => {
        const message = await peer.event('message', { roomId: room, action: channel });
        return JSON.parse(message.payload.jsonText);
      },
    };
  };
  return { bridge, room, join };
}

export const said = (process, pattern) =>
  process.err.wait((line) => pattern.test(line), `${pattern}`);
export const shows = (node, slots, at) =>
  node.log.wait((packet) => packet.subarray(at, at + 512).equals(slots), 'a frame with the levels');

/** The port of `--listen …:0`. */
export async function portOf(bridge) {
  return Number(/:(\d+) for /.exec(await said(bridge, /^listening on /))[1]);
}
