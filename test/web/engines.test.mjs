// What browsers do differently, in each of them: connections, focus and scrolling, touch, drawing.
import assert from 'node:assert/strict';
import { firefoxWithTouch } from '../interop/lib/browser.mjs';
import { roomwire } from '../interop/lib/native.mjs';
import { after, before, describe, test } from '../interop/lib/test.mjs';
import { Browser, centre, command, counts, desk, fingerOn, object, objects } from './lib/pages.mjs';
import { patchHash, phone, shows, state, until } from './lib/pages.mjs';
import { startSite } from './lib/site.mjs';

const tablet = { viewport: { width: 1024, height: 768 }, hasTouch: true, isMobile: true };
const wires = (page) => page.locator('.wire:not(.loose)');
const focused = (page) => page.evaluate(() => document.activeElement.ariaLabel);
const focuses = (page, name) =>
  until(`focus on ${name}`, () => focused(page), (seen) => seen === name);
const scrolled = (page) => page.locator('.canvas').evaluate((canvas) => canvas.scrollTop);

let site;
let rooms = 0;
before(async () => {
  site = await startSite();
  after(() => site.stop());
});

/** A page, and native peers that it has met. */
async function meet(t, browser, hash, options, ...peers) {
  const room = `engines-${process.pid}-${++rooms}`;
  const native = peers.map((args) => {
    const started = roomwire([...args, '--room', room, '--relay', site.relayUrl]);
    t.after(() => started.stop());
    return started;
  });
  const page = await browser.open(t, `${site.url}?room=${room}${hash}`, options);
  await state(page, peers.length === 1 ? '1 peer' : `${peers.length} peers`);
  return { page, native };
}
const nextArgs = async (receiver) =>
  JSON.parse(await receiver.out.wait(() => true, 'OSC')).args.map((arg) => arg.value ?? arg);

/** Ten messages, each with a netsend below it: far taller than any screen. */
const tall = patchHash(
  Array.from({ length: 10 }, (_, i) => [
    ['message', 24, 40 + i * 400],
    ['netsend', 24, 220 + i * 400, { channel: `row${i}` }],
  ]).flat(),
);
/** Where the patch stands with `row` in the middle. */
async function show(page, row) {
  const port = page.getByRole('button', { name: `inlet of netsend row${row}` });
  await port.evaluate((one) => one.scrollIntoView({ block: 'center' }));
  return scrolled(page);
}

for (const name of ['chromium', 'firefox'])
  describe(name, () => {
    let browser;
    let touch; // Firefox takes its finger when it is started
    before(async () => {
      [browser, touch] = await Promise.all(
        name === 'firefox'
          ? [Browser.start(name), Browser.start(name, firefoxWithTouch)]
          : Array(2).fill(Browser.start(name)),
      );
      after(() => Promise.all([...new Set([browser, touch])].map((one) => one.stop())));
    });

    test('sends, receives, plots, shares, and is there again after a reload', async (t) => {
      const list = [
        ['slider', 24, 40],
        ['netsend', 24, 200, { channel: 'osc' }],
        ['netrecv', 400, 40, { channel: 'numbers' }],
        ['value', 400, 200],
        ['plot', 400, 340],
      ];
      const hash = patchHash(list, [
        [0, 1],
        [2, 3],
        [2, 4],
      ]);
      const peers = [['netrecv', 'osc'], ['netsend', 'numbers']];
      const { page, native } = await meet(t, browser, hash, desk, ...peers);
      const [receiver, sender] = native;
      const fader = page.getByRole('slider');
      const { x, y, width, height } = await fader.boundingBox();
      await page.mouse.click(x + width - 5, y + height / 2);
      assert.deepEqual(await nextArgs(receiver), [1]);
      const ink = () =>
        page.locator('canvas.plot').evaluate((plot) => {
          const { data } = plot.getContext('2d').getImageData(0, 0, plot.width, plot.height);
          return data.some((byte) => byte > 0);
        });
      sender.write('1\n3\n2\n4\n');
      await shows(page.locator('output.value'), '4');
      await page.getByRole('img', { name: 'plot, now 4' }).waitFor();
      await until('a line in the plot', ink);
      await page.getByRole('button', { name: 'Share' }).click();
      const link = await page.getByRole('textbox', { name: 'link' }).inputValue();
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByText('Copied.').waitFor();
      await page.keyboard.press('Escape');
      const other = await browser.open(t, link);
      await Promise.all([state(page, '3 peers'), state(other, '3 peers')]);
      assert.deepEqual(await objects(other), await objects(page));
      await page.reload();
      await state(page, '3 peers');
      sender.write('"still here"\n');
      for (const one of [page, other]) await shows(one.locator('output.value'), 'still here');
    });

    test('by mouse in a patch taller than the window: nothing moves', async (t) => {
      const page = await browser.open(t, `${site.url}?room=tall${tall}`);
      // Not by locator.click(), which scrolls by itself.
      const click = async (port) => {
        const { x, y } = await centre(port);
        await page.mouse.click(x, y);
      };
      const before = await show(page, 8);
      assert.ok(before > 0, 'the patch is taller than the window');
      await click(page.getByRole('button', { name: 'outlet of message' }).nth(8));
      await focuses(page, 'inlet of netsend row8'); // the nearest
      assert.equal(await scrolled(page), before);
      // The other end may be far away; the view stays where it was scrolled to.
      const after = await show(page, 2);
      await click(page.getByRole('button', { name: 'inlet of netsend row2' }));
      await counts(wires(page), 1);
      assert.equal(await scrolled(page), after);
    });

    test('a long link is shown from its beginning, and is selected', async (t) => {
      const page = await browser.open(t, `${site.url}?room=${'long'.repeat(200)}${tall}`);
      await page.getByRole('button', { name: 'Share' }).click();
      const link = page.getByRole('textbox', { name: 'link' });
      const seen = await link.evaluate((one) => [one.scrollTop, one.scrollHeight > one.clientHeight]);
      assert.deepEqual(seen, [0, true]);
      assert.equal(await page.evaluate(() => getSelection().toString()), await link.inputValue());
    });

    test('by keys in a patch taller than the window: what has the focus is in view', async (t) => {
      const page = await browser.open(t, `${site.url}?room=tall${tall}`);
      const isInView = async () => {
        const [{ top, bottom }, height] = await page.evaluate(() => [
          document.activeElement.getBoundingClientRect(),
          innerHeight,
        ]);
        return assert.ok(top >= 0 && bottom < height + 1, `from ${top} to ${bottom} of ${height} px`);
      };
      await object(page, 'message').nth(8).focus();
      await page.keyboard.press('w');
      await focuses(page, 'inlet of netsend row8');
      while ((await focused(page)) !== 'inlet of netsend row4') await page.keyboard.press('ArrowUp');
      await isInView();
      await page.keyboard.press('Enter');
      await counts(wires(page), 1);
      await focuses(page, 'message');
      await isInView();
    });

    test('a touch screen with a keyboard: what is typed finds commands', async (t) => {
      const page = await touch.open(t, `${site.url}?room=tablet${patchHash()}`, tablet);
      assert.ok(await page.evaluate(() => matchMedia('(hover: none)').matches));
      const { tap } = await fingerOn(page);
      const add = async (text, open) => {
        await open();
        await page.getByRole('listbox').waitFor();
        await page.keyboard.type(text);
        assert.equal(await page.getByRole('combobox').inputValue(), text);
        await page.keyboard.press('Enter');
        await object(page, text).waitFor();
      };
      await add('netsend a', () => page.keyboard.press('Control+k'));
      await add('netsend b', () => tap(page.getByRole('button', { name: 'Add' })));
    });

    test('a phone: add, wire by two taps, play, move, remove', async (t) => {
      const { page, native } = await meet(t, touch, patchHash(), phone, ['netrecv', 'osc']);
      const { tap, swipe } = await fingerOn(page);
      const button = (label) => page.getByRole('button', { name: label, exact: true });
      const add = async (text) => {
        await tap(button('Add'));
        await page.getByRole('combobox').fill(text);
        await tap(page.getByRole('option').first());
      };
      await add('netsend osc');
      await add('fader');
      await tap(button('outlet of slider /fader/1'));
      await tap(button('inlet of netsend osc'));
      await counts(wires(page), 1);
      const fader = page.getByRole('slider', { name: 'value' });
      const { x, y, width, height } = await fader.boundingBox();
      await swipe({ x: x + 10, y: y + height / 2 }, { x: x + width - 1, y: y + height / 2 });
      await until('the end of the fader', () => nextArgs(native[0]), ([value]) => value === 1);
      const head = await centre(object(page, 'slider /fader/1').locator('.head'));
      const before = await objects(page);
      await swipe(head, { x: head.x + 16, y: head.y + 160 });
      await until(
        'one that has moved',
        async () => (await objects(page)).filter((one, i) => one.join() !== before[i].join()).length,
        (moved) => moved === 1,
      );
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(overflow, 0, 'nothing sticks out of the screen');
      await tap(object(page, 'netsend osc').getByRole('button', { name: 'settings' }));
      await tap(button('Remove'));
      await counts(wires(page), 0);
      await counts(page.locator('.object'), 1);
      await tap(page.locator('.pill'));
      await page.getByRole('complementary', { name: 'room' }).getByText('direct').waitFor();
    });
  });
