// What the page says and does where something is missing or refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { browsers } from '../interop/lib/browser.mjs';
import { roomwire } from '../interop/lib/native.mjs';
import { test } from '../interop/lib/test.mjs';
import { Browser, desk, patchHash, state, until } from './lib/pages.mjs';
import { dist, startSite } from './lib/site.mjs';

async function start(t, name, options) {
  const browser = await Browser.start(name, options);
  t.after(() => browser.stop());
  return browser;
}

async function serve(t, options) {
  const site = await startSite(options);
  t.after(() => site.stop());
  const native = () => {
    const receiver = roomwire(['netrecv', 'x', '--room', 'x', '--relay', site.relayUrl]);
    t.after(() => receiver.stop());
  };
  return { site, native, url: `${site.url}?room=x${patchHash()}` };
}

const panel = (page) => page.getByRole('complementary', { name: 'room' });
const firefox = (preferences) => ({
  firefoxUserPrefs: { ...browsers.firefox.options.firefoxUserPrefs, ...preferences },
});

test('a browser without WebRTC: the page says so', async (t) => {
  const { url } = await serve(t);
  const browser = await start(t, 'firefox', firefox({ 'media.peerconnection.enabled': false }));
  const page = await browser.open(t, url);
  await page.getByRole('heading', { name: 'No WebRTC here' }).waitFor();
  await page.getByText('media.peerconnection.enabled').waitFor();
});

test('a browser that gives no address: the page says so', async (t) => {
  const { native, url } = await serve(t);
  const proxyOnly = firefox({ 'media.peerconnection.ice.proxy_only': true });
  const browser = await start(t, 'firefox', proxyOnly);
  const page = await browser.open(t, url, { ...desk, allow: /ICE failed/ });
  native();
  await state(page, 'This browser gives no address');
  await panel(page).getByText('on a network without a gateway').waitFor();
});

/** In the page: peers stay half let in, and goodbyes cannot be said. */
function holdPeers() {
  const says = (data, action) => new TextDecoder().decode(data).includes(action);
  globalThis.held = { on: true, peers: 0, goodbyes: 0 };
  const later = setTimeout;
  const patience = 10_000; // of Trystero, for peers that are half in (core/dist/room.mjs)
  globalThis.setTimeout = (run, ms, ...rest) =>
    later(run, ms === patience ? 100 * patience : ms, ...rest);
  const hold = (channel) => {
    channel.addEventListener('message', (event) => {
      if (!held.on || !says(event.data, '@_hsready')) return;
      held.peers++;
      event.stopImmediatePropagation();
    });
    const send = channel.send.bind(channel);
    channel.send = (data) => {
      if (!held.on || !says(data, '@_leave')) return send(data);
      held.goodbyes++;
      throw new DOMException('the channel is closed', 'InvalidStateError');
    };
    return channel;
  };
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(options) {
      super(options);
      this.addEventListener('datachannel', ({ channel }) => hold(channel));
    }
    createDataChannel(...args) {
      return hold(super.createDataChannel(...args));
    }
  };
}

test('a goodbye that fails, when the relay is back: the page is in the room', async (t) => {
  const { site, native, url } = await serve(t);
  const browser = await start(t, 'chromium');
  const prepare = (page) => page.addInitScript(holdPeers);
  const page = await browser.open(t, url, { ...desk, prepare, allow: /WebSocket connection to/ });
  native();
  await until('a peer that is half in', () => page.evaluate(() => held.peers > 0));
  await site.stopRelay();
  await site.startRelay();
  await until('a goodbye', () => page.evaluate(() => held.goodbyes > 0));
  await page.evaluate(() => (held.on = false));
  native();
  await state(page, '1 peer');
});

test('a room that cannot be joined: the page says why, and tries again', async (t) => {
  const { native, url } = await serve(t);
  const browser = await start(t, 'chromium');
  const prepare = (page) =>
    page.addInitScript(() => {
      const own = RTCPeerConnection;
      globalThis.RTCPeerConnection = class extends own {
        constructor(options) {
          if (!globalThis.isFree) throw new DOMException('Cannot create so many PeerConnections');
          super(options);
        }
      };
    });
  const page = await browser.open(t, url, { ...desk, prepare });
  await state(page, 'The room cannot be joined');
  await panel(page).getByText('so many PeerConnections').waitFor();
  await page.evaluate(() => (globalThis.isFree = true));
  native();
  await state(page, '1 peer');
});

/** The page as it would come from the internet: by https, from a name. */
async function servePublic(t, folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-subj', '/CN=stage.example', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...curve, ...files], { stdio: 'pipe' });
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const { pathname } = new URL(request.url, 'https://stage.example');
    if (pathname === '/config.json')
      return response.end(JSON.stringify({ publicRelays: false, iceServers: [] }));
    const name = pathname === '/' ? '/index.html' : pathname;
    response.setHeader('content-type', types[extname(name)] ?? 'image/svg+xml');
    response.end(readFileSync(join(dist, name)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return server.address().port;
}

test('a page from the internet and a relay on this machine: the question of the browser', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-public-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const port = await servePublic(t, folder);
  const origin = `https://stage.example:${port}`;
  const { site, native } = await serve(t, { args: ['--local', '--allow-origin', origin] });
  const browser = await start(t, 'chromium', {
    args: [
      ...browsers.chromium.options.args,
      '--host-resolver-rules=MAP stage.example 127.0.0.1',
      `--ip-address-space-overrides=127.0.0.1:${port}=public`,
    ],
  });
  // The page's own relay would be where the page is.
  const prepare = (page) =>
    page.addInitScript((relay) => {
      const own = WebSocket;
      globalThis.WebSocket = class extends own {
        constructor() {
          super(relay);
        }
      };
    }, site.relayUrl);
  const url = `${origin}/?room=x${patchHash()}`;
  const options = { ...desk, prepare, ignoreHTTPSErrors: true, allow: /WebSocket connection to/ };
  const page = await browser.open(t, url, options);
  await state(page, 'The relay does not answer');
  // Without a window Chromium answers with no.
  await panel(page).getByText('The browser was told not to let it reach devices there').waitFor();
  await page.context().grantPermissions(['local-network-access']);
  native();
  await state(page, '1 peer');
  assert.equal(await panel(page).getByText('This page comes from the internet').count(), 0);
});
