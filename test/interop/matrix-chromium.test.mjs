import { after, before } from './lib/test.mjs';
import { Browser } from './lib/browser.mjs';
import { matrixTests } from './matrix.mjs';

let browser;
before(async () => (browser = await Browser.start()));
after(() => browser?.stop());
matrixTests('chromium', (options) => browser.peer(options));
