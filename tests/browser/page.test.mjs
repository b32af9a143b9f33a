import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { open } from './bench.mjs';
import { browserTest } from './harness.mjs';

browserTest('the page loads, and its module with it', async ({ page, url }) => {
  const module = page.waitForResponse((response) => response.url().endsWith('.wasm'));
  const document = await page.goto(url);
  assert.equal(
    document.headers()['content-security-policy'],
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  );
  assert.equal((await module).status(), 200);
  assert.match(await page.title(), /catholyte/);
  await page.waitForLoadState('networkidle');
});

browserTest('the first picture of a structure needs at most 600 kB', async ({ page, url }) => {
  await page.addInitScript(() => {
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (...all) {
      window.painted ??= Date.now();
      return draw.apply(this, all);
    };
  });
  /** By address: workers load some files again, from the cache. */
  const responses = new Map();
  page.on('response', (response) => responses.set(response.url(), response));
  await open({ page, url });
  const painted = await page.evaluate(() => window.painted);
  const first = [...responses.values()].filter((response) => response.request().timing().startTime < painted);
  const files = await Promise.all(first.map((response) => response.body()));
  const bytes = files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
  assert.ok(files.length > 40 && bytes <= 600_000, `${files.length} files, ${bytes} bytes`);
});
