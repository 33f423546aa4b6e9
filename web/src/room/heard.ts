// Peers that speak on a relay: they announce themselves and send offers there. Who is heard again and
// again and never joins cannot be reached. Time comes in; no clock here.

const forgottenAfter = 75_000; // ms; Trystero announces at least once a minute
const most = 100; // peers; further ones are not noted until others are forgotten

export class Heard {
  #peers = new Map<string, { first: number; last: number }>();

  constructor(private readonly selfId: string) {}

  /** A message of a relay, as text: a Nostr event ["EVENT", id, {content}] of a peer, or not. */
  note(text: string, now: number): void {
    const peer = speakerOf(text);
    if (peer === undefined || peer === this.selfId) return;
    this.#forgetOld(now);
    const known = this.#peers.get(peer);
    if (known) known.last = now;
    else if (this.#peers.size < most) this.#peers.set(peer, { first: now, last: now });
  }

  /** It has joined, or left: what was heard of it before counts no more. */
  forget(peer: string): void {
    this.#peers.delete(peer);
  }

  /** When each was heard for the first time that is still heard. */
  since(now: number): number[] {
    this.#forgetOld(now);
    return [...this.#peers.values()].map(({ first }) => first);
  }

  #forgetOld(now: number): void {
    for (const [peer, { last }] of this.#peers)
      if (now - last > forgottenAfter) this.#peers.delete(peer);
  }
}

function speakerOf(text: string): string | undefined {
  if (!text.startsWith('["EVENT"')) return undefined;
  try {
    const [, , event] = JSON.parse(text) as [unknown, unknown, { content?: unknown }];
    const content: unknown = JSON.parse(String(event.content));
    const { peerId } = (content ?? {}) as { peerId?: unknown };
    return typeof peerId === 'string' && peerId.length <= 64 ? peerId : undefined;
  } catch {
    return undefined;
  }
}
