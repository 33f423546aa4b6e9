// A patch as text for the fragment of a link: base64url of raw deflate of compact JSON.
//   {"v":1,"o":[[kind,x,y,{setting:value}]],"w":[[from,to]]}   from and to count the objects
// Settings that have their default value are left out.
import { longestSetting, Patch, type Settings } from './model.ts';

const version = 1;
const largestJson = 1_000_000; // bytes; a link that unpacks to more is not read

export class DamagedPatch extends Error {}

export async function encodePatch(patch: Patch): Promise<string> {
  return toBase64Url(await through(jsonOf(patch), new CompressionStream('deflate-raw')));
}

/** The same at once, for a page that is about to go, which waits for nothing: deflate that only stores. */
export function storePatch(patch: Patch): string {
  const json = jsonOf(patch);
  const largest = 0xffff; // RFC 1951, 3.2.4
  const blocks: number[] = [];
  for (let at = 0; at < json.length; at += largest) {
    const block = json.subarray(at, at + largest);
    const [low, high] = [block.length & 0xff, block.length >> 8];
    blocks.push(Number(at + largest >= json.length), low, high, low ^ 0xff, high ^ 0xff);
    for (const byte of block) blocks.push(byte);
  }
  return toBase64Url(Uint8Array.from(blocks));
}

function jsonOf(patch: Patch): Uint8Array<ArrayBuffer> {
  const index = new Map([...patch.objects.keys()].map((id, place) => [id, place]));
  const o = [...patch.objects.values()].map(({ kind, x, y, settings }) => {
    const defaults = patch.kinds.get(kind)?.defaults ?? {};
    const own = Object.entries(settings).filter(([key, value]) => value !== defaults[key]);
    return own.length > 0 ? [kind, x, y, Object.fromEntries(own)] : [kind, x, y];
  });
  const w = patch.wires.map(({ from, to }) => [index.get(from), index.get(to)]);
  return new TextEncoder().encode(JSON.stringify({ v: version, o, w }));
}

/**
 * Puts the objects of `text` into the empty `patch`. Throws DamagedPatch when it is none, and leaves
 * the patch empty then. Returns how many objects were left out, as this page does not know them, or
 * have a text that was cut.
 */
export async function decodePatch(text: string, patch: Patch): Promise<number> {
  const { objects, wires } = check(await unpack(text));
  const ids = objects.map(({ kind, x, y, settings }) => patch.add(kind, x, y, settings)?.id);
  for (const [from, to] of wires) {
    const [source, target] = [ids[from], ids[to]];
    if (source !== undefined && target !== undefined) patch.connect(source, target);
  }
  return ids.filter((id, index) => id === undefined || isCut(objects[index]?.settings ?? {})).length;
}

async function unpack(text: string): Promise<unknown> {
  try {
    const bytes = await through(fromBase64Url(text), new DecompressionStream('deflate-raw'));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new DamagedPatch('not a patch');
  }
}

interface PlainObject {
  kind: string;
  x: number;
  y: number;
  settings: Settings;
}

function check(json: unknown): { objects: PlainObject[]; wires: [number, number][] } {
  const { v, o, w } = (json ?? {}) as { v?: unknown; o?: unknown; w?: unknown };
  if (v !== version || !Array.isArray(o) || !Array.isArray(w)) throw new DamagedPatch('no patch');
  const objects = o.map((entry: unknown) => {
    const [kind, x, y, settings = {}] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof kind !== 'string' || !isNumber(x) || !isNumber(y) || !isSettings(settings))
      throw new DamagedPatch('an object is damaged');
    return { kind, x, y, settings };
  });
  const wires = w.map((entry: unknown): [number, number] => {
    const [from, to] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (!isNumber(from) || !isNumber(to)) throw new DamagedPatch('a wire is damaged');
    return [from, to];
  });
  return { objects, wires };
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);

function isSettings(value: unknown): value is Settings {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (one) =>
        typeof one === 'boolean' ||
        isNumber(one) ||
        typeof one === 'string',
    )
  );
}

const isCut = (settings: Settings): boolean =>
  Object.values(settings).some((one) => typeof one === 'string' && one.length > longestSetting);

/** All that comes out of `transform`; throws when that is more than a patch can be. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  // What goes wrong is thrown by the reader, too.
  void writer.write(bytes).catch(() => {});
  void writer.close().catch(() => {});
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = transform.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > largestJson) {
      await reader.cancel();
      throw new DamagedPatch('too large');
    }
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
