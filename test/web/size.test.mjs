// What the page costs to load, and that a strict Content-Security-Policy can be sent with it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '../interop/lib/test.mjs';
import { gzipSync } from 'node:zlib';
import { dist } from './lib/site.mjs';

const files = readdirSync(dist, { recursive: true })
  .map((name) => join(dist, name))
  .filter((file) => statSync(file).isFile());

test('all files together are under 100 KB compressed', (t) => {
  const sizes = files.map((file) => gzipSync(readFileSync(file), { level: 9 }).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.diagnostic(`${total} bytes in ${files.length} files`);
  assert.ok(total < 100_000, `${total} bytes`);
});

test('nothing inline in index.html, and nothing from elsewhere', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//i);
});
