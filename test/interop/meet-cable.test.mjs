// Meeting on a LAN: two machines, with the link-local IPv6 addresses that every one has.
import assert from 'node:assert/strict';
import { after, before, describe, test } from './lib/test.mjs';
import { meetingPatience } from './lib/log.mjs';
import { Kinds, meetOnce } from './lib/meeting.mjs';
import { Relay, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { connectMachine, hasIpv6, ownNetwork } from './lib/network.mjs';

const network = hasIpv6 && ownNetwork(import.meta.url, { ipv6: true });
const options = { skip: !network && 'needs network namespaces and IPv6' };
const rounds = Number(process.env.ROOMWIRE_MEET_ROUNDS ?? 3);
const node = 'node-datachannel@0.25.4';
const directions = [
  ['they offer', '0'],
  ['we offer', 'zzzzzzzz'],
];

/** Machines of the tests around it: {machine, relay, kinds}. */
function withMachine(cable) {
  const place = { kinds: new Kinds() };
  before(async () => {
    place.machine = await connectMachine({ ipv6: true, ...cable });
    place.relay = await Relay.start();
    await place.machine.tunnel(place.relay.port);
  });
  after(() => place.machine?.stop());
  after(() => place.relay?.stop());
  after(() => place.kinds.stop());
  return place;
}

async function meets(t, { kinds, relay, machine }, names, prefix = '') {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const where = { prefixes: ['', prefix], machine, limit: meetingPatience };
    const { ms, failed } = await meetOnce(kinds, names, relay.of('nostr'), where);
    assert.equal(failed, undefined, `meeting ${round + 1}: ${failed}`);
    times.push(Math.round(ms));
  }
  t.diagnostic(`${times.join(', ')} ms`);
}

describe('a cable with link-local addresses alone', options, () => {
  const place = withMachine({ ipv4: false });

  test('native meets native, and says where', async (t) => {
    const args = ['--room', 'link', '--relay', place.relay.url];
    const receiver = roomwire(['netrecv', 'x', '-C', '1', ...args]);
    t.after(() => receiver.stop());
    const env = Object.entries(offlineEnv).map(([key, value]) => `${key}=${value}`);
    const command = ['env', ...env, roomwireBinary(), 'netsend', 'x', '"hello"', ...args];
    const sender = place.machine.start('netsend there', ...command);
    t.after(() => sender.stop());
    const shown = /^joined: \S+, at \[fe80::[0-9a-f:]+%\d+\]:\d+ \(local network\)$/;
    await receiver.err.wait((line) => shown.test(line), 'the link-local address of the other');
    assert.equal(await receiver.out.wait(() => true, 'the message'), '"hello"');
    assert.deepEqual(await sender.exit, { code: 0, signal: null });
  });

  for (const [label, prefix] of directions)
    test(`native meets ${node}, ${label}`, (t) => meets(t, place, ['native', node], prefix));
});

describe('a cable with link-local addresses and IPv4', options, () => {
  const place = withMachine({});

  test('native meets native', (t) => meets(t, place, ['native', 'native']));
  for (const [label, prefix] of directions)
    test(`native meets ${node}, ${label}`, (t) => meets(t, place, ['native', node], prefix));
  test('3 native ones meet each other and 2 in Node', (t) =>
    meets(t, place, ['native', 'native', node, node, 'native']));
});

describe('two cables with one link-local prefix', options, () => {
  const place = withMachine({ ipv4: false, cables: ['dmx0', 'dmx1'] });

  test('native meets native', (t) => meets(t, place, ['native', 'native']));
  for (const pulled of ['dmx0', 'dmx1'])
    test(`native meets native when ${pulled} is pulled out`, async (t) => {
      const { there } = place.machine.configure;
      there(`ip link set ${pulled} down`);
      t.after(() => there(`ip link set ${pulled} up`));
      await meets(t, place, ['native', 'native']);
    });

  test('native and Node meet when both have the same address here, as VLANs do', async (t) => {
    const { here } = place.machine.configure;
    for (const name of ['dmx0', 'dmx1']) {
      here(`ip addr flush dev ${name} scope link; ip addr add fe80::99/64 dev ${name} nodad`);
    }
    await meets(t, place, ['native', 'native']);
    for (const [, prefix] of directions) await meets(t, place, ['native', node], prefix);
  });
});
