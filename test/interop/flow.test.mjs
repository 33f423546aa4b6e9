// Much data: order, memory, and peers that die in the middle of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, limits, test } from './lib/test.mjs';
import { setInterval as every } from 'node:timers/promises';
import { Relay, roomwire } from './lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer, spawnNodePeer } from './lib/peer.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

async function open(t, ...peers) {
  peers.forEach((peer) => t.after(() => peer.stop()));
  for (const peer of peers) await peer.open({ relays: relay.of('nostr') });
  return peers;
}

async function meet(t, room, ...peers) {
  await open(t, ...peers);
  for (const peer of peers) await peer.join(room);
  for (const [i, a] of peers.entries())
    for (const b of peers.slice(i + 1)) await bothJoined(room, a, b);
  return peers;
}

test(
  '1,000,000 messages between two native peers, all and in order',
  async (t) => {
    const count = 1_000_000;
    const [from, to] = await meet(t, 'million', spawnNativePeer(), spawnNativePeer());
    await to.command('count', { roomId: 'million', action: 'n', count });
    const sent = from.command('burst', { roomId: 'million', action: 'n', count }, limits.test);
    const counted = await to.event('counted', {}, limits.test);
    assert.deepEqual(counted, { event: 'counted', at: count });
    await sent;
    for (const peer of [from, to])
      assert.ok(peer.process.rss < 200_000, `${peer.name}: ${peer.process.rss} KiB`);
  },
);

/** Highest memory seen while `milliseconds` go by: the one thing here that has to take time. */
async function highestRss(process, milliseconds) {
  let highest = 0;
  const end = Date.now() + milliseconds;
  for await (const _ of every(50)) {
    highest = Math.max(highest, process.rss);
    if (Date.now() > end) return highest;
  }
  return highest;
}

test(
  'yes | netsend: memory stays flat while the receiver reads, stalls, and reads on',
  async (t) => {
    const [peer] = await open(t, spawnNativePeer());
    const args = ['--room', 'yes', '--app-id', 'roomwire-test', '--relay', relay.url];
    const sender = roomwire(['netsend', 'x', ...args]);
    t.after(() => sender.stop());
    const yes = spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => yes.kill('SIGKILL'));
    yes.stdout.pipe(sender.child.stdin);
    await peer.join('yes');
    await peer.command('swallow', { roomId: 'yes', action: 'x' });
    await peer.event('join');
    const start = await highestRss(sender, 500);
    const reading = await highestRss(sender, 2000);
    await peer.command('receiving', { on: false });
    const stalled = await highestRss(sender, 2000);
    await peer.command('receiving', { on: true });
    const again = await highestRss(sender, 1000);
    const shown = `KiB: ${start} at first, ${reading} reading, ${stalled} stalled, ${again} reading again`;
    t.diagnostic(shown);
    assert.ok(Math.max(reading, stalled, again) < start + 48 * 1024, shown);
  },
);

describe('kill -9', { concurrency: true }, () => {
  for (const [name, makeOther] of [
    ['a native peer', () => spawnNativePeer()],
    ['Node with node-datachannel', () => spawnNodePeer()],
  ]) {
    test(`kill -9 in the middle of a transfer is noticed: ${name} and we`, async (t) => {
      const [native, other] = await meet(t, `kill-${name}`, spawnNativePeer(), makeOther());
      const roomId = `kill-${name}`;
      await native.action(roomId, 'bulk');
      const sending = other.send(roomId, 'bulk', { fill: 60_000_000 }).catch(() => {});
      await native.action(roomId, 'more');
      other.process.kill('SIGKILL');
      await native.left(roomId, other);
      await sending;
      // It goes on: somebody new is met and heard.
      const [next] = await open(t, makeOther());
      await next.join(roomId);
      await bothJoined(roomId, native, next);
      await delivers(next, native, roomId, 'bulk', { text: 'still well' }, { text: 'still well' });
    });

    test(`kill -9 of ours is noticed by ${name}`, async (t) => {
      const [native, other] = await meet(t, `ours-${name}`, spawnNativePeer(), makeOther());
      native.process.kill('SIGKILL');
      await other.left(`ours-${name}`, native);
    });
  }
});

test('a peer that does not read holds up only itself', async (t) => {
  const [a, slow, quick] = await meet(
    t,
    'slow',
    spawnNativePeer(),
    spawnNativePeer(),
    spawnNativePeer(),
  );
  await Promise.all([slow, quick].map((p) => p.action('slow', 'x')));
  await slow.command('receiving', { on: false });
  const toSlow = a.send('slow', 'x', { fill: 8_000_000, seed: 1 }, { to: [slow.id] });
  await delivers(a, quick, 'slow', 'x', { text: 'quick' }, { text: 'quick' }, { to: [quick.id] });
  assert.ok(!slow.has('message'), 'nothing is read while receiving is off');
  await slow.command('receiving', { on: true });
  assert.equal((await slow.event('message')).payload.size, 8_000_000);
  await toSlow;
});
