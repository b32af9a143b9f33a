// The wasm module outside any browser.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import init, * as catholyte from '../../www/pkg/catholyte.js';

const www = new URL('../../www/', import.meta.url);
await init({ module_or_path: await readFile(new URL('pkg/catholyte_bg.wasm', www)) });

test('every recipe of the gallery is in the module and buildable', async () => {
  const files = await readdir(new URL('recipes/', www));
  const presets = catholyte.presets();
  assert.deepEqual(presets.map((preset) => `${preset.name}.json`).sort(), files.sort());
  for (const { name, recipe } of presets) {
    const { composition, issues } = catholyte.check_recipe(recipe);
    assert.equal(issues, undefined, name);
    const total = composition.volume_fraction.reduce((sum, fraction) => sum + fraction, 0);
    assert.ok(Math.abs(total - 1) < 1e-12, `${name}: volume fractions add up to ${total}`);
  }
});

test('a bad recipe is told every fault at once', () => {
  const { issues } = catholyte.check_recipe({ nca_parts: -1, porosity: 1.2, halide: 'lzc', sed: 3 });
  assert.deepEqual(issues.map((issue) => issue.path), ['nca_parts', 'porosity', 'halide', 'sed']);
});
