// The npm libraries that people send lights with, as desks: what each is known to do.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from './lib/test.mjs';
import { Sender } from 'sacn';
import { portOf, said, stageOn } from './lib/dmx.mjs';
import { Relay } from './lib/native.mjs';
import { freePort } from './lib/ports.mjs';

const require = createRequire(import.meta.url);
const artnet = require('artnet');
const { dmxnet } = require('dmxnet');
const e131 = require('e131');

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

const rounds = 20;

/** sacn 4.6.2: percent, one CID in every program. */
function sacnDesk(t, port, { universe, name, priority }) {
  const sender = new Sender({ universe, port, useUnicastDestination: '127.0.0.1' });
  t.after(() => sender.close());
  const options = { sourceName: name, priority };
  return (levels) => {
    const payload = Object.fromEntries(levels.map((level, i) => [i + 1, (level * 100) / 255]));
    return sender.send({ payload, ...options });
  };
}

/** e131 1.1.3: a CID of zeros in every program. */
function e131Desk(t, port, { universe, name, priority }) {
  const client = new e131.Client('127.0.0.1', port);
  t.after(() => client._socket.close());
  const packet = client.createPacket(24);
  packet.setSourceName(name);
  packet.setUniverse(universe);
  packet.setPriority(priority);
  return (levels) => {
    levels.forEach((level, i) => (packet.getSlotsData()[i] = level));
    return new Promise((resolve) => client.send(packet, resolve));
  };
}

/** dmxnet 0.9.0: sends 512 zeros at once, then whatever is set. */
async function dmxnetDesk(t, port, universe) {
  const listen = await freePort();
  // It never clears its own timers.
  const timers = [];
  const { setInterval } = globalThis;
  globalThis.setInterval = (...args) => timers[timers.push(setInterval(...args)) - 1];
  const rig = new dmxnet({ listen, log: { silent: true } });
  const sender = rig.newSender({ ip: '127.0.0.1', port, universe });
  globalThis.setInterval = setInterval;
  t.after(() => {
    timers.forEach((timer) => clearInterval(timer));
    sender.stop();
    rig.listener4.close();
    rig.socket.close();
  });
  return (channel, level) => sender.setChannel(channel, level);
}

describe('desks made with npm', { concurrency: true }, () => {
  const stage = async (t, listen, ...args) => {
    const { bridge, join } = await stageOn(relay, t, '--listen', `${listen}@127.0.0.1:0`, ...args);
    const port = await portOf(bridge);
    return { bridge, port, patch: await join() };
  };

  for (const [library, open] of [
    ['sacn', sacnDesk],
    ['e131', e131Desk],
  ]) {
    test(`two programs with one CID: ${library}`, async (t) => {
      const { bridge, port, patch } = await stage(t, 'sacn://5');
      const main = open(t, port, { universe: 5, name: 'main', priority: 150 });
      const backup = open(t, port, { universe: 5, name: 'backup', priority: 50 });
      await main([200]);
      assert.deepEqual(await patch.hears(), [{ channel: 0, value: 200 }]);
      for (let round = 1; round <= rounds; round++) {
        await backup([50, round]);
        await main([200, 100 + round]);
        assert.deepEqual(await patch.hears(), [{ channel: 1, value: 100 + round }]);
      }
      const line = await said(bridge, /two programs/);
      const names = /^sACN 5: .* '(main|backup)' at 127\.0\.0\.1:\d+ and '(?!\1)(main|backup)' at/;
      assert.match(line, names);
      assert.ok(!bridge.err.has((text) => /too late/.test(text)), 'a packet was late');
    });
  }

  test('two dmxnet scripts on one machine', async (t) => {
    const { bridge, port, patch } = await stage(t, 'artnet://1');
    const one = await dmxnetDesk(t, port, 1);
    for (const level of [1, 2, 3]) {
      one(5, level);
      assert.deepEqual(await patch.hears(), [{ channel: 5, value: level }]);
    }
    // Its first frame is dark.
    const two = await dmxnetDesk(t, port, 1);
    for (let level = 1; level <= rounds; level++) {
      two(9, level);
      assert.deepEqual(await patch.hears(), [{ channel: 9, value: level }]);
      one(6, level);
      assert.deepEqual(await patch.hears(), [{ channel: 6, value: level }]);
    }
    assert.ok(!bridge.err.has((text) => /too late/.test(text)), 'a packet was late');
  });

  test('a second artnet script, whose frames are short', async (t) => {
    const { port, patch } = await stage(t, 'artnet://1');
    const open = (options) => {
      const desk = artnet({ host: '127.0.0.1', port, ...options });
      t.after(() => desk.close());
      return desk;
    };
    const one = open({ sendAll: true });
    one.set(1, 1, [100, 101, 102, 103]);
    assert.deepEqual(
      await patch.hears(),
      [100, 101, 102, 103].map((value, channel) => ({ channel, value })),
    );
    const two = open();
    two.set(1, 3, 7); // 0, 0, 7, 0
    assert.deepEqual(await patch.hears(), [{ channel: 2, value: 7 }]);
    one.set(1, 4, 8);
    assert.deepEqual(await patch.hears(), [{ channel: 3, value: 8 }]);
    two.set(1, 1, 9);
    assert.deepEqual(await patch.hears(), [{ channel: 0, value: 9 }]);
  });
});
