// Those who mean no good to the server of roomwire web, and the page meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from '../interop/lib/test.mjs';
import { endsWell, said } from '../interop/lib/osc.mjs';
import { get, startWeb } from '../interop/lib/web.mjs';

/** What comes back for these bytes until the server closes. */
function ask(port, bytes) {
  return new Promise((resolve) => {
    const parts = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', () => {}); // what came until then counts
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
  });
}

async function isServed(web) {
  const page = await get(web.origin, `/?room=${web.room}`);
  assert.equal(page.status, 200);
  assert.match(page.body.toString(), /<html/);
}

const memory = (web) => {
  const status = readFileSync(`/proc/${web.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
};

test('malformed and oversized requests are answered with their reason', async (t) => {
  const web = await startWeb(t);
  const long = 'a'.repeat(100_000);
  for (const [bytes, status] of [
    [`GET /${long} HTTP/1.1\r\n\r\n`, 414],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${long}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}\r\n`, 431],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['GET /\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nno colon\r\n\r\n', 400],
    ['GET /a b HTTP/1.1\r\n\r\n', 400],
    [`POST / HTTP/1.1\r\nContent-Length: ${long.length}\r\n\r\n${long}`, 405],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n', 405],
    ['DELETE /index.html HTTP/1.1\r\n\r\n', 405],
    ['OPTIONS * HTTP/1.1\r\n\r\n', 405],
    ['GET http://elsewhere/ HTTP/1.1\r\n\r\n', 200],
    ['GET / HTTP/1.0\r\n\r\n', 200],
    ['GET /\x00 HTTP/1.1\r\n\r\n', [400, 404]],
  ]) {
    const answer = await ask(web.port, Buffer.from(bytes, 'latin1'));
    const got = Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
    assert.ok([status].flat().includes(got), `${JSON.stringify(bytes.slice(0, 60))}: ${answer}`);
    if (got === 405) assert.match(answer, /\r\nAllow: GET, HEAD/);
  }
  await isServed(web);
});

/** The status of an answer to who asks for a WebSocket with these headers. */
async function upgrade(port, headers) {
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`));
    socket.on('error', reject);
    socket.once('data', (data) => resolve(Number(String(data).split(' ')[1])) ?? socket.destroy());
  });
}

test('the relay is for the own page and for programs, and for no page from elsewhere', async (t) => {
  const web = await startWeb(t, ['--allow-origin', 'https://patchies.app']);
  const statusOf = (headers) => upgrade(web.port, headers);
  assert.equal(await statusOf({}), 101);
  assert.equal(await statusOf({ Origin: web.origin }), 101);
  assert.equal(await statusOf({ Origin: 'https://patchies.app' }), 101);
  for (const Origin of ['https://evil.example', 'null', `http://localhost:${web.port}`])
    assert.equal(await statusOf({ Origin }), 403, Origin);
  // The name of a stranger that he lets point here.
  const Host = `evil.example:${web.port}`;
  assert.equal(await statusOf({ Host, Origin: `http://${Host}` }), 403);
  assert.equal((await get(web.origin, '/config.json', { headers: { Host } })).status, 421);
  await said(web, /a page of https:\/\/evil\.example may not use this relay; --allow-origin /);
});

test('no path leads out of the page', async (t) => {
  const web = await startWeb(t);
  const paths = ['/etc/passwd', 'proc/self/environ', 'config.json/..', 'package.json', '.git/HEAD']
    .flatMap((path) => ['/', '//', '/../', '/..%2f..%2f', '/%2e%2e/', '/..\\', '/assets/../../'].map((up) => up + path));
  for (const path of paths) {
    const answer = await ask(web.port, `GET ${path} HTTP/1.1\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
    assert.match(answer, /\r\n\r\nNot here\.\n$/, path);
  }
});

test('slow and silent ones hold up nobody', async (t) => {
  const web = await startWeb(t);
  const sockets = Array.from({ length: 500 }, (_, i) => {
    const socket = connect(web.port, '127.0.0.1', () => {
      if (i % 2) socket.write('GET / HTTP/1.1\r\nX: ');
      if (i % 4 === 3) setInterval(() => socket.write('y'), 50).unref();
    });
    socket.on('error', () => {});
    return socket;
  });
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
  await isServed(web);
  web.kill('SIGTERM');
  await endsWell(web);
});

test('thousands of requests leave memory as it was', async (t) => {
  const web = await startWeb(t);
  const round = async () => {
    for (let i = 0; i < 20; ++i) {
      const requests = Array.from({ length: 100 }, (_, n) =>
        n % 2
          ? get(web.origin, '/')
          : // These go away in the middle.
            new Promise((resolve) => {
              const socket = connect(web.port, '127.0.0.1', () =>
                socket.end('GET / HTTP/1.1\r\n\r\n', () => resolve(socket.destroy())),
              );
              socket.on('error', resolve);
            }),
      );
      await Promise.all(requests);
    }
  };
  await round();
  const before = memory(web);
  await round();
  assert.ok(memory(web) < before + 8, `${before} MB became ${memory(web)} MB`);
  await isServed(web);
});
