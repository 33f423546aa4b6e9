// Browsers for the tests of the page: contexts that know nothing of each other, and what they said.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { launch } from '../../interop/lib/browser.mjs';
import { FairTimer } from '../../interop/lib/fair-timer.mjs';
import { Log, patience, waitingFor } from '../../interop/lib/log.mjs';

export const phone = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};
export const desk = { viewport: { width: 1280, height: 800 } };

export class Browser {
  static async start(name = 'chromium', options = {}) {
    const browser = new Browser();
    browser.process = await launch(name, options);
    return browser;
  }

  /**
   * A page in a browser profile of its own, which ends with the test. The test fails when anything
   * was said on the console, but for what `allow` matches. `prepare` is given the page before it loads.
   */
  async open(t, url, { allow, prepare, ...options } = desk) {
    const context = await this.process.newContext(options);
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const log = new Log(`page ${url.slice(0, 60)}`);
    const said = [];
    const note = (text) => {
      log.note(text);
      if (!allow?.test(text)) said.push(text);
    };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) note(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => note(`page error: ${error.stack || error}`));
    t.after(() => assert.deepEqual(said, []));
    t.after(() => log.close());
    t.after(() => context.close());
    await page.addInitScript(keepNotices);
    await prepare?.(page);
    await page.goto(url);
    await page.locator('.topbar, .broken').waitFor();
    return page;
  }

  stop() {
    return this.process.close();
  }
}

/** In the page: keeps what its notices say, as each is gone after seconds. */
function keepNotices() {
  globalThis.notices = [];
  new MutationObserver(() => {
    for (const { textContent } of document.querySelectorAll('.notice'))
      if (!globalThis.notices.includes(textContent)) globalThis.notices.push(textContent);
  }).observe(document, { childList: true, subtree: true });
}

/** Waits until a notice says `text`, or did since the page was loaded. */
export const noticed = (page, text) =>
  until(
    `the notice “${text}”`,
    () => page.evaluate(() => globalThis.notices),
    (notices) => notices.some((notice) => notice.includes(text)),
  );

/** A finger on the screen of `page`: taps a locator, swipes from a point to another. */
export async function fingerOn(page) {
  if (page.context().browser().browserType().name() === 'firefox') {
    const { mouse } = page;
    const tap = (locator) => locator.click();
    const swipe = async (from, to) => {
      await mouse.move(from.x, from.y);
      await mouse.down();
      await mouse.move(to.x, to.y, { steps: 4 });
      await mouse.up();
    };
    return { tap, swipe };
  }
  const cdp = await page.context().newCDPSession(page);
  const send = (type, touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints });
  const swipe = async (from, to) => {
    await send('touchStart', [from]);
    for (let i = 1; i <= 4; i++)
      await send('touchMove', [
        { x: from.x + ((to.x - from.x) * i) / 4, y: from.y + ((to.y - from.y) * i) / 4 },
      ]);
    await send('touchEnd', []);
  };
  return { tap: (locator) => locator.tap(), swipe };
}

export async function centre(locator) {
  const { x, y, width, height } = await locator.boundingBox();
  return { x: x + width / 2, y: y + height / 2 };
}

/** The fragment of a link with these objects ([kind, x, y, settings]) and wires ([from, to]). */
export function patchHash(objects = [], wires = []) {
  const json = JSON.stringify({ v: 1, o: objects, w: wires });
  return `#patch=${deflateRawSync(json).toString('base64url')}`;
}

/** An object by what it is called, such as 'netsend osc'. */
export const object = (page, name) => page.getByRole('group', { name, exact: true });
export const roomOf = (page) => new URL(page.url()).searchParams.get('room');

/** Waits until `look` gives a value that `fits`; gives it. */
export async function until(what, look, fits = Boolean) {
  let late = false;
  const limit = new FairTimer(patience, () => (late = true));
  const done = waitingFor(what);
  try {
    for (;;) {
      const value = await look();
      if (fits(value)) return value;
      assert.ok(!late, `not seen: ${what}; last was ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  } finally {
    limit.cancel();
    done();
  }
}

export const shows = (locator, text) =>
  until(
    `“${text}”`,
    () => locator.innerText(),
    (seen) => (text instanceof RegExp ? text.test(seen) : seen.trim() === text),
  );

/** What the pill in the bar says, such as '1 peer'. */
export const state = (page, text) => shows(page.locator('.pill'), text);

/** Runs a command of the palette by its name. */
export async function command(page, text) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(text);
  await page.keyboard.press('Enter');
}

/** Waits until there are so many. */
export const counts = (locator, count) =>
  until(`${count}`, () => locator.count(), (seen) => seen === count);

/** Waits until the patch has these objects, as `objects` gives them. */
export const hasObjects = (page, wanted) =>
  until('the objects', () => objects(page), (seen) => isDeepStrictEqual(seen, wanted));

export const objects = (page) =>
  page
    .locator('.object')
    .evaluateAll((all) => all.map((one) => [one.ariaLabel, one.style.left, one.style.top]));
