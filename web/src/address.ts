// Keeps the address bar true: ?room= and the patch, so that a reload or a copied address is the same.
import { decodePatch, encodePatch, storePatch } from './patch/codec.ts';
import { type Change, Patch } from './patch/model.ts';
import { checkRoom, newRoom, patchOf, roomOf, withPatch, withRoom } from './room/link.ts';

const settle = 500; // ms; browsers refuse an address that changes with every move of a fader

export class Address {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #written = location.hash;
  #changes = 0;
  /** So many of them are in the address. */
  #saved = 0;

  constructor(
    private readonly patch: Patch,
    private readonly onRoom: (room: string) => void,
  ) {}

  get room(): string | undefined {
    return roomOf(location.search);
  }

  /** Takes a room that can be none out of the address, and says why. */
  refuseBadRoom(): string | undefined {
    const checked = this.room === undefined ? undefined : checkRoom(this.room);
    if (!checked || checked.ok) return undefined;
    history.replaceState(null, '', withRoom(location.href, undefined));
    return checked.why;
  }

  /** What the link brings: true when it held a patch, 'damaged' when that cannot be read. */
  async load(): Promise<'nothing' | 'patch' | 'partly' | 'damaged'> {
    const text = patchOf(keptForReload(location.hash) ?? location.hash);
    if (text === undefined) return 'nothing';
    try {
      return (await decodePatch(text, this.patch)) > 0 ? 'partly' : 'patch';
    } catch {
      this.patch.clear();
      return 'damaged';
    }
  }

  /** From now on the address follows the patch. */
  follow(): void {
    this.patch.onChange((change) => this.#changed(change));
    addEventListener('pagehide', () => this.#writeNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.#writeNow();
    });
    // A link typed or pasted over this one, or gone back to: the browser loads nothing by itself.
    addEventListener('hashchange', () => {
      if (location.hash !== this.#written) location.reload();
    });
  }

  /** The room of this page; made and put into the address when there is none. */
  needRoom(): string {
    const known = this.room;
    if (known !== undefined) return known;
    const room = newRoom();
    history.replaceState(null, '', withRoom(location.href, room));
    this.onRoom(room);
    return room;
  }

  /** Another room is another page, to which one can go back. */
  async go(room: string): Promise<void> {
    await this.write();
    location.assign(withRoom(location.href, room));
  }

  /** A link with the room and all objects. */
  async link(): Promise<string> {
    this.needRoom();
    await this.write();
    return location.href;
  }

  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changes = this.#changes;
    // A longer link is better than none.
    const text = await encodePatch(this.patch).catch(() => storePatch(this.patch));
    if (changes >= this.#saved) this.#put(text, changes);
  }

  /** Before the page goes. Not over a link that was put in the address meanwhile. */
  #writeNow(): void {
    if (this.#saved >= this.#changes || location.hash !== this.#written) return;
    const was = location.hash;
    this.#put(storePatch(this.patch), this.#changes);
    keepForReload({ was, hash: location.hash });
  }

  /** In the room of now: it may have been set while the patch was packed. */
  #put(text: string, changes: number): void {
    history.replaceState(null, '', withPatch(location.href, text));
    this.#written = location.hash;
    this.#saved = changes;
  }

  #changed(change: Change): void {
    if (change.what === 'added' && this.patch.usesRoom()) this.needRoom();
    this.#changes++;
    // Not put off by further changes: values may come without end.
    this.#timer ??= setTimeout(() => void this.write(), settle);
  }
}

// A reload takes the address as it was when it began: what pagehide writes is too late for it.
const key = 'roomwire.patch';

function keepForReload(kept: { was: string; hash: string }): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // Not allowed here, or full: the last half second is lost.
  }
}

/** What the page held when it was reloaded with the fragment `hash`. */
function keptForReload(hash: string): string | undefined {
  try {
    const text = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    const [navigation] = performance.getEntriesByType('navigation');
    if (text === null || (navigation as PerformanceNavigationTiming).type !== 'reload') return;
    const kept = JSON.parse(text) as { was?: unknown; hash?: unknown };
    return kept.was === hash ? String(kept.hash) : undefined;
  } catch {
    return undefined;
  }
}
