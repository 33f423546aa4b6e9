// The program and the network around it: ports, interfaces, STUN, TLS, dead peers, slow readers,
// and what the relay does not put up with.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from './lib/test.mjs';
import { setInterval as every } from 'node:timers/promises';
import WebSocket from 'ws';
import { Log } from './lib/log.mjs';
import { Relay, roomwire } from './lib/native.mjs';
import { spawnNodePeer } from './lib/peer.mjs';
import { freePort } from './lib/ports.mjs';

let relay;
let rooms = 0;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

/** Starts commands in one new room; all end with the test. */
function place(t, url = relay.url) {
  const room = `network-${++rooms}`;
  const connection = ['--room', room, '--relay', url];
  const start = (args, options) => {
    const process = roomwire([...args, ...connection], options);
    t.after(() => process.stop());
    return process;
  };
  return {
    room,
    start,
    recv: (...args) => start(['netrecv', 'x', ...args]),
    send: (...args) => start(['netsend', 'x', ...args]),
  };
}

const said = (process, pattern) =>
  process.err.wait((line) => pattern.test(line), `line like ${pattern}`);

async function prints(process, ...lines) {
  for (const line of lines) assert.equal(await process.out.wait(() => true, `line ${line}`), line);
}

async function endsWell(process, code = 0) {
  const ended = await process.exit;
  const shown = `${process.name}:\n${process.err.recent().join('\n')}`;
  assert.deepEqual(ended, { code, signal: null }, shown);
}

/** Exit code 1, and one line, which names `what`. */
async function failsOver(process, what) {
  const ended = await process.exit;
  const lines = process.err.recent(40).slice(0, -1);
  assert.deepEqual(ended, { code: 1, signal: null }, lines.join('\n'));
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.ok(lines[0].includes(what), `${lines[0]} does not name ${what}`);
}

async function boundSocket(t, type, address) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  socket.bind(0, address);
  await once(socket, 'listening');
  let open = true;
  socket.release = () => new Promise((resolve) => ((open = false), socket.close(resolve)));
  t.after(() => open && socket.release());
  return socket;
}

/** {peer, local, remote} of the next line of -v about a connection; the two as ADDR:PORT. */
async function connected(process) {
  const pattern = /connected to (\S+): (\S+) - (\S+) /;
  const [, peer, local, remote] = pattern.exec(await said(process, pattern));
  return { peer, local, remote };
}

const portOf = (endpoint) => Number(endpoint.split(':').at(-1));
const addressOf = (endpoint) => endpoint.slice(0, endpoint.lastIndexOf(':'));

const ownAddresses = Object.values(networkInterfaces()).flat();
const hasIpv6Loopback = ownAddresses.some(({ address }) => address === '::1');
const outerAddress = ownAddresses.find((a) => a.family === 'IPv4' && !a.internal)?.address;

describe('--ice-port', () => {
  test('two peers are connected through the one port', async (t) => {
    const port = await freePort();
    const { recv, send } = place(t);
    const receiver = recv('-v', '--ice-port', String(port), '-C', '2');
    const senders = [send('-v'), send('-v')];
    const paths = [await connected(receiver), await connected(receiver)];
    assert.deepEqual(
      paths.map(({ local }) => portOf(local)),
      [port, port],
    );
    assert.notEqual(paths[0].peer, paths[1].peer);
    // Each sender may also meet the other one: of its connections one is to the port.
    for (const sender of senders) await said(sender, new RegExp(` - \\S+:${port} \\(`));
    for (const sender of senders) {
      sender.write('"through the port"\n');
      await prints(receiver, '"through the port"');
    }
    await endsWell(receiver);
  });

  test('a port that is taken is named', async (t) => {
    const socket = await boundSocket(t, 'udp4', '0.0.0.0');
    const { port } = socket.address();
    await failsOver(place(t).recv('--ice-port', String(port)), String(port));
  });
});

describe('--ice-interface', () => {
  /** Two peers that both use `name` only, over `url`: what addresses they are connected with. */
  async function addressesUsed(t, name, url) {
    const { recv, send } = place(t, url);
    const receiver = recv('-v', '--ice-interface', name, '-C', '1');
    await endsWell(send('hello', '--ice-interface', name));
    await prints(receiver, '"hello"');
    const { local, remote } = await connected(receiver);
    await endsWell(receiver);
    return [addressOf(local), addressOf(remote)];
  }

  test('127.0.0.1', async (t) => {
    assert.deepEqual(await addressesUsed(t, '127.0.0.1'), ['127.0.0.1', '127.0.0.1']);
  });

  test('lo', async (t) => {
    for (const address of await addressesUsed(t, 'lo'))
      assert.ok(['127.0.0.1', '[::1]'].includes(address), address);
  });

  const skip = !hasIpv6Loopback && 'this machine has no ::1';
  test('::1, with a relay on [::1]', { skip }, async (t) => {
    const own = roomwire(['relay', '--listen', '[::1]:0']);
    t.after(() => own.stop());
    const url = /ws:\/\/\[::1\]:\d+/.exec(await said(own, /ws:\/\/\[::1\]:\d+/))[0];
    assert.deepEqual(await addressesUsed(t, '::1', url), ['[::1]', '[::1]']);
  });

  test('an unknown one is named', async (t) => {
    await failsOver(place(t).recv('--ice-interface', 'nothing0'), 'nothing0');
  });
});

const stun = { binding: 0x0001, success: 0x0101, xorMappedAddress: 0x0020, cookie: 0x2112a442 };

/** Answers to a Binding request (RFC 8489): the sender's address is said to be `mapped`. */
function stunAnswer(request, mapped) {
  const answer = Buffer.alloc(32);
  answer.writeUInt16BE(stun.success, 0);
  answer.writeUInt16BE(12, 2);
  request.copy(answer, 4, 4, 20); // cookie and transaction
  answer.writeUInt16BE(stun.xorMappedAddress, 20);
  answer.writeUInt16BE(8, 22);
  answer.writeUInt8(1, 25); // IPv4
  answer.writeUInt16BE(mapped.port ^ (stun.cookie >>> 16), 26);
  const address = mapped.address.split('.').reduce((all, byte) => all * 256 + Number(byte), 0);
  answer.writeUInt32BE((address ^ stun.cookie) >>> 0, 28);
  return answer;
}

const isBindingRequest = (packet) =>
  packet.length >= 20 &&
  packet.readUInt16BE(0) === stun.binding &&
  packet.readUInt32BE(4) === stun.cookie;

// No server is asked from a loopback address, so this one is on an outer address of this machine.
const skipStun = !outerAddress && 'this machine has no IPv4 address but loopback';
const stunTest = { skip: skipStun };
test('--ice-server: the server is asked, and peers are told its answer', stunTest, async (t) => {
  const server = await boundSocket(t, 'udp4', outerAddress);
  // Where the server says that the receiver can be reached.
  const mapped = await boundSocket(t, 'udp4', outerAddress);
  const asked = new Log('STUN server');
  t.after(() => asked.close());
  server.on('message', (packet, from) => {
    if (!isBindingRequest(packet)) return;
    const answer = stunAnswer(packet, mapped.address());
    server.send(answer, from.port, from.address, () => asked.push(from));
  });
  const port = await freePort();
  const { room, recv, send } = place(t);
  const { port: serverPort } = server.address();
  const receiver = recv(
    ...['--ice-port', String(port), '--ice-server', `stun:${outerAddress}:${serverPort}`],
  );
  const from = await asked.wait(() => true, 'a question');
  assert.deepEqual([from.address, from.port], [outerAddress, port]);
  const patch = spawnNodePeer();
  t.after(() => patch.stop());
  await patch.open({ appId: 'patchies', relays: relay.of('nostr') });
  await patch.join(room);
  const { peer } = await patch.event('join');
  const { sdp } = await patch.command('remoteDescription', { roomId: room, peer });
  assert.match(sdp, new RegExp(` ${outerAddress} ${mapped.address().port} typ srflx `));
  await endsWell(send('hello', '--peers', '2'));
  await prints(receiver, '"hello"');
});

describe('wss://', () => {
  let folder;
  let own;
  const file = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'roomwire-tls-'));
    openssl(
      ...['req', '-x509', ...newKey, '-subj', '/CN=CA of the test', '-days', '2'],
      ...['-keyout', 'ca.key', '-out', 'ca.pem'],
    );
    openssl('req', ...newKey, '-subj', '/CN=relay', '-keyout', 'key.pem', '-out', 'request.pem');
    writeFileSync(file('extensions'), 'subjectAltName=IP:127.0.0.1\n');
    openssl(
      ...['x509', '-req', '-in', 'request.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-days', '2', '-extfile', 'extensions', '-out', 'cert.pem'],
    );
    const args = ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')];
    own = await Relay.start({ args });
    assert.match(own.url, /^wss:/);
  });
  after(() => rmSync(folder, { recursive: true }));
  after(() => own?.stop());

  test('netsend to netrecv, with a CA that is trusted', async (t) => {
    const { start } = place(t, own.url);
    const env = { SSL_CERT_FILE: file('ca.pem') };
    const receiver = start(['netrecv', 'x', '-C', '1'], { env });
    await endsWell(start(['netsend', 'x', 'in private'], { env }));
    await prints(receiver, '"in private"');
    await endsWell(receiver);
  });

  test('a CA that is not trusted is said', async (t) => {
    const { start } = place(t, own.url);
    const receiver = start(['netrecv', 'x'], { env: { SSL_CERT_FILE: undefined } });
    await said(receiver, /relay wss:\S+ does not answer: .*certificate/);
  });

  test('a certificate of another host is said', async (t) => {
    const { start } = place(t, `wss://localhost:${own.port}`);
    const receiver = start(['netrecv', 'x'], { env: { SSL_CERT_FILE: file('ca.pem') } });
    await said(receiver, /relay wss:\S+ does not answer: .*certificate/);
  });
});

describe('kill -9 is noticed, and the other goes on', { concurrency: true }, () => {
  test('of netsend', async (t) => {
    const { recv, send } = place(t);
    const receiver = recv('-C', '2');
    const victim = send();
    victim.write('first\n');
    await prints(receiver, '"first"');
    victim.kill('SIGKILL');
    await said(receiver, /^left: z\w{19} /);
    await endsWell(send('second'));
    await prints(receiver, '"second"');
    await endsWell(receiver);
  });

  test('of netrecv', async (t) => {
    const { recv, send } = place(t);
    const victim = recv();
    const sender = send();
    sender.write('first\n');
    await prints(victim, '"first"');
    victim.kill('SIGKILL');
    await said(sender, /^left: z\w{19} /);
    const next = recv('-C', '1');
    sender.endInput('second\n');
    await prints(next, '"second"');
    await endsWell(next);
    // The victim printed the first message, but seldom lived to acknowledge it (within 20 ms).
    await sender.exit;
    const undelivered = sender.err.has((line) => /^not delivered: /.test(line));
    await endsWell(sender, undelivered ? 1 : 0);
  });
});

test(
  'a reader that stops: it holds up nobody, memory stays bounded, nothing is lost',
  async (t) => {
    const { start } = place(t);
    const padding = 'y'.repeat(1000);
    const memory = 64 * 1024; // KiB, and as lines about the same

    /** A receiver that counts its lines and checks their order. */
    function counting() {
      const seen = { lines: 0, wrong: undefined, wanted: Infinity };
      seen.all = new Promise((resolve) => (seen.done = resolve));
      const parse = (line) => {
        if (line !== `"${seen.lines} ${padding}"`)
          seen.wrong ??= `${seen.lines}: ${line.slice(0, 40)}`;
        if (++seen.lines >= seen.wanted) seen.done();
      };
      seen.process = start(['netrecv', 'x'], { parse });
      return seen;
    }

    const slow = counting();
    const quick = counting();
    const sender = start(['netsend', 'x', '--peers', '2']);
    let made = 0;
    let flowing = true;
    function* flood() {
      while (flowing) {
        let text = '';
        for (let i = 0; i < 50; i++) text += `${made++} ${padding}\n`;
        yield text;
      }
    }
    Readable.from(flood(), { objectMode: true, highWaterMark: 1 }).pipe(sender.child.stdin);
    await said(sender, /joined/);
    await said(sender, /joined/);

    const highest = new Map();
    /** Looks at the memory until `enough`; the only waiting here that is not for an event. */
    async function watch(enough) {
      for await (const _ of every(50)) {
        for (const { name, rss } of [sender, slow.process, quick.process])
          highest.set(name, Math.max(highest.get(name) ?? 0, rss));
        if (enough()) return;
      }
    }
    await watch(() => slow.lines > 1000 && quick.lines > 1000);
    slow.process.child.stdout.pause();
    // As much as no process may hold in memory.
    const ahead = quick.lines + memory;
    await watch(() => quick.lines > ahead);
    const madeAt = made;
    const sizes = [...highest].map((one) => one.join(' ')).join(', ');
    t.diagnostic(`made ${made}, quick ${quick.lines}, slow ${slow.lines}; KiB: ${sizes}`);

    slow.process.child.stdout.resume();
    await watch(() => slow.lines > madeAt + 1000);
    flowing = false;
    await endsWell(sender);
    for (const seen of [slow, quick]) {
      seen.wanted = made;
      if (seen.lines < made) await seen.all;
      assert.equal(seen.wrong, undefined);
      assert.equal(seen.lines, made);
    }
    for (const [name, rss] of highest) assert.ok(rss < memory, `${name}: ${rss} KiB`);
  },
);

describe('limits of the relay', () => {
  async function limited(t, ...args) {
    const own = await Relay.start({ args });
    t.after(() => own.stop());
    return own;
  }

  /** A Nostr client; `next()` is its next message. */
  async function client(t, own) {
    const socket = new WebSocket(own.url);
    t.after(() => socket.terminate());
    const messages = [];
    const waiting = [];
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (waiting.length > 0) waiting.shift()(message);
      else messages.push(message);
    });
    await once(socket, 'open');
    return {
      socket,
      say: (...message) => socket.send(JSON.stringify(message)),
      next: () =>
        messages.length > 0
          ? Promise.resolve(messages.shift())
          : new Promise((resolve) => waiting.push(resolve)),
    };
  }

  test('--max-connections: one more gets HTTP 503', async (t) => {
    const own = await limited(t, '--max-connections', '1');
    const first = await client(t, own);
    const second = new WebSocket(own.url);
    t.after(() => second.terminate());
    second.on('error', () => {});
    const [, response] = await once(second, 'unexpected-response');
    assert.equal(response.statusCode, 503);
    first.say('REQ', 'still', { kinds: [1], '#x': ['a'] });
    assert.deepEqual(await first.next(), ['EOSE', 'still']);
  });

  test('--max-message: a longer one closes with 1009', async (t) => {
    const own = await limited(t, '--max-message', '1k');
    const { socket, say, next } = await client(t, own);
    say('REQ', 'fits', { kinds: [1], '#x': ['a'.repeat(200)] });
    assert.deepEqual(await next(), ['EOSE', 'fits']);
    const closed = once(socket, 'close');
    say('REQ', 'does not', { kinds: [1], '#x': ['a'.repeat(1024)] });
    assert.equal((await closed)[0], 1009);
  });

  test('--max-rate: what is too much is refused as rate-limited', async (t) => {
    const own = await limited(t, '--max-rate', '1');
    const { say, next } = await client(t, own);
    const id = 'ab'.repeat(32);
    // The first few are let through at once.
    const answers = [];
    for (let i = 0; i < 5; i++) say('REQ', `s${i}`, { kinds: [1], '#x': ['a'] });
    for (let i = 0; i < 5; i++) answers.push((await next())[0]);
    assert.deepEqual(answers, Array(5).fill('EOSE'));
    for (let i = 0; i < 3; i++) say('EVENT', { id });
    let refused = await next();
    while (!String(refused[3]).startsWith('rate-limited:')) refused = await next();
    assert.deepEqual(refused.slice(0, 3), ['OK', id, false]);
  });
});
