// QR codes, read again by zbarimg.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the code in an image file says. */
export async function readImage(path) {
  const { stdout } = await run('zbarimg', ['--quiet', '--raw', path], { encoding: 'buffer' });
  return stdout.toString().replace(/\n$/, '');
}

/**
 * What the code says that these lines show on a terminal. Without colours, blocks shine on a dark
 * background; with them, each character has a foreground and a background of its own.
 */
export async function readTerminal(lines) {
  const rows = lines.map(cells);
  const width = Math.max(...rows.map((row) => row.length));
  const scale = 4;
  const pixels = [];
  for (const row of rows) {
    for (const half of [0, 1]) {
      const line = [];
      for (let x = 0; x < width; ++x) {
        for (let i = 0; i < scale; ++i) line.push(row[x]?.[half] ?? 0);
      }
      for (let i = 0; i < scale; ++i) pixels.push(Buffer.from(line));
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-qr-'));
  try {
    const path = join(folder, 'code.pgm');
    const head = `P5 ${width * scale} ${pixels.length} 255\n`;
    writeFileSync(path, Buffer.concat([Buffer.from(head), ...pixels]));
    return await readImage(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The lines that show a code. */
export const codeLines = (lines) => lines.filter((line) => /[█▀▄]/.test(line) || /231m +\x1b/.test(line));

// For each character the brightness of its upper and lower half. Of colours it knows those that a
// code needs.
function cells(line) {
  const out = [];
  let [front, back] = [255, 0];
  for (const [, codes, character] of line.replace(/\r/g, '').matchAll(/\x1b\[([\d;]*)m|(.)/gu)) {
    if (codes === '38;5;16;48;5;231') [front, back] = [0, 255];
    else if (codes === '0') [front, back] = [255, 0];
    else if (codes !== undefined) throw new Error(`which colour is ${codes}?`);
    else if (character === '█') out.push([front, front]);
    else if (character === '▀') out.push([front, back]);
    else if (character === '▄') out.push([back, front]);
    else if (character === ' ') out.push([back, back]);
    else throw new Error(`no part of a code: ${character}`);
  }
  return out;
}
