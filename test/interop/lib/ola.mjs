// The Open Lighting Architecture's olad with its Art-Net and sACN plugins, on another machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patience } from './log.mjs';
import { there } from './network.mjs';

const others = (
  'dummy espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx openpixelcontrol osc pathport ' +
  'renard sandnet shownet spi stageprofi uartdmx usbdmx usbserial'
).split(' ');

const devices = { artnet: '1', sacn: '2', osc: '3' };

/**
 * A universe of its own has the number of the one that is patched to it. `osc` is what the file of
 * the OSC plugin says, which is off without.
 */
export async function startOla(machine, { osc } = {}) {
  const config = mkdtempSync(join(tmpdir(), 'roomwire-ola-'));
  const write = (plugin, text) => writeFileSync(join(config, `ola-${plugin}.conf`), text);
  for (const plugin of others) write(plugin, 'enabled = false\n');
  write('artnet', `enabled = true\nip = ${there}\nshort_name = rig\nlong_name = The rig\n`);
  if (osc) write('osc', `enabled = true\n${osc}`);
  write('e131', `enabled = true\nip = ${there}\ndraft_discovery = true\n`);
  // It refuses to run as root, also as that of a namespace.
  const user = ['unshare', '-U', '--map-user=1000', '--map-group=1000'];
  const flags = ['-c', config, '-l', '3', '--no-register-with-dns-sd'];
  const olad = machine.start('olad', ...user, 'olad', ...flags);
  const last = osc ? /Started OSC/ : /Started E1.31/;
  await olad.err.wait((line) => last.test(line), 'its plugins');
  const url = `http://${there}:9090`;
  return {
    async stop() {
      await olad.stop();
      rmSync(config, { recursive: true });
    },
    /** `way` is 'in' (it hears) or 'out' (it sends); `port` of 0 to 3. */
    patch(device, port, universe, way) {
      const input = way === 'in' ? ['-i'] : [];
      const place = ['-d', devices[device], '-p', `${port}`, '-u', `${universe}`];
      return machine.run('ola_patch', ...place, ...input);
    },
    async levels(universe) {
      return (await (await fetch(`${url}/get_dmx?u=${universe}`)).json()).dmx;
    },
    /** Until the universe begins with these. */
    async shows(universe, values) {
      let seen;
      for (const until = Date.now() + patience; Date.now() < until; ) {
        seen = (await this.levels(universe)).slice(0, values.length);
        if (`${seen}` === `${values}`) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`olad shows ${seen} in universe ${universe}, not ${values}`);
    },
    /** Sends these again and again, as a desk does, until the function that it gives is called. */
    hold(universe, values) {
      const body = new URLSearchParams({ u: universe, d: values.join(',') });
      const set = () => fetch(`${url}/set_dmx`, { method: 'POST', body }).catch(() => {});
      set();
      const again = setInterval(set, 100);
      return () => clearInterval(again);
    },
  };
}
