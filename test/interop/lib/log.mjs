// What one process or page was seen to say, and waiting for it: no test sleeps.
import { FairTimer } from './fair-timer.mjs';

const liveLogs = new Set();
const openWaits = new Set();
let progress = () => {};
/** Calls `told` whenever a wait begins or ends. */
export const onProgress = (told) => (progress = told);
/** Long enough for a busy machine; a passing test never waits that long. */
export const patience = 60_000;
/** Trystero offers again after 57 s only, when its first offer came to nothing. */
export const meetingPatience = 2 * patience;

/** Notes that something is waited for, for whoever hangs there; until what it gives is called.
 * Only a wait that says so may take longer than `patience`. */
export function waitingFor(what, ms = patience) {
  const wait = { what, ms, since: Date.now() };
  openWaits.add(wait);
  progress();
  return () => {
    if (openWaits.delete(wait)) progress();
  };
}

/** The longest time, in ms, that one of the open waits may take. */
export const longestWait = () => Math.max(0, ...[...openWaits].map(({ ms }) => ms));

/** A promise that is waited for under a name. */
export const awaited = (what, promise) => promise.finally(waitingFor(what));

/** What is being waited for. */
export function waits() {
  const shown = [...openWaits].map(
    ({ what, since }) => `${what} (for ${Math.round((Date.now() - since) / 1000)} s)`,
  );
  return shown.length > 0 ? `Waited for: ${shown.join('; ')}.` : 'Nothing known is waited for.';
}

export class Log {
  #items = [];
  #taken = new Set();
  #waiters = new Set();
  #recent = [];

  constructor(name) {
    this.name = name;
    liveLogs.add(this);
  }

  /** An item to wait for: a line, or a parsed event. */
  push(item, shown = typeof item === 'string' ? item : JSON.stringify(item)) {
    this.#items.push(item);
    this.note(shown);
    for (const waiter of [...this.#waiters]) waiter.look();
  }

  /** Something to show when a test fails. */
  note(shown) {
    this.#recent.push(`${new Date().toISOString().slice(14, 23)} ${shown.slice(0, 300)}`);
    if (this.#recent.length > 40) this.#recent.shift();
  }

  end(why) {
    this.ended = why;
    this.note(`(${why})`);
    for (const waiter of [...this.#waiters]) waiter.look();
  }

  /** Forgets what matches until now, so that only what comes later is found. */
  skip(match = () => true) {
    this.#items.forEach((item, index) => match(item) && this.#taken.add(index));
  }

  /** True when a matching item came that nobody has waited for. Does not wait. */
  has(match) {
    return this.#find(match) !== undefined;
  }

  /** Everything that came, waited for or not. */
  all() {
    return [...this.#items];
  }

  count(match) {
    return this.#items.filter((item) => match(item)).length;
  }

  #find(match) {
    const index = this.#items.findIndex((item, i) => !this.#taken.has(i) && match(item));
    return index < 0 ? undefined : index;
  }

  /** The first matching item that no earlier wait took. Rejects with what everybody said. */
  wait(match, what, ms = patience) {
    return new Promise((resolve, reject) => {
      const waiter = {};
      const done = waitingFor(`${this.name}: ${what}`, ms);
      const finish = (settle) => {
        waiter.timer.cancel();
        this.#waiters.delete(waiter);
        done();
        settle();
      };
      waiter.look = () => {
        const index = this.#find(match);
        if (index !== undefined) {
          this.#taken.add(index);
          finish(() => resolve(this.#items[index]));
        } else if (this.ended) {
          finish(() => reject(failure(`${this.name} ended (${this.ended}) before: ${what}`)));
        }
      };
      waiter.timer = new FairTimer(ms, () =>
        finish(() => reject(failure(`${this.name}: ${what} not seen in ${ms} ms`))),
      ).unref(); // who waits in vain after his test has failed holds nothing up
      this.#waiters.add(waiter);
      waiter.look();
    });
  }

  close() {
    liveLogs.delete(this);
  }

  recent(lines = 15) {
    return this.#recent.slice(-lines);
  }
}

/** An error that shows the last lines of every process that is running. */
export function failure(message) {
  const shown = [...liveLogs].map((log) => `--- ${log.name}\n${log.recent().join('\n')}`);
  const error = new Error(`${message}\n${shown.join('\n')}`);
  error.stack = error.message; // the stack is this file; the lines are what helps
  return error;
}
