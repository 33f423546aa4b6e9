// The scene of script/screenshots: a phone with a fader, a desk with a patch, a native peer.
//   ROOMWIRE_BIN=build/release/roomwire node script/screenshots.mjs [FOLDER]
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roomwire } from '../test/interop/lib/native.mjs';
import { Browser, desk, object, patchHash, phone, state } from '../test/web/lib/pages.mjs';
import { startSite } from '../test/web/lib/site.mjs';

const folder = process.argv[2] ?? fileURLToPath(new URL('../doc/images', import.meta.url));
const room = 'stage-left';
const deskPatch = patchHash(
  [
    ['xy', 24, 40, { address: '/pan' }],
    ['netsend', 24, 352, { channel: 'osc' }],
    ['keys', 24, 488, { address: '/note', as: 'osc' }],
    ['netrecv', 400, 40, { channel: 'osc' }],
    ['value', 400, 176],
    ['plot', 400, 312],
    ['color', 400, 504, { as: 'dmx', color: '#ff7a1a' }],
  ],
  [
    [0, 1],
    [3, 4],
    [4, 5],
  ],
);
// Ends what the test library would end after a test.
const cleanups = [];
const t = { after: (cleanup) => cleanups.unshift(cleanup) };

const site = await startSite();
const browser = await Browser.start();
const url = `${site.url}?room=${room}`;
const listener = roomwire(['netrecv', 'osc', '--room', room, '--relay', site.relayUrl]);
const wide = await browser.open(t, url + deskPatch, { ...desk, colorScheme: 'light' });
const small = await browser.open(t, url, { ...phone, colorScheme: 'light' });
await Promise.all([state(wide, '2 peers'), state(small, '2 peers')]);

const fader = object(small, 'slider /fader/1').getByRole('slider');
const [beats, beat] = [70, 60]; // 4.2 s of a curve
for (let i = 0; i <= beats; i++) {
  await fader.fill((0.55 + 0.4 * Math.sin(i / 5) * Math.cos(i / 17)).toFixed(3));
  await small.waitForTimeout(beat);
}
for (const key of ['ArrowUp', 'ArrowUp', 'ArrowRight'])
  await object(wide, 'xy /pan').getByRole('slider').press(`Shift+${key}`);
await wide.evaluate(() => document.activeElement.blur());
await small.evaluate(() => document.activeElement.blur());
await wide.waitForTimeout(600);
await wide.screenshot({ path: join(folder, 'page-desk.png') });
await small.screenshot({ path: join(folder, 'page-phone.png') });
for (const [page, name, options] of [
  [wide, 'page-desk-dark.png', { colorScheme: 'dark' }],
  [small, 'page-phone-dark.png', { colorScheme: 'dark' }],
]) {
  await page.emulateMedia(options);
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(folder, name) });
}
for (const cleanup of cleanups) await cleanup();
await Promise.all([listener.stop(), browser.stop(), site.stop()]);
