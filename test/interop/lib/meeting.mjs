// Meeting, counted: two fresh processes (or pages) in a fresh room, again and again.
import { Browser } from './browser.mjs';
import { bothJoined, spawnNativePeer, spawnNodePeer } from './peer.mjs';

/** What the issue asks of every pair. */
export const meetingLimit = 10_000;

/** Ways to make a peer, by name; names are what meet.mjs takes. */
export class Kinds {
  #browsers = new Map();

  async make(name, options) {
    const [stack, version] = name.split('@');
    const trystero = version ?? '0.25.4';
    switch (stack) {
      case 'native':
        return spawnNativePeer();
      case 'node-datachannel':
      case 'werift':
        return spawnNodePeer({ ...options, rtc: stack, trystero });
      case 'node-datachannel-mended':
        return spawnNodePeer({ ...options, trystero, mend: true });
      case 'chromium':
      case 'firefox':
        if (!this.#browsers.has(stack)) this.#browsers.set(stack, Browser.start(stack));
        return (await this.#browsers.get(stack)).peer({ ...options, trystero });
      default:
        throw new Error(`no such kind of peer: ${name}`);
    }
  }

  async stop() {
    for (const browser of this.#browsers.values()) await (await browser).stop();
  }
}

let serial = 0;

/**
 * One meeting. They join at the same moment, so that their announcements cross.
 * @returns {ms} or {ms, failed: what was seen}
 */
export async function meetOnce(kinds, [a, b], relays, prefixes = ['', '']) {
  const peers = await Promise.all([
    kinds.make(a, { idPrefix: prefixes[0] }),
    kinds.make(b, { idPrefix: prefixes[1] }),
  ]);
  const room = `meet-${++serial}`;
  try {
    for (const peer of peers) await peer.open({ relays });
    const start = performance.now();
    await Promise.all(peers.map((peer) => peer.join(room)));
    const failed = await bothJoined(room, ...peers, meetingLimit).then(
      () => undefined,
      (error) => error.message,
    );
    return { ms: performance.now() - start, failed };
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
