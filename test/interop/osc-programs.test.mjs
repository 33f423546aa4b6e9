// roomwire osc and programs of the stage, each for what it is known to read: Csound, ChucK, QLC+,
// OLA's OSC plugin. What they make of it is seen at the other end of each.
import assert from 'node:assert/strict';
import { stageOn } from './lib/dmx.mjs';
import { Relay } from './lib/native.mjs';
import { connectMachine, here, ownNetwork, there } from './lib/network.mjs';
import { startOla } from './lib/ola.mjs';
import { place, portOf, said } from './lib/osc.mjs';
import { freePort } from './lib/ports.mjs';
import { addressOf, chuck, csound, needs, qlcplus } from './lib/programs.mjs';
import { after, before, describe, test } from './lib/test.mjs';

const network = ownNetwork(import.meta.url);

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

/** A program that hears what the patch says, and answers into the room. */
async function echo(t, start, ...flags) {
  const port = await freePort();
  const { bridge, patch: join } = place(t, relay);
  const started = bridge(['--to', `127.0.0.1:${port}`, '--listen', '0', ...flags]);
  const program = await start(t, port, await portOf(started));
  const patch = await join();
  await patch.meets(started);
  const say = (address, value) => patch.say({ address, args: [value] });
  return { bridge: started, patch, program, say };
}

describe('Csound', () => {
  test('hears a fader up to its end, switches and wide numbers', async (t) => {
    const { patch, say } = await echo(t, csound, '--booleans', 'int', '--wide', 'double');
    for (const [name, value] of [
      ['fader', 0.5],
      ['fader', 1],
      ['wide', 3000000000],
    ]) {
      await say(`/${name}`, value);
      await patch.hears({ address: `/csound/${name}`, args: [value] });
    }
    for (const on of [true, false]) {
      await say('/on', on);
      await patch.hears({ address: '/csound/on', args: [Number(on)] });
    }
  });

  test('hears no true, which leaves as T', async (t) => {
    const { patch, say } = await echo(t, csound);
    for (const value of [true, 7]) await say('/on', value);
    await patch.hears({ address: '/csound/on', args: [7] });
  });
});

describe('ChucK', () => {
  test('hears a fader up to its end, switches and wide numbers', async (t) => {
    const { patch, say } = await echo(t, chuck, '--booleans', 'int', '--wide', 'float');
    for (const [name, value] of [
      ['fader', 0.5],
      ['fader', 1],
      ['wide', 3000000000],
    ]) {
      await say(`/${name}`, value);
      await patch.hears({ address: `/chuck/${name}`, args: [value] });
    }
    for (const on of [true, false]) {
      await say('/on', on);
      await patch.hears({ address: '/chuck/on', args: [Number(on)] });
    }
  });

  test('takes what it cannot read for 0, and wide numbers are hinted at', async (t) => {
    const { bridge, patch, program, say } = await echo(t, chuck);
    await say('/on', true);
    await patch.hears({ address: '/chuck/on', args: [0] });
    await program.err.wait((line) => line.includes("unhandled OSC type 'T'"), 'what it says of T');
    await say('/wide', 3000000000);
    await said(bridge, /'\/wide' needs 64 bits.*--wide/);
    await patch.hears({ address: '/chuck/wide', args: [0] });
  });
});

/** Gives what waits until the lights show these levels; what was never told is dark. */
async function lights(t, listen) {
  const { bridge, join } = await stageOn(relay, t, '--listen', listen);
  await said(bridge, /^listening on /);
  const patch = await join();
  const known = [];
  return async (...values) => {
    while (values.some((value, channel) => value !== (known[channel] ?? 0))) {
      for (const { channel, value } of await patch.hears()) known[channel] = value;
    }
  };
}

describe('on another machine', { skip: !network && 'no network namespaces here' }, () => {
  let machine;
  before(async () => (machine = await connectMachine()));
  after(() => machine?.stop());

  describe('QLC+', () => {
    let desk;
    before(async () => (desk = await qlcplus(machine)));
    after(() => desk?.stop());

    for (const [name, port, output] of [
      ['its Universe 1 is Art-Net 0', 7700, 'artnet://0.0.0'],
      ['its Universe 2 is 2 in sACN', 7701, 'sacn://2'],
    ]) {
      test(`from OSC to the lights, and back into the room: ${name}`, async (t) => {
        const show = await lights(t, output);
        const to = ['--to', `${there}:${port}`, '--booleans', 'int'];
        const [, patch] = await place(t, relay).pair(...to);
        const say = (channel, value) => patch.say({ address: addressOf(channel), args: [value] });
        await say(0, 0.99);
        await show(252, 0, 0);
        await say(0, 1);
        await show(255, 0, 0);
        // Of an integer it makes a level.
        await say(1, 200);
        await show(255, 200, 0);
        await say(2, true);
        await show(255, 200, 1);
        await say(2, false);
        await show(255, 200, 0);
      });
    }
  });

  describe('OLA', () => {
    let ola;
    let answerTo;
    before(async () => {
      needs('olad', 'ola');
      answerTo = await freePort();
      const outputs = ['blob', 'individual_float', 'int_array'].flatMap((format, port) => [
        `port_${port}_targets = ${here}:${answerTo}/ola/${format}`,
        `port_${port}_output_format = ${format}`,
      ]);
      const ports = ['udp_listen_port = 7770', 'input_ports = 1', 'output_ports = 3'];
      ola = await startOla(machine, { osc: [...ports, ...outputs, ''].join('\n') });
      await ola.patch('osc', 0, 0, 'in');
    });
    after(() => ola?.stop());

    test('hears a fader up to its end, switches and all levels as bytes', async (t) => {
      const flags = ['--to', `${there}:7770`, '--booleans', 'int'];
      const [, patch] = await place(t, relay).pair(...flags);
      const say = (address, value) => patch.say({ address, args: [value] });
      await say('/dmx/universe/0/1', 0.99);
      await ola.shows(0, [252]);
      await say('/dmx/universe/0/1', 1);
      await ola.shows(0, [255]);
      await say('/dmx/universe/0/2', true);
      await ola.shows(0, [255, 1]);
      await say('/dmx/universe/0/2', false);
      await ola.shows(0, [255, 0]);
      await say('/dmx/universe/0', { type: 'b', value: 'AQID' });
      await ola.shows(0, [1, 2, 3]);
    });

    test('says its levels into the room', async (t) => {
      const [, patch] = await place(t, relay).pair('--listen', `${here}:${answerTo}`);
      await ola.patch('osc', 0, 1, 'out');
      t.after(ola.hold(1, [9, 8, 7]));
      const heard = async (address) => {
        for (;;) {
          const message = await patch.next();
          if (message.address === `/ola/${address}`) return message.args;
        }
      };
      assert.deepEqual(await heard('blob'), [{ type: 'b', value: 'CQgH' }]);
      await ola.patch('osc', 1, 1, 'out');
      const [third] = await heard('individual_float/3');
      assert.ok(Math.abs(third - 7 / 255) < 1e-6, `${third}`);
      await ola.patch('osc', 2, 1, 'out');
      assert.deepEqual(await heard('int_array'), [9, 8, 7]);
    });
  });
});
