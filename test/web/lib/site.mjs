// The page under test, on one origin with its relay.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Relay } from '../../interop/lib/native.mjs';

export const dist = fileURLToPath(new URL('../../../web/dist', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** What roomwire web sends, too: a page that needs more than this does not work there. */
const policy = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "script-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

class Site {
  /** The page, a relay on the same port, and no server of anybody else's. */
  static async start({ address = '127.0.0.1', room = 'room-of-the-process' } = {}) {
    if (!existsSync(join(dist, 'index.html')))
      throw new Error(`${dist} is not built: run npm ci && npm run build in web/`);
    const site = new Site();
    site.relay = await Relay.start();
    site.config = { version: 'test', appId: 'patchies', publicRelays: false, iceServers: [], room };
    site.server = createServer((request, response) => site.#answer(request, response));
    site.server.on('upgrade', (request, socket, head) => site.#upgrade(request, socket, head));
    site.server.listen(0, address);
    await once(site.server, 'listening');
    const { port } = site.server.address();
    site.url = `http://${address}:${port}/`;
    site.relayUrl = `ws://${address}:${port}`;
    return site;
  }

  #answer(request, response) {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
    response.setHeader('content-security-policy', policy);
    if (path === '/config.json') {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(this.config));
    }
    const file = join(dist, path === '/' ? 'index.html' : path);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    return createReadStream(file).pipe(response);
  }

  #upgrade(request, socket, head) {
    const relay = connect(this.relay.port, '127.0.0.1', () => {
      const headers = request.rawHeaders.flatMap((name, i, all) =>
        i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : [],
      );
      relay.write(`GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      relay.write(head);
      socket.pipe(relay).pipe(socket);
    });
    for (const end of [socket, relay])
      end.on('error', () => {}).on('close', () => (socket.destroy(), relay.destroy()));
  }

  /** The relay alone goes away and comes back; the page's files stay. */
  stopRelay() {
    return this.relay.stop();
  }
  async startRelay() {
    this.relay = await Relay.start({ port: this.relay.port });
  }

  async stop() {
    this.server.close();
    this.server.closeAllConnections();
    await this.relay.stop();
  }
}

export const startSite = (options) => Site.start(options);
