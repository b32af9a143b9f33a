// The page inside another page.

import assert from 'node:assert/strict';
import { browserTest } from './harness.mjs';

/** A page of the same origin around an embedded one; what it hears is in `heard`. */
async function surround({ page, url }, query) {
  const host = new URL('host.html', url).href;
  await page.route(host, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>host</title><div id="above"></div><iframe src="/${query}" width="700" height="900"></iframe>`,
    }),
  );
  await page.goto(host);
  await page.evaluate(() => {
    window.heard = [];
    addEventListener('message', ({ data }) => window.heard.push(data));
  });
  const frame = page.frameLocator('iframe');
  const say = (message) => page.evaluate((m) => document.querySelector('iframe').contentWindow.postMessage(m, '*'), message);
  const hear = (kind) => page.waitForFunction((k) => window.heard.find((m) => m.kind === k), kind).then((handle) => handle.jsonValue());
  return { frame, say, hear };
}

browserTest('embedded: cross-section and curve, told and heard by the page around, at rest out of sight', async ({ page, url }) => {
  const { frame, say, hear } = await surround({ page, url }, '?embed=1#v1?width_um=10&thickness_um=12');
  await frame.getByRole('heading', { name: 'Cross-section' }).waitFor();
  await frame.getByRole('heading', { name: 'Charts' }).waitFor();
  assert.equal(await frame.getByRole('heading', { name: 'Recipe' }).count(), 0);
  assert.match(await frame.getByRole('link', { name: 'Open the full page' }).getAttribute('href'), /^\/#v1\?thickness_um=12&width_um=10$|^\/#v1\?.*width_um=10/);
  await frame.getByText('Finished').first().waitFor();
  await say({ catholyte: 1, kind: 'get-state' });
  const state = await hear('state');
  assert.equal(state.preset, 'lyc-10');
  assert.ok(state.result.discharge_capacity_mah_g > 50);
  await say({ catholyte: 1, kind: 'set-recipe', preset: 'lyc-14', recipe: { width_um: 10, thickness_um: 12, c_rate: 2 } });
  const result = await hear('result');
  assert.equal(result.recipe.c_rate, 2);
  assert.ok(result.result.discharge_capacity_mah_g > 0);
  await say({ catholyte: 1, kind: 'set-recipe', recipe: { porosity: 7 } });
  assert.match((await hear('refused')).message, /porosity: allowed is/);
  // Out of sight nothing is computed.
  await page.evaluate(() => {
    document.getElementById('above').style.height = '3000px';
    window.heard = [];
  });
  await say({ catholyte: 1, kind: 'set-recipe', preset: 'bare', recipe: { width_um: 10, thickness_um: 12 } });
  await page.waitForTimeout(2500);
  assert.equal(await page.evaluate(() => window.heard.filter((m) => m.kind === 'result').length), 0);
  await page.evaluate(() => (document.getElementById('above').style.height = '0'));
  assert.equal((await hear('result')).preset, 'bare');
});

browserTest('embedded: an origin that was not named is not heard, and the page by itself hears nobody', async ({ page, url }) => {
  const { frame, say } = await surround({ page, url }, '?embed=https://example.org');
  await frame.getByRole('heading', { name: 'Cross-section' }).waitFor();
  await frame.getByText(/time steps/).waitFor();
  await say({ catholyte: 1, kind: 'get-state' });
  await page.waitForTimeout(500);
  assert.deepEqual(await page.evaluate(() => window.heard), []);
});
