// Tests that need ports, broadcast and multicast of their own run in network namespaces: one for
// the test and what it starts, and one for each other machine.
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { patience } from './log.mjs';
import { Process } from './process.mjs';

const mark = 'ROOMWIRE_TEST_NETWORK';
/** Addresses of the test's machine and of the other one. */
export const here = '10.99.0.1';
export const there = '10.99.0.2';

// The IPv6 address of a cable that was just put in is shown, but does not work for a second.
const ipv6Switch = '/proc/sys/net/ipv6/conf/all/disable_ipv6';
const noIpv6 = `[ ! -e ${ipv6Switch} ] || echo 1 > ${ipv6Switch}`;

const sh = (script) => {
  const ended = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${script}: ${ended.stderr}`);
};

/**
 * Call it first, with import.meta.url: runs the file again in a network of its own, there it gives
 * true. Where there are no namespaces it gives false: skip the tests.
 */
export function ownNetwork(url) {
  if (process.env[mark]) {
    sh(`${noIpv6}; ip link set lo up`);
    return true;
  }
  if (spawnSync('unshare', ['-rn', 'true']).status !== 0) return false;
  const again = [...process.execArgv, fileURLToPath(url)];
  const command = ['--pdeathsig', 'KILL', 'unshare', '-rn', process.execPath, ...again];
  const env = { ...process.env, [mark]: '1' };
  // No handler of this process runs while it waits, so a signal must end it, and with it the other.
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  process.exit(spawnSync('setpriv', command, { stdio: 'inherit', env }).status ?? 1);
}

/** Another machine, at the other end of a cable. As on a stage, there is no gateway. */
export async function connectMachine() {
  const holder = new Process('machine', 'unshare', ['-n', 'sh', '-c', 'echo up && exec cat']);
  await holder.out.wait((line) => line === 'up', 'the machine');
  const wrap = (...command) => ['nsenter', '-t', `${holder.pid}`, '-n', ...command];
  const far = (script) => sh(wrap('sh', '-ec', `'${script}'`).join(' '));
  sh(`ip link add dmx0 type veth peer name dmx0 netns ${holder.pid}`);
  const plugged = 'ip link set dmx0 up';
  const up = (address) => `ip addr add ${address}/24 brd + dev dmx0 && ${plugged}`;
  sh(up(here));
  far(`${noIpv6}; ip link set lo up && ${up(there)}`);
  const ear = fileURLToPath(new URL('../peers/udp-ear.mjs', import.meta.url));
  return {
    /** A UDP socket there. Its log has {from, fromPort, to, toPort, bytes}; `to` is the machine. */
    async ear(t, port, ...groups) {
      const [program, ...args] = wrap(process.execPath, ear, `${port}`, there, ...groups);
      const parse = (line) => {
        const { open, address, port: fromPort, hex } = JSON.parse(line);
        if (open) return { open, bytes: Buffer.alloc(0) };
        const bytes = Buffer.from(hex, 'hex');
        return { from: address, fromPort, to: there, toPort: port, bytes };
      };
      const socket = new Process(`UDP ${port}`, program, args, { parse });
      t.after(() => socket.stop());
      await socket.out.wait(({ open }) => open, 'the socket');
      return {
        log: socket.out,
        hears: (match, what) => socket.out.wait(({ bytes }) => match(bytes), what),
        send: (bytes, to, address = here) =>
          socket.write(`${JSON.stringify({ address, port: to, hex: bytes.toString('hex') })}\n`),
      };
    },
    start(name, ...command) {
      const [program, ...args] = wrap(...command);
      return new Process(name, program, args);
    },
    async run(...command) {
      const [program, ...args] = wrap(...command);
      return (await promisify(execFile)(program, args, { timeout: patience })).stdout;
    },
    /** Pulls the cable out of it, or puts it back. */
    plug: (isIn) => far(isIn ? plugged : 'ip link set dmx0 down'),
    stop: () => holder.stop(),
  };
}
