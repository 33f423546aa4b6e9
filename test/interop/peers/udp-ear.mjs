// A UDP socket on another machine: prints what it hears, sends what it is told.
//   node udp-ear.mjs [BOUND-TO:]PORT INTERFACE-ADDRESS [MULTICAST-GROUP…]
// Out: {"open":true}, then {"address","port","hex"} for each datagram. In: the same, to be sent.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const [place, local, ...groups] = process.argv.slice(2);
const [port, address] = place.split(':').reverse();
const socket = createSocket({ type: 'udp4', reuseAddr: true });
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
socket.on('message', (bytes, { address, port: from }) =>
  say({ address, port: from, hex: bytes.toString('hex') }),
);
socket.bind(Number(port), address, () => {
  socket.setBroadcast(true);
  socket.setMulticastInterface(local);
  for (const group of groups) socket.addMembership(group, local);
  say({ open: true });
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const { address, port: to, hex } = JSON.parse(line);
  socket.send(Buffer.from(hex, 'hex'), to, address);
});
