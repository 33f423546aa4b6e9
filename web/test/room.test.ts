import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfig } from '../src/config.ts';
import { channelFault } from '../src/messages/message.ts';
import { isInternal, readChunk } from '../src/room/frames.ts';
import { Heard } from '../src/room/heard.ts';
import { LocalNetwork, mayBePublic, type Permissions } from '../src/room/localNetwork.ts';
import { checkRoom, patchOf, readRoom, roomOf, withPatch, withRoom } from '../src/room/link.ts';
import { Monitor, Rate } from '../src/room/monitor.ts';
import { describePath, readPath } from '../src/room/paths.ts';
import { ownRelay, publicRelays } from '../src/room/relays.ts';
import { report, type Situation } from '../src/room/trouble.ts';

test('a room with any character survives its link', () => {
  for (const room of ['a b', 'ä/ö?&=#+%', '💡', '日本', '"\'<>', 'a%20b', ' x ']) {
    assert.deepEqual(checkRoom(room), { ok: true, value: room });
    const link = withRoom('http://h:1/?x=1#patch=abc', room);
    assert.equal(roomOf(new URL(link).search), room);
    assert.equal(new URL(link).searchParams.get('x'), '1');
    assert.equal(new URL(link).hash, '#patch=abc');
  }
});

const vectors = new URL('../../../../test/vectors/links/rooms.json', import.meta.url);
const links = JSON.parse(readFileSync(vectors, 'utf8')) as { text: string; room: string | null }[];
for (const { text, room } of links)
  test(`as the program reads it: ${JSON.stringify(text)}`, () => {
    const read = readRoom(text);
    assert.equal(read.ok ? read.value : null, room);
  });

test('why a name or a link is refused', () => {
  const why = (text: string): string => {
    const room = readRoom(text);
    return room.ok ? '' : room.why;
  };
  assert.match(why('https://patchies.app/'), /no \?room=/);
  assert.match(why('https://patchies.app/?room='), /no \?room=/);
  assert.match(why(''), /needs a name/);
  assert.match(why('\ud83d'), /half a character/);
  assert.equal(why('ä'.repeat(500)), '');
  assert.match(why('ä'.repeat(501)), /at most 1000 bytes; this one has 1002/);
  assert.match(why(`http://h/?room=${'%C3%A4'.repeat(501)}`), /this one has 1002/);
});

test('names that Trystero trips over are neither rooms nor channels', () => {
  const monitor = new Monitor(() => true);
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const checked = checkRoom(name);
    assert.match(checked.ok ? '' : checked.why, /JavaScript keeps/);
    assert.match(channelFault(name) ?? '', /JavaScript keeps/);
    assert.equal(monitor.frame({}, 'in', frame(name, '{}', 9)), false);
  }
  assert.equal(monitor.frame({}, 'in', frame('@_ping', '', 1)), true);
  assert.equal(monitor.channels.size, 0);
});

test('an empty room parameter is none', () => {
  assert.equal(roomOf('?room='), undefined);
  assert.equal(roomOf(''), undefined);
  assert.equal(withRoom('http://h/?room=a', undefined), 'http://h/');
});

test('the patch of a link', () => {
  assert.equal(patchOf('#patch=abc'), 'abc');
  assert.equal(patchOf('#other'), undefined);
  assert.equal(withPatch('http://h/?room=a#patch=x', 'y'), 'http://h/?room=a#patch=y');
});

test('what config.json leaves out is the default', () => {
  for (const json of [undefined, null, 'x', {}, { iceServers: [1], publicRelays: 'no', room: '' }])
    assert.deepEqual(readConfig(json), {
      version: '',
      appId: 'patchies',
      publicRelays: true,
      iceServers: undefined,
      room: undefined,
    });
  const own = { version: '1', appId: 'a', publicRelays: false, iceServers: ['stun:x'], room: 'r' };
  assert.deepEqual(readConfig(own), own);
});

const token = 'f'.repeat(64);
function frame(action: string, payload: string | Uint8Array, tag: number): Uint8Array {
  const name = Buffer.alloc(32);
  name.write(action);
  const head = Buffer.from([1, 0, token.length]);
  const rest = [Buffer.from(token), name, Buffer.from([0, 0, tag, 255]), Buffer.from(payload)];
  return Buffer.concat([head, ...rest]);
}

test('the head of a frame', () => {
  const chunk = readChunk(frame('osc', '{}', 9));
  assert.deepEqual([chunk?.token, chunk?.action, chunk?.isLast], [token, 'osc', true]);
  assert.deepEqual([chunk?.isJson, chunk?.isBinary, chunk?.isMeta], [true, false, false]);
  assert.ok(isInternal('@_ping'));
  const whole = frame('osc', '', 1);
  for (let size = 0; size < whole.length; size++)
    assert.equal(readChunk(whole.subarray(0, size)), undefined);
  assert.equal(readChunk(new Uint8Array([2, 1, 0, 1, 65])), undefined);
});

test('the monitor counts messages and shows the last', () => {
  const monitor = new Monitor();
  const peer = {};
  const heard: string[] = [];
  monitor.onChannel((channel) => heard.push(channel));
  monitor.frame(peer, 'in', frame('osc', '[1]', 9));
  monitor.frame(peer, 'in', frame('osc', 'part', 8));
  monitor.frame(peer, 'out', frame('chat', 'hi', 1));
  monitor.frame(peer, 'in', frame('b', new Uint8Array([1, 2]), 13));
  monitor.frame(peer, 'in', frame('@_ping', '', 1));
  assert.deepEqual(heard, ['osc', 'chat', 'b']);
  const last = [...monitor.channels.values()].map(({ in: i, out, last }) => [i, out, last]);
  assert.deepEqual(last, [
    [1, 0, '[1]'],
    [0, 1, '"hi"'],
    [1, 0, '2 bytes: 01 02'],
  ]);
  assert.deepEqual(monitor.peers.get(peer), { in: 2, out: 1 });
  for (let i = 0; i < 1000; i++) monitor.frame(peer, 'in', frame(`c${i}`, '', 1));
  assert.equal(monitor.channels.size, 200);
  assert.equal(monitor.frame(peer, 'in', frame('more', '', 1)), false);
  assert.equal(monitor.frame(peer, 'in', frame('osc', '', 1)), true);
});

test('a channel that somebody listens to is heard, whatever else a peer makes up', () => {
  const wanted = new Set(['mine']);
  const monitor = new Monitor((channel) => wanted.has(channel));
  for (let i = 0; i < 1000; i++) monitor.frame({}, 'in', frame(`c${i}`, '', 1));
  assert.equal(monitor.frame({}, 'in', frame('mine', '', 1)), true);
  assert.equal(monitor.channels.get('mine')?.in, 1);
  assert.equal(monitor.frame({}, 'in', frame('other', '', 1)), false);
  for (let i = 0; i < 2000; i++) {
    wanted.add(`w${i}`);
    assert.equal(monitor.frame({}, 'in', frame(`w${i}`, '', 1)), true);
  }
  assert.ok(monitor.channels.size < 1000);
});

test('messages a second', () => {
  const rate = new Rate();
  assert.equal(rate.update(0, 10), 0);
  assert.equal(rate.update(500, 15), 10);
  assert.equal(rate.update(1500, 15), 0);
});

test('the path to a peer, from getStats', () => {
  const stats = new Map<string, Record<string, unknown>>([
    ['dead', { type: 'candidate-pair', nominated: true, state: 'failed' }],
    [
      'p',
      {
        ...{ type: 'candidate-pair', nominated: true, state: 'succeeded' },
        ...{ localCandidateId: 'l', remoteCandidateId: 'r', currentRoundTripTime: 0.0125 },
      },
    ],
    ['l', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' }],
    ['r', { type: 'remote-candidate', candidateType: 'prflx', address: 'fe80::1', port: 5 }],
  ]);
  const path = readPath(stats);
  assert.deepEqual(path, {
    local: 'host',
    remote: 'prflx',
    protocol: 'udp',
    address: '[fe80::1]:5',
    roundTrip: 12.5,
  });
  assert.equal(path && describePath(path), 'direct');
  assert.equal(readPath(new Map()), undefined);
});

test('relays: the own one, and for patchies those of the known releases', () => {
  assert.equal(ownRelay({ protocol: 'http:', host: '10.0.0.1:80' }), 'ws://10.0.0.1:80/');
  assert.equal(ownRelay({ protocol: 'https:', host: 'h' }), 'wss://h/');
  const five = [
    ...['basspistol.org', 'staging.yabu.me', 'nostr.data.haus'],
    ...['social.amanah.eblessing.co', 'strfry.shock.network'],
  ].map((host) => `wss://${host}`);
  assert.deepEqual(publicRelays('patchies').slice(0, 5), five);
  assert.ok(publicRelays('patchies').includes('wss://relay02.lnfi.network'));
});

test('what is wrong when nobody comes', () => {
  const calm: Situation = {
    isJoined: true,
    notJoined: undefined,
    peers: 0,
    ownRelayOpen: true,
    publicRelays: 0,
    publicRelaysOpen: 0,
    heard: 0,
    heardFor: 0,
    since: 60_000,
    refused: undefined,
    hasAddress: true,
    isLoopback: false,
    localNetwork: undefined,
  };
  const say = (change: Partial<Situation>): string => report({ ...calm, ...change }).title;
  assert.equal(say({}), 'Nobody else yet');
  assert.equal(say({ peers: 2 }), '2 peers');
  assert.equal(say({ isJoined: false }), 'No room yet');
  assert.equal(say({ ownRelayOpen: false }), 'The relay does not answer');
  assert.equal(say({ ownRelayOpen: false, since: 100 }), 'Joining');
  assert.equal(
    say({ ownRelayOpen: false, publicRelays: 5, publicRelaysOpen: 1 }),
    'Nobody else yet',
  );
  assert.equal(say({ heard: 1, heardFor: 100 }), 'Connecting');
  assert.equal(say({ heard: 1, heardFor: 20_000 }), 'A peer is heard, but not reached');
  const unreached = { heard: 1, heardFor: 20_000, hasAddress: false };
  assert.equal(say(unreached), 'This browser gives no address');
  assert.equal(say({ refused: 'incorrect password' }), 'A peer was refused');
  assert.equal(say({ isJoined: false, notJoined: 'no' }), 'The room cannot be joined');
  assert.match(report({ ...calm, isLoopback: true }).detail, /--listen/);
  const away = { ...calm, ownRelayOpen: false };
  for (const publicRelaysOpen of [0, 1]) {
    const detail = (localNetwork: Situation['localNetwork']): string =>
      report({ ...away, publicRelays: 1, publicRelaysOpen, localNetwork }).detail;
    assert.match(detail('asked'), /browser asks .* allow it.*public relay need no such leave/);
    assert.match(detail('denied'), /told not to .* settings of the site/);
    assert.doesNotMatch(detail(undefined), /local network/);
  }
});

test('leave to reach the local network: asked for, denied, given', async () => {
  const statuses = new Map<string, { state: string; change: () => void }>();
  const permissions = (known: string[], state: string): Permissions => ({
    query: async ({ name }) => {
      if (!known.includes(name)) throw new TypeError(`${name} is not a valid value`);
      const status = { state, change: (): void => {} };
      statuses.set(name, status);
      return {
        get state() {
          return status.state;
        },
        addEventListener: (_type, listener) => (status.change = listener),
      };
    },
  });
  let granted = 0;
  const watch = async (given: Permissions | undefined): Promise<LocalNetwork> => {
    const network = new LocalNetwork(given, () => granted++);
    await new Promise(setImmediate);
    return network;
  };
  assert.equal((await watch(undefined)).state, undefined);
  assert.equal((await watch(permissions([], 'prompt'))).state, undefined);
  for (const names of [['local-network-access'], ['local-network', 'loopback-network']]) {
    granted = 0;
    const network = await watch(permissions(names, 'prompt'));
    assert.equal(network.state, 'asked');
    for (const [index, to] of ['denied', 'granted'].entries())
      for (const name of names) {
        const status = statuses.get(name);
        assert.ok(status);
        status.state = to;
        status.change();
        assert.equal(granted, index === 0 ? 0 : names.indexOf(name) + 1);
      }
    assert.equal(network.state, undefined);
  }
});

test('pages that may come from the internet', () => {
  const isPublic = (href: string): boolean => mayBePublic(new URL(href));
  assert.ok(isPublic('https://stage.example/'));
  for (const own of ['https://192.168.1.7:8080/', 'https://[fe80::1]/', 'https://stage/'])
    assert.ok(!isPublic(own), own);
  for (const own of ['http://stage.example/', 'https://stage.local/', 'https://localhost:1/'])
    assert.ok(!isPublic(own), own);
});

test('who is heard on a relay', () => {
  const heard = new Heard('me');
  const say = (content: unknown, at: number): void =>
    heard.note(JSON.stringify(['EVENT', 'x', { content: JSON.stringify(content) }]), at);
  say({ peerId: 'a' }, 1000);
  say({ peerId: 'me' }, 1000);
  say({ peerId: 'b', offer: 'x' }, 2000);
  say({ peerId: 'a' }, 60_000);
  for (const useless of ['', '["EVENT"', '["EVENT","x",{}]', '["EVENT"]', '["OK","x",true]'])
    heard.note(useless, 0);
  for (const useless of [null, 1, 'x', { peerId: 1 }, { peerId: 'x'.repeat(99) }]) say(useless, 0);
  assert.deepEqual(heard.since(60_000), [1000, 2000]);
  assert.deepEqual(heard.since(100_000), [1000]);
  heard.forget('a');
  assert.deepEqual(heard.since(100_000), []);
  for (let i = 0; i < 1000; i++) say({ peerId: `p${i}` }, 100_000);
  assert.equal(heard.since(100_000).length, 100);
});
