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

const table = (page) => page.getByRole('group', { name: 'Table of the model against the paper' });
const data = {
  catholyte: '0.1.0',
  voxel_um: 0.5,
  seeds: 3,
  rows: [
    { electrode: 'lyc-10', quantity: 'discharge_capacity_2C', paper: 122, model_mean: 119.25, model_sd: 2.5, residual: -2.75, kind: 'fitted', values: [117, 119, 122] },
    { electrode: 'bare', quantity: 'retention_100_cycles', paper: 59, model_mean: null, model_sd: null, residual: null, kind: 'predicted', values: [] },
  ],
};
const validation = (answer) => async ({ page, url }, check) => {
  await page.route('**/www/validation.json', (route) => route.fulfill(answer));
  await page.goto(new URL('www/verify.html', url).href);
  await check();
};

browserTest('the model stands beside the paper', async ({ page, url }) => {
  await validation({ json: data })({ page, url }, async () => {
    await page.getByText('over 3 seeds on voxels of 0.5 µm, by catholyte 0.1.0').waitFor();
    const cells = await table(page).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(cells, [
      ['lyc-10', 'discharge capacity at 2C (mAh/g)', '122', '119.3 ± 2.5', '−2.75', 'fitted'],
      ['bare', 'capacity left after 100 cycles (%)', '59', '–', '–', 'predicted'],
    ]);
    await page.getByText('cargo run --release -- validate --out www').waitFor();
  });
});

browserTest('a missing comparison is told plainly', async ({ page, url }) => {
  await validation({ status: 404, body: '' })({ page, url }, async () => {
    await page.getByText('its file www/validation.json is missing').waitFor();
    assert.equal(await table(page).isVisible(), false);
  });
}, { expect: [/404 .*validation\.json/] });

browserTest('a damaged comparison is told plainly', async ({ page, url }) => {
  await validation({ body: '{"rows": 3}', contentType: 'application/json' })({ page, url }, async () => {
    await page.getByText('cannot be read').waitFor();
    assert.equal(await table(page).isVisible(), false);
  });
});
