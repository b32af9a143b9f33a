// What the page tells of a structure before any current flows.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { browserTest } from './harness.mjs';
import { choose, finished, makeSmall, number, open, ready } from './bench.mjs';
import { native } from './native.mjs';

const coverage = (page) => page.getByRole('table', { name: 'NCA surface by what it meets' });
const reached = (page) => page.getByRole('table', { name: 'NCA volume by what reaches it' });
/** The full value in the row of this name. */
const share = async (table, name) =>
  Number(await table.getByRole('row', { name: new RegExp(`^${name}`) }).locator('data').getAttribute('value'));

browserTest('coverage and connectivity are those of the command line', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill('1.25');
  await page.getByText('20 × 20 × 40').waitFor();
  await ready(page);
  const expected = await native('build', 'lyc-10', '--voxel-um', '1.25');
  for (const [name, key] of [['carbon', 'carbon'], ['LYC', 'halide'], ['LPSCl', 'lpscl'], ['another NCA', 'nca'], ['pore', 'pore']]) {
    await coverage(page).getByRole('row', { name: new RegExp(`^${name}`) }).locator('data').waitFor();
    const here = await share(coverage(page), name);
    assert.ok(here > 0 && Math.abs(here - expected.coverage.nca[key]) < 1e-12, `${name}: ${here}`);
  }
  const { nca } = expected.connectivity;
  assert.equal(await share(reached(page), 'Active'), nca.active_fraction);
  assert.equal(await share(reached(page), 'Without electrons'), nca.electronically_isolated_fraction);
  assert.equal(await share(reached(page), 'Without ions'), nca.ionically_isolated_fraction);
  await page.getByText(`${nca.weakly_wired_particles.length} particle`).first().waitFor();
});

browserTest('the paper’s coverage by carbon is marked for its electrodes, and for no other', async ({ page, url }) => {
  await open({ page, url });
  const mark = page.getByText(/carbon covers [\d.]+ % in the paper/);
  for (const [preset, text] of [['10 wt% LYC', '15.69 %'], ['14 wt% LYC', '11.46 %']]) {
    await choose(page, preset);
    await mark.filter({ hasText: text }).waitFor();
  }
  await number(page, 'Porosity').fill('0.2');
  await mark.waitFor({ state: 'hidden' });
  await choose(page, 'Bare NCA');
  await ready(page);
  assert.ok(await mark.isHidden());
});

browserTest('both rails conduct what the command line says, and a new recipe clears the table', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill('1.25');
  await page.getByText('20 × 20 × 40').waitFor();
  await ready(page);
  const table = page.getByRole('table', { name: 'Conductivity through the thickness' });
  assert.ok(await table.isHidden());
  const button = page.getByRole('button', { name: 'Send a current through each rail' });
  await button.click();
  const { transport } = await native('build', 'lyc-10', '--voxel-um', '1.25', '--transport');
  for (const [name, rail] of [['Lithium ions', transport.ionic], ['Electrons', transport.electronic]]) {
    const row = table.getByRole('row', { name: new RegExp(`^${name}`) });
    await row.waitFor();
    const values = await row.locator('data').evaluateAll((cells) => cells.map((cell) => Number(cell.value)));
    assert.deepEqual(values, [rail.effective_conductivity, rail.tortuosity_factor, rail.connected_fraction], name);
    assert.ok(values[0] > 0);
    // The unit is that of the column: mS/cm, not S/m.
    const shown = Number(await row.getByRole('cell').first().textContent());
    assert.ok(Math.abs(shown / (10 * values[0]) - 1) < 5e-3, `${shown} mS/cm against ${values[0]} S/m`);
  }
  assert.ok(await button.isDisabled());
  await number(page, 'Porosity').fill('0.2');
  await table.waitFor({ state: 'hidden' });
  await ready(page);
  assert.ok(await button.isEnabled());
});

browserTest('a current through rails that are gone is given up, and harms no other work of its worker', async ({ page, url }) => {
  await page.addInitScript(() => {
    window.flows = new Map();
    window.ended = 0;
    const { postMessage, terminate } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.kind === 'flow') {
        window.flows.set(message.id, 'asked');
        this.addEventListener('message', ({ data }) => window.flows.has(data.id) && window.flows.set(data.id, data.kind));
      }
      return postMessage.call(this, message, ...rest);
    };
    Worker.prototype.terminate = function () {
      window.ended += 1;
      return terminate.call(this);
    };
  });
  await open({ page, url });
  await number(page, 'Voxel').fill('0.5');
  await page.getByText('50 × 50 × 100').waitFor();
  await ready(page);
  const ended = await page.evaluate(() => window.ended);
  await page.getByRole('button', { name: 'Send a current through each rail' }).click();
  await page.waitForFunction(() => window.flows.size === 1);
  await number(page, 'Voxel').fill('2.5');
  await page.waitForFunction(() => [...window.flows.values()].join() === 'cancelled');
  await page.getByText('10 × 10 × 20').waitFor();
  await ready(page);
  // The next one is answered: by the same worker, which had nothing else to hear.
  await page.getByRole('button', { name: 'Send a current through each rail' }).click();
  await page.getByRole('table', { name: 'Conductivity through the thickness' }).waitFor();
  assert.deepEqual(await page.evaluate(() => [[...window.flows.values()], window.ended]), [['cancelled', 'done', 'done'], ended]);
});

browserTest('a recipe with faults offers no current through its rails; a new rate keeps their table, and the page its width', async ({ page, url }) => {
  await open({ page, url });
  await page.getByText('Change the recipe').click();
  await makeSmall(page);
  const button = page.getByRole('button', { name: 'Send a current through each rail' });
  const table = page.getByRole('table', { name: 'Conductivity through the thickness' });
  await number(page, 'Width').fill('-3');
  await page.getByText('One thing keeps').waitFor();
  assert.ok(await button.isDisabled());
  await number(page, 'Width').fill('10');
  await ready(page);
  await button.click();
  await table.waitFor();
  const [scroll, client] = await page.evaluate(() => [document.body.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(scroll <= client, `${scroll} px on ${client} px`);
  await page.getByRole('button', { name: '2C', exact: true }).click();
  await page.getByRole('button', { name: 'Run at 2C' }).waitFor();
  await page.waitForTimeout(600);
  assert.ok(await table.isVisible());
}, { context: { viewport: { width: 360, height: 844 } } });

browserTest('a fine structure is preceded by a coarse one, and an outdated one is dropped', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill('2.5');
  await page.getByText('10 × 10 × 20').waitFor();
  await ready(page);
  // What the cross-section was drawn on, by the voxels along y.
  await page.evaluate(() => {
    const slider = document.getElementById('slice-position');
    window.seen = [];
    new MutationObserver(() => {
      const count = Number(slider.max) + 1;
      if (window.seen.at(-1) !== count) window.seen.push(count);
      window.onSeen?.(count);
    }).observe(slider, { attributeFilter: ['max'] });
  });
  const seen = (count) => page.waitForFunction((n) => window.seen.includes(n), count);
  await number(page, 'Voxel').fill('0.5');
  await seen(50);
  assert.deepEqual(await page.evaluate(() => window.seen), [25, 50]);
  // Turned away from before it could be built.
  await number(page, 'Voxel').evaluate((input) => {
    const set = (value) => {
      input.value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    };
    window.seen = [];
    window.onSeen = (count) => count === 25 && set('2.5');
    set('0.25');
  });
  await seen(10);
  await page.waitForTimeout(3000);
  assert.deepEqual(await page.evaluate(() => window.seen), [25, 10]);
});

browserTest('the numbers of a structure do not wait for the end of a discharge that was asked for before it was built', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Porosity').evaluate((input) => {
    input.value = '0.2';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    document.getElementById('run').click();
  });
  await page.waitForFunction(() => {
    const [surface] = [...document.querySelectorAll('#rails dt')].filter((name) => name.textContent === 'NCA surface');
    return surface.nextElementSibling.textContent.endsWith('µm²') && document.getElementById('progress-text').textContent.startsWith('Discharging');
  });
  await finished(page);
});

browserTest('a change of the test alone leaves structure and run where they are', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await page.getByRole('button', { name: 'Run' }).first().click();
  await page.locator('#progress-text').filter({ hasText: 'Finished' }).waitFor();
  await number(page, 'Cut-off').fill('3.1');
  await ready(page);
  const option = page.getByRole('combobox', { name: 'Show' }).locator('option', { hasText: 'Ionic potential' });
  assert.equal(await option.evaluate((node) => node.disabled), false);
});

browserTest('measured diameters are pasted from a spreadsheet, and packed', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await page.locator('summary', { hasText: 'Grains' }).click();
  const list = page.getByRole('region', { name: 'Recipe' }).getByRole('textbox', { name: 'Measured NCA diameters', exact: true });
  await list.fill('2.6\n2,6\nx');
  await page.getByRole('link', { name: 'Measured NCA diameters: 2,6 given' }).waitFor();
  await list.fill('1.8\t2.6\r\n2.6');
  await ready(page);
  await page.getByText('3 fields changed').waitFor();
  assert.ok(await number(page, 'NCA diameter').isDisabled());
  await page.getByText('The measured diameters stand in its place.').first().waitFor();
  const report = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save report.json' }).click()]);
    return JSON.parse(await readFile(await download.path(), 'utf8'));
  };
  const small = ['--set', 'width_um=10', '--set', 'thickness_um=12', '--set', 'nca_diameters_um=1.8,2.6,2.6'];
  const expected = await native('build', 'lyc-10', ...small);
  assert.equal((await report()).voxel_hash, expected.voxel_hash);
  // A link brings the list along.
  await page.reload();
  await ready(page);
  await page.locator('summary', { hasText: 'Grains' }).click();
  assert.equal((await report()).voxel_hash, expected.voxel_hash);
  const reset = page.getByRole('button', { name: 'Reset Measured NCA diameters' });
  await reset.click();
  await ready(page);
  assert.notEqual((await report()).voxel_hash, expected.voxel_hash);
  assert.equal(await list.inputValue(), '');
  // Emptied by hand is unchanged too.
  await list.fill('5');
  await reset.waitFor();
  await list.fill('');
  await reset.waitFor({ state: 'hidden' });
});
