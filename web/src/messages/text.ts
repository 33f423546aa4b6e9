// Messages as people type them and read them.
import type { Message } from './message.ts';

/** What is JSON is that value, all else a string: as `roomwire netsend` reads a line. */
export function parseTyped(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return text;
  }
}

const bytesShown = 24;

/** One line for a screen: strings bare, the rest as JSON, and no more than `limit` characters. */
export function show(message: Message, limit = 400): string {
  const text = showWhole(message);
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

function showWhole(message: Message): string {
  if (typeof message === 'string') return message;
  if (message instanceof Uint8Array) return showBytes(message);
  try {
    return JSON.stringify(message, (_key, value: unknown) =>
      value instanceof Uint8Array ? showBytes(value) : value,
    );
  } catch {
    return '(too deep to show)'; // arrays in arrays, by the thousand
  }
}

function showBytes(bytes: Uint8Array): string {
  const hex = [...bytes.subarray(0, bytesShown)].map((b) => b.toString(16).padStart(2, '0'));
  const more = bytes.length > bytesShown ? ' …' : '';
  return `${bytes.length} bytes: ${hex.join(' ')}${more}`;
}

/** A number for a label: no more digits than one can read. */
export function showNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
