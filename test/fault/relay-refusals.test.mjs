// Relays that answer and are of no use: they refuse what we send, or take it and pass nothing on.
// Without -v it is said what they say, and nobody is told that the room is empty.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from '../interop/lib/test.mjs';
import { Relay, roomwire } from '../interop/lib/native.mjs';
import { EventRepository, NostrRelay, WebSocketServer } from '../interop/lib/packages.mjs';
import { HostileRelay } from './hostile-relay.mjs';

let honest;
let rooms = 0;
before(async () => (honest = await Relay.start()));
after(() => honest.stop());

function start(t, args) {
  const process = roomwire(args);
  t.after(() => process.stop());
  return process;
}
const receive = (t, ...args) =>
  start(t, ['netrecv', 'x', '--room', `refused-${++rooms}`, ...args]);
const said = (process, pattern) =>
  process.err.wait((line) => pattern.test(line), `line like ${pattern}`);

/** Trystero's events are ephemeral: none is ever kept. */
class NoEvents extends EventRepository {
  isSearchSupported = () => false;
  find = () => [];
  upsert = () => ({ isDuplicate: false });
  destroy() {}
}

/** @nostr-relay/core on a port; `plugin` may refuse events, `options` may ask for authentication. */
async function nostrRelay(t, plugin, options = {}) {
  const logger = { setLogLevel() {}, debug() {}, info() {}, warn() {}, error() {} };
  const relay = new NostrRelay(new NoEvents(), { logger, ...options });
  if (plugin) relay.register(plugin);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client) => {
    relay.handleConnection(client, '127.0.0.1');
    client.on('message', (data) => relay.handleMessage(client, JSON.parse(String(data))));
    client.on('close', () => relay.handleDisconnect(client));
    client.on('error', () => {});
  });
  t.after(() => {
    server.clients.forEach((client) => client.terminate());
    server.close();
    return relay.destroy();
  });
  return `ws://127.0.0.1:${server.address().port}`;
}

describe('of no use', { concurrency: true }, () => {
  test('@nostr-relay/core gives our own events back, and asks to authenticate: nothing is wrong', async (t) => {
    const url = await nostrRelay(t, undefined, { hostname: 'localhost' });
    const receiver = receive(t, '--relay', url, '-v');
    await said(receiver, /says: wants clients to authenticate/);
    await said(receiver, /still waiting: nobody else is in the room \(1 of 1 relay answers\)/);
    assert.ok(!receiver.err.has((line) => /without serving us|may not be met/.test(line)));
  });

  test('@nostr-relay/core refuses events: what it says is said', async (t) => {
    const message = 'rate-limited: slow down there';
    const url = await nostrRelay(t, { beforeHandleEvent: () => ({ canHandle: false, message }) });
    const receiver = receive(t, '--relay', url);
    await said(receiver, /refuses what we send: rate-limited: slow down there; peers may not be met there/);
    await said(receiver, /still waiting: perhaps nobody hears us .*rate-limited: slow down there/);
    assert.ok(!receiver.err.has((line) => /nobody else is in the room/.test(line)));
  });

  async function hostile(t) {
    const relay = await HostileRelay.start();
    t.after(() => relay.stop());
    return relay;
  }

  test('a relay that swallows what it takes is told, and so is that it passes things on again', async (t) => {
    const relay = await hostile(t);
    relay.greeting = [['AUTH', 'a challenge']];
    relay.tamper = () => [];
    const receiver = receive(t, '--relay', relay.url);
    const told = /takes what we send and passes nothing on: wants clients to authenticate/;
    await said(receiver, told);
    await said(receiver, /still waiting: perhaps nobody hears us .* takes what we send and passes nothing/);
    relay.tamper = (event) => [event];
    await said(receiver, /passes on what we send/);
    assert.equal(receiver.err.count((line) => /^relay .* passes nothing on/.test(line)), 1);
  });

  test('a relay that closes subscriptions is told', async (t) => {
    const relay = await hostile(t);
    relay.onRequest = (id) => [['CLOSED', id, 'auth-required: members only\u001b[2J']];
    const receiver = receive(t, '--relay', relay.url);
    await said(receiver, /refuses what we send: auth-required: members only.{1,6}\[2J; peers may not be met/);
  });

  test('beside an honest relay it is said, and others are met', async (t) => {
    const relay = await hostile(t);
    relay.reply = ({ id }) => [['OK', id, false, 'blocked: not you']];
    const room = ['--room', `refused-${++rooms}`, '--relay', honest.url];
    const receiver = start(t, ['netrecv', 'x', '-C', '1', ...room, '--relay', relay.url]);
    await said(receiver, /refuses what we send: blocked: not you/);
    start(t, ['netsend', 'x', 'met', ...room]);
    await receiver.out.wait((line) => line === '"met"', 'the message');
  });
});
