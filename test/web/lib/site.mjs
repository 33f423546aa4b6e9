// The page under test, served by `roomwire web`.
import { fileURLToPath } from 'node:url';
import { Process } from '../../interop/lib/process.mjs';
import { offlineEnv, roomwireBinary } from '../../interop/lib/native.mjs';

export const dist = fileURLToPath(new URL('../../../web/dist', import.meta.url));

/** `roomwire web` on loopback, or elsewhere: `wrap` puts the command into another network. */
class Site {
  static async start({
    address = '127.0.0.1',
    wrap = (...command) => command,
    args = ['--local'],
  } = {}) {
    const site = new Site();
    site.restart = async () => {
      const listen = ['--listen', `${address}:${site.port ?? 0}`];
      const own = ['web', ...listen, ...args, '--room', 'of-the-process'];
      const command = wrap(roomwireBinary(), ...own);
      site.process = new Process('roomwire web', command[0], command.slice(1), { env: offlineEnv });
      const line = await site.process.err.wait((l) => l.startsWith('page '), 'the page');
      site.url = `${new URL(line.slice('page '.length)).origin}/`;
      site.port = new URL(site.url).port;
      site.relayUrl = site.url.replace(/^http(.*)\/$/, 'ws$1');
    };
    await site.restart();
    return site;
  }

  /** The relay goes away, and the page's server with it; pages that are open stay. */
  stopRelay() {
    return this.process.stop();
  }
  startRelay() {
    return this.restart();
  }
  stop() {
    return this.process.stop();
  }
}

export const startSite = (options) => Site.start(options);
