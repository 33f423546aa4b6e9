// roomwire monitor: what passes through a room, for people and for programs.
import assert from 'node:assert/strict';
import { after, before, test } from './lib/test.mjs';
import { Relay, newConfigFolder, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { endsWell, said } from './lib/osc.mjs';
import { spawnNodePeer } from './lib/peer.mjs';
import { Process } from './lib/process.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

let rooms = 0;
function place(t) {
  const room = `monitor-${process.pid}-${++rooms}`;
  const track = (started) => {
    t.after(() => started.stop());
    return started;
  };
  return {
    room,
    monitor: (...args) => track(roomwire(['monitor', '--room', room, '--relay', relay.url, ...args])),
    terminal: () => {
      const words = ['monitor', '--room', room, '--relay', relay.url];
      const command = `stty rows 12 cols 60; exec '${roomwireBinary()}' ${words.join(' ')}`;
      const env = { ...offlineEnv, TERM: 'xterm', NO_COLOR: '1' };
      return track(new Process('terminal', 'script', ['-qfec', command, '/dev/null'], { env }));
    },
    /** A Trystero peer that sends on any channel. */
    async patch(options) {
      const peer = track(spawnNodePeer({ mend: true, ...options }));
      await peer.open({ appId: 'patchies', relays: relay.of('nostr') });
      await peer.join(room);
      const say = async (channel, payload) => {
        await peer.action(room, channel);
        await peer.send(room, channel, payload);
      };
      return Object.assign(peer, { say });
    },
  };
}

for (const trystero of ['0.23.0', '0.25.4']) {
  test(`lines: channels that nobody named, with Trystero ${trystero}`, async (t) => {
    const { monitor, patch } = place(t);
    const watching = monitor();
    const peer = await patch({ trystero });
    await said(watching, new RegExp(`^joined: ${peer.id}`));
    await peer.event('join');
    const line = () => watching.out.wait(() => true, 'a line');
    await peer.say('chat', { text: 'two\nlines' });
    assert.equal(await line(), `chat ${peer.id} "two\\nlines"`);
    await peer.say('grün & rot', { jsonText: '{"a":[1,2.5]}' });
    assert.equal(await line(), `grün & rot ${peer.id} {"a":[1,2.5]}`);
    await peer.say('bytes', { hex: '01ff' });
    assert.equal(await line(), `bytes ${peer.id} {"type":"Buffer","data":[1,255]}`);
    watching.kill('SIGINT');
    await endsWell(watching, 130);
  });
}

test('JSON: messages, and who comes, answers and goes', async (t) => {
  const { monitor, patch, room } = place(t);
  const watching = monitor('--json', '-q');
  const peer = await patch();
  const next = async (what, match) =>
    JSON.parse(await watching.out.wait((line) => match(JSON.parse(line)), what));
  const event = (name) => next(name, (line) => line.event === name);
  const { ts, at, ...joined } = await event('join');
  assert.match(ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.match(at, /^(\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\]):\d+$/);
  assert.deepEqual(joined, { event: 'join', peer: peer.id, path: 'this machine' });
  await peer.event('join');
  const first = await event('ping');
  assert.equal(first.peer, peer.id);
  assert.ok(first.ms > 0 && first.ms < 20_000);
  await event('ping'); // and again
  await peer.say('osc', { jsonText: '{"address":"/x","args":[1]}' });
  const message = await next('the message', (line) => line.channel === 'osc');
  assert.deepEqual(message.data, { address: '/x', args: [1] });
  assert.equal(message.peer, peer.id);
  await peer.leave(room);
  assert.equal((await event('leave')).peer, peer.id);
  watching.kill('SIGTERM');
  await endsWell(watching, 143);
});

test('a monitor that nobody reads does not hold up the room', async (t) => {
  const { monitor, patch, room } = place(t);
  const watching = monitor();
  watching.child.stdout.pause();
  const peer = await patch();
  await said(watching, new RegExp(`^joined: ${peer.id}`));
  await peer.event('join');
  await peer.action(room, 'flood');
  const jsonText = JSON.stringify({ n: 0, filler: 'x'.repeat(1000) }).replace('0', '%n');
  const burst = { roomId: room, action: 'flood', jsonText, count: 20_000 };
  await peer.command('burst', burst, 60_000);
  await peer.say('last', { text: 'word' });
  watching.kill('SIGINT');
  await said(watching, /^standard output is not read: \d+ lines left out$/);
});

test('on a terminal: a table that is drawn anew', async (t) => {
  const { terminal, patch } = place(t);
  const screen = terminal();
  const seen = (pattern) => screen.out.wait((line) => pattern.test(line), `${pattern}`);
  await seen(/room monitor-\S+: 0 peers, 0 channels, 0 messages \(0\/s\)/);
  const peer = await patch();
  await seen(new RegExp(`joined: ${peer.id}`));
  await peer.event('join');
  await seen(new RegExp(`${peer.id} +\\d+\\.\\d ms  \\S+ \\(this machine\\)`));
  await peer.say('osc', { jsonText: '{"address":"/x"}' });
  await seen(new RegExp(`^osc +1 +\\d+ +${peer.id.slice(0, 8)} +\\d+ s {2}{"address":"/x"}`));
  for (let i = 0; i < 30; ++i) await peer.say(`channel ${i}`, { text: '\x1b[2Jx' });
  await seen(/1 peer, 31 channels, 31 messages/);
  await seen(/^\.\.\. and 2\d more/);
  screen.write('\x03');
  assert.deepEqual(await screen.exit, { code: 130, signal: null });
  assert.ok(!screen.out.has((line) => line.includes('\x1b[2J')));
  // 12 lines of terminal hold the table: what goes up to its first line is never more.
  const ups = screen.out.all().flatMap((line) => [...line.matchAll(/\x1b\[(\d+)A/g)].map((m) => +m[1]));
  assert.ok(Math.max(...ups) <= 10, String(Math.max(...ups)));
});

test('without --room it watches the remembered one', async (t) => {
  const env = { XDG_CONFIG_HOME: newConfigFolder() };
  const watching = roomwire(['monitor', '--relay', relay.url], { env });
  t.after(() => watching.stop());
  await said(watching, /^new room: https:\/\/patchies\.app\/\?room=/);
  await endsWell(roomwire(['netsend', 'chat', 'hello', '--relay', relay.url], { env }));
  assert.match(await watching.out.wait(() => true, 'a line'), /^chat z\w{19} "hello"$/);
});
