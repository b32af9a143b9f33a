// The pictures of the README, taken anew:
//   node tests/bench/screenshots.mjs [DIRECTORY]        (tests/bench/pictures unless told otherwise)
// after `cargo run --release -- site --out target/site` and `npm --prefix tests/browser ci`.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { finished, stillShot } from '../browser/bench.mjs';
import { launchers } from '../browser/launch.mjs';
import { program } from '../browser/native.mjs';

const directory = process.argv[2] ?? fileURLToPath(new URL('pictures/', import.meta.url));

/** By name: the window, the colours, the state in the address, and where to look. */
const PICTURES = [
  { name: 'bench', viewport: { width: 1440, height: 900 }, colorScheme: 'light', state: '' },
  { name: 'fields', viewport: { width: 1440, height: 1000 }, colorScheme: 'dark', state: '#v1?c_rate=2&show=reaction_current&chart=losses', at: '#section-heading' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'light', state: '', at: '#section-heading' },
];

const server = spawn(program, ['serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const browser = await launchers.chromium();
try {
  await mkdir(directory, { recursive: true });
  const { value: url } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
  for (const { name, state, at, ...settings } of PICTURES) {
    const context = await browser.newContext({ ...settings, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(url + state);
    await finished(page);
    if (at) await page.locator(at).evaluate((node) => node.closest('section').scrollIntoView({ block: 'start' }));
    await stillShot(page);
    const session = await context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await writeFile(`${directory}/${name}.webp`, Buffer.from(data, 'base64'));
    await context.close();
  }
} finally {
  await browser.close();
  server.kill();
}
