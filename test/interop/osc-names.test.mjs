// roomwire osc and multicast DNS, with Bonjour in Node on the other side: names that end in .local,
// and --zeroconf.
import assert from 'node:assert/strict';
import { Bonjour } from 'bonjour-service';
import makeMulticastDns from 'multicast-dns';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { Log } from './lib/log.mjs';
import { Relay, roomwire } from './lib/native.mjs';
import { ownNetwork } from './lib/network.mjs';
import { packet, place, portOf, said, udpEnd } from './lib/osc.mjs';
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
    const bridge = place(t, relay).bridge(['--to', url, '--every', '0.1s=/here']);
    await first.hears('/here');
    await first.close();
    const second = await udpEnd(t, { address: '127.0.0.5', port: first.port });
    names['desk-moves.local'] = '127.0.0.5';
    await said(bridge, new RegExp(`^${url} refuses`));
    await second.hears('/here');
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

describe('--zeroconf', options, () => {
  const machine = hostname().split('.')[0];

  function bonjour(t) {
    const own = new Bonjour(onLoopback);
    t.after(() => new Promise((resolve) => own.destroy(resolve)));
    return own;
  }
  /** What a browser of OSC services shows, as it changes. */
  function browse(t, protocol) {
    const log = new Log(`${protocol} browser`);
    const browser = bonjour(t).find({ type: 'osc', protocol });
    for (const change of ['up', 'down']) {
      browser.on(change, ({ name, port, host, addresses }) =>
        log.push({ change, name, port, host, addresses }),
      );
    }
    t.after(() => log.close());
    return {
      sees: (change, port) => log.wait((e) => e.change === change && e.port === port, change),
    };
  }

  test('a browser finds it, and OSC sent there arrives', async (t) => {
    const { bridge: start, patch: join } = place(t, relay);
    const bridge = start(['--listen', '0', '--listen', 'synth=osc.tcp://0', '--zeroconf']);
    const [port, tcpPort] = [await portOf(bridge), await portOf(bridge, 'synth')];
    const [udp, tcp] = [browse(t, 'udp'), browse(t, 'tcp')];
    const found = await udp.sees('up', port);
    assert.ok(found.name.startsWith(`roomwire osc (${machine})`), found.name);
    assert.ok(found.host.startsWith('roomwire-') && found.host.endsWith('.local'), found.host);
    assert.ok(found.addresses.includes('127.0.0.1'), `${found.addresses}`);
    assert.ok((await tcp.sees('up', tcpPort)).name.startsWith(`roomwire synth (${machine})`));

    const patch = await join();
    await patch.meets(bridge);
    const end = await udpEnd(t);
    await end.send(packet('/found'), found.port, '127.0.0.1');
    await patch.hears({ address: '/found', args: [] });
    bridge.kill('SIGINT');
    await udp.sees('down', port);
    await tcp.sees('down', tcpPort);
  });

  test('a listener on one address is found at that address alone', async (t) => {
    for (const address of ['10.77.0.1', '10.77.0.2'])
      spawnSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
    const listen = ['--listen', 'bound=10.77.0.1:0', '--listen', 'bound=0'];
    const bridge = place(t, relay).bridge([...listen, '--zeroconf']);
    const portAt = async (address) => {
      const pattern = new RegExp(`^listening on osc\\.udp://${address}:(\\d+)/`);
      return Number(pattern.exec(await said(bridge, pattern))[1]);
    };
    const udp = browse(t, 'udp');
    const one = await udp.sees('up', await portAt('10.77.0.1'));
    assert.deepEqual(one.addresses, ['10.77.0.1']);
    const all = await udp.sees('up', await portAt('0.0.0.0'));
    for (const address of ['127.0.0.1', '10.77.0.1', '10.77.0.2'])
      assert.ok(all.addresses.includes(address), `${all.addresses}`);
    assert.equal(bridge.err.count((line) => /somebody else/.test(line)), 0);
  });

  test('another roomwire is sent to by the name of the machine', async (t) => {
    const listener = place(t, relay).bridge(['--listen', '0', '--zeroconf']);
    const port = await portOf(listener);
    const { host } = await browse(t, 'udp').sees('up', port);
    const { bridge: start, patch: join } = place(t, relay);
    const sender = start(['--to', `${host}:${port}`, '--every', '0.1s=/hello', '--monitor']);
    await sender.out.wait((line) => line === '> osc /hello', '/hello');
    const patch = await join();
    await patch.meets(sender);
    assert.equal(sender.err.count((line) => /not found/.test(line)), 0);
  });

  test('gives way to who has the name', async (t) => {
    const name = `roomwire taken (${machine})`;
    const published = bonjour(t).publish({ name, type: 'osc', protocol: 'udp', port: 9 });
    await once(published, 'up');
    const bridge = place(t, relay).bridge(['--listen', 'taken=0', '--zeroconf']);
    await said(bridge, /somebody else on the network is called roomwire taken .*\(2\)/);
    const found = await browse(t, 'udp').sees('up', await portOf(bridge, 'taken'));
    assert.equal(found.name, `${name} (2)`);
  });

  test('is refused without a listener, and says when nobody could come', async (t) => {
    const { bridge: start } = place(t, relay);
    await said(start(['--to', '127.0.0.1:9', '--zeroconf']), /--zeroconf: needs --listen/);
    await said(start(['--listen', '127.0.0.1:0', '--zeroconf']), /nothing is announced/);
  });
});
