// What roomwire dmx says on a network, as another machine hears it: Wireshark's dissectors judge
// each packet.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { Receiver } from 'sacn';
import { after, before, describe, test } from './lib/test.mjs';
import { dissect } from './lib/capture.mjs';
import {
  artDmx,
  levels,
  openNode,
  sacnData,
  sacnDiscovery,
  said,
  shows,
  stageOn,
} from './lib/dmx.mjs';
import { Log } from './lib/log.mjs';
import { Relay, roomwire } from './lib/native.mjs';
import { connectMachine, here, ownNetwork, there, thisMachine } from './lib/network.mjs';
import { startOla } from './lib/ola.mjs';
import { packet } from './lib/osc.mjs';
import { addressOf, qlcplus } from './lib/programs.mjs';

const { dmxnet } = createRequire(import.meta.url)('dmxnet');
const network = ownNetwork(import.meta.url);

const isArtNet = (bytes) => bytes.toString('latin1', 0, 8) === 'Art-Net\0';
const opcode = (bytes) => (isArtNet(bytes) ? bytes.readUInt16LE(8) : 0);
const isArtDmx = (bytes) => opcode(bytes) === 0x5000;
const isArtSync = (bytes) => opcode(bytes) === 0x5200;
const isPoll = (bytes) => opcode(bytes) === 0x2000;
const isPollReply = (bytes) => opcode(bytes) === 0x2100;
const rootVector = (bytes) => (bytes.length > 44 ? bytes.readUInt32BE(18) : 0);
const isSacnData = (bytes) => rootVector(bytes) === 4;
const isSacnSync = (bytes) => rootVector(bytes) === 8 && bytes.readUInt32BE(40) === 1;
const isSacnDiscovery = (bytes) => rootVector(bytes) === 8 && bytes.readUInt32BE(40) === 2;
const group = (universe) => `239.255.${universe >> 8}.${universe & 255}`;
const poll = Buffer.concat([Buffer.from('Art-Net\0'), Buffer.from([0, 0x20, 0, 14, 2, 0])]);

/** All are of this protocol, and nothing is wrong with any. */
async function wellFormed(datagrams, protocol) {
  for (const { protocols, info, expert } of await dissect(datagrams)) {
    assert.match(protocols, protocol, info);
    assert.equal(expert, '', info);
    assert.doesNotMatch(info, /malformed/i);
  }
}

describe('on a network', { skip: !network && 'no network namespaces here' }, () => {
  let relay;
  let machine;
  before(async () => {
    machine = await connectMachine();
    relay = await Relay.start();
  });
  after(() => machine?.stop());
  after(() => relay?.stop());

  test('Art-Net leaves from its port, in step, and desks that poll see it', async (t) => {
    const node = await machine.ear(t, 6454);
    const to = [`artnet://${there}/0.0.1`, 'artnet://broadcast/0.0.2'];
    const { join } = await stageOn(relay, t, '--artsync', ...to.flatMap((url) => ['--to', url]));
    const patch = await join();
    await patch.send([1, 2, 3]);
    const heard = [];
    for (const universe of [1, 2]) {
      const mine = (bytes) => isArtDmx(bytes) && bytes[14] === universe;
      heard.push(await node.hears(mine, `universe ${universe}`));
    }
    heard.push(await node.hears(isArtSync, 'ArtSync'));
    for (const { from, fromPort } of heard) assert.deepEqual([from, fromPort], [here, 6454]);
    assert.deepEqual(heard[0].bytes.subarray(18), levels({ 0: 1, 1: 2, 2: 3 }));
    assert.equal(heard[2].bytes.toString('hex', 8), '0052000e0000');

    node.send(poll, 6454);
    const reply = await node.hears(isPollReply, 'the answer');
    heard.push(reply);
    assert.equal(reply.fromPort, 6454);
    assert.deepEqual([...reply.bytes.subarray(10, 14)], [10, 99, 0, 1]);
    assert.notEqual(reply.bytes.toString('hex', 201, 207), '000000000000');
    assert.equal(reply.bytes[173], 2); // ports
    assert.deepEqual([...reply.bytes.subarray(186, 188)], [1, 2]); // SwIn
    await wellFormed(heard, /artnet/);
  });

  test('ArtSync goes once to each network, by broadcast', async (t) => {
    const more = [
      ['here', 'ip addr add 10.98.0.1/24 dev dmx0'], // as is usual, without its broadcast address
      ['there', `ip addr add 10.98.0.2/24 dev dmx0; ip addr add 10.99.0.3/24 dev dmx0`],
    ];
    for (const [side, script] of more) {
      machine.configure[side](script);
      t.after(() => machine.configure[side](script.replaceAll(' add ', ' del ')));
    }
    const nodes = await machine.ear(t, 6454);
    const broadcasts = await Promise.all(
      ['10.98.0.255', '10.99.0.255'].map((address) => machine.ear(t, `${address}:6454`)),
    );
    const to = [there, '10.99.0.3', '10.98.0.2'].map((node) => ['--to', `artnet://${node}/0.0.1`]);
    const { join } = await stageOn(relay, t, '--artsync', ...to.flat());
    const patch = await join();
    await patch.send([1]);
    for (const log of broadcasts) {
      const { bytes, from, fromPort } = await log.hears(isArtSync, 'ArtSync');
      assert.deepEqual([from.slice(-2), fromPort], ['.1', 6454]);
      assert.equal(bytes.toString('hex', 8), '0052000e0000');
    }
    for (let i = 0; i < 6; i++) await nodes.hears(isArtSync, 'all of three frames');
    const heard = nodes.log.all().filter(({ open }) => !open);
    const order = heard.map(({ bytes }) => (isArtDmx(bytes) ? 'D' : 'S')).join('');
    assert.match(order, /^(DDDSS){3}/);
  });

  test('a console that is node and desk is heard on the port that it is sent from', async (t) => {
    const desk = await machine.ear(t, 6454);
    const ends = ['--to', `artnet://${there}/0.0.1`, '--listen', 'artnet://0.0.2'];
    const { join } = await stageOn(relay, t, ...ends);
    const patch = await join();
    await patch.send([1]);
    assert.equal((await desk.hears(isArtDmx, 'a frame')).fromPort, 6454);
    desk.send(artDmx(1, 0, 2, levels({ 0: 5 })), 6454);
    assert.deepEqual((await patch.hears())[0], { channel: 0, value: 5 });
    desk.send(artDmx(2, 0, 2, levels({ 0: 6 })), 6454, '10.99.0.255');
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 6 }]);
    // Other programs on the machine may share the port, and both hear what is broadcast.
    const other = await openNode(t, { port: 6454, address: '0.0.0.0' });
    desk.send(artDmx(3, 0, 2, levels({ 0: 7 })), 6454, '10.99.0.255');
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 7 }]);
    await shows(other, levels({ 0: 7 }), 18);
  });

  test('QLC+ that is started later on this machine is heard', async (t) => {
    const ends = ['--to', `artnet://${there}/0.0.1`, '--listen', 'artnet://0.0.0'];
    const { join } = await stageOn(relay, t, ...ends);
    const patch = await join();
    const desk = await qlcplus(thisMachine, here);
    t.after(() => desk.stop());
    const fader = createSocket('udp4');
    // It does not say when it has begun.
    const full = packet(addressOf(3), { type: 'f', value: 1 });
    const push = setInterval(() => fader.send(full, 7700, here), 200);
    t.after(() => {
      clearInterval(push);
      fader.close();
    });
    assert.deepEqual(await patch.hears(), [{ channel: 3, value: 255 }]);
  });

  test('a program on this machine that sends from the port of Art-Net too is heard', async (t) => {
    const to = [`artnet://${there}/0.0.1`, 'artnet://10.99.0.255/0.0.3'];
    const listen = ['artnet://0.0.2', 'artnet://0.0.3'];
    const ends = { '--to': to, '--listen': listen };
    const flags = Object.entries(ends).flatMap(([flag, urls]) => urls.flatMap((url) => [flag, url]));
    const { join } = await stageOn(relay, t, ...flags);
    const patch = await join();
    const other = await openNode(t, { port: 6454, address: '0.0.0.0' }); // QLC+ does so
    other.socket.setBroadcast(true);
    await patch.send([9]);
    const own = (packet) => isArtDmx(packet) && packet[14] === 3 && packet[18] === 9;
    for (let i = 0; i < 4; i++) await other.log.wait(own, 'what the bridge broadcasts');
    for (const level of [5, 6]) {
      other.socket.send(artDmx(level, 0, 2, levels({ 0: level })), 6454, '10.99.0.255');
      const heard = await patch.hears();
      assert.deepEqual(heard, [{ universe: 2, channels: [{ channel: 0, value: level }] }]);
    }
  });

  for (const listen of [
    ['artnet://0.0.2'],
    [`artnet://0.0.2@${here}`],
    ['artnet://0.0.2', `artnet://0.0.2@${here}`],
  ]) {
    test(`hears unicast and broadcasts, once: ${listen}`, async (t) => {
      const desk = await machine.ear(t, 6454);
      const flags = listen.flatMap((url) => ['--listen', url]);
      const { bridge, join } = await stageOn(relay, t, ...flags);
      const patch = await join();
      // On a stage network without a gateway it must be said where this goes.
      machine.configure.there('ip route replace 255.255.255.255 dev dmx0');
      let level = 0;
      for (const address of [here, '10.99.0.255', '255.255.255.255', here]) {
        desk.send(artDmx(++level, 0, 2, levels({ 0: level })), 6454, address);
        assert.deepEqual(await patch.hears(), [{ channel: 0, value: level }], address);
      }
      desk.send(poll, 6454, '10.99.0.255');
      assert.equal((await desk.hears(isPollReply, 'the answer')).from, here);
      assert.ok(!bridge.err.has((line) => /late|shared|taken/.test(line)), 'each came once');
    });
  }

  test('at another address it hears no broadcast of this network', async (t) => {
    const desk = await machine.ear(t, 6454);
    const { join } = await stageOn(relay, t, '--listen', 'artnet://0.0.2@127.0.0.1');
    const { socket, log } = await openNode(t, { port: 6454, address: '0.0.0.0' });
    const patch = await join();
    machine.configure.there('ip route replace 255.255.255.255 dev dmx0');
    for (const address of ['10.99.0.255', '255.255.255.255']) {
      desk.send(artDmx(1, 0, 2, levels({ 0: 1 })), 6454, address);
      await log.wait(isArtDmx, `what goes to ${address}`);
    }
    socket.send(artDmx(1, 0, 2, levels({ 0: 2 })), 6454, '127.0.0.1');
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 2 }]);
  });

  test('beside dmxnet on its port, both hear broadcasts', async (t) => {
    const desk = await machine.ear(t, 6454);
    const timers = t.mock.method(globalThis, 'setInterval'); // dmxnet never clears its own
    const rig = new dmxnet({ listen: 6454, hosts: ['0.0.0.0'], log: { silent: true } });
    const seen = new Log('dmxnet');
    t.after(() => {
      for (const { result } of timers.mock.calls) clearInterval(result);
      rig.listener4.close();
      rig.socket.close();
      seen.close();
    });
    rig.newReceiver({ net: 0, subnet: 0, universe: 2 }).on('data', (data) => seen.push(data[0]));
    const { bridge, join } = await stageOn(relay, t, '--listen', 'artnet://0.0.2');
    const shared = /^UDP port 6454 is shared with another program: both hear broadcasts, but what/;
    await said(bridge, shared);
    const patch = await join();
    desk.send(artDmx(1, 0, 2, levels({ 0: 9 })), 6454, '10.99.0.255');
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 9 }]);
    await seen.wait((level) => level === 9, 'the level');
  });

  for (const listen of [['sacn://5'], [`sacn://5@${here}`], ['sacn://5', `sacn://5@${here}`]]) {
    test(`hears the group and unicast, once: ${listen}`, async (t) => {
      const desk = await machine.ear(t, 5568);
      const flags = listen.flatMap((url) => ['--listen', url]);
      const { bridge, join } = await stageOn(relay, t, ...flags);
      const patch = await join();
      let sequence = 0;
      for (const address of [group(5), here, group(5), here]) {
        const fields = { cid: Buffer.alloc(16, 7), name: 'Pult', universe: 5 };
        const slots = levels({ 0: ++sequence });
        desk.send(sacnData({ ...fields, sequence, slots }), 5568, address);
        assert.deepEqual(await patch.hears(), [{ channel: 0, value: sequence }], address);
      }
      assert.ok(!bridge.err.has((line) => /late|shared|taken/.test(line)), 'each came once');
    });
  }

  test('beside npm sacn on its port, both hear multicast', async (t) => {
    const desk = await machine.ear(t, 5568);
    const receiver = new Receiver({ universes: [5], iface: here, reuseAddr: true });
    const seen = new Log('sacn');
    t.after(() => {
      receiver.close();
      seen.close();
    });
    await new Promise((resolve) => receiver.socket.once('listening', resolve));
    receiver.on('packet', ({ payload }) => seen.push(payload[1]));
    const { bridge, join } = await stageOn(relay, t, '--listen', 'sacn://5');
    await said(bridge, /^UDP port 5568 is shared with another program: both hear multicast, but/);
    const patch = await join();
    const fields = { cid: Buffer.alloc(16, 7), name: 'Pult', universe: 5 };
    desk.send(sacnData({ ...fields, sequence: 1, slots: levels({ 0: 255 }) }), 5568, group(5));
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 255 }]);
    await seen.wait((level) => level === 100, 'the level, in percent');
  });

  test('a poll from another port is answered there and on the port of Art-Net', async (t) => {
    const home = await machine.ear(t, 6454);
    const asker = await machine.ear(t, 7000);
    const { bridge } = await stageOn(relay, t, '--listen', 'artnet://0.0.2');
    await said(bridge, /^listening on /);
    asker.send(poll, 6454);
    const replies = [
      await asker.hears(isPollReply, 'the answer'),
      await home.hears(isPollReply, 'the answer on 6454'),
    ];
    for (const { fromPort } of replies) assert.equal(fromPort, 6454);
    assert.deepEqual(replies[0].bytes, replies[1].bytes);
  });

  test('where the port is taken it says so, and sends from another', async (t) => {
    await openNode(t, { port: 6454, address: '0.0.0.0' });
    const node = await machine.ear(t, 6454);
    const { bridge, join } = await stageOn(relay, t, '--to', `artnet://${there}/0.0.1`);
    await said(bridge, /^UDP port 6454 is taken by another program: Art-Net leaves from another/);
    const patch = await join();
    await patch.send([1]);
    assert.notEqual((await node.hears(isArtDmx, 'a frame')).fromPort, 6454);
  });

  test('sACN: data, sync and discovery by multicast', async (t) => {
    const node = await machine.ear(t, 5568, ...[1, 2, 7000, 64214].map(group));
    const to = ['sacn://1', 'sacn://2'].flatMap((url) => ['--to', url]);
    const { bridge, join } = await stageOn(relay, t, ...to, '--sync-universe', '7000');
    const patch = await join();
    await patch.send([9]);
    const first = [];
    for (const universe of [1, 2]) {
      const mine = (bytes) => isSacnData(bytes) && bytes.readUInt16BE(113) === universe;
      first.push(await node.hears(mine, `universe ${universe}`));
    }
    for (const { bytes } of first) {
      assert.equal(bytes.readUInt16BE(109), 7000); // sync address
      assert.equal(bytes[112], 0x20); // frames are shown also when sync packets stay away
      assert.equal(bytes[126], 9);
    }
    const sync = await node.hears(isSacnSync, 'a sync packet');
    assert.equal(sync.bytes.readUInt16BE(45), 7000);
    const next = await node.hears(isSacnSync, 'another');
    assert.equal(next.bytes[44], sync.bytes[44] + 1);
    const discovery = await node.hears(isSacnDiscovery, 'what is sent');
    assert.deepEqual(discovery.bytes.subarray(120).toString('hex'), '000100021b58');
    bridge.kill('SIGTERM');
    const last = [];
    for (let i = 0; i < 6; i++)
      last.push(await node.hears((b) => isSacnData(b) && (b[112] & 0x40) !== 0, `terminated ${i}`));
    await wellFormed([...first, ...last], /acn/);
    // Wireshark 4.0 does not know these two as ACN; what they hold is above, how they begin here.
    const cid = first[0].bytes.toString('hex', 22, 38);
    const begin = (size) => {
      const length = (at) => (0x7000 | (size - at)).toString(16);
      const name = Buffer.from('ASC-E1.17\0\0\0').toString('hex');
      return `00100000${name}${length(16)}00000008${cid}${length(38)}`;
    };
    const number = sync.bytes.toString('hex', 44, 45);
    assert.equal(sync.bytes.toString('hex'), `${begin(49)}00000001${number}1b580000`);
    assert.equal(discovery.bytes.toString('hex', 0, 44), `${begin(126)}00000002`);
    assert.equal(discovery.bytes.toString('hex', 108, 120), '00000000700e000000010000');

  });

  test('a cable that is pulled: the newest levels are there when it is back', async (t) => {
    const node = await machine.ear(t, 6454);
    const to = ['--to', `artnet://${there}/0.0.1`, '--monitor'];
    const { bridge, join } = await stageOn(relay, t, ...to);
    const patch = await join();
    const shows = (level) => (bytes) => isArtDmx(bytes) && bytes[18] === level;
    await patch.send([1]);
    await node.hears(shows(1), 'levels');
    machine.plug(false);
    await patch.send([2]);
    await patch.send([3]);
    await bridge.out.wait((line) => line === '> Art-Net 0.0.1: 0=3', 'a frame without a cable');
    machine.plug(true);
    // The kernel may have kept older ones, until it knows again where the node is.
    await node.hears(shows(3), 'the newest levels');
    await node.hears(shows(3), 'the newest levels again');
    const heard = node.log.all().filter(({ bytes }) => isArtDmx(bytes));
    const newest = heard.findIndex(({ bytes }) => bytes[18] === 3);
    assert.ok(heard.slice(newest).every(({ bytes }) => bytes[18] === 3), 'older levels came later');
  });

  test('--discover lists nodes and sources', async (t) => {
    const ola = await startOla(machine);
    t.after(() => ola.stop());
    await ola.patch('artnet', 0, 5, 'in');
    await ola.patch('sacn', 0, 3, 'out');
    t.after(ola.hold(3, [1]));
    const desk = await machine.ear(t, 5568);
    const search = roomwire(['dmx', '--discover', '-W', '60']);
    t.after(() => search.stop());
    await said(search, /^looking for /);
    desk.send(sacnDiscovery('Pult', [6, 7]), 5568, group(64214));
    const node = /^Art-Net 10\.99\.0\.2 {2}rig \(The rig\); takes 0\.0\.0, 0\.0\.5; sends 0\.0\.0$/;
    await search.out.wait((line) => node.test(line), 'the node');
    await search.out.wait((line) => line === 'sACN 10.99.0.2  Pult; sends 6, 7', 'the source');
    // OLA does not announce what it sends, so it is heard by that, which is said at the end.
    const beside = await openNode(t, { port: 5568, address: group(3) });
    beside.socket.addMembership(group(3), here);
    for (let i = 0; i < 3; i++) await beside.log.wait(isSacnData, 'a frame of OLA');
    search.kill('SIGINT');
    const quiet = /^sACN 10\.99\.0\.2 {2}.*OLA.*; sends 3, without announcing it$/;
    await search.out.wait((line) => quiet.test(line), 'OLA as a source');
    assert.deepEqual(await search.exit, { code: 130, signal: null });
    await said(search, /^Art-Net nodes 1, sACN sources 2$/);
  });

  test('--discover lists a node with one index for all its ports once', async (t) => {
    const node = await machine.ear(t, 6454);
    const search = roomwire(['dmx', '--discover', '-W', '60']);
    t.after(() => search.stop());
    // What dmxnet 0.9.0 says of two universes that it receives.
    const answer = (universe) => {
      const reply = Buffer.alloc(239);
      reply.write('Art-Net\0', 'latin1');
      reply.writeUInt16LE(0x2100, 8);
      reply.set([10, 99, 0, 2], 10);
      reply.write('dmxnet', 26, 'latin1');
      reply.set([0, 1, 0x80], 172); // one port, which puts Art-Net out
      reply[190] = universe;
      reply[211] = 1;
      return reply;
    };
    const expected = 'Art-Net 10.99.0.2  dmxnet; takes 0.0.1, 0.0.2';
    for (let polls = 0; polls < 3; polls++) {
      await node.hears(isPoll, 'an ArtPoll');
      for (const universe of [1, 2]) node.send(answer(universe), 6454);
      if (polls === 0) await search.out.wait((line) => line === expected, 'the node');
    }
    search.kill('SIGINT');
    await search.exit;
    assert.deepEqual(search.out.all(), [expected]);
  });

  test('--discover says when nobody answers, and what to do', async (t) => {
    const node = await machine.ear(t, 6454);
    const search = roomwire(['dmx', '--discover', '-W', '1']);
    t.after(() => search.stop());
    const asked = await node.hears(isPoll, 'an ArtPoll');
    assert.deepEqual([asked.from, asked.fromPort], [here, 6454]);
    await wellFormed([asked], /artnet/);
    assert.deepEqual(await search.exit, { code: 1, signal: null });
    await said(search, /^no sACN source said what it sends, which OLA and QLC\+ never do/);
    await said(search, /^roomwire: nobody answered: asked 10\.99\.0\.255; .* try --to artnet:/);
  });
});
