// Limits that a busy machine does not meet.
import { availableParallelism, loadavg } from 'node:os';

/** How many tasks want each core, over the last minute; with a bound, so that a hang ends. */
const crowd = () => Math.min(8, Math.max(1, loadavg()[0] / availableParallelism()));

/** Calls `run` once, after `ms` of a core's time: a second that was shared by four counts as a
 * quarter, and one in which this process stood still not at all. */
export class FairTimer {
  #passed = 0;
  #timer;

  constructor(ms, run) {
    const step = Math.min(1000, Math.max(10, ms / 10));
    this.#timer = setInterval(() => {
      this.#passed += step / crowd();
      if (this.#passed < ms) return;
      this.cancel();
      run();
    }, step);
  }

  /** Does not keep the process from ending. */
  unref() {
    this.#timer.unref();
    return this;
  }

  cancel() {
    clearInterval(this.#timer);
  }
}
