// How messages are written in the control protocol. In: {text} | {jsonText} | {hex} | {fill, seed}.
// Out: {text} | {jsonText} | {size, hash, hex when short}. The C++ peer (native_peer.cpp) writes
// the same. JSON travels as its text, so that key order and numbers can be compared.

/** `size` bytes in which a swapped, lost, or doubled chunk shows. */
export function patternBytes(size, seed) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i ^ (i >> 8) ^ (i >> 16)) + seed;
  return bytes;
}

/** FNV-1a, 32 bits: short to write in both languages. */
export function hashOf(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const toHex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');

export function bytesFromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function decodePayload(spec) {
  if (spec.text !== undefined) return spec.text;
  if (spec.jsonText !== undefined) return JSON.parse(spec.jsonText);
  if (spec.hex !== undefined) return bytesFromHex(spec.hex);
  return patternBytes(spec.fill, spec.seed ?? 0);
}

export function describePayload(value) {
  if (typeof value === 'string') return { text: value };
  if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer))
    return { jsonText: JSON.stringify(value) };
  const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
  const short = bytes.length <= 64 ? { hex: toHex(bytes) } : {};
  return { size: bytes.length, hash: hashOf(bytes), ...short };
}
