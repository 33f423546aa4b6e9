// Both ends of the OSC bridge in tests: a room with a real Trystero peer, and OSC software.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decode, encode, Bundle, Message, Server } from 'node-osc';
import { Log, patience } from './log.mjs';
import { roomwire } from './native.mjs';
import { spawnNodePeer } from './peer.mjs';
import { Process } from './process.mjs';

const run = promisify(execFile);
let rooms = 0;

export const said = (process, pattern, ms) =>
  process.err.wait((line) => pattern.test(line), `line like ${pattern}`, ms);

export async function endsWell(process, code = 0) {
  const ended = await process.exit;
  const shown = `${process.name}:\n${process.err.recent().join('\n')}`;
  assert.deepEqual(ended, { code, signal: null }, shown);
}

/** A Trystero peer that plays the patch. */
class Patch {
  constructor(peer, room) {
    this.peer = peer;
    this.room = room;
  }
  get id() {
    return this.peer.id;
  }
  say(value, channel = 'osc') {
    const payload =
      typeof value === 'string' ? { text: value } : { jsonText: JSON.stringify(value) };
    return this.peer.send(this.room, channel, payload);
  }
  sayBytes(bytes, channel = 'osc') {
    return this.peer.send(this.room, channel, { hex: Buffer.from(bytes).toString('hex') });
  }
  /** The next message of the channel, or that of a peer, as a value. */
  async next(channel = 'osc', from) {
    const where = { action: channel, ...(from ? { peer: from } : {}) };
    const { payload } = await this.peer.event('message', where);
    return payload.text ?? JSON.parse(payload.jsonText);
  }
  async hears(value, channel, from) {
    assert.deepEqual(await this.next(channel, from), value);
  }
  /** `count` messages {"address","args":[number]}, to all or to one peer. */
  burst(count, address = '/n', peer = undefined) {
    const jsonText = `{"address":"${address}","args":[%n]}`;
    const command = { roomId: this.room, action: 'osc', jsonText, count, to: peer };
    return this.peer.command('burst', command, 120_000);
  }
  tally(count) {
    return this.peer.command('tally', { roomId: this.room, action: 'osc', count });
  }
  async meets(bridge) {
    await said(bridge, new RegExp(`^joined: ${this.id}\\b`));
    await this.peer.event('join', { peer: await idOf(bridge) });
  }
}

/** The bridge's own id. */
export async function idOf(bridge) {
  bridge.id ??= said(bridge, /, you are z\w{19}; /).then((line) => /you are (\w+)/.exec(line)[1]);
  return bridge.id;
}

/** One new room for a test; what is started in it ends with the test. */
export function place(t, relay) {
  const room = `osc-${process.pid}-${++rooms}`;
  const bridge = (args, options) => {
    const all = ['osc', '--room', room, '--relay', relay.url, ...args];
    const started = roomwire(all, options);
    t.after(() => started.stop());
    return started;
  };
  const patch = async ({ channels = ['osc'], ...options } = {}) => {
    const peer = spawnNodePeer({ mend: true, ...options });
    t.after(() => peer.stop());
    await peer.open({ appId: 'patchies', relays: relay.of('nostr') });
    await peer.join(room);
    for (const channel of channels) await peer.action(room, channel);
    return new Patch(peer, room);
  };
  return {
    room,
    bridge,
    patch,
    /** A bridge and a patch that have met. */
    async pair(...args) {
      const both = [bridge(args), await patch()];
      await both[1].meets(both[0]);
      return both;
    },
  };
}

/** The port of `--listen 0`; with a channel, of that channel's listener. */
export async function portOf(bridge, channel = 'osc') {
  const pattern = new RegExp(`^listening on \\S+:(\\d+)/ for channel ${channel}$`);
  return Number(pattern.exec(await said(bridge, pattern))[1]);
}

/** OSC as bytes. */
export const packet = (address, ...args) => Buffer.from(encode(new Message(address, ...args)));
export const bundle = (time, ...elements) => Buffer.from(encode(new Bundle(time, ...elements)));

/** A UDP socket; what it hears is in its log, decoded as far as node-osc can. */
export async function udpEnd(t, { port = 0, address = '127.0.0.1' } = {}) {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  const log = new Log(`UDP ${address}`);
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    log.close();
    await new Promise((resolve) => socket.close(resolve));
  };
  t.after(close);
  socket.on('message', (bytes, from) => log.push({ bytes, from, at: Date.now() }, String(bytes)));
  socket.bind(port, address);
  await once(socket, 'listening');
  const end = {
    socket,
    log,
    close,
    port: socket.address().port,
    send: (bytes, to, host = address) =>
      new Promise((resolve, reject) =>
        socket.send(bytes, to, host, (error) => (error ? reject(error) : resolve())),
      ),
    next: () => log.wait(() => true, 'a datagram'),
    /** The next datagram is this message. */
    async hears(osc, ...args) {
      const { bytes } = await end.next();
      assert.deepEqual(plain(decode(bytes)), [osc, ...args]);
    },
  };
  return end;
}

const plain = ({ address, args }) => [address, ...args.map(({ value }) => value)];

/** node-osc's own server; its log has the messages as arrays, and its bundles. */
export async function nodeOscServer(t) {
  const server = new Server(0, '127.0.0.1');
  const log = new Log('node-osc');
  server.on('message', (message) => log.push(plainMessage(message)));
  server.on('bundle', (received) => log.push(received));
  server.on('error', (error) => log.push({ error: error.message }));
  await once(server, 'listening');
  t.after(async () => {
    log.close();
    await server.close();
  });
  return { port: server.port, log, next: () => log.wait(() => true, 'a message') };
}
export const plainMessage = (message) => (Array.isArray(message) ? message : plain(message));

/** liblo's oscdump on a URL or port, when it listens. Lines are without the time. */
export async function oscdump(t, where, wrap = (...command) => command) {
  const parse = (line) => line.replace(/^[0-9a-f]{8}\.[0-9a-f]{8} /, '').trimEnd();
  const [command, ...args] = wrap('oscdump', '-L', String(where));
  const dump = new Process(`oscdump ${where}`, command, args, { parse });
  t.after(() => dump.stop());
  dump.line = () => dump.out.wait((line) => line !== '/ready', 'a line');
  dump.prints = async (...lines) => {
    for (const line of lines) assert.equal(await dump.line(), line);
  };
  return dump;
}

/** Sends `/ready` until `log` has it: not all programs say when they listen. */
export async function ready(log, isReady, probe) {
  const again = setInterval(probe, 20);
  try {
    await log.wait(isReady, '/ready');
  } finally {
    clearInterval(again);
  }
}

export async function oscdumpUdp(t, port) {
  const dump = await oscdump(t, port);
  const probe = await udpEnd(t);
  await ready(
    dump.out,
    (line) => line === '/ready',
    () => probe.send(packet('/ready'), port),
  );
  return dump;
}

/** liblo's oscsend; `where` is a port or a URL. */
export function oscsend(where, address, types = '', ...values) {
  const to = typeof where === 'number' ? ['127.0.0.1', String(where)] : [where];
  const args = [...to, address, ...(types ? [types] : []), ...values.map(String)];
  return run('oscsend', args, { timeout: patience });
}

const pdPatch = fileURLToPath(new URL('../osc/echo.pd', import.meta.url));

/**
 * Headless Pure Data with osc/echo.pd: hears on `listen`, prints what it hears as `heard: …`, and
 * answers to `answerTo` with its arguments under /pd/heard.
 */
export async function pureData(t, listen, answerTo) {
  const pd = new Process('pd', 'pd', [
    ...['-nogui', '-noaudio', '-nomidi', '-noprefs', '-stderr', '-open', pdPatch],
    ...['-send', `answer-to connect 127.0.0.1 ${answerTo}`, '-send', `listen ${listen}`],
  ]);
  t.after(() => pd.stop());
  const probe = await udpEnd(t);
  await ready(
    pd.err,
    (line) => line === 'heard: symbol ready',
    () => probe.send(packet('/ready'), listen),
  );
  return pd;
}
