// Makes C++ of the page:  node embed-page.mjs DIST OUT-FOLDER
// OUT-FOLDER gets page_files.cpp, which defines page::files(), and the files that it includes as
// they are and compressed.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, relative, resolve, sep } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

const [dist, out] = process.argv.slice(2).map((folder) => resolve(folder));
const filesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const files = filesIn(dist)
  .filter((file) => !file.endsWith('.map'))
  .sort()
  .map((file, index) => {
    const path = `/${relative(dist, file).split(sep).join('/')}`;
    const type = types[extname(file)];
    // A browser that is told nosniff takes a script of no known type for none.
    if (!type) throw new Error(`${path}: no type is known for ${extname(file)}; add it here`);
    const plain = readFileSync(file);
    const gzip = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
    const etag = createHash('sha256').update(plain).digest('hex').slice(0, 16);
    writeFileSync(join(out, `${index}.plain`), plain);
    writeFileSync(join(out, `${index}.gzip`), gzip);
    // Vite puts a hash before the ending: index-C2kfQk9x.js.
    const immutable = /-[\w-]{8}\.\w+$/.test(path);
    return { path, type, etag, immutable, index, sizes: { plain: plain.length, gzip: gzip.length } };
  });
if (!files.some((file) => file.path === '/index.html')) throw new Error(`${dist}: no index.html`);

const label = (file, kind) => `roomwire_page_${file.index}_${kind}`;
const kinds = ['plain', 'gzip'];
// Names are escaped as C++ and the assembler have it; JSON's escapes are a part of both.
const include = (file, kind) =>
  [`.balign 16`, `${label(file, kind)}:`, `.incbin ${JSON.stringify(join(out, `${file.index}.${kind}`))}`]
    .map((line) => `    ${JSON.stringify(`${line}\n`)}`)
    .join('\n');
const each = (write) => files.flatMap((file) => kinds.map((kind) => write(file, kind)));
const view = (file, kind) => `{${label(file, kind)}, ${file.sizes[kind]}}`;
const entry = (file) =>
  `      {${[JSON.stringify(file.path), JSON.stringify(file.type), JSON.stringify(file.etag)].join(', ')},
       ${view(file, 'plain')}, ${view(file, 'gzip')}, ${file.immutable}},`;

writeFileSync(
  join(out, 'page_files.cpp'),
  `// Made by cmake/embed-page.mjs.
#include "page/page.hpp"

asm(".pushsection .rodata\\n"
${each(include).join('\n')}
    ".popsection\\n");

extern "C" {
${each((file, kind) => `extern const char ${label(file, kind)}[];`).join('\n')}
}

namespace roomwire::page {

const std::vector<relay::SiteFile>& files() {
  static const std::vector<relay::SiteFile> all{
${files.map(entry).join('\n')}
  };
  return all;
}

}  // namespace roomwire::page
`,
);
const total = files.reduce((sum, file) => sum + file.sizes.gzip, 0);
console.log(`the page: ${files.length} files, ${Math.ceil(total / 1024)} KiB compressed`);
