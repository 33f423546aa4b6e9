#!/usr/bin/env bash
# aedes 1.2.0 (npm, an MQTT broker in Node), with the client mqtt 5.16.0: a shared subscription
# ($share/GROUP/FILTER) is granted with the QoS that was asked for, and delivers nothing. A broker
# without shared subscriptions would be expected to refuse them (128 in the SUBACK).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . aedes@1.2.0 mqtt@5.16.0 >/dev/null

cat >look.mjs <<'JS'
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { once } from 'node:events';
import { createServer } from 'node:net';

const broker = await Aedes.createBroker();
const server = createServer(broker.handle).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `mqtt://127.0.0.1:${server.address().port}`;

const reader = await mqtt.connectAsync(url);
const heard = [];
const end = new Promise((resolve) => {
  reader.on('message', (topic) => {
    heard.push(topic);
    if (topic === 'stage/end') resolve();
  });
});
for (const filter of ['$share/team/stage/+', 'stage/end']) {
  const [{ qos }] = await reader.subscribeAsync(filter, { qos: 1 });
  console.log(`${filter}: granted ${qos}`);
}
const writer = await mqtt.connectAsync(url);
await writer.publishAsync('stage/light', 'on', { qos: 1 });
await writer.publishAsync('stage/end', '', { qos: 1 });
await end;
console.log(`heard: ${heard.join(' ')}`);
await Promise.all([reader.endAsync(), writer.endAsync()]);
broker.close();
server.close();
JS
node look.mjs >seen
cat >expected <<'TEXT'
$share/team/stage/+: granted 1
stage/end: granted 1
heard: stage/end
TEXT
cat seen
diff -u expected seen
