// roomwire osc and SuperCollider: what sclang sends, and what sclang and scsynth can read.
import assert from 'node:assert/strict';
import { Relay } from './lib/native.mjs';
import { place, portOf, said } from './lib/osc.mjs';
import { sclang, scsynth } from './lib/supercollider.mjs';
import { after, before, test } from './lib/test.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const to = (port) => ['--to', `127.0.0.1:${port}`];

test('what sclang sends', async (t) => {
  const [bridge, patch] = await place(t, relay).pair('-v', '--listen', '0');
  const port = await portOf(bridge);
  // Texts between the blobs, so that what pads them is old.
  await sclang(
    t,
    `n = NetAddr("127.0.0.1", ${port});
     9.do { |i| n.sendMsg("/blob", Int8Array[1, 2, 3, 4, 5], "x" ++ i); };
     n.sendMsg("node", 1, true, nil, 0.5);
     n.sendBundle(0, ["/one", 1], ["/two", [2, 3]]);`,
  );
  const blob = { type: 'b', value: 'AQIDBAU=' };
  for (let i = 0; i < 9; i++) await patch.hears({ address: '/blob', args: [blob, `x${i}`] });
  await patch.hears({ address: 'node', args: [1, 1, 0, 0.5] });
  const { address, args } = await patch.next();
  assert.deepEqual([address, args], ['/one', [1]]);
  assert.equal((await patch.next()).address, '/two');
  await said(bridge, /sloppy OSC, read all the same: an address that does not begin with \//);
  bridge.kill('SIGTERM');
  const summary = await said(bridge, /^to OSC 0, to the room 12/);
  assert.doesNotMatch(summary, /dropped/);
});

test('what sclang hears', async (t) => {
  const lang = await sclang(t, "OSCFunc({ |m| m.postln }, '/to');");
  const types = ['--booleans', 'int', '--wide', 'double'];
  const { bridge: start, patch: join } = place(t, relay);
  const bridge = start([...to(lang.port), ...types]);
  const patch = await join();
  await patch.meets(bridge);
  await patch.say({ address: '/to', args: [true, false, 3000000000, 7] });
  await lang.posts('[ /to, 1, 0, 3000000000.0, 7 ]');
});

test('scsynth: booleans and the ends of a fader', async (t) => {
  const port = await scsynth(t);
  const { bridge: start, patch: join } = place(t, relay);
  const bridge = start([...to(port), '--booleans', 'int']);
  const patch = await join();
  await patch.meets(bridge);
  const set = async (value, seen) => {
    await patch.say({ address: '/c_set', args: [5, value] });
    await patch.say({ address: '/c_get', args: [5] });
    await patch.hears({ address: '/c_set', args: [5, seen] });
  };
  await set(0.5, 0.5);
  await set(true, 1);
  await set(false, 0);
  await set(1, 1);
});
