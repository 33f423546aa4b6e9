// Strangers that signal nonsense through an honest relay.
import assert from 'node:assert/strict';
import { after, before, test } from '../interop/lib/test.mjs';
import { Relay } from '../interop/lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer } from '../interop/lib/peer.mjs';
import { Stranger } from './stranger.mjs';

const appId = 'roomwire-fault';
let relay;
// A stranger that is faster than a relay lets anybody be.
before(async () => (relay = await Relay.start({ args: ['--max-rate', '1000000'] })));
after(() => relay?.stop());

async function victimAndStranger(t, roomId) {
  const victim = spawnNativePeer();
  const stranger = new Stranger({ appId, roomId, relayUrl: relay.url });
  t.after(() => stranger.stop());
  t.after(() => victim.stop());
  await victim.open({ appId, relays: relay.of('ws') });
  await stranger.sees(victim.id, () => victim.join(roomId));
  return { victim, stranger };
}

// Only after the victim has been sent all that the stranger had to say.
async function stillMeets(t, victim, stranger, roomId) {
  await stranger.delivered();
  const friend = spawnNativePeer();
  t.after(() => friend.stop());
  await friend.open({ appId, relays: relay.of('ws') });
  await friend.join(roomId);
  await bothJoined(roomId, victim, friend);
  await victim.action(roomId, 'x');
  await delivers(friend, victim, roomId, 'x', { text: 'well' }, { text: 'well' });
}

const peerId = (n) => `0${String(n).padStart(19, 'a')}`;
const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`;
const good = [
  'v=0',
  'o=- 1 1 IN IP4 0.0.0.0',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuv',
  fingerprint,
  'a=setup:actpass',
  'a=sctp-port:5000',
  '',
];
const without = (part) => good.filter((line) => !line.includes(part)).join('\r\n');
const offers = {
  empty: ' ',
  garbage: 'nonsense\u0000\n\r=',
  'no fingerprint': without('fingerprint'),
  'no ufrag': without('ufrag'),
  'no media': without('m='),
  'no password': without('ice-pwd'),
  'a fingerprint of another kind': good.join('\r\n').replace('sha-256', 'md5'),
  'a fingerprint cut short': good.join('\r\n').replace(/(:AB){20}\r/, '\r'),
  'a port out of range': good.join('\r\n').replace('5000', '99999999999'),
  'a line of 100 kB': good.join('\r\n').replace('s=-', `s=${'x'.repeat(100_000)}`),
  '10,000 media sections': good.join('\r\n') + 'm=audio 0 X 0\r\n'.repeat(10_000),
  'candidates of nonsense':
    good.join('\r\n') + 'a=candidate:1 1 udp 999999999999 999.1.1.1 70000 typ\r\n'.repeat(500),
};

test('offers that are no offers', async (t) => {
  const { victim, stranger } = await victimAndStranger(t, 'offers');
  let n = 0;
  for (const sdp of Object.values(offers))
    await stranger.signal(victim.id, peerId(n++), 'offer', sdp);
  await victim.event('dropped');
  await stillMeets(t, victim, stranger, 'offers');
  const { signalsDropped } = await victim.command('stats');
  assert.ok(signalsDropped >= 5, `${signalsDropped} signals counted as dropped`);
});

test('signals of the wrong shape', async (t) => {
  const { victim, stranger } = await victimAndStranger(t, 'shapes');
  const shapes = [
    '',
    'x',
    '[]',
    'null',
    '1',
    '{}',
    '{"peerId":5}',
    '{"peerId":""}',
    { peerId: victim.id, offer: 'x' },
    { peerId: peerId(1), offer: 5 },
    { peerId: peerId(1), offer: '' },
    { peerId: peerId(1), offer: {}, offerId: 'x' },
    { peerId: peerId(1), offer: '1,2$@@@', offerId: 'x' },
    { peerId: peerId(1), offer: `${Array(16).fill(0).join(',')}$${'A'.repeat(100)}`, offerId: 'x' },
    { peerId: peerId(2), offer: `${'9,'.repeat(20_000)}$AAAA` },
    { peerId: 'x'.repeat(10_000) },
    { peerId: '../../etc' },
    { peerId: peerId(1), candidate: 'x', offerId: 'y' },
    { peerId: peerId(1), answer: 'x', offerId: 'y' },
    '['.repeat(50_000),
    `{"peerId":"${'\\u0000'.repeat(20)}"}`,
  ];
  for (const shape of shapes) {
    await stranger.raw(victim.id, shape);
    await stranger.publish(stranger.root, shape);
  }
  await stillMeets(t, victim, stranger, 'shapes');
  const { signalsDropped } = await victim.command('stats');
  assert.ok(signalsDropped >= 20, `${signalsDropped} signals counted as dropped`);
});

test('offers of 1,000 strangers, each plausible', async (t) => {
  const { victim, stranger } = await victimAndStranger(t, 'many');
  const start = victim.process.rss;
  for (let n = 0; n < 1000; n++)
    await stranger.signal(
      victim.id,
      peerId(n),
      'offer',
      good.join('\r\n'),
      `offer${String(n).padStart(7, '0')}`,
    );
  await stillMeets(t, victim, stranger, 'many');
  const { rss } = victim.process;
  assert.ok(rss < start + 96 * 1024, `memory grew from ${start} to ${rss} KiB`);
});

test('candidates for offers that never come', async (t) => {
  const { victim, stranger } = await victimAndStranger(t, 'early');
  const start = victim.process.rss;
  const candidate = JSON.stringify({
    candidate: `candidate:1 1 udp 1 127.0.0.1 9 typ host ${'x'.repeat(1000)}`,
    sdpMid: '0',
    sdpMLineIndex: 0,
  });
  // Each says no more than the relay lets one client say.
  for (let k = 0; k < 6; k++) {
    const another = new Stranger({ appId, roomId: 'early', relayUrl: relay.url });
    t.after(() => another.stop());
    for (let n = 0; n < 3000; n++)
      await another.signal(
        victim.id,
        peerId(n % 500),
        'candidate',
        candidate,
        `offer${k}${String(n).padStart(6, '0')}`,
      );
    await another.delivered();
  }
  await stillMeets(t, victim, stranger, 'early');
  const { rss } = victim.process;
  assert.ok(rss < start + 48 * 1024, `memory grew from ${start} to ${rss} KiB`);
});

test('announcements of 5,000 peers that are not there', async (t) => {
  const { victim, stranger } = await victimAndStranger(t, 'crowd');
  const start = victim.process.rss;
  for (let n = 0; n < 5000; n++) await stranger.announce(`zz${String(n).padStart(18, 'b')}`);
  await stillMeets(t, victim, stranger, 'crowd');
  const { rss } = victim.process;
  assert.ok(rss < start + 96 * 1024, `memory grew from ${start} to ${rss} KiB`);
});
