// Headless Chromium or Firefox with one page a peer. The page bundles Trystero as an application would.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, firefox } from 'playwright-core';
import { Log } from './log.mjs';
import { Peer } from './peer.mjs';

const entryFolder = fileURLToPath(new URL('../peers/browser', import.meta.url));
const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];
const firefoxPreferences = {
  // As the flags above do it: tabs that are not in front keep their timers.
  'dom.min_background_timeout_value': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
};

/** The browsers that pages are tried in, by name. */
export const browsers = {
  chromium: {
    type: chromium,
    options: {
      executablePath: process.env.ROOMWIRE_CHROMIUM ?? '/usr/bin/chromium',
      args: chromiumFlags,
    },
  },
  firefox: {
    type: firefox,
    options: {
      channel: 'moz-firefox', // the browser as it is released, over WebDriver BiDi
      executablePath: fileURLToPath(new URL('firefox-bidi.mjs', import.meta.url)),
      firefoxUserPrefs: firefoxPreferences,
    },
  },
};

/** Firefox with a touch screen and a keyboard; its mouse is a finger (firefox-bidi.mjs). */
export const firefoxWithTouch = {
  firefoxUserPrefs: { ...firefoxPreferences, 'dom.w3c_touch_events.enabled': 1 },
  env: { ...process.env, ROOMWIRE_FIREFOX_TOUCH: '1' },
};

/** Playwright's browser `name`; `options` are those of its launch. */
export function launch(name, options = {}) {
  const browser = browsers[name];
  return browser.type.launch({ headless: true, ...browser.options, ...options });
}

async function bundle(version) {
  const result = await build({
    entryPoints: [join(entryFolder, `trystero-${version}.mjs`)],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return result.outputFiles[0].text;
}

function servePages(scripts) {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      const version = new URL(request.url, 'http://localhost').pathname.slice(1);
      const script = scripts[version.replace(/\.mjs$/, '')];
      if (!script) return response.writeHead(404).end();
      const isScript = version.endsWith('.mjs');
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
      response.end(
        isScript
          ? script
          : `<!doctype html><title>peer</title><script type="module" src="/${version}.mjs"></script>`,
      );
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

export class Browser {
  #serial = 0;

  static async start(name = 'chromium') {
    const browser = new Browser();
    browser.name = name;
    const versions = ['0.23.0', '0.25.4'];
    const scripts = Object.fromEntries(
      await Promise.all(versions.map(async (v) => [v, await bundle(v)])),
    );
    browser.server = await servePages(scripts);
    browser.process = await launch(name);
    browser.context = await browser.process.newContext();
    return browser;
  }

  /** A page of its own; closing it (peer.stop) is a tab that closes, without a word to anybody. */
  async peer({ trystero = '0.25.4', idPrefix = '' } = {}) {
    const name = `${this.name} ${trystero} #${++this.#serial}`;
    const log = new Log(name);
    const page = await this.context.newPage();
    page.on('console', (message) => log.note(`console: ${message.text()}`));
    page.on('pageerror', (error) => log.note(`page error: ${error}`));
    await page.exposeFunction('peerEvent', (event) => log.push(event));
    const { port } = this.server.address();
    await page.goto(`http://127.0.0.1:${port}/${trystero}?id=${idPrefix}`);
    await page.waitForFunction(() => globalThis.peerCommand);
    const send = (command) =>
      void page
        .evaluate((c) => globalThis.peerCommand(c), command)
        .catch((error) => log.note(String(error)));
    const stop = async () => {
      await page.close();
      log.close();
    };
    return new Peer(name, { log, send, stop });
  }

  async stop() {
    await this.process.close();
    this.server.close();
    this.server.closeAllConnections();
  }
}
