// The charts: what they show of runs and of the paper, how they are read, zoomed, saved and told as tables.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { comesTo, drawn, finished, makeSmall, open, otherPicture, picture, pointAt, run, runs } from './bench.mjs';
import { BOTH, browserTest } from './harness.mjs';

const card = (page) => page.getByRole('region', { name: 'Charts' });
const chart = (page) => card(page).getByRole('application', { name: /^Chart/ });
const pick = (page, name) => card(page).getByRole('radio', { name, exact: true }).check();
const names = (page) => card(page).getByRole('list', { name: 'Names of the curves' }).getByRole('listitem').allTextContents();
const reading = (page) => page.locator('#profile-reading');
const whole = (page) => card(page).getByRole('button', { name: 'Whole chart' });
/** Discharges a small cathode at each of these rates. */
async function discharge(page, ...rates) {
  for (const rate of rates) {
    await page.getByRole('button', { name: rate, exact: true }).click();
    const before = await runs(page).count();
    await run(page);
    await runs(page).nth(before).waitFor();
    await drawn(page);
  }
}

/** The table behind the chart, rows of texts. */
async function table(page) {
  const details = page.locator('#chart-table');
  if (!(await details.evaluate((node) => node.open))) await card(page).getByText('Numbers of this chart').click();
  // The rows are made once the browser has told of the opening.
  await page.locator('#chart-rows tr').first().waitFor({ state: 'attached' });
  return page.locator('#chart-rows tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

async function saved(page, format) {
  const [download] = await Promise.all([page.waitForEvent('download'), card(page).getByRole('button', { name: `Save the chart as ${format}` }).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

browserTest('voltage over capacity, time and charge, with the paper beside the rates it measured', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await discharge(page, '0.5C', '2C');
  assert.deepEqual(await names(page), ['10 wt% LYC, changed, 0.5C', '10 wt% LYC, changed, 2C', 'paper, 10 wt% LYC at 2C']);
  const last = (await table(page)).filter((row) => row[0] === '10 wt% LYC, changed, 2C').at(-1);
  assert.equal((await table(page))[0].join(), 'Series,Capacity (mAh/g),Voltage (V)');
  assert.ok(Math.abs(Number(last[2]) - 3) < 2e-3, last);
  const paper = (await table(page)).at(-1);
  assert.deepEqual(paper, ['paper, 10 wt% LYC at 2C', '122.0', '3.000']);
  await card(page).getByRole('checkbox', { name: 'Paper’s values' }).uncheck();
  assert.equal((await names(page)).length, 2);
  await card(page).getByRole('combobox', { name: 'Over' }).selectOption('time');
  const hours = (await table(page)).filter((row) => row[0] === '10 wt% LYC, changed, 2C').at(-1);
  assert.ok(Math.abs(Number(hours[1]) - Number(last[1]) / 360) < 1e-3, `${hours} ${last}`);
  await card(page).getByRole('combobox', { name: 'Over' }).selectOption('state of charge');
  const charge = (await table(page)).filter((row) => row[0] === '10 wt% LYC, changed, 2C');
  assert.equal(charge[0][1], '100.0');
  assert.ok(Number(charge.at(-1)[1]) < 90);
});

browserTest('each chart of several runs has its own numbers', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await discharge(page, '0.1C', '2C');
  const first = await picture(chart(page));
  await pick(page, 'dQ/dV');
  await otherPicture(chart(page), first);
  assert.match((await table(page))[0][2], /dQ\/dV/);
  await pick(page, 'Rate');
  const rates = await table(page);
  assert.deepEqual(rates.slice(1, 3).map(([name, rate]) => `${name} ${rate}`), ['10 wt% LYC, changed 0.10', '10 wt% LYC, changed 2.00']);
  assert.ok(Number(rates[1][2]) > Number(rates[2][2]));
  assert.ok(rates.some((row) => row.join() === 'paper, 10 wt% LYC,0.10,202.0'), rates.join('; '));
  await pick(page, 'Energy');
  const energies = await table(page);
  assert.match(energies[0][2], /Wh\/kg/);
  assert.deepEqual(energies.slice(1).map(([name, percent]) => `${name} ${percent}`), ['LYC at 0.1C (10 wt% LYC, changed) 10.0', 'LYC at 2C (10 wt% LYC, changed) 10.0']);
}, { browsers: BOTH });

browserTest('the pointer reads the nearest curve; a drag, keys and a double click zoom', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await discharge(page, '0.5C');
  await pointAt(chart(page), 0.4, 0.3);
  const told = /^10 wt% LYC, changed, 0\.5C: [34]\.\d{3} V at \d+\.\d mAh\/g$/;
  await reading(page).filter({ hasText: told }).waitFor();
  // The chart is drawn anew under a pointer that rests.
  await page.keyboard.press('t');
  await drawn(page);
  assert.match(await reading(page).textContent(), told);
  const first = await picture(chart(page));
  const drag = async () => {
    await pointAt(chart(page), 0.3, 0.15);
    await page.mouse.down();
    await pointAt(chart(page), 0.5, 0.5);
    await page.mouse.up();
    await whole(page).waitFor();
  };
  const all = (await table(page)).length;
  await drag();
  await otherPicture(chart(page), first);
  assert.ok((await table(page)).length < all);
  await whole(page).click();
  await whole(page).waitFor({ state: 'hidden' });
  await drag();
  await chart(page).dblclick();
  await whole(page).waitFor({ state: 'hidden' });
  await chart(page).focus();
  await page.keyboard.press('+');
  await whole(page).waitFor();
  const near = await picture(chart(page));
  await page.keyboard.press('ArrowRight');
  await otherPicture(chart(page), near);
  await page.keyboard.press('Escape');
  await whole(page).waitFor({ state: 'hidden' });
  assert.equal((await table(page)).length, all);
});

browserTest('a chart is saved as SVG, PNG and CSV of what it shows', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await discharge(page, '2C');
  const svg = await saved(page, 'SVG');
  assert.equal(svg.name, 'voltage.svg');
  const text = svg.bytes.toString();
  assert.ok(text.startsWith('<svg') && text.includes('<polyline') && text.includes('paper, 10 wt% LYC at 2C'));
  const png = await saved(page, 'PNG');
  assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG');
  assert.deepEqual([png.bytes.readUInt32BE(16), png.bytes.readUInt32BE(20)], [2400, 1620]);
  const csv = (await saved(page, 'CSV')).bytes.toString().trim().split('\n');
  assert.equal(csv[0], '"Series","Capacity (mAh/g)","Voltage (V)"');
  assert.equal(csv.length, (await table(page)).length);
});

browserTest('the chart is as sharp as the screen', async ({ page, url }) => {
  await open({ page, url });
  const [ratio, wide] = await page.locator('#profile').evaluate((canvas) => [canvas.width / canvas.clientWidth, canvas.clientWidth]);
  assert.ok(wide > 200 && Math.abs(ratio - 2) < 0.01, `${ratio}`);
}, { context: { deviceScaleFactor: 2 } });

browserTest('hidden runs are not in the chart', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await discharge(page, '0.5C', '2C');
  await finished(page);
  await runs(page).first().getByRole('checkbox').uncheck();
  await comesTo(() => names(page), ['10 wt% LYC, changed, 2C', 'paper, 10 wt% LYC at 2C']);
});
