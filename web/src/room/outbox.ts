// What waits for one peer. Each peer has its own, so that one that takes nothing holds up nobody else.
import type { Message } from '../messages/message.ts';

/**
 * Hands one message to the peer. False when the peer did not take it in time and it can be tried
 * again; rejects when it can never be sent.
 */
export type Deliver = (channel: string, message: Message) => Promise<boolean>;

interface Waiting {
  channel: string;
  message: Message;
  size: number;
}

// Beyond these only the newest message of each channel is kept, until the peer takes some again.
const mostMessages = 10_000;
const mostBytes = 4_000_000;
const mostNewest = 200; // channels whose newest message is kept
const pause = 250; // ms before a message that was not taken is tried again

export class Outbox {
  #queue: Waiting[] = [];
  #bytes = 0;
  #newest = new Map<string, Waiting>();
  #newestBytes = 0;
  #isBusy = false;
  #isClosed = false;

  constructor(
    private readonly deliver: Deliver,
    private readonly wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
  ) {}

  /** `size` in bytes, about. False when a message of the channel was left out for it, or it was. */
  push(channel: string, message: Message, size: number): boolean {
    const waiting = { channel, message, size };
    // What is kept as the newest is older than this one, and must not be overtaken by it.
    const took = this.#newest.size > 0 ? this.#keep(waiting) : this.#enqueue(waiting);
    const done = took || (this.#newest.size === 0 && this.#keep(waiting));
    if (!this.#isBusy) void this.#drain();
    return done;
  }

  /** The peer is gone. */
  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#newest.clear();
  }

  #enqueue(waiting: Waiting): boolean {
    const { length } = this.#queue;
    if (length >= mostMessages || (length > 0 && this.#bytes + waiting.size > mostBytes))
      return false;
    this.#queue.push(waiting);
    this.#bytes += waiting.size;
    return true;
  }

  #keep(waiting: Waiting): boolean {
    const { channel, size } = waiting;
    const old = this.#newest.get(channel);
    const bytes = this.#newestBytes - (old?.size ?? 0) + size;
    if (!old && (this.#newest.size >= mostNewest || (this.#newest.size > 0 && bytes > mostBytes)))
      return false;
    this.#newest.set(channel, waiting);
    this.#newestBytes = bytes;
    return !old;
  }

  /** One after the other: Trystero lets a later message pass one that waits. */
  async #drain(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#queue[0]; next && !this.#isClosed; next = this.#queue[0]) {
      const isDone = await this.deliver(next.channel, next.message).catch(() => true);
      if (this.#isClosed) break;
      if (!isDone) {
        await this.wait(pause);
        continue;
      }
      this.#queue.shift();
      this.#bytes -= next.size;
      this.#refill();
    }
    this.#isBusy = false;
  }

  #refill(): void {
    for (const [channel, waiting] of this.#newest) {
      if (!this.#enqueue(waiting)) return;
      this.#newest.delete(channel);
      this.#newestBytes -= waiting.size;
    }
  }
}
