// Runs of several steps: how they are asked for, drawn, told, kept, and where their voltage goes.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comesTo, drawn, finished, makeSmall, number, open, pointAt, run, runs } from './bench.mjs';
import { browserTest } from './harness.mjs';

const recipe = (page) => page.getByRole('region', { name: 'Recipe' });
const steps = (page) => recipe(page).getByRole('textbox', { name: 'Steps', exact: true });
const templates = (page) => recipe(page).getByRole('combobox', { name: 'Templates of Steps' });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const card = (page) => page.getByRole('region', { name: 'Charts' });
const names = (page) => card(page).getByRole('list', { name: 'Names of the curves' }).getByRole('listitem').allTextContents();

async function unfold(page) {
  await recipe(page).getByRole('group', { name: 'Discharge', exact: true }).getByText('More').click();
  await steps(page).waitFor();
}

/** Rows of texts behind the chart. */
async function table(page) {
  const details = page.locator('#chart-table');
  if (!(await details.evaluate((node) => node.open))) await card(page).getByText('Numbers of this chart').click();
  await page.locator('#chart-rows tr').first().waitFor({ state: 'attached' });
  return page.locator('#chart-rows tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

const TWO = 'Discharge at 2C until 3.0 V\nRest for 6 minutes\nCharge at 1C until 4.2 V\nDischarge at 1C for 6 minutes';

/** A small cathode that has gone through these steps. */
async function went({ page, url }, text) {
  await open({ page, url });
  await makeSmall(page);
  await unfold(page);
  await steps(page).fill(text);
  await run(page);
  await finished(page);
  await runs(page).first().waitFor();
}

browserTest('steps are picked from templates and written by hand; faults stand under the field', async ({ page, url }) => {
  await open({ page, url });
  await unfold(page);
  const offered = await templates(page).locator('option').allTextContents();
  assert.deepEqual(offered.slice(1), ['First cycle', 'Rate test 0.1C to 2C', 'CCCV', 'Pulse', 'GITT-like']);
  for (const name of offered.slice(1)) {
    await templates(page).selectOption(name);
    assert.ok((await steps(page).inputValue()).includes('\n'), name);
    assert.equal(await page.locator('#field-protocol-issue').isVisible(), false);
  }
  await templates(page).selectOption('CCCV');
  await button(page, 'Run 3 steps').waitFor();
  // The rate counts for nothing now, and says why.
  const reason = (name) => number(page, name).evaluate((input) => document.getElementById(`${input.id}-unused`).textContent);
  assert.ok(await number(page, 'Rate').isDisabled());
  assert.equal(await reason('Rate'), 'The steps have rates of their own.');
  assert.ok(await number(page, 'Starting voltage').isDisabled());
  assert.match(await reason('Starting voltage'), /^The steps begin with a charge/);
  assert.ok(await number(page, 'Cut-off').isEnabled());
  await templates(page).selectOption('Pulse');
  assert.ok(await number(page, 'Starting voltage').isEnabled());
  assert.ok(await number(page, 'Cut-off').isDisabled());
  await templates(page).selectOption('CCCV');
  assert.ok(await button(page, '2C').isDisabled());
  await steps(page).fill('Rest for 1 hour\nExplode at 2C');
  const issue = page.locator('#field-protocol-issue');
  assert.match(await issue.textContent(), /step 2, 'Explode at 2C'.*begins with Charge, Discharge, Hold or Rest/);
  assert.equal(await steps(page).getAttribute('aria-invalid'), 'true');
  await page.getByText('1 fault is marked').waitFor();
  await steps(page).fill('5');
  assert.match(await issue.textContent(), /step 1, '5'/);
  await steps(page).fill('');
  assert.equal(await issue.isVisible(), false);
  assert.ok(await number(page, 'Rate').isEnabled());
  assert.equal(await reason('Rate'), '');
});

browserTest('steps are undone and shared by link', async ({ page, url }) => {
  await open({ page, url });
  await unfold(page);
  await templates(page).selectOption('Pulse');
  const text = await steps(page).inputValue();
  const link = await page.evaluate(() => location.href);
  assert.match(link, /#v1\?protocol=Discharge/);
  await button(page, 'Undo (Ctrl+Z)').click();
  assert.equal(await steps(page).inputValue(), '');
  await button(page, 'Redo (Ctrl+Shift+Z)').click();
  assert.equal(await steps(page).inputValue(), text);
  const other = await page.context().newPage();
  await open({ page: other, url: link });
  // What counts is not folded away.
  assert.ok(await steps(other).isVisible());
  assert.equal(await steps(other).inputValue(), text);
  await page.goto('about:blank');
  await page.goto(`${url}#v1?protocol=Explode`);
  await page.getByRole('alert').filter({ hasText: "Steps: Explode given, allowed is steps in plain English, one a line. Not understood: step 1, 'Explode'" }).waitFor();
});

browserTest('each step is a line of its own over capacity, and time goes on through all of them', async ({ page, url }) => {
  await went({ page, url }, TWO);
  assert.deepEqual(await names(page), ['10 wt% LYC, changed, 4 steps']);
  const over = async (what) => {
    await card(page).getByRole('combobox', { name: 'Over' }).selectOption(what);
    return (await table(page)).slice(1).map((row) => row.slice(1).map((text) => Number(text.replace('−', '-'))));
  };
  const capacity = (await over('capacity')).map(([q]) => q);
  const falls = capacity.filter((q, i) => i > 0 && q < capacity[i - 1]).length;
  assert.equal(falls, 2, `${capacity}`);
  // One piece for each step that passes charge; the rest is a point.
  const [svg] = await Promise.all([page.waitForEvent('download'), over('capacity').then(() => card(page).getByRole('button', { name: 'Save the chart as SVG' }).click())]);
  const lines = (await readFile(await svg.path(), 'utf8')).split('\n').filter((line) => line.includes('polyline') && line.includes('#0065AC') && line.split(',').length > 6);
  assert.equal(lines.length, 3);
  const time = (await over('time')).map(([t]) => t);
  assert.ok(time.every((t, i) => i === 0 || t >= time[i - 1]), `${time}`);
  const charge = await over('state of charge');
  assert.ok(charge[0][0] > 99.9 && charge.at(-1)[0] > Math.min(...charge.map(([s]) => s)) + 5, `${charge}`);
});

browserTest('the last discharge is told, each step in the certificate, and all of it comes back from storage and file', async ({ page, url }) => {
  await went({ page, url }, TWO);
  const row = runs(page).first();
  assert.match(await row.textContent(), /4 steps.*18\.0.*time elapsed/);
  await page.getByRole('button', { name: /^Certificate of/ }).click();
  const told = page.getByRole('table', { name: 'Steps of this run' }).locator('tbody tr');
  const texts = await told.evaluateAll((rows) => rows.map((one) => [...one.cells].map((cell) => cell.textContent)));
  assert.deepEqual(texts.map(([name]) => name), ['1. Discharge at 2C', '2. Rest', '3. Charge at 1C', '4. Discharge at 1C']);
  assert.deepEqual(texts.map((cells) => cells.at(-1)), ['cut-off voltage', 'time elapsed', 'upper cut-off voltage', 'time elapsed']);
  assert.equal(texts[1][2], '–');
  assert.equal(texts[1][4], '0.10');
  const before = await table(page);
  await page.reload();
  await row.waitFor();
  assert.match(await row.textContent(), /4 steps.*18\.0/);
  await comesTo(() => table(page), before);
  const download = page.waitForEvent('download');
  await button(page, 'Save all runs').click();
  const data = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  const openFile = async (change) => {
    const copy = structuredClone(data);
    change(copy.runs[0]);
    const file = join(tmpdir(), `steps-${process.pid}.json`);
    await writeFile(file, JSON.stringify(copy));
    const chooser = page.waitForEvent('filechooser');
    await button(page, 'Open runs').click();
    await (await chooser).setFiles(file);
  };
  for (const [change, message] of [
    [(one) => delete one.time_s, /time_s is no list/],
    [(one) => (one.step[2] = 3), /steps do not follow/],
    [(one) => (one.capacity_mah_g[2] = 500), /capacities do not rise/],
    [(one) => (one.summary.mean_voltage_v = 'x'), /mean_voltage_v is "x", neither/],
    [(one) => (one.summary.steps[1].drive = null), /step 2 of its summary/],
  ]) {
    await openFile(change);
    await page.locator('#runs-status').filter({ hasText: message }).waitFor();
  }
  await openFile((one) => ((one.title = 'other'), (one.summary.mean_voltage_v = null), (one.summary.first_cycle_efficiency = 0.8125)));
  const other = runs(page).filter({ hasText: 'other' });
  await other.waitFor();
  assert.deepEqual(await other.locator('td').evaluateAll((cells) => [2, 4].map((k) => cells[k].textContent)), ['–', '81.3']);
});

browserTest('a first cycle is within reach and has an efficiency beside the paper’s; a run without a discharge has no mean voltage', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  const reach = button(page, 'Set the steps of a first cycle');
  assert.ok(await reach.isHidden());
  await card(page).getByRole('radio', { name: 'First cycle' }).check();
  await page.getByText('No visible run has a first cycle').waitFor();
  assert.deepEqual((await table(page)).slice(1).map((row) => row.join()), ['paper, 0.1C,0.0,74.1', 'paper, 0.1C,10.0,81.6']);
  await reach.click();
  await button(page, 'Run 4 steps').waitFor();
  assert.match(await steps(page).inputValue(), /^Charge at 0\.1C/);
  await steps(page).fill('Charge at 2C until 4.3 V\nDischarge at 2C until 3.0 V');
  await run(page);
  await finished(page);
  await runs(page).first().waitFor();
  const cells = (row) => runs(page).nth(row).locator('td').allTextContents();
  const share = Number((await cells(0))[4]);
  assert.ok(share > 10 && share <= 101, `${share}`);
  await reach.waitFor({ state: 'hidden' });
  const [name, halide, percent] = (await table(page))[1];
  assert.equal(`${name} ${halide} ${Number(percent).toFixed(1)}`, `10 wt% LYC, changed, 2 steps 10.0 ${share.toFixed(1)}`);
  await steps(page).fill('Charge at 2C for 3 minutes');
  await run(page);
  await finished(page);
  await runs(page).nth(1).waitFor();
  assert.deepEqual([(await cells(1))[2], (await cells(1))[4]], ['–', '–']);
});

browserTest('a rate test in one run has a point in the chart for each of its rates', async ({ page, url }) => {
  await went({ page, url }, 'Discharge at 0.5C until 3.0 V\nCharge at 1C until 4.2 V\nDischarge at 2C until 3.0 V\nCharge at 1C until 4.2 V\nDischarge at 1C for 2 minutes');
  await card(page).getByRole('radio', { name: 'Rate', exact: true }).check();
  await card(page).getByRole('checkbox', { name: 'Paper’s values' }).uncheck();
  const rows = (await table(page)).slice(1);
  // What was cut short is no capacity at its rate.
  assert.deepEqual(rows.map(([name, rate]) => `${name} ${rate}`), ['10 wt% LYC, changed 0.50', '10 wt% LYC, changed 2.00']);
  assert.ok(Number(rows[0][2]) > Number(rows[1][2]));
});

browserTest('losses are stacked, read, and told as a table; each run has its own', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  for (const rate of ['0.5C', '2C']) {
    await button(page, rate).click();
    const before = await runs(page).count();
    await run(page);
    await runs(page).nth(before).waitFor();
    await drawn(page);
  }
  await card(page).getByRole('radio', { name: 'Losses', exact: true }).check();
  const parts = ['heterogeneity', 'electronic', 'contact', 'ionic', 'film', 'charge transfer', 'diffusion', 'separator'];
  assert.deepEqual(await names(page), [...parts, 'total, 10 wt% LYC, changed, 2C']);
  assert.equal(await page.locator('#profile-legend .filling').count(), 8);
  const numbers = async () => (await table(page)).slice(1).map(([name, q, loss]) => [name, q, Number(loss.replace('−', '-'))]);
  const fast = await numbers();
  const at = (rows, q) => rows.filter((row) => row[1] === q);
  const [, middle] = fast[Math.floor(fast.length / 18)];
  const sum = at(fast, middle).filter(([name]) => parts.includes(name)).reduce((total, row) => total + row[2], 0);
  const total = at(fast, middle).find(([name]) => name.startsWith('total'))[2];
  assert.ok(total > 0.01 && Math.abs(sum - total) < 5e-4, `${sum} ${total}`);
  // The pointer finds layers and the line above them.
  const readings = new Set();
  for (let v = 0.05; v < 0.85; v += 0.01) {
    await pointAt(page.locator('#profile'), 0.25, v);
    readings.add((await page.locator('#profile-reading').textContent()).split(':')[0]);
  }
  assert.ok(readings.has('diffusion') && readings.has('total, 10 wt% LYC, changed, 2C'), [...readings].join());
  await card(page).getByRole('combobox', { name: 'Of' }).selectOption('10 wt% LYC, changed, 0.5C');
  const slow = await numbers();
  assert.ok(slow.some(([name]) => name === 'total, 10 wt% LYC, changed, 0.5C'));
  const mean = (rows) => rows.filter(([name]) => name.startsWith('total')).reduce((all, row, _, { length }) => all + row[2] / length, 0);
  assert.ok(mean(slow) < mean(fast));
});

browserTest('on a phone the table of steps is read across, and whose run it is stands beside its numbers', async ({ page, url }) => {
  await open({ page, url: `${url}#v1?width_um=10&thickness_um=12&protocol=Charge+at+2C+until+4.3+V%3BDischarge+at+2C+until+3.0+V` });
  await run(page);
  await finished(page);
  await page.getByRole('button', { name: /^Certificate/ }).click();
  const rows = page.getByRole('table', { name: 'Steps of this run' }).getByRole('row');
  const heights = await rows.evaluateAll((all) => all.map((row) => row.offsetHeight));
  assert.ok(heights[0] < 90 && heights[1] < 50, heights.join());
  const name = runs(page).first().getByRole('rowheader');
  const left = () => name.evaluate((cell) => cell.getBoundingClientRect().left);
  const before = await left();
  await page.getByRole('group', { name: 'Table of runs' }).evaluate((box) => (box.scrollLeft = 300));
  assert.ok(Math.abs((await left()) - before) < 1, `${await left()} after ${before}`);
}, { context: { viewport: { width: 390, height: 844 } } });
