// Rooms and links in the page: each rule that people of Patchies know, between real browsers and the
// real program.
import assert from 'node:assert/strict';
import { after, before, describe, test } from '../interop/lib/test.mjs';
import { roomwire } from '../interop/lib/native.mjs';
import { Browser, command, counts, desk, hasObjects, object, objects, patchHash } from './lib/pages.mjs';
import { noticed, roomOf, shows, state, until } from './lib/pages.mjs';
import { startSite } from './lib/site.mjs';

let site;
let browser;
let rooms = 0;
before(async () => {
  site = await startSite();
  browser = await Browser.start();
});
after(() => site?.stop());
after(() => browser?.stop());

const link = (room, hash = '') => `${site.url}?room=${encodeURIComponent(room)}${hash}`;
const newRoom = () => `web-${process.pid}-${++rooms}`;

function native(t, room, ...args) {
  const started = roomwire([...args, '--room', room, '--relay', site.relayUrl]);
  t.after(() => started.stop());
  return started;
}
const prints = async (process, line) =>
  assert.equal(await process.out.wait(() => true, `line ${line}`), line);

const sender = [
  ['slider', 24, 40],
  ['netsend', 24, 200, { channel: 'osc' }],
  ['netrecv', 24, 320, { channel: 'osc' }],
  ['value', 24, 440],
];
const faderPatch = patchHash(sender, [
  [0, 1],
  [2, 3],
]);

test('two pages and a native peer in one room', async (t) => {
  const room = newRoom();
  const [one, two] = await Promise.all([browser.open(t, link(room)), browser.open(t, link(room))]);
  const ids = await Promise.all(
    [one, two].map((page) => page.locator('.panel footer').innerText()),
  );
  for (const id of ids) assert.match(id, /^You are zzzy\w{4} /, 'no tempo is led by the page');
  assert.notEqual(ids[0], ids[1]);
  const receiver = native(t, room, 'netrecv', 'osc');
  await Promise.all([state(one, '2 peers'), state(two, '2 peers')]);
  await object(one, 'slider /fader/1').getByRole('slider').fill('0.25');
  const quarter = '{"address":"/fader/1","args":[{"type":"f","value":0.25}]}';
  await prints(receiver, quarter);
  await shows(two.locator('output.value'), quarter);
  native(t, room, 'netsend', 'osc', '{"address":"/x","args":[1,"ä"]}', '--peers', '3');
  for (const page of [one, two])
    await shows(page.locator('output.value'), '{"address":"/x","args":[1,"ä"]}');
});

describe('the room parameter', { concurrency: true }, () => {
  test('comes with the first netsend or netrecv, and not before', async (t) => {
    for (const kind of ['netsend', 'netrecv']) {
      const page = await browser.open(t, site.url + patchHash());
      await state(page, 'No room yet');
      await command(page, 'add slider');
      await object(page, 'slider /fader/1').waitFor();
      assert.equal(roomOf(page), null);
      await command(page, `${kind} chat`);
      await object(page, `${kind} chat`).waitFor();
      await until(
        'a room',
        () => roomOf(page),
        (room) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(room),
      );
      await state(page, /Joining|Nobody else yet/);
    }
  });

  test('another room when it is removed; the objects stay', async (t) => {
    const first = newRoom();
    const page = await browser.open(t, link(first, faderPatch));
    const before = await objects(page);
    await page.goto(page.url().replace(`?room=${first}`, ''));
    await until(
      'a new room',
      () => roomOf(page),
      (room) => room && room !== first,
    );
    await noticed(page, 'The link named no room');
    await hasObjects(page, before);
    const made = roomOf(page);
    await page.goto(page.url().replace(/room=[^#]*/, 'room='));
    await until(
      'another room',
      () => roomOf(page),
      (room) => room && room !== made,
    );
  });

  test('is set by Ctrl+K, by name or by link, or refused with the reason', async (t) => {
    const page = await browser.open(t, link(newRoom(), faderPatch));
    const before = await objects(page);
    const set = async (text) => {
      await command(page, 'Set room for netsend/netrecv');
      await page.getByRole('textbox', { name: 'room' }).fill(text);
      await page.keyboard.press('Enter');
    };
    await set('the second: ä&?');
    await until(
      'the room',
      () => roomOf(page),
      (room) => room === 'the second: ä&?',
    );
    await page.locator('.object').first().waitFor();
    await hasObjects(page, before);
    await set('https://patchies.app/?id=1&room=third');
    await until(
      'the room',
      () => roomOf(page),
      (room) => room === 'third',
    );
    await page.locator('.object').first().waitFor();
    await set('https://patchies.app/');
    await page.getByRole('alert').getByText('That link names no room').waitFor();
    assert.equal(roomOf(page), 'third');
    await page.keyboard.press('Escape');
    await page.goBack();
    await until(
      'the room before',
      () => roomOf(page),
      (room) => room === 'the second: ä&?',
    );
  });

  test('is refused with the reason when a link has one that can be none', async (t) => {
    const page = await browser.open(t, link('x'.repeat(1001)));
    await noticed(page, 'at most 1000 bytes');
    await until(
      'a new room',
      () => roomOf(page),
      (room) => room?.length === 36,
    );
  });

  test('may hold any character', async (t) => {
    const room = '💡 ä/?&#=+% "\'<b>';
    const page = await browser.open(t, link(room));
    const receiver = native(t, room, 'netrecv', 'osc');
    await state(page, '1 peer');
    await object(page, 'slider /fader/1').getByRole('slider').fill('1');
    await prints(receiver, '{"address":"/fader/1","args":[{"type":"f","value":1}]}');
  });
});

describe('sharing', { concurrency: true }, () => {
  const share = {
    'by the button': (page) => page.getByRole('button', { name: 'Share' }).click(),
    'by Ctrl+K': (page) => command(page, 'Share Patch Link'),
  };
  for (const [how, open] of Object.entries(share))
    test(`${how}: the link brings room and objects`, async (t) => {
      const page = await browser.open(t, site.url, desk);
      await command(page, 'add xy');
      await object(page, 'netsend osc').getByLabel('channel').fill('other');
      await page.keyboard.press('Enter');
      await open(page);
      const shared = await page.getByRole('textbox', { name: 'link' }).inputValue();
      const second = await browser.open(t, shared);
      assert.equal(roomOf(second), roomOf(page));
      assert.ok(roomOf(page));
      await hasObjects(second, await objects(page));
      await object(second, 'netsend other').waitFor();
      await counts(second.locator('.wire:not(.loose)'), 2);
      await Promise.all([state(page, '1 peer'), state(second, '1 peer')]);
    });

  test('makes a room when there is none yet', async (t) => {
    const page = await browser.open(t, site.url + patchHash([['value', 24, 40]]));
    await page.getByRole('button', { name: 'Share' }).click();
    const shared = new URL(await page.getByRole('textbox', { name: 'link' }).inputValue());
    assert.match(shared.searchParams.get('room'), /^[0-9a-f-]{36}$/);
    assert.equal(shared.searchParams.get('room'), roomOf(page));
  });

  test('Copy copies', async (t) => {
    const page = await browser.open(t, link(newRoom()), {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
  });
});

test('a damaged link: an empty patch, a notice, and the room is kept', async (t) => {
  const room = newRoom();
  for (const hash of ['#patch=***', faderPatch.slice(0, -20)]) {
    const page = await browser.open(t, link(room, hash));
    await noticed(page, 'damaged');
    await counts(page.locator('.object'), 0);
    assert.equal(roomOf(page), room);
    await command(page, 'add netrecv');
    await object(page, 'netrecv foo').waitFor();
  }
});

test('a channel is renamed by a message, by hand, or not with the reason', async (t) => {
  const room = newRoom();
  const patch = patchHash(
    [
      ['message', 24, 40],
      ['netsend', 24, 200],
      ['netrecv', 400, 200],
      ['value', 400, 320],
    ],
    [
      [0, 1],
      [0, 2],
      [2, 3],
    ],
  );
  const page = await browser.open(t, link(room, patch));
  const receiver = native(t, room, 'netrecv', 'x', 'y');
  await state(page, '1 peer');
  const say = async (text) => {
    await page.getByLabel('message, Enter sends').fill(text);
    await page.keyboard.press('Enter');
  };
  await say('{"type":"set-channel","channel":"x"}');
  await object(page, 'netsend x').waitFor();
  await object(page, 'netrecv x').waitFor();
  await say('on x');
  await prints(receiver, '"on x"');
  await object(page, 'netsend x').getByLabel('channel').fill('y');
  await page.keyboard.press('Enter');
  await say('[1,{"a":null}]');
  await prints(receiver, '[1,{"a":null}]');
  native(t, room, 'netsend', 'x', 'back', '--peers', '2');
  await shows(page.locator('output.value'), 'back');
  await object(page, 'netsend y').getByLabel('channel').fill('x'.repeat(33));
  await page.keyboard.press('Enter');
  await noticed(page, 'at most 32 bytes');
  await object(page, 'netsend y').waitFor();
});

test('a reload right after a change keeps it', async (t) => {
  const page = await browser.open(t, link(newRoom(), faderPatch));
  const fader = object(page, 'slider /fader/1').getByRole('slider');
  await fader.waitFor();
  const loaded = page.waitForEvent('load');
  await fader.evaluate((range) => {
    range.value = '0.75';
    range.dispatchEvent(new Event('input', { bubbles: true }));
    location.reload();
  });
  await loaded;
  await until(
    'the fader where it was left',
    () => fader.inputValue(),
    (value) => value === '0.75',
  );
  // A link put in place of this one is what is opened, whatever was changed just before.
  await fader.evaluate((range, hash) => {
    range.value = '0.5';
    range.dispatchEvent(new Event('input', { bubbles: true }));
    location.hash = hash;
  }, patchHash([['message', 24, 40]]));
  await object(page, 'message').waitFor();
  await counts(fader, 0);
});
