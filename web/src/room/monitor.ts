// What passes in the room: channels, messages a second, last values. Time comes in; no clock here.
import { channelFault } from '../messages/message.ts';
import { show } from '../messages/text.ts';
import { isInternal, readChunk, type Chunk } from './frames.ts';

export type Direction = 'in' | 'out';

export interface Tally {
  in: number;
  out: number;
  bytes: number;
  /** The last value, short enough to show. */
  last: string;
  lastFrom: Direction;
}

const mostChannels = 200; // further ones of a peer that makes up names are not listed
const mostWanted = 700; // with those that somebody here listens to
const decoder = new TextDecoder();
const previewSize = 300; // bytes of a payload that are decoded to be shown

export class Monitor {
  readonly channels = new Map<string, Tally>();
  /** Messages by connection. */
  readonly peers = new WeakMap<object, { in: number; out: number }>();
  #listeners = new Set<(channel: string) => void>();

  /** `isWanted`: whether somebody here listens to a channel, which is then never held back. */
  constructor(private readonly isWanted: (channel: string) => boolean = () => false) {}

  /** Told of each channel when something comes in on it for the first time. */
  onChannel(listener: (channel: string) => void): void {
    this.#listeners.add(listener);
  }

  /** False for what Trystero is not to see: channels that can be none, or beyond what is listed. */
  frame(peer: object, direction: Direction, data: Uint8Array): boolean {
    const chunk = readChunk(data);
    if (!chunk || isInternal(chunk.action)) return true;
    if (channelFault(chunk.action) !== undefined) return false;
    const tally = this.#tally(chunk.action, direction);
    if (!tally) return this.isWanted(chunk.action);
    tally.bytes += chunk.payload.length;
    if (!chunk.isLast) return true;
    tally[direction]++;
    const own = this.peers.get(peer) ?? { in: 0, out: 0 };
    own[direction]++;
    this.peers.set(peer, own);
    tally.last = preview(chunk);
    tally.lastFrom = direction;
    return true;
  }

  #tally(channel: string, direction: Direction): Tally | undefined {
    const known = this.channels.get(channel);
    if (known) return known;
    const most = this.isWanted(channel) ? mostWanted : mostChannels;
    if (this.channels.size >= most) return undefined;
    const tally: Tally = { in: 0, out: 0, bytes: 0, last: '', lastFrom: direction };
    this.channels.set(channel, tally);
    for (const listener of this.#listeners) listener(channel);
    return tally;
  }
}

/** The value of a message of one chunk; of a longer one only its end is here. */
function preview({ payload, isBinary, isJson }: Chunk): string {
  if (isBinary) return show(payload, previewSize);
  const text = decoder.decode(payload.subarray(0, previewSize));
  return isJson ? text : `"${text}"`;
}

/** Messages a second, from counts seen at different times. */
export class Rate {
  #before: { at: number; count: number } | undefined;
  perSecond = 0;

  /** `now` in ms. */
  update(now: number, count: number): number {
    const before = this.#before;
    if (before && now > before.at)
      this.perSecond = (Math.max(0, count - before.count) * 1000) / (now - before.at);
    this.#before = { at: now, count };
    return this.perSecond;
  }
}
