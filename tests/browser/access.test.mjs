// What axe finds, in both themes, and what a visitor without a mouse needs.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { compareWithPaper, finished, makeSmall, open, run } from './bench.mjs';
import { BOTH, browserTest } from './harness.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical violations, each with its first places. */
async function violations(page) {
  const { violations: all } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return all
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 5).map((node) => `${node.html} ${node.any.map((check) => check.message).join(' ')}`).join('\n  ')}`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of Object.entries({ desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } })) {
    browserTest(
      `axe finds nothing serious, ${colorScheme}, ${device}`,
      async ({ page, url }) => {
        await page.addInitScript(axe);
        await open({ page, url });
        if (device === 'phone') await page.getByText('Change the recipe').click();
        await makeSmall(page);
        await run(page);
        await finished(page);
        await page.getByRole('button', { name: /^Certificate of/ }).click();
        await page.getByText('More electrodes').click();
        await page.locator('#form details').evaluateAll((folds) => folds.forEach((fold) => (fold.open = true)));
        await page.getByRole('button', { name: 'About Porosity', exact: true }).click();
        await page.getByRole('spinbutton', { name: 'Carbon', exact: true }).first().fill('-1');
        await page.getByText('One thing keeps').waitFor();
        assert.deepEqual(await violations(page), []);
        await page.getByRole('button', { name: 'Reset all' }).click();
        await page.getByRole('button', { name: 'Keys and help' }).click();
        assert.deepEqual(await violations(page), []);
      },
      // Colours on their way from one to another are none to judge.
      { context: { colorScheme, viewport, reducedMotion: 'reduce' }, browsers: device === 'desktop' ? BOTH : undefined },
    );
  }
  browserTest(
    `axe finds nothing serious on the page of checks, ${colorScheme}`,
    async ({ page, url }) => {
      await page.addInitScript(axe);
      await compareWithPaper(page);
      await page.goto(new URL('www/verify.html', url).href);
      await page.getByRole('button', { name: 'Run the checks' }).and(page.locator(':enabled')).waitFor();
      assert.deepEqual(await violations(page), []);
    },
    { context: { colorScheme, reducedMotion: 'reduce' } },
  );
}

browserTest('every control is reached by Tab, has a name, and shows its focus', async ({ page, url }) => {
  await open({ page, url });
  const controls = await page.evaluate(
    () => [...document.querySelectorAll('button, input, select, summary, a[href], canvas[tabindex]')].filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled && !(node.type === 'radio' && !node.checked)).length,
  );
  const seen = new Set();
  for (let i = 0; i < 2 * controls; i += 1) {
    await page.keyboard.press('Tab');
    const { id, outline } = await page.evaluate(() => {
      const node = document.activeElement;
      window.reached ??= new Map();
      if (node !== document.body && !window.reached.has(node)) window.reached.set(node, window.reached.size);
      const shown = node.matches('.chip input') ? node.nextElementSibling : node;
      return { id: node === document.body ? -1 : window.reached.get(node), outline: node === document.body ? 'none' : getComputedStyle(shown).outlineStyle };
    });
    if (id >= 0 && !seen.has(id)) assert.notEqual(outline, 'none', await page.evaluate(() => document.activeElement.outerHTML));
    if (id < 0 && seen.size) break;
    seen.add(id);
  }
  const missed = await page.evaluate(() =>
    [...document.querySelectorAll('button, input, select, summary, a[href], canvas[tabindex]')]
      .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled && !(node.type === 'radio' && !node.checked) && !window.reached.has(node))
      .map((node) => node.outerHTML),
  );
  assert.deepEqual(missed, []);
}, { browsers: BOTH });
