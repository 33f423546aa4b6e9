// Ports for programs that must be told theirs.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

let next = 15_000 + ((process.pid * 37) % 15_000);

async function bind(socket, start) {
  try {
    start();
    await once(socket, 'listening');
    return true;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    return false;
  }
}

/**
 * A port that nobody uses at this moment, by UDP or TCP, and that the system gives to nobody: it
 * is below those that it chooses from.
 */
export async function freePort() {
  for (;;) {
    const port = next++;
    const udp = createSocket('udp4');
    const tcp = createServer();
    const isFree =
      (await bind(udp, () => udp.bind(port))) && (await bind(tcp, () => tcp.listen(port)));
    udp.close();
    tcp.close();
    if (isFree) return port;
  }
}
