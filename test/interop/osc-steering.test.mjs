// What steers roomwire osc: who is answered, which addresses pass, types, times, channels.
import assert from 'node:assert/strict';
import { after, before, describe, test } from './lib/test.mjs';
import { Relay } from './lib/native.mjs';
import { bundle, idOf, packet, place, portOf, said, udpEnd } from './lib/osc.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const to = (...ports) => ports.flatMap((port) => ['--to', `127.0.0.1:${port}`]);
const tagsOf = ({ bytes }) => /,(\w*)/.exec(bytes.toString('latin1'))[1];

/** A bridge that sends to `end` and listens on `port`, and a patch. */
async function scene(t, ...args) {
  const end = await udpEnd(t);
  const [bridge, patch] = await place(t, relay).pair('--listen', '0', ...to(end.port), ...args);
  return { end, bridge, patch, port: await portOf(bridge) };
}

describe('answers', { concurrency: true }, () => {
  test('--reply: to whoever sent last', async (t) => {
    const ends = [await udpEnd(t), await udpEnd(t)];
    const [bridge, patch] = await place(t, relay).pair('--listen', '0', '--reply');
    const port = await portOf(bridge);
    await patch.say({ address: '/to/nobody' });
    for (const [i, end] of [...ends.entries(), [2, ends[0]]]) {
      await end.send(packet('/ask', i), port);
      await patch.hears({ address: '/ask', args: [i] });
      await patch.say({ address: '/answer', args: [i] });
      await end.hears('/answer', i);
    }
    // What is no OSC is nobody to answer.
    await ends[1].send(Buffer.from('garbage!'), port);
    await said(bridge, /^dropped: /);
    await patch.say({ address: '/answer', args: [3] });
    await ends[0].hears('/answer', 3);
    for (const end of ends) assert.ok(!end.log.has(() => true), 'nothing more');
  });

  test('nobody is told unasked; --ack tells the sender alone', async (t) => {
    const end = await udpEnd(t);
    const { bridge: start, patch: join } = place(t, relay);
    const silent = start(to(end.port));
    const telling = start(['--ack', ...to(end.port)]);
    const patches = [await join(), await join()];
    for (const patch of patches) {
      await patch.meets(silent);
      await patch.meets(telling);
    }
    for (const [i, patch] of patches.entries()) {
      await patch.say({ address: '/n', args: [i] });
      await end.hears('/n', i);
      await end.hears('/n', i);
      await patch.hears('osc sent!', 'osc', await idOf(telling));
      await patch.say('not OSC');
    }
    for (const bridge of [silent, telling])
      for (const { id } of patches)
        await said(bridge, new RegExp(`^dropped: the string 'not OSC' .*, from peer ${id}$`));
    for (const patch of patches) {
      const isText = (m) => m.event === 'message' && m.payload.text !== undefined;
      const texts = patch.peer.log.count((m) => isText(m) && m.payload.text !== 'not OSC');
      assert.equal(texts, 1, 'one answer to the one good message');
    }
    for (const bridge of [silent, telling]) {
      bridge.kill('SIGINT');
      await said(bridge, /^to OSC 2, to the room 0; dropped 2 \(not OSC 2\)$/);
    }
  });
});

describe('addresses', { concurrency: true }, () => {
  test('--map, both ways', async (t) => {
    const { end, patch, port } = await scene(t, '--map', '/patch=/1', '--map', '/=/root');
    for (const [room, osc] of [
      ['/patch/fader', '/1/fader'],
      ['/patch', '/1'],
      ['/patchy', '/root/patchy'],
    ]) {
      await patch.say({ address: room, args: [1] });
      await end.hears(osc, 1);
      await end.send(packet(osc, 2), port);
      await patch.hears({ address: room, args: [2] });
    }
  });

  test('--allow-out and --deny-out, --allow-in and --deny-in', async (t) => {
    const { end, bridge, patch, port } = await scene(
      t,
      ...['--allow-out', '/synth//', '--allow-out', '/[ab]/?', '--deny-out', '//secret'],
      ...['--deny-in', '/{x,y}*'],
    );
    for (const address of ['/other', '/synth/a/secret', '/secret', '/c/d', '/a/dd', '/synth/a/b'])
      await patch.say({ address });
    await patch.say({ address: '/b/c' });
    await end.hears('/synth/a/b');
    await end.hears('/b/c');
    await said(bridge, new RegExp(`^dropped: '/other' is not allowed, from peer ${patch.id}$`));
    for (const address of ['/x', '/yes', '/xx/in']) await end.send(packet(address), port);
    await patch.hears({ address: '/xx/in', args: [] });
    const mixed = bundle(0, ['/x'], ['/z', 1]);
    await end.send(mixed, port);
    await patch.hears({ address: '/z', args: [1] });
    bridge.kill('SIGINT');
    await said(bridge, /^to OSC 2, to the room 2; dropped 8 \(denied 8\)$/);
  });

  test('--from: other peers are not heard', async (t) => {
    const end = await udpEnd(t);
    const { bridge: start, patch: join } = place(t, relay);
    const bridge = start(['--from', '0', ...to(end.port)]);
    const [wanted, other] = [await join({ idPrefix: '00' }), await join({ idPrefix: 'aa' })];
    for (const patch of [wanted, other]) await patch.meets(bridge);
    await other.say({ address: '/other' });
    await said(bridge, new RegExp(`^dropped: .*--from, from peer ${other.id}$`));
    await wanted.say({ address: '/wanted' });
    await end.hears('/wanted');
  });

  test('--rate: the last value arrives, and other addresses pass', async (t) => {
    const { end, patch, port } = await scene(t, '--rate', '10');
    const count = 500;
    await patch.burst(count, '/fader');
    await patch.say({ address: '/other', args: [1] });
    const number = ({ bytes }) => bytes.readInt32BE(bytes.length - 4);
    await end.log.wait((d) => number(d) === count - 1, 'the last value');
    await end.log.wait((d) => d.bytes.includes('/other'), '/other');
    const passed = end.log.count((d) => d.bytes.includes('/fader'));
    assert.ok(passed < count / 2, `${passed} passed`);

    // As many as the bridge's socket holds while the bridge waits for its turn.
    const knobs = 200;
    for (let i = 0; i < knobs; i++) await end.send(packet('/knob', i), port);
    const isLast = (m) => m.payload?.jsonText === `{"address":"/knob","args":[${knobs - 1}]}`;
    await patch.peer.log.wait(isLast, 'the last value');
    const entered = patch.peer.log.count((m) => m.payload?.jsonText?.includes('/knob'));
    assert.ok(entered < knobs / 2, `${entered} entered`);
  });
});

describe('types and times', { concurrency: true }, () => {
  const numbers = [440, 0.5, -0.5, 3e9, 1e300];
  for (const [args, tags] of [
    [['--numbers', 'auto'], 'iffhd'],
    [['--numbers', 'int'], 'iiihd'],
    [['--type', '/a/*=d'], 'ddddd'],
    [['--type', '/b=i', '--type', '//=d', '--type', '/a/n=f'], 'ddddd'],
  ]) {
    test(args.join(' '), async (t) => {
      const { end, patch } = await scene(t, ...args);
      await patch.say({ address: '/a/n', args: numbers });
      assert.equal(tagsOf(await end.next()), tags);
    });
  }

  test('--numbers float, and a rule that fits before it', async (t) => {
    const args = ['--numbers', 'float', '--type', '/chan/*=i'];
    const { end, bridge, patch } = await scene(t, ...args);
    await patch.say({ address: '/a', args: [440, 0.5, 'x', { type: 'i', value: 1 }] });
    assert.equal(tagsOf(await end.next()), 'ffsi');
    await patch.say({ address: '/chan/1', args: [440] });
    await end.hears('/chan/1', 440);
    await patch.say({ address: '/chan/1', args: [0.5] });
    await said(bridge, /^dropped: .*'\/chan\/1'.*0\.5.*, from peer /);
    await patch.say({ address: '/a', args: [1e300] });
    await patch.say({ address: '/last' });
    await end.hears('/last');
  });

  const ntp = (ms) => String((BigInt(ms) << 32n) / 1000n + (2208988800n << 32n));
  /** A bundle of one message that says when it is due. */
  const due = (address, inMs) => {
    const at = Date.now() + inMs;
    return { timeTag: ntp(at), packets: [{ address, args: [{ type: 'd', value: at }] }] };
  };
  const dueOf = ({ bytes }) => bytes.readDoubleBE(bytes.length - 8);
  // Behind "#bundle", the time, which may hold any byte, and the length.
  const addressOf = ({ bytes }) => /\/\w+/.exec(bytes.toString('latin1', bytes[0] === 35 ? 20 : 0))[0];

  test('--bundle-timing: each at its time, not before', async (t) => {
    const { end, patch } = await scene(t, '--bundle-timing');
    const sent = [due('/third', 3000), due('/second', 2000), due('/first', -1000)];
    await patch.say([...sent, { timetag: 0, elements: [{ address: '/now', args: [1] }] }]);
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push(await end.next());
    assert.deepEqual(seen.map(addressOf), ['/first', '/now', '/second', '/third']);
    for (const datagram of seen.slice(2))
      assert.ok(datagram.at >= dueOf(datagram) - 1, `${datagram.at} < ${dueOf(datagram)}`);
  });

  test('without it they leave at once, with their time', async (t) => {
    const { end, patch } = await scene(t);
    const later = due('/later', 3_600_000);
    await patch.say(later);
    const { bytes } = await end.next();
    assert.equal(bytes.toString('latin1', 0, 8), '#bundle\0');
    assert.equal(String(bytes.readBigUInt64BE(8)), later.timeTag);
  });
});

test('several channels', async (t) => {
  const [osc, lights, both] = [await udpEnd(t), await udpEnd(t), await udpEnd(t)];
  const { bridge: start, patch: join } = place(t, relay);
  const bridge = start([
    ...['--channel', 'osc', '--to', `osc=127.0.0.1:${osc.port}`, '--to', `127.0.0.1:${both.port}`],
    ...['--to', `lights=127.0.0.1:${lights.port}`, '--listen', 'lights=0', '--listen', '0'],
  ]);
  const patch = await join({ channels: ['osc', 'lights'] });
  await patch.meets(bridge);
  await patch.say({ address: '/1' });
  await both.hears('/1');
  await patch.say({ address: '/2' }, 'lights');
  await osc.hears('/1');
  await lights.hears('/2');
  await both.hears('/2');
  const outside = await udpEnd(t);
  await outside.send(packet('/3'), await portOf(bridge, 'lights'));
  await patch.hears({ address: '/3', args: [] }, 'lights');
  await outside.send(packet('/4'), await portOf(bridge, 'osc'));
  await patch.hears({ address: '/4', args: [] }, 'osc');
  for (const end of [osc, lights]) assert.ok(!end.log.has(() => true), 'only its own');
});
