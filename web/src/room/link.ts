// Which room a link names, and links that name a room. The rules are those of Patchies.
import { isBuiltIn } from '../messages/message.ts';
import { uuid } from '../crypto/uuid.ts';

export type Result<T> = { ok: true; value: T } | { ok: false; why: string };

const longestRoom = 1_000; // characters; longer ones no longer fit where links are pasted

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

/** The room that a person typed or pasted: an id, or a link of Patchies or of this page. */
export function readRoom(typed: string): Result<string> {
  const text = typed.trim();
  if (text === '') return { ok: false, why: 'A room needs a name.' };
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return checkRoom(text);
  const room = URL.canParse(text) ? roomOf(new URL(text).search) : undefined;
  return room === undefined
    ? { ok: false, why: 'That link names no room: it has no ?room= in it.' }
    : checkRoom(room);
}

export function checkRoom(room: string): Result<string> {
  if (room.length > longestRoom)
    return { ok: false, why: `A room name has at most ${longestRoom} characters.` };
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
