// Packets for Wireshark's dissectors to judge.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { patience } from './log.mjs';

/** The IPv4 and UDP headers that a datagram had. The checksums are left out, which is allowed. */
function withHeaders({ from, fromPort, to, toPort, bytes }) {
  const head = Buffer.alloc(28);
  head[0] = 0x45;
  head.writeUInt16BE(28 + bytes.length, 2);
  head[8] = 64;
  head[9] = 17;
  from.split('.').forEach((part, i) => (head[12 + i] = Number(part)));
  to.split('.').forEach((part, i) => (head[16 + i] = Number(part)));
  head.writeUInt16BE(fromPort, 20);
  head.writeUInt16BE(toPort, 22);
  head.writeUInt16BE(8 + bytes.length, 24);
  return Buffer.concat([head, bytes]);
}

function pcap(datagrams) {
  const file = Buffer.alloc(24);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(101, 20); // LINKTYPE_RAW
  const records = datagrams.flatMap((datagram, i) => {
    const packet = withHeaders(datagram);
    const head = Buffer.alloc(16);
    head.writeUInt32LE(i, 0);
    head.writeUInt32LE(packet.length, 8);
    head.writeUInt32LE(packet.length, 12);
    return [head, packet];
  });
  return Buffer.concat([file, ...records]);
}

/**
 * What tshark reads in datagrams {from, fromPort, to, toPort, bytes}: for each its protocols
 * ("ip:udp:artnet"), its line of text, and what the expert finds wrong ('' for nothing).
 */
export async function dissect(datagrams) {
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-pcap-'));
  try {
    const file = join(folder, 'packets.pcap');
    writeFileSync(file, pcap(datagrams));
    const columns = ['frame.protocols', '_ws.col.Info', '_ws.expert.message'];
    const fields = columns.flatMap((column) => ['-e', column]);
    const output = ['-T', 'fields', '-E', 'separator=/t', ...fields];
    const args = ['-r', file, '-n', '--enable-heuristic', 'acn', ...output];
    const { stdout } = await promisify(execFile)('tshark', args, { timeout: patience });
    return stdout
      .split('\n')
      .slice(0, datagrams.length)
      .map((line) => {
        const [protocols, info, expert] = line.split('\t');
        return { protocols, info, expert };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
