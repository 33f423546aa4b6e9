// What every kind of Trystero peer and ours must be able to do with each other, in one sitting:
// two processes and a relay of their own, so that pairs can be tested side by side.
import assert from 'node:assert/strict';
import { describe, test } from './lib/test.mjs';
import { Relay } from './lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer } from './lib/peer.mjs';
import { hashOf, patternBytes } from './peers/payload.mjs';

const json = '{"z":1,"a":[[],[["ü€😀\\n",{"k":null}]],-0.5,true],"B":"","é":{"x":[1e-7,0]}}';
const large = { fill: 5_000_000, seed: 7 };
const largeSeen = { size: large.fill, hash: hashOf(patternBytes(large.fill, large.seed)) };

class Scenario {
  constructor(foreign, native, guest, relay, options) {
    Object.assign(this, { foreign, native, guest, relay, ...options });
  }

  async each(run) {
    await run(this.native, this.foreign);
    await run(this.foreign, this.native);
  }

  async steps() {
    const names = [
      'meet',
      'values',
      'fiveMegabytes',
      'pings',
      'requests',
      'rightPassword',
      'wrongPasswordOnSharedConnection',
      'wrongPasswordOfStranger',
      'target',
      'secondRoom',
      'leaveAndRejoin',
      'relayRestart',
      'bothSaidWrongPassword',
      'goodbye',
    ];
    for (const name of names) {
      try {
        await this[name]();
      } catch (error) {
        error.stack = error.message = `step ${name}: ${error.message}`;
        throw error;
      }
    }
  }

  async meet() {
    const { foreign, native } = this;
    assert.equal(foreign.id < native.id, this.theyOffer, 'the smaller id offers');
    await Promise.all([foreign.join('main'), native.join('main')]);
    await bothJoined('main', foreign, native);
    assert.deepEqual(await native.peers('main'), [foreign.id]);
    assert.deepEqual(await foreign.peers('main'), [native.id]);
    for (const peer of [foreign, native]) await peer.action('main', 'talk');
  }

  async values() {
    await this.each(async (from, to) => {
      await delivers(
        from,
        to,
        'main',
        'talk',
        { text: 'grüße 🎛\u0000 \n' },
        { text: 'grüße 🎛\u0000 \n' },
      );
      await delivers(from, to, 'main', 'talk', { text: '' }, { text: '' });
      await delivers(from, to, 'main', 'talk', { jsonText: json }, { jsonText: json });
      await delivers(from, to, 'main', 'talk', { jsonText: '1' }, { jsonText: '1' });
      await delivers(
        from,
        to,
        'main',
        'talk',
        { hex: 'ff' },
        { size: 1, hash: hashOf([255]), hex: 'ff' },
      );
      await delivers(from, to, 'main', 'talk', { hex: '' }, { size: 0, hash: hashOf([]), hex: '' });
    });
  }

  async fiveMegabytes() {
    const metadata = '{"name":"größe.bin","tags":[1,[2]]}';
    await this.each(async (from, to) => {
      const { sent, message } = await delivers(from, to, 'main', 'talk', large, largeSeen, {
        metadata,
        progress: true,
      });
      for (const [side, progress] of [
        ['sender', sent.progress],
        ['receiver', message.progress],
      ]) {
        assert.ok(progress, `${side} (${from.name} → ${to.name}) saw progress`);
        assert.ok(
          progress.count > 10 && progress.rising && progress.last === 1,
          `${side}: ${JSON.stringify(progress)}`,
        );
        assert.equal(progress.metadata, metadata, `metadata in the progress of the ${side}`);
      }
    });
  }

  async pings() {
    await this.each(async (from, to) => {
      const { ms } = await from.command('ping', { roomId: 'main', peer: to.id });
      assert.ok(ms >= 0, `round trip of ${ms} ms`);
    });
  }

  async requests() {
    if (this.trystero === '0.23.0') return; // has none
    await this.each(async (asking, answering) => {
      await answering.action('main', `echo-${answering.id.slice(0, 4)}`, {
        kind: 'request',
        respond: 'echo',
      });
      const name = `echo-${answering.id.slice(0, 4)}`;
      await asking.action('main', name, { kind: 'request', respond: 'echo' });
      const answer = await asking.request(
        'main',
        name,
        { jsonText: json },
        { to: answering.id, metadata: '{"q":1}' },
      );
      assert.deepEqual(answer.payload, { jsonText: json });
      const request = await answering.event('request', { action: name });
      assert.equal(request.metadata, '{"q":1}');

      const failing = `fail-${answering.id.slice(0, 4)}`;
      await answering.action('main', failing, { kind: 'request', respond: 'fail' });
      await asking.action('main', failing, { kind: 'request', respond: 'fail' });
      const refused = await asking.request('main', failing, { text: 'x' }, { to: answering.id });
      assert.equal(refused.failed, 'rejected');
      assert.match(refused.message, /no such thing/);
    });
  }

  async rightPassword() {
    const { foreign, native } = this;
    await Promise.all([foreign, native].map((p) => p.join('locked', { password: 'sésame' })));
    await bothJoined('locked', foreign, native);
    await foreign.action('locked', 'secret');
    await delivers(native, foreign, 'locked', 'secret', { text: 'in' }, { text: 'in' });
  }

  /** They share a connection already, so the room's handshake finds it out, not the cipher. */
  async wrongPasswordOnSharedConnection() {
    const { foreign, native } = this;
    await foreign.join('misfit', { password: 'one', handshakeMs: 2000 });
    await native.join('misfit', { password: 'two', handshakeMs: 2000 });
  }

  async bothSaidWrongPassword() {
    const { foreign, native } = this;
    await native.event('joinError', { roomId: 'misfit', peer: foreign.id });
    await foreign.event('joinError', { roomId: 'misfit', peer: native.id });
    for (const peer of [foreign, native]) {
      assert.ok(
        !peer.has('join', { roomId: 'misfit' }),
        `${peer.name} joined with a wrong password`,
      );
      assert.deepEqual(await peer.peers('misfit'), []);
    }
  }

  /** Nobody has met the guest yet: the offer cannot be decrypted, and who gets it says so. */
  async wrongPasswordOfStranger() {
    const { foreign, guest } = this;
    await guest.join('locked', { password: 'wrong' });
    const [answering, offering] = foreign.id < guest.id ? [guest, foreign] : [foreign, guest];
    await answering.event('joinError', { roomId: 'locked', peer: offering.id });
    await guest.leave('locked');
    for (const peer of [foreign, guest])
      assert.ok(!peer.has('join', { roomId: 'locked' }), `${peer.name} let somebody in`);
  }

  async target() {
    const { foreign, native, guest } = this;
    await guest.join('main');
    await guest.action('main', 'talk');
    await Promise.all([bothJoined('main', foreign, guest), bothJoined('main', native, guest)]);
    await this.each(async (from, to) => {
      await delivers(
        from,
        to,
        'main',
        'talk',
        { text: 'for you' },
        { text: 'for you' },
        { to: [to.id] },
      );
      await delivers(from, guest, 'main', 'talk', { text: 'for all' }, { text: 'for all' });
      await to.event('message', { action: 'talk' });
      assert.ok(!guest.has('message', { peer: from.id }), 'the guest got what was not for it');
    });
    await guest.leave('main');
    await Promise.all([foreign.left('main', guest), native.left('main', guest)]);
  }

  async secondRoom() {
    const { foreign, native } = this;
    const isOfPair = (m) => m.event === 'connected' && m.peer === foreign.id;
    const connections = native.log.count(isOfPair);
    await Promise.all([foreign.join('second'), native.join('second')]);
    await bothJoined('second', foreign, native);
    await Promise.all([foreign, native].map((p) => p.action('second', 'talk')));
    await this.each((from, to) =>
      delivers(from, to, 'second', 'talk', { text: 'two' }, { text: 'two' }),
    );
    assert.equal(native.log.count(isOfPair), connections, 'all rooms share one connection');
  }

  async leaveAndRejoin() {
    await this.each(async (leaving, staying) => {
      await leaving.leave('second');
      await staying.left('second', leaving);
      await delivers(
        staying,
        leaving,
        'main',
        'talk',
        { text: 'still here' },
        { text: 'still here' },
      );
      await leaving.join('second');
      await bothJoined('second', leaving, staying);
      await leaving.action('second', 'talk');
      await this.each((from, to) =>
        delivers(from, to, 'second', 'talk', { text: 'again' }, { text: 'again' }),
      );
    });
  }

  async relayRestart() {
    const { foreign, native, guest, relay } = this;
    const all = [foreign, native]; // the guest is in no room, so it needs no relay
    all.forEach((peer) => peer.log.skip((m) => m.event === 'relay'));
    await relay.restart();
    await this.each((from, to) =>
      delivers(from, to, 'main', 'talk', { text: 'no relay' }, { text: 'no relay' }),
    );
    await Promise.all(all.map((peer) => peer.event('relay', { up: true })));
    await guest.join('after');
    await native.join('after');
    // 0.23 does not subscribe again when its relay is back (its makeSocket knows no reconnect):
    // only a room joined later is heard. 0.25 does, in the room that it was in.
    const room = this.trystero === '0.23.0' ? 'fresh' : 'main';
    if (room === 'fresh') await this.reopen23(room);
    await guest.join(room);
    await Promise.all([bothJoined('after', guest, native), bothJoined(room, guest, foreign)]);
  }

  async reopen23(room) {
    await this.foreign.join(room);
  }

  async goodbye() {
    const { foreign, native } = this;
    await foreign.leave('main');
    await native.left('main', foreign);
    await native.leave('second');
    await foreign.left('second', native);
  }
}

const allPairs = [
  { trystero: '0.23.0', strategy: 'nostr' },
  { trystero: '0.25.4', strategy: 'nostr' },
  { trystero: '0.25.4', strategy: 'ws' },
].flatMap((pair) => [true, false].map((theyOffer) => ({ ...pair, theyOffer })));

/**
 * One test a pair.
 * @param makeForeign makes the foreign peer from {trystero, idPrefix}
 */
export function matrixTests(kind, makeForeign, pairs = allPairs) {
  // Most of the time of each is waiting for the other side.
  describe(`with ${kind}`, { concurrency: 2 }, () => {
    for (const pair of pairs) {
      const way = pair.theyOffer ? 'they offer' : 'we offer';
      test(`${kind} ${pair.trystero} over ${pair.strategy}, ${way}`, async (t) => {
        const relay = await Relay.start();
        t.after(() => relay.stop());
        const idPrefix = pair.theyOffer ? '0' : 'zzzzzzzz';
        const peers = await Promise.all([
          makeForeign({ trystero: pair.trystero, idPrefix }),
          spawnNativePeer(),
          spawnNativePeer(),
        ]);
        for (const peer of peers) t.after(() => peer.stop());
        for (const peer of peers) await peer.open({ relays: relay.of(pair.strategy) });
        await new Scenario(...peers, relay, pair).steps();
      });
    }
  });
}
