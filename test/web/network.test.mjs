// The page and the network: relays and peers that go away and come back, what is said when nobody
// comes, the monitor, and plain http on a LAN.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from '../interop/lib/test.mjs';
import { offlineEnv, roomwire, roomwireBinary } from '../interop/lib/native.mjs';
import { WebSocket } from '../interop/lib/packages.mjs';
import { createEvent } from '../../web/node_modules/@trystero-p2p/nostr/dist/index.mjs';
import { Process } from '../interop/lib/process.mjs';
import { readImage } from '../interop/lib/qr.mjs';
import { browsers } from '../interop/lib/browser.mjs';
import { Browser, desk, object, patchHash, shows, state } from './lib/pages.mjs';
import { startSite } from './lib/site.mjs';

const panel = (page) => page.getByRole('complementary', { name: 'room' });
/** What the browser itself says of a relay that is gone. */
const allow = /WebSocket connection to/;
let browser;
before(async () => (browser = await Browser.start()));
after(() => browser?.stop());

async function place(t) {
  const site = await startSite();
  t.after(() => site.stop());
  const native = (...args) => {
    const started = roomwire([...args, '--room', 'x', '--relay', site.relayUrl]);
    t.after(() => started.stop());
    return started;
  };
  return { site, native, url: `${site.url}?room=x` };
}

describe('comings and goings', { concurrency: true }, () => {
  test('of the relay, with nobody there: said, and all is well when it is back', async (t) => {
    const { site, native, url } = await place(t);
    const page = await browser.open(t, url, { allow });
    await state(page, 'Nobody else yet');
    await panel(page).getByText('Share the link').waitFor();
    await site.stopRelay();
    await state(page, 'The relay does not answer');
    await panel(page).getByText('Is roomwire web still running').waitFor();
    await site.startRelay();
    await state(page, 'Nobody else yet');
    native('netrecv', 'osc');
    await state(page, '1 peer');
  });

  test('of the relay, with peers: they stay, and more can come after', async (t) => {
    const { site, native, url } = await place(t);
    const page = await browser.open(t, url, { allow });
    const receiver = native('netrecv', 'osc');
    await state(page, '1 peer');
    await site.stopRelay();
    await panel(page).getByText('The relay of this page does not answer').waitFor();
    await object(page, 'slider /fader/1').getByRole('slider').fill('0.5');
    await receiver.out.wait((line) => line.includes('0.5'), 'the fader');
    await site.startRelay();
    native('netrecv', 'osc');
    await state(page, '2 peers');
  });

  test('of a peer that is killed, and of one that leaves', async (t) => {
    const { native, url } = await place(t);
    const page = await browser.open(t, url);
    const victim = native('netrecv', 'osc');
    await state(page, '1 peer');
    victim.kill('SIGKILL');
    await state(page, 'Nobody else yet');
    native('netsend', 'osc', '7');
    await shows(page.locator('output.value'), '7');
    await state(page, 'Nobody else yet');
  });

  test('a burst is handed on whole', async (t) => {
    const { site, native } = await place(t);
    const objects = [
      ['netrecv', 24, 40, { channel: 'a' }],
      ['netsend', 24, 200, { channel: 'b' }],
    ];
    const page = await browser.open(t, `${site.url}?room=x${patchHash(objects, [[0, 1]])}`);
    const receiver = native('netrecv', 'b');
    const sender = native('netsend', 'a');
    await state(page, '2 peers');
    sender.write(Array.from({ length: 5000 }, (_, i) => `${i}\n`).join(''));
    await receiver.out.wait((line) => line === '4999', 'the last line');
    assert.deepEqual(receiver.out.all().map(Number), [...Array(5000).keys()]);
  });

  test('of the page: reloaded, it is there again with its patch', async (t) => {
    const { native, url } = await place(t);
    const page = await browser.open(t, url);
    const receiver = native('netrecv', 'osc');
    await state(page, '1 peer');
    await page.reload();
    await receiver.err.wait((line) => line.startsWith('left: '), 'it left');
    await state(page, '1 peer');
    await object(page, 'slider /fader/1').getByRole('slider').fill('0.5');
    await receiver.out.wait((line) => line.includes('0.5'), 'the fader');
  });
});

// By itself, as browsers forget whoever stands still for ten seconds.
test('a peer that stands still holds up nobody, and gets the last value when it goes on', async (t) => {
  const { native, url } = await place(t);
  const address = `/${'long'.repeat(1000)}`;
  const objects = [
    ['slider', 24, 40, { address }],
    ['netsend', 24, 200, { channel: 'osc' }],
  ];
  const page = await browser.open(t, url + patchHash(objects, [[0, 1]]));
  const [frozen, receiver] = [native('netrecv', 'osc'), native('netrecv', 'osc')];
  await state(page, '2 peers');
  frozen.kill('SIGSTOP');
  // Enough to fill what the browser buffers, and then what the page keeps.
  const fader = page.getByRole('slider');
  await fader.evaluate(async (range) => {
    for (let i = 1; i <= 1200; i++) {
      range.value = String((i % 1000) / 1000);
      range.dispatchEvent(new Event('input', { bubbles: true }));
      if (i % 20 === 0) await new Promise((done) => setTimeout(done));
    }
  });
  await fader.fill('0.123');
  // Far more than a browser takes for a peer that takes nothing.
  for (let i = 0; i < 100; i++) await receiver.out.wait(() => true, `message ${i} meanwhile`);
  frozen.kill('SIGCONT');
  for (const each of [receiver, frozen])
    await each.out.wait((line) => line.includes(':0.123}'), 'the last');
  await fader.fill('0.321');
  for (const each of [receiver, frozen])
    await each.out.wait((line) => line.includes(':0.321}'), 'a later one');
});

// The browser keeps the connection of whom Trystero has dropped, and answers on it for ever.
test('a peer that stood still until it was dropped is met anew', async (t) => {
  const { native, url } = await place(t);
  const objects = [
    ['slider', 24, 40, {}],
    ['netsend', 24, 200, { channel: 'osc' }],
  ];
  const page = await browser.open(t, url + patchHash(objects, [[0, 1]]));
  const [frozen, receiver] = [native('netrecv', 'osc', '-v'), native('netrecv', 'osc', '-v')];
  await state(page, '2 peers');
  frozen.kill('SIGSTOP');
  await state(page, '1 peer');
  frozen.kill('SIGCONT');
  await state(page, '2 peers');
  await page.getByRole('slider').fill('0.321');
  for (const each of [receiver, frozen])
    await each.out.wait((line) => line.includes('0.321'), 'a value');
});

test('a peer that is heard and never reached is said', async (t) => {
  const { site, url } = await place(t);
  const page = await browser.open(t, url);
  // As Trystero's topics are made (doc of the wire: SHA-1, each byte in base 36).
  const topic = [...createHash('sha1').update('Trystero@patchies@x').digest()]
    .map((byte) => byte.toString(36))
    .join('');
  const socket = new WebSocket(site.relayUrl);
  t.after(() => socket.terminate());
  const announce = async () =>
    socket.send(await createEvent(topic, JSON.stringify({ peerId: 'A'.repeat(20) })));
  socket.on('open', () => {
    const beat = setInterval(announce, 500);
    t.after(() => clearInterval(beat));
  });
  await state(page, 'Connecting');
  await state(page, 'A peer is heard, but not reached');
  await panel(page).getByText('A firewall').waitFor();
});

test('the monitor: channels that nobody here has an object for, rates, values, paths', async (t) => {
  const { native, url } = await place(t);
  const page = await browser.open(t, url + patchHash());
  const sender = native('netsend', 'lights');
  await state(page, '1 peer');
  const row = (name) => panel(page).locator('tbody tr').filter({ hasText: name });
  const last = panel(page).locator('[data-last=lights]');
  const beat = setInterval(() => sender.write('{"level":3}\n'), 50);
  t.after(() => clearInterval(beat));
  await shows(row('lights'), /^lights\s+([5-9]|[12]\d)(\.\d)?\s+0\s+\d+$/);
  await shows(last, '← {"level":3}');
  await shows(row('direct'), /^z\w{7}\s+direct\s+host – (host|prflx), udp\s+(< )?\d+(\.\d)? ms\s/);
});

describe('plain http on an address of the LAN', () => {
  const setup = [
    'ip link set lo up',
    'ip link add web0 type veth peer name web1',
    'ip addr add 10.98.0.1/24 brd + dev web0',
    'ip link set web0 up && ip link set web1 up',
    'ip route add default dev web0',
  ].join(' && ');
  const works = spawnSync('unshare', ['-rn', 'sh', '-c', setup]).status === 0;

  const options = { skip: !works && 'no network namespaces here' };

  /** A network without the internet: roomwire web, Chromium and native peers are inside. */
  async function lan(t, { args } = {}) {
    const holder = new Process('namespace', 'unshare', [
      '-rn',
      'sh',
      '-c',
      `${setup} && echo up && cat`,
    ]);
    t.after(() => holder.stop());
    await holder.out.wait((line) => line === 'up', 'the network');
    const enter = ['-t', String(holder.pid), '-n', '-U', '--preserve-credentials'];
    const wrap = (...command) => ['nsenter', ...enter, ...command];
    const site = await startSite({ address: '10.98.0.1', wrap, args });
    t.after(() => site.stop());
    const folder = mkdtempSync(join(tmpdir(), 'roomwire-web-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const inside = join(folder, 'chromium');
    writeFileSync(inside, `#!/bin/sh\nexec ${wrap(browsers.chromium.options.executablePath).join(' ')} "$@"\n`);
    chmodSync(inside, 0o755);
    const browser = await Browser.start('chromium', { executablePath: inside });
    t.after(() => browser.stop());
    const native = (...own) => {
      const connection = ['--room', 'lan', '--relay', site.relayUrl];
      const [command, ...rest] = wrap(roomwireBinary(), ...own, ...connection);
      const started = new Process(`roomwire ${own[0]} inside`, command, rest, { env: offlineEnv });
      t.after(() => started.stop());
      return started;
    };
    return { native, folder, open: (allow) => browser.open(t, `${site.url}?room=lan`, { ...desk, allow }) };
  }

  test('two pages and a native peer, without crypto.subtle', options, async (t) => {
    const { native, folder, open } = await lan(t);
    const [page, other] = await Promise.all([open(), open()]);
    const hidden = () => [
      isSecureContext,
      typeof crypto.randomUUID,
      crypto.subtle?.constructor.name,
    ];
    assert.deepEqual(await page.evaluate(hidden), [false, 'undefined', 'Object']);
    const receiver = native('netrecv', 'osc');
    await Promise.all([state(page, '2 peers'), state(other, '2 peers')]);
    await object(page, 'slider /fader/1').getByRole('slider').fill('0.5');
    const heard = await receiver.out.wait(() => true, 'the fader');
    assert.equal(heard, '{"address":"/fader/1","args":[{"type":"f","value":0.5}]}');
    await shows(other.locator('output.value'), heard);
    native('netsend', 'osc', 'back', '--peers', '3');
    for (const one of [page, other]) await shows(one.locator('output.value'), 'back');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied.').waitFor();
    // The phone beside reads the same off the screen.
    const image = join(folder, 'code.png');
    await page.getByRole('img', { name: 'QR code' }).screenshot({ path: image });
    assert.equal(await readImage(image), await page.getByRole('textbox', { name: 'link' }).inputValue());
  });

  test('public relays and STUN that cannot be reached do not hinder', options, async (t) => {
    const { native, open } = await lan(t, { args: [] });
    const page = await open(allow);
    const config = await page.evaluate(() => fetch('config.json').then((one) => one.json()));
    assert.equal(config.publicRelays, true);
    native('netrecv', 'osc');
    await state(page, '1 peer');
  });
});
