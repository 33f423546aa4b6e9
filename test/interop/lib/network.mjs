// Tests that need ports, broadcast and multicast of their own run in network namespaces: one for
// the test and what it starts, and one for each other machine.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { patience } from './log.mjs';
import { Process } from './process.mjs';

const mark = 'ROOMWIRE_TEST_NETWORK';
/** Addresses of the test's machine and of the other one. */
export const here = '10.99.0.1';
export const there = '10.99.0.2';

const ipv6Conf = '/proc/sys/net/ipv6/conf';
/** False where the kernel has no IPv6. */
export const hasIpv6 = existsSync(ipv6Conf);
const noIpv6 = hasIpv6 ? `echo 1 > ${ipv6Conf}/all/disable_ipv6` : 'true';
// Nobody looks for a second whether another machine has the address (DAD) before it works.
const readyIpv6 = `for all in ${ipv6Conf}/all ${ipv6Conf}/default; do echo 0 > $all/accept_dad; done`;

const sh = (script) => {
  const ended = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
  if (ended.status !== 0) throw new Error(`${script}: ${ended.stderr}`);
};

/**
 * Call it first, with import.meta.url: runs the file again in a network of its own, there it gives
 * true. Where there are no namespaces it gives false: skip the tests. IPv6 is off unless asked for.
 */
export function ownNetwork(url, { ipv6 = false } = {}) {
  if (process.env[mark]) {
    sh(`${ipv6 ? readyIpv6 : noIpv6}; ip link set lo up`);
    return true;
  }
  if (spawnSync('unshare', ['-rn', 'true']).status !== 0) return false;
  const again = [...process.execArgv, fileURLToPath(url), ...process.argv.slice(2)];
  const command = ['--pdeathsig', 'KILL', 'unshare', '-rn', process.execPath, ...again];
  const env = { ...process.env, [mark]: '1' };
  // No handler of this process runs while it waits, so a signal must end it, and with it the other.
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  process.exit(spawnSync('setpriv', command, { stdio: 'inherit', env }).status ?? 1);
}

const output = async (program, ...args) =>
  (await promisify(execFile)(program, args, { timeout: patience })).stdout;

/** The machine of the test. */
export const thisMachine = {
  start: (name, program, ...args) => new Process(name, program, args),
  run: output,
};

/**
 * Another machine. Without options it is at the other end of a cable with IPv4 alone; as on a
 * stage, there is no gateway. `ipv6`: each cable has link-local addresses, those that the system
 * makes. `cables`: their names, the first of which has the IPv4 addresses.
 */
export async function connectMachine({ ipv4 = true, ipv6 = false, cables = ['dmx0'] } = {}) {
  const holder = new Process('machine', 'unshare', ['-n', 'sh', '-c', 'echo up && exec cat']);
  await holder.out.wait((line) => line === 'up', 'the machine');
  const wrap = (...command) => ['nsenter', '-t', `${holder.pid}`, '-n', ...command];
  const far = (script) => sh(wrap('sh', '-ec', `'${script}'`).join(' '));
  const plugged = (name) => `ip link set ${name} up`;
  const up = (name, address) =>
    ipv4 && name === cables[0] ? `ip addr add ${address}/24 brd + dev ${name}` : 'true';
  far(`${ipv6 ? readyIpv6 : noIpv6}; ip link set lo up`);
  for (const name of cables) {
    sh(`ip link add ${name} type veth peer name ${name} netns ${holder.pid}`);
    sh(`${up(name, here)}; ${plugged(name)}`);
    far(`${up(name, there)}; ${plugged(name)}`);
  }
  const listed = (name) => `ip -6 addr show dev ${name} scope link -tentative | grep -q inet6`;
  for (const name of ipv6 ? cables : [])
    for (const run of [sh, far]) run(`until ${listed(name)}; do sleep 0.05; done`);
  const ear = fileURLToPath(new URL('../peers/udp-ear.mjs', import.meta.url));
  const stops = [];
  return {
    /**
     * A UDP socket there, on a port, or an address and port. Its log has {from, fromPort, to,
     * toPort, bytes}; `to` is the machine.
     */
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
    start: (name, ...command) => thisMachine.start(name, ...wrap(...command)),
    run: (...command) => output(...wrap(...command)),
    wrap,
    /** A shell script there, and here. */
    configure: { there: far, here: sh },
    /** From now on TCP 127.0.0.1:`port` there is that port here, past all cables. */
    async tunnel(port) {
      const path = join(mkdtempSync(join(tmpdir(), 'roomwire-tunnel-')), 'socket');
      const server = createServer((one) => {
        const other = connect(port, '127.0.0.1');
        for (const end of [one, other]) end.on('error', () => end.destroy());
        one.pipe(other).pipe(one);
      }).listen(path);
      stops.push(() => server.close(), () => rmSync(dirname(path), { recursive: true }));
      const script = fileURLToPath(new URL('../peers/tcp-tunnel.mjs', import.meta.url));
      const tunnel = this.start('tunnel', process.execPath, script, `${port}`, path);
      stops.push(() => tunnel.stop());
      await tunnel.out.wait((line) => line === 'open', 'the tunnel');
    },
    /** Pulls the cable out of it, or puts it back. */
    plug: (isIn) => far(isIn ? plugged(cables[0]) : `ip link set ${cables[0]} down`),
    async stop() {
      for (const stop of stops.reverse()) await stop();
      // Else the kernel takes them with the other machine, some time after it has ended.
      for (const name of cables) sh(`ip link del ${name} || true`);
      await holder.stop();
    },
  };
}
