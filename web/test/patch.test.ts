// The patch without a page: objects, wires, messages along them, and the patch as text.
import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { test } from 'node:test';
import type { Message } from '../src/messages/message.ts';
import { kinds } from '../src/objects/index.ts';
import type { Net } from '../src/objects/kind.ts';
import { DamagedPatch, decodePatch, encodePatch, storePatch } from '../src/patch/codec.ts';
import { mostObjects, Patch, type Settings } from '../src/patch/model.ts';
import { Runtime } from '../src/patch/runtime.ts';
import { start, starters } from '../src/patch/starters.ts';

/** A room that echoes nothing and keeps what was sent. */
class FakeNet implements Net {
  readonly sent: [channel: string, message: Message][] = [];
  readonly listeners = new Map<string, ((message: Message, from: string) => void)[]>();

  send(channel: string, message: Message): number {
    this.sent.push([channel, message]);
    return 1;
  }
  listen(channel: string, listener: (message: Message, from: string) => void): () => void {
    const all = this.listeners.get(channel) ?? [];
    this.listeners.set(channel, all);
    all.push(listener);
    return () => void all.splice(all.indexOf(listener), 1);
  }
  comes(channel: string, message: Message): void {
    for (const listener of this.listeners.get(channel) ?? []) listener(message, 'peer');
  }
}

function make() {
  const patch = new Patch(kinds);
  const net = new FakeNet();
  const notices: string[] = [];
  let rings = 0;
  const runtime = new Runtime(
    patch,
    kinds,
    net,
    () => rings++,
    (text) => notices.push(text),
  );
  const add = (kind: string, settings: Settings = {}): number => {
    const object = patch.add(kind, 0, 0, settings);
    assert.ok(object, kind);
    return object.id;
  };
  const tell = (id: number, message: Message): void =>
    runtime.running(id)?.instance.receive?.(message);
  const setting = (id: number, key: string) => patch.objects.get(id)?.settings[key];
  return { patch, net, notices, add, tell, setting, rings: () => rings };
}

test('what comes on a channel goes along wires and out on another', () => {
  const { patch, net, add } = make();
  const [recv, value, send] = [
    add('netrecv', { channel: 'a' }),
    add('value'),
    add('netsend', { channel: 'b' }),
  ];
  assert.ok(patch.connect(recv, value));
  assert.ok(patch.connect(value, send));
  net.comes('a', { x: [1, null] });
  assert.deepEqual(net.sent, [['b', { x: [1, null] }]]);
});

test('set-channel renames, and is not sent', () => {
  const { net, add, tell, setting, notices } = make();
  const [send, recv] = [add('netsend'), add('netrecv')];
  tell(send, { type: 'set-channel', channel: 'x' });
  tell(recv, { type: 'set-channel', channel: 7 });
  assert.deepEqual(net.sent, []);
  assert.equal(setting(send, 'channel'), 'x');
  assert.equal(setting(recv, 'channel'), '7');
  assert.equal(net.listeners.get('foo')?.length, 0);
  assert.equal(net.listeners.get('7')?.length, 1);
  tell(send, 'after');
  assert.deepEqual(net.sent, [['x', 'after']]);
  // 32 bytes are the most; an umlaut has two.
  tell(send, { type: 'set-channel', channel: 'ä'.repeat(17) });
  assert.equal(setting(send, 'channel'), 'x');
  assert.match(notices[0] ?? '', /at most 32 bytes; this one has 34/);
});

test('wires: only from outlets to inlets, once, and not to oneself', () => {
  const { patch, add } = make();
  const [send, button] = [add('netsend'), add('button')];
  assert.equal(patch.connect(send, button), false);
  assert.equal(patch.connect(button, button), false);
  assert.equal(patch.connect(button, 99), false);
  assert.equal(patch.connect(button, send), true);
  assert.equal(patch.connect(button, send), false);
  patch.remove(send);
  assert.deepEqual(patch.wires, []);
});

test('a ring of wires is cut and said once a message; two rings too', () => {
  const { patch, add, tell, rings } = make();
  const [a, b, c] = [add('value'), add('value'), add('value')];
  patch.connect(a, b);
  patch.connect(b, a);
  tell(a, 1);
  assert.equal(rings(), 1);
  patch.connect(b, c);
  patch.connect(c, a);
  patch.connect(c, b);
  patch.connect(a, c);
  tell(a, 1);
  assert.equal(rings(), 2);
});

test('a slider shows what comes in and sends nothing on', () => {
  const { patch, net, add, tell, setting } = make();
  const [slider, send] = [add('slider', { address: '/a', max: 10 }), add('netsend')];
  patch.connect(slider, send);
  tell(slider, { address: '/a', args: [4] });
  assert.equal(setting(slider, 'value'), 4);
  tell(slider, { address: '/b', args: [5] });
  assert.equal(setting(slider, 'value'), 4);
  tell(slider, 99);
  assert.equal(setting(slider, 'value'), 10);
  assert.deepEqual(net.sent, []);
  tell(slider, { type: 'bang' });
  // At its end it is a float, too, and another slider reads that.
  const sent = { address: '/a', args: [{ type: 'f', value: 10 }] };
  assert.deepEqual(net.sent, [['foo', sent]]);
  tell(slider, 0);
  tell(slider, sent);
  assert.equal(setting(slider, 'value'), 10);
});

test('controls speak DMX', () => {
  const { patch, net, add, tell } = make();
  const send = add('netsend', { channel: 'dmx' });
  const fader = add('slider', { as: 'dmx', channel: 3, min: 0, max: 2, value: 1 });
  const color = add('color', { as: 'dmx', channel: 10, color: '#ff8000' });
  for (const one of [fader, color]) {
    patch.connect(one, send);
    tell(one, { type: 'bang' });
  }
  assert.deepEqual(net.sent, [
    ['dmx', [{ channel: 3, value: 128 }]],
    [
      'dmx',
      [
        { channel: 10, value: 255 },
        { channel: 11, value: 128 },
        { channel: 12, value: 0 },
      ],
    ],
  ]);
});

test('a colour takes its own DMX channels alone', () => {
  const { add, tell, setting } = make();
  const color = add('color', { as: 'dmx', channel: 10, color: '#010203' });
  tell(color, [{ channel: 11, value: 255 }]);
  assert.equal(setting(color, 'color'), '#01ff03');
  tell(color, [{ channel: 9, value: 255 }]);
  assert.equal(setting(color, 'color'), '#01ff03');
});

test('a message box sends JSON where it is JSON', () => {
  const { patch, net, add, tell, setting } = make();
  const [box, send] = [add('message', { text: '{"a":1}' }), add('netsend')];
  patch.connect(box, send);
  tell(box, { type: 'bang' });
  patch.set(box, 'mode', 'text');
  patch.set(box, 'clear', true);
  tell(box, 'bang');
  assert.deepEqual(net.sent, [
    ['foo', { a: 1 }],
    ['foo', '{"a":1}'],
  ]);
  assert.equal(setting(box, 'text'), '');
});

const contents = (patch: Patch) => ({
  objects: [...patch.objects.values()].map(({ kind, x, y, settings }) => [kind, x, y, settings]),
  wires: patch.wires.length,
});

test('every starter survives its link', async () => {
  for (const starter of starters) {
    const { patch } = make();
    start(patch, starter);
    const copy = make().patch;
    const text = await encodePatch(patch);
    assert.match(text, /^[\w-]+$/);
    assert.equal(await decodePatch(text, copy), 0);
    assert.deepEqual(contents(copy), contents(patch));
    assert.equal(patch.wires.length, starter.wires.length);
  }
});

test('any character in any setting survives the link', async () => {
  const { patch, add } = make();
  add('message', { text: '💡 "ä" \n\u0000 </script> %23#&' });
  const copy = make().patch;
  await decodePatch(await encodePatch(patch), copy);
  assert.deepEqual(contents(copy), contents(patch));
});

const packed = (json: string): string => deflateRawSync(json).toString('base64url');
const damaged: Record<string, string> = {
  nothing: '',
  'no base64': '***',
  'no deflate': 'AAAA',
  'cut short': packed('{"v":1,"o":[],"w":[]}').slice(0, 12),
  'no JSON': packed('hello'),
  null: packed('null'),
  'another version': packed('{"v":2,"o":[],"w":[]}'),
  'objects that are none': packed('{"v":1,"o":[1],"w":[]}'),
  'no place': packed('{"v":1,"o":[["slider"]],"w":[]}'),
  'settings of a wrong type': packed('{"v":1,"o":[["slider",0,0,{"min":[]}]],"w":[]}'),
  'wires that are none': packed('{"v":1,"o":[],"w":["x"]}'),
  'a bomb': packed(`{"v":1,"o":[],"w":[],"x":"${'0'.repeat(3_000_000)}"}`),
};
for (const [what, text] of Object.entries(damaged))
  test(`a damaged link leaves an empty patch: ${what}`, async () => {
    const { patch } = make();
    await assert.rejects(decodePatch(text, patch), DamagedPatch);
    assert.equal(patch.objects.size, 0);
  });

test('what a link asks for beyond what there is: left out, moved into sight, or default', async () => {
  const { patch } = make();
  const json = {
    v: 1,
    o: [
      ['slider', -5, 1e9, { min: 'x', max: 5, other: 1 }],
      ['unheard-of', 0, 0],
      ['netsend', 0, 0],
    ],
    w: [
      [0, 1],
      [0, 2],
      [0, 7],
      [-1, 0.5],
    ],
  };
  assert.equal(await decodePatch(packed(JSON.stringify(json)), patch), 1);
  const [slider] = [...patch.objects.values()];
  assert.deepEqual([slider?.x, slider?.y], [0, 20_000]);
  assert.deepEqual([slider?.settings['min'], slider?.settings['max']], [0, 5]);
  assert.equal(slider?.settings['other'], undefined);
  assert.equal(patch.wires.length, 1);
});

test('a link cannot make more objects than a page can hold', async () => {
  const { patch } = make();
  const o = Array.from({ length: mostObjects + 10 }, () => ['value', 0, 0]);
  assert.equal(await decodePatch(packed(JSON.stringify({ v: 1, o, w: [] })), patch), 10);
});

test('a text that is too long is cut, and the patch opens again', async () => {
  const { patch, add } = make();
  const box = add('message', { text: 'x'.repeat(21_000) });
  assert.equal(String(patch.objects.get(box)?.settings['text']).length, 20_000);
  patch.set(box, 'text', 'y'.repeat(21_000));
  const copy = make().patch;
  assert.equal(await decodePatch(await encodePatch(patch), copy), 0);
  assert.deepEqual(contents(copy), contents(patch));
  const long = { v: 1, o: [['value', 0, 0], ['message', 0, 0, { text: 'z'.repeat(21_000) }]], w: [] };
  const opened = make().patch;
  assert.equal(await decodePatch(packed(JSON.stringify(long)), opened), 1);
  assert.deepEqual(
    [...opened.objects.values()].map(({ settings }) => String(settings['text'] ?? '').length),
    [0, 20_000],
  );
});

test('a patch that had to be written at once is read like any other', async () => {
  for (const length of [0, 10, 19_000]) {
    const { patch, add } = make();
    for (let i = 0; i < 8; i++) add('message', { text: 'ä'.repeat(length) });
    const copy = make().patch;
    const text = storePatch(patch);
    assert.match(text, /^[\w-]+$/);
    assert.equal(await decodePatch(text, copy), 0);
    assert.deepEqual(contents(copy), contents(patch));
  }
});

test('no wire of a starter runs behind an object', () => {
  const port = 29; // px from an object's left edge
  for (const { name, objects, wires } of starters)
    for (const [from, to] of wires) {
      const ends = [objects[from], objects[to]].map((end) => ({ x: end?.[1] ?? 0, y: end?.[2] ?? 0 }));
      const [top, bottom] = [Math.min(...ends.map(({ y }) => y)), Math.max(...ends.map(({ y }) => y))];
      const right = Math.max(...ends.map(({ x }) => x)) + port;
      for (const [kind, x, y] of objects)
        if (y > top && y < bottom) assert.ok(x > right, `${name}: behind ${kind}`);
    }
});
