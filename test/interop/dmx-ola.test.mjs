// roomwire dmx and the Open Lighting Architecture as node and as desk, on two machines: Art-Net by
// unicast and broadcast, sACN by multicast and unicast.
import { after, before, describe, test } from './lib/test.mjs';
import { said, stageOn } from './lib/dmx.mjs';
import { Relay } from './lib/native.mjs';
import { connectMachine, here, ownNetwork, there } from './lib/network.mjs';
import { startOla } from './lib/ola.mjs';

const network = ownNetwork(import.meta.url);

describe('OLA', { skip: !network && 'no network namespaces here' }, () => {
  let relay;
  let machine;
  let ola;
  before(async () => {
    machine = await connectMachine();
    relay = await Relay.start();
    ola = await startOla(machine);
    await ola.patch('artnet', 0, 1, 'in');
    await ola.patch('sacn', 0, 2, 'in');
    await ola.patch('artnet', 1, 3, 'out');
    await ola.patch('sacn', 1, 4, 'out');
  });
  after(() => machine?.stop());
  after(() => relay?.stop());
  after(() => ola?.stop());

  for (const [name, universe, to] of [
    ['Art-Net, unicast', 1, `artnet://${there}/0.0.1`],
    ['Art-Net, broadcast to all', 1, 'artnet://broadcast/0.0.1'],
    ['Art-Net, broadcast to all of an interface', 1, 'artnet://broadcast/0.0.1?interface=dmx0'],
    ['Art-Net, broadcast to the network', 1, 'artnet://10.99.0.255/0.0.1'],
    ['sACN, multicast', 2, 'sacn://2'],
    ['sACN, multicast by an interface', 2, 'sacn://2?interface=dmx0'],
    ['sACN, unicast', 2, `sacn://2@${there}`],
  ]) {
    test(`is the node: ${name}`, async (t) => {
      const { room, join } = await stageOn(relay, t, '--to', to, '--on-leave', 'blackout');
      const patch = await join();
      await patch.send([1, 2, 255]);
      await ola.shows(universe, [1, 2, 255]);
      await patch.send([{ channel: 1, value: 77 }]);
      await ola.shows(universe, [1, 77, 255]);
      await patch.peer.leave(room);
      await ola.shows(universe, [0, 0, 0]);
    });
  }

  for (const [name, universe, listen] of [
    ['Art-Net', 3, 'artnet://0.0.3'],
    ['sACN, multicast', 4, 'sacn://4'],
    // It polls by broadcast, and sends to groups.
    ['Art-Net at an address', 3, `artnet://0.0.3@${here}`],
    ['sACN at an address', 4, `sacn://4@${here}`],
  ]) {
    test(`is the desk: ${name}`, async (t) => {
      const { bridge, join } = await stageOn(relay, t, '--listen', listen);
      await said(bridge, /^listening on /);
      const patch = await join();
      const known = [];
      const until = async (values) => {
        while (`${known.slice(0, 3)}` !== `${values}`) {
          for (const { channel, value } of await patch.hears()) known[channel] = value;
        }
      };
      // OLA sends Art-Net to whom answered its poll, and polls every ten seconds.
      for (const values of [
        [9, 8, 7],
        [9, 8, 100],
      ]) {
        const release = ola.hold(universe, values);
        await until(values).finally(release);
      }
    });
  }
});
