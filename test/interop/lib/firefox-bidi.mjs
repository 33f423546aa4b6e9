#!/usr/bin/env node
// Firefox as playwright-core starts it, behind a WebSocket that makes up for what is missing in between.
//   - With every context Playwright asks for the colours of its pages, and takes an unknown command for
//     a failure; Firefox 153 ESR has no emulation.setMediaFeaturesOverride. Here it is answered.
//   - Playwright has no touch over WebDriver BiDi. With ROOMWIRE_FIREFOX_TOUCH=1 what it does by mouse
//     is done by a finger.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';

const unknown = new Set(['emulation.setMediaFeaturesOverride']);
const withFinger = process.env.ROOMWIRE_FIREFOX_TOUCH === '1';
const firefox = spawn(process.env.ROOMWIRE_FIREFOX ?? '/usr/bin/firefox-esr', process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
});
firefox.on('error', (error) => {
  console.error(String(error));
  process.exit(1);
});
firefox.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => firefox.kill(signal));

function pass(client, { url }, address) {
  const server = new WebSocket(address + url);
  const early = [];
  server.on('open', () => early.splice(0).forEach((text) => server.send(text)));
  server.on('message', (text) => client.send(String(text)));
  server.on('close', () => client.close());
  client.on('close', () => server.close());
  for (const end of [client, server]) end.on('error', () => end.close());
  client.on('message', (data) => {
    const command = JSON.parse(String(data));
    const { id, method, params } = command;
    for (const { parameters } of params?.actions ?? [])
      if (withFinger && parameters?.pointerType === 'mouse') parameters.pointerType = 'touch';
    const text = JSON.stringify(command);
    if (unknown.has(method)) client.send(JSON.stringify({ type: 'success', id, result: {} }));
    else if (server.readyState === WebSocket.OPEN) server.send(text);
    else early.push(text);
  });
}

const listening = /^(WebDriver BiDi listening on )(ws:\/\/.*)$/;
createInterface({ input: firefox.stderr }).on('line', (line) => {
  const [, words, address] = listening.exec(line) ?? [];
  if (!address) return console.error(line);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (client, request) => pass(client, request, address));
  server.on('listening', () => console.error(`${words}ws://127.0.0.1:${server.address().port}`));
});
