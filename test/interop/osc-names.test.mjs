// roomwire osc and multicast DNS, with Bonjour in Node on the other side: names that end in .local.
import assert from 'node:assert/strict';
import makeMulticastDns from 'multicast-dns';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Relay, roomwire } from './lib/native.mjs';
import { ownNetwork } from './lib/network.mjs';
import { packet, place, ready, said, udpEnd } from './lib/osc.mjs';
import { after, before, describe, test } from './lib/test.mjs';

const works = ownNetwork(import.meta.url);
const options = { skip: !works && 'no network namespaces here', concurrency: true };

let relay;
before(async () => {
  // Loopback is the only network here: nothing leaves this machine.
  if (works) spawnSync('ip', ['route', 'add', '224.0.0.0/4', 'dev', 'lo']);
  relay = await Relay.start();
});
after(() => relay?.stop());

// Bound to an address, as they are without `bind`, they hear no multicast on Linux.
const onLoopback = { interface: '127.0.0.1', bind: '0.0.0.0' };

/**
 * Somebody who has these names, on loopback; `names` may be changed at any time. Who does not ask
 * from port 5353 is answered alone (RFC 6762 section 6.7), or, as by Bonjour in Node, with all.
 */
async function responder(t, names, { toAll = false } = {}) {
  const mdns = makeMulticastDns(onLoopback);
  t.after(() => new Promise((resolve) => mdns.destroy(resolve)));
  mdns.on('query', ({ id, questions }, from) => {
    const answers = questions
      .filter(({ name, type }) => type === 'A' && names[name.toLowerCase()])
      .map(({ name }) => ({ name, type: 'A', ttl: 120, data: names[name.toLowerCase()] }));
    if (answers.length === 0) return;
    if (toAll || from.port === 5353) mdns.respond({ answers });
    else mdns.respond({ id, answers }, from);
  });
  await once(mdns, 'ready');
  return names;
}

describe('.local names', options, () => {
  test('of a UDP destination, which answers', async (t) => {
    const end = await udpEnd(t, { address: '127.0.0.3' });
    await responder(t, { 'desk-udp.local': '127.0.0.3' }, { toAll: true });
    const [bridge, patch] = await place(t, relay).pair('--to', `Desk-UDP.local:${end.port}`);
    await patch.say({ address: '/named', args: [1] });
    await end.hears('/named', 1);
    await end.send(packet('/answer', 2), (await fromOf(end, patch)).port, '127.0.0.1');
    await patch.hears({ address: '/answer', args: [2] });
    bridge.kill('SIGINT');
    await said(bridge, /^to OSC 2, to the room 1$/);
  });

  /** Where the bridge sends from. */
  async function fromOf(end, patch) {
    await patch.say({ address: '/from' });
    return (await end.next()).from;
  }

  test('that move to another address are found there', async (t) => {
    const names = await responder(t, { 'desk-moves.local': '127.0.0.4' });
    const first = await udpEnd(t, { address: '127.0.0.4' });
    const url = `desk-moves.local:${first.port}`;
    const [bridge, patch] = await place(t, relay).pair('--to', url);
    await patch.say({ address: '/first' });
    await first.hears('/first');
    await first.close();
    const second = await udpEnd(t, { address: '127.0.0.5', port: first.port });
    names['desk-moves.local'] = '127.0.0.5';
    await patch.say({ address: '/lost' });
    await said(bridge, new RegExp(`^${url} refuses`));
    await ready(second.log, ({ bytes }) => bytes.includes('/again'), () => patch.say({ address: '/again' }));
  });

  test('of a TCP destination', async (t) => {
    await responder(t, { 'desk-tcp.local': '127.0.0.6' });
    const server = createServer();
    t.after(() => server.close());
    server.listen(0, '127.0.0.6');
    await once(server, 'listening');
    const url = `osc.tcp://desk-tcp.local:${server.address().port}`;
    const bridge = place(t, relay).bridge(['--to', url]);
    const [socket] = await once(server, 'connection');
    t.after(() => socket.destroy());
    await said(bridge, /^osc.tcp:\/\/desk-tcp.local:\d+\/ is connected$/);
  });

  test('of a light', async (t) => {
    await responder(t, { 'node.local': '127.0.0.7' });
    const node = await udpEnd(t, { address: '127.0.0.7' });
    const { room, patch: join } = place(t, relay);
    const connection = ['--room', room, '--relay', relay.url];
    const lights = roomwire(['dmx', '--to', `artnet://node.local:${node.port}/0`, ...connection]);
    t.after(() => lights.stop());
    const patch = await join({ channels: ['dmx'] });
    await patch.meets(lights);
    await patch.say([255], 'dmx');
    const { bytes } = await node.next();
    assert.equal(bytes.toString('latin1', 0, 7), 'Art-Net');
  });

  test('that nobody has are said to be so', async (t) => {
    const bridge = place(t, relay).bridge(['--to', 'nobody.local:9']);
    await said(bridge, /^nobody\.local:9: host not found: neither by multicast DNS nor by the system/);
  });
});
