// The scene that script/demo plays: a relay, two native peers, Trystero itself, and OSC software.
//   node script/demo.mjs BUILD-FOLDER
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../test/interop/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const [folder] = process.argv.slice(2);
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
const began = Date.now();
const say = (text) => console.log(`${paint(2, `${((Date.now() - began) / 1000).toFixed(2)} s`)}  ${text}`);

const children = [];
const start = (command, args) => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  child.on('error', (error) => give_up(`${command} did not start: ${error.message}`));
  return child;
};
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const give_up = (why) => {
  console.error(`demo: ${why}`);
  process.exit(1);
};
let awaited = 'the relay';
setTimeout(() => give_up(`it takes more than 2 minutes; waited for ${awaited}`), 120_000).unref();

// Everyone has a name here; on the wire they are ids.
const names = new Map();
const name = (id) => names.get(id) ?? id;
const heard = [];
let wake = () => {};
const until = async (what, done) => {
  awaited = what;
  while (!done()) await new Promise((resolve) => (wake = resolve));
};
const note = (listener, from, text) => {
  heard.push({ listener, from, text });
  say(`${listener.padEnd(8)} hears from ${paint(36, name(from).padEnd(8))} ${text}`);
  wake();
};

const startRelay = () =>
  new Promise((resolve) => {
    const relay = start(`${folder}/roomwire`, ['relay', '--listen', '127.0.0.1:0']);
    createInterface({ input: relay.stderr }).on('line', (line) => {
      const url = /ws:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (url) resolve(url[0]);
    });
  });

// examples/chat: a program on the C++ library, which prints `<id>: <text>`.
const startNative = (listener, room, relay) => {
  const child = start(`${folder}/demo/chat`, [room, relay]);
  const peer = { listener, joined: new Set(), say: (text) => child.stdin.write(`${text}\n`), child };
  child.stderr.on('data', (data) => say(`${listener}: ${String(data).trim()}`));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = /^(\w+): (.*)$/.exec(line);
    const joined = /^(\w+) joined$/.exec(line);
    if (joined) peer.joined.add(joined[1]);
    if (message) note(listener, message[1], message[2]);
    wake();
  });
  return peer;
};

const freePort = () =>
  new Promise((resolve) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });

// oscdump is any OSC software; roomwire osc stands between it and the room.
const startOsc = async (room, relay) => {
  const port = await freePort();
  const dump = start('stdbuf', ['-oL', 'oscdump', `${port}`]);
  createInterface({ input: dump.stdout }).on('line', (line) => {
    note('oscdump', 'osc', line.replace(/^\S+ /, ''));
  });
  const bridge = start(`${folder}/roomwire`, [
    ...['osc', '--room', room, '--relay', relay, '--ice-server', 'none'],
    ...['--to', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0'],
  ]);
  const ears = { joined: 0 };
  createInterface({ input: bridge.stderr }).on('line', (line) => {
    const listening = /osc\.udp:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (listening) ears.port = listening[1];
    const self = /you are (\w+)/.exec(line);
    if (self) names.set(self[1], 'osc');
    if (line.startsWith('joined:')) ears.joined++;
    wake();
  });
  return { ears, stop: () => bridge.kill('SIGINT'), child: bridge };
};

const startTrystero = async (listener, roomId, relay) => {
  globalThis.WebSocket ??= (await load('ws')).default;
  const { RTCPeerConnection } = await load('node-datachannel/polyfill');
  const { joinRoom, selfId } = await load('trystero-0.25.4');
  names.set(selfId, listener);
  const room = joinRoom(
    {
      appId: 'patchies',
      relayConfig: { urls: [relay] },
      rtcPolyfill: RTCPeerConnection,
      rtcConfig: { iceServers: [] },
    },
    roomId,
  );
  const peer = { listener, joined: new Set() };
  room.onPeerJoin = (id) => {
    peer.joined.add(id);
    wake();
  };
  const chat = room.makeAction('chat');
  chat.onMessage = (text, { peerId }) => note(listener, peerId, text);
  peer.say = (text) => chat.send(text);
  const osc = room.makeAction('osc');
  osc.onMessage = (message, { peerId }) => note(listener, peerId, JSON.stringify(message));
  peer.osc = (message) => osc.send(message);
  return peer;
};

const roomId = 'demo-room';
const relay = await startRelay();
say(`the relay listens on ${relay}`);
const lights = startNative('lights', roomId, relay);
const sound = startNative('sound', roomId, relay);
const patch = await startTrystero('patch', roomId, relay);
say('lights and sound are native peers; patch is Trystero 0.25.4 in Node; they look for each other');

await until('all three to meet', () => [lights, sound, patch].every((peer) => peer.joined.size === 2));
for (const peer of [lights, sound]) {
  // The one that both others see and it does not is itself.
  const others = [lights, sound].filter((other) => other !== peer)[0];
  const id = [...others.joined].find((seen) => patch.joined.has(seen));
  names.set(id, peer.listener);
}
say(paint(32, 'all three are in the room, over WebRTC, each connected to both others'));
lights.say('full on');
sound.say('two bars to go');
patch.say('{"type":"noteOn","note":60}');
await until('what each says', () => heard.length === 6);

const osc = await startOsc(roomId, relay);
const bridged = () => osc.ears.joined === 3 && osc.ears.port && patch.joined.size === 3;
await until('roomwire osc', bridged);
say(paint(32, 'roomwire osc joined: oscdump hears the patch, and oscsend is heard in the room'));
// oscdump does not say when it listens.
const tune = () => patch.osc({ address: '/synth/freq', args: [440, 0.5, 'sine'] });
const again = setInterval(tune, 1000);
tune();
await until('oscdump', () => heard.some((each) => each.listener === 'oscdump'));
clearInterval(again);
start('oscsend', ['127.0.0.1', osc.ears.port, '/fader/1', 'f', '0.75']);
await until('oscsend', () => heard.some((each) => each.text.includes('/fader/1')));
const gone = ({ child }) => child.exitCode !== null || child.signalCode !== null;
for (const { child } of [osc, lights, sound]) child.on('exit', () => wake());
osc.stop();
await until('roomwire osc to leave', () => gone(osc));
for (const { child } of [lights, sound]) child.stdin.end();
await until('the others to leave', () => gone(lights) && gone(sound));
say('everyone has left');
const program = './build/release/roomwire';
console.log(`
Now try a page in the browser, with a QR code for phones:
  ${program} web --listen 0.0.0.0:8080
or, each in a terminal of its own:
  ${program} relay
  ${program} netrecv chat --room my-room --relay ws://127.0.0.1:7777
  ${program} netsend chat --room my-room --relay ws://127.0.0.1:7777 'hello'
or, with OSC software on port 57120:
  ${program} osc --room my-room --relay ws://127.0.0.1:7777 --to 127.0.0.1:57120 --listen 9000`);
process.exit(0);
