// Which room a link names, and links that name a room. The rules are those of Patchies.
import { isBuiltIn } from '../messages/message.ts';
import { uuid } from '../crypto/uuid.ts';

export type Result<T> = { ok: true; value: T } | { ok: false; why: string };

const longestRoom = 1_000; // bytes of UTF-8, so 3,000 in a link: more does not fit where links are pasted

export const newRoom = uuid;

/** The room in the `search` part of a URL; an empty one counts as none. */
export function roomOf(search: string): string | undefined {
  return new URLSearchParams(search).get('room') || undefined;
}

/** `href` with another room, or with none; all else stays. */
export function withRoom(href: string, room: string | undefined): string {
  const url = new URL(href);
  if (room === undefined) url.searchParams.delete('room');
  else url.searchParams.set('room', room);
  return url.href;
}

/**
 * The room that a person typed or pasted: an id, or a link of Patchies or of this page. Read as the
 * program reads --room (test/vectors/links/rooms.json).
 */
export function readRoom(typed: string): Result<string> {
  if (typed === '') return { ok: false, why: 'A room needs a name.' };
  if (!/:\/\/|[?&]room=/.test(typed)) return checkRoom(typed);
  const room = roomParameter(typed);
  if (!room) return { ok: false, why: 'That link names no room: it has no ?room= in it.' };
  return checkRoom(room);
}

/** The first ?room= of a text that need not be a URL, as a page would read it. */
function roomParameter(text: string): string | undefined {
  const query = /^[^#?]*\?([^#]*)/.exec(text)?.[1] ?? '';
  for (const pair of query.split('&')) {
    const [name = '', ...rest] = pair.split('=');
    if (pair !== '' && percentDecoded(name) === 'room') return percentDecoded(rest.join('='));
  }
  return undefined;
}

/** Undefined when it is no UTF-8. */
function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ').replace(/%(?![\da-f]{2})/gi, '%25'));
  } catch {
    return undefined;
  }
}

export function checkRoom(room: string): Result<string> {
  const bytes = new TextEncoder().encode(room).length;
  if (bytes > longestRoom) {
    const why = `A room name has at most ${longestRoom} bytes; this one has ${bytes}.`;
    return { ok: false, why };
  }
  if (isBuiltIn(room))
    return { ok: false, why: `The name ${room} is one that JavaScript keeps for itself.` };
  // Half of a surrogate pair cannot be written into a link: others would get another room.
  if (/\p{Surrogate}/u.test(room))
    return { ok: false, why: 'That name holds half a character; links cannot carry it.' };
  return { ok: true, value: room };
}

const patchPrefix = 'patch=';

/** The patch in the fragment of a URL, still as text; undefined when there is none. */
export function patchOf(hash: string): string | undefined {
  const text = hash.replace(/^#/, '');
  return text.startsWith(patchPrefix) ? text.slice(patchPrefix.length) : undefined;
}

export function withPatch(href: string, text: string | undefined): string {
  const url = new URL(href);
  url.hash = text === undefined ? '' : patchPrefix + text;
  return url.href;
}
