// roomwire osc over TCP, IPv6, multicast and broadcast.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from './lib/test.mjs';
import { Relay, offlineEnv, roomwireBinary } from './lib/native.mjs';
import {
  endsWell,
  oscdump,
  oscsend,
  packet,
  place,
  portOf,
  ready,
  said,
  udpEnd,
} from './lib/osc.mjs';
import { Process } from './lib/process.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const framings = {
  size: (bytes) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    return Buffer.concat([size, bytes]);
  },
  // RFC 1055, with END before and after as OSC 1.1 wants it.
  slip: (bytes) => {
    const escaped = [...bytes].flatMap((b) =>
      b === 0xc0 ? [0xdb, 0xdc] : b === 0xdb ? [0xdb, 0xdd] : [b],
    );
    return Buffer.from([0xc0, ...escaped, 0xc0]);
  },
};

describe('TCP', { concurrency: true }, () => {
  // 192 and 219 are what SLIP escapes.
  const tricky = ['/t', 192, 219, 0xc0db, Buffer.from([0xc0, 0xdb, 0xdc, 0xdd])];
  const trickyInRoom = [192, 219, 0xc0db, { type: 'b', value: 'wNvc3Q==' }];

  /** Bytes that came on a socket, as an event whenever `length` are there. */
  async function takes(socket, expected) {
    let seen = Buffer.alloc(0);
    for await (const [part] of on(socket)) {
      seen = Buffer.concat([seen, part]);
      if (seen.length >= expected.length) break;
    }
    assert.equal(seen.toString('hex'), expected.toString('hex'));
  }
  async function* on(socket) {
    for (;;) yield await once(socket, 'data');
  }

  for (const [framing, frame] of Object.entries(framings)) {
    test(`a listener is spoken to in ${framing}, and answers so`, async (t) => {
      const listen = ['--listen', 'osc.tcp://127.0.0.1:0', '--reply'];
      const [bridge, patch] = await place(t, relay).pair(...listen);
      const socket = connect(await portOf(bridge), '127.0.0.1');
      t.after(() => socket.destroy());
      const bytes = frame(packet(...tricky));
      socket.write(Buffer.concat([bytes, bytes.subarray(0, 9)]));
      await patch.hears({ address: '/t', args: trickyInRoom });
      socket.write(bytes.subarray(9));
      await patch.hears({ address: '/t', args: trickyInRoom });
      const answered = takes(socket, bytes);
      await patch.say({ address: '/t', args: trickyInRoom });
      await answered;
    });

    test(`a destination in ${framing}, which answers`, async (t) => {
      const server = createServer();
      t.after(() => server.close());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `osc.tcp://127.0.0.1:${server.address().port}?framing=${framing}`;
      const [[socket], [, patch]] = await Promise.all([
        once(server, 'connection'),
        place(t, relay).pair('--to', url),
      ]);
      t.after(() => socket.destroy());
      const bytes = frame(packet(...tricky));
      const came = takes(socket, bytes);
      await patch.say({ address: '/t', args: trickyInRoom });
      await came;
      socket.write(bytes);
      await patch.hears({ address: '/t', args: trickyInRoom });
    });
  }

  test('a destination that speaks SLIP is followed, and it is said', async (t) => {
    const server = createServer();
    t.after(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `osc.tcp://127.0.0.1:${server.address().port}`;
    const [[socket], [bridge, patch]] = await Promise.all([
      once(server, 'connection'),
      place(t, relay).pair('--to', url),
    ]);
    t.after(() => socket.destroy());
    socket.write(framings.slip(packet('/in', 1)));
    await patch.hears({ address: '/in', args: [1] });
    await said(bridge, new RegExp(`${url}/ speaks SLIP, .* write ${url}/\\?framing=slip$`));
    const came = takes(socket, framings.slip(packet('/out', 2)));
    await patch.say({ address: '/out', args: [2] });
    await came;
  });

  test('oscsend → room, and garbage before it', async (t) => {
    const [bridge, patch] = await place(t, relay).pair('--listen', 'osc.tcp://0');
    const port = await portOf(bridge);
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {}); // it may be reset
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve).resume());
    await said(bridge, /^dropped: .*, from osc\.tcp:\/\/127\.0\.0\.1:\d+\/$/);
    await oscsend(`osc.tcp://127.0.0.1:${port}`, '/tcp', 'is', 1, 'x');
    await patch.hears({ address: '/tcp', args: [1, 'x'] });
  });
});

describe('UDP', { concurrency: true }, () => {
  test('a packet that Macs do not take is spoken of once', async (t) => {
    const end = await udpEnd(t);
    const [bridge, patch] = await place(t, relay).pair('--to', `127.0.0.1:${end.port}`);
    for (const [i, size] of [9216, 9220, 9220].entries()) {
      // The address and the types take 12 bytes, the end of the text one.
      await patch.say({ address: `/text/${i}`, args: ['x'.repeat(size - 13)] });
      const { bytes } = await end.next();
      assert.equal(bytes.length, size);
    }
    const hint = /^a packet of 9220 bytes goes out by UDP: Macs/;
    await said(bridge, hint);
    assert.equal(bridge.err.count((line) => hint.test(line)), 1);
  });

  test('--reuse shares a port: broadcast reaches all who listen there', async (t) => {
    const other = createSocket({ type: 'udp4', reuseAddr: true });
    t.after(() => other.close());
    await new Promise((bound) => other.bind(0, bound));
    const { port } = other.address();
    const { bridge: start, patch: join } = place(t, relay);
    await said(start(['--listen', `${port}`]), new RegExp(`UDP port ${port} is taken`));
    const bridge = start(['--listen', `0.0.0.0:${port}`, '--reuse']);
    const patch = await join();
    await patch.meets(bridge);
    const heard = once(other, 'message');
    const end = await udpEnd(t);
    end.socket.setBroadcast(true);
    await end.send(packet('/all', 1), port, '127.255.255.255');
    await patch.hears({ address: '/all', args: [1] });
    assert.deepEqual((await heard)[0], packet('/all', 1));
    // What is sent to one address is heard by the one that began last.
    await end.send(packet('/one', 1), port);
    await patch.hears({ address: '/one', args: [1] });
  });
});

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some(({ address }) => address === '::1');
test('IPv6', { skip: !hasIpv6 && 'this machine has no ::1' }, async (t) => {
  const end = await udpEnd(t, { address: '::1' });
  const url = `osc.udp://[::1]:${end.port}/`;
  const [bridge, patch] = await place(t, relay).pair('--listen', '[::1]:0', '--to', url);
  await patch.say({ address: '/six', args: [6] });
  await end.hears('/six', 6);
  await end.send(packet('/in', 6), await portOf(bridge));
  await patch.hears({ address: '/in', args: [6] });
});

describe('groups, in a network of their own', () => {
  const setup = [
    'ip link set lo up',
    'ip link add osc0 type veth peer name osc1',
    'ip addr add 10.99.0.1/24 brd + dev osc0',
    'ip link set osc0 up && ip link set osc1 up',
    'ip route add default dev osc0',
  ].join(' && ');
  const works = spawnSync('unshare', ['-rn', 'sh', '-c', setup]).status === 0;
  const options = { skip: !works && 'no network namespaces here' };

  /** Starts programs in a new namespace. */
  async function network(t) {
    const holder = new Process('namespace', 'unshare', [
      '-rn',
      'sh',
      '-c',
      `${setup} && echo up && cat`,
    ]);
    t.after(() => holder.stop());
    await holder.out.wait((line) => line === 'up', 'the network');
    // unshare became sh: it is in the namespaces.
    const enter = ['-t', String(holder.pid), '-n', '-U', '--preserve-credentials'];
    const wrap = (...command) => ['nsenter', ...enter, ...command];
    const start = (...args) => {
      const [command, ...rest] = wrap(roomwireBinary(), ...args);
      const started = new Process(`roomwire ${args[0]} inside`, command, rest, { env: offlineEnv });
      t.after(() => started.stop());
      return started;
    };
    const own = start('relay', '--listen', '127.0.0.1:0');
    const url = /ws:\/\/\S+/.exec(await said(own, /^relay ws:/))[0];
    const connection = ['--room', 'x', '--relay', url];
    const inside = {
      dump: (where) => oscdump(t, where, wrap),
      send: (...args) => {
        const [command, ...rest] = wrap('oscsend', ...args.map(String));
        execFileSync(command, rest);
      },
      bridge: (...args) => start('osc', ...connection, ...args),
      hear: () => start('netrecv', 'osc', ...connection),
      say: (value, peers) =>
        start('netsend', 'osc', JSON.stringify(value), '--peers', `${peers}`, ...connection),
    };
    /** An oscdump that listens; `to` is where a packet reaches it. */
    inside.dumpReady = async (where, probe) => {
      const dump = await inside.dump(where);
      await ready(
        dump.out,
        (line) => line === '/ready',
        () => inside.send(probe, '/ready'),
      );
      return dump;
    };
    return inside;
  }

  for (const [name, group, url] of [
    ['multicast', '239.9.8.7', 'osc.udp://239.9.8.7:5701'],
    ['multicast with an interface', '239.9.8.7', 'osc.udp://239.9.8.7:5701?interface=osc0&ttl=2'],
  ]) {
    test(name, options, async (t) => {
      const inside = await network(t);
      const dump = await inside.dumpReady(`osc.udp://${group}:5701`, `osc.udp://${group}:5701`);
      // It listens where it sends, too.
      const listen = url.replace('&ttl=2', '');
      const bridge = inside.bridge('--to', url, '--listen', listen);
      await said(bridge, /^listening on /);
      const receiver = inside.hear();
      await said(bridge, /^joined: /);
      await endsWell(inside.say({ address: '/out', args: [1] }, 2));
      await dump.prints('/out i 1');
      inside.send(`osc.udp://${group}:5701`, '/in', 'i', 2);
      assert.deepEqual(JSON.parse(await receiver.out.wait(() => true, 'said in the room')), {
        address: '/out',
        args: [1],
      });
      assert.deepEqual(JSON.parse(await receiver.out.wait(() => true, 'from the group')), {
        address: '/in',
        args: [2],
      });
    });
  }

  test('two bridges that send to one group, and hear it', options, async (t) => {
    const inside = await network(t);
    const url = 'osc.udp://239.9.8.7:5703';
    const dump = await inside.dumpReady(url, url);
    const bridges = [1, 2].map(() => inside.bridge('--to', url, '--listen', url));
    for (const bridge of bridges) await said(bridge, /^joined: /);
    const receiver = inside.hear();
    for (const bridge of bridges) await said(bridge, /^joined: /);
    const heard = async () => JSON.parse(await receiver.out.wait(() => true, 'a message')).address;
    await endsWell(inside.say({ address: '/out' }, 3));
    await dump.prints('/out', '/out');
    assert.equal(await heard(), '/out');
    // Each bridge brings it into the room, and the other one from there to the group.
    for (const address of ['/in', '/end']) {
      inside.send(url, address);
      await dump.prints(address, address, address);
      for (const _ of bridges) assert.equal(await heard(), address);
    }
  });

  for (const [name, url] of [
    ['broadcast of a network', '10.99.0.255:5702'],
    ['broadcast to all', '255.255.255.255:5702'],
    ['broadcast with an interface', '255.255.255.255:5702?interface=osc0'],
  ]) {
    test(name, options, async (t) => {
      const inside = await network(t);
      const dump = await inside.dumpReady('5702', 'osc.udp://127.0.0.1:5702');
      const bridge = inside.bridge('--to', url);
      await said(bridge, /, you are /);
      await endsWell(inside.say({ address: '/all', args: [1] }, 1));
      await dump.prints('/all i 1');
    });
  }
});
