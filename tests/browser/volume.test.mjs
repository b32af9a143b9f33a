// The 3D view, by what it draws.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { browserTest } from './harness.mjs';
import { choose, comesTo, makeSmall, number, open, ready, stillShot } from './bench.mjs';

const view = (page) => page.getByRole('application', { name: '3D view of the structure' });
const tick = (page, name) => page.getByRole('checkbox', { name, exact: true });
const cutAway = (page) => page.getByRole('combobox', { name: 'Cut away' });

/** What is on the screen once nothing moves any more, without the marks of pointer and focus. */
async function shoot(page) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(0, 0);
  return stillShot(view(page), { mask: [page.getByRole('button', { name: /Nearer|Farther|First view/ })] });
}
const look = async (page) => createHash('sha1').update(await shoot(page)).digest('hex');

/** Pixels of the view of about this colour, in any light. */
async function count(page, rgb) {
  return page.evaluate(
    async ([picture, wanted]) => {
      const bytes = Uint8Array.from(atob(picture), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const size = Math.hypot(...wanted);
      let found = 0;
      for (let i = 0; i < data.length; i += 4) {
        const pixel = [data[i], data[i + 1], data[i + 2]];
        const light = Math.hypot(...pixel) / size;
        const off = Math.max(...pixel.map((c, k) => Math.abs(c - light * wanted[k])));
        found += light > 0.25 && light < 1.05 && off < 6;
      }
      return found;
    },
    [await shoot(page), rgb],
  );
}

const LYC = [0, 158, 115];
const LPSCL = [240, 200, 80];
const ISOLATED = [213, 60, 20];

browserTest('phases come and go, the pore and the sulfide are off at first', async ({ page, url }) => {
  await open({ page, url });
  assert.deepEqual(
    await Promise.all(['pore', 'NCA', 'LYC', 'LPSCl', 'carbon'].map((name) => tick(page, name).isChecked())),
    [false, true, true, false, true],
  );
  const seen = await count(page, LYC);
  assert.ok(seen > 500, `${seen} pixels of LYC`);
  assert.equal(await count(page, LPSCL), 0);
  await tick(page, 'LYC').uncheck();
  await tick(page, 'LPSCl').check();
  assert.ok((await count(page, LPSCL)) > 500);
  // What is left of the green is the outline of the cut.
  assert.ok((await count(page, LYC)) < seen / 4);
  // A choice outlives the structure.
  await choose(page, '14 wt% LYC');
  await ready(page);
  assert.ok(await tick(page, 'LPSCl').isChecked());
});

browserTest('the cut follows the cross-section, and moves it', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  await choose(page, 'z');
  const slider = page.getByRole('slider', { name: 'Position of the cut across z in 3D' });
  await page.getByLabel('Position of the cut', { exact: true }).press('Home');
  assert.equal(await slider.inputValue(), '0');
  const low = await look(page);
  await slider.press('End');
  await page.getByRole('img', { name: /cross-section at z = 11.5 µm/ }).waitFor();
  assert.notEqual(await look(page), low);
  await cutAway(page).selectOption('nothing');
  assert.ok(await slider.isDisabled());
  const whole = await look(page);
  await cutAway(page).selectOption('below the cut');
  assert.notEqual(await look(page), whole);
});

browserTest('it turns by pointer and by key, zooms, and comes back', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  const home = await look(page);
  const { x, y, width, height } = await view(page).boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 80, y + height / 2 + 20, { steps: 4 });
  await page.mouse.up();
  const seen = [home, await look(page)];
  for (const key of ['ArrowLeft', 'ArrowUp', '+', '+', 'ArrowDown', '-']) {
    await view(page).press(key);
    seen.push(await look(page));
  }
  await page.getByRole('button', { name: 'Nearer' }).click();
  seen.push(await look(page));
  await page.getByRole('button', { name: 'Farther' }).click();
  await page.getByRole('button', { name: 'Farther' }).click();
  seen.push(await look(page));
  assert.equal(new Set(seen).size, seen.length, 'each move shows something else');
  await page.getByRole('button', { name: 'First view' }).click();
  assert.equal(await look(page), home);
});

browserTest('the wheel scrolls the page, and zooms once the view is clicked', async ({ page, url }) => {
  await open({ page, url });
  await view(page).scrollIntoViewIfNeeded();
  await view(page).hover();
  const before = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, -120);
  await page.waitForFunction((y) => scrollY < y, before);
  const picture = await look(page);
  await view(page).click();
  const place = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, -100);
  assert.notEqual(await look(page), picture);
  assert.equal(await page.evaluate(() => scrollY), place);
});

browserTest('isolated particles stand out, unless that is switched off', async ({ page, url }) => {
  await open({ page, url });
  // Little carbon leaves some particles without electrons.
  await number(page, 'Carbon').fill('0.2');
  await ready(page);
  await tick(page, 'isolated NCA').waitFor();
  await cutAway(page).selectOption('nothing');
  assert.ok((await count(page, ISOLATED)) > 200);
  await tick(page, 'isolated NCA').uncheck();
  assert.equal(await count(page, ISOLATED), 0);
});

/** What runs in the worker that draws, before the worker's own program. */
const inPainter = (page, code) =>
  page.route('**/volume-worker.js', async (route) => {
    const response = await route.fetch();
    // Imports are run first, wherever they stand.
    await route.fulfill({ response, body: `${code};${await response.text()}` });
  });
const WITHOUT = 'OffscreenCanvas.prototype.getContext = () => null';
/** Here, where tests are, or there: counts what is drawn. */
const COUNT = `globalThis.draws = 0;
const draw = WebGL2RenderingContext.prototype.drawArrays;
WebGL2RenderingContext.prototype.drawArrays = function (...all) {
  globalThis.draws += 1;
  return draw.apply(this, all);
}`;

browserTest('out of sight and at rest nothing is drawn, in sight by a worker alone', async ({ page, url }) => {
  await inPainter(page, COUNT);
  await page.addInitScript(COUNT);
  await open({ page, url });
  await tick(page, 'NCA').waitFor();
  const painter = () => page.workers().find((worker) => worker.url().endsWith('volume-worker.js'));
  const draws = async () => (await painter()?.evaluate(() => globalThis.draws)) ?? 0;
  assert.equal(await draws(), 0);
  await view(page).scrollIntoViewIfNeeded();
  let before = 0;
  for (let i = 0; i < 20 && (before === 0 || before !== (await draws())); i += 1) {
    before = await draws();
    await page.waitForTimeout(800);
  }
  assert.ok(before > 0);
  assert.equal(await draws(), before);
  await view(page).press('ArrowLeft');
  for (let i = 0; i < 100 && (await draws()) === before; i += 1) await page.waitForTimeout(50);
  assert.ok((await draws()) > before);
  assert.equal(await page.evaluate(() => globalThis.draws), 0);
});

browserTest('where workers have no WebGL2, the page draws', async ({ page, url }) => {
  await inPainter(page, WITHOUT);
  await page.addInitScript(COUNT);
  await open({ page, url });
  assert.ok((await count(page, LYC)) > 500);
  assert.ok((await page.evaluate(() => globalThis.draws)) > 0);
});

browserTest('a graphics context that was lost comes back with its picture', async ({ page, url }) => {
  await inPainter(page, `const get = OffscreenCanvas.prototype.getContext;
OffscreenCanvas.prototype.getContext = function (...all) {
  return (globalThis.context = get.apply(this, all));
}`);
  await open({ page, url });
  const seen = await look(page);
  const painter = page.workers().find((worker) => worker.url().endsWith('volume-worker.js'));
  const turn = (what) => painter.evaluate((name) => {
    globalThis.lose ??= globalThis.context.getExtension('WEBGL_lose_context');
    globalThis.lose[name]();
  }, what);
  await turn('loseContext');
  await view(page).press('ArrowLeft');
  await turn('restoreContext');
  await comesTo(async () => (await look(page)) !== seen, true);
  await page.getByRole('button', { name: 'First view' }).click();
  await comesTo(() => look(page), seen);
});

browserTest('without WebGL2 the page says so and does the rest', async ({ page, url }) => {
  await inPainter(page, WITHOUT);
  await page.addInitScript(() => {
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...all) {
      return kind === 'webgl2' ? null : get.call(this, kind, ...all);
    };
  });
  await open({ page, url });
  await view(page).scrollIntoViewIfNeeded();
  await page.getByText('shows no 3D here').waitFor();
  assert.equal(await view(page).count(), 0);
  await page.getByRole('img', { name: /^Phase, cross-section/ }).waitFor();
});

browserTest(
  'the view is as sharp as the screen, up to twice',
  async ({ page, url }) => {
    await open({ page, url });
    await view(page).scrollIntoViewIfNeeded();
    // What is drawn elsewhere tells its size by its picture.
    const pixels = () => view(page).evaluate(async (canvas) => (await createImageBitmap(canvas)).width / canvas.getBoundingClientRect().width);
    for (let i = 0; i < 100 && Math.abs((await pixels()) - 2) > 0.01; i += 1) await page.waitForTimeout(50);
    assert.ok(Math.abs((await pixels()) - 2) < 0.01, `${await pixels()} pixels for one`);
  },
  { context: { deviceScaleFactor: 3 } },
);
