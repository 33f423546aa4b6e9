// roomwire osc: the shapes of JavaScript's OSC libraries, what receivers can read, and times.
import assert from 'node:assert/strict';
import osc from 'osc';
import OSC from 'osc-js';
import * as oscMin from 'osc-min';
import { Relay } from './lib/native.mjs';
import {
  bundle,
  nodeOscServer,
  oscdumpUdp,
  packet,
  place,
  portOf,
  pureData,
  said,
  udpEnd,
} from './lib/osc.mjs';
import { freePort } from './lib/ports.mjs';
import { after, before, describe, test } from './lib/test.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const to = (port) => ['--to', `127.0.0.1:${port}`];
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** A bridge to an end whose datagrams are compared with what a library writes. */
async function library(t, ...args) {
  const end = await udpEnd(t);
  const [, patch] = await place(t, relay).pair(...to(end.port), ...args);
  return async (message, bytes) => {
    await patch.say(message);
    assert.equal(hex((await end.next()).bytes), hex(bytes), JSON.stringify(message));
  };
}

describe('messages of libraries, as JSON, leave as the library itself writes them', () => {
  test('osc-js 2.4.1', async (t) => {
    const same = await library(t);
    const made = new OSC.Message('/made', 1.5, 1, 'a', true, false, null, new Uint8Array([1, 2, 3]));
    await same(made, made.pack());
    const typed = new OSC.TypedMessage('/typed');
    for (const [type, value] of [
      ['f', 1],
      ['d', 2],
      ['i', 3],
      ['s', 'x'],
      ['N', null],
      ['T', true],
    ])
      typed.add(type, value);
    await same(typed, typed.pack());
    // As it came from OSC: `types` begins with a comma.
    const floats = typed.pack();
    const came = new OSC.Message('/x');
    came.unpack(new DataView(floats.buffer, floats.byteOffset, floats.byteLength));
    assert.equal(came.types, ',fdisNT');
    await same(came, floats);
    const many = new OSC.Bundle([new OSC.Message('/a', 1.5), new OSC.Message('/b', 'x')]);
    many.timestamp(1764280000000);
    await same(many, many.pack());
  });

  test('osc-min 2.1.2', async (t) => {
    const same = await library(t);
    // No blob: its values are DataViews, which JSON.stringify leaves empty.
    const bytes = Buffer.concat([
      Buffer.from('/c\0\0,ifscTFNIm\0\0'),
      Buffer.from('000000013f800000610000000000004101903c7f', 'hex'),
    ]);
    await same(oscMin.fromBuffer(bytes), bytes);
    const shade = { type: 'color', value: { red: 255, green: 128, blue: 0, alpha: 51 } };
    const shown = Buffer.concat([Buffer.from('/c\0\0,r\0\0'), Buffer.from('ff800033', 'hex')]);
    assert.deepEqual(oscMin.fromBuffer(shown).args, [shade]);
    await same({ address: '/c', args: [shade] }, shown);
  });

  test('osc.js 2.4.5', async (t) => {
    const same = await library(t);
    const message = {
      address: '/x',
      args: [
        { type: 'f', value: 1 },
        { type: 'r', value: { r: 255, g: 128, b: 0, a: 1 } },
        { type: 'b', value: new Uint8Array([1, 2, 3]) },
        { type: 't', value: osc.timeTag(0, 1764280000000) },
        { type: 'T', value: true },
      ],
    };
    await same(message, osc.writeMessage(message, { metadata: true }));
  });
});

describe('types that receivers read', { concurrency: true }, () => {
  test('Pure Data: booleans and 64 bits', async (t) => {
    const listen = await freePort();
    const args = ['--listen', '0', '--booleans', 'int', '--wide', 'float', ...to(listen)];
    const { bridge, patch: join } = place(t, relay);
    const started = bridge(args);
    const [pd, patch] = await Promise.all([pureData(t, listen, await portOf(started)), join()]);
    await patch.meets(started);
    await patch.say({ address: '/on', args: [true, false, 3000000000, 5] });
    await pd.err.wait((line) => line === 'heard: list on 1 0 3e+09 5', 'the values');
  });

  test('node-osc: 64 bits, after a hint', async (t) => {
    const server = await nodeOscServer(t);
    const { bridge: start, patch: join } = place(t, relay);
    const [hinted, patch] = [start(to(server.port)), await join()];
    await patch.meets(hinted);
    await patch.say({ address: '/now', args: [1764280000000, 5] });
    assert.match((await server.next()).error, /h/);
    await said(hinted, /'\/now' needs 64 bits.*--wide/);
    await hinted.stop();
    const chosen = start([...to(server.port), '--wide', 'float']);
    await patch.meets(chosen);
    await patch.say({ address: '/now', args: [1764280000000, 5] });
    assert.deepEqual(await server.next(), ['/now', Math.fround(1764280000000), 5]);
  });

  test('a fader keeps its type at its ends, a switch has one by rule', async (t) => {
    const port = await freePort();
    const dump = await oscdumpUdp(t, port);
    const [, patch] = await place(t, relay).pair(...to(port), '--type', '/on=i');
    for (const [value, shown] of [
      [0, 'i 0'],
      [0.99, 'f 0.990000'],
      [1, 'f 1.000000'],
    ]) {
      await patch.say({ address: '/fader', args: [value] });
      await dump.prints(`/fader ${shown}`);
    }
    await patch.say({ address: '/on', args: [true] });
    await dump.prints('/on i 1');
  });
});

test('arrays of OSC go back as they came, others with --arrays keep', async (t) => {
  const end = await udpEnd(t);
  const there = place(t, relay);
  const [bridge, patch] = await there.pair('--listen', '0', ...to(end.port));
  const arrays = Buffer.concat([
    Buffer.from('/a\0\0,i[f[s]]\0\0\0\0'),
    Buffer.from('00000001 40000000 61000000'.replaceAll(' ', ''), 'hex'),
  ]);
  await end.send(arrays, await portOf(bridge));
  const heard = await patch.next();
  assert.deepEqual(heard, { address: '/a', args: [1, [2, ['a']]], types: ',i[f[s]]' });
  await patch.say(heard);
  assert.equal(hex((await end.next()).bytes), hex(arrays));
  await patch.say({ address: '/a', args: [1, [2, ['a']]] });
  await end.hears('/a', 1, 2, 'a');
  await bridge.stop();
  const keeping = there.bridge([...to(end.port), '--arrays', 'keep', '--type', '/a=f']);
  await patch.meets(keeping);
  await patch.say({ address: '/a', args: [[2, ['a']]] });
  const kept = '2f610000' + '2c5b665b735d5d00' + '40000000' + '61000000';
  assert.equal(hex((await end.next()).bytes), kept);
});

test('half of a surrogate pair is no reason to lose a message', async (t) => {
  const end = await udpEnd(t);
  const [, patch] = await place(t, relay).pair(...to(end.port));
  await patch.say({ address: '/text', args: ['half \ud83c'] });
  await end.hears('/text', 'half \ufffd');
});

// liblo holds a bundle until its time.
describe('times of bundles', { concurrency: true }, () => {
  const inAnHour = () => ({
    timetag: Date.now() / 1000 + 3500,
    elements: [{ address: '/later', args: [1] }],
  });
  for (const flags of [['--time-tags', 'now'], ['--time-tags', 'drop']]) {
    test(`${flags.join(' ')}: oscdump plays at once what another clock holds back`, async (t) => {
      const port = await freePort();
      const dump = await oscdumpUdp(t, port);
      const [, patch] = await place(t, relay).pair(...to(port), ...flags);
      await patch.say(inAnHour());
      await dump.prints('/later i 1');
    });
  }

  test('into the room: kept, of our clock, or none', async (t) => {
    const end = await udpEnd(t);
    const there = place(t, relay);
    const patch = await there.patch();
    const seconds = ({ timeTag }) => Number(BigInt(timeTag) >> 32n) - 2208988800;
    for (const [flags, fits] of [
      [[], (heard) => seconds(heard) === 1000],
      [['--time-tags', 'now'], (heard) => Math.abs(seconds(heard) - Date.now() / 1000) < 600],
      [['--time-tags', 'drop'], (heard) => !('timeTag' in heard)],
    ]) {
      const bridge = there.bridge(['--listen', '0', ...flags]);
      await patch.meets(bridge);
      await end.send(bundle(1000, ['/then', 1]), await portOf(bridge));
      const heard = await patch.next();
      assert.equal(heard.address, '/then');
      assert.ok(fits(heard), JSON.stringify({ flags, heard }));
      await bridge.stop();
    }
  });

  test('--bundle-timing: a bundle leaves with the time at which it leaves', async (t) => {
    const end = await udpEnd(t);
    const [, patch] = await place(t, relay).pair(...to(end.port), '--bundle-timing');
    const now = () => Date.now() / 1000;
    for (const ahead of [-1000, 0.3]) {
      const asked = now();
      await patch.say({ timetag: asked + ahead, elements: [{ address: '/soon' }] });
      const { bytes } = await end.next();
      const left = bytes.readUInt32BE(8) - 2208988800 + bytes.readUInt32BE(12) / 2 ** 32;
      // Date.now() is in whole milliseconds.
      const [earliest, latest] = [asked + Math.max(ahead, 0) - 0.002, now() + 0.002];
      assert.ok(left >= earliest && left <= latest, `${earliest} ≤ ${left} ≤ ${latest}`);
    }
  });
});
