// roomwire osc between a real Trystero peer and OSC software of others: types, bundles, restarts.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from './lib/test.mjs';
import { Bundle, Client } from 'node-osc';
import { awaited } from './lib/log.mjs';
import { Relay } from './lib/native.mjs';
import {
  idOf,
  nodeOscServer,
  oscdump,
  oscdumpUdp,
  oscsend,
  packet,
  place,
  plainMessage,
  portOf,
  pureData,
  said,
  udpEnd,
} from './lib/osc.mjs';
import { freePort } from './lib/ports.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const to = (port) => ['--to', `127.0.0.1:${port}`];
const typed = (type, value) => (value === undefined ? { type } : { type, value });

/** Every type that liblo knows: as the room writes it, as oscdump prints it. */
const types = [
  [typed('i', -440), '-440'],
  [typed('h', '123456789012'), '123456789012'],
  [typed('f', 440), '440.000000'],
  [typed('d', 0.125), '0.125000'],
  [typed('s', 'grün & "so"'), '"grün & "so""'],
  [typed('S', 'symbol'), "'symbol"],
  [typed('c', 'x'), "'x'"],
  [typed('m', [0x90, 0x40, 1, 2]), 'MIDI [0x90 0x40 0x01 0x02]'],
  [typed('b', 'YWJjZGU='), '[5b 0x61 0x62 0x63 0x64 0x65]'],
  [typed('t', '6442450944'), '00000001.80000000'],
  [typed('T'), '#T'],
  [typed('F'), '#F'],
  [typed('N'), 'Nil'],
  [typed('I'), 'Infinitum'],
];

describe('every type', { concurrency: true }, () => {
  test('room → oscdump', async (t) => {
    const port = await freePort();
    const dump = await oscdumpUdp(t, port);
    const [, patch] = await place(t, relay).pair(...to(port));
    for (const [arg, shown] of types) {
      await patch.say({ address: `/one/${arg.type}`, args: [arg] });
      await dump.prints(`/one/${arg.type} ${arg.type} ${shown}`);
    }
    await patch.say({ address: '/all', args: types.map(([arg]) => arg) });
    const tags = types.map(([arg]) => arg.type).join('');
    await dump.prints(`/all ${tags} ${types.map(([, shown]) => shown).join(' ')}`);
    await patch.say({ address: '/plain', args: [440, 0.5, 'x', true, false, null, [1, ['y']]] });
    await dump.prints('/plain ifsTFNis 440 0.500000 "x" #T #F Nil 1 "y"');
    await patch.say({ address: '/bare', args: 7 });
    await patch.say({ address: '/nothing' });
    await dump.prints('/bare i 7', '/nothing');
    await patch.say({ address: '/big', args: [2147483648, -2147483649, 1e300] });
    await dump.line().then((line) => assert.match(line, /^\/big hhd 2147483648 -2147483649 1000/));
    await patch.say([
      { timetag: 0, elements: [{ address: '/b/1' }, { timetag: 0, elements: [['/b/2', 2]] }] },
      { timeTag: '1', packets: [{ address: '/b/3', args: [typed('float', 3)] }] },
      { address: '/b/4', args: { type: 'Buffer', data: [16, 255] } },
    ]);
    await dump.prints('/b/1', '/b/2 i 2', '/b/3 f 3.000000', '/b/4 b [2b 0x10 0xff]');
  });

  const sent = ['ihfdsScmTFNI', 1, 123456789012, 0.5, 0.125, 'a b', 'sym', 'x', '90400102'];
  test('oscsend → room, plain', async (t) => {
    const [bridge, patch] = await place(t, relay).pair('--listen', '0');
    const port = await portOf(bridge);
    await oscsend(port, '/all', ...sent);
    const [h, m, infinitum] = [typed('h', '123456789012'), typed('m', [144, 64, 1, 2]), typed('I')];
    const args = [1, h, 0.5, 0.125, 'a b', 'sym', 'x', m, true, false, null, infinitum];
    await patch.hears({ address: '/all', args });
  });

  test('oscsend → room, --typed', async (t) => {
    const [bridge, patch] = await place(t, relay).pair('--listen', '0', '--typed');
    const port = await portOf(bridge);
    await oscsend(port, '/all', ...sent);
    const plain = [1, '123456789012', 0.5, 0.125, 'a b', 'sym', 'x', [144, 64, 1, 2]];
    const args = [...'ihfdsScmTFNI'].map((tag, i) => typed(tag, plain[i]));
    await patch.hears({ address: '/all', args });
  });

  test('typed, from OSC to the room and straight back, is the same bytes', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('--listen', '0', '--typed', ...to(end.port));
    const port = await portOf(bridge);
    const pad = (text) => text + '\0'.repeat(4 - (Buffer.byteLength(text) % 4));
    const tags = ',ihfdsScmTFNIrt[i[f]]b';
    const body =
      '00000001 ffffffffffffffff 3dcccccd 7fefffffffffffff 61620000 73000000 00000061 00903c7f' +
      ' ff008040 0000000180000001 00000007 c0000000 0000000301020300';
    const message = Buffer.concat([
      Buffer.from(pad('/every/tag') + pad(tags)),
      Buffer.from(body.replaceAll(' ', ''), 'hex'),
    ]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(message.length);
    const time = Buffer.from('e800000080000000', 'hex');
    const bundled = Buffer.concat([Buffer.from('#bundle\0'), time, size, message]);
    const nested = Buffer.concat([
      Buffer.from('#bundle\0'),
      Buffer.from('0000000000000001', 'hex'),
      Buffer.from([0, 0, 0, bundled.length]),
      bundled,
    ]);
    for (const bytes of [message, bundled, nested]) {
      await end.send(bytes, port);
      await patch.say(await patch.next());
      assert.equal((await end.next()).bytes.toString('hex'), bytes.toString('hex'));
    }
    await patch.sayBytes(packet('/bytes', 42));
    await end.hears('/bytes', 42);
  });

  test('node-osc, both ways', async (t) => {
    const server = await nodeOscServer(t);
    const [bridge, patch] = await place(t, relay).pair('--listen', '0', ...to(server.port));
    await patch.say({ address: '/synth', args: [440, 0.5, 'x', true, false, null] });
    assert.deepEqual(await server.next(), ['/synth', 440, 0.5, 'x', true, false, null]);
    const blob = { type: 'blob', value: Buffer.from([1, 2, 255]) };
    const midi = { type: 'midi', value: { port: 1, status: 144, data1: 60, data2: 127 } };
    await patch.say({ address: '/typed', args: [typed('float', 1), blob, midi] });
    assert.deepEqual(await server.next(), [
      ...['/typed', 1, Buffer.from([1, 2, 255]), Buffer.from([1, 144, 60, 127])],
    ]);
    await patch.say({
      timetag: 0,
      elements: [['/in/bundle', 1], { address: '/too', args: ['b'] }],
    });
    const { timetag, elements } = await server.next();
    assert.equal(timetag, 0);
    assert.deepEqual(elements.map(plainMessage), [
      ['/in/bundle', 1],
      ['/too', 'b'],
    ]);

    const client = new Client('127.0.0.1', await portOf(bridge));
    t.after(() => client.close());
    await client.send('/up', 1, 0.5, 'two words', true, false, Buffer.from([0, 255]));
    const args = [1, 0.5, 'two words', true, false, typed('b', 'AP8=')];
    await patch.hears({ address: '/up', args });
    await client.send(new Bundle(['/one', 1], new Bundle(['/two', 'x'])));
    await patch.hears({ address: '/one', args: [1] });
    await patch.hears({ address: '/two', args: ['x'] });
    await client.send(new Bundle(1.5, ['/late', 1]));
    const timeTag = String((2208988801n << 32n) | (1n << 31n));
    await patch.hears({ address: '/late', args: [1], timeTag });
  });

  test('Pure Data, both ways', async (t) => {
    const listen = await freePort();
    const { bridge, patch: join } = place(t, relay);
    const started = bridge(['--listen', '0', ...to(listen)]);
    const [pd, patch] = await Promise.all([pureData(t, listen, await portOf(started)), join()]);
    await patch.meets(started);
    const heard = (text) => pd.err.wait((line) => line === `heard: list ${text}`, text);
    await patch.say({ address: '/synth/freq', args: [440, 0.5, 'hello', typed('f', 3)] });
    await heard('synth freq 440 0.5 hello 3');
    await patch.hears({ address: '/pd/heard', args: [440, 0.5, 'hello', 3] });
    await patch.say({ address: '/blob', args: [typed('b', 'YWI=')] });
    await heard('blob 2 97 98');
  });
});

describe('all arrive, in order', () => {
  test('the first 10 of 10, both ways', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('--listen', '0', ...to(end.port));
    const port = await portOf(bridge);
    const ten = Array.from({ length: 10 }, (_, i) => i);
    await Promise.all(ten.map((i) => patch.say({ address: '/n', args: [i] })));
    for (const i of ten) await end.hears('/n', i);
    for (const i of ten) await end.send(packet('/n', i), port);
    for (const i of ten) await patch.hears({ address: '/n', args: [i] });
  });

  const many = 100_000;
  // By TCP, as UDP may lose on a machine that is busy with other tests.
  test('100,000 from the room, by TCP', async (t) => {
    let seen = 0;
    let rest = Buffer.alloc(0);
    let server;
    const all = new Promise((resolve, reject) => {
      server = createServer((socket) => {
        socket.on('error', reject).on('data', (bytes) => {
          rest = Buffer.concat([rest, bytes]);
          while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
            const size = 4 + rest.readInt32BE(0);
            const number = rest.readInt32BE(size - 4);
            if (number !== seen) reject(new Error(`${number} came as number ${seen}`));
            if (++seen === many) resolve();
            rest = rest.subarray(size);
          }
        });
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const url = `osc.tcp://127.0.0.1:${server.address().port}`;
    const [, patch] = await place(t, relay).pair('--to', url);
    await Promise.all([patch.burst(many), awaited('all by TCP', all)]);
  });

  test('10,000 from the room, by UDP', async (t) => {
    const end = await udpEnd(t);
    let seen = 0;
    const all = new Promise((resolve, reject) => {
      end.socket.removeAllListeners('message').on('message', (bytes) => {
        const number = bytes.readInt32BE(bytes.length - 4);
        if (number !== seen) reject(new Error(`${number} came as number ${seen}`));
        if (++seen === 10_000) resolve();
      });
    });
    const [, patch] = await place(t, relay).pair(...to(end.port));
    await Promise.all([patch.burst(10_000), awaited('all by UDP', all)]);
  });

  test('100,000 into the room, by TCP', async (t) => {
    const listen = ['--listen', 'osc.tcp://127.0.0.1:0'];
    const [bridge, patch] = await place(t, relay).pair(...listen);
    await patch.tally(many);
    const socket = connect(await portOf(bridge), '127.0.0.1');
    t.after(() => socket.destroy());
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 12]), packet('/n', 0)]);
    const frames = Array.from({ length: many }, (_, i) => {
      const next = Buffer.from(frame);
      next.writeInt32BE(i, 12);
      return next;
    });
    socket.write(Buffer.concat(frames));
    const tally = await patch.peer.event('tally', {}, 60_000);
    assert.equal(tally.wrong, undefined);
  });
});

describe('who comes back is heard again', { concurrency: true }, () => {
  /** `count` numbered messages, each of which is printed. */
  async function allPrinted(patch, dump, count) {
    await patch.burst(count);
    for (let i = 0; i < count; i++) assert.equal(await dump.line(), `/n i ${i}`);
  }

  test('an OSC end by UDP', async (t) => {
    const port = await freePort();
    const first = await oscdumpUdp(t, port);
    const [bridge, patch] = await place(t, relay).pair(...to(port));
    await allPrinted(patch, first, 100);
    await first.stop();
    await patch.say({ address: '/lost' });
    await said(bridge, /refuses/);
    await allPrinted(patch, await oscdumpUdp(t, port), 100);
  });

  test('an OSC end by TCP', async (t) => {
    const port = await freePort();
    const url = `osc.tcp://127.0.0.1:${port}/`;
    const [bridge, patch] = await place(t, relay).pair('--to', url);
    await said(bridge, /connection refused/i);
    for (let round = 0; round < 2; round++) {
      const dump = await oscdump(t, `osc.tcp://:${port}`);
      await said(bridge, /connected/);
      await allPrinted(patch, dump, 100);
      await dump.stop();
      await said(bridge, new RegExp(`${url}.*trying again`));
    }
  });

  test("the room's peer", async (t) => {
    const end = await udpEnd(t);
    const { bridge: start, patch } = place(t, relay);
    const bridge = start(['--listen', '0', ...to(end.port)]);
    const port = await portOf(bridge);
    for (let round = 0; round < 2; round++) {
      const here = await patch();
      await here.meets(bridge);
      await here.say({ address: '/down', args: [round] });
      await end.hears('/down', round);
      for (let i = 0; i < 10; i++) await end.send(packet('/up', i), port);
      for (let i = 0; i < 10; i++) await here.hears({ address: '/up', args: [i] });
      await here.peer.stop();
    }
  });

  test('the relay', async (t) => {
    const own = await Relay.start();
    t.after(() => own.stop());
    const end = await udpEnd(t);
    const { bridge: start, patch: join } = place(t, own);
    const bridge = start(['--listen', '0', ...to(end.port)]);
    const port = await portOf(bridge);
    const patches = [await join()];
    const bothWays = async (number) => {
      for (const each of patches) {
        await each.say({ address: '/down', args: [number] });
        await end.hears('/down', number);
      }
      await end.send(packet('/up', number), port);
      for (const each of patches)
        await each.hears({ address: '/up', args: [number] }, 'osc', await idOf(bridge));
    };
    await patches[0].meets(bridge);
    await bothWays(1);
    await own.stop();
    await said(bridge, /relay .*(lost|closed|gone|answer)/);
    await bothWays(2);
    await own.restart();
    await bothWays(3);
    patches.push(await join());
    await patches[1].meets(bridge);
    await bothWays(4);
  });
});
