// Meeting, counted: two fresh processes (or pages) in a fresh room, again and again.
import { Browser } from './browser.mjs';
import { meetingPatience } from './log.mjs';
import { allJoined, spawnNativePeer, spawnNodePeer } from './peer.mjs';

/** What is asked of every pair. */
export const meetingLimit = 10_000;
/** Ten processes begin at once, and Trystero offers again after 57 s only. */
const meshLimit = meetingPatience;

/** Ways to make a peer, by name; names are what meet.mjs takes. */
export class Kinds {
  #browsers = new Map();

  async make(name, options) {
    const [stack, version] = name.split('@');
    const trystero = version ?? '0.25.4';
    switch (stack) {
      case 'native':
        return spawnNativePeer(options);
      case 'node-datachannel':
      case 'werift':
        return spawnNodePeer({ ...options, rtc: stack, trystero });
      case 'node-datachannel-mended':
        return spawnNodePeer({ ...options, trystero, mend: true });
      case 'chromium':
      case 'firefox':
        if (options.machine) throw new Error('browsers run on this machine: name them second');
        if (!this.#browsers.has(stack)) this.#browsers.set(stack, Browser.start(stack));
        return (await this.#browsers.get(stack)).peer({ ...options, trystero });
      default:
        throw new Error(`no such kind of peer: ${name}`);
    }
  }

  async stop() {
    await Promise.all([...this.#browsers.values()].map(async (browser) => (await browser).stop()));
  }
}

let serial = 0;

/**
 * One meeting of as many as are named. They join at the same moment, so that their announcements
 * cross. `machine`: the first runs on it, and every second one after it. Of many, each must meet the
 * native ones; whether the others met among themselves is told apart, for they miss each other now
 * and then.
 * @returns {ms} or {ms, failed: what was seen}, and {strangers: true} when those met too
 */
export async function meetOnce(kinds, names, relays, { prefixes = [], machine, limit } = {}) {
  const peers = await Promise.all(
    names.map((name, i) =>
      kinds.make(name, {
        idPrefix: prefixes[i] ?? '',
        machine: i % 2 === 0 ? machine : undefined,
      }),
    ),
  );
  const room = `meet-${++serial}`;
  try {
    for (const peer of peers) await peer.open({ relays });
    const start = performance.now();
    await Promise.all(peers.map((peer) => peer.join(room)));
    const most = limit ?? (peers.length > 2 ? meshLimit : meetingLimit);
    const isMesh = peers.length > 2;
    const isOurs = (...pair) => pair.some((peer) => names[peers.indexOf(peer)] === 'native');
    const wait = (wanted) =>
      allJoined(room, peers, most, wanted).then(
        () => undefined,
        (error) => error.message,
      );
    const failed = await wait(isMesh ? isOurs : undefined);
    const ms = performance.now() - start;
    if (!isMesh || failed) return { ms, failed };
    return { ms, strangers: !(await wait((...pair) => !isOurs(...pair))) };
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
