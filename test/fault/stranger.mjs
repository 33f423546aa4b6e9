// Somebody who knows the room and speaks the signalling rightly, over the WebSocket relay, but
// sends descriptions and candidates of its own making.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { WebSocket } from '../interop/lib/packages.mjs';

const digest = (name, text) => createHash(name).update(text).digest();
const topicOf = (text) => Array.from(digest('sha1', text), (byte) => byte.toString(36)).join('');

export class Stranger {
  constructor({ appId, roomId, password = '', relayUrl }) {
    this.root = `Trystero@${appId}@${roomId}`;
    this.key = digest('sha256', `${password}:${appId}:${roomId}`);
    this.socket = new WebSocket(relayUrl);
    this.open = new Promise((resolve, reject) =>
      this.socket.on('open', resolve).on('error', reject),
    );
  }

  encrypt(text) {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv);
    const sealed = Buffer.concat([
      cipher.update(text, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `${[...iv].join(',')}$${sealed.toString('base64')}`;
  }

  async publish(topicText, payload) {
    await this.open;
    this.socket.send(
      JSON.stringify({
        type: 'publish',
        topic: topicOf(topicText),
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      }),
    );
  }

  announce(peerId) {
    return this.publish(this.root, { peerId });
  }

  /** kind 'offer', 'answer' or 'candidate'; `text` is encrypted as Trystero would. */
  signal(to, peerId, kind, text, offerId = 'offer0000000') {
    return this.publish(`${this.root}@${to}`, { peerId, offerId, [kind]: this.encrypt(text) });
  }

  /** As it is, not encrypted. */
  raw(to, payload) {
    return this.publish(`${this.root}@${to}`, payload);
  }

  /** The first message of a topic that `wanted` is true for; `meanwhile` may cause it. */
  async heard(topic, wanted, meanwhile = () => {}) {
    await this.open;
    const message = new Promise((resolve, reject) => {
      this.socket.on('message', (data) => {
        const { topic: of, payload } = JSON.parse(data);
        if (of === topic && wanted(payload)) resolve();
      });
      this.socket.on('close', () => reject(new Error('the relay closed the connection')));
    });
    this.socket.send(JSON.stringify({ type: 'subscribe', topic }));
    await meanwhile();
    await message;
  }

  /** Resolves once that peer announces itself in the room: by then it listens, too. */
  sees(peerId, meanwhile) {
    return this.heard(topicOf(this.root), (payload) => payload.includes(peerId), meanwhile);
  }

  /**
   * Resolves once the relay has passed on all that was published: it takes a connection's messages
   * in their order, so a note to oneself comes back after them.
   */
  delivered() {
    const note = `note ${randomBytes(8).toString('hex')}`;
    return this.heard(
      topicOf(note),
      () => true,
      () => this.publish(note, '{}'),
    );
  }

  stop() {
    this.socket.terminate();
  }
}
