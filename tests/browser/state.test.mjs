// The state of the bench: presets, undo, links, discharges that begin by themselves, keys, and the paper.

import assert from 'node:assert/strict';
import { choose, clickWhen, comesTo, drawn, finished, makeSmall, number, open, otherPicture, picture, progress, ready, run, runs } from './bench.mjs';
import { BOTH, browserTest } from './harness.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const preset = (page, name) => page.getByRole('radio', { name, exact: true });
const slider = (page, name) => page.getByRole('slider', { name: `${name}, slider`, exact: true });
const fragment = (page) => page.evaluate(() => location.hash);

browserTest('presets are cards with their question', async ({ page, url }) => {
  await open({ page, url });
  const card = preset(page, '14 wt% LYC');
  const description = await card.evaluate((input) => document.getElementById(input.getAttribute('aria-describedby')).textContent);
  assert.equal(description, 'What does 14 % cut off?');
  await page.getByText(description).waitFor();
  await page.getByText('More electrodes').click();
  await choose(page, '12 wt% LYC');
  assert.equal(await number(page, 'Halide coat').inputValue(), '8.4');
}, { browsers: BOTH });

browserTest('a field tells its source, is marked when changed, and goes back by itself or with all', async ({ page, url }) => {
  await open({ page, url });
  await button(page, 'About Porosity').click();
  await page.getByText('Default: paper: 18.63 % bare, 23.75 % coated.').waitFor();
  await slider(page, 'Porosity').press('ArrowRight');
  await number(page, 'LPSCl').fill('20');
  await page.getByText('10 wt% LYC, 2 fields changed').waitFor();
  await button(page, 'Reset Porosity').click();
  assert.equal(await number(page, 'Porosity').inputValue(), '0.2375');
  await page.getByText('10 wt% LYC, 1 field changed').waitFor();
  await button(page, 'Reset all').click();
  assert.equal(await number(page, 'LPSCl').inputValue(), '23');
}, { browsers: BOTH });

browserTest('undo and redo, by buttons and by keys, but not inside a number box', async ({ page, url }) => {
  await open({ page, url });
  const [undo, redo] = ['Undo (Ctrl+Z)', 'Redo (Ctrl+Shift+Z)'].map((name) => button(page, name));
  assert.ok((await undo.isDisabled()) && (await redo.isDisabled()));
  await choose(page, '14 wt% LYC');
  // One go of a slider is one step.
  for (let i = 0; i < 4; i += 1) await slider(page, 'Carbon').press('ArrowRight');
  assert.equal(await number(page, 'Carbon').inputValue(), '3.04');
  await undo.click();
  assert.equal(await number(page, 'Carbon').inputValue(), '3');
  assert.ok(await preset(page, '14 wt% LYC').isChecked());
  await page.keyboard.press('Control+z');
  assert.ok(await preset(page, '10 wt% LYC').isChecked());
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  assert.equal(await number(page, 'Carbon').inputValue(), '3.04');
  assert.ok(await redo.isDisabled());
  await number(page, 'LPSCl').focus();
  await page.keyboard.press('Control+z');
  assert.equal(await number(page, 'Carbon').inputValue(), '3.04');
});

browserTest('the address is the state: shared, gone back and forward in', async ({ page, url }) => {
  await open({ page, url });
  assert.equal(await fragment(page), '');
  await choose(page, '14 wt% LYC');
  await button(page, '2C').click();
  assert.equal(await fragment(page), '#v1?preset=lyc-14&c_rate=2');
  await number(page, 'Porosity').fill('0.2');
  const link = await page.evaluate(() => location.href);
  await page.goBack();
  await comesTo(() => number(page, 'Porosity').inputValue(), '0.2375');
  await page.goBack();
  await comesTo(() => number(page, 'Rate').inputValue(), '0.5');
  await page.goForward();
  await comesTo(() => number(page, 'Rate').inputValue(), '2');
  const other = await page.context().newPage();
  await open({ page: other, url: link });
  assert.ok(await preset(other, '14 wt% LYC').isChecked());
  assert.equal(await number(other, 'Rate').inputValue(), '2');
  assert.equal(await number(other, 'Porosity').inputValue(), '0.2');
}, { browsers: BOTH });

browserTest('what is looked at is part of the address, and no step back', async ({ page, url }) => {
  await open({ page, url: `${url}#v1?width_um=10&thickness_um=12` });
  const steps = await page.evaluate(() => history.length);
  await choose(page, 'z');
  await page.getByLabel('Position of the cut', { exact: true }).press('Home');
  await page.getByRole('combobox', { name: 'Over' }).selectOption('time');
  await comesTo(() => fragment(page), '#v1?thickness_um=12&width_um=10&cut=z&at=5.5%2C5.5%2C0.5&over=time');
  await run(page);
  await finished(page);
  await page.getByRole('combobox', { name: 'Show' }).selectOption('Ionic potential');
  await preset(page, 'Losses').check();
  await comesTo(async () => new URLSearchParams((await fragment(page)).slice(4)).get('chart'), 'losses');
  assert.equal(await page.evaluate(() => history.length), steps);
  const link = await page.evaluate(() => location.href);
  const other = await page.context().newPage();
  await open({ page: other, url: link });
  await other.getByRole('img', { name: /^Phase, cross-section at z = 0\.5 µm/ }).waitFor();
  assert.ok(await preset(other, 'Losses').isChecked());
  assert.equal(await other.getByRole('combobox', { name: 'Over' }).inputValue(), 'time');
  // A field of a run comes with the run.
  await run(other);
  await other.getByRole('img', { name: /^Ionic potential, cross-section at z = 0\.5 µm/ }).waitFor();
  await finished(other);
  assert.equal(await fragment(other), new URL(link).hash);
});

browserTest('a damaged link says what is wrong and shows the usual electrode', async ({ page, url }) => {
  for (const [damaged, message] of [
    ['#v1?preset=lyc-99', 'There is no electrode “lyc-99”'],
    ['#v1?porosity=7', 'Porosity: 7 given'],
    ['#v1?porosity=abc', 'Porosity: abc given'],
    ['#v1?colour=red', 'There is no field “colour”'],
    ['#v1?c_rate=1&c_rate=2', 'It gives “c_rate” twice'],
    ['#v7?c_rate=1', 'It is of version 7'],
    ['#v1?cut=w', '“w” is nothing to choose for “cut”'],
    ['#v1?at=1,2', '“1,2” is no place'],
    ['#%F0%9F%98%80', 'is no state of this page'],
  ]) {
    await page.goto('about:blank');
    await page.goto(url + damaged);
    const alert = page.getByRole('alert').filter({ hasText: message });
    assert.match(await alert.textContent(), /^This link cannot be followed\. /);
    assert.ok(await preset(page, '10 wt% LYC').isChecked());
    assert.equal(await fragment(page), '');
  }
  await page.goto('about:blank');
  await page.goto(`${url}#runs`);
  await page.getByRole('heading', { name: 'Recipe' }).waitFor();
  assert.equal(await page.getByRole('alert').filter({ hasText: 'link' }).count(), 0);
});

browserTest('a discharge begins by itself, makes way for the next recipe, and stays when it has finished', async ({ page, url }) => {
  await page.goto(`${url}#v1?width_um=10&thickness_um=40`);
  await clickWhen(page, 'Discharging', preset(page, '14 wt% LYC'));
  await page.getByRole('checkbox', { name: 'Draw 14 wt% LYC, 0.5C' }).waitFor();
  await finished(page);
  assert.equal(await runs(page).count(), 1);
  assert.match(await runs(page).textContent(), /^14 wt% LYC0\.5C/);
  // Asked again, it is computed for its fields, and not listed twice.
  await page.getByRole('checkbox', { name: 'Run by itself' }).uncheck();
  await page.getByRole('checkbox', { name: 'Run by itself' }).check();
  await page.waitForTimeout(800);
  await finished(page);
  assert.equal(await runs(page).count(), 1);
  await page.getByRole('checkbox', { name: 'Run by itself' }).uncheck();
  await choose(page, 'Bare NCA');
  await ready(page);
  await page.waitForTimeout(600);
  assert.match(await progress(page).textContent(), /^Ready/);
});

browserTest('the line beside the bar tells of the electrode on the bench: no discharge that was left, and no fault that was put right', async ({ page, url }) => {
  await open({ page, url });
  const left = clickWhen(page, 'Discharging', preset(page, 'Bare NCA'));
  await run(page);
  await left;
  await ready(page);
  await runs(page).filter({ hasText: '10 wt% LYC' }).waitFor();
  await drawn(page);
  assert.match(await progress(page).textContent(), /^Ready/);
  await makeSmall(page);
  await run(page);
  await finished(page);
  const result = await progress(page).textContent();
  await number(page, 'Porosity').fill('7');
  await progress(page).filter({ hasText: 'The recipe cannot be built' }).waitFor();
  await button(page, 'Reset Porosity').click();
  await comesTo(() => progress(page).textContent(), result);
});

browserTest('a fine recipe is discharged by itself at the reduced size', async ({ page, url }) => {
  await page.goto(`${url}#v1?voxel_um=0.5`);
  await page.getByText('50 × 50 × 100').waitFor();
  const preview = page.getByRole('checkbox', { name: 'Draw 10 wt% LYC, 0.5C' });
  await preview.waitFor();
  await choose(page, 'Bare NCA');
  await preview.waitFor({ state: 'detached' });
});

browserTest('keys do what the help says, and single letters can be switched off', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await page.getByRole('heading', { name: 'Recipe' }).click();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys and help' });
  await help.getByText('run the discharge').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('r');
  await finished(page);
  await page.keyboard.press('5');
  assert.ok(await preset(page, '10 wt% LYC').isChecked());
  await page.keyboard.press('7');
  assert.ok(await preset(page, '14 wt% LYC').isChecked());
  await button(page, 'Keys and help').click();
  await help.getByRole('checkbox', { name: 'Keys of a single letter' }).uncheck();
  await help.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('1');
  assert.ok(await preset(page, '14 wt% LYC').isChecked());
  await page.keyboard.press('Control+z');
  assert.ok(await preset(page, '10 wt% LYC').isChecked());
}, { browsers: BOTH });

browserTest('the paper is run with one click, and can be cancelled', async ({ page, url }) => {
  await open({ page, url });
  await button(page, 'Run the paper').click();
  await page.getByText(/^0 of 18 discharges done/).waitFor();
  const first = page.getByRole('table', { name: /Capacity at both rates, by share/ }).getByRole('row', { name: /^Bare NCA/ });
  await first.locator('data').first().waitFor({ timeout: 60_000 });
  assert.match(await first.textContent(), /Bare NCA\d+\.\d171/);
  // What is there is drawn beside what the paper measured.
  const names = page.getByRole('list', { name: 'Names in Fig. 2e' });
  await names.getByText('LYC at 0.1C', { exact: true }).waitFor();
  assert.deepEqual((await names.getByRole('listitem').allTextContents()).slice(-2), ['paper, LYC at 0.1C', 'paper, LYC at 2C']);
  const chart = page.getByRole('img', { name: 'Chart, Capacity over halide: capacity against halide' });
  const drawn = await picture(chart);
  await preset(page, 'Energy').and(page.locator('[name=over-halide]')).check();
  await otherPicture(page.getByRole('img', { name: 'Chart, Energy density: energy density against halide' }), drawn);
  await page.getByRole('img', { name: 'Chart, Rate capability: capacity against rate' }).waitFor();
  assert.deepEqual((await page.getByRole('list', { name: 'Names in Fig. 7c' }).getByRole('listitem').allTextContents()).slice(-2), ['paper, 14 wt% LYC', 'paper, 14 wt% LYC-C']);
  await button(page, 'Cancel the paper').click();
  await page.getByText(/^\d+ discharges at 0.1C and 2C/).waitFor();
  assert.ok((await runs(page).count()) < 18);
  assert.ok(await button(page, 'Run the paper').isEnabled());
});
