// A short form of meet.mjs: every kind of pair, both ways, again and again in fresh processes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from './lib/test.mjs';
import { meetingPatience } from './lib/log.mjs';
import { Kinds, meetOnce } from './lib/meeting.mjs';
import { Relay } from './lib/native.mjs';

const kinds = new Kinds();
let relay;
before(async () => (relay = await Relay.start()));
after(() => relay?.stop());
after(() => kinds.stop());

const rounds = Number(process.env.ROOMWIRE_MEET_ROUNDS ?? 3);
const others = ['node-datachannel', 'werift', 'chromium'].flatMap((stack) =>
  ['0.23.0', '0.25.4'].map((v) => `${stack}@${v}`),
);
const pairs = ['native', ...others].flatMap((other) =>
  other === 'native'
    ? [[other, '', '']]
    : [
        [other, 'they offer', '0'],
        [other, 'we offer', 'zzzzzzzz'],
      ],
);
// Most of their time is waiting for the other side.
describe('meeting', { concurrency: 2 }, () => {
  for (const [other, label, prefix] of pairs)
    test(`native meets ${other} ${rounds} times of ${rounds} ${label}`, async (t) => {
      const times = [];
      for (let round = 0; round < rounds; round++) {
        const { ms, failed } = await meetOnce(kinds, ['native', other], relay.of('nostr'), {
          prefixes: ['', prefix],
          limit: meetingPatience,
        });
        assert.equal(failed, undefined, `meeting ${round + 1}: ${failed}`);
        times.push(Math.round(ms));
      }
      t.diagnostic(`${times.join(', ')} ms`);
    });
});
