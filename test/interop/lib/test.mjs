// node:test, with clean-up and limits that hold whatever happens. Every test file takes what it
// needs of node:test from here.
//   - Clean-up runs in reverse order of creation, and every step of it, whatever failed before.
//     node:test itself runs it in order and stops at the first step that fails.
//   - A test, hook or step of clean-up that hangs fails after its limit and says what it waited for.
//   - What a file leaves running is named and ended, so that the file ends.
import { AsyncLocalStorage } from 'node:async_hooks';
import { basename } from 'node:path';
import * as node from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { FairTimer } from './fair-timer.mjs';
import { failure, longestWait, onProgress, patience, waits } from './log.mjs';
import { running } from './process.mjs';

/** In ms of a FairTimer. options.timeout is for tests that are long. */
export const limits = {
  test: 3 * patience,
  step: patience,
  /** Without any test, step or wait that begins or ends; more for a test or wait that says so. */
  standstill: 1.5 * patience,
  /** From the last test until nothing is left of the file. */
  end: 10_000,
};

// Whose a process is, for what looks for those that were left.
process.env.ROOMWIRE_TEST_FILE = basename(process.argv[1] ?? '');

function within(limit, what, run) {
  let timer;
  const late = new Promise((_, reject) => {
    const complain = () => failure(`${what} did not end within ${limit / 1000} s. ${waits()}`);
    timer = new FairTimer(limit, () => reject(complain()));
  });
  return Promise.race([late, (async () => run())()]).finally(() => {
    timer.cancel();
    madeProgress();
  });
}

/** One error that shows them all. */
function together(errors) {
  if (errors.length === 1) return errors[0];
  const error = new Error(errors.map(({ message }) => message).join('\nthen: '));
  error.stack = errors.map(({ stack }) => stack).join('\nthen: ');
  return error;
}

class CleanUp {
  #steps = [];

  add(step) {
    this.#steps.push(step);
  }

  /** Gives what failed. */
  async run() {
    const errors = [];
    while (this.#steps.length > 0) {
      const step = this.#steps.pop();
      await within(limits.step, `the clean-up ${step}`, step).catch((error) => errors.push(error));
    }
    return errors;
  }
}

// A file that makes no progress although each of its parts has a limit.
let standstill;
const longTests = new Set();
function madeProgress() {
  standstill?.cancel();
  const asked = Math.max(longestWait(), ...[...longTests].map(({ timeout }) => timeout));
  const limit = Math.max(limits.standstill, asked > patience ? 1.5 * asked : 0);
  standstill = new FairTimer(limit, () => {
    const said = `nothing happened here for ${limit / 1000} s. ${waits()}`;
    process.stderr.write(`${failure(said).message}\n`);
    process.exit(1);
  }).unref();
}
onProgress(madeProgress);
madeProgress();

const ofFile = new CleanUp();
const scope = new AsyncLocalStorage();

node.after(async () => {
  const errors = await ofFile.run();
  const left = [...running];
  if (left.length > 0) {
    errors.push(failure(`left running, with no clean-up: ${left.map(({ name }) => name).join(', ')}`));
    await Promise.all(left.map((each) => each.stop()));
  }
  new FairTimer(limits.end, () => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`the tests are done, and this keeps the file from ending: ${open}\n`);
    process.exit(1);
  }).unref();
  if (errors.length === 0) return;
  // node:test makes nothing of an error here when it runs one file.
  process.stderr.write(`${together(errors).stack}\n`);
  process.exitCode = 1;
});

/** Clean-up of the file or of the `describe` around it; `before` may register what it makes. */
export function after(step) {
  (scope.getStore() ?? ofFile).add(step);
}

export function before(make) {
  const owner = scope.getStore();
  node.before(() => within(limits.test, 'the preparation', () => scope.run(owner, make)));
}

/** Calls node:test from the place in a test file that called us: that is what it shows. */
function fromCaller(define, ...args) {
  const caller = /(file:.*):(\d+):(\d+)/.exec(new Error().stack.split('\n')[3]);
  const [, url, line, column] = caller ?? [undefined, import.meta.url, 1, 1];
  const place = { lineOffset: line - 1, columnOffset: column - 1, filename: fileURLToPath(url) };
  return runInThisContext('(define, args) => define(...args)', place)(define, args);
}

export function describe(name, ...rest) {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]];
  fromCaller(node.describe, name, options, () => {
    const cleanUp = new CleanUp();
    node.after(async () => {
      const errors = await cleanUp.run();
      if (errors.length > 0) throw together(errors);
    });
    return scope.run(cleanUp, body);
  });
}

/** `options` are node:test's. The body is given node:test's context; its `after` is that of here. */
export function test(name, ...rest) {
  const [{ timeout = limits.test, ...options }, body] = rest.length > 1 ? rest : [{}, rest[0]];
  return fromCaller(node.test, name, options, async (t) => {
    const cleanUp = new CleanUp();
    t.after = (step) => cleanUp.add(step);
    const errors = [];
    const long = { timeout };
    if (timeout > limits.test) longTests.add(long);
    madeProgress();
    await within(timeout, 'the test', () => scope.run(cleanUp, () => body(t))).catch((error) =>
      errors.push(error),
    );
    longTests.delete(long);
    errors.push(...(await cleanUp.run()));
    madeProgress();
    if (errors.length > 0) throw together(errors);
  });
}
