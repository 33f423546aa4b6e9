// The shapes that bridges understand, both ways: OSC {"address","args"}, DMX [{"channel","value"}].
import { isMap, type Message } from './message.ts';

/** How a control speaks. The keys are those of its settings. */
export interface Speech {
  as: string; // 'osc', 'dmx' or 'plain'
  address: string;
  channel: number; // the first DMX channel, from 0
}

/** One state of a control, in the three forms that it can be sent in. */
export interface Reading {
  /** OSC arguments. */
  args: Message[];
  /** DMX levels from 0 to 1, one a channel. */
  levels: number[];
  plain: Message;
}

/** Binary fractions such as 0.30000000000000004 are of no use to anybody. */
export const rounded = (value: number): number => Number(value.toPrecision(6));

/**
 * An OSC argument that is a float at its ends, too. Receivers read 1 and 1.0 differently, and JSON
 * cannot tell one from the other.
 */
export const float = (value: number): Message => ({ type: 'f', value });

export function shape(speech: Speech, reading: Reading): Message {
  if (speech.as === 'osc') return { address: speech.address, args: reading.args };
  if (speech.as === 'dmx')
    return reading.levels.map((level, index) => ({
      channel: speech.channel + index,
      value: Math.round(Math.min(1, Math.max(0, level)) * 255),
    }));
  return reading.plain;
}

/** What a control is told: values in its own unit, or levels from 0 to 1; holes stay as they are. */
export type Told = { values: (number | undefined)[] } | { levels: (number | undefined)[] };

/**
 * Reads a message for a control of `count` numbers; undefined when it is not meant for it: OSC for
 * another address, DMX for other channels. A control that speaks plain values takes what comes.
 */
export function told(speech: Speech, count: number, message: Message): Told | undefined {
  const dmx = dmxLevels(message);
  if (dmx) {
    if (speech.as === 'osc') return undefined;
    const first = speech.as === 'dmx' ? speech.channel : 0;
    const levels = Array.from({ length: count }, (_, index) => dmx.get(first + index));
    return levels.some((level) => level !== undefined) ? { levels } : undefined;
  }
  if (isOsc(message) && !isFor(speech, message.address)) return undefined;
  const values = numbersOf(message).slice(0, count);
  return values.length > 0 ? { values } : undefined;
}

const isFor = ({ as, address }: Speech, asked: string): boolean =>
  as === 'plain' || (as === 'osc' && asked === address);

export function isOsc(message: Message): message is { address: string; args?: Message } {
  return isMap(message) && typeof message['address'] === 'string';
}

const deepest = 8; // arrays in arrays; what is deeper is not looked at
const mostNumbers = 512;

/** The numbers of a message that can be shown or used, in order. */
export function numbersOf(message: Message, found: number[] = [], depth = 0): number[] {
  if (depth > deepest || found.length >= mostNumbers) return found;
  if (typeof message === 'number' && Number.isFinite(message)) found.push(message);
  else if (typeof message === 'boolean') found.push(Number(message));
  else if (message instanceof Uint8Array) found.push(...message.subarray(0, mostNumbers));
  else if (Array.isArray(message))
    for (const one of message.slice(0, mostNumbers)) numbersOf(one, found, depth + 1);
  else if (isOsc(message)) numbersOf(message.args ?? [], found, depth + 1);
  else if (isMap(message))
    numbersOf(message['value'] ?? message['velocity'] ?? message['args'] ?? [], found, depth + 1);
  return found;
}

/** Channel → level for a message in the DMX shape. */
function dmxLevels(message: Message): Map<number, number> | undefined {
  if (!Array.isArray(message) || message.length === 0) return undefined;
  const levels = new Map<number, number>();
  for (const one of message) {
    if (!isMap(one)) return undefined;
    const { channel, value } = one;
    if (typeof channel !== 'number' || typeof value !== 'number') return undefined;
    levels.set(channel, value / 255);
  }
  return levels;
}

/** Why `address` is no OSC address, or undefined when it is one. */
export function addressFault(address: string): string | undefined {
  if (!address.startsWith('/')) return 'An OSC address begins with /.';
  // OSC 1.0: what a method's name cannot hold, since patterns use it.
  const bad = /[\s#*,?[\]{}]/.exec(address)?.[0];
  if (bad !== undefined) return `An OSC address cannot hold ${bad === ' ' ? 'spaces' : bad}.`;
  return undefined;
}
