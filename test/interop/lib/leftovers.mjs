// Processes that outlive the tests. All that a run starts inherits a mark in its environment.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Environment for what is started. */
export const newMark = () => ({ ROOMWIRE_TEST_RUN: randomUUID() });

function read(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return []; // it has ended, or is not ours
  }
}

function marked(mark) {
  const [entry] = Object.entries(mark).map((pair) => pair.join('='));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid: Number(pid), env: read(pid, 'environ') }))
    .filter(({ env }) => env.includes(entry));
}

/**
 * Ends what has this mark, and gives a line for each. What was killed as the run ended has
 * `ms` to be gone.
 */
export async function endLeftovers(mark, ms = 10_000) {
  const until = Date.now() + ms;
  let left = marked(mark);
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = marked(mark);
  }
  return left.map(({ pid, env }) => {
    const file = env.find((each) => each.startsWith('ROOMWIRE_TEST_FILE='))?.split('=')[1];
    const line = `${read(pid, 'cmdline').join(' ').slice(0, 200)} (pid ${pid}, from ${file})`;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has ended now
    return line;
  });
}
