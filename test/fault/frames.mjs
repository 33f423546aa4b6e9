// Frames and chunks of the data channel, well formed or not, as hex for the command `raw`.
import { createHash } from 'node:crypto';

export const tags = { last: 1, meta: 2, binary: 4, json: 8 };

const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const roomToken = (appId, roomId) =>
  createHash('sha256').update(`Trystero:${appId}:${roomId}`).digest('hex');

/** Where things stand in a room frame with a 64-character token. */
export const at = { token: 3, action: 67, nonce: 67 + 32 };

function u16(number) {
  return [number >> 8, number & 255];
}

export function roomFrame(token, chunkBytes) {
  const name = Buffer.from(token);
  return hex(Buffer.concat([Buffer.from([1, ...u16(name.length)]), name, Buffer.from(chunkBytes)]));
}

export function presenceFrame(token, joined) {
  const name = Buffer.from(token);
  return hex(Buffer.concat([Buffer.from([2, joined ? 1 : 0, ...u16(name.length)]), name]));
}

/** An action chunk: 32 bytes of name, nonce, tag bits, progress, payload. */
export function chunk({ action, nonce = 0, tag = tags.last, progress = 255, payload = '' }) {
  const name = Buffer.alloc(32);
  Buffer.from(action).copy(name);
  return Buffer.concat([name, Buffer.from([...u16(nonce), tag, progress]), Buffer.from(payload)]);
}

/** Random bytes that are the same for the same seed. */
export function seededBytes(seed, size) {
  const out = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    out[i] = state;
  }
  return out;
}
