// The commands as their users run them, against each other and against a real Trystero peer.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from './lib/test.mjs';
import { awaited } from './lib/log.mjs';
import { Relay, newConfigFolder, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { spawnNativePeer, spawnNodePeer } from './lib/peer.mjs';
import { Process } from './lib/process.mjs';

let relay;
let rooms = 0;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

/** Commands in one new room over the test's relay. */
function place(t) {
  const room = `cli-${++rooms}`;
  const connection = ['--room', room, '--relay', relay.url];
  const start = (args, options) => {
    const process = roomwire([...args, ...(options?.bare ? [] : connection)], options);
    t.after(() => process.stop());
    return process;
  };
  return {
    room,
    start,
    recv: (...args) => start(['netrecv', ...args]),
    send: (...args) => start(['netsend', ...args]),
    async peer(spawned, appId = 'patchies') {
      t.after(() => spawned.stop());
      await spawned.open({ appId, relays: relay.of('nostr') });
      return spawned;
    },
  };
}

async function endsWell(process, code = 0) {
  const ended = await process.exit;
  assert.deepEqual(
    ended,
    { code, signal: null },
    `${process.name}:\n${process.err.recent().join('\n')}`,
  );
}

const said = (process, pattern) =>
  process.err.wait((line) => pattern.test(line), `line like ${pattern}`);

async function prints(process, lines) {
  for (const line of lines) assert.equal(await process.out.wait(() => true, `line ${line}`), line);
}

test('one message on the command line; JSON stays JSON', async (t) => {
  const { recv, send } = place(t);
  const receiver = recv('chat', '-C', '3');
  await endsWell(send('chat', 'hello'));
  await endsWell(send('chat', '{"b":[1,{"ü":null}], "a": 12345678901234567890.10}'));
  await endsWell(send('chat', '--text', '42'));
  await prints(receiver, ['"hello"', '{"b":[1,{"ü":null}],"a":12345678901234567890.10}', '"42"']);
  await endsWell(receiver);
});

test('standard input: a line a message, several channels, set-channel', async (t) => {
  const { recv, send } = place(t);
  const receiver = recv('one', 'two', '--json', '-C', '4');
  const sender = send('one');
  sender.endInput('first\n7\n{"type":"set-channel","channel":"two"}\n[true]\nlast without newline');
  await endsWell(sender);
  const seen = [];
  for (let i = 0; i < 4; i++)
    seen.push(JSON.parse(await receiver.out.wait(() => true, `message ${i}`)));
  assert.deepEqual(
    seen.map(({ channel, data }) => [channel, data]),
    [
      ['one', 'first'],
      ['one', 7],
      ['two', [true]],
      ['two', 'last without newline'],
    ],
  );
  for (const { peer, ts, ...rest } of seen) {
    assert.match(peer, /^zzzz[0-9A-Za-z]{16}$/);
    assert.ok(Math.abs(Date.parse(ts) - Date.now()) < 60_000, `time ${ts}`);
    assert.deepEqual(Object.keys(rest).sort(), ['channel', 'data']);
  }
  await endsWell(receiver);
});

test('input without a message is said to be so', async (t) => {
  const { send } = place(t);
  const sender = send('chat');
  sender.endInput('');
  await endsWell(sender);
  assert.ok(sender.err.all().includes('sent nothing: there was no message in the input'));
});

test('a byte order mark before the input or the message is no part of it', async (t) => {
  const { recv, send } = place(t);
  const receiver = recv('chat', '-C', '3');
  const sender = send('chat');
  sender.endInput('\ufeff{"a":1}\ntext\n');
  await endsWell(sender);
  await endsWell(send('chat', '\ufeff[2]'));
  await prints(receiver, ['{"a":1}', '"text"', '[2]']);
  await endsWell(receiver);
});

test('-r prints strings bare, --file sends bytes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'bytes'), Buffer.from([0, 255, 10]));
  const { recv, send } = place(t);
  const raw = recv('x', '-r', '-C', '2');
  const envelope = recv('x', '--json', '-C', '2');
  await endsWell(send('x', 'bare "words"', '--peers', '2'));
  await endsWell(send('x', '--file', join(folder, 'bytes'), '--peers', '2'));
  await prints(raw, ['bare "words"', '{"type":"Buffer","data":[0,255,10]}']);
  await envelope.out.wait(() => true, 'the string');
  const bytes = JSON.parse(await envelope.out.wait(() => true, 'the bytes'));
  assert.equal(bytes.data, 'AP8K');
  assert.equal(bytes.encoding, 'base64');
});

test('--file waits for the writer of a FIFO, in the room', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const { recv, send } = place(t);
  await endsWell(send('x', '--file', fifo, '-W', '0.3'), 124);
  const receiver = recv('x', '-C', '1');
  const sender = send('x', '--file', fifo);
  await said(sender, /joined/);
  writeFileSync(fifo, 'late');
  await endsWell(sender);
  await prints(receiver, ['{"type":"Buffer","data":[108,97,116,101]}']);
});

test('netrecv can be piped into netsend again', async (t) => {
  const first = place(t);
  const second = place(t);
  const through = first.recv('a', '-C', '2');
  const end = second.recv('b', '-C', '2');
  const again = second.send('b');
  through.child.stdout.pipe(again.child.stdin);
  const sender = first.send('a');
  sender.endInput('plain\n{"k":[1.50,"2"]}\n');
  await prints(end, ['"plain"', '{"k":[1.50,"2"]}']);
  for (const process of [sender, through, again, end]) await endsWell(process);
});

test('-W ends with 124 when nobody comes', async (t) => {
  await endsWell(place(t).recv('x', '-W', '0.3'), 124);
});

test('a sender that nobody hears waits, and -W ends it', async (t) => {
  const { send } = place(t);
  await endsWell(send('x', 'hello?', '--peers', '3', '-W', '0.3'), 124);
});

const mistakes = [
  [['netsend'], /CHANNEL/],
  [['netrecv'], /CHANNEL/],
  [['netrecv', 'x', '--relay', 'http://127.0.0.1'], /--relay/],
  [['netrecv', 'x', '--relay', 'ws://'], /--relay/],
  [['netrecv', 'x', '--ws-relay', 'nonsense'], /--ws-relay/],
  [['netrecv', 'x', '--ice-server', 'turn:example.org'], /--ice-server/],
  [['netrecv', 'x', '--ice-port', '70000'], /--ice-port/],
  [['netrecv', 'x', '--relay-set', '9.9.9'], /--relay-set: .*9\.9\.9.* 0\.25/],
  [['netrecv', 'x', '-W', 'soon'], /--timeout/],
  [['netrecv', 'x', '-C', '0'], /--count/],
  [['netrecv', 'x', '-C', '-1'], /--count/],
  [['netrecv', 'x', '--romo', 'r'], /--romo/],
  [['netrecv', 'x', '--room', ''], /--room/],
  [['netrecv', 'x', '--app-id', ''], /--app-id/],
  [['netrecv', 'x', '--max-message', 'big'], /--max-message/],
  [
    ['netrecv', 'a name of a channel that is longer than 32 bytes', '--room', 'r'],
    /32 bytes|channel/i,
  ],
  [['netsend', 'x', 'm', '--peers', '0'], /--peers/],
  [['netsend', 'x', '--file', '/nonexistent/file'], /\/nonexistent\/file/],
  [['netsend', 'x', '--file', '/'], /--file: cannot open \/: Is a directory/],
  [['netsend', 'x', 'one', 'two'], /two/],
  [['relay', '--listen', 'nowhere:port'], /--listen/],
  [['relay', '--listen', '127.0.0.1:99999'], /--listen/],
  [['relay', '--tls-cert', 'only.pem'], /--tls-cert|--tls-key/],
  [['fly'], /fly/],
  [[], /command|COMMAND|Usage/i],
];
for (const [args, names] of mistakes) {
  test(`a mistake is named in one line, exit 2: roomwire ${args.join(' ')}`, async (t) => {
    const { start } = place(t);
    const process = start(args, { bare: true });
    await endsWell(process, 2);
    const lines = process.err.recent(40).slice(0, -1);
    assert.match(lines.join('\n'), names);
    if (args.length > 0) assert.equal(lines.length, 1, lines.join('\n'));
    assert.equal(
      process.out.count(() => true),
      0,
    );
  });
}

test('a taken port and interfaces that are not there are named with their flags', async (t) => {
  const { recv } = place(t);
  const taken = createSocket('udp4');
  await new Promise((resolve) => taken.bind(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const port = String(taken.address().port);
  const one = recv('x', '--ice-port', port, '--ice-interface', '127.0.0.1');
  await endsWell(one, 1);
  await said(one, new RegExp(`--ice-port: .*${port}.* in use`));
  const two = recv('x', ...['lo', 'nosuch0', '192.0.2.77'].flatMap((i) => ['--ice-interface', i]));
  await endsWell(two, 1);
  await said(two, /--ice-interface: .* nosuch0, 192\.0\.2\.77$/);
});

test('too few file descriptors: said, and exit 1', async (t) => {
  for (let limit = 4; limit < 14; limit++) {
    const script = `ulimit -n ${limit}; exec "$0" netrecv x --relay ${relay.url} -W 0.1`;
    const receiver = new Process('sh', 'sh', ['-c', script, roomwireBinary()], {
      env: offlineEnv,
    });
    t.after(() => receiver.stop());
    const { code } = await receiver.exit;
    if (code !== 124) {
      assert.equal(code, 1, receiver.err.recent().join('\n'));
      await said(receiver, /^roomwire: .*Too many open files/);
    }
  }
});

test('variables stand in for connection flags', async (t) => {
  const { start, room } = place(t);
  const env = {
    ROOMWIRE_RELAY: relay.url,
    ROOMWIRE_ROOM: room,
    ROOMWIRE_PASSWORD: 'pw',
    ROOMWIRE_APP_ID: 'other',
  };
  const receiver = start(['netrecv', 'x', '-C', '1'], { env, bare: true });
  await endsWell(start(['netsend', 'x', 'hello'], { env, bare: true }));
  await prints(receiver, ['"hello"']);
  await endsWell(receiver);
});

test('a wrong password is said, with the peer', async (t) => {
  const { recv, send } = place(t);
  const receiver = recv('x', '--password', 'one');
  await said(receiver, /relay .* answers/);
  const sender = send('x', 'hello', '--password', 'two');
  const either = (p) => said(p, /password/).then((line) => assert.match(line, /zzzz[0-9A-Za-z]{16}/));
  await Promise.any([either(receiver), either(sender)]);
  assert.equal(
    receiver.out.count(() => true),
    0,
  );
});

test('a link as Patchies has it, to a real Trystero peer', async (t) => {
  const { start, peer, room } = place(t);
  const node = await peer(spawnNodePeer());
  await node.join(room);
  await node.action(room, 'osc');
  const link = `https://patchies.app/?help=1&room=${room}#x`;
  await endsWell(
    start(['netsend', 'osc', '[1,"two"]', '--room', link, '--relay', relay.url], { bare: true }),
  );
  const message = await node.event('message', { action: 'osc' });
  assert.deepEqual(message.payload, { jsonText: '[1,"two"]' });
  await node.event('leave', { peer: message.peer });
});

test('without --room a room is made and its link can be used', async (t) => {
  const { start } = place(t);
  const env = { XDG_CONFIG_HOME: newConfigFolder() };
  const args = ['-C', '1', '-q', '--relay', relay.url];
  const receiver = start(['netrecv', 'x', ...args], { bare: true, env });
  const line = await said(receiver, /https:\/\/patchies\.app\/\?room=/);
  const link = /https:\S+/.exec(line)[0];
  await endsWell(
    start(['netsend', 'x', 'found', '--room', link, '--relay', relay.url], { bare: true }),
  );
  await prints(receiver, ['"found"']);
});

test('a sender waits again when everybody has gone', async (t) => {
  const { peer, room, send } = place(t);
  const sender = send('x');
  const a = await peer(spawnNodePeer());
  await a.join(room);
  await a.action(room, 'x');
  sender.write('for a\n');
  assert.deepEqual((await a.event('message')).payload, { text: 'for a' });
  await a.leave(room);
  await said(sender, /everybody has left/);
  sender.endInput('for b\n');
  const b = await peer(spawnNativePeer());
  await b.join(room);
  await b.action(room, 'x');
  assert.deepEqual((await b.event('message')).payload, { text: 'for b' });
  await endsWell(sender);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} leaves the room first`, async (t) => {
    const { peer, room, recv } = place(t);
    const node = await peer(spawnNodePeer());
    await node.join(room);
    const receiver = recv('x');
    const { peer: id } = await node.event('join');
    await said(receiver, /joined/);
    receiver.kill(signal);
    await endsWell(receiver, signal === 'SIGINT' ? 130 : 143);
    // Without the farewell it would take the 5 s that Trystero gives a lost connection.
    await node.event('leave', { peer: id }, 4000);
  });
}

test('a relay that refuses is said once and tried again; another one works', async (t) => {
  const { room, start } = place(t);
  let tries = 0;
  let thirdTry;
  const tried = new Promise((resolve) => (thirdTry = resolve));
  const refusing = createServer((socket) => {
    socket.destroy();
    if (++tries === 3) thirdTry();
  });
  await new Promise((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  t.after(() => refusing.close());
  const bad = `ws://127.0.0.1:${refusing.address().port}`;
  const args = ['--room', room, '--relay', bad, '--relay', relay.url];
  const receiver = start(['netrecv', 'x', ...args], { bare: true });
  await endsWell(start(['netsend', 'x', 'hello', ...args], { bare: true }));
  await prints(receiver, ['"hello"']);
  await awaited('the third try at the relay', tried);
  assert.equal(
    receiver.err.count((line) => line.includes(bad)),
    1,
    receiver.err.recent().join('\n'),
  );
});

test('a relay that is restarted is joined again, and newcomers are found', async (t) => {
  const own = await Relay.start();
  t.after(() => own.stop());
  const { room, start } = place(t);
  const args = ['--room', room, '--relay', own.url];
  const receiver = start(['netrecv', 'x', '-C', '2', ...args], { bare: true });
  await endsWell(start(['netsend', 'x', 'before', ...args], { bare: true }));
  await prints(receiver, ['"before"']);
  await said(receiver, /relay .* answers/);
  await own.restart();
  await said(receiver, /relay .* is lost/);
  await endsWell(start(['netsend', 'x', 'after', ...args], { bare: true }));
  await prints(receiver, ['"after"']);
  await endsWell(receiver);
});

test('a peer met through two strategies is one peer', async (t) => {
  const { room, start } = place(t);
  const args = ['--room', room, '--relay', relay.url, '--ws-relay', relay.url];
  const receiver = start(['netrecv', 'x', '-C', '2', ...args], { bare: true });
  await endsWell(start(['netsend', 'x', 'one', ...args], { bare: true }));
  await endsWell(
    start(['netsend', 'x', 'two', '--room', room, '--ws-relay', relay.url], { bare: true }),
  );
  await prints(receiver, ['"one"', '"two"']);
  await endsWell(receiver);
  assert.equal(
    receiver.err.count((line) => /^joined: /.test(line)),
    2,
    receiver.err.recent().join('\n'),
  );
});

// The kernel knows how far a process has read a file. It tells nobody, so it is asked.
async function untilRead(pid, path, size) {
  const fds = `/proc/${pid}/fd`;
  const place = () => {
    const fd = readdirSync(fds).find((each) => readlinkSync(join(fds, each)) === path);
    if (fd === undefined) return undefined;
    return Number(/pos:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))[1]);
  };
  while (place() !== undefined && place() < size) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('what waits for a peer that leaves is not sent, and no success', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'large'), Buffer.alloc(8 << 20));
  const { peer, room, send } = place(t);
  const sender = send('x', '--file', join(folder, 'large'), '--peers', '1');
  await said(sender, /relay .* answers/);
  // Started only once the file has been read: it is on its way as soon as they have met.
  await untilRead(sender.pid, join(folder, 'large'), 8 << 20);
  const native = await peer(spawnNativePeer());
  await native.command('receiving', { on: false });
  await native.join(room);
  await said(sender, /joined/);
  await native.leave(room);
  await said(sender, /everybody has gone/);
  await endsWell(sender, 1);
});

describe('peers and readers that stand still', { concurrency: true }, () => {
  for (const signal of ['SIGKILL', 'SIGSTOP']) {
    test(`a message that a peer never took is no success: ${signal}`, async (t) => {
      const { recv, send } = place(t);
      const receiver = recv('x');
      const sender = send('x');
      sender.write('1\n');
      await prints(receiver, ['1']);
      receiver.kill(signal);
      sender.endInput('2\n');
      await said(sender, /not delivered: zzzz[0-9A-Za-z]{16}/);
      await endsWell(sender, 1);
    });
  }

  test('Ctrl-C after -W ends a sender whose peer goes on reading just then', async (t) => {
    const { peer, room, send } = place(t);
    const reader = await peer(spawnNativePeer());
    await reader.join(room);
    await reader.action(room, 'x');
    await reader.command('receiving', { on: false });
    const sender = send('x', '-W', '2');
    sender.endInput(`${'x'.repeat(1000)}\n`.repeat(20_000));
    await said(sender, /time limit/);
    sender.kill('SIGINT');
    await reader.command('receiving', { on: true });
    await endsWell(sender, 130);
  });

  test('-W ends a receiver that has all it wants but whose output nobody reads', async (t) => {
    const { recv, send } = place(t);
    const sender = send('x');
    sender.endInput('x'.repeat(4 << 20));
    await said(sender, /relay .* answers/);
    // Time enough to be met and to get it all.
    const receiver = recv('x', '-C', '1', '-W', '8');
    const exit = new Promise((resolve) => receiver.child.once('exit', resolve));
    receiver.child.stdout.pause();
    await endsWell(sender);
    assert.equal(await exit, 124);
    await said(receiver, /standard output is not read: its last \d+ bytes are lost/);
  });
});

test('the output of a receiver may be closed early', async (t) => {
  const { recv, send } = place(t);
  const receiver = recv('x');
  const sender = send('x');
  sender.write('1\n');
  await prints(receiver, ['1']);
  receiver.child.stdout.destroy();
  sender.write('2\n'); // the receiver leaves at once, or when it has this to write
  await endsWell(receiver);
});
