// A peer in the room that keeps to no rule. It is a real Trystero peer whose data channel the test
// writes to; ours must drop, count and say so, keep its memory, and go on with the others.
import assert from 'node:assert/strict';
import { after, before, test } from '../interop/lib/test.mjs';
import { Relay } from '../interop/lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer, spawnNodePeer } from '../interop/lib/peer.mjs';
import { at, chunk, presenceFrame, roomFrame, roomToken, seededBytes, tags } from './frames.mjs';

const appId = 'roomwire-fault';
const token = roomToken(appId, 'room');
const maxMessageBytes = 1_000_000;
const growthAllowed = 64 * 1024; // KiB: several limits of ours together, far below what is sent

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

/** A victim, its friend, and the hostile peer, all in one room. */
async function company(t) {
  const [victim, friend, hostile] = [spawnNativePeer(), spawnNativePeer(), spawnNodePeer()];
  for (const peer of [victim, friend, hostile]) {
    t.after(() => peer.stop());
    await peer.open({ appId, relays: relay.of('nostr'), maxMessageBytes });
    await peer.join('room');
  }
  await Promise.all([bothJoined('room', victim, friend), bothJoined('room', victim, hostile)]);
  await Promise.all([victim, friend].map((peer) => peer.action('room', 'talk')));
  return { victim, friend, hostile };
}

/**
 * What the hostile peer sent was worked off when its last message came, or when it was thrown out.
 * Either will do; the others must not notice.
 */
async function survives({ victim, friend, hostile }, startRss) {
  const fate = victim.log.wait(
    (m) =>
      (m.event === 'message' && m.peer === hostile.id && m.payload.text === 'the last word') ||
      (m.event === 'leave' && m.peer === hostile.id),
    'the end of the attack',
    60_000,
  );
  hostile.send('room', 'talk', { text: 'the last word' }).catch(() => {});
  const { event } = await fate;
  await delivers(friend, victim, 'room', 'talk', { text: 'well?' }, { text: 'well?' });
  await delivers(
    victim,
    friend,
    'room',
    'talk',
    { text: 'well' },
    { text: 'well' },
    { to: [friend.id] },
  );
  const { rss } = victim.process;
  assert.ok(rss < startRss + growthAllowed, `memory grew from ${startRss} to ${rss} KiB`);
  return event === 'leave' ? 'thrown out' : 'kept';
}

async function attack(t, { frames, times, dropped }) {
  const all = await company(t);
  const { victim, hostile } = all;
  const startRss = victim.process.rss;
  const list = frames.map((frame) => (typeof frame === 'string' ? { hex: frame } : frame));
  await hostile.command('raw', { roomId: 'room', peer: victim.id, frames: list, times }, 60_000);
  t.diagnostic(await survives(all, startRss));
  if (!dropped) return;
  const { dropped: count } = await victim.command('stats');
  assert.ok(count >= dropped, `${count} counted as dropped, of ${dropped}`);
  await victim.event('dropped', { source: hostile.id });
}

// A nonce that the real messages of the test do not come to.
const talk = (fields) => roomFrame(token, chunk({ action: 'talk', nonce: 500, ...fields }));
const action = (name, fields) => roomFrame(token, chunk({ action: name, ...fields }));
const json = (value) => ({
  tag: tags.last | tags.json,
  payload: typeof value === 'string' ? value : JSON.stringify(value),
});
const bad = Buffer.from([0xc3, 0x28, 0xff]);
const garbage = Array.from({ length: 300 }, (_, i) => seededBytes(i + 1, i).toString('hex'));
const sdp = (lines) => ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', ...lines].join('\r\n');

const attacks = {
  'random bytes': { frames: garbage, dropped: 200 },
  'text messages on the channel': {
    frames: [{ text: '' }, { text: 'hello' }, { text: '\u0001\u0000' }],
    times: 50,
    dropped: 1,
  },
  'frames cut short': {
    frames: [
      '01',
      '0100',
      '010000',
      '01ffff',
      '010040aa',
      '02',
      '0201',
      '020100',
      '02010000',
      '02010040aa',
      '03',
      'ff00',
    ],
    times: 50,
    dropped: 400,
  },
  'chunks cut short': {
    frames: [0, 1, 31, 32, 35].map((n) => roomFrame(token, Buffer.alloc(n, 0x61))),
    times: 50,
    dropped: 200,
  },
  'data for rooms that nobody is in: 80 MB': {
    frames: [
      {
        hex: roomFrame('f'.repeat(64), chunk({ action: 'talk' })),
        pad: 16_000,
        digitsAt: at.token,
      },
    ],
    times: 5000,
  },
  'presence in 20,000 rooms': {
    frames: [{ hex: presenceFrame('e'.repeat(64), true), digitsAt: 4 }],
    times: 20_000,
  },
  'coming and going 20,000 times': {
    frames: [presenceFrame(token, false), presenceFrame(token, true)],
    times: 20_000,
  },
  'messages for an action that nobody listens to: 80 MB': {
    frames: [{ hex: action('nobody'), pad: 16_000 }],
    times: 5000,
    dropped: 1000,
  },
  'messages for 20,000 actions': {
    frames: [{ hex: action('x'.repeat(16)), pad: 4000, digitsAt: at.action }],
    times: 20_000,
    dropped: 1000,
  },
  'unfinished messages of 20,000 actions': {
    frames: [{ hex: action('x'.repeat(16), { tag: tags.binary }), pad: 4000, digitsAt: at.action }],
    times: 20_000,
    dropped: 1000,
  },
  'a message without an end: 80 MB': {
    frames: [{ hex: talk({ tag: tags.binary }), pad: 16_000 }],
    times: 5000,
    dropped: 1,
  },
  'a message beyond the limit, then its end': {
    frames: [
      ...Array(80).fill({ hex: talk({ tag: tags.binary, nonce: 7 }), pad: 16_000 }),
      talk({ nonce: 7, tag: tags.last | tags.binary }),
    ],
    dropped: 1,
  },
  '65,536 messages at once, none finished': {
    frames: [{ hex: talk({ tag: tags.binary }), pad: 1200, u16At: at.nonce }],
    times: 65_536,
    dropped: 1,
  },
  'metadata and no end, 65,536 times': {
    frames: [
      {
        hex: talk({ tag: tags.meta | tags.json, payload: JSON.stringify('m'.repeat(1000)) }),
        u16At: at.nonce,
      },
    ],
    times: 65_536,
    dropped: 1,
  },
  'what is not UTF-8, and what is not JSON': {
    frames: [
      talk({ payload: bad }),
      talk(json('{"a":')),
      talk(json('nul')),
      talk(json('1 2')),
      talk(json('')),
      talk({ tag: tags.last | tags.json, payload: bad }),
      talk({ tag: tags.meta | tags.json, payload: '{', nonce: 3 }),
      talk({ nonce: 3 }),
      roomFrame(token, Buffer.concat([bad, chunk({ action: 'talk' }).subarray(3)])),
    ],
    times: 20,
    dropped: 120,
  },
  'JSON as deep as a chunk is long': {
    frames: [talk(json('['.repeat(16_000))), talk(json('['.repeat(8000) + ']'.repeat(8000)))],
    times: 20,
    dropped: 40,
  },
  'metadata after the payload, and twice': {
    frames: [
      talk({ tag: tags.binary, nonce: 1, payload: 'x' }),
      talk({ tag: tags.meta, nonce: 1, payload: '1' }),
      talk({ tag: tags.last | tags.binary, nonce: 1 }),
      talk({ tag: tags.meta, nonce: 2, payload: '1' }),
      talk({ tag: tags.meta, nonce: 2, payload: '2' }),
      talk({ tag: tags.last | tags.meta, nonce: 2, payload: '3' }),
    ],
    times: 20,
  },
  'reserved actions that do not exist, or not now': {
    frames: [
      action('@_nope'),
      action('@_'),
      action('@_hsdata', json({ __trystero_pw: 'challenge', c: 'x' })),
      action('@_hsdata', json(null)),
      action('@_hsready'),
      action('@_pong'),
      action('@_response', json(null)),
      action('@_stream', json(0)),
      action('@_track', json([])),
      roomFrame(
        token,
        chunk({
          action: '@_response',
          tag: tags.meta | tags.json,
          payload: '{"r":"nobody"}',
          nonce: 4,
        }),
      ),
      roomFrame(
        token,
        chunk({ action: '@_response', tag: tags.last | tags.json, payload: '1', nonce: 4 }),
      ),
    ],
    times: 200,
  },
  'renegotiation that makes no sense': {
    frames: [
      ...[
        null,
        1,
        'x',
        [],
        {},
        { type: 'offer' },
        { type: 'offer', sdp: 5 },
        { type: 'offer', sdp: '' },
        { type: 'offer', sdp: 'v=0' },
      ],
      { type: 'answer', sdp: sdp([]) },
      { type: 'rollback', sdp: '' },
      { type: 'candidate', sdp: '{' },
      { type: 'offer', sdp: sdp(Array(300).fill('m=video 9 UDP/TLS/RTP/SAVPF 96')) },
      {
        type: 'offer',
        sdp: sdp([
          'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
          'a=ice-ufrag:xxxx',
          'a=ice-pwd:yyyy',
          'a=rtpmap:1 x/1',
        ]),
      },
      { type: 'offer', sdp: 'm='.repeat(7000) },
    ].map((value) => action('@_signal', json(value))),
    times: 20,
  },
  '100,000 pings': { frames: [action('@_ping')], times: 100_000 },
  'requests that nobody answers': {
    frames: [
      {
        hex: roomFrame(
          token,
          chunk({
            action: 'ask',
            tag: tags.meta | tags.json,
            payload: '{"r":"00000000000000000000"}',
          }),
        ),
        u16At: at.nonce,
      },
      { hex: action('ask'), u16At: at.nonce },
    ],
    times: 20_000,
  },
};

for (const [name, each] of Object.entries(attacks)) {
  test(`a hostile peer sends: ${name}`, (t) => attack(t, each));
}

test('a hostile peer says it leaves, and goes on talking', async (t) => {
  const { victim, friend, hostile } = await company(t);
  const frames = [{ hex: action('@_leave') }, { hex: talk({ payload: 'after the farewell' }) }];
  await hostile.command('raw', { roomId: 'room', peer: victim.id, frames });
  await victim.left('room', hostile);
  await delivers(friend, victim, 'room', 'talk', { text: 'well?' }, { text: 'well?' });
  assert.ok(!victim.has('message', { peer: hostile.id }), 'heard after it left');
});

test(
  'a flood of small messages from one peer does not hold up another',
  async (t) => {
    const { victim, friend, hostile } = await company(t);
    await victim.command('swallow', { roomId: 'room', action: 'flood' });
    const flood = hostile.command(
      'raw',
      {
        roomId: 'room',
        peer: victim.id,
        frames: [{ hex: action('flood', { payload: 'x' }) }],
        times: 200_000,
      },
      60_000,
    );
    for (let i = 0; i < 5; i++)
      await delivers(friend, victim, 'room', 'talk', { text: `${i}` }, { text: `${i}` });
    await flood;
  },
);

test('a channel that is closed under a peer, and a connection that is cut, end only that peer', async (t) => {
  for (const cut of ['closeChannel', 'closeConnection']) {
    const { victim, friend, hostile } = await company(t);
    await hostile.command(cut, { roomId: 'room', peer: victim.id });
    await victim.left('room', hostile);
    await delivers(friend, victim, 'room', 'talk', { text: cut }, { text: cut });
    await Promise.all([victim, friend, hostile].map((peer) => peer.stop()));
  }
});
