import { after, before } from './lib/test.mjs';
import { Browser } from './lib/browser.mjs';
import { matrixTests } from './matrix.mjs';

let browser;
before(async () => (browser = await Browser.start('firefox')));
after(() => browser?.stop());
// Trystero is the same as in Chromium, which has all pairs: here each value of each column once.
const pairs = [
  { trystero: '0.23.0', strategy: 'nostr', theyOffer: true },
  { trystero: '0.25.4', strategy: 'nostr', theyOffer: false },
  { trystero: '0.25.4', strategy: 'ws', theyOffer: true },
];
matrixTests('firefox', (options) => browser.peer(options), pairs);
