// Lights: a real Trystero peer is the room's end; a plain UDP socket and dmxnet are nodes and
// desks. Loopback and unicast only.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { after, before, describe, test } from './lib/test.mjs';
import { artDmx, levels, openNode, portOf, sacnData, said, shows, stageOn } from './lib/dmx.mjs';
import { Log } from './lib/log.mjs';
import { Relay, roomwire } from './lib/native.mjs';
import { freePort } from './lib/ports.mjs';

const { dmxnet } = createRequire(import.meta.url)('dmxnet');
let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const stage = (t, ...args) => stageOn(relay, t, ...args);

test('levels of a patch are Art-Net frames, byte by byte', async (t) => {
  const node = await openNode(t);
  const { join } = await stage(t, '--to', `artnet://127.0.0.1:${node.port}/1.2.3`);
  const patch = await join();

  await patch.send([
    { channel: 0, value: 255 },
    { channel: 511, value: 7 },
  ]);
  const first = await shows(node, levels({ 0: 255, 511: 7 }), 18);
  assert.deepEqual(first, artDmx(1, 1, 0x23, levels({ 0: 255, 511: 7 })));
  assert.equal(
    node.log.count((packet) => packet[12] === 1),
    1,
  );

  // Values persist; rows and bytes are the first channels; one message is one frame.
  await patch.send([1, 2, 3]);
  await shows(node, levels({ 0: 1, 1: 2, 2: 3, 511: 7 }), 18);
  await patch.sendBytes('0a0b');
  await shows(node, levels({ 0: 10, 1: 11, 2: 3, 511: 7 }), 18);
  await patch.send({ universe: '1.2.3', channels: { 2: 99 } });
  await shows(node, levels({ 0: 10, 1: 11, 2: 99, 511: 7 }), 18);
  await patch.send({ type: 'blackout' });
  const dark = await shows(node, levels({}), 18);

  // Repeated while nothing changes, and the sequence counts on.
  for (let step = 1; step <= 3; step++) {
    const next = await node.log.wait((packet) => packet[12] === dark[12] + step, 'the next frame');
    assert.deepEqual(next, artDmx(dark[12] + step, 1, 0x23, levels({})));
  }
});

test('what is bad is named, and the good part of a message counts', async (t) => {
  const node = await openNode(t);
  const { bridge, join } = await stage(t, '--to', `artnet://127.0.0.1:${node.port}/0`);
  const patch = await join();
  await patch.send([
    { channel: 3, value: 300 },
    { channel: 512, value: 1 },
    { channel: 4, value: 40 },
  ]);
  await shows(node, levels({ 3: 255, 4: 40 }), 18);
  await said(bridge, /^item 1: channel 3: value 300 is taken as 255, which is full, from /);
  await said(bridge, /--channel-base 1/);
  await patch.send({ universe: 9, channels: [1] });
  await said(bridge, /universe 9 has no --to/);
});

test('the ends of a fader are taken, and fractions get a hint', async (t) => {
  const node = await openNode(t);
  const { bridge, join } = await stage(t, '--to', `artnet://127.0.0.1:${node.port}/0`);
  const patch = await join();
  await patch.send([255, 255]);
  await shows(node, levels({ 0: 255, 1: 255 }), 18);
  await patch.send([-0.2, 256]);
  await shows(node, levels({ 1: 255 }), 18);
  await patch.send([255.4, 256]);
  await shows(node, levels({ 0: 255, 1: 255 }), 18);
  await patch.send([0, 0.5, 1]);
  await said(bridge, /^values from 0 to 1 .*: if 1 is meant to be, use --scale 1, from /);
  bridge.kill('SIGTERM');
  await said(bridge, /^frames to lights \d+, messages to the room 0; clamped 4$/);
});

test('a scale of its own, both ways', async (t) => {
  const node = await openNode(t);
  const ends = ['--to', `artnet://127.0.0.1:${node.port}/0`, '--listen', 'artnet://1@127.0.0.1:0'];
  const { bridge, join } = await stage(t, ...ends, '--scale', '1');
  const port = await portOf(bridge);
  const patch = await join();
  await patch.send([0, 0.5, 1]);
  await shows(node, levels({ 1: 128, 2: 255 }), 18);
  node.socket.send(artDmx(1, 0, 1, levels({ 0: 255, 3: 51 })), port, '127.0.0.1');
  assert.deepEqual(await patch.hears(), [
    { channel: 0, value: 1 },
    { channel: 3, value: 0.2 },
  ]);
});

test('limits hold: allowed channels, maximum, grand master', async (t) => {
  const node = await openNode(t);
  const limits = ['--allow', '1-10', '--max', '2=100', '--grand-master', '50%'];
  const base = ['--channel-base', '1', '--channel', 'rig', '--monitor'];
  const to = ['--to', `artnet://127.0.0.1:${node.port}/0`];
  const { bridge, join } = await stage(t, ...to, ...base, ...limits);
  const patch = await join('rig');
  await patch.send([
    { channel: 1, value: 200 },
    { channel: 2, value: 255 },
    { channel: 11, value: 255 },
  ]);
  await shows(node, levels({ 0: 100, 1: 100 }), 18);
  await said(bridge, /not among the allowed channels: 11/);
  await bridge.out.wait((line) => line === '> Art-Net 0.0.0: 1=100 2=100', 'the monitor');
});

describe('who leaves, and what stays', { concurrency: true }, () => {
  test('a peer that leaves lets go; the last one brings --on-leave', async (t) => {
    const node = await openNode(t);
    const to = ['--to', `artnet://127.0.0.1:${node.port}/0`];
    const { room, join } = await stage(t, ...to, '--merge', 'htp', '--on-leave', 'blackout');
    const one = await join();
    const two = await join();
    await one.send([100, 10]);
    await shows(node, levels({ 0: 100, 1: 10 }), 18);
    await two.send([50, 50]);
    await shows(node, levels({ 0: 100, 1: 50 }), 18);
    await one.peer.leave(room);
    await shows(node, levels({ 0: 50, 1: 50 }), 18);
    await two.peer.stop();
    await shows(node, levels({}), 18);
  });

  test('levels go on when the relay is gone', async (t) => {
    const own = await Relay.start();
    t.after(() => own.stop());
    const node = await openNode(t);
    const { join } = await stageOn(own, t, '--to', `artnet://127.0.0.1:${node.port}/0`);
    const patch = await join();
    await patch.send([1]);
    await shows(node, levels({ 0: 1 }), 18);
    await own.stop();
    await patch.send([2]);
    const last = await shows(node, levels({ 0: 2 }), 18);
    const later = await node.log.wait((packet) => packet[12] === last[12] + 4, 'repeated frames');
    assert.deepEqual(later, artDmx(last[12] + 4, 0, 0, levels({ 0: 2 })));
  });

  test('sACN by unicast; SIGTERM fades and terminates the universe', async (t) => {
    const node = await openNode(t);
    const name = ['--source-name', 'Bühne', '--priority', '150'];
    const to = ['--to', `sacn://258@127.0.0.1:${node.port}`, '--on-leave', 'fade:500ms'];
    const { bridge, join } = await stage(t, ...to, ...name);
    const patch = await join();
    await patch.send([{ channel: 1, value: 200 }]);
    const lit = await shows(node, levels({ 1: 200 }), 126);
    const cid = lit.subarray(22, 38);
    const fields = { cid, name: 'Bühne', priority: 150, universe: 258 };
    assert.deepEqual(lit, sacnData({ ...fields, sequence: lit[111], slots: levels({ 1: 200 }) }));
    assert.equal(cid[6] >> 4, 8);

    bridge.kill('SIGTERM');
    assert.deepEqual(await bridge.exit, { code: 143, signal: null });
    const fading = (packet) => packet[127] > 0 && packet[127] < 200 && packet[112] === 0;
    await node.log.wait(fading, 'a frame of the fade');
    const last = [];
    for (let i = 0; i < 3; i++)
      last.push(await node.log.wait((packet) => packet[112] === 0x40, `terminated packet ${i}`));
    last.forEach((packet, i) => {
      const sequence = (last[0][111] + i) & 0xff;
      const expected = sacnData({ ...fields, sequence, options: 0x40, slots: levels({}) });
      assert.deepEqual(packet, expected);
    });
    assert.ok(!node.log.has((packet) => packet[112] === 0x40), 'a fourth terminated packet');
  });
});

test('dmxnet as node and as desk', async (t) => {
  const port = await freePort();
  const timers = t.mock.method(globalThis, 'setInterval'); // dmxnet never clears its own
  const rig = new dmxnet({ listen: port, hosts: ['127.0.0.1'], log: { silent: true } });
  const seen = new Log('dmxnet');
  rig.newReceiver({ net: 0, subnet: 0, universe: 1 }).on('data', (data) => seen.push([...data]));
  const ends = ['--to', `artnet://127.0.0.1:${port}/0.0.1`];
  const { bridge, join } = await stage(t, ...ends, '--listen', 'artnet://0.0.2@127.0.0.1:0');
  const listening = await said(bridge, /listening on .* for Art-Net 0\.0\.2/);
  const patch = await join();
  await patch.send([1, 0, 3]);
  const expected = JSON.stringify([...levels({ 0: 1, 2: 3 })]);
  await seen.wait((data) => JSON.stringify(data) === expected, 'the levels');

  const desk = rig.newSender({
    ip: '127.0.0.1',
    port: Number(/127\.0\.0\.1:(\d+)/.exec(listening)[1]),
    universe: 2,
  });
  t.after(() => {
    for (const { result } of timers.mock.calls) clearInterval(result);
    desk.stop();
    rig.listener4.close();
    rig.socket.close();
    seen.close();
  });
  // Its first frame is dark, and takes nothing from anybody.
  desk.setChannel(5, 77);
  assert.deepEqual(await patch.hears(), [{ channel: 5, value: 77 }]);

  // Who comes late is told what is known.
  const late = await join();
  assert.deepEqual(await late.hears(), [{ channel: 5, value: 77 }]);
});

test('a desk that polls is told who listens to what', async (t) => {
  const desk = await openNode(t);
  const { bridge } = await stage(t, '--listen', 'artnet://1.2.3@127.0.0.1:0');
  const listening = await said(bridge, /listening on .* for Art-Net 1\.2\.3/);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(listening)[1]);
  const poll = Buffer.concat([Buffer.from('Art-Net\0'), Buffer.from([0, 0x20, 0, 14, 2, 0])]);
  desk.socket.send(poll, port, '127.0.0.1');
  const reply = await desk.log.wait((packet) => packet.readUInt16LE(8) === 0x2100, 'the reply');
  assert.deepEqual([...reply.subarray(10, 14)], [127, 0, 0, 1]);
  assert.deepEqual([...reply.subarray(18, 20)], [1, 2]); // Net, Sub-Net
  assert.equal(reply.toString('latin1', 26, 34), 'roomwire');
  assert.equal(reply[173], 1); // ports
  assert.equal(reply[174] & 0x80, 0x80); // puts Art-Net out
  assert.equal(reply[190], 3); // SwOut
});

test('an sACN desk plays the patch; rubbish on the port does not', async (t) => {
  const { bridge, join } = await stage(t, '--listen', 'sacn://5@127.0.0.1:0');
  const listening = await said(bridge, /listening on .* for sACN 5/);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(listening)[1]);
  const patch = await join();
  const desk = createSocket('udp4');
  t.after(() => desk.close());
  const fields = { cid: Buffer.alloc(16, 0x11), name: 'desk', universe: 5 };
  const send = (packet) => desk.send(packet, port, '127.0.0.1');
  send(Buffer.from('rubbish'));
  await said(bridge, /dropped: .*from 127\.0\.0\.1/);
  send(sacnData({ ...fields, sequence: 1, slots: levels({ 0: 1 }) }));
  assert.deepEqual((await patch.hears())[0], { channel: 0, value: 1 });
  send(sacnData({ ...fields, sequence: 2, slots: levels({ 0: 1, 9: 4 }) }));
  assert.deepEqual(await patch.hears(), [{ channel: 9, value: 4 }]);
});

for (const [args, names] of [
  [['--to', 'artnet://1.2.3.4'], /--to: .*artnet:\/\/HOST\/0\.0\.1/],
  [['--to', 'artnet://1.2.3.4/0.0.99'], /--to: .*0\.0\.99/],
  [['--to', 'sacn://64000'], /--to: .*64000/],
  [['--to', 'dmx://1'], /--to: .*begin with artnet:\/\/ or sacn:\/\//],
  [['--to', 'sacn://1', '--on-leave', 'panic'], /--on-leave: .*panic/],
  [['--to', 'sacn://1', '--merge', 'best'], /--merge: .*best/],
  [['--to', 'sacn://1', '--allow', '0-512'], /--allow: .*0-512/],
  [['--to', 'sacn://1', '--rate', '45'], /--rate: /],
  [['--to', 'sacn://1', '--scale', '0'], /--scale: /],
  [['--to', 'sacn://1', '--allow', '2:0-9'], /--allow, --max: universe 2 has no --to/],
  [['--to', 'sacn://1', '--artsync'], /--artsync: no --to is artnet/],
  [['--to', 'sacn://1', '--sync-universe', '0'], /--sync-universe: .*1 to 63999/],
  [['--to', 'artnet://1.2.3.4/0', '--sync-universe', '1'], /--sync-universe: no --to is sacn/],
  [['--room', 'r'], /--to/],
]) {
  test(`a mistake is named in one line, exit 2: roomwire dmx ${args.join(' ')}`, async (t) => {
    const bridge = roomwire(['dmx', ...args]);
    t.after(() => bridge.stop());
    assert.equal((await bridge.exit).code, 2);
    const lines = bridge.err.recent(40).slice(0, -1);
    assert.equal(lines.length, 1);
    assert.match(lines[0], names);
  });
}
