// The program under test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process } from './process.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What commands remember in a test is forgotten with it. */
export function newConfigFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-config-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** No test may ask a server of somebody else's, or write to the user's home. */
export const offlineEnv = {
  ROOMWIRE_ICE_SERVER: 'none',
  ROOMWIRE_PASSWORD: '',
  ROOMWIRE_ROOM: '',
  XDG_CONFIG_HOME: newConfigFolder(),
};

export function roomwireBinary() {
  return process.env.ROOMWIRE_BIN ?? join(root, 'build/dev/roomwire');
}

/** The test peer on the public API; built beside the program. */
export function nativePeerBinary() {
  if (process.env.ROOMWIRE_NATIVE_PEER) return process.env.ROOMWIRE_NATIVE_PEER;
  return join(dirname(roomwireBinary()), 'test/interop/native_peer');
}

let serial = 0;
export function roomwire(args, options = {}) {
  const env = { ...offlineEnv, ...options.env };
  return new Process(`roomwire ${args[0]} #${++serial}`, roomwireBinary(), args, {
    ...options,
    env,
  });
}

/** `roomwire relay` on loopback; both protocols on one port. */
export class Relay {
  static async start({ port = 0, args = [] } = {}) {
    const relay = new Relay();
    relay.process = roomwire(['relay', '--listen', `127.0.0.1:${port}`, ...args]);
    const line = await relay.process.err.wait(
      (l) => /wss?:\/\/127\.0\.0\.1:\d+/.test(l),
      'URL of the relay',
    );
    relay.url = /wss?:\/\/127\.0\.0\.1:\d+/.exec(line)[0];
    relay.port = Number(relay.url.split(':').at(-1));
    return relay;
  }

  /** As peers are given it: kind 'nostr' or 'ws'. */
  of(kind) {
    return [{ kind, url: this.url }];
  }

  stop() {
    return this.process.stop();
  }

  async restart() {
    await this.stop();
    this.process = (await Relay.start({ port: this.port })).process;
  }
}
