// The tests' own ground (lib/test.mjs): clean-up that is sure, hangs that are told, nothing left.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endLeftovers, newMark } from './lib/leftovers.mjs';
import { Process } from './lib/process.mjs';
import { test } from './lib/test.mjs';

/** What a test file says that has this in it, when it has ended. */
async function fileOf(t, body) {
  const head = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { Log } from './lib/log.mjs';
    import { Process } from './lib/process.mjs';
    import { after, before, describe, limits, test } from './lib/test.mjs';
    const say = (text) => process.stderr.write(text + '\\n');`;
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const args = ['-C', folder, process.execPath, '--input-type=module', '--eval', head + body];
  const file = new Process('a test file', 'env', args, { env: { NODE_TEST_CONTEXT: undefined } });
  t.after(() => file.stop());
  assert.equal((await file.exit).code, 1);
  return [...file.out.all(), ...file.err.all()].join('\n');
}

const inOrder = (...words) => new RegExp(words.join('[^]*'));

test('clean-up goes backwards, and on after a step that fails', async (t) => {
  const said = await fileOf(
    t,
    `
    after(() => say('step 6'));
    after(() => { say('step 5'); throw new Error('of the file'); });
    describe('group', () => {
      before(() => after(() => { say('step 3'); throw new Error('of the group'); }));
      after(() => say('step 4'));
      test('one', (t) => {
        t.after(() => say('step 2'));
        t.after(async () => { say('step 1'); throw new Error('second'); });
        throw new Error('first');
      });
    });`,
  );
  assert.match(said, inOrder('step 1', 'step 2', 'step 3', 'step 4', 'step 5', 'step 6'));
  assert.match(said, inOrder('first', 'then: .*second', 'of the group'));
  assert.match(said, /of the file/);
});

test('a test that hangs, and clean-up that does, say what they wait for', async (t) => {
  const said = await fileOf(
    t,
    `
    limits.test = limits.step = 100;
    test('one', async (t) => {
      t.after(() => say('and on'));
      t.after(() => new Promise(() => {}));
      await new Log('the desk').wait(() => false, 'a cue');
    });`,
  );
  assert.match(said, /the test did not end within 0\.1 s\. Waited for: the desk: a cue \(for/);
  assert.match(said, /the clean-up .*new Promise.* did not end within/);
  assert.match(said, /and on/);
});

test('a file in which nothing happens ends soon, and says what it waited for', async (t) => {
  const said = await fileOf(
    t,
    `
    limits.standstill = 300;
    test('one', () => new Log('the desk').wait(() => false, 'a cue'));
    test('two', () => say('and on'));`,
  );
  assert.match(said, /nothing happened here for 0\.3 s\. Waited for: the desk: a cue \(for/);
  assert.doesNotMatch(said, /and on/);
});

test('a file goes on while something happens, and where a test says that it is long', async (t) => {
  const said = await fileOf(
    t,
    `
    limits.standstill = 1000;
    test('one', async () => {
      const desk = new Log('the desk');
      for (let cue = 0; cue < 15; cue++) {
        sleep(100).then(() => desk.push('cue'));
        await desk.wait(() => true, 'a cue');
      }
    });
    test('two', { timeout: 600_000 }, () => sleep(2000));
    test('three', () => { throw new Error('came to the end'); });`,
  );
  assert.match(said, /# pass 2\n/);
  assert.match(said, /came to the end/);
});

test('a process without clean-up is named and ended', async (t) => {
  const said = await fileOf(t, `test('one', () => { new Process('the lamp', 'sleep', ['600']); });`);
  assert.match(said, /left running, with no clean-up: the lamp/);
});

test('what keeps a file from ending is named, and the file ends', async (t) => {
  const said = await fileOf(t, `limits.end = 100; test('one', () => { setInterval(() => {}, 50); });`);
  assert.match(said, /this keeps the file from ending: .*Timeout/);
});

test('a process that outlives the whole run is named and ended', async () => {
  const mark = newMark();
  const env = { ...process.env, ...mark };
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
  const ended = once(child, 'exit');
  const [left, ...more] = await endLeftovers(mark, 0);
  assert.match(left, /^sleep 600 \(pid \d+, from clean-up\.test\.mjs\)$/);
  assert.deepEqual(more, []);
  assert.deepEqual(await ended, [null, 'SIGKILL']);
});
