// What waits for one peer: in order, bounded, and the newest of each channel always.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../src/messages/message.ts';
import { Outbox } from '../src/room/outbox.ts';

/** A peer that takes messages only while it is told to. */
class Peer {
  readonly got: [channel: string, message: Message][] = [];
  tries = 0;
  #go: (() => void)[] = [];
  #takes = false;
  readonly outbox = new Outbox(
    async (channel, message) => {
      this.tries++;
      if (!this.#takes) return false;
      if (message === 'unsendable') throw new Error('never');
      this.got.push([channel, message]);
      return true;
    },
    () => new Promise((done) => this.#go.push(done)),
  );
  async takes(): Promise<void> {
    this.#takes = true;
    await new Promise((done) => setImmediate(done));
    for (const go of this.#go.splice(0)) go();
    await new Promise((done) => setImmediate(done));
  }
}

test('a peer that stood still gets all, in order, when it takes messages again', async () => {
  const peer = new Peer();
  for (let i = 0; i < 10_000; i++) assert.ok(peer.outbox.push(i % 2 ? 'a' : 'b', i, 4));
  await new Promise((done) => setImmediate(done));
  assert.equal(peer.tries, 1);
  await peer.takes();
  assert.deepEqual(
    peer.got.map(([, message]) => message),
    Array.from({ length: 10_000 }, (_, i) => i),
  );
});

test('beyond the bound the newest of each channel is kept, and nothing is overtaken', async () => {
  const peer = new Peer();
  let kept = 0;
  for (let i = 0; i < 30_000; i++) if (peer.outbox.push(i % 2 ? 'a' : 'b', i, 4)) kept++;
  assert.ok(kept < 10_010);
  await peer.takes();
  for (const channel of ['a', 'b']) {
    const values = peer.got.filter(([name]) => name === channel).map(([, value]) => Number(value));
    assert.equal(values.at(-1), channel === 'a' ? 29_999 : 29_998);
    assert.deepEqual(values, values.toSorted((one, other) => one - other));
  }
  assert.ok(peer.outbox.push('a', 'after', 4));
  await peer.takes();
  assert.deepEqual(peer.got.at(-1), ['a', 'after']);
});

test('bytes and channels are bounded, too', async () => {
  const peer = new Peer();
  for (let i = 0; i < 100; i++) peer.outbox.push('big', i, 1_000_000);
  for (let i = 0; i < 1000; i++) peer.outbox.push(`c${i}`, i, 10);
  await peer.takes();
  assert.equal(peer.got.filter(([name]) => name === 'big').length, 5);
  assert.ok(peer.got.some(([name, value]) => name === 'big' && value === 99));
  assert.ok(peer.got.length <= 204);
});

test('what can never be sent is passed over; a peer that is gone is sent nothing', async () => {
  const peer = new Peer();
  peer.outbox.push('a', 'unsendable', 10);
  peer.outbox.push('a', 1, 1);
  await peer.takes();
  assert.deepEqual(peer.got, [['a', 1]]);
  const gone = new Peer();
  gone.outbox.push('a', 1, 1);
  gone.outbox.close();
  await gone.takes();
  assert.deepEqual(gone.got, []);
});
