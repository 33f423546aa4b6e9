// A relay that turns on its clients. It passes Nostr events on as a relay does, unless told
// otherwise; `tamper` sees every event first.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { schnorr, WebSocketServer } from '../interop/lib/packages.mjs';

const { secretKey, publicKey } = schnorr.keygen();
const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** A Nostr event, rightly signed, with a key of the relay's own. */
export async function signedEvent({ kind, tags, content }) {
  const event = {
    pubkey: hex(publicKey),
    created_at: Math.floor(Date.now() / 1000),
    kind,
    tags,
    content,
  };
  const id = createHash('sha256')
    .update(JSON.stringify([0, event.pubkey, event.created_at, kind, tags, content]))
    .digest();
  return { ...event, id: hex(id), sig: hex(await schnorr.signAsync(id, secretKey)) };
}

export class HostileRelay {
  clients = new Set();
  /** Gets an event, returns the events to pass on in its place. */
  tamper = (event) => [event];
  /** What it says to a new client, to a subscription and to an event. */
  greeting = [];
  onRequest = (id) => [['EOSE', id]];
  reply = ({ id }) => [['OK', id, true, '']];
  /** Called with each new client, {socket, filters}. */
  onClient = () => {};

  static async start() {
    const relay = new HostileRelay();
    relay.http = createServer();
    relay.server = new WebSocketServer({ server: relay.http });
    relay.server.on('connection', (socket) => relay.#serve(socket));
    relay.http.listen(0, '127.0.0.1');
    await once(relay.http, 'listening');
    relay.url = `ws://127.0.0.1:${relay.http.address().port}`;
    return relay;
  }

  #serve(socket) {
    const client = { socket, filters: new Map() };
    client.subscribed = new Promise((resolve) => (client.onSubscribe = resolve));
    this.clients.add(client);
    socket.on('error', () => {});
    socket.on('close', () => this.clients.delete(client));
    socket.on('message', (data) => this.#handle(client, JSON.parse(String(data))));
    this.#say(client, this.greeting);
    this.onClient(client);
  }

  #say({ socket }, messages) {
    for (const message of messages) socket.send(JSON.stringify(message));
  }

  async #handle(client, [type, first, ...rest]) {
    if (type === 'CLOSE') client.filters.delete(first);
    if (type === 'REQ') {
      client.filters.set(first, rest);
      this.#say(client, this.onRequest(first));
      client.onSubscribe();
    }
    if (type !== 'EVENT') return;
    const answer = this.reply(first);
    this.#say(client, answer);
    if (answer.some(([, , isTaken]) => !isTaken)) return;
    for (const event of await this.tamper(first)) this.publish(event);
  }

  publish(event) {
    for (const { socket, filters } of this.clients) {
      for (const [id, list] of filters) {
        const fits = list.some(
          (f) =>
            f.kinds?.includes(event.kind) &&
            event.tags.some(([k, v]) => f['#x']?.includes(v) && k === 'x'),
        );
        if (fits) socket.send(JSON.stringify(['EVENT', id, event]));
      }
    }
  }

  stop() {
    this.server.clients.forEach((socket) => socket.terminate());
    this.server.close();
    this.http.close();
    this.http.closeAllConnections();
  }
}
