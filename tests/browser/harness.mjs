// The page in real browsers, served by the real program, and held to: no error in the console, no uncaught exception,
// no request to another origin.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { launchers } from './launch.mjs';
import { program } from './native.mjs';

// A test runs once in each browser that is named in BROWSERS, if it does not name its own.
const BROWSERS = (process.env.BROWSERS ?? 'chromium').split(',');
/** For a test that runs in either, one for each thing that the page does; Firefox tells of no download and gives no clipboard. */
export const BOTH = ['chromium', 'firefox'];
// How many times slower than it is the page of Chromium is made, and its workers are not: an order of events that holds by luck alone
// does not hold then.
const SLOWER = Number(process.env.SLOWER ?? 1);
/** Started when a test first needs it. */
const browsers = new Map();
let server;
let url;

before(async () => {
  if (!existsSync(program)) throw new Error('build it first: cargo build --release');
  server = spawn(program, ['serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  // The address is the only line on stdout; without one the program has said on stderr why.
  for await (const line of createInterface({ input: server.stdout })) {
    url = line;
    break;
  }
  if (!url) throw new Error('catholyte serve has ended');
});

after(async () => {
  for (const browser of browsers.values()) await browser.close();
  server?.kill();
});

/**
 * A test on a fresh page in a fresh profile.
 *
 * `body` gets the page (playwright's), not yet loaded, and the address to load. Errors that match one of `expect` are part of the
 * test, which fails as well if one of these does not come.
 */
export function browserTest(name, body, { expect = [], context: settings = {}, timeout = 120_000, browsers: named = BROWSERS } = {}) {
  for (const browser of named) {
    test(`${browser}: ${name}`, { timeout }, async () => {
      if (!browsers.has(browser)) browsers.set(browser, await launchers[browser]());
      const context = await browsers.get(browser).newContext(settings);
      const errors = [];
      const absent = () => expect.filter((pattern) => !errors.some((error) => pattern.test(error)));
      context.on('request', (request) => {
        const { origin, protocol } = new URL(request.url());
        if (origin !== new URL(url).origin && !['data:', 'blob:'].includes(protocol)) {
          errors.push(`request to another origin: ${request.url()}`);
        }
      });
      context.on('console', (message) => {
        if (message.type() === 'error') errors.push(`console: ${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => errors.push(`uncaught: ${error.error().stack ?? error.error()}`));
      try {
        const page = await context.newPage();
        page.on('crash', () => errors.push('the tab crashed'));
        if (SLOWER > 1 && browser === 'chromium') {
          await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
        }
        await body({ page, url });
        // What happens in a worker may be told after a while.
        for (let i = 0; i < 100 && absent().length > 0; i += 1) await page.waitForTimeout(100);
      } catch (error) {
        // What the browser complained about is most often the cause.
        if (errors.length > 0) error.message += `\n${errors.join('\n')}`;
        throw error;
      } finally {
        await context.close();
      }
      const unexpected = errors.filter((error) => !expect.some((pattern) => pattern.test(error)));
      if (unexpected.length > 0) throw new Error(unexpected.join('\n'));
      if (absent().length > 0) throw new Error(`expected errors did not come: ${absent().join(', ')}`);
    });
  }
}
