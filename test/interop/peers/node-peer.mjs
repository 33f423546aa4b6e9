// One process, one real Trystero peer, steered by JSON lines.
//   node node-peer.mjs --trystero 0.25.4 --rtc node-datachannel [--id-prefix 0] [--mend] [--busy 400]
// Commands on standard input {id, cmd, …}, replies {re, ok, …} and events {event, …} on standard
// output; Trystero's own words go to standard error. Ends with standard input.
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { bulkCommands } from './bulk.mjs';
import { RawChannels } from './raw-channels.mjs';
import { steerSelfId } from './steer-id.mjs';
import { createControl, watchSockets } from './trystero-control.mjs';

const { values: options } = parseArgs({
  options: {
    trystero: { type: 'string', default: '0.25.4' },
    rtc: { type: 'string', default: 'node-datachannel' },
    'id-prefix': { type: 'string', default: '' },
    mend: { type: 'boolean', default: false },
    busy: { type: 'string' },
  },
});
const print = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
  console[level] = (...words) => process.stderr.write(`${words.map(String).join(' ')}\n`);
}
// 0.23 throws out of its socket handler when a relay sends what is not JSON; a page survives
// that, so must this process.
for (const kind of ['uncaughtException', 'unhandledRejection']) {
  process.on(kind, (error) => console.error(`${kind}: ${error?.stack ?? error}`));
}

// In a browser an error that nobody listens to is no exception, and `close` comes behind it: with the
// exception in its place Trystero would never try that relay again.
globalThis.WebSocket ??= class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.on('error', () => {});
  }
};
watchSockets(print);
steerSelfId(options['id-prefix']);
const rtc =
  options.rtc === 'werift'
    ? await import('werift')
    : (await import('node-datachannel/polyfill')).default;
const nostr = await import(`trystero-${options.trystero}`);
const strategies = { nostr: nostr.joinRoom };
if (options.trystero !== '0.23.0')
  strategies.ws = (await import('./ws-relay-strategy.mjs')).joinRoom;

const raw = new RawChannels(rtc.RTCPeerConnection, options.mend);
const run = createControl({
  version: options.trystero,
  strategies,
  selfId: nostr.selfId,
  rtc: { rtcPolyfill: raw.PeerConnection },
  emit: print,
  extra: { ...raw.commands, ...bulkCommands },
});

// A program that computes most of the time, as heavy visuals do: so many ms at a stretch.
const compute = (ms) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
if (options.busy) setInterval(() => compute(Number(options.busy)), Number(options.busy) + 50);

const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => print(await run(JSON.parse(line))));
lines.on('close', () => process.exit(0));
