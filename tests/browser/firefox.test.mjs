// What a visitor with Firefox gets, of all that the page does, where no other test says that it runs in both browsers.

import assert from 'node:assert/strict';
import { choose, clickAt, clickWhen, compareWithPaper, comesTo, finished, makeSmall, number, open, otherPicture, picture, pointAt, run, runs, value } from './bench.mjs';
import { browserTest } from './harness.mjs';
import { native } from './native.mjs';

const firefoxTest = (name, body, settings = {}) => browserTest(name, body, { ...settings, browsers: ['firefox'] });
const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Keeps what is saved: this browser tells tests of no download. */
const keepFiles = (page) =>
  page.addInitScript(() => {
    window.files = [];
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      window.files.push(blob);
      return create(blob);
    };
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
      if (this.download) window.files.at(-1).saved = this.download;
      else click.call(this);
    };
  });
/** Name and text of the file that was saved last. */
async function saved(page, name) {
  await page.waitForFunction((wanted) => window.files.at(-1)?.saved === wanted, name);
  return page.evaluate(() => window.files.at(-1).text());
}

firefoxTest('structure, discharge, curve and tables, as on the command line; fields, instants and charts', async ({ page, url }) => {
  await keepFiles(page);
  await open({ page, url });
  await makeSmall(page);
  await button(page, '2C').click();
  const chart = page.locator('#profile');
  const empty = await chart.evaluate((canvas) => canvas.toDataURL());
  await run(page);
  await finished(page);
  assert.notEqual(await chart.evaluate((canvas) => canvas.toDataURL()), empty);
  await page.getByRole('table', { name: 'NCA surface' }).getByRole('row', { name: /^carbon/ }).locator('data').waitFor();
  const expected = await native('run', 'lyc-10', '--set', 'width_um=10', '--set', 'thickness_um=12', '--c-rate', '2');
  const here = await value(page, 0, 0);
  assert.ok(Math.abs(here / expected.discharge_capacity_mah_g - 1) < 1e-9, `${here} mAh/g`);

  // Fields: one place for all cuts, colours, limits, instants.
  await page.getByRole('combobox', { name: 'Show' }).selectOption('Electronic potential');
  const main = page.getByRole('img', { name: /^Electronic potential, cross-section/ });
  await main.waitFor();
  await clickAt(main, 0.65, 0.15);
  await page.locator('#slice-reading').filter({ hasText: /^\([\d.]+, 5\.5, [\d.]+\) µm: / }).waitFor();
  await page.getByRole('img', { name: /^Companion at x = (?!5\.5)/ }).waitFor();
  const companion = () => page.locator('#slice-second').getAttribute('aria-label');
  const there = await companion();
  await page.keyboard.press('ArrowDown');
  await comesTo(async () => (await companion()) !== there, true);
  const first = await picture(main);
  await page.getByRole('combobox', { name: 'Colours' }).selectOption('cividis');
  const cividis = await otherPicture(main, first);
  await page.getByRole('combobox', { name: 'Limits' }).selectOption('fit this picture');
  await otherPicture(main, cividis);
  const place = page.locator('#timeline-place');
  const end = await place.textContent();
  await page.getByRole('slider', { name: 'Instant of the discharge' }).press('Home');
  await place.filter({ hasNotText: end }).waitFor();
  const start = await place.textContent();
  await button(page, 'Play the discharge').click();
  await place.filter({ hasNotText: start }).waitFor();
  await button(page, 'Stop playing the discharge').click();

  // The chart: read, zoomed, saved.
  await pointAt(chart, 0.4, 0.3);
  await page.locator('#profile-reading').filter({ hasText: /: [34]\.\d{3} V at \d+\.\d mAh\/g$/ }).waitFor();
  await pointAt(chart, 0.3, 0.15);
  await page.mouse.down();
  await pointAt(chart, 0.5, 0.5);
  await page.mouse.up();
  await button(page, 'Whole chart').click();
  await button(page, 'Whole chart').waitFor({ state: 'hidden' });
  await button(page, 'Save the chart as SVG').click();
  assert.match(await saved(page, 'voltage.svg'), /^<svg.*<polyline/s);
  await button(page, 'Save the chart as CSV').click();
  assert.match(await saved(page, 'voltage.csv'), /^"Series","Capacity \(mAh\/g\)","Voltage \(V\)"/);
  await button(page, 'Save the chart as PNG').click();
  assert.match(await saved(page, 'voltage.png'), /^.PNG/);

  // Trust, and what goes to other programs and visits.
  await page.getByRole('button', { name: /^Certificate of/ }).click();
  await page.getByText('Assumes:').waitFor();
  await page.locator('.certificate dt', { hasText: 'Step error' }).locator('+ dd').filter({ hasText: /^[\d.]+ mV in a time step/ }).waitFor();
  await button(page, 'Cite this').click();
  await page.getByText(/^Copied\.|the text is marked/).waitFor();
  await button(page, 'Save all runs').click();
  const file = await saved(page, 'catholyte-runs.json');
  assert.equal(JSON.parse(file).runs[0].seed, 1);
  await page.getByRole('button', { name: /^Remove 10 wt%/ }).click();
  await runs(page).first().waitFor({ state: 'detached' });
  await page.locator('#runs-file').setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(file) });
  await page.locator('#runs-status').filter({ hasText: '1 run from mine.json' }).waitFor();
  assert.equal(await value(page, 0, 0), here);
});

firefoxTest('undo, links and runs that outlive a reload; nothing sticks out; a damaged link', async ({ page, url }) => {
  await open({ page, url });
  await choose(page, '14 wt% LYC');
  await button(page, 'Undo (Ctrl+Z)').click();
  assert.equal(await number(page, 'Halide coat').inputValue(), '7');
  await makeSmall(page);
  await run(page);
  await finished(page);
  await page.reload();
  await runs(page).first().waitFor();
  assert.equal(await number(page, 'Thickness').inputValue(), '12');
  for (const width of [820, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await comesTo(() => page.evaluate(() => document.body.scrollWidth - document.documentElement.clientWidth <= 0), true);
  }
  await page.goto('about:blank');
  await page.goto(`${url}#v1?porosity=7`);
  await page.getByRole('alert').filter({ hasText: 'Porosity: 7 given' }).waitFor();
});

firefoxTest('a discharge begins by itself, is held, goes on and is cancelled; several electrodes run at once', async ({ page, url }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { value: 3 }));
  await page.goto(url);
  await clickWhen(page, '[1-9]\\d* time steps', button(page, 'Pause'));
  const points = () => page.evaluate(() => document.querySelector('#progress-text').textContent);
  await page.getByText(/paused at \d+ %/).waitFor();
  await page.waitForTimeout(200);
  const held = await points();
  await page.waitForTimeout(500);
  assert.equal(await points(), held);
  await button(page, 'Resume').click();
  await page.getByText(/\d+ s left/).first().waitFor();
  await button(page, 'Cancel').click();
  await page.getByText('Every run is kept here').waitFor();
  await button(page, 'Run the paper').click();
  await page.waitForFunction(() => [...document.querySelectorAll('#runs progress')].filter((bar) => bar.value > 0).length === 2);
  await button(page, 'Cancel the paper').click();
  await page.getByText(/^\d+ discharges at 0.1C and 2C/).waitFor();
});

firefoxTest('the checks with known answers agree, beside the model against the paper', async ({ page, url }) => {
  await compareWithPaper(page);
  await page.goto(new URL('www/verify.html', url).href);
  await page.getByRole('row', { name: /^10 wt% LYC/ }).waitFor();
  await button(page, 'Run the checks').click();
  await page.getByText(/^All \d+ cases agree/).waitFor({ timeout: 100_000 });
});
