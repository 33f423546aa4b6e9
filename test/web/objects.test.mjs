// Working with objects: by mouse, by keys alone; and what each control sends. By touch: engines.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from '../interop/lib/test.mjs';
import { roomwire } from '../interop/lib/native.mjs';
import { Browser, centre, command, counts, desk, object, objects, patchHash } from './lib/pages.mjs';
import { phone, shows, state, until } from './lib/pages.mjs';
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

/** A page with a patch, and a native receiver of `channel` that has met it. */
async function meet(t, channel, hash, options = desk) {
  const room = `objects-${process.pid}-${++rooms}`;
  const receiver = roomwire(['netrecv', channel, '--room', room, '--relay', site.relayUrl]);
  t.after(() => receiver.stop());
  const page = await browser.open(t, `${site.url}?room=${room}${hash}`, options);
  await state(page, '1 peer');
  return { page, receiver };
}
const next = async (receiver) => JSON.parse(await receiver.out.wait(() => true, 'a message'));
const wires = (page) => page.locator('.wire:not(.loose)');

test('by mouse: drag objects, draw wires, cut them, change and remove objects', async (t) => {
  const hash = patchHash([
    ['button', 24, 40],
    ['netsend', 400, 300],
  ]);
  const page = await browser.open(t, `${site.url}?room=mouse${hash}`);
  const drag = async (from, to) => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 5 });
    await page.mouse.up();
  };
  const button = object(page, 'button');
  const from = await centre(button.locator('.kind'));
  await drag(from, { x: from.x + 80, y: from.y + 40 });
  await until(
    'the button where it was dragged',
    async () => (await objects(page))[0].join(),
    (seen) => seen === 'button,104px,80px',
  );
  await drag(
    await centre(page.getByRole('button', { name: 'outlet of button' })),
    await centre(page.getByRole('button', { name: 'inlet of netsend foo' })),
  );
  await counts(wires(page), 1);
  await page.getByRole('button', { name: 'press' }).click();
  await page.getByText('nobody here').waitFor();
  await page.getByRole('button', { name: 'remove wire from button to netsend foo' }).click();
  await counts(wires(page), 0);
  await button.getByRole('button', { name: 'settings' }).click();
  await page.getByLabel('Speaks').selectOption('osc');
  await page.getByLabel('OSC address').fill('no address');
  await page.getByText('An OSC address begins with /').waitFor();
  await page.getByLabel('OSC address').fill('/go');
  await page.getByLabel('Text on it').fill('Go');
  await page.getByRole('button', { name: 'Done' }).click();
  await object(page, 'button /go').getByRole('button', { name: 'Go', exact: true }).waitFor();
  await object(page, 'button /go').getByRole('button', { name: 'settings' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await counts(page.locator('.object'), 1);
});

test('by keys alone: add, wire, write, move, change, unwire, remove', async (t) => {
  const { page, receiver } = await meet(t, 'chat', patchHash());
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => document.activeElement.ariaLabel);
  const focuses = (name) => until(`focus on ${name}`, focused, (seen) => seen === name);
  await command(page, 'message');
  await command(page, 'netsend chat');
  await focuses('netsend chat');
  const [, [, left, top]] = await objects(page);
  await press('ArrowRight', 'ArrowDown', 'ArrowDown');
  await until(
    'a step to the right and two down',
    async () => (await objects(page))[1].slice(1).map(parseFloat).join(),
    (seen) => seen === `${parseFloat(left) + 8},${parseFloat(top) + 16}`,
  );
  // Back over its own parts to the message box.
  for (let i = 0; (await focused()) !== 'message'; i++) {
    assert.ok(i < 20, 'the message box is not reached with Shift+Tab');
    await press('Shift+Tab');
  }
  await press('w');
  await focuses('inlet of netsend chat');
  await press('Enter');
  await counts(wires(page), 1);
  await focuses('message');
  for (let i = 0; (await focused()) !== 'message, Enter sends'; i++) {
    assert.ok(i < 10, 'the text is not reached with Tab');
    await press('Tab');
  }
  await page.keyboard.type('by keys');
  await press('Enter');
  assert.equal(await next(receiver), 'by keys');
  await press('Escape');
  await focuses('message');
  await press('Enter');
  await page.getByRole('dialog').getByLabel('Empty after sending').waitFor();
  await press('Escape');
  await focuses('message');
  await press('w', 'Enter');
  await counts(wires(page), 0);
  await press('w', 'Escape');
  await focuses('message');
  await press('Delete');
  await counts(page.locator('.object'), 1);
  await focuses('netsend chat');
});

test('every control sends OSC, DMX and plain values', async (t) => {
  const kinds = ['button', 'toggle', 'slider', 'xy', 'color', 'keys'];
  const speak = {
    osc: (i) => ({ as: 'osc', address: `/${i}` }),
    dmx: (i) => ({ as: 'dmx', channel: i * 10 }),
    plain: () => ({ as: 'plain' }),
  };
  const list = ['osc', 'dmx', 'plain'].flatMap((as, column) =>
    kinds.map((kind, i) => [kind, 24 + column * 400, 40 + i * 260, speak[as](i)]),
  );
  list.push(['netsend', 1300, 40, { channel: 'out' }]);
  const toNetsend = list.slice(0, -1).map((_, i) => [i, list.length - 1]);
  const { page, receiver } = await meet(t, 'out', patchHash(list, toNetsend));
  const gets = async (...wanted) => {
    for (const one of wanted) assert.deepEqual(await next(receiver), one);
  };
  const of = (index) => page.locator('.object').nth(index);
  for (const [column, as] of ['osc', 'dmx', 'plain'].entries()) {
    const at = (i) => of(column * kinds.length + i);
    const osc = (i, ...args) => ({ address: `/${i}`, args });
    const float = (value) => ({ type: 'f', value });
    const dmx = (i, ...values) => values.map((value, n) => ({ channel: i * 10 + n, value }));
    await at(0).getByRole('button', { name: 'press' }).click();
    if (as === 'osc') await gets(osc(0, 1), osc(0, 0));
    else if (as === 'dmx') await gets(dmx(0, 255), dmx(0, 0));
    else await gets({ type: 'bang' });
    await at(1).getByRole('switch').click();
    await gets({ osc: osc(1, 1), dmx: dmx(1, 255), plain: 1 }[as]);
    await at(2).getByRole('slider').fill('0.5');
    await gets({ osc: osc(2, float(0.5)), dmx: dmx(2, 128), plain: 0.5 }[as]);
    await at(3).getByRole('slider').focus();
    await page.keyboard.press('ArrowUp');
    const xy = osc(3, float(0.5), float(0.52));
    await gets({ osc: xy, dmx: dmx(3, 128, 133), plain: [0.5, 0.52] }[as]);
    await at(4).getByLabel('colour').fill('#102030');
    await gets({ osc: osc(4, 16, 32, 48), dmx: dmx(4, 16, 32, 48), plain: '#102030' }[as]);
    await at(4).getByRole('slider', { name: 'green' }).fill('255');
    await gets({ osc: osc(4, 16, 255, 48), dmx: dmx(4, 16, 255, 48), plain: '#10ff30' }[as]);
    await at(5)
      .getByRole('button', { name: 'D4', exact: true })
      .dispatchEvent('keydown', { key: 'Enter' });
    await at(5)
      .getByRole('button', { name: 'D4', exact: true })
      .dispatchEvent('keyup', { key: 'Enter' });
    const note = (type, velocity) => ({ type, note: 62, velocity, channel: 1 });
    if (as === 'osc') await gets(osc(5, 62, 100), osc(5, 62, 0));
    else if (as === 'dmx') await gets([{ channel: 52, value: 201 }], [{ channel: 52, value: 0 }]);
    else await gets(note('noteOn', 100), note('noteOff', 0));
  }
});

test('what shows values shows them, and a controller follows what comes', async (t) => {
  const list = [
    ['message', 24, 40],
    ['value', 24, 240],
    ['list', 24, 360],
    ['plot', 400, 40],
    ['slider', 400, 240, { max: 10 }],
    ['color', 400, 400, { as: 'dmx', channel: 5 }],
    ['toggle', 400, 560],
    ['keys', 740, 40],
  ];
  const hash = patchHash(
    list,
    list.slice(1).map((_, i) => [0, i + 1]),
  );
  const page = await browser.open(t, `${site.url}?room=shows${hash}`);
  const say = async (text) => {
    await page.getByLabel('message, Enter sends').fill(text);
    await page.keyboard.press('Enter');
  };
  await say('{"address":"/fader/1","args":[4]}');
  await shows(page.locator('output.value'), '{"address":"/fader/1","args":[4]}');
  await shows(page.locator('.is-slider .number'), '4');
  await page.getByRole('img', { name: 'plot, now 4' }).waitFor();
  await page.getByRole('switch', { checked: true }).waitFor();
  await say('[{"channel":6,"value":255}]');
  await until(
    'green',
    () => page.getByLabel('colour').inputValue(),
    (hex) => hex === '#00ff00',
  );
  await say('{"type":"noteOn","note":60,"velocity":1}');
  await page.locator('.key.held[aria-label="C4"]').waitFor();
  await shows(page.locator('.lines'), /"args":\[4\].*\n.*"channel":6.*\n.*noteOn/);
});

test('a slider from high to low goes there; an empty text is a value', async (t) => {
  const hash = patchHash(
    [
      ['slider', 24, 40, { as: 'plain', min: 10, max: 0, whole: true, value: 10 }],
      ['value', 24, 200],
      ['message', 400, 40, { mode: 'text' }],
    ],
    [
      [0, 1],
      [2, 1],
    ],
  );
  const page = await browser.open(t, site.url + hash);
  const value = page.locator('output.value');
  await shows(value, 'nothing yet');
  const fader = page.getByRole('slider');
  const { x, y, width, height } = await fader.boundingBox();
  await page.mouse.click(x + width - 5, y + height / 2);
  await shows(value, '0');
  await page.mouse.click(x + width * 0.75, y + height / 2);
  await shows(value, /^[23]$/);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await shows(value, '""');
});

test('the bar of a phone: what is long gives way to the buttons', async (t) => {
  for (const width of [390, 320]) {
    const options = { ...phone, viewport: { width, height: 700 } };
    const page = await browser.open(t, `${site.url}?room=${'long-room-'.repeat(20)}${patchHash()}`, options);
    await page.locator('.state-text').evaluate((text) => {
      new MutationObserver(() => {
        if (!text.textContent.endsWith('reached')) text.textContent = 'A peer is heard, but not reached';
      }).observe(text, { childList: true });
      text.textContent = 'A peer is heard, but not reached';
    });
    for (const name of ['Add', 'Share']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox();
      assert.ok(box.width >= 40 && box.x + box.width <= width, `${name}: ${JSON.stringify(box)}`);
    }
    const seen = await Promise.all(['.room', '.pill'].map((one) => page.locator(one).boundingBox()));
    for (const box of seen) assert.ok(box.width >= 60, JSON.stringify(box));
  }
});
