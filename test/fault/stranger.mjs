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

  stop() {
    this.socket.terminate();
  }
}
