// What is said while one waits: of a peer that is heard and not met, because a firewall drops UDP
// or because it does not hear since its relay was restarted; and nothing of a page that is no relay.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from './lib/test.mjs';
import { fileURLToPath } from 'node:url';
import { Relay, roomwire } from './lib/native.mjs';
import { connectMachine, here, ownNetwork } from './lib/network.mjs';
import { spawnNodePeer } from './lib/peer.mjs';

const skip = !ownNetwork(import.meta.url) && 'no network namespaces here';
const nodePeer = fileURLToPath(new URL('peers/node-peer.mjs', import.meta.url));
const long = 90_000;

function receive(t, room, url) {
  const receiver = roomwire(['netrecv', 'chat', '--room', room, '--relay', url]);
  t.after(() => receiver.stop());
  return receiver;
}
const said = (process, pattern) =>
  process.err.wait((line) => pattern.test(line), `line like ${pattern}`, long);

/** A Trystero peer on another machine, in the room. */
async function joinThere(t, machine, room, url) {
  const peer = machine.start('there', process.execPath, nodePeer, '--id-prefix', '0');
  t.after(() => peer.stop());
  const ask = async (id, command) => {
    peer.write(`${JSON.stringify({ id, ...command })}\n`);
    return JSON.parse(await peer.out.wait((line) => line.includes(`"re":${id}`), command.cmd));
  };
  const relays = [{ kind: 'nostr', url }];
  const { selfId } = await ask(1, { cmd: 'open', appId: 'patchies', relays });
  await ask(2, { cmd: 'join', roomId: room });
  return selfId;
}

test('a firewall between: who is heard, since when, what was tried, what to do', {
  skip,
  timeout: 2 * long,
}, async (t) => {
  const machine = await connectMachine();
  t.after(() => machine.stop());
  const relay = await Relay.start({ args: ['--listen', `${here}:0`] });
  t.after(() => relay.stop());
  const line = await relay.process.err.wait((l) => l.includes(`ws://${here}:`), 'its other URL');
  const [url] = /ws:\/\/10[\d.:]+/.exec(line);
  await said(relay.process, /reaches this relay, Chromium asks its user: allow it/);
  await machine.run('ip', 'rule', 'add', 'ipproto', 'udp', 'blackhole');
  const peer = await joinThere(t, machine, 'heard', url);

  const receiver = receive(t, 'heard', url);
  const waiting = await said(receiver, /still waiting: nobody is met/);
  const pair = String.raw`10\.99\.0\.1:\d+ \(host\) to 10\.99\.0\.2:\d+ \(host\)`;
  assert.match(waiting, new RegExp(`${peer}, first heard \\d+ s ago, tried ${pair}`));
  assert.match(waiting, /--ice-port/);
  assert.match(await said(receiver, /cannot reach/), new RegExp(`${peer}: .*tried ${pair}`));
  assert.ok(!receiver.err.has((l) => /nobody else is in the room/.test(l)));
});

test('a page of Trystero 0.23 whose relay was restarted is to be reloaded', {
  skip,
  timeout: 2 * long,
}, async (t) => {
  const relay = await Relay.start();
  t.after(() => relay.stop());
  const open = async () => {
    const page = spawnNodePeer({ trystero: '0.23.0' });
    t.after(() => page.stop());
    await page.open({ appId: 'patchies', relays: relay.of('nostr') });
    await page.join('deaf');
    return page;
  };
  const page = await open();
  const friend = receive(t, 'deaf', relay.url);
  await said(friend, new RegExp(`^joined: ${page.id}`));
  await relay.restart();

  const newcomer = receive(t, 'deaf', relay.url);
  await said(newcomer, /^joined: zzzz/); // the friend, who subscribes again
  const deaf = await said(newcomer, /announces itself and does not hear us/);
  assert.ok(deaf.includes(page.id) && deaf.includes('reload that page'), deaf);
  assert.ok(!friend.err.has((l) => /does not hear us/.test(l)), 'the friend is connected');

  await page.stop();
  const reloaded = await open();
  await said(newcomer, new RegExp(`^joined: ${reloaded.id}`));
});

// A Patchies of one's own: what serves it answers the WebSocket with the page, or not at all, as
// the development server of Vite does.
for (const [name, onUpgrade] of Object.entries({
  'answers with the page': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  'does not answer': () => {},
})) {
  test(`a page whose server ${name} is asked once for a relay, quietly`, { skip, timeout: long }, async (t) => {
    const sockets = new Set();
    let asked = 0;
    const page = createServer((_, response) => response.end('a page'));
    page.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
    const gone = new Promise((resolve) =>
      page.on('upgrade', (_, socket) => {
        asked++;
        socket.on('end', resolve).on('close', resolve).resume();
        onUpgrade(socket);
      }),
    );
    await new Promise((resolve) => page.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      page.close();
      sockets.forEach((socket) => socket.destroy());
    });
    const link = `http://127.0.0.1:${page.address().port}/?room=own`;
    const relay = await Relay.start();
    t.after(() => relay.stop());
    const receiver = receive(t, link, relay.url);
    await said(receiver, /^relay .* answers/);
    await gone;
    await said(receiver, /still waiting: nobody else is in the room \(1 of 1 relay answers\)/);
    assert.equal(asked, 1);
    assert.ok(!receiver.err.all().some((line) => line.includes(`:${page.address().port}`)));
    const sender = roomwire(['netsend', 'chat', 'met', '--room', link, '--relay', relay.url]);
    t.after(() => sender.stop());
    await receiver.out.wait((line) => line === '"met"', 'the message');
  });
}
