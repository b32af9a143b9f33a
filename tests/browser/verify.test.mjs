// The checks with known answers, in the browser.

import assert from 'node:assert/strict';
import { browserTest } from './harness.mjs';
import { native } from './native.mjs';

const rows = (page) => page.getByRole('group', { name: 'Table of checks' }).locator('tbody tr');
const start = (page) => page.getByRole('button', { name: 'Run the checks' }).click();

browserTest('every case agrees, and comes out as on the command line', async ({ page, url }) => {
  await page.goto(url);
  await page.getByRole('link', { name: 'Verification' }).click();
  const expected = await native('verify');
  await start(page);
  await page.getByText(`All ${expected.length} cases agree`).waitFor({ timeout: 100_000 });
  for (const [i, outcome] of expected.entries()) {
    const row = rows(page).nth(i);
    assert.ok((await row.textContent()).includes(outcome.title));
    const here = Number(await row.locator('data').getAttribute('value'));
    const there = outcome.computed ?? Infinity;
    assert.ok(here === there || Math.abs(here / there - 1) < 1e-9, `${outcome.id}: ${here} here, ${there} natively`);
  }
});

browserTest('a case that comes out wrong is told', async ({ page, url }) => {
  await page.route('**/www/worker.js', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('{ ...outcome,', '{ ...outcome, passes: request.case !== "dead-end",');
    await route.fulfill({ response, body });
  });
  await page.goto(new URL('www/verify.html', url).href);
  await start(page);
  await page.getByText(/^1 of \d+ cases differ/).waitFor({ timeout: 100_000 });
  await rows(page).filter({ hasText: 'dead end' }).getByText('differs').waitFor();
});
