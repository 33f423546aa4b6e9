// Child processes that never outlive the tests.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Log, waitingFor } from './log.mjs';

/** Those that have not ended. */
export const running = new Set();
process.on('exit', () => running.forEach((p) => p.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export class Process {
  #exit;

  /** `parse` makes an item of a line of standard output; lines are items as they are without. */
  constructor(name, command, args, { env = {}, parse } = {}) {
    this.name = name;
    this.out = new Log(`${name} stdout`);
    this.err = new Log(`${name} stderr`);
    // A death signal from the kernel, for when the test itself is killed.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(this);
    this.child.stdin.on('error', () => {}); // a process that ended does not read: seen by its exit
    createInterface({ input: this.child.stdout }).on('line', (line) =>
      this.out.push(parse ? parse(line) : line, line),
    );
    createInterface({ input: this.child.stderr }).on('line', (line) => this.err.push(line));
    this.#exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this);
        this.out.end(`exit ${code ?? signal}`);
        this.err.end(`exit ${code ?? signal}`);
        resolve({ code, signal });
      });
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** Resolves with {code, signal} when the process has ended and all it said was read. */
  get exit() {
    this.#exit.then(waitingFor(`${this.name}: its end`));
    return this.#exit;
  }

  write(text) {
    this.child.stdin.write(text);
  }

  endInput(text = '') {
    this.child.stdin.end(text);
  }

  kill(signal) {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
  }

  /** Ends the process at once and forgets what it said. */
  async stop() {
    this.kill('SIGKILL');
    // What it started itself may live on and hold these open.
    this.child.stdout.destroy();
    this.child.stderr.destroy();
    await this.exit;
    this.out.close();
    this.err.close();
  }

  /** Memory of the process in KiB. */
  get rss() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }
}
