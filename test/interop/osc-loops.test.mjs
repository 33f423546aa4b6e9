// Nothing goes round between bridges that share a room, and nothing is taken for going round.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { decode } from 'node-osc';
import { Relay } from './lib/native.mjs';
import {
  idOf,
  nodeOscServer,
  oscdumpUdp,
  packet,
  place,
  pureData,
  said,
  udpEnd,
} from './lib/osc.mjs';
import { freePort } from './lib/ports.mjs';
import { after, before, describe, test } from './lib/test.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const again = ({ address, args }) => packet(address, ...args.map(({ value }) => value));
const to = (...ports) => ports.flatMap((port) => ['--to', `127.0.0.1:${port}`]);

describe('no loop', { concurrency: true }, () => {
  /** What comes from outside is the first that the patch hears of the bridge, and comes once. */
  async function onlyTheOutside(patch, port, t) {
    const outside = await udpEnd(t);
    for (const i of [1, 2]) {
      await outside.send(packet('/outside', i), port);
      await patch.hears({ address: '/outside', args: [i] });
    }
  }

  test('two bridges that send to each other', async (t) => {
    const ports = [await freePort(), await freePort()];
    const watch = await udpEnd(t);
    const { bridge: start, patch: join } = place(t, relay);
    const bridges = [
      start(['--listen', String(ports[0]), ...to(ports[1], watch.port)]),
      start(['--listen', String(ports[1]), ...to(ports[0])]),
    ];
    for (const [i, bridge] of bridges.entries())
      await said(bridge, new RegExp(`^joined: ${await idOf(bridges[1 - i])}\\b`));
    const patch = await join();
    for (const bridge of bridges) await patch.meets(bridge);
    await patch.say({ address: '/a' });
    await watch.hears('/a');
    for (const bridge of bridges) await said(bridge, /^dropped: .*in the room already/);
    await onlyTheOutside(patch, ports[0], t);
    for (const bridge of bridges) bridge.kill('SIGINT');
    // The bridge that did not hear it outside heard it in the room, and sent it on.
    await said(bridges[0], /^to OSC 1, to the room 2; dropped [23] \(loop [23]\)$/);
    await said(bridges[1], /^to OSC [23], to the room 0; dropped 1 \(loop 1\)$/);
  });

  /** What `pass` makes of a packet goes to `port`, from another socket: a program between bridges. */
  async function forwarder(t, port, pass) {
    const inside = createSocket('udp4');
    const outside = createSocket('udp4');
    t.after(() => [inside, outside].forEach((socket) => socket.close()));
    inside.on('message', (bytes) => {
      const passed = pass(bytes);
      if (passed) outside.send(passed, port, '127.0.0.1');
    });
    await new Promise((bound) => inside.bind(0, '127.0.0.1', bound));
    return inside.address().port;
  }

  /** A bridge that sends to what forwards to another one's listener, and a patch. */
  async function ring(t, pass) {
    const port = await freePort();
    const { bridge: start, patch: join } = place(t, relay);
    const sender = start(to(await forwarder(t, port, pass)));
    const listener = start(['--listen', `127.0.0.1:${port}`]);
    await said(sender, new RegExp(`^joined: ${await idOf(listener)}\\b`));
    const patch = await join();
    for (const bridge of [sender, listener]) await patch.meets(bridge);
    return { sender, patch };
  }

  for (const [name, pass, how] of [
    ['a forwarder, which hides where it comes from', (bytes) => bytes, ', from 127.0.0.1:\\d+,'],
    [
      'a device that sends back the messages that it gets',
      (bytes) => bytes[0] === 0x2f && again(decode(bytes)),
      ' \\(while nothing is sent, nothing comes\\),',
    ],
  ]) {
    test(`two bridges with ${name}`, async (t) => {
      const { sender, patch } = await ring(t, pass);
      await patch.say({ address: '/round', args: [1] });
      await said(
        sender,
        new RegExp(`^dropped: what is sent to OSC here comes back to it${how} .*: a loop.*--deny-in`),
      );
      // The room is as it was before.
      await patch.say({ address: '/other', args: [2] });
      while ((await patch.next()).address !== '/other');
    });
  }

  test('300 equal messages a second pass whole', async (t) => {
    const [end, source] = [await udpEnd(t), await udpEnd(t)];
    const port = await freePort();
    const { bridge: start } = place(t, relay);
    const sender = start(to(end.port));
    const listener = start(['--listen', `127.0.0.1:${port}`]);
    await said(sender, new RegExp(`^joined: ${await idOf(listener)}\\b`));
    await said(listener, new RegExp(`^joined: ${await idOf(sender)}\\b`));
    const count = 1000;
    const began = Date.now();
    for (let i = 0; i < count; i++) {
      const due = began + (i * 1000) / 300;
      while (Date.now() < due) await new Promise((resolve) => setTimeout(resolve, 1));
      await source.send(packet('/bang'), port);
    }
    await source.send(packet('/end'), port);
    await end.log.wait(({ bytes }) => bytes.includes('/end'), '/end');
    assert.equal(end.log.count(({ bytes }) => bytes.includes('/bang')), count);
    // Nothing else went out but a probe, if a second was so full that there was a suspicion.
    assert.ok(end.log.count(({ bytes }) => bytes.includes('#bundle')) <= 1);
    sender.kill('SIGINT');
    await said(sender, new RegExp(`^to OSC ${count + 1}, to the room 0$`));
  });

  test('the probe is nothing to OSC programs', async (t) => {
    const probe = Buffer.from('#bundle\0        ', 'latin1');
    probe.writeBigUInt64BE(((BigInt(Date.now()) + 2208988800100n) << 32n) / 1000n, 8);
    const tester = await udpEnd(t);
    const [dumpPort, pdPort] = [await freePort(), await freePort()];
    const dump = await oscdumpUdp(t, dumpPort);
    await tester.send(probe, dumpPort);
    await tester.send(packet('/after'), dumpPort);
    await dump.prints('/after');
    const pd = await pureData(t, pdPort, tester.port);
    await tester.send(probe, pdPort);
    await tester.send(packet('/after', 1), pdPort);
    await pd.err.wait((line) => line === 'heard: list after 1', '/after');
    assert.equal(pd.err.count((line) => !/^heard: |^\s*$/.test(line)), 0, 'Pd complains of nothing');
    const server = await nodeOscServer(t);
    await tester.send(probe, server.port);
    assert.deepEqual((await server.next()).elements, []);
  });

  test('a bridge that replies to another', async (t) => {
    const port = await freePort();
    const { bridge: start, patch: join } = place(t, relay);
    const replying = start(['--listen', `127.0.0.1:${port}`, '--reply']);
    const sender = start(to(port));
    await said(sender, new RegExp(`^joined: ${await idOf(replying)}\\b`));
    const patch = await join();
    for (const bridge of [replying, sender]) await patch.meets(bridge);
    await patch.say({ address: '/a' });
    await said(replying, /^dropped: .*in the room already/);
    await onlyTheOutside(patch, port, t);
  });

  test('a bridge that listens where it sends', async (t) => {
    const port = await freePort();
    const args = ['--listen', String(port), ...to(port), '--reply'];
    const [bridge, patch] = await place(t, relay).pair(...args);
    await patch.say({ address: '/a' });
    await onlyTheOutside(patch, port, t);
    bridge.kill('SIGINT');
    await said(bridge, /^to OSC 1, to the room 2; dropped 1 \(own packet 1\)$/);
  });
});
