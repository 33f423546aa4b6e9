// What Trystero 0.25 calls of crypto.subtle, for pages that browsers do not hold for secure (plain
// http on a LAN address) and therefore give none: digest SHA-1 and SHA-256, importKey of raw AES-GCM
// keys, encrypt and decrypt with a 16-byte IV. The primitives are those of @noble.
import { gcm } from '@noble/ciphers/aes.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';

type Algorithm = string | { name: string };
type Bytes = ArrayBuffer | ArrayBufferView;

const nameOf = (algorithm: Algorithm): string =>
  (typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase();

function view(data: Bytes): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A buffer of exactly these bytes, as WebCrypto gives it. */
const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

class Key {
  readonly type = 'secret';
  readonly extractable = false;
  readonly #bytes: Uint8Array;

  constructor(
    bytes: Uint8Array,
    readonly algorithm: { name: string; length: number },
    readonly usages: readonly string[],
  ) {
    this.#bytes = bytes;
  }

  bytesFor(usage: string): Uint8Array {
    if (!this.usages.includes(usage)) throw new DOMException(`no ${usage}`, 'InvalidAccessError');
    return this.#bytes;
  }
}

const unsupported = (what: string): never => {
  throw new DOMException(`${what} is not supported here`, 'NotSupportedError');
};

interface GcmParams {
  name: string;
  iv: Bytes;
  additionalData?: Bytes;
}

function cipher(params: GcmParams, key: Key, usage: 'encrypt' | 'decrypt') {
  if (nameOf(params) !== 'AES-GCM') unsupported(params.name);
  const aad = params.additionalData && view(params.additionalData);
  return gcm(key.bytesFor(usage), view(params.iv), aad);
}

export const subtle = {
  async digest(algorithm: Algorithm, data: Bytes): Promise<ArrayBuffer> {
    const name = nameOf(algorithm);
    if (name === 'SHA-1') return bufferOf(sha1(view(data)));
    if (name === 'SHA-256') return bufferOf(sha256(view(data)));
    return unsupported(name);
  },

  async importKey(
    format: string,
    data: Bytes,
    algorithm: Algorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<Key> {
    if (format !== 'raw' || extractable || nameOf(algorithm) !== 'AES-GCM')
      return unsupported(`${format} ${nameOf(algorithm)}`);
    const bytes = Uint8Array.from(view(data));
    if (![16, 24, 32].includes(bytes.length))
      throw new DOMException(`${bytes.length} bytes are no AES key`, 'DataError');
    return new Key(bytes, { name: 'AES-GCM', length: bytes.length * 8 }, [...usages]);
  },

  async encrypt(params: GcmParams, key: Key, data: Bytes): Promise<ArrayBuffer> {
    return bufferOf(cipher(params, key, 'encrypt').encrypt(view(data)));
  },

  async decrypt(params: GcmParams, key: Key, data: Bytes): Promise<ArrayBuffer> {
    const opened = cipher(params, key, 'decrypt');
    try {
      return bufferOf(opened.decrypt(view(data)));
    } catch {
      throw new DOMException('not authentic', 'OperationError');
    }
  },
};
