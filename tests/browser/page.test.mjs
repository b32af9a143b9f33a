import assert from 'node:assert/strict';
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
