// The bench as a visitor uses it: by names and roles, on the real page.

import assert from 'node:assert/strict';
import { choose, clickWhen, finished, makeSmall, number, open, otherPicture, picture, pointAt, progress, run, runButton, runs, traceTasks, value } from './bench.mjs';
import { browserTest } from './harness.mjs';
import { native } from './native.mjs';

for (const [rate, c_rate] of [['0.1C', '0.1'], ['2C', '2']]) {
  browserTest(`10 wt% LYC discharges at ${rate} to the capacity of the command line`, async ({ page, url }) => {
    await open({ page, url });
    await choose(page, '10 wt% LYC');
    await page.getByRole('button', { name: rate, exact: true }).click();
    const tasks = await traceTasks(page, async () => {
      await run(page);
      await finished(page);
    });
    assert.ok(tasks.length > 100, `${tasks.length} tasks seen`);
    const longest = Math.max(...tasks);
    assert.ok(longest < 50, `the main thread was blocked for ${longest} ms`);
    const expected = await native('run', 'lyc-10', '--c-rate', c_rate);
    for (const [data, key] of [[0, 'discharge_capacity_mah_g'], [1, 'mean_voltage_v'], [2, 'energy_wh_kg']]) {
      const here = await value(page, 0, data);
      assert.ok(Math.abs(here / expected[key] - 1) < 1e-9, `${key}: ${here} here, ${expected[key]} natively`);
    }
    await page.getByRole('button', { name: /^Certificate of/ }).click();
    await page.getByRole('definition').filter({ hasText: new RegExp(`^${expected.time_steps}(?![.\\d])`) }).waitFor();
    assert.match(await runs(page).first().textContent(), /cut-off voltage/);
  });
}

browserTest('runs are kept side by side, and one seed gives one result', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  for (const rate of ['0.5C', '0.5C', '2C']) {
    await page.getByRole('button', { name: rate, exact: true }).click();
    const before = await runs(page).count();
    await run(page);
    await runs(page).nth(before).waitFor();
  }
  assert.equal(await value(page, 0, 0), await value(page, 1, 0));
  assert.ok((await value(page, 2, 0)) < (await value(page, 0, 0)));
  await page.getByRole('button', { name: /^Remove .*2C$/ }).click();
  await runs(page).nth(2).waitFor({ state: 'detached' });
  assert.equal(await runs(page).count(), 2);
  // Another seed is another cathode.
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await run(page);
  await runs(page).nth(2).waitFor();
  assert.notEqual(await value(page, 2, 0), await value(page, 0, 0));
});

/** Milliseconds that cancelling takes when it is asked for as soon as this is said beside the bar. */
const cancelWhen = (page, words) => clickWhen(page, words, page.getByRole('button', { name: 'Cancel', exact: true }));

browserTest('a discharge is cancelled within 100 ms, and the next one runs', async ({ page, url }) => {
  await open({ page, url });
  const cancelled = cancelWhen(page, '[1-9]\\d* time steps');
  await run(page);
  const taken = await cancelled;
  assert.ok(taken < 100, `${taken} ms`);
  await page.getByText('Every run is kept here').waitFor();
  await makeSmall(page);
  await run(page);
  await finished(page);
  assert.equal(await runs(page).count(), 1);
});

browserTest('a build that answers nothing is cancelled by a new worker', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill('0.25');
  const cancelled = cancelWhen(page, 'Building');
  await run(page);
  const taken = await cancelled;
  // 80 ms of patience, then the worker is replaced; the rest is the page's own work.
  assert.ok(taken < 130, `${taken} ms`);
  await number(page, 'Voxel').fill('1');
  await makeSmall(page);
  await run(page);
  await finished(page);
});

browserTest('a bad recipe shows every fault at once, in the list and at its field, and moves nothing', async ({ page, url }) => {
  await open({ page, url });
  const top = () => page.getByRole('region', { name: 'Cross-section' }).evaluate((card) => card.offsetTop);
  const before = await top();
  await number(page, 'NCA').fill('-5');
  await number(page, 'Porosity').fill('1.2');
  await number(page, 'Cut-off').fill('');
  const list = page.getByRole('alert').filter({ hasText: 'this recipe' });
  await list.getByRole('link').nth(2).waitFor();
  const text = await list.textContent();
  for (const part of ['3 things', 'NCA: -5', 'Porosity: 1.2', 'Cut-off: nothing']) assert.ok(text.includes(part), text);
  assert.equal(await page.locator('[aria-invalid=true]').count(), 3);
  assert.ok(await runButton(page).isDisabled());
  await list.getByRole('link', { name: /^NCA/ }).click();
  assert.ok(await number(page, 'NCA').evaluate((input) => input === document.activeElement));
  // What the field is about stands beside it.
  await page.getByText('Allowed: a number from 1 to 1000 parts by weight.', { exact: true }).waitFor();
  assert.equal(await top(), before);
  await page.getByRole('button', { name: 'Reset all' }).click();
  assert.equal(await list.count(), 0);
  assert.ok(await runButton(page).isEnabled());
  // In the words of the form.
  await number(page, 'Voxel').fill('0.3');
  await list.getByText('a divisor of Width = 25 that leaves').waitFor();
}, { context: { viewport: { width: 1440, height: 900 } } });

browserTest('on a tablet the mark of a changed field moves nothing away', async ({ page, url }) => {
  await open({ page, url });
  await page.locator('#form details').evaluateAll((folds) => folds.forEach((fold) => (fold.open = true)));
  const rows = page.locator('#form .field');
  const heights = () => rows.evaluateAll((all) => all.map((row) => `${row.querySelector('label').textContent} ${row.querySelector('.field-line').offsetHeight}`));
  const before = await heights();
  assert.equal(await rows.filter({ has: page.getByRole('button', { name: /^Reset/ }) }).count(), 0);
  await page.locator('#form input[type=range]:enabled').evaluateAll((sliders) => {
    for (const slider of sliders) {
      slider.stepUp();
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  assert.ok((await page.locator('#form .field.changed').count()) > 10);
  assert.deepEqual(await heights(), before);
  // What is weighed in is a line each.
  for (const name of ['NCA', 'Halide coat', 'LPSCl', 'Carbon']) assert.ok(before.includes(`${name} 32`), before.join('; '));
}, { context: { viewport: { width: 820, height: 1180 } } });

browserTest('a run that cannot fit is refused with the voxel that would', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill('0.1');
  const advice = page.getByText(/A voxel of [\d.]+ um would fit/);
  await advice.waitFor();
  assert.ok(await runButton(page).isDisabled());
  const [, fits] = /A voxel of ([\d.]+) um/.exec(await advice.textContent());
  await number(page, 'Voxel').fill(fits);
  assert.ok(await runButton(page).isEnabled());
});

browserTest('cross-sections: axes, position, fields, and the voxel under the pointer', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  const section = page.getByRole('img', { name: /cross-section/ });
  await page.getByRole('img', { name: /^Phase, cross-section at y/ }).waitFor();
  const first = await picture(section);
  await choose(page, 'z');
  await page.getByRole('img', { name: /^Phase, cross-section at z = 6.5 µm/ }).waitFor();
  await otherPicture(section, first);
  await page.getByLabel('Position of the cut', { exact: true }).press('End');
  await page.getByRole('img', { name: /at z = 11.5 µm/ }).waitFor();
  await pointAt(section, 0.5, 1 / 3);
  assert.match(await page.locator('#slice-reading').textContent(), /^\([\d.]+, [\d.]+, 11\.5\) µm: (pore|LYC|LPSCl|carbon|NCA, particle \d+( \(\D+\))?)$/);
  const field = page.getByRole('combobox', { name: 'Show' });
  assert.ok(await field.locator('option', { hasText: 'Ionic potential' }).evaluate((option) => option.disabled));
  await run(page);
  await finished(page);
  for (const name of ['Lithium stoichiometry', 'Electronic potential', 'Ionic potential']) {
    await field.selectOption(name);
    await page.getByRole('img', { name: new RegExp(`^${name}`) }).waitFor();
  }
  const viridis = await picture(section);
  await page.getByRole('combobox', { name: 'Colours' }).selectOption('greys');
  await otherPicture(section, viridis);
});

browserTest(
  'a crash of the simulator is told as a crash, and the next run works',
  async ({ page, url }) => {
    // The worker of sketches, and the first of the structure.
    let traps = 2;
    await page.route('**/www/worker.js', async (route) => {
      const response = await route.fetch();
      const trap = "Twin.prototype.advance = () => { throw new WebAssembly.RuntimeError('planted trap'); };";
      await route.fulfill({ response, body: (await response.text()) + (traps > 0 ? trap : '') });
      traps -= 1;
    });
    // A small cathode from the start: a recipe that is changed may have its worker replaced.
    await open({ page, url: `${url}#v1?width_um=10&thickness_um=12` });
    await run(page);
    await page.getByRole('alert').filter({ hasText: 'The simulator crashed' }).waitFor();
    assert.match(await page.getByRole('alert').textContent(), /planted trap/);
    assert.match(await progress(page).textContent(), /Failed|Building|Ready/);
    await runButton(page).and(page.locator(':enabled')).waitFor();
    await run(page);
    await finished(page);
  },
);

browserTest(
  'canvases are as sharp as the screen',
  async ({ page, url }) => {
    await open({ page, url });
    for (const id of ['slice', 'profile']) {
      const [pixels, css] = await page.locator(`#${id}`).evaluate((c) => [c.width, c.getBoundingClientRect().width]);
      assert.ok(Math.abs(pixels - 2 * css) <= 1, `${id}: ${pixels} pixels for ${css}`);
    }
  },
  { context: { deviceScaleFactor: 2 } },
);

for (const width of [360, 390, 768, 1440]) {
  browserTest(
    `nothing sticks out of a page ${width} px wide`,
    async ({ page, url }) => {
      await open({ page, url });
      const [scroll, client] = await page.evaluate(() => [document.body.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(scroll <= client, `${scroll} px of content`);
    },
    { context: { viewport: { width, height: 844 } } },
  );
}
