// Programs of the stage that speak OSC: Csound, ChucK and QLC+, without sound and display.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { there } from './network.mjs';
import { Process } from './process.mjs';

const file = (name) => fileURLToPath(new URL(`../osc/${name}`, import.meta.url));

/** A test without its program fails: skipped, nobody would miss it. */
export function needs(program, debianPackage = program) {
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) return;
  throw new Error(`${program} is not here: script/setup, or apt install ${debianPackage}`);
}

/** Csound with osc/echo.csd: /fader, /on and /wide come back from it as /csound/fader and so on. */
export async function csound(t, listen, answerTo) {
  needs('csound');
  const ports = [`--omacro:LISTEN=${listen}`, `--omacro:ANSWER=${answerTo}`];
  const quiet = ['-d', '-m0', '-odac', '-+rtaudio=null'];
  const started = new Process('csound', 'csound', [...quiet, ...ports, file('echo.csd')]);
  t.after(() => started.stop());
  await started.err.wait((line) => line.endsWith('listening'), 'its orchestra');
  return started;
}

/** ChucK with osc/echo.ck: what it reads comes back under /chuck. */
export async function chuck(t, listen, answerTo) {
  needs('chuck');
  const program = `${file('echo.ck')}:${listen}:${answerTo}`;
  const started = new Process('chuck', 'chuck', ['--silent', program]);
  t.after(() => started.stop());
  await started.out.wait((line) => line === 'listening', 'its program');
  return started;
}

/** CRC-16 of X.25, with which QLC+ makes a channel's number of an OSC address. */
function checksum(text) {
  let crc = 0xffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return ~crc & 0xffff;
}

/** An address that QLC+ takes for the channel, from 0. */
export function addressOf(channel) {
  let number = 0;
  while (checksum(`/lamp/${number}`) !== channel) number++;
  return `/lamp/${number}`;
}

const universe = (id, output, address) => `
<Universe Name="Universe ${id + 1}" ID="${id}" Passthrough="True">
  <Input Plugin="OSC" UID="${address}" Line="1"/>
  <Output Plugin="${output}" UID="${address}" Line="1"/>
</Universe>`;

/**
 * QLC+ on another machine, or on one at `address`. OSC that comes to port 7700 goes out as its Universe 1 by Art-Net, what
 * comes to 7701 as its Universe 2 by sACN.
 */
export async function qlcplus(machine, address = there) {
  needs('qlcplus');
  const home = mkdtempSync(join(tmpdir(), 'roomwire-qlcplus-'));
  const show = join(home, 'show.qxw');
  const universes = `${universe(0, 'ArtNet', address)}${universe(1, 'E1.31', address)}`;
  writeFileSync(
    show,
    `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Workspace>
<Workspace xmlns="http://www.qlcplus.org/Workspace">
<Engine><InputOutputMap>${universes}</InputOutputMap></Engine>
</Workspace>
`,
  );
  const env = ['HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'].map((name) => `${name}=${home}`);
  env.push('QT_QPA_PLATFORM=offscreen');
  const started = machine.start('qlcplus', 'env', ...env, 'qlcplus', '--operate', '--open', show);
  // It does not say when it listens.
  const listens = 'until ss -Huln | grep -q :7701; do sleep 0.05; done';
  await machine.run('sh', '-c', listens);
  return {
    async stop() {
      await started.stop();
      rmSync(home, { recursive: true });
    },
  };
}
