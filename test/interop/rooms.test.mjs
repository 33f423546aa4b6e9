// More than two, more than one room, and what a page does beside messages.
import assert from 'node:assert/strict';
import { after, before, test } from './lib/test.mjs';
import { Browser } from './lib/browser.mjs';
import { Relay } from './lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer, spawnNodePeer } from './lib/peer.mjs';

let relay;
let browser;
before(async () => {
  relay = await Relay.start();
  browser = await Browser.start();
});
after(() => relay?.stop());
after(() => browser?.stop());

async function open(t, ...peers) {
  peers.forEach((peer) => t.after(() => peer.stop()));
  for (const peer of peers) await peer.open({ relays: relay.of('nostr') });
  return peers;
}

async function allJoined(room, peers) {
  for (const [i, a] of peers.entries())
    for (const b of peers.slice(i + 1)) await bothJoined(room, a, b);
}

test('three native peers and a browser: all pairs', async (t) => {
  const peers = await open(
    t,
    await browser.peer(),
    spawnNativePeer(),
    spawnNativePeer(),
    spawnNativePeer(),
  );
  await Promise.all(peers.map((peer) => peer.join('four')));
  await allJoined('four', peers);
  await Promise.all(peers.map((peer) => peer.action('four', 'x')));
  for (const from of peers) {
    await from.send('four', 'x', { text: from.id });
    for (const to of peers.filter((p) => p !== from)) {
      assert.deepEqual((await to.event('message', { peer: from.id })).payload, { text: from.id });
    }
    assert.deepEqual(
      await from.peers('four'),
      peers
        .filter((p) => p !== from)
        .map((p) => p.id)
        .sort(),
    );
  }
  await peers[0].leave('four');
  for (const peer of peers.slice(1)) await peer.left('four', peers[0]);
});

for (const trystero of ['0.23.0', '0.25.4']) {
  for (const idPrefix of ['0', 'zzzzzzzz']) {
    test(`a page (${trystero}, ${idPrefix === '0' ? 'offering' : 'answering'}) adds picture and sound: refused, the channel stays`, async (t) => {
      const [page, native] = await open(
        t,
        await browser.peer({ trystero, idPrefix }),
        spawnNativePeer(),
      );
      await Promise.all([page.join('media'), native.join('media')]);
      await bothJoined('media', page, native);
      await Promise.all([page, native].map((p) => p.action('media', 'x')));
      const settled = async (what) => {
        const { remote, directions, signaling, ice } = await page.command('media', {
          roomId: 'media',
          peer: native.id,
        });
        assert.deepEqual({ signaling, ice }, { signaling: 'stable', ice: 'connected' }, what);
        const sections = [...remote.matchAll(/^m=(\w+) (\d+)/gm)].map((m) => [m[1], m[2] !== '0']);
        const sectionIsOpen = Object.fromEntries(sections);
        assert.equal(
          sectionIsOpen.application,
          true,
          `${what}: the data channel's section stays\n${remote}`,
        );
        assert.ok(
          directions.every((d) => d === null || d === 'inactive' || d === 'stopped'),
          `${what}: ${directions}`,
        );
        return sectionIsOpen;
      };
      await page.command('addStream', { roomId: 'media' });
      const offered = await settled('added');
      assert.ok('video' in offered && 'audio' in offered, 'both were offered and answered');
      await delivers(page, native, 'media', 'x', { text: 'look' }, { text: 'look' });
      await delivers(native, page, 'media', 'x', { text: 'I do not' }, { text: 'I do not' });
      await page.command('removeStream', { roomId: 'media' });
      await page.command('addStream', { roomId: 'media' });
      await settled('removed and added again');
      await delivers(page, native, 'media', 'x', { text: 'gone' }, { text: 'gone' });
      assert.ok(!native.has('leave'), 'it stayed');
    });
  }
}

test('a page that is closed is noticed', async (t) => {
  const [page, native] = await open(t, await browser.peer(), spawnNativePeer());
  await Promise.all([page.join('closing'), native.join('closing')]);
  await bothJoined('closing', page, native);
  await page.stop();
  await native.left('closing', page);
});

test('between native peers numbers, repeated keys and order stay as they were written', async (t) => {
  const [a, b] = await open(t, spawnNativePeer(), spawnNativePeer());
  await Promise.all([a.join('exact'), b.join('exact')]);
  await bothJoined('exact', a, b);
  await b.action('exact', 'x');
  const jsonText =
    '{"10":1,"2":[1e400,-0,1.10,123456789012345678901234567890],"2":"again","\\u0000":"\\ud83d\\ude00"}';
  await delivers(a, b, 'exact', 'x', { jsonText }, { jsonText }, { metadata: '{"2":1.0,"1":2}' });
});

test('actions and requests of two rooms do not mix', async (t) => {
  const peers = await open(t, spawnNativePeer(), spawnNodePeer());
  for (const room of ['left', 'right']) {
    await Promise.all(peers.map((p) => p.join(room)));
    await bothJoined(room, ...peers);
  }
  const [native, node] = peers;
  for (const room of ['left', 'right']) {
    for (const peer of peers) {
      await peer.action(room, 'x');
      await peer.action(room, 'ask', {
        kind: 'request',
        respond: room === 'left' ? 'echo' : 'fail',
      });
    }
  }
  for (const [from, to] of [
    [native, node],
    [node, native],
  ]) {
    await delivers(from, to, 'left', 'x', { text: 'l' }, { text: 'l' });
    await delivers(from, to, 'right', 'x', { text: 'r' }, { text: 'r' });
    assert.deepEqual((await from.request('left', 'ask', { text: '?' }, { to: to.id })).payload, {
      text: '?',
    });
    assert.equal(
      (await from.request('right', 'ask', { text: '?' }, { to: to.id })).failed,
      'rejected',
    );
  }
});

test('a request that nobody answers ends, and one to a peer that goes ends too', async (t) => {
  const [native, node] = await open(t, spawnNativePeer(), spawnNodePeer());
  await Promise.all([native.join('ask'), node.join('ask')]);
  await bothJoined('ask', native, node);
  await node.action('ask', 'mute', { kind: 'request', respond: 'silent' });
  assert.equal(
    (await native.request('ask', 'mute', { text: '?' }, { to: node.id, timeout: 300 })).failed,
    'timeout',
  );
  const pending = native.request('ask', 'mute', { text: '?' }, { to: node.id });
  await node.event('request', {});
  await node.event('request', {});
  await node.leave('ask');
  assert.equal((await pending).failed, 'disconnected');
});

test('a passive peer is found by an active one, and two passive peers keep apart', async (t) => {
  const [first, second, active] = await open(
    t,
    spawnNativePeer(),
    spawnNodePeer(),
    spawnNativePeer(),
  );
  await first.join('quiet', { passive: true });
  await second.join('quiet', { passive: true });
  await active.join('quiet');
  await Promise.all([bothJoined('quiet', active, first), bothJoined('quiet', active, second)]);
  assert.ok(!first.has('join', { peer: second.id }), 'passive peers do not connect');
});
