// Relays that lie, flood, stall and break the protocols below them. Ours has an honest relay too,
// and must meet its friend over that one, soon, whatever the other one does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from '../interop/lib/test.mjs';
import { awaited } from '../interop/lib/log.mjs';
import { Relay } from '../interop/lib/native.mjs';
import { bothJoined, delivers, spawnNativePeer } from '../interop/lib/peer.mjs';
import { HostileRelay, signedEvent } from './hostile-relay.mjs';

const appId = 'roomwire-fault';
let honest;
let rooms = 0;
before(async () => (honest = await Relay.start()));
after(() => honest?.stop());

async function join(t, room, ...urls) {
  const peer = spawnNativePeer();
  t.after(() => peer.stop());
  await peer.open({ appId, relays: urls.map((url) => ({ kind: 'nostr', url })) });
  await peer.join(room);
  await peer.action(room, 'x');
  return peer;
}

async function meetsFriend(t, victim, room, allowed = 32 * 1024) {
  const start = victim.process.rss;
  const friend = await join(t, room, honest.url);
  await bothJoined(room, victim, friend);
  await delivers(friend, victim, room, 'x', { text: 'well' }, { text: 'well' });
  await delivers(victim, friend, room, 'x', { text: 'well' }, { text: 'well' });
  assert.ok(
    victim.process.rss < start + allowed,
    `memory: ${start}, then ${victim.process.rss} KiB`,
  );
}

async function hostile(t) {
  const relay = await HostileRelay.start();
  t.after(() => relay.stop());
  return relay;
}

/** A client of the hostile relay that has subscribed. */
function nextClient(relay) {
  const came = new Promise(
    (resolve) => (relay.onClient = (client) => client.subscribed.then(() => resolve(client))),
  );
  return awaited('a client of the hostile relay', came);
}

test('messages that are no messages', async (t) => {
  const relay = await hostile(t);
  const room = `shapes-${++rooms}`;
  const came = nextClient(relay);
  const victim = await join(t, room, relay.url, honest.url);
  const { socket, filters } = await came;
  const id = [...filters.keys()][0];
  const nonsense = [
    '',
    '{',
    '[]',
    '{}',
    'null',
    '"x"',
    '[1]',
    '["EVENT"]',
    '["EVENT",1,2]',
    `["EVENT","${id}"]`,
    `["EVENT","${id}",null]`,
    `["EVENT","${id}",{}]`,
    `["EVENT","${id}",{"id":"00","sig":1}]`,
    '["OK"]',
    '["OK",1,"yes"]',
    '["NOTICE"]',
    '["NOTICE",{}]',
    '["CLOSED"]',
    '["EOSE"]',
    '["EOSE",{}]',
    '["AUTH","x"]',
    '['.repeat(100_000),
    `["NOTICE","${'\\u001b[2J'.repeat(1000)}"]`,
    '\u0000',
    'x'.repeat(500_000),
  ];
  for (const text of nonsense) socket.send(text);
  for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe]), Buffer.alloc(100_000)])
    socket.send(bytes);
  await victim.event('dropped', { source: relay.url });
  await meetsFriend(t, victim, room);
});

test('a message of 100 MB', async (t) => {
  const relay = await hostile(t);
  const room = `huge-${++rooms}`;
  const came = nextClient(relay);
  const victim = await join(t, room, relay.url, honest.url);
  const { socket } = await came;
  const start = victim.process.rss;
  socket.send('x'.repeat(100_000_000));
  await awaited('the end of the connection', once(socket, 'close')); // ours does not read it to its end
  assert.ok(
    victim.process.rss < start + 32 * 1024,
    `memory: ${start}, then ${victim.process.rss} KiB`,
  );
  await meetsFriend(t, victim, room);
});

test('forged signatures', async (t) => {
  const relay = await hostile(t);
  const room = `forged-${++rooms}`;
  const came = nextClient(relay);
  const victim = await join(t, room, relay.url, honest.url);
  const { filters } = await came;
  const { kinds, '#x': topics } = [...filters.values()][0][0];
  const announcement = (n) => JSON.stringify({ peerId: `zz${String(n).padStart(18, 'c')}` });
  for (const topic of topics) {
    for (const kind of kinds) {
      const real = await signedEvent({ kind, tags: [['x', topic]], content: announcement(0) });
      relay.publish({ ...real, content: announcement(1) }); // the id is of something else
      relay.publish({
        ...real,
        sig: real.sig.replace(/^../, real.sig.startsWith('00') ? '01' : '00'),
      });
      relay.publish({ ...real, pubkey: '0'.repeat(64) });
      relay.publish({ ...real, id: 'f'.repeat(64) });
    }
  }
  await victim.event('dropped', { source: relay.url });
  await meetsFriend(t, victim, room);
  assert.ok(
    !victim.has('connecting', { peer: JSON.parse(announcement(1)).peerId }),
    'a forged announcement was believed',
  );
  assert.ok((await victim.command('stats')).signalsDropped >= 4);
});

test('a crowd that the relay invents, rightly signed', async (t) => {
  const relay = await hostile(t);
  const room = `crowd-${++rooms}`;
  const came = nextClient(relay);
  const victim = await join(t, room, relay.url, honest.url);
  const { filters } = await came;
  const { kinds, '#x': topics } = [...filters.values()][0][0];
  // More than are kept.
  for (let n = 0; n < 600; n++) {
    for (const topic of topics) {
      relay.publish(
        await signedEvent({
          kind: kinds[n % kinds.length],
          tags: [['x', topic]],
          content: JSON.stringify({ peerId: `zz${String(n).padStart(18, 'd')}` }),
        }),
      );
    }
  }
  await meetsFriend(t, victim, room, 96 * 1024);
});

/** Turns one letter of what is encrypted in a signal into another. */
function spoil(event) {
  const content = JSON.parse(event.content);
  for (const key of ['offer', 'answer', 'candidate']) {
    if (!content[key]) continue;
    const at = content[key].length - 8;
    content[key] =
      content[key].slice(0, at) +
      (content[key][at] === 'A' ? 'B' : 'A') +
      content[key].slice(at + 1);
  }
  return signedEvent({ ...event, content: JSON.stringify(content) });
}

test(
  'signals tampered with, repeated and in the wrong order, beside an honest relay',
  async (t) => {
    const relay = await hostile(t);
    const room = `tamper-${++rooms}`;
    const kept = [];
    relay.tamper = async (event) => {
      kept.unshift(event);
      return [await spoil(event), ...kept.slice(0, 20), await spoil(event), event, event];
    };
    const [a, b] = await Promise.all([
      join(t, room, relay.url, honest.url),
      join(t, room, relay.url, honest.url),
    ]);
    await bothJoined(room, a, b);
    await delivers(a, b, room, 'x', { text: 'met' }, { text: 'met' });
    // Replayed to a newcomer, and to those who are connected already.
    const c = await join(t, room, relay.url, honest.url);
    await Promise.all([bothJoined(room, a, c), bothJoined(room, b, c)]);
    await delivers(b, c, room, 'x', { text: 'met too' }, { text: 'met too' });
    for (const peer of [a, b]) assert.ok(!peer.has('leave'), 'a replay broke a connection');
  },
);

test('every signal tampered with: nobody joins, and it is said', async (t) => {
  const relay = await hostile(t);
  const room = `spoilt-${++rooms}`;
  relay.tamper = async (event) => [await spoil(event)];
  const [a, b] = await Promise.all([join(t, room, relay.url), join(t, room, relay.url)]);
  const reported = (peer) =>
    peer.log.wait((m) => m.event === 'joinError' || m.event === 'dropped', 'a report');
  await Promise.any([reported(a), reported(b)]);
  assert.ok(!a.has('join') && !b.has('join'));
});

test('a relay that hangs up at once, again and again', async (t) => {
  const relay = await hostile(t);
  let hangUps = 0;
  const often = new Promise((resolve) => {
    relay.onClient = ({ socket }) => {
      socket.terminate();
      if (++hangUps === 3) resolve();
    };
  });
  const room = `hangup-${++rooms}`;
  const victim = await join(t, room, relay.url, honest.url);
  await meetsFriend(t, victim, room);
  await awaited('the third connection', often);
});

/** A server that does `serve` with each raw connection. */
async function rawServer(t, serve) {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return `ws://127.0.0.1:${server.address().port}`;
}

/** Answers the WebSocket handshake by hand, then sends `bytes`. */
function upgradeThen(bytes) {
  return (socket) =>
    socket.once('data', async (request) => {
      const key = /sec-websocket-key: *(\S+)/i.exec(String(request))?.[1] ?? '';
      const { createHash } = await import('node:crypto');
      const accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      bytes(socket);
    });
}

/** Writes for as long as the other side takes it. */
function endlessly(block) {
  return (socket) => {
    const write = () => {
      while (!socket.destroyed && socket.write(block));
      socket.once('drain', write);
    };
    write();
  };
}

const breakers = {
  'never answers': () => {},
  'answers HTTP 500': (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n')),
  'sends what is not HTTP': (socket) => socket.end(Buffer.alloc(10_000, 0xfe)),
  'sends headers without an end': (socket) =>
    socket.write('HTTP/1.1 101 X\r\n') && endlessly(`x: ${'y'.repeat(1000)}\r\n`)(socket),
  'accepts the wrong key': (socket) =>
    socket.once('data', () =>
      socket.write(
        'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: nonsense\r\n\r\n',
      ),
    ),
  'sends a frame of 2^62 bytes': upgradeThen((socket) => {
    socket.write(Buffer.from([0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]));
    endlessly(Buffer.alloc(65536, 0x61))(socket);
  }),
  'sends fragments without an end': upgradeThen((socket) => {
    socket.write(Buffer.from([0x01, 1, 0x61]));
    endlessly(Buffer.concat(Array(1000).fill(Buffer.from([0x00, 1, 0x61]))))(socket);
  }),
  'sends reserved opcodes': upgradeThen((socket) =>
    socket.write(Buffer.from([0x83, 0, 0xf1, 0, 0x8f, 0])),
  ),
  'sends pings without an end': upgradeThen(
    endlessly(Buffer.concat(Array(500).fill(Buffer.from([0x89, 1, 0x61])))),
  ),
};
for (const [name, serve] of Object.entries(breakers)) {
  test(`a relay that ${name}`, async (t) => {
    const room = `broken-${++rooms}`;
    const victim = await join(t, room, await rawServer(t, serve), honest.url);
    await meetsFriend(t, victim, room);
  });
}
