// Where peers are looked for, and trying again when a relay went away.
import {
  defaultRelayUrls,
  getRelaySockets,
  pauseRelayReconnection,
  resumeRelayReconnection,
} from '@trystero-p2p/nostr';

/** The relay of the process that serves this page: its own port speaks Nostr. */
export function ownRelay(location: { protocol: string; host: string }): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`;
}

// The release that Patchies locks, 0.23.0, looks in others than this one; both are asked, or people
// in a patch there would not be met.
const relaysOfPatchies = [
  'wss://relay02.lnfi.network',
  'wss://purplerelay.com',
  'wss://relay.satlantis.io',
  'wss://nostr-relay.corb.net',
  'wss://testing.gathr.gives',
];
const taken = 5; // Trystero's redundancy: it asks the first five of its list as shuffled for the app

export function publicRelays(appId: string): string[] {
  return [...new Set([...shuffled(defaultRelayUrls, appId).slice(0, taken), ...relaysOfPatchies])];
}

/** As Trystero does it (core/dist/utils.mjs), so that the same relays come out for the same app. */
export function shuffled(urls: readonly string[], appId: string): string[] {
  let seed = 0;
  for (let i = 0; i < appId.length; i++) seed += appId.charCodeAt(i);
  const random = (): number => {
    const x = Math.sin(seed++) * 10_000;
    return x - Math.floor(x);
  };
  const mixed = [...urls];
  for (let left = mixed.length; left > 0;) {
    const other = Math.floor(random() * left--);
    const [a, b] = [mixed[left], mixed[other]];
    if (a !== undefined && b !== undefined) [mixed[left], mixed[other]] = [b, a];
  }
  return mixed;
}

export interface RelayState {
  url: string;
  isOpen: boolean;
}

const sockets = (): Record<string, WebSocket> => getRelaySockets() as Record<string, WebSocket>;

export const relaySockets = (): WebSocket[] => Object.values(sockets());

/** The relays that were asked so far. */
export function relayStates(): RelayState[] {
  return Object.entries(sockets()).map(([url, socket]) => ({
    url,
    isOpen: socket.readyState === WebSocket.OPEN,
  }));
}

const firstWait = 1_000; // ms
const longestWait = 20_000;

/**
 * Trystero gives a relay up for good after some two minutes of failures. A page on a stage outlives a
 * restart of its relay, so this keeps Trystero's own retries paused and says itself when to try.
 * `onBack` is called when a relay that was away answers again.
 */
export class RelayKeeper {
  #wait = firstWait;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wasAway = new Set<string>();

  constructor(
    private readonly own: string,
    private readonly onBack: (url: string) => void,
  ) {
    pauseRelayReconnection();
    addEventListener('online', () => this.hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.hurry();
    });
    this.#schedule();
  }

  /** There is reason to believe that it works now. */
  hurry(): void {
    this.#wait = firstWait;
    clearTimeout(this.#timer);
    this.#look();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#look(), this.#wait);
  }

  #look(): void {
    const states = relayStates();
    const back: string[] = [];
    for (const { url, isOpen } of states) {
      if (!isOpen) this.#wasAway.add(url);
      else if (this.#wasAway.delete(url)) back.push(url);
    }
    const own = states.find(({ url }) => url === this.own);
    if (states.every(({ isOpen }) => isOpen)) this.#wait = firstWait;
    else {
      resumeRelayReconnection();
      // The pause is over only when all that waited for it has begun.
      setTimeout(pauseRelayReconnection, 0);
      // The own relay is near, and asked often; the public ones are spared once it answers.
      const most = own && !own.isOpen ? longestWait / 4 : longestWait * 3;
      this.#wait = Math.min(this.#wait * 1.5, most);
    }
    this.#schedule();
    back.forEach(this.onBack);
  }
}
