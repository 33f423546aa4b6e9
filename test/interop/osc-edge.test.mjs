// roomwire osc and what it should not be given, and what a person sees of it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from './lib/test.mjs';
import { Log } from './lib/log.mjs';
import { Relay, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { bundle, endsWell, idOf, packet, place, portOf, said, udpEnd } from './lib/osc.mjs';
import { Process } from './lib/process.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const to = (port) => ['--to', `127.0.0.1:${port}`];

describe('bad input', { concurrency: true }, () => {
  for (const [args, words] of [
    [[], ['--to', '--listen', 'give']],
    [['--to', 'x'], ['host:9000']],
    [['--to', '127.0.0.1:0'], ['1 to 65535']],
    [['--to', 'http://x:9'], ['osc.udp://']],
    [['--to', '=127.0.0.1:9'], ['leave the = out']],
    [['--to', '127.0.0.1:9/x'], ['leave out']],
    [['--to', 'osc.tcp://x:9?framing=y'], ['size or slip']],
    [['--to', '[fe80::1]:9000'], ['the interface is missing', '[fe80::1%eth0]:9000']],
    [['--to', 'osc.tcp://127.0.0.1:9', '--strict-source'], ['no --to is UDP']],
    [['--listen', 'osc.tcp://9000', '--reuse'], ['no --listen is UDP']],
    [['--to', 'a=127.0.0.1:9', '--channel', 'b'], ["'b' has no --to"]],
    [['--listen', 'studio:9'], ['on a port']],
    [['--listen', 'osc.tcp://239.1.1.1:9'], ['osc.udp://']],
    [
      ['--to', '127.0.0.1:9', '--allow-out', '/synth]'],
      ['--allow-out', 'not opened'],
    ],
    [
      ['--to', '127.0.0.1:9', '--deny-in', '/[a'],
      ['--deny-in', ']'],
    ],
    [['--to', '127.0.0.1:9', '--map', '/a'], ['/FROM=/TO']],
    [['--to', '127.0.0.1:9', '--type', '/a=q'], ['=f']],
    [['--to', '127.0.0.1:9', '--numbers', 'real'], ['auto, float and int']],
    [['--to', '127.0.0.1:9', '--booleans', 'yes'], ['tags and int']],
    [['--to', '127.0.0.1:9', '--wide', 'h'], ['float, double and int64']],
    [['--to', '127.0.0.1:9', '--arrays', ''], ['flatten or keep']],
    [['--to', '127.0.0.1:9', '--time-tags', 'later'], ['keep, drop and now']],
    [['--to', '127.0.0.1:9', '--rate', '0'], ['1 to 10000']],
    [['--to', '127.0.0.1:9', '--wait'], ['--help']],
    [['--listen'], ['value']],
  ]) {
    test(`roomwire osc ${args.join(' ')}`, async (t) => {
      const process = roomwire(['osc', '--room', 'x', '--relay', relay.url, ...args]);
      t.after(() => process.stop());
      await endsWell(process, 2);
      const lines = process.err.recent(40).slice(0, -1);
      assert.equal(lines.length, 1, lines.join('\n'));
      const flag = args.filter((arg) => arg.startsWith('--')).at(-1) ?? '--to';
      for (const word of [flag, ...words]) assert.ok(lines[0].includes(word), lines[0]);
    });
  }

  for (const scheme of ['osc.udp', 'osc.tcp']) {
    test(`a port that is taken: ${scheme}`, async (t) => {
      const { bridge } = place(t, relay);
      const first = bridge(['--listen', `${scheme}://127.0.0.1:0`]);
      const port = await portOf(first);
      const second = bridge(['--listen', `${scheme}://127.0.0.1:${port}`]);
      await endsWell(second, 1);
      const lines = second.err.recent(40).slice(0, -1);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0], new RegExp(`port ${port} is taken.*another port`));
      // What a TCP port has not is not offered.
      assert.equal(/--reuse/.test(lines[0]), scheme === 'osc.udp', lines[0]);
    });
  }

  test('from the room: each bad message is told and counted, the good ones pass', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair(...to(end.port));
    let deep = 1;
    for (let i = 0; i < 500; i++) deep = [deep];
    const kinds = {
      'not OSC': [
        'text',
        42,
        null,
        true,
        { a: 1 },
        { address: '/a', elements: 1, packets: [7] }.packets,
      ],
      'bad address': [{ address: '#bundle' }, { address: 5 }, { address: '' }, { address: '/a\0b' }],
      'unknown type': [
        { address: '/a', args: [{ type: 'q', value: 1 }] },
        { address: '/a', args: { b: 1 } },
      ],
      'wrong value': [
        { address: '/a', args: [{ type: 'i', value: 1.5 }] },
        { address: '/a', args: [{ type: 'i', value: 2147483648 }] },
        { address: '/a', args: [{ type: 'b', value: '?' }] },
        { timeTag: 'x', packets: [{ address: '/a' }] },
      ],
      'too much': [
        { address: '/a', args: ['x'.repeat(70_000)] },
        { address: '/a', args: Array(20_000).fill(1) },
      ],
    };
    let number = 0;
    for (const value of Object.values(kinds).flat()) {
      await patch.say(value);
      await patch.say([{ address: '/good', args: [++number] }]);
      await end.hears('/good', number);
      await said(bridge, new RegExp(`^dropped: .*, from peer ${patch.id}$`));
    }
    await patch.sayBytes(randomBytes(99));
    await patch.say({ address: '/a', args: deep });
    // Among good ones in one message only the bad one is dropped.
    await patch.say([{ address: '/1' }, { address: '' }, { address: '/2' }]);
    await end.hears('/1');
    await end.hears('/2');
    bridge.kill('SIGINT');
    const summary = await said(bridge, /^to OSC /);
    const total = Object.values(kinds).flat().length + 3;
    assert.match(summary, new RegExp(`^to OSC ${number + 2}, to the room 0; dropped ${total} \\(`));
    for (const kind of Object.keys(kinds)) assert.match(summary, new RegExp(`${kind} \\d`));
  });

  test('on the UDP port: the same', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('--listen', '0');
    const port = await portOf(bridge);
    const good = packet('/good', 1);
    const bad = [
      Buffer.from('hello'),
      Buffer.alloc(0),
      Buffer.alloc(3),
      good.subarray(0, good.length - 1),
      Buffer.from('x\0\0\0'),
      Buffer.from('/x\0\0,q\0\0\0\0\0\0'),
      Buffer.from('#bundle\0'),
      Buffer.from('/x\0\0,b\0\0\x7f\xff\xff\xff', 'latin1'),
      Buffer.from('\0\0\0\0,\0\0\0'),
      randomBytes(60_000),
    ];
    for (const [i, bytes] of bad.entries()) {
      await end.send(bytes, port);
      await end.send(packet('/good', i), port);
      await patch.hears({ address: '/good', args: [i] });
    }
    await said(bridge, new RegExp(`^dropped: .*, from 127\\.0\\.0\\.1:${end.port}$`));
    const mixed = bundle(0, ['/one', 1], ['/two', 2]);
    mixed.writeUInt8(0, mixed.indexOf('/one'));
    await end.send(mixed, port);
    await patch.hears({ address: '/two', args: [2] });
    bridge.kill('SIGTERM');
    const summary = await said(bridge, /^to OSC /);
    const dropped = Number(/dropped (\d+) /.exec(summary)[1]);
    assert.equal(dropped, bad.length + 1, summary);
    const kinds = /\((.*)\)$/.exec(summary)[1].split(', ').length;
    const told = bridge.err.all().filter((line) => line.startsWith('dropped: '));
    assert.ok(told.length >= kinds && told.length <= dropped, told.join('\n'));
    assert.equal(new Set(told).size, told.length, 'no line twice');
  });
});

describe('what is not by the book and has one meaning', { concurrency: true }, () => {
  const address = (text) => text + '\0'.repeat(4 - (text.length % 4));
  const good = packet('/good', 1);
  /** Nine blobs as sclang 3.13 sends them, then what other gear does. */
  const sloppy = [
    ...Array(9).fill(Buffer.from('2f6100002c620000000000030102036e', 'hex')),
    Buffer.concat([good, Buffer.alloc(4)]),
    Buffer.from('2f6100002c730000616200ff', 'hex'),
  ];

  test('arrives, and -v counts it', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('-v', '--listen', '0');
    const port = await portOf(bridge);
    for (const bytes of sloppy) await end.send(bytes, port);
    const blob = { type: 'b', value: 'AQID' };
    for (let i = 0; i < 9; i++) await patch.hears({ address: '/a', args: [blob] });
    await patch.hears({ address: '/good', args: [1] });
    await patch.hears({ address: '/a', args: ['ab'] });
    await said(bridge, new RegExp(`sloppy.*padding that is not zero, from .*:${end.port}$`));
    bridge.kill('SIGTERM');
    await said(bridge, /sloppy.*: 11 packets$/);
    await said(bridge, /^to OSC 0, to the room 11$/);
  });

  test('an element of an odd size leaves its neighbours alone', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('--listen', '0');
    const port = await portOf(bridge);
    const element = (bytes) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(bytes.length);
      return Buffer.concat([size, bytes]);
    };
    const head = Buffer.from('2362756e646c65000000000000000001', 'hex');
    const odd = Buffer.from(`${address('/odd')}${address(',s')}ab\0`);
    for (const padding of [0, 1]) {
      const parts = [element(good), element(odd), Buffer.alloc(padding), element(good)];
      await end.send(Buffer.concat([head, ...parts]), port);
      await patch.hears({ address: '/good', args: [1] });
      await patch.hears({ address: '/odd', args: ['ab'] });
      await patch.hears({ address: '/good', args: [1] });
    }
  });

  test('addresses as gear has them, in and out', async (t) => {
    const end = await udpEnd(t);
    const args = ['--listen', '0', ...to(end.port), '--deny-in', 'secret*'];
    const [bridge, patch] = await place(t, relay).pair(...args);
    const port = await portOf(bridge);
    const node = Buffer.from('6e6f6465000000002c69000000000001', 'hex');
    await patch.say({ address: 'node', args: [1] });
    assert.deepEqual((await end.next()).bytes, node);
    await said(bridge, /'node' goes out without a \//);
    for (const each of ['node', '/a b', '/a#1', '/a\u0007', 'eeg 1']) {
      const bytes = Buffer.from(`${address(each)}${address(',i')}\0\0\0\u0001`);
      await end.send(Buffer.from(`${address('secret1')}${address(',')}`), port);
      await end.send(bytes, port);
      const heard = await patch.next();
      assert.deepEqual(heard, { address: each, args: [1] });
      await patch.say(heard);
      assert.deepEqual((await end.next()).bytes, bytes);
    }
  });
});

test(
  "a flood from one peer does not hold up another's messages",
  async (t) => {
    const end = await udpEnd(t);
    const many = 100_000;
    let flooded = 0;
    const log = new Log('after');
    t.after(() => log.close());
    end.socket.removeAllListeners('message').on('message', (bytes) => {
      if (!bytes.includes('/flood')) log.push({ after: flooded });
      else if (++flooded === 1000 || flooded === many) log.push({ flooded });
    });
    const { bridge: start, patch: join } = place(t, relay);
    const bridge = start(to(end.port));
    const [loud, quiet] = [await join(), await join()];
    for (const patch of [loud, quiet]) await patch.meets(bridge);
    const flood = loud.burst(many, '/flood', await idOf(bridge));
    await log.wait((item) => item.flooded === 1000, 'the flood');
    await quiet.say({ address: '/quiet' });
    const { after: before } = await log.wait((item) => item.after !== undefined, '/quiet', 60_000);
    assert.ok(before < many, `came after ${before} of ${many}`);
    t.diagnostic(`came after ${before} of ${many}`);
    await flood;
    await log.wait((item) => item.flooded === many, 'all of the flood', 60_000);
  },
);

describe('what a person sees', { concurrency: true }, () => {
  test('--monitor', async (t) => {
    const end = await udpEnd(t);
    const args = ['--monitor', '--listen', '0', ...to(end.port), '--map', '/patch=/1'];
    const [bridge, patch] = await place(t, relay).pair(...args);
    const line = () => bridge.out.wait(() => true, 'a line');
    await patch.say({ address: '/patch/a', args: [440, 0.5, 'a "b"\u001b[2J', true, null, [1]] });
    assert.equal(await line(), '> osc /1/a ifsTNi 440 0.5 "a "b"?[2J" true nil 1');
    await end.send(packet('/1/b', Buffer.from([1, 2])), await portOf(bridge));
    assert.equal(await line(), '< osc /patch/b b (2 bytes)');
  });

  test('--dry-run sends nothing', async (t) => {
    const end = await udpEnd(t);
    const args = ['--monitor', '--dry-run', '--ack', '--listen', '0', ...to(end.port)];
    const [bridge, patch] = await place(t, relay).pair(...args);
    await patch.say({ address: '/out' });
    assert.equal(await bridge.out.wait(() => true, 'a line'), '> osc /out');
    await end.send(packet('/in'), await portOf(bridge));
    assert.equal(await bridge.out.wait(() => true, 'a line'), '< osc /in');
    bridge.kill('SIGINT');
    await bridge.exit;
    await patch.peer.event('leave');
    assert.ok(!patch.peer.has('message'), 'nothing in the room');
    await end.send(packet('/last'), end.port);
    await end.hears('/last');
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(`${signal}: leaves, and says what passed`, async (t) => {
      const end = await udpEnd(t);
      const [bridge, patch] = await place(t, relay).pair('--listen', '0', ...to(end.port));
      await patch.say({ address: '/out' });
      await end.hears('/out');
      await end.send(packet('/in'), await portOf(bridge));
      await patch.hears({ address: '/in', args: [] });
      bridge.kill(signal);
      await patch.peer.event('leave');
      await said(bridge, /^to OSC 1, to the room 1$/);
      await endsWell(bridge, code);
    });
  }

  test('on a terminal: one line that changes', async (t) => {
    const end = await udpEnd(t);
    const { patch: join, room } = place(t, relay);
    const words = ['osc', '--room', room, '--relay', relay.url, ...to(end.port)];
    const command = `exec '${roomwireBinary()}' ${words.join(' ')}`;
    const terminal = new Process('terminal', 'script', ['-qfec', command, '/dev/null'], {
      env: { ...offlineEnv, TERM: 'xterm', NO_COLOR: '1' },
    });
    t.after(() => terminal.stop());
    const patch = await join();
    const live = (pattern) => terminal.out.wait((line) => pattern.test(line), `${pattern}`);
    await live(/1 peer, to OSC 0\/s, to the room 0\/s/);
    await patch.say({ address: '/seen', args: [1] });
    await end.hears('/seen', 1);
    await live(/1 peer, to OSC [1-9]\d*\/s, to the room 0\/s {2}\/seen/);
    await patch.say('what');
    await live(/\/seen; dropped 1 \(not OSC 1\)/);
    terminal.write('\x03');
    assert.deepEqual(await terminal.exit, { code: 130, signal: null });
    assert.ok(terminal.out.has((line) => /to OSC 1, to the room 0; dropped 1/.test(line)));
  });
});
