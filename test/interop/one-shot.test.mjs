// A netsend that sends one message and leaves: to everybody in the room, not only to the first
// that it meets. Natives are met sooner than browsers are heard.
import assert from 'node:assert/strict';
import { after, before, test } from './lib/test.mjs';
import { Browser } from './lib/browser.mjs';
import { Relay, roomwire } from './lib/native.mjs';
import { bothJoined, spawnNodePeer } from './lib/peer.mjs';
import { Stranger } from '../fault/stranger.mjs';

const shots = 10;
let relay;
let browser;
before(async () => ([relay, browser] = await Promise.all([Relay.start(), Browser.start()])));
after(() => Promise.allSettled([relay?.stop(), browser?.stop()]));

let rooms = 0;
function place(t, relayFlag = '--relay') {
  const room = `one-shot-${process.pid}-${++rooms}`;
  const tracked = (started) => {
    t.after(() => started.stop());
    return started;
  };
  return {
    room,
    run: (...args) => tracked(roomwire([...args, '--room', room, relayFlag, relay.url])),
    async peer(spawned) {
      const peer = tracked(await spawned);
      await peer.open({ appId: 'patchies', relays: relay.of('nostr') });
      await peer.join(room);
      await peer.action(room, 'chat');
      return peer;
    },
  };
}

async function sends(sender) {
  const ended = await sender.exit;
  const shown = sender.err.all().join('\n');
  assert.deepEqual(ended, { code: 0, signal: null }, shown);
  return shown;
}

test('each of ten one-shots reaches Chromium and Node beside natives', async (t) => {
  const { room, run, peer } = place(t);
  const receiver = run('netrecv', 'chat');
  const monitor = run('monitor');
  for (const one of [receiver, monitor]) {
    const line = await one.err.wait((said) => /you are zzzz/.test(said), 'its id');
    one.id = /you are (\w+)/.exec(line)[1];
  }
  const patches = await Promise.all([
    peer(browser.peer({ trystero: '0.23.0' })),
    peer(browser.peer({ trystero: '0.25.4' })),
    peer(spawnNodePeer({ trystero: '0.25.4' })),
  ]);
  for (const a of patches) {
    for (const b of patches.slice(patches.indexOf(a) + 1)) await bothJoined(room, a, b);
    await receiver.err.wait((line) => line.startsWith(`joined: ${a.id}`), `${a.name} at netrecv`);
  }
  let complete = 0;
  for (let i = 1; i <= shots; ++i) {
    const said = await sends(run('netsend', 'chat', `shot ${i}`));
    // A machine that is too busy to meet all within a second says whom it met.
    const met = (id) => said.includes(`\njoined: ${id}`);
    if (met(receiver.id))
      await receiver.out.wait((line) => line === `"shot ${i}"`, `shot ${i} at netrecv`);
    if (met(monitor.id))
      await monitor.out.wait((line) => line.endsWith(`"shot ${i}"`), `shot ${i} at monitor`);
    for (const patch of patches.filter(({ id }) => met(id))) {
      const { payload } = await patch.event('message', { roomId: room, action: 'chat' });
      assert.deepEqual(payload, { text: `shot ${i}` }, `${patch.name}\n${said}`);
    }
    const count = [receiver, monitor, ...patches].filter(({ id }) => met(id)).length;
    assert.match(said, new RegExp(`^sent 1 message to ${count} peers?: `, 'm'), `shot ${i}`);
    if (count < 5) continue;
    assert.match(said, /: 2 browser, 1 libdatachannel, 2 roomwire$/m, `shot ${i}`);
    ++complete;
  }
  assert.ok(complete > shots / 2, `${complete} of ${shots} shots found all within a second`);
});

// Its machine acknowledges at once what its program takes much later, and loses when the connection
// has ended by then.
test('a one-shot reaches a program that is busy', async (t) => {
  const { room, run, peer } = place(t);
  const visuals = await peer(spawnNodePeer({ busy: 400 }));
  for (let i = 1; i <= 4; ++i) {
    const said = await sends(run('netsend', 'chat', `shot ${i}`));
    assert.match(said, /^sent 1 message to 1 peer: 1 libdatachannel$/m);
    const { payload } = await visuals.event('message', { roomId: room, action: 'chat' });
    assert.deepEqual(payload, { text: `shot ${i}` });
  }
});

const ghost = 'Ghost000000000000000';
/** Somebody who is heard and never met, and says again that it is there, as Trystero does: who has
 * just joined may not hear the first time. */
async function haunt(t, room, sender) {
  const stranger = new Stranger({ appId: 'patchies', roomId: room, relayUrl: relay.url });
  t.after(() => stranger.stop());
  const announcing = setInterval(() => stranger.announce(ghost), 250);
  t.after(() => clearInterval(announcing));
  await sender.err.wait((line) => line === `heard of ${ghost}`, 'the ghost heard');
}

test('who is heard and cannot be met is named, and nobody else waits for it', async (t) => {
  const { room, run } = place(t, '--ws-relay');
  const sender = run('netsend', 'chat', 'hello', '-v');
  await haunt(t, room, sender);
  const receiver = run('netrecv', 'chat');
  const said = await sends(sender);
  assert.match(said, new RegExp(`^not waiting for ${ghost}: heard, and not reached so far$`, 'm'));
  assert.match(said, /^sent 1 message to 1 peer: 1 roomwire$/m);
  await receiver.out.wait((line) => line === '"hello"', 'hello');
});

test('--peers cuts the wait short', async (t) => {
  const { room, run } = place(t, '--ws-relay');
  const sender = run('netsend', 'chat', 'hello', '--peers', '1', '-v');
  await haunt(t, room, sender);
  run('netrecv', 'chat');
  const said = await sends(sender);
  assert.match(said, /^sent 1 message to 1 peer: 1 roomwire$/m);
  assert.doesNotMatch(said, /not waiting for/);
});
