// How roomwire osc hears and asks programs that answer: from which port, how often, and once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Client, Server } from 'node-osc';
import { Relay } from './lib/native.mjs';
import { packet, place, portOf, said, udpEnd } from './lib/osc.mjs';
import { freePort } from './lib/ports.mjs';
import { after, before, describe, test } from './lib/test.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay.stop());

/** A script as node-osc's users write it: a new Client, so a new socket, for each answer. */
async function answeringServer(t) {
  const server = new Server(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  server.on('message', async ([asked, ...args], { address, port }) => {
    const client = new Client(address, port);
    await client.send(`${asked}/answer`, ...args);
    await client.close();
  });
  return server.port;
}

describe('answers', { concurrency: true }, () => {
  test('from a new socket for each are heard, and it is said from where', async (t) => {
    const port = await answeringServer(t);
    const [bridge, patch] = await place(t, relay).pair('--to', `127.0.0.1:${port}`);
    for (const i of [1, 2, 3]) {
      await patch.say({ address: '/ask', args: [i] });
      await patch.hears({ address: '/ask/answer', args: [i] });
    }
    const told = new RegExp(`^127\\.0\\.0\\.1:${port} answers from port \\d+, which is heard`);
    await said(bridge, told);
    assert.equal(bridge.err.count((line) => told.test(line)), 1, 'once');
    bridge.kill('SIGINT');
    await said(bridge, /^to OSC 3, to the room 3$/);
  });

  test('--strict-source hears the port of --to alone', async (t) => {
    const [end, other] = [await udpEnd(t), await udpEnd(t)];
    const to = `127.0.0.1:${end.port}`;
    const [, patch] = await place(t, relay).pair('--to', to, '--strict-source');
    await patch.say({ address: '/ask' });
    const { from } = await end.next();
    await other.send(packet('/other'), from.port);
    await end.send(packet('/answer'), from.port);
    await patch.hears({ address: '/answer', args: [] });
  });

  test('a destination that is named twice gets each message once', async (t) => {
    const end = await udpEnd(t);
    const to = [`127.0.0.1:${end.port}`, `osc=osc.udp://127.0.0.1:${end.port}/`];
    to.push(to[0], `localhost:${end.port}`);
    const [, patch] = await place(t, relay).pair(...to.flatMap((url) => ['--to', url]));
    for (const i of [1, 2, 3]) await patch.say({ address: '/once', args: [i] });
    for (const i of [1, 2, 3]) await end.hears('/once', i);
  });

  test('another machine is not heard there', async (t) => {
    const [end, other] = [await udpEnd(t), await udpEnd(t, { address: '127.0.0.2' })];
    const [bridge, patch] = await place(t, relay).pair('--to', `127.0.0.1:${end.port}`);
    await patch.say({ address: '/ask' });
    const { from } = await end.next();
    await other.send(packet('/foreign'), from.port, '127.0.0.1');
    await said(bridge, /^127\.0\.0\.2:\d+ sends to where .* should answer, and is not heard/);
    await end.send(packet('/answer'), from.port);
    await patch.hears({ address: '/answer', args: [] });
  });

  test('--to and --reply: one destination, one packet', async (t) => {
    const [end, third] = [await udpEnd(t), await udpEnd(t)];
    const to = ['--to', `127.0.0.1:${end.port}`];
    const [bridge, patch] = await place(t, relay).pair(...to, '--listen', '0', '--reply');
    const port = await portOf(bridge);
    await patch.say({ address: '/0' });
    const { from } = await end.next();
    // It answers to where it was sent from, then speaks to the listener.
    for (const [i, where] of [from.port, port].entries()) {
      await end.send(packet('/answer', i), where);
      await patch.hears({ address: '/answer', args: [i] });
      await patch.say({ address: '/once', args: [i] });
      await end.hears('/once', i);
    }
    await third.send(packet('/third'), port);
    await patch.hears({ address: '/third', args: [] });
    await patch.say({ address: '/both' });
    await end.hears('/both');
    await third.hears('/both');
    for (const each of [end, third]) assert.ok(!each.log.has(() => true), 'nothing more');
  });
});

describe('--every', { concurrency: true }, () => {
  const words = ['--every', '0.1s=/xremote', '--every', '60s=/subscribe /ch/01 0.5 7'];

  test('to each destination at once, and again', async (t) => {
    const ends = [await udpEnd(t), await udpEnd(t)];
    const to = ends.flatMap(({ port }) => ['--to', `127.0.0.1:${port}`]);
    place(t, relay).bridge([...to, ...words]);
    for (const end of ends) {
      await end.hears('/xremote');
      await end.hears('/subscribe', '/ch/01', 0.5, 7);
      for (let i = 0; i < 3; i++) await end.hears('/xremote');
    }
  });

  test('a desk that comes back is asked at once', async (t) => {
    const port = await freePort();
    const to = ['--to', `127.0.0.1:${port}`, '--every', '1s=/xremote', '--every', '60min=/info'];
    const bridge = place(t, relay).bridge(to);
    await said(bridge, /refuses/);
    const end = await udpEnd(t, { port });
    await end.log.wait(({ bytes }) => bytes.includes('/info'), '/info');
  });

  test('is refused without --to, and when it cannot be read', async (t) => {
    const { bridge: start } = place(t, relay);
    const lonely = start(['--listen', '0', '--every', '9s=/xremote']);
    await said(lonely, /--every: needs --to/);
    const wrong = start(['--to', '127.0.0.1:9', '--every', '9=/xremote']);
    await said(wrong, /--every: '9=\/xremote': write how often and what, as 9s=\/xremote/);
  });
});
