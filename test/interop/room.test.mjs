// roomwire room: the room that commands join when they are given none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from './lib/test.mjs';
import { Relay, newConfigFolder, offlineEnv, roomwire, roomwireBinary } from './lib/native.mjs';
import { endsWell, said } from './lib/osc.mjs';
import { Process } from './lib/process.mjs';
import { codeLines, readImage, readTerminal } from './lib/qr.mjs';
import { get } from './lib/web.mjs';

let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());

/** Commands of one user. */
function user(t, env = { XDG_CONFIG_HOME: newConfigFolder() }) {
  const start = (args, more = {}) => {
    const started = roomwire(args, { env: { ...env, ...more } });
    t.after(() => started.stop());
    return started;
  };
  return {
    start,
    file: join(env.XDG_CONFIG_HOME ?? '', 'roomwire', 'room'),
    /** The line that it prints. */
    async prints(...args) {
      const command = start(args);
      await endsWell(command);
      assert.equal(command.out.count(() => true), 1);
      return command.out.wait(() => true, 'a line');
    },
  };
}

test('two commands on one machine meet in the remembered room', async (t) => {
  const { start, prints } = user(t);
  const receiver = start(['netrecv', 'x', '-C', '1', '--relay', relay.url]);
  const made = await said(receiver, /^new room: /);
  const sender = start(['netsend', 'x', 'hello', '--relay', relay.url]);
  assert.equal(await said(sender, /^your room: /), made.replace('new', 'your'));
  assert.equal(await receiver.out.wait(() => true, 'a message'), '"hello"');
  await Promise.all([endsWell(sender), endsWell(receiver)]);
  assert.equal(`new room: https://patchies.app/?room=${await prints('room')}`, made);
});

test('the page and the bridges join it too', async (t) => {
  const { start, prints } = user(t);
  const room = await prints('room');
  const web = start(['web', '--listen', '127.0.0.1:0', '--local']);
  const page = (await said(web, /^page /)).slice('page '.length);
  assert.equal(new URL(page).searchParams.get('room'), room);
  assert.equal(JSON.parse((await get(page, '/config.json')).body).room, room);
  const osc = start(['osc', '--listen', '0', '--relay', relay.url]);
  await said(osc, new RegExp(`^your room: .*${room}$`));
});

test('it is shown, changed and overridden', async (t) => {
  const { start, prints, file } = user(t);
  const first = await prints('room');
  assert.match(first, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(await prints('room'), first);
  const second = await prints('room', 'new');
  assert.notEqual(second, first);
  assert.equal(await prints('room'), second);
  const odd = 'grün & "rot"/%?';
  assert.equal(await prints('room', 'set', odd), odd);
  assert.equal(await prints('room'), odd);
  assert.match(readFileSync(file, 'utf8'), /^[\w.~%-]+\n$/);
  for (const page of ['https://patchies.app/?room=', 'http://192.168.1.7:8080/?x=1&room=']) {
    await prints('room', 'set', `${page}a%20b#f`);
    assert.equal(await prints('room'), 'a b');
  }
  assert.equal(await prints('room', '--room', 'flag'), 'flag');
  const variable = start(['room'], { ROOMWIRE_ROOM: 'variable' });
  assert.equal(await variable.out.wait(() => true, 'a line'), 'variable');
  const made = start(['room', 'new'], { ROOMWIRE_ROOM: 'variable' });
  await said(made, /ROOMWIRE_ROOM is set, and wins/);
  await endsWell(made);
  assert.notEqual(await prints('room'), 'a b');
});

test('what is no room is refused, and the room stays', async (t) => {
  const { start, prints } = user(t);
  const room = await prints('room');
  for (const [args, pattern] of [
    [['set'], /ROOM: is missing/],
    [['set', ''], /ROOM: is empty/],
    [['set', 'https://patchies.app/'], /has no \?room= in it/],
    [['set', 'http://127.0.0.1:8080/?room='], /has an empty \?room= in it/],
    [['set', 'x'.repeat(2000)], /2000 bytes/],
    [['old'], /'old': is none of new, set and share/],
    [['share', '--link', 'nowhere'], /--link: 'nowhere'/],
  ]) {
    const refused = start(['room', ...args]);
    await said(refused, pattern);
    await endsWell(refused, 2);
  }
  assert.equal(await prints('room'), room);
});

test('a damaged or unwritable place is said, and the command still works', async (t) => {
  const damaged = user(t);
  mkdirSync(join(damaged.file, '..'), { recursive: true });
  writeFileSync(damaged.file, 'two\nlines\n');
  const receiver = damaged.start(['netrecv', 'x', '-C', '1', '-q', '--relay', relay.url]);
  await said(receiver, /remembered room cannot be used.*is damaged; 'roomwire room new'/);
  const link = (await said(receiver, /^new room: /)).slice('new room: '.length);
  const sender = damaged.start(['netsend', 'x', '1', '--room', link, '--relay', relay.url]);
  await Promise.all([endsWell(sender), endsWell(receiver)]);
  assert.equal(readFileSync(damaged.file, 'utf8'), 'two\nlines\n');
  await damaged.prints('room', 'new');
  assert.match(readFileSync(damaged.file, 'utf8'), /^[\da-f-]{36}\n$/);

  const nowhere = user(t, { XDG_CONFIG_HOME: '/proc/nowhere' });
  const shown = nowhere.start(['room']);
  await said(shown, /new room cannot be remembered.*\/proc\/nowhere/);
  await endsWell(shown);
  const set = nowhere.start(['room', 'set', 'x']);
  await said(set, /cannot remember the room: \/proc\/nowhere/);
  await endsWell(set, 1);
});

test('a phone can read the code that share shows', async (t) => {
  const { start, prints } = user(t);
  const folder = mkdtempSync(join(tmpdir(), 'roomwire-qr-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await prints('room', 'set', 'grün & rot');
  const share = start(['room', 'share', '--png', join(folder, 'code.png')]);
  await endsWell(share);
  const link = await share.out.wait(() => true, 'the link');
  assert.equal(link, 'https://patchies.app/?room=gr%C3%BCn%20%26%20rot');
  assert.equal(await readTerminal(codeLines(share.err.all())), link);
  assert.equal(await readImage(join(folder, 'code.png')), link);

  const page = 'http://192.168.1.7:8080/?theme=dark#patch=xyz';
  const own = start(['room', 'share', '--link', page, '--room', 'x'.repeat(700)]);
  await endsWell(own);
  const longer = await own.out.wait(() => true, 'the link');
  assert.equal(longer, `http://192.168.1.7:8080/?room=${'x'.repeat(700)}&theme=dark#patch=xyz`);
  assert.equal(await readTerminal(codeLines(own.err.all())), longer);

  const tooLong = start(['room', 'share', '--room', 'x'.repeat(3000)]);
  await said(tooLong, /no QR code holds 3027 bytes/);
  await endsWell(tooLong);
  const unwritable = start(['room', 'share', '--png', '/nowhere/code.png']);
  await said(unwritable, /cannot write \/nowhere\b/);
  const device = join(folder, 'device');
  execFileSync('mkfifo', [device]);
  const special = start(['room', 'share', '--png', device]);
  await said(special, /cannot write .*device is no ordinary file/);
  assert.ok(existsSync(device));
  await endsWell(unwritable, 1);
});

test('on a terminal it is black on white, whatever the theme', async (t) => {
  const command = `exec '${roomwireBinary()}' room share --room my-room`;
  const terminal = new Process('terminal', 'script', ['-qfec', command, '/dev/null'], {
    env: { ...offlineEnv, TERM: 'xterm', NO_COLOR: '1' },
  });
  t.after(() => terminal.stop());
  assert.deepEqual(await terminal.exit, { code: 0, signal: null });
  const lines = codeLines(terminal.out.all());
  assert.ok(lines.every((line) => line.includes('\x1b[38;5;16;48;5;231m')));
  assert.equal(await readTerminal(lines), 'https://patchies.app/?room=my-room');
});
