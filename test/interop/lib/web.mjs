// roomwire web in tests, and plain HTTP to it.
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { roomwire } from './native.mjs';

let rooms = 0;

/** `roomwire web` on loopback, offline, in a new room. */
export async function startWeb(t, args = [], { room = `web-${process.pid}-${++rooms}`, ...options } = {}) {
  const all = ['web', '--listen', '127.0.0.1:0', '--local', '--room', room, ...args];
  const web = roomwire(all, options);
  t.after(() => web.stop());
  const line = await web.err.wait((l) => l.startsWith('page '), 'page');
  web.page = line.slice('page '.length);
  web.room = room;
  web.port = Number(new URL(web.page).port);
  web.origin = new URL(web.page).origin;
  web.relays = (kind = 'nostr') => [{ kind, url: `ws://127.0.0.1:${web.port}` }];
  return web;
}

/** {status, headers, body}; `path` goes out as it is. */
export function get(origin, path = '/', { method = 'GET', headers = {} } = {}) {
  const { protocol, hostname, port } = new URL(origin);
  const options = { hostname, port, path, method, headers, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    (protocol === 'https:' ? https : http)(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status } = response;
        resolve({ status, headers: response.headers, body: Buffer.concat(parts) });
      });
    })
      .on('error', reject)
      .end();
  });
}
