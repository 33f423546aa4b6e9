// What the DMX bridge must put up with: bad messages, bad packets, silent desks, lost packets, a
// port that is taken, a cable that is pulled.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, describe, test } from './lib/test.mjs';
import {
  artDmx,
  levels,
  openNode,
  portOf,
  sacnData,
  sacnDiscovery,
  said,
  shows,
  stageOn,
} from './lib/dmx.mjs';
import { Log } from './lib/log.mjs';
import { Relay, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { Process } from './lib/process.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());
const stage = (t, ...args) => stageOn(relay, t, ...args);

/** A desk whose packets go to the bridge. */
async function deskOf(t, bridge) {
  const port = await portOf(bridge);
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  return (packet) => socket.send(packet, port, '127.0.0.1');
}

/** What the bridge says that it dropped, by kind, once it has ended. */
async function droppedAtTheEnd(bridge) {
  bridge.kill('SIGTERM');
  const line = await said(bridge, /^frames to lights/);
  const kinds = /dropped \d+ \((.*)\)/.exec(line)?.[1].split(', ') ?? [];
  return Object.fromEntries(kinds.map((kind) => /(.*) (\d+)/.exec(kind).slice(1)));
}

const cid = (byte) => Buffer.alloc(16, byte);

/** The bridge on a terminal of 80 columns. */
async function onTerminal(t, room) {
  const node = await openNode(t);
  const to = `artnet://127.0.0.1:${node.port}/0.0.1`;
  const command = ['dmx', '--room', room, '--relay', relay.url, '--to', to];
  const line = ['stty cols 80 rows 24;', 'exec', roomwireBinary(), ...command].join(' ');
  const env = { ...offlineEnv, TERM: 'xterm', NO_COLOR: '1' };
  const shown = new Process('terminal', 'script', ['-qec', line, '/dev/null'], { env });
  t.after(() => shown.stop());
  await shown.out.wait((text) => /you are z/.test(text), 'the room');
  return { node, shown };
}

describe('DMX', { concurrency: true }, () => {
  test('bad messages are counted by kind, and their good parts are on the wire', async (t) => {
    const node = await openNode(t);
    const { bridge, join } = await stage(t, '--to', `artnet://127.0.0.1:${node.port}/0`);
    const patch = await join();
    await patch.send([
      { channel: 'one', value: 1 },
      { channel: -1, value: 1 },
      { channel: 1.5, value: 1 },
      { channel: 513, value: 1 },
      { channel: 0, value: [1] },
      { channel: 0, value: true },
      { channel: 0, value: null },
      { channel: 0, value: '9' },
    ]);
    await patch.send([
      { universe: 64_000, channel: 0, value: 9 },
      { universe: 'x', channel: 0, value: 9 },
      { value: 9 },
      9,
      { channel: 1, value: 11 },
    ]);
    await shows(node, levels({ 1: 11 }), 18);
    await patch.send([...Array(512).fill(12), 13, 14]);
    await shows(node, Buffer.alloc(512, 12), 18);
    await patch.sendBytes('0d'.repeat(600));
    await shows(node, Buffer.alloc(512, 13), 18);
    await patch.send('lights, please');
    await patch.send({ type: 'strobe' });
    await patch.send([14]);
    await shows(node, Buffer.concat([Buffer.of(14), Buffer.alloc(511, 13)]), 18);
    assert.deepEqual(await droppedAtTheEnd(bridge), {
      channel: '4',
      value: '4',
      universe: '2',
      malformed: '4',
      'too long': '2',
    });
  });

  test('bad packets to an Art-Net port are counted by kind, and a desk is heard', async (t) => {
    const { bridge, join } = await stage(t, '--listen', 'artnet://0@127.0.0.1:0');
    const patch = await join();
    const desk = await deskOf(t, bridge);
    const good = artDmx(7, 0, 0, levels({ 0: 5 }));
    const changed = (at, value) => {
      const packet = Buffer.from(good);
      packet[at] = value;
      return packet;
    };
    desk(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    desk(Buffer.alloc(0));
    desk(good.subarray(0, 18)); // cut short
    desk(changed(11, 13)); // an old protocol
    desk(changed(9, 0x97)); // an opcode of others
    desk(sacnData({ cid: cid(1), name: 'lost', sequence: 1, universe: 1, slots: levels({}) }));
    desk(good);
    assert.deepEqual((await patch.hears())[0], { channel: 0, value: 5 });
    desk(artDmx(1, 0, 0, levels({ 0: 99 }))); // six too late
    desk(artDmx(8, 0, 0, levels({ 0: 6 })));
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 6 }]);
    // Of lengths that do not fit, what is there counts: 170 levels of 512, 514 slots.
    desk(artDmx(9, 0, 0, levels({ 0: 6, 169: 1, 170: 2 })).subarray(0, 18 + 170));
    assert.deepEqual(await patch.hears(), [{ channel: 169, value: 1 }]);
    const long = Buffer.concat([artDmx(10, 0, 0, levels({ 0: 6, 169: 1, 511: 3 })), Buffer.of(4, 4)]);
    long.writeUInt16BE(514, 16);
    desk(long);
    assert.deepEqual(await patch.hears(), [{ channel: 511, value: 3 }]);
    assert.deepEqual(await droppedAtTheEnd(bridge), { malformed: '4', foreign: '2', late: '1' });
  });

  test('bad packets to an sACN port are counted by kind, and a desk is heard', async (t) => {
    const { bridge, join } = await stage(t, '--listen', 'sacn://5@127.0.0.1:0');
    const patch = await join();
    const desk = await deskOf(t, bridge);
    const fields = { cid: cid(1), name: 'desk', universe: 5 };
    const good = sacnData({ ...fields, sequence: 100, slots: levels({ 0: 5 }) });
    const changed = (at, value) => {
      const packet = Buffer.from(good);
      packet[at] = value;
      return packet;
    };
    desk(artDmx(1, 0, 5, levels({})));
    desk(good.subarray(0, 126)); // no levels
    desk(changed(108, 201)); // a priority that there is not
    desk(changed(125, 0xcc)); // a start code of others
    desk(changed(112, 0x80)); // a preview
    desk(sacnData({ ...fields, universe: 0, sequence: 1, slots: levels({}) }));
    desk(sacnDiscovery('desk', [5]));
    desk(good);
    assert.deepEqual((await patch.hears())[0], { channel: 0, value: 5 });
    desk(sacnData({ ...fields, sequence: 81, slots: levels({ 0: 99 }) })); // 19 too late
    desk(sacnData({ ...fields, sequence: 80, slots: levels({ 0: 6 }) })); // 20: it began anew
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 6 }]);
    // A row of 24 that claims to be 512.
    const row = sacnData({ ...fields, sequence: 82, slots: levels({ 0: 6, 23: 1, 24: 2 }) });
    desk(row.subarray(0, 126 + 24));
    assert.deepEqual(await patch.hears(), [{ channel: 23, value: 1 }]);
    assert.deepEqual(await droppedAtTheEnd(bridge), {
      malformed: '3',
      foreign: '2',
      universe: '1',
      late: '1',
    });
  });

  test('an sACN desk that falls silent lets go after 2.5 s, one that ends at once', async (t) => {
    const { bridge, join } = await stage(t, '--listen', 'sacn://5@127.0.0.1:0');
    const patch = await join();
    const desk = await deskOf(t, bridge);
    const main = { cid: cid(1), name: 'main', universe: 5, priority: 150 };
    const backup = { cid: cid(2), name: 'backup', universe: 5, priority: 100 };
    let sequence = 0;
    const backUp = setInterval(
      () => desk(sacnData({ ...backup, sequence: sequence++ & 255, slots: levels({ 0: 50 }) })),
      100,
    );
    t.after(() => clearInterval(backUp));
    assert.deepEqual((await patch.hears())[0], { channel: 0, value: 50 });
    const speak = (number, options = 0) =>
      desk(sacnData({ ...main, sequence: number, options, slots: levels({ 0: 200 }) }));
    speak(1);
    const from = Date.now();
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 200 }]);
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 50 }]);
    assert.ok(Date.now() - from > 2400, `released after ${Date.now() - from} ms`);
    // One that says that it ends is not waited for.
    speak(2);
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 200 }]);
    speak(3, 0x40);
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 50 }]);
  });

  test('two sACN desks that vanish together leave their levels without a flash', async (t) => {
    const { bridge, join } = await stage(t, '--listen', 'sacn://5@127.0.0.1:0');
    const patch = await join();
    const desk = await deskOf(t, bridge);
    const speak = (byte, sequence, priority, slots) =>
      desk(sacnData({ cid: cid(byte), name: 'desk', universe: 5, sequence, priority, slots }));
    speak(1, 1, 150, levels({ 0: 200 }));
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 200 }]);
    speak(1, 2, 150, levels({ 0: 200 }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    speak(2, 1, 100, levels({ 0: 50 }));
    // Until both are gone, and a third one begins.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    speak(3, 1, 50, levels({ 1: 9 }));
    assert.deepEqual(await patch.hears(), [
      { channel: 0, value: 0 },
      { channel: 1, value: 9 },
    ]);
  });

  test('an sACN desk says which of its channels count', async (t) => {
    const { bridge, join } = await stage(t, '--listen', 'sacn://5@127.0.0.1:0');
    const patch = await join();
    const desk = await deskOf(t, bridge);
    const speak = (byte, sequence, slots, startCode = 0) => {
      const packet = sacnData({ cid: cid(byte), name: 'desk', universe: 5, sequence, slots });
      packet[125] = startCode;
      desk(packet);
    };
    speak(1, 1, levels({ 0: 10, 1: 10 }));
    assert.deepEqual(await patch.hears(), [
      { channel: 0, value: 10 },
      { channel: 1, value: 10 },
    ]);
    speak(2, 1, levels({ 1: 101 }), 0xdd);
    speak(2, 2, levels({ 0: 20, 1: 20 }));
    assert.deepEqual(await patch.hears(), [{ channel: 1, value: 20 }]);
    assert.deepEqual(await droppedAtTheEnd(bridge), {});
  });

  test('a node that loses every second packet shows each change, without steps back', async (t) => {
    const seed = Date.now() & 0xffff;
    t.diagnostic(`seed ${seed}`);
    let state = seed;
    const chance = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
    const node = await openNode(t);
    const kept = new Log('what is not lost');
    t.after(() => kept.close());
    node.socket.on('message', (packet) => {
      if (chance() < 1 / 2) kept.push(packet[18], `${packet[18]}`);
    });
    const { join } = await stage(t, '--to', `artnet://127.0.0.1:${node.port}/0`);
    const patch = await join();
    const seen = [];
    for (let level = 1; level <= 5; level++) {
      await patch.send([level]);
      let shown;
      while (shown !== level) seen.push((shown = await kept.wait(() => true, `level ${level}`)));
    }
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  });

  test('a second process on a port is told so', async (t) => {
    for (const [url, protocol] of [
      ['artnet://0@127.0.0.1', 'Art-Net'],
      ['sacn://5@127.0.0.1', 'sACN'],
    ]) {
      const { bridge } = await stage(t, '--listen', `${url}:0`);
      const port = await portOf(bridge);
      const listen = ['--listen', `${url}:${port}`];
      const second = roomwire(['dmx', '--room', 'x', '--relay', relay.url, ...listen]);
      t.after(() => second.stop());
      assert.equal((await second.exit).code, 1, protocol);
      await said(second, new RegExp(`^roomwire: UDP port ${port} is taken: `));
    }
  });

  test('a terminal shows the universe', async (t) => {
    const { shown } = await onTerminal(t, 'live');
    const sender = roomwire(['netsend', 'dmx', '[255,16]', '--room', 'live', '--relay', relay.url]);
    t.after(() => sender.stop());
    const title = /Art-Net 0\.0\.1 to lights, \d+ frames\/s/;
    await shown.out.wait((text) => title.test(text), 'a title');
    const first = await shown.out.wait((text) => /^ {3}0 ff10 \./.test(text), 'the levels');
    assert.equal(first.trimEnd().length, 72);
    assert.doesNotMatch(first, /\x1b/);
  });

  test('a terminal that is stopped does not stop the lights', async (t) => {
    const { node, shown } = await onTerminal(t, 'stopped');
    const sender = roomwire(['netsend', 'dmx', '--room', 'stopped', '--relay', relay.url]);
    t.after(() => sender.stop());
    sender.write('[255]\n');
    await shown.out.wait((text) => /^ {3}0 ff \./.test(text), 'the levels');
    shown.write('\x13'); // Ctrl-S
    // Until several pictures are due.
    const begin = Date.now();
    for (let level = 0; Date.now() - begin < 3000; level = (level + 1) % 255) {
      sender.write(`[${level}]\n`);
      await shows(node, levels({ 0: level }), 18);
    }
  });
});
