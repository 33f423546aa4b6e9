// A peer of any kind (native, Node, page), steered by the same commands. See peers/ for the
// other end and peers/payload.mjs for how payloads are written.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { failure, meetingPatience, patience } from './log.mjs';
import { nativePeerBinary, offlineEnv } from './native.mjs';
import { Process } from './process.mjs';

const nodePeer = fileURLToPath(new URL('../peers/node-peer.mjs', import.meta.url));

export class Peer {
  #next = 1;

  /** `channel`: {log, send(command), stop()}; replies and events arrive in the log. */
  constructor(name, channel) {
    this.name = name;
    this.channel = channel;
    this.log = channel.log;
  }

  async command(cmd, rest = {}, ms = patience) {
    const id = this.#next++;
    this.channel.send({ id, cmd, ...rest });
    const reply = await this.log.wait((m) => m.re === id, `reply to ${cmd}`, ms);
    if (!reply.ok) throw failure(`${this.name}: ${cmd} failed: ${reply.error}`);
    return reply;
  }

  async open({ appId = 'roomwire-test', relays, ...rest }) {
    this.id = (await this.command('open', { appId, relays, ...rest })).selfId;
    return this;
  }

  event(name, where = {}, ms = patience) {
    const matches = (m) => m.event === name && Object.entries(where).every(([k, v]) => m[k] === v);
    return this.log.wait(matches, `event ${name} ${JSON.stringify(where)}`, ms);
  }

  has(name, where = {}) {
    return this.log.has(
      (m) => m.event === name && Object.entries(where).every(([k, v]) => m[k] === v),
    );
  }

  join(roomId, options = {}) {
    return this.command('join', { roomId, ...options });
  }
  leave(roomId) {
    return this.command('leave', { roomId });
  }
  action(roomId, action, options = {}) {
    return this.command('action', { roomId, action, ...options });
  }
  send(roomId, action, payload, options = {}, ms = 60_000) {
    return this.command('send', { roomId, action, payload, ...options }, ms);
  }
  request(roomId, action, payload, options = {}) {
    return this.command('request', { roomId, action, payload, ...options });
  }
  joined(roomId, other, ms = meetingPatience) {
    return this.event('join', { roomId, peer: other.id }, ms);
  }
  left(roomId, other, ms) {
    return this.event('leave', { roomId, peer: other.id }, ms);
  }
  async peers(roomId) {
    return (await this.command('peers', { roomId })).peers;
  }

  async stop() {
    await this.channel.stop();
  }
}

function processPeer(name, [program, ...args], { env, machine } = {}) {
  const command = machine ? machine.wrap(program, ...args) : [program, ...args];
  const parse = (line) => JSON.parse(line);
  const process = new Process(name, command[0], command.slice(1), { env, parse });
  const peer = new Peer(name, {
    log: process.out,
    send: (message) => process.write(`${JSON.stringify(message)}\n`),
    stop: () => process.stop(),
  });
  peer.process = process;
  return peer;
}

let serial = 0;

/**
 * A real Trystero peer in Node. `idPrefix` '0' makes it the one that offers, 'zzzzzzzz' the other;
 * `machine` is another one that it runs on (see network.mjs); `busy`: for how many ms at a stretch
 * its program computes and looks at nothing.
 */
export function spawnNodePeer({
  trystero = '0.25.4',
  rtc = 'node-datachannel',
  idPrefix = '',
  mend = false,
  busy = 0,
  machine,
} = {}) {
  const args = [
    process.execPath,
    nodePeer,
    '--trystero',
    trystero,
    '--rtc',
    rtc,
    '--id-prefix',
    idPrefix,
    ...(mend ? ['--mend'] : []),
    ...(busy ? ['--busy', `${busy}`] : []),
  ];
  return processPeer(`${rtc} ${trystero} #${++serial}`, args, { machine });
}

/** A native peer on the public C++ API. */
export function spawnNativePeer({ machine, env = {} } = {}) {
  const options = { env: { ...offlineEnv, ...env }, machine };
  return processPeer(`native #${++serial}`, [nativePeerBinary()], options);
}

/** Both see each other join. */
export const bothJoined = (roomId, a, b, ms) => allJoined(roomId, [a, b], ms);

/** Each sees all others join, of those pairs that are `wanted`. */
export async function allJoined(roomId, peers, ms, wanted = () => true) {
  const pairs = peers.flatMap((one) => peers.filter((other) => other !== one).map((o) => [one, o]));
  const chosen = pairs.filter((pair) => wanted(...pair));
  await Promise.all(chosen.map(([one, other]) => one.joined(roomId, other, ms)));
}

/** Sends, and checks what the other side got. */
export async function delivers(from, to, roomId, action, payload, expected, options = {}) {
  const [sent, message] = await Promise.all([
    from.send(roomId, action, payload, options),
    to.event('message', { roomId, action, peer: from.id }, 60_000),
  ]);
  assert.deepEqual(message.payload, expected, `${from.name} → ${to.name}: payload of ${action}`);
  assert.equal(
    message.metadata,
    options.metadata,
    `${from.name} → ${to.name}: metadata of ${action}`,
  );
  return { sent, message };
}
