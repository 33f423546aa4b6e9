// Bridges on two machines: what one says of itself counts when it is so.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relay, roomwireBinary } from './lib/native.mjs';
import { connectMachine, here, ownNetwork } from './lib/network.mjs';
import { idOf, packet, place, portOf, said, udpEnd } from './lib/osc.mjs';
import { after, before, describe, test } from './lib/test.mjs';

const hasNetwork = ownNetwork(import.meta.url);

describe('two machines', { skip: !hasNetwork && 'network namespaces are not allowed here' }, () => {
  let relay, machine, folder, boot;
  before(async () => {
    relay = await Relay.start();
    machine = await connectMachine();
    await machine.tunnel(relay.port);
    // What tells machines apart is the same in all namespaces of one kernel.
    folder = mkdtempSync(join(tmpdir(), 'roomwire-boot-'));
    boot = join(folder, 'boot_id');
    writeFileSync(boot, 'another machine\n');
  });
  after(async () => {
    await machine?.stop();
    await relay?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** A bridge there, of the same room. */
  function startThere(t, room, ...args) {
    const disguise = `mount --bind ${boot} /proc/sys/kernel/random/boot_id; exec "$@"`;
    const command = [roomwireBinary(), 'osc', '--room', room, '--relay', relay.url, ...args];
    const alone = ['--ice-server', 'none'];
    const wrap = ['unshare', '-m', 'sh', '-ec', disguise, 'sh'];
    const bridge = machine.start('the bridge there', ...wrap, ...command, ...alone);
    t.after(() => bridge.stop());
    return bridge;
  }

  test('what another machine sends here does not go round', async (t) => {
    const at = place(t, relay);
    const listener = at.bridge(['--listen', `${here}:0`]);
    const port = await portOf(listener);
    const sender = startThere(t, at.room, '--to', `${here}:${port}`);
    await said(sender, new RegExp(`^joined: ${await idOf(listener)}\\b`));
    await said(listener, new RegExp(`^joined: ${await idOf(sender)}\\b`));
    const patch = await at.patch();
    for (const bridge of [listener, sender]) await patch.meets(bridge);
    await patch.say({ address: '/a' });
    await said(listener, /^dropped: .*in the room already/);
    const outside = await udpEnd(t, { address: here });
    await outside.send(packet('/outside'), port, here);
    await patch.hears({ address: '/outside', args: [] });
  });

  test('nobody can mute what somebody else sends', async (t) => {
    const at = place(t, relay);
    const listener = at.bridge(['--listen', `${here}:0`]);
    const port = await portOf(listener);
    const patch = await at.patch({ channels: ['osc', 'roomwire-osc'] });
    await patch.meets(listener);
    const near = await udpEnd(t, { address: here });
    const far = await machine.ear(t, 9100);
    const sendsFrom = [`${here}:${near.port}`, '10.99.0.2:9100'];
    await patch.say({ host: 'x', sendsFrom }, 'roomwire-osc');
    // What it said has been heard once a probe of it is answered, which proves another endpoint.
    await patch.say({ probe: '5' }, 'roomwire-osc');
    const prober = await udpEnd(t, { address: here });
    await prober.send(Buffer.from('#bundle\0\0\0\0\0\0\0\0\x05', 'latin1'), port, here);
    await patch.hears({ heard: '5', from: `${here}:${prober.port}` }, 'roomwire-osc');
    for (const i of [1, 2, 3]) {
      await near.send(packet('/near', i), port, here);
      await patch.hears({ address: '/near', args: [i] });
      await far.send(packet('/far', i), port);
      await patch.hears({ address: '/far', args: [i] });
    }
  });
});
