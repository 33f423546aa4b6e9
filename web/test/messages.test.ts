import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelAskedFor, channelFault, type Message } from '../src/messages/message.ts';
import { addressFault, numbersOf, shape, told } from '../src/messages/shapes.ts';
import { parseTyped, show, showNumber } from '../src/messages/text.ts';

const speech = { as: 'osc', address: '/a', channel: 2 };

test('the three shapes', () => {
  const reading = { args: [0.5, 1], levels: [0.5, 2], plain: [1, 2] };
  assert.deepEqual(shape(speech, reading), { address: '/a', args: [0.5, 1] });
  assert.deepEqual(shape({ ...speech, as: 'dmx' }, reading), [
    { channel: 2, value: 128 },
    { channel: 3, value: 255 },
  ]);
  assert.deepEqual(shape({ ...speech, as: 'plain' }, reading), [1, 2]);
});

test('what a control understands', () => {
  assert.deepEqual(told(speech, 1, 3), { values: [3] });
  assert.deepEqual(told(speech, 1, { address: '/a', args: 4 }), { values: [4] });
  assert.deepEqual(told(speech, 2, { address: '/a', args: [4, 5, 6] }), { values: [4, 5] });
  assert.equal(told(speech, 1, { address: '/b', args: [4] }), undefined);
  assert.deepEqual(told({ ...speech, as: 'plain' }, 1, { address: '/b', args: [4] }), {
    values: [4],
  });
  const dmx = [{ channel: 3, value: 51 }];
  assert.deepEqual(told({ ...speech, as: 'dmx' }, 2, dmx), { levels: [undefined, 0.2] });
  assert.equal(told({ ...speech, as: 'dmx' }, 1, dmx), undefined);
  const useless: Message[] = ['x', null, {}, [], { address: '/a' }, Number.NaN];
  for (const nothing of useless) assert.equal(told(speech, 1, nothing), undefined);
});

test('numbers of any message', () => {
  assert.deepEqual(numbersOf([1, [true, 'x'], null, 2]), [1, 1, 2]);
  assert.deepEqual(numbersOf({ type: 'controlChange', control: 1, value: 9 }), [9]);
  assert.deepEqual(numbersOf(new Uint8Array([1, 2])), [1, 2]);
});

test('hostile messages are shown and read without harm', () => {
  let deep: Message = [1];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.equal(show(deep), '(too deep to show)');
  assert.deepEqual(numbersOf(deep), []);
  assert.equal(numbersOf(Array<Message>(1_000_000).fill(1)).length, 512);
});

test('channel names', () => {
  for (const good of ['foo', 'a b', 'ä'.repeat(16), '0', '__transport', '💡'])
    assert.equal(channelFault(good), undefined, good);
  for (const bad of ['', 'x'.repeat(33), 'ä'.repeat(17), '@_ping', 'a\0'])
    assert.ok(channelFault(bad), bad);
  assert.equal(channelAskedFor({ type: 'set-channel', channel: '' }), '');
  assert.equal(channelAskedFor({ type: 'set-channel' }), undefined);
  assert.equal(channelAskedFor('set-channel'), undefined);
});

test('OSC addresses', () => {
  assert.equal(addressFault('/a/1'), undefined);
  for (const bad of ['', 'a', '/a b', '/a*', '/{a}']) assert.ok(addressFault(bad), bad);
});

test('as people type and read', () => {
  assert.deepEqual(parseTyped('[1,"x"]'), [1, 'x']);
  assert.equal(parseTyped('hello [1'), 'hello [1');
  assert.equal(show('x'), 'x');
  assert.equal(show(null), 'null');
  assert.equal(show({ a: new Uint8Array([255]) }), '{"a":"1 bytes: ff"}');
  assert.equal(show('x'.repeat(500)).length, 400);
  assert.equal(showNumber(0.1 + 0.2), '0.3');
});
