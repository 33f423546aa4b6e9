// roomwire web: a page, a relay and bridges in one process and on one port.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from './lib/test.mjs';
import { gunzipSync } from 'node:zlib';
import { newConfigFolder, roomwire } from './lib/native.mjs';
import { endsWell, oscdumpUdp, oscsend, portOf, said, udpEnd } from './lib/osc.mjs';
import { spawnNodePeer } from './lib/peer.mjs';
import { freePort } from './lib/ports.mjs';
import { codeLines, readTerminal } from './lib/qr.mjs';
import { get, startWeb } from './lib/web.mjs';

async function patch(t, web, { relays = web.relays(), ...options } = {}) {
  const peer = spawnNodePeer({ mend: true, ...options });
  t.after(() => peer.stop());
  await peer.open({ appId: 'patchies', relays });
  await peer.join(web.room);
  return peer;
}

describe('what it serves', { concurrency: true }, () => {
  test('the page, and every file that it names', async (t) => {
    const web = await startWeb(t);
    assert.equal(web.page, `${web.origin}/?room=${web.room}`);
    const page = await get(web.origin, `/?room=${web.room}`);
    assert.equal(page.status, 200);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
    const names = [...page.body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]);
    assert.ok(names.some((name) => name.endsWith('.js')), String(page.body));
    for (const name of names) {
      const file = await get(web.origin, name);
      assert.equal(file.status, 200, name);
      assert.ok(file.body.length > 0);
      const packed = await get(web.origin, name, { headers: { 'accept-encoding': 'gzip, br' } });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.deepEqual(gunzipSync(packed.body), file.body);
      if (name.startsWith('/assets/')) assert.match(file.headers['cache-control'], /immutable/);
      const headers = { 'if-none-match': file.headers.etag };
      assert.equal((await get(web.origin, name, { headers })).status, 304);
    }
  });

  test('with headers that keep others out', async (t) => {
    const web = await startWeb(t);
    for (const path of ['/', '/config.json', '/nothing']) {
      const { headers } = await get(web.origin, path);
      const policy = headers['content-security-policy'];
      for (const part of [
        "default-src 'self'",
        "connect-src 'self' ws: wss:",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ])
        assert.ok(policy.split('; ').includes(part), part);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  test('what the page must know', async (t) => {
    const room = 'a b&c=d/ü';
    const local = await startWeb(t, ['--app-id', 'my "app"'], { room });
    assert.equal(new URL(local.page).searchParams.get('room'), room);
    const { body, headers } = await get(local.origin, '/config.json');
    assert.equal(headers['content-type'], 'application/json');
    const { version, ...config } = JSON.parse(body);
    assert.match(version, /^\d+\.\d+\.\d+$/);
    const offline = { publicRelays: false, iceServers: [] };
    assert.deepEqual(config, { appId: 'my "app"', ...offline, room });

    const ice = { ROOMWIRE_ICE_SERVER: 'stun:one:1,stun:two' };
    const online = roomwire(['web', '--listen', '127.0.0.1:0', '--room', 'r'], { env: ice });
    t.after(() => online.stop());
    const page = (await said(online, /^page /)).slice('page '.length);
    assert.deepEqual(JSON.parse((await get(page, '/config.json')).body), {
      version,
      appId: 'patchies',
      publicRelays: true,
      iceServers: ['stun:one:1', 'stun:two'],
      room: 'r',
    });
    await said(online, /only this machine reaches it; --listen 0\.0\.0\.0:8080 lets phones in/);
    await said(online, /from the internet, .* reaches this relay, Chromium asks its user: allow it/);
  });

  test('nothing else, but the relay to who asks for it', async (t) => {
    const web = await startWeb(t);
    for (const path of ['/nothing', '/../../../../etc/passwd', '/assets/', '/%2e%2e/index.html'])
      assert.equal((await get(web.origin, path)).status, 404, path);
    assert.equal((await get(web.origin, '/', { method: 'POST' })).status, 405);
    const head = await get(web.origin, '/', { method: 'HEAD' });
    assert.equal(head.body.length, 0);
    assert.ok(Number(head.headers['content-length']) > 0);
    const headers = { accept: 'application/nostr+json' };
    const nip11 = JSON.parse((await get(web.origin, '/', { headers })).body);
    assert.deepEqual(nip11.supported_nips, [1, 11]);
  });

  test('the link of the page is all that a native peer needs to find the relay', async (t) => {
    const web = await startWeb(t);
    const trystero = await patch(t, web);
    await trystero.action(web.room, 'chat');
    // Named, so that no public one is asked; nobody is there.
    const elsewhere = ['--relay', 'ws://127.0.0.1:1'];
    const sender = roomwire(['netsend', 'chat', 'hello', '--room', web.page, ...elsewhere]);
    t.after(() => sender.stop());
    const { payload } = await trystero.event('message', { action: 'chat' });
    assert.equal(payload.text, 'hello');
    await endsWell(sender);
  });

  test('by TLS, and then its own bridge finds the relay too', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'roomwire-tls-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-subj', '/CN=stage', '-days', '2', '-keyout', key, '-out', cert],
      ],
      { stdio: 'pipe' },
    );
    const web = await startWeb(t, ['--tls-cert', cert, '--tls-key', key, '--osc-listen', '0']);
    assert.match(web.page, /^https:/);
    assert.equal(web.err.count((line) => line.startsWith('page ')), 1);
    const page = await get(web.origin);
    assert.equal(page.status, 200);
    assert.equal(page.headers['cross-origin-opener-policy'], 'same-origin');
    await said(web, /^relay ws:\/\/127\.0\.0\.1:\d+ answers$/);
    web.kill('SIGTERM');
    await endsWell(web);
  });
});

describe('the relay on the page’s port', { concurrency: true }, () => {
  for (const kind of ['nostr', 'ws']) {
    test(`two Trystero peers meet there (${kind}), and netrecv hears them`, async (t) => {
      const web = await startWeb(t);
      const relays = web.relays(kind);
      const receiver = roomwire([
        ...['netrecv', 'chat', '-C', '1', '--room', web.page],
        ...[kind === 'ws' ? '--ws-relay' : '--relay', relays[0].url],
      ]);
      t.after(() => receiver.stop());
      const [a, b] = await Promise.all([patch(t, web, { relays }), patch(t, web, { relays })]);
      // Each meets the two others.
      for (const each of [a, b, a, b]) await each.event('join', { roomId: web.room });
      await a.action(web.room, 'chat');
      await a.send(web.room, 'chat', { text: 'from the page' });
      assert.equal(await receiver.out.wait(() => true, 'a message'), '"from the page"');
      await endsWell(receiver);
      web.kill('SIGINT');
      await endsWell(web);
    });
  }
});

describe('bridges in the same process', { concurrency: true }, () => {
  test('OSC both ways and lights, with Trystero in the room', async (t) => {
    const port = await freePort();
    const dump = await oscdumpUdp(t, port);
    const lights = await udpEnd(t);
    const web = await startWeb(t, [
      ...['--osc-to', `127.0.0.1:${port}`, '--osc-listen', '127.0.0.1:0'],
      ...['--dmx-to', `artnet://127.0.0.1:${lights.port}/0.0.1`],
    ]);
    const listen = await portOf(web);
    const peer = await patch(t, web);
    await said(web, new RegExp(`^joined: ${peer.id}, at `));
    await peer.action(web.room, 'osc');
    await peer.action(web.room, 'dmx');
    await peer.event('join');
    const json = (value) => ({ jsonText: JSON.stringify(value) });
    await peer.send(web.room, 'osc', json({ address: '/synth/freq', args: [440, 'x'] }));
    await dump.prints('/synth/freq is 440 "x"');
    await oscsend(listen, '/fader', 'f', 0.5);
    const { payload } = await peer.event('message', { action: 'osc' });
    assert.deepEqual(JSON.parse(payload.jsonText), { address: '/fader', args: [0.5] });
    await peer.send(web.room, 'dmx', json([{ channel: 2, value: 99 }]));
    const { bytes } = await lights.next();
    assert.equal(bytes.subarray(0, 7).toString(), 'Art-Net');
    assert.deepEqual([...bytes.subarray(18, 22)], [0, 0, 99, 0]);
    web.kill('SIGTERM');
    await peer.event('leave');
    await said(web, /^to OSC 1, to the room 1$/);
    await endsWell(web);
  });

  test('with their other flags', async (t) => {
    const osc = await udpEnd(t);
    const lights = await udpEnd(t);
    const web = await startWeb(t, [
      ...['--osc-to', `127.0.0.1:${osc.port}`, '--osc-map', '/patch=/1', '--osc-monitor'],
      ...['--dmx-to', `artnet://127.0.0.1:${lights.port}/0.0.1`, '--dmx-scale', '1'],
      ...['--dmx-channel', 'rig', '--dmx-channel-base', '1', '--dmx-on-leave', 'blackout'],
      '--dmx-monitor',
    ]);
    const peer = await patch(t, web);
    await said(web, new RegExp(`^joined: ${peer.id}, at `));
    for (const channel of ['osc', 'rig']) await peer.action(web.room, channel);
    await peer.event('join');
    const json = (value) => ({ jsonText: JSON.stringify(value) });
    await peer.send(web.room, 'osc', json({ address: '/patch/a', args: [5] }));
    await osc.hears('/1/a', 5);
    await peer.send(web.room, 'rig', json([{ channel: 2, value: 1 }]));
    const levels = async () => [...(await lights.next()).bytes.subarray(18, 22)];
    assert.deepEqual(await levels(), [0, 255, 0, 0]);
    web.kill('SIGTERM');
    while ((await levels())[1] !== 0);
    await endsWell(web);
    for (const line of ['> osc /1/a i 5', '> Art-Net 0.0.1: 2=255', '> Art-Net 0.0.1: 2=0'])
      await web.out.wait((each) => each === line, line);
  });
});

describe('when it cannot be', { concurrency: true }, () => {
  const refuse = async (t, args, pattern, code) => {
    const web = roomwire(['web', '--room', 'r', '--local', ...args]);
    t.after(() => web.stop());
    await endsWell(web, code);
    const lines = web.err.recent().filter((line) => !line.includes('(exit '));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], pattern);
  };

  test('a taken port, with bridges and without', async (t) => {
    const { port } = await startWeb(t);
    const taken = new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: .*in use; .*--listen`);
    const listen = ['--listen', `127.0.0.1:${port}`];
    await refuse(t, listen, taken, 1);
    await refuse(t, [...listen, '--osc-listen', '0'], taken, 1);
  });
  for (const [args, pattern, code] of [
    [['--listen', 'everywhere'], /--listen: 'everywhere'/, 2],
    [['--listen', '192.0.2.1:0'], /cannot listen on 192\.0\.2\.1:0: /, 1],
    [['--listen', '127.0.0.1:0', '--osc-to', 'nowhere'], /--osc-to: /, 2],
    [['--listen', '127.0.0.1:0', '--dmx-listen', 'sacn://0'], /--dmx-listen: /, 2],
    [['--listen', '127.0.0.1:0', '--osc-listen', '1', '--osc-every', '9s=/x'], /needs --osc-to;/, 2],
    [['--tls-cert', '/nowhere', '--tls-key', '/nowhere'], /certificate \/nowhere/, 2],
  ])
    test(args.join(' '), (t) => refuse(t, args, pattern, code));
});

const isOpen = ({ family, internal, address }) =>
  family === 'IPv4' && !internal && !address.startsWith('169.254.');
const hasNetwork = Object.values(networkInterfaces()).flat().some(isOpen);
const skip = !hasNetwork && 'this machine has no IPv4 address but loopback';
test('on all addresses: a link for each, and a code for phones', { skip }, async (t) => {
  const args = ['web', '--listen', '0.0.0.0:0', '--local', '-v'];
  const web = roomwire(args, { env: { XDG_CONFIG_HOME: newConfigFolder() } });
  t.after(() => web.stop());
  const lines = [await said(web, /^page /)];
  await said(web, /█/);
  web.kill('SIGTERM');
  await endsWell(web);
  lines.push(...web.err.all().filter((line) => line.startsWith('page ') && line !== lines[0]));
  assert.ok(lines.some((line) => line.startsWith('page http://127.0.0.1:')));
  const first = lines.find((line) => !line.includes('//127.'));
  assert.equal(await readTerminal(codeLines(web.err.all())), first.slice('page '.length));
});
