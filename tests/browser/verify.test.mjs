// The checks with known answers, in the browser.

import assert from 'node:assert/strict';
import { compareWithPaper } from './bench.mjs';
import { browserTest } from './harness.mjs';
import { native } from './native.mjs';

const rows = (page) => page.getByRole('group', { name: 'Table of checks' }).locator('tbody tr');
const start = (page) => page.getByRole('button', { name: 'Run the checks' }).click();

browserTest('every case agrees, and comes out as on the command line', async ({ page, url }) => {
  await compareWithPaper(page);
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
  await compareWithPaper(page);
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
/** Visits the page with this answer to its question for the comparison. */
async function visit(page, url, answer) {
  await page.route('**/www/validation.json', (route) => route.fulfill(answer));
  await page.goto(new URL('www/verify.html', url).href);
}

browserTest('the model stands beside the paper', async ({ page, url }) => {
  await compareWithPaper(page);
  await page.goto(new URL('www/verify.html', url).href);
  await page.getByText('over 3 seeds on voxels of 0.5 µm, 36 µm wide, by catholyte 0.1.0').waitFor();
  const cells = await table(page).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.deepEqual(cells, [
    ['10 wt% LYC', 'discharge capacity at 2C (mAh/g)', '122', '119.3 ± 2.5', '−2.8', 'fitted'],
    ['Bare NCA', 'capacity left after 100 cycles (%)', '59', '–', '–', 'predicted'],
  ]);
  await page.getByText('cargo run --release -- validate --out www').waitFor();
});

browserTest(
  'on a phone the verdict on a case is seen without scrolling sideways',
  async ({ page, url }) => {
    await compareWithPaper(page);
    await page.goto(new URL('www/verify.html', url).href);
    await page.getByRole('region', { name: 'Problems with known answers' }).waitFor();
    const edge = await page.getByRole('columnheader', { name: 'Verdict' }).evaluate((cell) => cell.getBoundingClientRect().right);
    assert.ok(edge <= 390, `${edge}`);
  },
  { context: { viewport: { width: 390, height: 844 } } },
);

browserTest('a missing comparison is told plainly', async ({ page, url }) => {
  await visit(page, url, { status: 404, body: '' });
  await page.getByText('its file www/validation.json is missing').waitFor();
  assert.equal(await table(page).isVisible(), false);
}, { expect: [/404 .*validation\.json/] });

browserTest('a damaged comparison is told plainly', async ({ page, url }) => {
  await visit(page, url, { body: '{"rows": 3}', contentType: 'application/json' });
  await page.getByText('cannot be read').waitFor();
  assert.equal(await table(page).isVisible(), false);
});
