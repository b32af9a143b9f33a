// What a visitor with Firefox gets: the page, a discharge, its curve and its tables.

import assert from 'node:assert/strict';
import { choose, finished, makeSmall, number, open, run, runs, value } from './bench.mjs';
import { browserTest } from './harness.mjs';
import { native } from './native.mjs';

browserTest(
  'structure, discharge, curve and tables, as on the command line',
  async ({ page, url }) => {
    await open({ page, url });
    await makeSmall(page);
    await page.getByRole('button', { name: '2C', exact: true }).click();
    const chart = () => page.locator('#profile').evaluate((canvas) => canvas.toDataURL());
    const empty = await chart();
    await run(page);
    await finished(page);
    assert.notEqual(await chart(), empty);
    await page.getByRole('table', { name: 'NCA surface' }).getByRole('row', { name: /^carbon/ }).locator('data').waitFor();
    const expected = await native('run', 'lyc-10', '--set', 'width_um=10', '--set', 'thickness_um=12', '--c-rate', '2');
    const here = await value(page, 0, 0);
    assert.ok(Math.abs(here / expected.discharge_capacity_mah_g - 1) < 1e-9, `${here} mAh/g`);
    await page.getByRole('combobox', { name: 'Show' }).selectOption('Electronic potential');
    await page.getByRole('img', { name: /^Electronic potential/ }).waitFor();
  },
  { browsers: ['firefox'] },
);

browserTest(
  'undo, links and runs that outlive a reload',
  async ({ page, url }) => {
    await open({ page, url });
    await choose(page, '14 wt% LYC');
    await page.getByRole('button', { name: 'Undo (Ctrl+Z)' }).click();
    assert.equal(await number(page, 'Halide coat').inputValue(), '7');
    await makeSmall(page);
    await run(page);
    await finished(page);
    await page.reload();
    await runs(page).first().waitFor();
    assert.equal(await number(page, 'Thickness').inputValue(), '12');
  },
  { browsers: ['firefox'] },
);
