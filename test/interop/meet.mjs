// How surely and how soon peers meet, pair by pair. Beside the tests, because it takes minutes:
//   node meet.mjs [--rounds 50] [--cable both] [--mesh] [--control] [--verbose] [PAIR…]
// --cable puts the two on two machines (network namespaces), with IPv4 and the link-local addresses
// that every LAN has; --cable link-local leaves IPv4 out. --mesh lets 4 peers in Node and 6 native
// ones meet in one room, all with all.
// A PAIR is two kinds with a comma: native,chromium@0.23.0. Kinds: native, node-datachannel,
// werift, chromium, firefox, each but the first with @0.23.0 or @0.25.4, and node-datachannel-mended
// (see peers/raw-channels.mjs). Without a PAIR: native with every kind, both offering. --control adds
// foreign peers among themselves. Exit code 1 when a pair with native missed a meeting.
import { parseArgs } from 'node:util';
import { Kinds, meetOnce } from './lib/meeting.mjs';
import { Relay } from './lib/native.mjs';
import { connectMachine, ownNetwork } from './lib/network.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '50' },
    cable: { type: 'string' },
    mesh: { type: 'boolean', default: false },
    control: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

if (options.cable && !['both', 'link-local'].includes(options.cable)) {
  console.error('--cable is both or link-local');
  process.exit(2);
}
if (options.cable && !ownNetwork(import.meta.url, { ipv6: true })) {
  console.error('this system has no network namespaces for --cable');
  process.exit(2);
}

const stacks = ['node-datachannel', 'werift', 'chromium', 'firefox'];
const foreign = stacks.flatMap((stack) =>
  ['0.23.0', '0.25.4'].map((version) => `${stack}@${version}`),
);
const controls = [
  'node-datachannel@0.25.4,node-datachannel@0.25.4',
  'node-datachannel@0.23.0,node-datachannel@0.25.4',
  'node-datachannel@0.25.4,werift@0.25.4',
  'node-datachannel@0.25.4,chromium@0.25.4',
  'chromium@0.25.4,chromium@0.25.4',
  'node-datachannel-mended@0.25.4,node-datachannel-mended@0.25.4',
  'node-datachannel-mended@0.25.4,werift@0.25.4',
].map((pair) => pair.split(','));

const node = 'node-datachannel@0.25.4';
// Every second one is on the other machine, if there is one.
const mesh = [0, 1, 2].flatMap((i) => ['native', 'native', ...(i < 2 ? [node, node] : [])]);

function chosenPairs() {
  if (options.mesh) return [mesh];
  if (positionals.length > 0) return positionals.map((pair) => pair.split(','));
  const ours = [['native', 'native'], ...foreign.map((kind) => ['native', kind])];
  return options.control ? [...ours, ...controls] : ours;
}

const nameOf = (pair) => (pair === mesh ? `6 native with each other and with 4 ${node}` : pair.join(' with '));

/** Ids of natural length, then the other side steered to answer where it would always offer. */
function directions([a, b, ...more]) {
  if (more.length > 0 || (a === 'native' && b === 'native')) return [['']];
  if (a === 'native')
    return [
      ['they offer', '', '0'],
      ['we offer', '', 'zzzzzzzz'],
    ];
  return [
    ['first offers', '0', 'zzzzzzzz'],
    ['second offers', 'zzzzzzzz', '0'],
  ];
}

const kinds = new Kinds();
const machine =
  options.cable && (await connectMachine({ ipv4: options.cable === 'both', ipv6: true }));
// Firefox takes no address of a machine without a default route.
machine?.configure.here('ip route add default dev dmx0; ip -6 route add default dev dmx0');
const relay = await Relay.start();
await machine?.tunnel(relay.port);
const rounds = Number(options.rounds);
let missed = 0;
console.log(
  `${'pair'.padEnd(66)} ${'who offers'.padEnd(14)} ${'met'.padStart(7)}  median    90 %    most ms`,
);
try {
  for (const pair of chosenPairs()) {
    for (const [label, ...prefixes] of directions(pair)) {
      const times = [];
      let why;
      let strangersMet = 0;
      for (let round = 0; round < rounds; round++) {
        const where = { prefixes, machine };
        const { ms, failed, strangers } = await meetOnce(kinds, pair, relay.of('nostr'), where);
        if (strangers) strangersMet++;
        if (failed) why = failed;
        else times.push(ms);
      }
      times.sort((a, b) => a - b);
      const at = (share) =>
        (times.length
          ? times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(0)
          : '-'
        ).padStart(7);
      const met = `${times.length}/${rounds}`.padStart(7);
      console.log(
        `${nameOf(pair).padEnd(66)} ${label.padEnd(14)} ${met} ${at(0.5)} ${at(0.9)} ${at(1)}`,
      );
      if (pair === mesh) console.log(`  and those in Node each other: ${strangersMet}/${rounds}`);
      if (times.length < rounds && pair.includes('native')) missed++;
      if (why && options.verbose) console.log(why);
    }
  }
} finally {
  await kinds.stop();
  await relay.stop();
  await machine?.stop();
}
process.exit(missed > 0 ? 1 : 0);
