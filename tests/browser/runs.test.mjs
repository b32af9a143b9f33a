// The list of runs, the pool behind it, and the comparison with the paper.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clickWhen, comesTo, finished, makeSmall, number, open, progress, ready, run, runButton, runs } from './bench.mjs';
import { BOTH, browserTest } from './harness.mjs';

const rate = (page, name) => page.getByRole('button', { name, exact: true }).click();
const button = (page, name) => page.getByRole('button', { name, exact: true });
/** Curves by name, without the paper's marks. */
const legend = (page) => page.locator('#profile-legend li').filter({ hasNotText: /^paper/ });

/** A finished run of a small cathode. */
async function runSmall({ page, url }) {
  await open({ page, url });
  await makeSmall(page);
  await run(page);
  await finished(page);
}

browserTest('a run is renamed, hidden, pinned, and outlives a reload; what is not pinned is swept away', async ({ page, url }) => {
  await runSmall({ page, url });
  await rate(page, '2C');
  await run(page);
  await runs(page).nth(1).waitFor();
  await button(page, 'Rename 10 wt% LYC, changed, 2C').click();
  await page.getByRole('textbox', { name: 'Name of the run' }).fill('the fast one');
  await page.keyboard.press('Enter');
  assert.ok(await button(page, 'Rename the fast one, 2C').evaluate((b) => b === document.activeElement));
  await button(page, 'Pin the fast one, 2C').click();
  await comesTo(() => legend(page).count(), 2);
  await page.getByRole('checkbox', { name: 'Draw 10 wt% LYC, changed, 0.5C' }).uncheck();
  await legend(page).nth(1).waitFor({ state: 'detached' });
  assert.match(await legend(page).textContent(), /the fast one/);
  const numbers = await runs(page).nth(1).locator('data').evaluateAll((cells) => cells.map((c) => c.getAttribute('value')));
  await page.reload();
  await runs(page).nth(1).waitFor();
  assert.deepEqual(await runs(page).nth(1).locator('data').evaluateAll((cells) => cells.map((c) => c.getAttribute('value'))), numbers);
  assert.equal(await button(page, 'Pin the fast one, 2C').getAttribute('aria-pressed'), 'true');
  assert.equal(await page.getByRole('checkbox', { name: 'Draw 10 wt% LYC, changed, 0.5C' }).isChecked(), false);
  await button(page, 'Remove all but pinned').click();
  await runs(page).nth(1).waitFor({ state: 'detached' });
  assert.match(await runs(page).textContent(), /the fast one/);
}, { browsers: BOTH });

browserTest('runs that come back have colours of their own', async ({ page, url }) => {
  await runSmall({ page, url });
  await rate(page, '2C');
  await run(page);
  await runs(page).nth(1).waitFor();
  const colours = () => runs(page).locator('.line').evaluateAll((lines) => lines.map((line) => getComputedStyle(line).color));
  const before = await colours();
  assert.notEqual(before[0], before[1]);
  await page.reload();
  await runs(page).nth(1).waitFor();
  assert.deepEqual(await colours(), before);
});

browserTest('each result carries its certificate, its assumptions and how to cite it', async ({ page, url }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await runSmall({ page, url });
  await page.getByRole('button', { name: /^Certificate of/ }).click();
  await page.getByText('What these numbers mean').click();
  await page.getByText('potentials are sought at which all currents at each node add up to nothing').waitFor();
  const worst = await page.getByText(/^Worst time step: number \d+ of \d+, which ended at [\d.]+ mAh\/g and [34]\.\d{3} V: it may be off by [\d.]+ mV\.$/).textContent();
  const [number, of] = worst.match(/\d+/g).map(Number);
  assert.ok(number > 0 && number <= of, worst);
  const fact = async (name) => page.locator('.certificate dt', { hasText: name }).locator('+ dd').textContent();
  for (const name of ['Charge balance', 'Lithium balance']) {
    const plain = (raised) => [...raised].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit)).join('');
    const value = Number.parseFloat((await fact(name)).replace(/ × 10⁻([⁰¹²³⁴⁵⁶⁷⁸⁹]+).*/, (_, exponent) => `e-${plain(exponent)}`));
    assert.ok(value >= 0 && value < 1e-4, `${name}: ${await fact(name)}`);
  }
  const led = async (name) => Number.parseFloat(await fact(name));
  assert.match(await fact('Solver residual'), /^\d.* of the current, at worst$/);
  // What the control of the run allows: 30 µV, and eight times 0.7 mV in a step.
  assert.ok((await led('Solver error')) > 0 && (await led('Solver error')) <= 30, await fact('Solver error'));
  assert.ok((await led('Step error')) > 0 && (await led('Step error')) < 5.6, await fact('Step error'));
  await page.getByText('catholyte accuracy lyc-10 --voxels 1,0.5 --c-rates 0.5 --seed 1 --grids-only').waitFor();
  assert.equal(await fact('Grid'), '10 × 10 × 12 voxels of 1 µm');
  assert.match(await fact('Computed by'), /^catholyte \d+\.\d+\.\d+$/);
  await page.getByText('Assumes:').waitFor();
  await button(page, 'Cite this').click();
  await page.getByText('Copied.').waitFor();
  const citation = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(citation, /catholyte.*version \d+\.\d+\.\d+.*10\.1016\/j\.ensm\.2022\.11\.038/);
});

browserTest('a discharge is held and goes on', async ({ page, url }) => {
  await open({ page, url });
  const bar = page.getByRole('progressbar', { name: 'Progress of the discharge' });
  const paused = clickWhen(page, '[1-9]\\d* time steps', button(page, 'Pause'));
  await run(page);
  await paused;
  await page.waitForTimeout(200);
  const held = await bar.evaluate((b) => b.value);
  await page.waitForTimeout(700);
  assert.equal(await bar.evaluate((b) => b.value), held);
  await runs(page).first().waitFor({ state: 'detached' });
  await page.getByText(/paused at \d+ %/).waitFor();
  await button(page, 'Resume').click();
  await page.getByText(/\d+ s left/).first().waitFor();
  await finished(page);
});

browserTest('several electrodes are discharged at once while another is on the bench', async ({ page, url }) => {
  // One core is left to what is on the bench.
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { value: 3 }));
  await open({ page, url });
  await number(page, 'Voxel').fill('1.25');
  await button(page, 'Finer run').click();
  await button(page, 'Finer run').click();
  // Both of them under way at a time.
  await page.waitForFunction(() => [...document.querySelectorAll('#runs progress')].filter((bar) => bar.value > 0).length === 2);
  await number(page, 'Voxel').fill('2.5');
  await page.getByText('10 × 10 × 20').waitFor();
  const cancel = page.getByRole('button', { name: /^Cancel 10 wt%/ });
  for (const left of [1, 0]) {
    await cancel.first().click();
    await page.waitForFunction((n) => document.querySelectorAll('#runs progress').length === n, left);
  }
  await page.getByText('Every run is kept here').waitFor();
});

browserTest('all runs go into one file and come back from it; wrong files say what is wrong', async ({ page, url }) => {
  await runSmall({ page, url });
  const download = page.waitForEvent('download');
  await button(page, 'Save all runs').click();
  const path = await (await download).path();
  const data = JSON.parse(await readFile(path, 'utf8'));
  assert.equal(data.runs[0].seed, 1);
  assert.equal(data.runs[0].recipe.width_um, 10);
  assert.match(data.version, /^\d+\.\d+/);
  const status = page.locator('#runs-status');
  const openFile = async (content) => {
    const file = join(tmpdir(), `runs-${process.pid}.json`);
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    const chooser = page.waitForEvent('filechooser');
    await button(page, 'Open runs').click();
    await (await chooser).setFiles(file);
  };
  const changed = (change) => {
    const copy = structuredClone(data);
    change(copy.runs[0], copy);
    return copy;
  };
  for (const [content, message] of [
    ['not json', /no JSON/],
    [{ format: 'other' }, /holds no runs/],
    [changed((_, file) => (file.format_version = 9)), /format version 9/],
    [changed((one) => (one.recipe.porosity = 2)), /Run 1: porosity of its recipe is 2; allowed is/],
    [changed((one) => (one.recipe.colour = 2)), /Run 1: colour/],
    [changed((one) => (one.seed = 7)), /seed is 7, but 1/],
    [changed((one) => one.voltage_v.pop()), /voltage_v has \d+ points, but capacity_mah_g \d+/],
    [changed((one) => (one.voltage_v[3] = 'x')), /voltage_v has "x" as point 4/],
    [changed((one) => delete one.summary), /summary is missing/],
    [changed((one) => (one.title = '')), /title is ""/],
  ]) {
    await openFile(content);
    await status.filter({ hasText: message }).waitFor();
  }
  assert.equal(await runs(page).count(), 1);
  await openFile(data);
  await status.filter({ hasText: '1 were here already' }).waitFor();
  await page.getByRole('button', { name: /^Remove 10 wt%/ }).click();
  await runs(page).first().waitFor({ state: 'detached' });
  await openFile(data);
  await status.filter({ hasText: '1 run from' }).waitFor();
  await runs(page).first().waitFor();
});

browserTest('storage that is full or damaged is told, and costs nothing else', async ({ page, url }) => {
  await page.addInitScript(() => {
    localStorage.setItem('catholyte-runs', '{"format":"catholyte-runs"}');
    const put = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, text) {
      if (key === 'catholyte-runs' && window.full) throw new DOMException('full', 'QuotaExceededError');
      put.call(this, key, text);
    };
  });
  await open({ page, url });
  await page.getByRole('alert').filter({ hasText: 'runs of the last visit' }).waitFor();
  await page.evaluate(() => (window.full = true));
  await makeSmall(page);
  await run(page);
  await finished(page);
  await page.getByText('no room for the oldest run').waitFor();
  assert.equal(await runs(page).count(), 1);
});

browserTest('other discharges rest while a structure is being made', async ({ page, url }) => {
  await page.addInitScript(() => {
    /** Of each worker: how many points of curves it told while it was to rest, and how often it was to. */
    window.rests = [];
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.kind === 'rest' && message.resting) {
        const counts = { told: 0 };
        window.rests.push(counts);
        this.hear = ({ data }) => (counts.told += data.kind === 'progress' && data.progress.curve ? 1 : 0);
        this.addEventListener('message', this.hear);
      } else if (message.kind === 'rest') this.removeEventListener('message', this.hear);
      return postMessage.call(this, message, ...rest);
    };
  });
  await open({ page, url });
  await button(page, 'Run the paper').click();
  await page.locator('#runs progress').first().waitFor();
  await number(page, 'Voxel').fill('0.5');
  await page.getByText('50 × 50 × 100').waitFor();
  await ready(page);
  const rests = await page.evaluate(() => window.rests);
  // What was under way when the word came is told to its end.
  assert.ok(rests.length > 0 && rests.every(({ told }) => told <= 1), JSON.stringify(rests));
  // And go on after it.
  await page.locator('#paper-status').filter({ hasText: /^[1-9]\d* of 18/ }).waitFor({ timeout: 60_000 });
  await button(page, 'Cancel the paper').click();
});

browserTest('a discharge that was asked for goes on when the recipe changes, is not thrown back when a build is given up, and its worker ends with it', async ({ page, url }) => {
  await page.addInitScript(() => {
    window.ended = [];
    const { postMessage, terminate } = Worker.prototype;
    Worker.prototype.postMessage = function (message, ...rest) {
      this.asked = [...(this.asked ?? []), message.kind];
      return postMessage.call(this, message, ...rest);
    };
    Worker.prototype.terminate = function () {
      window.ended.push(this.asked.includes('run') ? 'run' : 'build');
      return terminate.call(this);
    };
  });
  await open({ page, url });
  const left = clickWhen(page, '[1-9]\\d* time steps', page.getByRole('radio', { name: '14 wt% LYC', exact: true }));
  await run(page);
  await left;
  await page.evaluate(() => {
    const bar = document.querySelector('#runs progress');
    window.shares = [bar.value];
    new MutationObserver(() => window.shares.at(-1) !== bar.value && window.shares.push(bar.value)).observe(bar, { attributes: true });
  });
  await page.getByRole('img', { name: /^Phase, cross-section/ }).waitFor();
  assert.ok(await runButton(page).isEnabled());
  await number(page, 'Voxel').fill('0.25');
  await progress(page).filter({ hasText: 'Building the structure' }).waitFor();
  await number(page, 'Voxel').fill('2.5');
  await runs(page).first().waitFor();
  assert.match(await runs(page).first().textContent(), /10 wt% LYC.*cut-off voltage/);
  const shares = await page.evaluate(() => window.shares);
  assert.ok(shares.length > 3 && shares.every((share, i) => i === 0 || share >= shares[i - 1]), shares.join());
  const ended = (kind) => page.evaluate((one) => window.ended.filter((worker) => worker === one).length, kind);
  assert.ok((await ended('build')) > 0);
  await comesTo(() => ended('run'), 1);
});

browserTest('a worker made anew rests if the one before it did', async ({ page, url }) => {
  await page.goto(`${url}#runs`);
  const told = await page.evaluate(async () => {
    const [{ compile }, { WorkerClient }] = await Promise.all([import('./www/compile.js'), import('./www/worker-client.js')]);
    const [client, building] = [new WorkerClient(await compile(), () => {}), new AbortController()];
    client.rest(true);
    const ask = (slot, recipe, options) => client.send({ kind: 'run', slot, volume: null, recipe }, options).catch((error) => error.name);
    const { default: init, presets } = await import('./www/pkg/catholyte.js');
    await init();
    const [{ recipe }] = presets();
    let points = 0;
    const other = ask(2, { ...recipe, width_um: 10, thickness_um: 12 }, { onProgress: ({ curve }) => (points += curve?.time_s.length ?? 0) });
    const gone = ask(1, { ...recipe, voxel_um: 0.25 }, { signal: building.signal, onProgress: () => building.abort() });
    const answers = [await gone];
    await new Promise((resolve) => setTimeout(resolve, 1500));
    answers.push(points);
    client.rest(false);
    return [...answers, (await other).stop_reason];
  });
  assert.deepEqual(told, ['AbortError', 0, 'lower_cutoff']);
});

browserTest(
  'a part of the page that cannot be fetched is told, and runs are listed without it',
  async ({ page, url }) => {
    await page.route('**/views/compare.js', (route) => route.abort());
    await open({ page, url: `${url}#v1?width_um=10&thickness_um=12` });
    await page.getByRole('alert').filter({ hasText: 'A part of it could not be fetched.' }).waitFor();
    await run(page);
    await finished(page);
    await comesTo(() => runs(page).count(), 1);
  },
  // Who waits for that part is told as well.
  { expect: [/compare\.js/, /^uncaught: $/] },
);
