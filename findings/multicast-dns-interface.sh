#!/usr/bin/env bash
# multicast-dns 7.2.5 (npm, under bonjour-service 1.4.4 and werift), on Linux: with `interface`, which
# a machine with several cards needs, its socket is bound to that card's address and so hears no
# multicast: a service that is announced in this way is never found, without any error. With
# `bind: '0.0.0.0'` beside it the same is found.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . multicast-dns@7.2.5 >/dev/null

cat >look.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import multicastDns from 'multicast-dns';

async function look(options) {
  const [announcer, seeker] = [multicastDns(options), multicastDns(options)];
  let heard = false;
  announcer.on('query', ({ questions }) => (heard ||= questions[0].name === 'desk.local'));
  await Promise.all([once(announcer, 'ready'), once(seeker, 'ready')]);
  for (let i = 0; i < 10 && !heard; i++) {
    seeker.query('desk.local', 'A');
    await sleep(200);
  }
  console.log(`${JSON.stringify(options)}: ${heard ? 'heard' : 'not heard'}`);
  announcer.destroy();
  seeker.destroy();
}
await look({ interface: '127.0.0.1' });
await look({ interface: '127.0.0.1', bind: '0.0.0.0' });
JS
node look.mjs >seen
cat >expected <<'TEXT'
{"interface":"127.0.0.1"}: not heard
{"interface":"127.0.0.1","bind":"0.0.0.0"}: heard
TEXT
cat seen
diff -u expected seen
