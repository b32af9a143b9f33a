// Fields of a run: three sections and a 3D view that look at one place, instants of the discharge, and the particles that starve.

import assert from 'node:assert/strict';
import { choose, clickAt, comesTo, finished, makeSmall, number, open, otherPicture, picture, pointAt, ready, run, stillShot } from './bench.mjs';
import { BOTH, browserTest } from './harness.mjs';

const card = (page) => page.getByRole('region', { name: 'Cross-section' });
const field = (page) => card(page).getByRole('combobox', { name: 'Show' });
const section = (page, axis) => card(page).getByRole('img', { name: new RegExp(`(cross-section|Companion) at ${axis} =`) });
const slider = (page) => card(page).getByRole('slider', { name: 'Instant of the discharge' });
const place = (page) => page.locator('#timeline-place').textContent();
/** The place of a section in micrometres. */
const um = async (page, axis) => Number(/= ([\d.]+) µm/.exec(await section(page, axis).getAttribute('aria-label'))[1]);

async function discharged({ page, url }, rate = '2C') {
  await open({ page, url });
  await makeSmall(page);
  await page.getByRole('button', { name: rate, exact: true }).click();
  await run(page);
  await finished(page);
  await field(page).selectOption('Lithium stoichiometry');
  await slider(page).waitFor();
}

browserTest('arrow keys, or a click in one section, move the other two and the cut in 3D; the voxel there is read', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  const cuts = async () => ({ x: await um(page, 'x'), y: await um(page, 'y'), z: await um(page, 'z') });
  // The middle of the structure; each section is drawn in its turn.
  await comesTo(cuts, { x: 5.5, y: 5.5, z: 6.5 });
  const others = [await picture(section(page, 'x')), await picture(section(page, 'z'))];
  await clickAt(section(page, 'y'), 0.8, 0.2);
  await otherPicture(section(page, 'x'), others[0]);
  await otherPicture(section(page, 'z'), others[1]);
  const after = await cuts();
  assert.ok(after.x > 5.5 && after.z > 6.5 && after.y === 5.5, JSON.stringify(after));
  // Keys go on from there, and read what the pointer does.
  const reading = page.locator('#slice-reading');
  const told = await reading.textContent();
  await page.keyboard.press('ArrowDown');
  await comesTo(cuts, { ...after, x: after.x - 1 });
  await reading.filter({ hasText: `(${(after.x - 1).toFixed(1)}, 5.5, ${after.z.toFixed(1)}) µm: ` }).waitFor();
  await page.keyboard.press('ArrowUp');
  await comesTo(() => reading.textContent(), told);
  // The 3D view cuts where the main section does.
  await choose(page, 'z');
  const cut = page.getByRole('slider', { name: 'Position of the cut across z in 3D' });
  await comesTo(async () => Number(await cut.inputValue()) + 0.5, after.z);
  await cut.press('Home');
  await section(page, 'z').and(page.getByRole('img', { name: /= 0\.5 µm/ })).waitFor();
  // And a companion is as good a place to click as any.
  await clickAt(section(page, 'x'), 0.5, 0.5);
  await page.waitForFunction(() => !document.querySelector('#slice').getAttribute('aria-label').includes('= 0.5 µm'));
  const { x } = await cuts();
  await card(page).getByRole('application', { name: 'Where the cuts meet' }).focus();
  await page.keyboard.press('ArrowLeft');
  await comesTo(() => um(page, 'x'), x - 1);
  await page.keyboard.press('Tab');
  await reading.filter({ hasText: /^Point to read a voxel, click to cut there\.$/ }).waitFor();
});

browserTest('nothing above the list of runs moves when a discharge begins and ends', async ({ page, url }) => {
  await open({ page, url });
  const places = () =>
    page.evaluate(() => [...document.querySelectorAll('.results > section')].slice(0, 6).map((card) => `${card.id || card.className} ${Math.round(card.offsetTop)}`));
  const before = await places();
  await run(page);
  await slider(page).waitFor();
  assert.deepEqual(await places(), before);
  await finished(page);
  assert.deepEqual(await places(), before);
});

browserTest('every field of a run is drawn and read with its unit', async ({ page, url }) => {
  await discharged({ page, url });
  const wanted = {
    'Lithium stoichiometry': /µm: 0\.\d+, particle \d+/,
    'Electronic potential': /µm: [34]\.\d+ V/,
    'Ionic potential': /µm: −?0?\.?\d.* V/,
    'Electronic current': /mA\/cm²/,
    'Ionic current': /mA\/cm²/,
    'Reaction current': /mA\/cm², particle/,
    'Interface overpotential': /mV, particle/,
  };
  const seen = new Set();
  for (const [name, pattern] of Object.entries(wanted)) {
    await field(page).selectOption(name);
    await page.getByRole('img', { name: new RegExp(`^${name}, cross-section at y`) }).waitFor();
    seen.add(await picture(section(page, 'y')));
    const readings = [];
    for (let i = 0; i < 300 && !readings.some((text) => pattern.test(text)); i += 1) {
      await pointAt(section(page, 'y'), 0.15 + 0.7 * ((i * 0.618) % 1), 0.1 + 0.55 * ((i * 0.414) % 1));
      readings.push(await page.locator('#slice-reading').textContent());
    }
    assert.ok(readings.some((text) => pattern.test(text)), `${name}: ${readings.at(-1)}`);
  }
  assert.equal(seen.size, 7);
});

browserTest('arrows show which way a current goes, and can be switched off', async ({ page, url }) => {
  await discharged({ page, url });
  const arrows = card(page).getByRole('checkbox', { name: /^Arrows/ });
  assert.equal(await arrows.count(), 0);
  await field(page).selectOption('Electronic current');
  // Five blocks along 12 µm; the current over the area is their measure.
  await card(page).getByRole('checkbox', { name: /^Arrows, 2\.4 µm long at \d\.\d+ mA\/cm²$/ }).waitFor();
  const drawn = await picture(section(page, 'y'));
  await arrows.uncheck();
  await otherPicture(section(page, 'y'), drawn);
  await arrows.check();
  await comesTo(() => picture(section(page, 'y')), drawn);
}, { browsers: BOTH });

browserTest('limits are the same for all runs, or fit the picture', async ({ page, url }) => {
  await discharged({ page, url });
  // What has no value is told, so that nobody takes it for a phase.
  await page.mouse.move(0, 0);
  await page.locator('#slice-reading').filter({ hasText: /Grey: no value\.$/ }).waitFor();
  const main = page.locator('#slice');
  const fixed = await picture(main);
  await card(page).getByRole('combobox', { name: 'Limits' }).selectOption('fit this picture');
  const fitted = await otherPicture(main, fixed);
  await card(page).getByRole('combobox', { name: 'Colours' }).selectOption('cividis');
  await otherPicture(main, fitted);
});

browserTest('the slider and the play button go through the discharge, and the chart marks where', async ({ page, url }) => {
  await discharged({ page, url });
  const count = Number(await slider(page).getAttribute('max'));
  assert.ok(count >= 4 && count <= 11, `${count + 1} instants`);
  const [end, chart] = [await place(page), await picture(page.locator('#profile'))];
  const last = await picture(page.locator('#slice'));
  await slider(page).press('Home');
  await page.waitForFunction((text) => document.querySelector('#timeline-place').textContent !== text, end);
  assert.match(await place(page), /^\d+\.\d mAh\/g, [34]\.\d{3} V$/);
  await otherPicture(page.locator('#slice'), last);
  await otherPicture(page.locator('#profile'), chart);
  await card(page).getByRole('button', { name: 'Play the discharge' }).click();
  await card(page).getByRole('button', { name: 'Stop playing the discharge' }).waitFor();
  await card(page).getByRole('button', { name: 'Play the discharge' }).waitFor({ timeout: 20_000 });
  await comesTo(() => place(page), end);
  // Another structure has no discharge yet.
  await number(page, 'Carbon').fill('2');
  await ready(page);
  await slider(page).waitFor({ state: 'hidden' });
});

browserTest('starved particles are ringed and listed, and a click leads to one', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Carbon').fill('0.4');
  await ready(page);
  const summary = card(page).getByText(/^Starved particles: \d+$/);
  await summary.waitFor();
  const ringed = await picture(page.locator('#slice'));
  await card(page).getByRole('checkbox', { name: 'Ring starved particles' }).uncheck();
  await otherPicture(page.locator('#slice'), ringed);
  await summary.click();
  const rows = page.locator('#starved-table tbody tr');
  await rows.first().waitFor();
  await comesTo(async () => String(await rows.count()), /\d+/.exec(await summary.textContent())[0]);
  const first = rows.filter({ hasText: 'no electrons' }).first();
  const [x, y, z] = (await first.locator('td').nth(1).textContent()).split(', ').map(Number);
  await first.getByRole('button', { name: /^Show particle/ }).click();
  // Centres are told to a tenth, sections by the middle of a voxel.
  const near = (um, axis) => {
    const texts = [um - 0.05, um + 0.05].map((v) => `${axis} = ${Math.floor(v) + 0.5} µm`);
    return page.getByRole('img', { name: new RegExp(texts.join('|')) }).first().waitFor();
  };
  await Promise.all([near(x, 'x'), near(y, 'y'), near(z, 'z')]);
  // No run, no charge.
  assert.equal(await first.locator('td').nth(3).textContent(), '–');
}, { browsers: BOTH });

browserTest('the 3D view takes the colours of the cross-section', async ({ page, url }) => {
  await discharged({ page, url });
  const view = page.getByRole('region', { name: '3D view' });
  const shoot = () => stillShot(page.locator('#volume'));
  await view.getByText('Lithium stoichiometry').waitFor();
  const [coloured, end] = [await shoot(), await place(page)];
  await slider(page).press('Home');
  await page.waitForFunction((text) => document.querySelector('#timeline-place').textContent !== text, end);
  const start = await shoot();
  assert.notEqual(start, coloured);
  await view.getByRole('combobox', { name: 'Painted' }).selectOption('by phase');
  await view.getByText('Lithium stoichiometry').waitFor({ state: 'hidden' });
  assert.notEqual(await shoot(), start);
  await view.getByText('Lithium stoichiometry').waitFor({ state: 'hidden' });
});

browserTest('the pictures follow a discharge while it runs', async ({ page, url }) => {
  await open({ page, url });
  await page.evaluate(() => {
    const place = document.querySelector('#timeline-place');
    window.places = new Set();
    new MutationObserver(() => window.places.add(place.textContent)).observe(place, { childList: true });
  });
  await run(page);
  await finished(page);
  await page.waitForFunction(() => /, 3\.000 V$/.test(document.querySelector('#timeline-place').textContent));
  const places = await page.evaluate(() => [...window.places]);
  assert.ok(places.length >= 3, places.join('; '));
});
