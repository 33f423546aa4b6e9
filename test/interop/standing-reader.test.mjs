// A reader of standard output that stands still, as a pager does: peers are kept, and what comes.
import assert from 'node:assert/strict';
import { after, before, test } from './lib/test.mjs';
import { Relay, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { udpEnd } from './lib/osc.mjs';
import { spawnNodePeer } from './lib/peer.mjs';
import { Process } from './lib/process.mjs';

const megabyte = 1_000_000;
const count = 40;
let relay;
before(async () => (relay = await Relay.start()));
after(() => relay.stop());

let rooms = 0;
/** A command whose standard output nobody reads, and a Trystero peer in the room with it. */
async function place(t, ...command) {
  const room = `standing-${process.pid}-${++rooms}`;
  const reader = roomwire([...command, '--room', room, '--relay', relay.url]);
  t.after(() => reader.stop());
  reader.child.stdout.pause();
  const peer = spawnNodePeer({ mend: true });
  t.after(() => peer.stop());
  await peer.open({ appId: 'patchies', relays: relay.of('nostr') });
  await peer.join(room);
  await peer.event('join');
  return { room, reader, peer };
}

const text = (n) => `${n} `.padEnd(megabyte, '.');
const numberOf = (line) => Number(JSON.parse(line).split(' ')[0]);

/** All at once, as a program does that does not wait; resolves when Trystero has sent them. */
async function sendAll(peer, room) {
  await peer.action(room, 'big');
  const sends = Array.from({ length: count }, (_, n) =>
    peer.send(room, 'big', { text: text(n) }, {}, 100_000),
  );
  await Promise.all(sends);
}

test('40 messages of 1 MB wait for the reader, and their sender is kept', async (t) => {
  const { room, reader, peer } = await place(t, 'netrecv', 'big', '-C', `${count}`);
  await sendAll(peer, room);
  assert.equal(reader.out.all().length, 0, 'nobody has read');
  reader.child.stdout.resume();
  assert.deepEqual(await reader.exit, { code: 0, signal: null }, reader.err.recent().join('\n'));
  assert.ok(!reader.err.has((line) => /^left:|not read/.test(line)), reader.err.all().join('\n'));
  const lines = reader.out.all();
  const numbers = lines.map(numberOf).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n));
  assert.ok(lines.every((line) => line.length === megabyte + 2));
});

test('beyond --spool messages are lost, counted, and the exit code is 1', async (t) => {
  const { room, reader, peer } = await place(t, 'netrecv', 'big', '--spool', '1M');
  await sendAll(peer, room);
  const pattern = new RegExp(`standard output is not read: (\\d+) messages? of ${peer.id} lost`);
  await reader.err.wait((line) => pattern.test(line), 'what is lost');
  reader.child.stdout.resume();
  // It takes messages again once it is read.
  for (let n = count; !reader.out.has((line) => numberOf(line) >= count); ++n) {
    await peer.send(room, 'big', { text: `${n} after` });
  }
  reader.kill('SIGINT');
  assert.deepEqual(await reader.exit, { code: 1, signal: null }, reader.err.recent().join('\n'));
  const printed = reader.out.all().filter((line) => numberOf(line) < count).length;
  const lost = reader.err.all().reduce((sum, line) => sum + Number(pattern.exec(line)?.[1] ?? 0), 0);
  assert.ok(lost > 0);
  assert.ok(printed + lost >= count, `${printed} printed, ${lost} lost`);
});

test('a folder that cannot keep anything is named', async (t) => {
  const room = `standing-${process.pid}-${++rooms}`;
  const there = ['--room', room, '--relay', relay.url];
  const env = { ...offlineEnv, TMPDIR: '/nothere' };
  const reader = roomwire(['netrecv', 'big', ...there], { env });
  t.after(() => reader.stop());
  reader.child.stdout.pause();
  const sender = roomwire(['netsend', 'big', ...there]);
  t.after(() => sender.stop());
  sender.write(`${'x'.repeat(megabyte)}\n`.repeat(count));
  await reader.err.wait(
    (line) => line.startsWith('cannot keep what comes in /nothere: No such file or directory; '),
    'the folder',
  );
});

test('a bridge whose --monitor meets a full disk says so and goes on', async (t) => {
  const room = `standing-${process.pid}-${++rooms}`;
  const there = ['--room', room, '--relay', relay.url];
  const end = await udpEnd(t);
  const bridge = new Process(
    'roomwire >/dev/full',
    'sh',
    ['-c', 'exec "$@" >/dev/full', 'sh', roomwireBinary(), 'osc', '--monitor', ...there].concat([
      '--to',
      `127.0.0.1:${end.port}`,
    ]),
    { env: offlineEnv },
  );
  t.after(() => bridge.stop());
  const sender = roomwire(['netsend', 'osc', ...there]);
  t.after(() => sender.stop());
  sender.write('{"address":"/1"}\n');
  await end.hears('/1');
  await bridge.err.wait(
    (line) => /^roomwire: cannot write the output: No space left on device; the bridge/.test(line),
    'what is wrong',
  );
  sender.write('{"address":"/2"}\n');
  await end.hears('/2');
});

test('a bridge whose --monitor nobody reads goes on, and says what it left out', async (t) => {
  const { room, reader, peer } = await place(t, 'osc', '--to', '127.0.0.1:9', '--dry-run', '--monitor');
  await peer.action(room, 'osc');
  const jsonText = `{"address":"/flood","args":[%n,"${'x'.repeat(1000)}"]}`;
  await peer.command('burst', { roomId: room, action: 'osc', jsonText, count: 20_000 }, 60_000);
  const pattern = /^standard output is not read: \d+ lines? left out$/;
  await reader.err.wait((line) => pattern.test(line), 'what is left out');
});

// Node gives its children sockets, a shell pipes.
const behindPipe = (args) =>
  new Process('roomwire | cat', 'sh', ['-c', '"$@" 2>&1 | cat >&2', 'sh', roomwireBinary(), ...args], {
    env: offlineEnv,
  });
for (const [kind, start] of Object.entries({ socket: roomwire, pipe: behindPipe })) {
  test(`a ${kind} of standard error that nobody reads holds no message up`, async (t) => {
    const there = ['--room', `standing-${process.pid}-${++rooms}`, '--relay', relay.url];
    const receiver = roomwire(['netrecv', 'chat', ...there]);
    t.after(() => receiver.stop());
    const sender = start(['netsend', 'chat', ...there]);
    t.after(() => sender.stop());
    sender.child.stderr.pause();
    const bad = '{"type":"set-channel","channel":"@_no"}\n';
    sender.write(`${bad.repeat(20_000)}"good"\n`);
    await receiver.out.wait((line) => line === '"good"', 'the message');
    sender.child.stderr.resume();
    const pattern = /^standard error was not read: \d+ lines? left out$/;
    while (!sender.err.has((line) => pattern.test(line))) {
      sender.write(`${bad}"more"\n`);
      await receiver.out.wait((line) => line === '"more"', 'a message after it');
    }
  });
}
