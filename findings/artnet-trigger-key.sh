#!/usr/bin/env bash
# artnet 1.4.0 (npm): trigger() with key 0 (KeyAscii, the first key of ArtTrigger and the way to send
# a device a character) sends key 255. Keys 1 to 3 (macro, soft key, show) leave as they are given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . artnet@1.4.0 >/dev/null

cat >look.cjs <<'JS'
const { once } = require('node:events');
const ear = require('node:dgram').createSocket('udp4').bind(0, '127.0.0.1', async () => {
  const artnet = require('artnet')({ host: '127.0.0.1', port: ear.address().port });
  for (const key of [0, 1, 2, 3]) {
    const heard = once(ear, 'message');
    artnet.trigger(0xffff, 65, key); // oem, subkey (the letter A), key
    const [packet] = await heard;
    console.log(`key ${key} leaves as ${packet[16]}, subkey ${packet[17]}`);
  }
  artnet.close();
  ear.close();
});
JS
node --no-deprecation look.cjs >seen
cat >expected <<'TEXT'
key 0 leaves as 255, subkey 65
key 1 leaves as 1, subkey 65
key 2 leaves as 2, subkey 65
key 3 leaves as 3, subkey 65
TEXT
cat seen
diff -u expected seen
