// How surely and how soon peers meet, pair by pair. Beside the tests, because it takes minutes:
//   node meet.mjs [--rounds 50] [--control] [--verbose] [PAIR…]
// A PAIR is two kinds with a comma: native,chromium@0.23.0. Kinds: native, node-datachannel,
// werift, chromium, firefox, each but the first with @0.23.0 or @0.25.4, and node-datachannel-mended
// (see peers/raw-channels.mjs). Without a PAIR: native with every kind, both offering. --control adds
// foreign peers among themselves. Exit code 1 when a pair with native missed a meeting.
import { parseArgs } from 'node:util';
import { Kinds, meetOnce } from './lib/meeting.mjs';
import { Relay } from './lib/native.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '50' },
    control: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

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

function chosenPairs() {
  if (positionals.length > 0) return positionals.map((pair) => pair.split(','));
  const ours = [['native', 'native'], ...foreign.map((kind) => ['native', kind])];
  return options.control ? [...ours, ...controls] : ours;
}

/** Ids of natural length, then the other side steered to answer where it would always offer. */
function directions([a, b]) {
  if (a === 'native' && b === 'native') return [['', '', '']];
  if (a === 'native')
    return [
      ['they offer', '', '0'],
      ['we offer', '', 'zzzzzz'],
    ];
  return [
    ['first offers', '0', 'zzzzzz'],
    ['second offers', 'zzzzzz', '0'],
  ];
}

const kinds = new Kinds();
const relay = await Relay.start();
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
      for (let round = 0; round < rounds; round++) {
        const { ms, failed } = await meetOnce(kinds, pair, relay.of('nostr'), prefixes);
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
        `${pair.join(' with ').padEnd(66)} ${label.padEnd(14)} ${met} ${at(0.5)} ${at(0.9)} ${at(1)}`,
      );
      if (times.length < rounds && pair.includes('native')) missed++;
      if (why && options.verbose) console.log(why);
    }
  }
} finally {
  await kinds.stop();
  await relay.stop();
}
process.exit(missed > 0 ? 1 : 0);
