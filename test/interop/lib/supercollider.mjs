// SuperCollider without a display: its language, and its server on a JACK that plays into nothing.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { patience } from './log.mjs';
import { packet, ready, udpEnd } from './osc.mjs';
import { freePort } from './ports.mjs';
import { Process } from './process.mjs';

const run = promisify(execFile);

/** sclang that has run `code`. What it posts is in `out`; it hears OSC on `port`. */
export async function sclang(t, code) {
  const home = mkdtempSync(join(tmpdir(), 'roomwire-sclang-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, 'code.scd');
  writeFileSync(file, `${code}\n"the code was run".postln;\n`);
  const port = await freePort();
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    XDG_RUNTIME_DIR: home,
    QT_QPA_PLATFORM: 'offscreen',
    QTWEBENGINE_DISABLE_SANDBOX: '1', // it begins a browser's process even where no help is shown
  };
  const lang = new Process('sclang', 'sclang', ['-u', String(port), file], { env });
  t.after(() => lang.stop());
  await lang.out.wait((line) => line === 'the code was run', 'its code');
  lang.port = port;
  lang.posts = (text) => lang.out.wait((line) => line === text, text);
  return lang;
}

/** scsynth; resolves with its port. */
export async function scsynth(t) {
  const name = `roomwire-${process.pid}`;
  const env = { JACK_DEFAULT_SERVER: name, JACK_NO_AUDIO_RESERVATION: '1', JACK_NO_START_SERVER: '1' };
  const jack = new Process('jackd', 'jackd', ['-n', name, '-r', '-d', 'dummy'], { env });
  t.after(async () => {
    jack.kill('SIGTERM'); // so that it takes its shared memory with it
    await jack.exit;
    await jack.stop();
  });
  await run('jack_wait', ['-s', name, '-w', '-t', String(patience / 1000)]);
  const port = await freePort();
  const synth = new Process('scsynth', 'scsynth', ['-u', String(port), '-i', '0'], { env });
  t.after(() => synth.stop());
  const probe = await udpEnd(t);
  t.after(async () => {
    await probe.send(packet('/quit'), port); // as JACK: it has shared memory of its own
    await synth.exit;
  });
  const isAnswer = ({ bytes }) => bytes.includes('/status.reply');
  await ready(probe.log, isAnswer, () => probe.send(packet('/status'), port));
  return port;
}
